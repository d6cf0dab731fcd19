//! Seals: a Merkle root over the heads that changed since the last seal, chained to the last root.

use std::collections::BTreeMap;

use entity::audit::{audit_entry, audit_seal, audit_seal_head};
use entity::events::{Subject, event};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use uuid::Uuid;

use super::chain;
use crate::app::App;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::write::Command;

/// Events looked at by one seal; what is beyond goes into the next.
const BATCH: u64 = 5_000;

/// Seals what happened since the last seal. Gives the number of heads sealed; 0 where nothing had changed.
///
/// # Errors
/// When the database does not answer.
pub async fn seal(app: &App) -> Result<u64, Fault> {
    app.write(&Actor::system(), Command::new("sealAudit", None, &()), |tx| async move {
        let last =
            audit_seal::Entity::find().order_by_desc(audit_seal::Column::Seq).limit(1).one(tx.conn()).await?;
        let (seq, cursor, prev_root) =
            last.map_or((1, 0, String::new()), |last| (last.seq + 1, last.event_seq, last.root));
        // Every audit entry has an event, so the log (read safely) tells which heads moved.
        let events: Vec<event::Model> = crate::events::after(tx.conn(), cursor, BATCH).await?;
        let Some(newest) = events.last().map(|event| event.seq) else { return Ok(0) };
        let mut moved: BTreeMap<(Subject, Uuid), ()> = BTreeMap::new();
        for event in events {
            moved.insert((event.subject_kind, event.subject_id), ());
        }
        let mut heads = Vec::new();
        for (kind, id) in moved.into_keys() {
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
            if let Some((subject_seq, hash)) = head {
                heads.push(audit_seal_head::Model {
                    seal_seq: seq,
                    subject_kind: kind,
                    subject_id: id,
                    subject_seq,
                    hash,
                });
            }
        }
        let merkle_root = chain::merkle_root(leaves(&heads));
        audit_seal::ActiveModel {
            seq: Set(seq),
            at: Set(tx.now()),
            event_seq: Set(newest),
            heads: Set(i64::try_from(heads.len()).unwrap_or(i64::MAX)),
            root: Set(chain::seal_root(seq, tx.now(), &merkle_root, &prev_root)),
            merkle_root: Set(merkle_root),
            prev_root: Set(prev_root),
        }
        .insert(tx.conn())
        .await?;
        let count = heads.len() as u64;
        for part in heads.chunks(500) {
            let rows = part.iter().cloned().map(sea_orm::IntoActiveModel::into_active_model);
            audit_seal_head::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
        }
        Ok(count)
    })
    .await
}

/// Leaves of a seal, in the order of subject kind and id.
pub(super) fn leaves(heads: &[audit_seal_head::Model]) -> Vec<String> {
    heads
        .iter()
        .map(|head| chain::leaf(head.subject_kind, head.subject_id, head.subject_seq, &head.hash))
        .collect()
}
