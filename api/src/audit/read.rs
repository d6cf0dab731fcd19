//! Finders for auditors.

use std::collections::HashMap;

use entity::audit::{audit_entry, audit_seal, audit_seal_head, payload_key};
use entity::events::Subject;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};
use uuid::Uuid;

use super::append::unwrap_key;
use crate::app::App;
use crate::keys;

/// Entries of a subject's chain, the oldest first, after number `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn trail(
    conn: &impl ConnectionTrait,
    kind: Subject,
    id: Uuid,
    after: Option<i64>,
    limit: u64,
) -> Result<Vec<audit_entry::Model>, DbErr> {
    audit_entry::Entity::find()
        .filter(audit_entry::Column::SubjectKind.eq(kind))
        .filter(audit_entry::Column::SubjectId.eq(id))
        .filter(audit_entry::Column::Seq.gt(after.unwrap_or(0)))
        .order_by_asc(audit_entry::Column::Seq)
        .limit(limit)
        .all(conn)
        .await
}

/// Payloads of entries of one subject, in their order; none for those whose key was destroyed, is missing or does not fit.
///
/// # Errors
/// When the database does not answer.
pub async fn payloads(
    app: &App,
    conn: &impl ConnectionTrait,
    subject: Uuid,
    entries: &[audit_entry::Model],
) -> Result<Vec<Option<serde_json::Value>>, DbErr> {
    let sealed = entries.iter().any(|entry| entry.sealed_payload);
    let row = if sealed { payload_key::Entity::find_by_id(subject).one(conn).await? } else { None };
    let key = row.and_then(|row| key_of(app, &row));
    Ok(entries.iter().map(|entry| payload(entry, key.as_ref())).collect())
}

/// What the trail says of all subjects of a kind between two identities.
#[derive(Debug, Default)]
pub struct Told(HashMap<Uuid, Vec<(String, Option<serde_json::Value>)>>);

impl Told {
    /// What was done to a subject and its payload, the oldest first; no payload where it was purged.
    #[must_use]
    pub fn of(&self, subject: Uuid) -> &[(String, Option<serde_json::Value>)] {
        self.0.get(&subject).map_or(&[], Vec::as_slice)
    }
}

/// Reads the trail of the subjects of a kind whose identities are above `after` and not above `upto`.
///
/// # Errors
/// When the database does not answer.
pub async fn told(
    app: &App,
    conn: &impl ConnectionTrait,
    kind: Subject,
    (after, upto): (Uuid, Uuid),
) -> Result<Told, DbErr> {
    let keys = payload_key::Entity::find()
        .filter(payload_key::Column::SubjectId.gt(after))
        .filter(payload_key::Column::SubjectId.lte(upto))
        .all(conn)
        .await?;
    let keys: HashMap<Uuid, [u8; 32]> =
        keys.iter().filter_map(|row| Some((row.subject_id, key_of(app, row)?))).collect();
    let entries = audit_entry::Entity::find()
        .filter(audit_entry::Column::SubjectKind.eq(kind))
        .filter(audit_entry::Column::SubjectId.gt(after))
        .filter(audit_entry::Column::SubjectId.lte(upto))
        .order_by_asc(audit_entry::Column::SubjectId)
        .order_by_asc(audit_entry::Column::Seq)
        .all(conn)
        .await?;
    let mut told = Told::default();
    for entry in entries {
        let payload = payload(&entry, keys.get(&entry.subject_id));
        told.0.entry(entry.subject_id).or_default().push((entry.action, payload));
    }
    Ok(told)
}

