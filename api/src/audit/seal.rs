//! Seals: a Merkle root over the heads that changed since the last seal, chained to the last root.

use std::collections::{BTreeMap, BTreeSet};

use entity::audit::{audit_entry, audit_seal, audit_seal_head};
use entity::events::Subject;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::chain::{self, Sealed};
use crate::app::App;
use crate::events;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::write::{Command, Tx};

/// Events looked at by one seal; what is beyond goes into the next.
const BATCH: u64 = 5_000;
/// Subjects or rows in one statement.
const PART: usize = 1_000;

/// Seals what happened since the last seal. Gives the number of heads sealed; 0 where nothing had changed.
///
/// # Errors
/// When the database does not answer.
pub async fn seal(app: &App) -> Result<u64, Fault> {
    let key = chain::seal_key(app.master_key());
    app.write(&Actor::system(), Command::new("sealAudit", None, &()), |tx| async move {
        let last =
            audit_seal::Entity::find().order_by_desc(audit_seal::Column::Seq).limit(1).one(tx.conn()).await?;
        let (seq, cursor, prev_root) =
            last.map_or((1, 0, String::new()), |last| (last.seq + 1, last.event_seq, last.root));
        // Every audit entry has an event, so the log (read safely) tells which heads moved.
        let moved = events::subjects_after(tx.conn(), cursor, BATCH).await?;
        let Some(newest) = moved.last().map(|(seq, ..)| *seq) else { return Ok(0) };
        let heads = heads(&tx, seq, moved.into_iter().map(|(_, kind, id)| (kind, id))).await?;
        let mut row = audit_seal::Model {
            seq,
            at: tx.now(),
            event_seq: newest,
            heads: i64::try_from(heads.len()).unwrap_or(i64::MAX),
            merkle_root: chain::merkle_root(leaves(&heads)),
            prev_root,
            root: String::new(),
        };
        row.root = Sealed::of(&row).root(&key);
        audit_seal::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
        for part in heads.chunks(PART) {
            let rows = part.iter().cloned().map(IntoActiveModel::into_active_model);
            audit_seal_head::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
        }
        Ok(heads.len() as u64)
    })
    .await
}

/// The heads of the chains of `moved`, in the order of their leaves.
async fn heads(
    tx: &Tx,
    seal_seq: i64,
    moved: impl Iterator<Item = (Subject, Uuid)>,
) -> Result<Vec<audit_seal_head::Model>, DbErr> {
    use audit_entry::Column::{Hash, Seq, SubjectId, SubjectKind};
    let mut kinds: BTreeMap<Subject, BTreeSet<Uuid>> = BTreeMap::new();
    for (kind, id) in moved {
        kinds.entry(kind).or_default().insert(id);
    }
    let other = Alias::new("other");
    let newest = Query::select()
        .expr(Expr::col((other.clone(), Seq)).max())
        .from_as(audit_entry::Entity, other.clone())
        .and_where(Expr::col((other.clone(), SubjectKind)).equals((audit_entry::Entity, SubjectKind)))
        .and_where(Expr::col((other, SubjectId)).equals((audit_entry::Entity, SubjectId)))
        .to_owned();
    let mut heads = Vec::new();
    for (kind, ids) in kinds {
        let ids: Vec<Uuid> = ids.into_iter().collect();
        for part in ids.chunks(PART) {
            let found: Vec<(Uuid, i64, String)> = audit_entry::Entity::find()
                .select_only()
                .columns([SubjectId, Seq, Hash])
                .filter(SubjectKind.eq(kind))
                .filter(SubjectId.is_in(part.iter().copied()))
                .filter(Expr::col((audit_entry::Entity, Seq)).in_subquery(newest.clone()))
                .into_tuple()
                .all(tx.conn())
                .await?;
            heads.extend(found.into_iter().map(|(subject_id, subject_seq, hash)| audit_seal_head::Model {
                seal_seq,
                subject_kind: kind,
                subject_id,
                subject_seq,
                hash,
            }));
        }
    }
    heads.sort_unstable_by_key(|head| (head.subject_kind, head.subject_id));
    Ok(heads)
}

/// Leaves of a seal, in the order of subject kind and id.
pub(super) fn leaves(heads: &[audit_seal_head::Model]) -> Vec<String> {
    heads
        .iter()
        .map(|head| chain::leaf(head.subject_kind, head.subject_id, head.subject_seq, &head.hash))
        .collect()
}
