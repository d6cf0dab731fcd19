//! Recomputes the audit trail: chains, payload hashes, seals, and the event log that was written beside it.
//!
//! Each statement goes through its table once, so that the trail of a large city is read in minutes.

use std::str::FromStr;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use entity::audit::{audit_entry, audit_seal, audit_seal_head};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};
use uuid::Uuid;

use super::chain::{self, Link, Sealed, hash_of};
use super::seal::leaves;
use crate::app::App;
use crate::events;

/// Rows read at a time: memory stays small whatever the size of the trail.
const BATCH: u64 = 5_000;

/// A root that was printed or published: what lies before it is as it was then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Number of the seal.
    pub seq: i64,
    /// Its root, hex.
    pub root: String,
}

impl FromStr for Anchor {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (seq, root) = text.split_once(':').context("write it as NUMBER:ROOT, such as 12:9f86d0…")?;
        let seq = seq.trim().parse().context("the number of the seal is no number")?;
        let root = root.trim().to_ascii_lowercase();
        anyhow::ensure!(root.len() == 64, "a root has 64 hexadecimal digits");
        Ok(Self { seq, root })
    }
}

/// Checks every chain and every seal, and `anchors` against the seals; gives what does not agree (empty: all is well) and
/// how many entries were read.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(
    app: &App,
    conn: &impl ConnectionTrait,
    anchors: &[Anchor],
) -> Result<(Vec<String>, u64), DbErr> {
    let mut faults = Vec::new();
    let read = chains(conn, &mut faults).await?;
    let last = seals(conn, &chain::seal_key(app.master_key()), anchors, &mut faults).await?;
    for (sql, what) in [
        (AS_SEALED, "is not as it was sealed"),
        (WITHOUT_SEAL, "was sealed by a seal that is gone"),
        (LOGGED, "the event log says otherwise"),
        (COUNTED, "the event log has more or less of it than the trail"),
    ] {
        find(conn, Statement::from_string(conn.get_database_backend(), sql), what, &mut faults).await?;
    }
    let backend = conn.get_database_backend();
    let covered = COVERED.replace("{covered}", &events::compared(backend, "<=", "$1"));
    let covered = Statement::from_sql_and_values(backend, covered, [last.into()]);
    find(conn, covered, "was left out by the seals", &mut faults).await?;
    if let Some(newest) = newest(conn).await? {
        let values = [last.into(), (newest - UNSEALED).into()];
        let waiting = WAITING.replace("{waiting}", &events::compared(backend, ">", "$1"));
        let waiting = Statement::from_sql_and_values(backend, waiting, values);
        find(conn, waiting, "waits for a seal for too long: seals are gone, or no worker runs", &mut faults)
            .await?;
    }
    Ok((faults, read))
}

/// What was sealed must still stand in the chains, with the same hash.
const AS_SEALED: &str = "select h.subject_kind, h.subject_id, h.subject_seq as seq from audit_seal_head h \
    left join audit_entry a on a.subject_kind = h.subject_kind and a.subject_id = h.subject_id \
    and a.seq = h.subject_seq where a.hash is null or a.hash <> h.hash limit 100";

/// The head of a seal that was deleted.
const WITHOUT_SEAL: &str = "select h.subject_kind, h.subject_id, h.subject_seq as seq from audit_seal_head h \
    left join audit_seal s on s.seq = h.seal_seq where s.seq is null limit 100";

/// Every record writes one entry and one event, in the same order: the k-th event of a subject is its entry k. An identity
/// belongs to one subject, so the log is read along its index, without sorting it.
const LOGGED: &str = "select e.subject_kind, e.subject_id, e.k as seq from (\
    select subject_kind, subject_id, kind, actor_id, at, \
    row_number() over (partition by subject_id order by seq) as k from event where kind <> 'touched') e \
    left join audit_entry a on a.subject_kind = e.subject_kind and a.subject_id = e.subject_id and a.seq = e.k \
    where a.id is null or a.action <> e.kind or a.at <> e.at or a.actor_id is distinct from e.actor_id limit 100";

/// With [`LOGGED`]: nothing is missing from the log either.
const COUNTED: &str = "select a.subject_kind, a.subject_id, a.n as seq from (\
    select subject_kind, subject_id, count(*) as n from audit_entry group by subject_kind, subject_id) a \
    left join (select subject_kind, subject_id, count(*) as n from event where kind <> 'touched' \
    group by subject_kind, subject_id) e on e.subject_kind = a.subject_kind and e.subject_id = a.subject_id \
    where e.n is null or e.n <> a.n limit 100";

/// What happened before the last seal is covered by one: the newest entry then, or a later one, is a sealed head.
const COVERED: &str = "select e.subject_kind, e.subject_id, e.n as seq from (\
    select subject_kind, subject_id, count(*) as n from event where kind <> 'touched' and {covered} \
    group by subject_kind, subject_id) e \
    left join (select subject_kind, subject_id, max(subject_seq) as n from audit_seal_head \
    group by subject_kind, subject_id) h on h.subject_kind = e.subject_kind and h.subject_id = e.subject_id \
    where h.n is null or h.n < e.n limit 100";

/// What waits for its first seal. Seals are made every minute: what is much older than the newest entry has lost its own.
const WAITING: &str = "select subject_kind, subject_id, cast(0 as bigint) as seq from event \
    where kind <> 'touched' and {waiting} and at < $2 limit 1";