/// Ids of rows of `table` without a chain of this kind, and of chains without their row; the first few of each. For tables
/// that nothing is ever deleted from.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn unpaired(
    conn: &impl ConnectionTrait,
    kind: Subject,
    table: &str,
) -> Result<Vec<String>, DbErr> {
    let first = format!("a.subject_kind = '{kind}' and a.seq = 1");
    let mut faults = Vec::new();
    for (sql, what) in [
        (
            format!(
                "select t.id as id from {table} t left join audit_entry a on {first} and a.subject_id = t.id \
                 where a.id is null limit 100"
            ),
            "has no audit trail",
        ),
        (
            format!(
                "select a.subject_id as id from audit_entry a left join {table} t on t.id = a.subject_id \
                 where {first} and t.id is null limit 100"
            ),
            "has an audit trail and is not there",
        ),
    ] {
        for row in conn.query_all_raw(Statement::from_string(conn.get_database_backend(), sql)).await? {
            let id: Uuid = row.try_get("", "id")?;
            faults.push(format!("{table} {id}: {what}"));
        }
    }
    Ok(faults)
}

fn key_of(app: &App, row: &payload_key::Model) -> Option<[u8; 32]> {
    unwrap_key(app, row).unwrap_or_else(|error| {
        tracing::warn!(subject = %row.subject_id, %error, "a payload key cannot be used");
        None
    })
}

fn payload(entry: &audit_entry::Model, key: Option<&[u8; 32]>) -> Option<serde_json::Value> {
    if !entry.sealed_payload {
        return serde_json::from_str(&entry.payload).ok();
    }
    let plain = keys::decrypt(key?, entry.subject_id.as_bytes(), &entry.payload).ok()?;
    serde_json::from_slice(&plain).ok()
}

/// The first seal that covers what was done to a subject under this name for the first time: nobody could know its root before
/// that was done. None while it is not sealed.
///
/// # Errors
/// When the database does not answer.
pub async fn first_seal_of(
    conn: &impl ConnectionTrait,
    kind: Subject,
    id: Uuid,
    action: &str,
) -> Result<Option<audit_seal::Model>, DbErr> {
    use audit_seal_head::Column;
    let entry = audit_entry::Entity::find()
        .filter(audit_entry::Column::SubjectKind.eq(kind))
        .filter(audit_entry::Column::SubjectId.eq(id))
        .filter(audit_entry::Column::Action.eq(action))
        .order_by_asc(audit_entry::Column::Seq)
        .one(conn)
        .await?;
    let Some(entry) = entry else { return Ok(None) };
    let head = audit_seal_head::Entity::find()
        .filter(Column::SubjectKind.eq(kind))
        .filter(Column::SubjectId.eq(id))
        .filter(Column::SubjectSeq.gte(entry.seq))
        .order_by_asc(Column::SubjectSeq)
        .one(conn)
        .await?;
    let Some(head) = head else { return Ok(None) };
    audit_seal::Entity::find_by_id(head.seal_seq).one(conn).await
}

/// What the trail tells of several subjects where something was done to them under this name for the first time. Private
/// payloads are not told.
///
/// # Errors
/// When the database does not answer.
pub async fn first_told(
    conn: &impl ConnectionTrait,
    kind: Subject,
    ids: &[Uuid],
    action: &str,
) -> Result<HashMap<Uuid, serde_json::Value>, DbErr> {
    let entries = audit_entry::Entity::find()
        .filter(audit_entry::Column::SubjectKind.eq(kind))
        .filter(audit_entry::Column::SubjectId.is_in(ids.iter().copied()))
        .filter(audit_entry::Column::Action.eq(action))
        .order_by_asc(audit_entry::Column::Seq)
        .all(conn)
        .await?;
    let mut told = HashMap::new();
    for entry in entries {
        let payload = payload(&entry, None).unwrap_or_default();
        told.entry(entry.subject_id).or_insert(payload);
    }
    Ok(told)
}

/// Seals, the newest first, before number `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn seals(
    conn: &impl ConnectionTrait,
    after: Option<i64>,
    limit: u64,
) -> Result<Vec<audit_seal::Model>, DbErr> {
    let mut query = audit_seal::Entity::find();
    if let Some(after) = after {
        query = query.filter(audit_seal::Column::Seq.lt(after));
    }
    query.order_by_desc(audit_seal::Column::Seq).limit(limit).all(conn).await
}
