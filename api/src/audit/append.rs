use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::audit::{audit_entry, payload_key};
use entity::events::Subject;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use uuid::Uuid;

use super::chain::{Link, hash_of};
use crate::app::App;
use crate::bulk;
use crate::fault::Fault;
use crate::keys;
use crate::write::{Audited, Record, Tx};

/// Subjects asked for by one statement.
const PART: usize = 500;

/// Appends the records to the chains of their subjects. Many are written by few statements, as imports need it.
pub(crate) async fn append(tx: &Tx, records: &[Record]) -> Result<(), Fault> {
    let records: Vec<&Record> = records.iter().filter(|record| record.audited != Audited::No).collect();
    if records.is_empty() {
        return Ok(());
    }
    let mut heads = heads(tx, &records).await?;
    let secrets = subject_keys(tx, &records).await?;
    let mut rows = Vec::with_capacity(records.len());
    for record in records {
        let head = heads.entry((record.subject, record.id)).or_insert_with(|| (0, String::new()));
        let plain = serde_json::to_string(&record.payload)?;
        let private = record.audited == Audited::Private;
        let payload = if private {
            // Where it was destroyed the subject is to be forgotten: what is said of it from then on is encrypted by a key
            // that nobody keeps.
            let key = secrets.get(&record.id).copied().flatten().unwrap_or_else(|| tx.app().ids().bytes());
            keys::encrypt(&key, record.id.as_bytes(), plain.as_bytes(), tx.app().ids())?
        } else {
            plain
        };
        let payload_hash = hash_of(&[&payload]);
        let seq = head.0 + 1;
        let hash = Link {
            prev_hash: &head.1,
            subject_kind: record.subject,
            subject_id: record.id,
            seq,
            action: record.kind,
            actor_id: tx.actor().account_id(),
            at: tx.now(),
            payload_hash: &payload_hash,
        }
        .hash();
        rows.push(audit_entry::ActiveModel {
            id: Set(tx.id()),
            subject_kind: Set(record.subject),
            subject_id: Set(record.id),
            seq: Set(seq),
            action: Set(record.kind.to_owned()),
            actor_id: Set(tx.actor().account_id()),
            at: Set(tx.now()),
            payload: Set(payload),
            sealed_payload: Set(private),
            payload_hash: Set(payload_hash),
            prev_hash: Set(std::mem::replace(&mut head.1, hash.clone())),
            hash: Set(hash),
        });
        head.0 = seq;
    }
    bulk::insert(tx.conn(), rows).await?;
    Ok(())
}

type Heads = HashMap<(Subject, Uuid), (i64, String)>;

/// Last number and hash of each subject's chain.
async fn heads(tx: &Tx, records: &[&Record]) -> Result<Heads, Fault> {
    let mut subjects: BTreeMap<Subject, BTreeSet<Uuid>> = BTreeMap::new();
    for record in records {
        subjects.entry(record.subject).or_default().insert(record.id);
    }
    let mut heads = Heads::new();
    for (kind, ids) in subjects {
        let ids: Vec<Uuid> = ids.into_iter().collect();
        if let [one] = ids[..] {
            let head: Option<(i64, String)> = audit_entry::Entity::find()
                .select_only()
                .columns([audit_entry::Column::Seq, audit_entry::Column::Hash])
                .filter(audit_entry::Column::SubjectKind.eq(kind))
                .filter(audit_entry::Column::SubjectId.eq(one))
                .order_by_desc(audit_entry::Column::Seq)
                .limit(1)
                .into_tuple()
                .one(tx.conn())
                .await?;
            heads.extend(head.map(|head| ((kind, one), head)));
            continue;
        }
        for part in ids.chunks(PART) {
            // One look at the index for each chain, however long it is.
            let last = Expr::cust(
                "audit_entry.seq = (select max(later.seq) from audit_entry later \
                 where later.subject_kind = audit_entry.subject_kind and later.subject_id = audit_entry.subject_id)",
            );
            let found: Vec<(Uuid, i64, String)> = audit_entry::Entity::find()
                .select_only()
                .columns([
                    audit_entry::Column::SubjectId,
                    audit_entry::Column::Seq,
                    audit_entry::Column::Hash,
                ])
                .filter(audit_entry::Column::SubjectKind.eq(kind))
                .filter(audit_entry::Column::SubjectId.is_in(part.iter().copied()))
                .filter(last)
                .into_tuple()
                .all(tx.conn())
                .await?;
            heads.extend(found.into_iter().map(|(id, seq, hash)| ((kind, id), (seq, hash))));
        }
    }
    Ok(heads)
}

/// Keys of the subjects' personal payloads, made at first use; none for a subject whose key was destroyed.
async fn subject_keys(tx: &Tx, records: &[&Record]) -> Result<HashMap<Uuid, Option<[u8; 32]>>, Fault> {
    let private = records.iter().filter(|record| record.audited == Audited::Private);
    let subjects: BTreeSet<Uuid> = private.map(|record| record.id).collect();
    let subjects: Vec<Uuid> = subjects.into_iter().collect();
    let mut found = HashMap::with_capacity(subjects.len());
    for part in subjects.chunks(PART) {
        let rows = payload_key::Entity::find()
            .filter(payload_key::Column::SubjectId.is_in(part.iter().copied()))
            .all(tx.conn())
            .await?;
        for row in rows {
            found.insert(row.subject_id, unwrap_key(tx.app(), &row)?);
        }
    }
    let wrapping = wrapping_key(tx.app());
    let mut made = Vec::new();
    for subject in subjects {
        if found.contains_key(&subject) {
            continue;
        }
        let key: [u8; 32] = tx.app().ids().bytes();
        let wrapped = keys::encrypt(&wrapping, subject.as_bytes(), &key, tx.app().ids())?;
        made.push(payload_key::ActiveModel {
            subject_id: Set(subject),
            wrapped: Set(Some(wrapped)),
            created_at: Set(tx.now()),
            destroyed_at: Set(None),
        });
        found.insert(subject, Some(key));
    }
    bulk::insert(tx.conn(), made).await?;
    Ok(found)
}

/// Destroys the key of a subject's personal payloads, and with it all that they said and will say. The chain still
/// verifies: its hashes are over the payloads as they are kept.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn destroy_key(tx: &Tx, subject: Uuid) -> Result<(), Fault> {
    use payload_key::Column;
    let tombstone = payload_key::ActiveModel {
        subject_id: Set(subject),
        wrapped: Set(None),
        created_at: Set(tx.now()),
        destroyed_at: Set(Some(tx.now())),
    };
    payload_key::Entity::insert(tombstone)
        .on_conflict(
            OnConflict::column(Column::SubjectId)
                .update_columns([Column::Wrapped, Column::DestroyedAt])
                .to_owned(),
        )
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

fn wrapping_key(app: &App) -> [u8; 32] {
    app.master_key().derive("audit payload keys")
}

/// The key itself, from its row; none where it was destroyed.
pub(super) fn unwrap_key(app: &App, row: &payload_key::Model) -> anyhow::Result<Option<[u8; 32]>> {
    let Some(wrapped) = &row.wrapped else { return Ok(None) };
    let key = keys::decrypt(&wrapping_key(app), row.subject_id.as_bytes(), wrapped)?;
    Ok(Some(key.try_into().map_err(|_| anyhow::anyhow!("a payload key has the wrong length"))?))
}
