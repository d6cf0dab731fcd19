//! Finders for auditors.

use entity::audit::{audit_entry, audit_seal, payload_key};
use entity::events::Subject;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::append::unwrap_key;
use crate::app::App;
use crate::fault::Fault;
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

/// Payloads of entries of one subject, in their order; none for those whose key was destroyed.
///
/// # Errors
/// When the database does not answer; when an encrypted payload was changed.
pub async fn payloads(
    app: &App,
    subject: Uuid,
    entries: &[audit_entry::Model],
) -> Result<Vec<Option<serde_json::Value>>, Fault> {
    let key = if entries.iter().any(|entry| entry.sealed_payload) {
        let row = payload_key::Entity::find_by_id(subject).one(app.db().read()).await?;
        row.map(|row| unwrap_key(app, &row)).transpose()?
    } else {
        None
    };
    entries
        .iter()
        .map(|entry| match (entry.sealed_payload, &key) {
            (false, _) => Ok(Some(serde_json::from_str(&entry.payload)?)),
            (true, Some(key)) => {
                let plain = keys::decrypt(key, subject.as_bytes(), &entry.payload)?;
                Ok(Some(serde_json::from_slice(&plain)?))
            }
            (true, None) => Ok(None),
        })
        .collect()
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
