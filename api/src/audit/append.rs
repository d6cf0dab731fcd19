use std::collections::HashMap;

use entity::audit::{audit_entry, payload_key};
use entity::events::Subject;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use uuid::Uuid;

use super::chain::{Link, hash_of};
use crate::app::App;
use crate::fault::Fault;
use crate::keys;
use crate::write::{Audited, Record, Tx};

/// Appends the records to the chains of their subjects.
pub(crate) async fn append(tx: &Tx, records: &[Record]) -> Result<(), Fault> {
    let records: Vec<&Record> = records.iter().filter(|record| record.audited != Audited::No).collect();
    if records.is_empty() {
        return Ok(());
    }
    let mut heads = heads(tx, &records).await?;
    let mut rows = Vec::with_capacity(records.len());
    for record in records {
        let head = heads.entry((record.subject, record.id)).or_insert_with(|| (0, String::new()));
        let plain = serde_json::to_string(&record.payload)?;
        let private = record.audited == Audited::Private;
        let payload = if private {
            // Where it was destroyed the subject is to be forgotten: what is said of it from then on is encrypted by a key
            // that nobody keeps.
            let key = subject_key(tx, record.id).await?.unwrap_or_else(|| tx.app().ids().bytes());
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
    audit_entry::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(())
}

type Heads = HashMap<(Subject, Uuid), (i64, String)>;

/// Last number and hash of each subject's chain.
async fn heads(tx: &Tx, records: &[&Record]) -> Result<Heads, Fault> {
    let mut subjects: Vec<(Subject, Uuid)> =
        records.iter().map(|record| (record.subject, record.id)).collect();
    subjects.sort_unstable();
    subjects.dedup();
    let mut heads = Heads::new();
    for (kind, id) in subjects {
        let head: Option<(i64, String)> = audit_entry::Entity::find()
            .select_only()
            .columns([audit_entry::Column::Seq, audit_entry::Column::Hash])
            .filter(audit_entry::Column::SubjectKind.eq(kind))
            .filter(audit_entry::Column::SubjectId.eq(id))
            .order_by_desc(audit_entry::Column::Seq)
            .limit(1)
            .into_tuple()
            .one(tx.conn())
            .await?;
        if let Some(head) = head {
            heads.insert((kind, id), head);
        }
    }
    Ok(heads)
}

/// The key of a subject's personal payloads, made at first use; none once it was destroyed.
async fn subject_key(tx: &Tx, subject: Uuid) -> Result<Option<[u8; 32]>, Fault> {
    if let Some(row) = payload_key::Entity::find_by_id(subject).one(tx.conn()).await? {
        return Ok(unwrap_key(tx.app(), &row)?);
    }
    let key: [u8; 32] = tx.app().ids().bytes();
    let wrapped = keys::encrypt(&wrapping_key(tx.app()), subject.as_bytes(), &key, tx.app().ids())?;
    payload_key::ActiveModel {
        subject_id: Set(subject),
        wrapped: Set(Some(wrapped)),
        created_at: Set(tx.now()),
        destroyed_at: Set(None),
    }
    .insert(tx.conn())
    .await?;
    Ok(Some(key))
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
