//! Recomputes the audit trail: chains, payload hashes, seals.

use std::collections::HashMap;

use entity::audit::{audit_entry, audit_seal, audit_seal_head};
use entity::events::Subject;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::chain::{self, Link, hash_of};
use super::seal::leaves;

/// Rows read at a time: memory stays small whatever the size of the trail.
const BATCH: u64 = 2_000;

/// Checks every chain and every seal; gives what does not agree (empty: all is well) and how many entries were read.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(conn: &impl ConnectionTrait) -> Result<(Vec<String>, u64), DbErr> {
    let mut faults = Vec::new();
    let read = chains(conn, &mut faults).await?;
    seals(conn, &mut faults).await?;
    Ok((faults, read))
}

async fn chains(conn: &impl ConnectionTrait, faults: &mut Vec<String>) -> Result<u64, DbErr> {
    let mut read = 0;
    let mut last: Option<audit_entry::Model> = None;
    loop {
        let mut query = audit_entry::Entity::find();
        if let Some(last) = &last {
            query = query.filter(beyond(last));
        }
        let rows = query
            .order_by_asc(audit_entry::Column::SubjectKind)
            .order_by_asc(audit_entry::Column::SubjectId)
            .order_by_asc(audit_entry::Column::Seq)
            .limit(BATCH)
            .all(conn)
            .await?;
        let Some(newest) = rows.last().cloned() else { return Ok(read) };
        for row in rows {
            read += 1;
            let before = last
                .as_ref()
                .filter(|last| last.subject_kind == row.subject_kind && last.subject_id == row.subject_id);
            let (seq, prev) = before.map_or((1, ""), |before| (before.seq + 1, before.hash.as_str()));
            let name = format!("audit {} {} #{}", row.subject_kind, row.subject_id, row.seq);
            if row.seq != seq {
                faults.push(format!("{name}: expected #{seq}, entries are missing"));
            }
            if row.prev_hash != prev {
                faults.push(format!("{name}: does not continue the entry before it"));
            }
            if row.payload_hash != hash_of(&[&row.payload]) {
                faults.push(format!("{name}: its payload was changed"));
            }
            if row.hash != Link::of(&row).hash() {
                faults.push(format!("{name}: its hash is wrong"));
            }
            last = Some(row);
        }
        last = Some(newest);
    }
}

fn beyond(last: &audit_entry::Model) -> Condition {
    use audit_entry::Column::{Seq, SubjectId, SubjectKind};
    let same_kind = Condition::all().add(SubjectKind.eq(last.subject_kind));
    Condition::any()
        .add(SubjectKind.gt(last.subject_kind))
        .add(same_kind.clone().add(SubjectId.gt(last.subject_id)))
        .add(same_kind.add(SubjectId.eq(last.subject_id)).add(Seq.gt(last.seq)))
}

async fn seals(conn: &impl ConnectionTrait, faults: &mut Vec<String>) -> Result<(), DbErr> {
    let mut prev_root = String::new();
    let mut expected = 1;
    loop {
        let seals = audit_seal::Entity::find()
            .filter(audit_seal::Column::Seq.gte(expected))
            .order_by_asc(audit_seal::Column::Seq)
            .limit(BATCH)
            .all(conn)
            .await?;
        if seals.is_empty() {
            return Ok(());
        }
        for seal in seals {
            let name = format!("seal #{}", seal.seq);
            if seal.seq != expected || seal.prev_root != prev_root {
                faults.push(format!("{name}: does not continue the seal before it"));
            }
            let mut heads = audit_seal_head::Entity::find()
                .filter(audit_seal_head::Column::SealSeq.eq(seal.seq))
                .all(conn)
                .await?;
            heads.sort_by_key(|head| (head.subject_kind, head.subject_id));
            if chain::merkle_root(leaves(&heads)) != seal.merkle_root {
                faults.push(format!("{name}: its heads do not give its root"));
            }
            if chain::seal_root(seal.seq, seal.at, &seal.merkle_root, &seal.prev_root) != seal.root {
                faults.push(format!("{name}: its root is wrong"));
            }
            compare(conn, &name, &heads, faults).await?;
            expected = seal.seq + 1;
            prev_root = seal.root;
        }
    }
}

/// What was sealed must still stand in the chains, with the same hash.
async fn compare(
    conn: &impl ConnectionTrait,
    name: &str,
    heads: &[audit_seal_head::Model],
    faults: &mut Vec<String>,
) -> Result<(), DbErr> {
    for part in heads.chunks(500) {
        let ids: Vec<Uuid> = part.iter().map(|head| head.subject_id).collect();
        let rows: Vec<(Subject, Uuid, i64, String)> = audit_entry::Entity::find()
            .select_only()
            .columns([
                audit_entry::Column::SubjectKind,
                audit_entry::Column::SubjectId,
                audit_entry::Column::Seq,
                audit_entry::Column::Hash,
            ])
            .filter(audit_entry::Column::SubjectId.is_in(ids))
            .into_tuple()
            .all(conn)
            .await?;
        let standing: HashMap<(Subject, Uuid, i64), String> =
            rows.into_iter().map(|(kind, id, seq, hash)| ((kind, id, seq), hash)).collect();
        for head in part {
            if standing.get(&(head.subject_kind, head.subject_id, head.subject_seq)) != Some(&head.hash) {
                let (kind, id) = (head.subject_kind, head.subject_id);
                faults.push(format!("{name}: {kind} {id} #{} is not as it was sealed", head.subject_seq));
            }
        }
    }
    Ok(())
}