/// How much older than the newest an entry without a seal may be.
const UNSEALED: TimeDelta = TimeDelta::hours(1);

async fn newest(conn: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>, DbErr> {
    let newest: Option<Option<DateTime<Utc>>> = audit_entry::Entity::find()
        .select_only()
        .column_as(audit_entry::Column::At.max(), "newest")
        .into_tuple()
        .one(conn)
        .await?;
    Ok(newest.flatten())
}

async fn find(
    conn: &impl ConnectionTrait,
    statement: Statement,
    what: &str,
    faults: &mut Vec<String>,
) -> Result<(), DbErr> {
    for row in conn.query_all_raw(statement).await? {
        let (kind, id): (String, Uuid) = (row.try_get("", "subject_kind")?, row.try_get("", "subject_id")?);
        let seq: i64 = row.try_get("", "seq")?;
        faults.push(format!("audit {kind} {id} #{seq}: {what}"));
    }
    Ok(())
}

async fn chains(conn: &impl ConnectionTrait, faults: &mut Vec<String>) -> Result<u64, DbErr> {
    use audit_entry::Column::{Seq, SubjectId, SubjectKind};
    let mut read = 0;
    let mut last: Option<audit_entry::Model> = None;
    loop {
        let mut query = audit_entry::Entity::find();
        if let Some(last) = &last {
            // As a tuple, which both databases look up in the index; as `or`s they would read from the beginning.
            let key = Expr::tuple([Expr::col(SubjectKind), Expr::col(SubjectId), Expr::col(Seq)]);
            let value = Expr::tuple([
                Expr::value(last.subject_kind.to_string()),
                Expr::value(last.subject_id),
                Expr::value(last.seq),
            ]);
            query = query.filter(key.gt(value));
        }
        let rows = query
            .order_by_asc(SubjectKind)
            .order_by_asc(SubjectId)
            .order_by_asc(Seq)
            .limit(BATCH)
            .all(conn)
            .await?;
        if rows.is_empty() {
            return Ok(read);
        }
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
    }
}

/// Checks the seals one after the other; gives how far the last of them covers the event log.
async fn seals(
    conn: &impl ConnectionTrait,
    key: &[u8; 32],
    anchors: &[Anchor],
    faults: &mut Vec<String>,
) -> Result<i64, DbErr> {
    let (mut last, mut covered, mut prev_root) = (0, 0, String::new());
    loop {
        let seals = audit_seal::Entity::find()
            .filter(audit_seal::Column::Seq.gt(last))
            .order_by_asc(audit_seal::Column::Seq)
            .limit(BATCH)
            .all(conn)
            .await?;
        if seals.is_empty() {
            break;
        }
        let mut rest = seals.as_slice();
        while !rest.is_empty() {
            // As many seals at a time as have about a batch of heads.
            let mut heads = 0;
            let fit = rest.iter().take_while(|seal| {
                heads += seal.heads.unsigned_abs();
                heads <= BATCH
            });
            let (part, more) = rest.split_at(fit.count().max(1));
            rest = more;
            let heads = heads_of(conn, part).await?;
            for seal in part {
                let name = format!("seal #{}", seal.seq);
                if seal.seq != last + 1 || seal.prev_root != prev_root {
                    faults.push(format!("{name}: does not continue the seal before it"));
                }
                let from = heads.partition_point(|head| head.seal_seq < seal.seq);
                let to = heads.partition_point(|head| head.seal_seq <= seal.seq);
                let heads = &heads[from..to];
                if heads.len() as i64 != seal.heads || chain::merkle_root(leaves(heads)) != seal.merkle_root {
                    faults.push(format!("{name}: its heads do not give its root"));
                }
                if Sealed::of(seal).root(key) != seal.root {
                    faults.push(format!("{name}: its root is wrong"));
                }
                if anchors.iter().any(|anchor| anchor.seq == seal.seq && anchor.root != seal.root) {
                    faults.push(format!("{name}: its root is not the one that was noted"));
                }
                (last, covered, prev_root) = (seal.seq, seal.event_seq, seal.root.clone());
            }
        }
    }
    for anchor in anchors.iter().filter(|anchor| !(1..=last).contains(&anchor.seq)) {
        faults.push(format!("seal #{}: was noted and is not there", anchor.seq));
    }
    Ok(covered)
}

/// The heads of consecutive seals, in the order of seals and leaves.
async fn heads_of(
    conn: &impl ConnectionTrait,
    seals: &[audit_seal::Model],
) -> Result<Vec<audit_seal_head::Model>, DbErr> {
    let (Some(first), Some(last)) = (seals.first(), seals.last()) else { return Ok(Vec::new()) };
    let mut heads = audit_seal_head::Entity::find()
        .filter(audit_seal_head::Column::SealSeq.between(first.seq, last.seq))
        .all(conn)
        .await?;
    heads.sort_unstable_by_key(|head| (head.seal_seq, head.subject_kind, head.subject_id));
    Ok(heads)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_is_a_number_and_a_root() {
        let root = "ab".repeat(32);
        assert_eq!(
            format!("12:{}", root.to_uppercase()).parse::<Anchor>().unwrap(),
            Anchor { seq: 12, root }
        );
        for wrong in ["", "12", "12:", "x:ab", "12:abcd"] {
            assert!(wrong.parse::<Anchor>().is_err(), "{wrong}");
        }
    }
}
