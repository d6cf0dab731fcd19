//! The retained log of events: written in the transaction of what happened, read by every process with a cursor of
//! its own.

pub mod graphql;

use entity::events::{Subject, event};
use sea_orm::sea_query::{Expr, Order};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Select, Set,
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::bulk;
use crate::fault::Fault;
use crate::write::{Audited, Record, Tx};

/// Kind of the events by which only followers hear of a subject: nothing of them is in the audit.
pub const TOUCHED: &str = "touched";

/// Wakes the followers of this process when it has written something.
#[derive(Clone, Debug)]
pub struct Bell(watch::Sender<u64>);

impl Default for Bell {
    fn default() -> Self {
        Self(watch::channel(0).0)
    }
}

impl Bell {
    /// Something was committed here.
    pub fn wake(&self) {
        self.0.send_modify(|count| *count += 1);
    }

    /// A follower's ear.
    #[must_use]
    pub fn listen(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

/// Writes the records of a use case into the log.
pub(crate) async fn append(tx: &Tx, records: Vec<Record>) -> Result<(), Fault> {
    if records.is_empty() {
        return Ok(());
    }
    let rows = records.into_iter().map(|record| event::ActiveModel {
        id: Set(tx.id()),
        kind: Set(record.kind.to_owned()),
        subject_kind: Set(record.subject),
        subject_id: Set(record.id),
        subject_version: Set(record.version),
        actor_id: Set(tx.actor().account_id()),
        payload: Set(if record.audited == Audited::Private { serde_json::json!({}) } else { record.payload }),
        at: Set(tx.now()),
        ..Default::default()
    });
    let rows: Vec<_> = rows.collect();
    bulk::insert(tx.conn(), rows).await?;
    Ok(())
}

/// The next events after the one numbered `cursor`, in the order of the log, at most `limit`; 0 is before the first.
///
/// On PostgreSQL numbers are given before commits, so a later number may be seen before an earlier one. There the log is
/// read only up to the oldest transaction still running, and in the order of transactions: one that is seen later is
/// also later in this order, and nothing is ever passed over. Numbers alone are not in order there: whoever reads on
/// keeps the number of the last event as it came, and not the highest.
///
/// # Errors
/// When the database does not answer.
pub async fn after(conn: &impl ConnectionTrait, cursor: i64, limit: u64) -> Result<Vec<event::Model>, DbErr> {
    let query = beyond(event::Entity::find(), conn, cursor);
    ordered(query, conn, Order::Asc).limit(limit).all(conn).await
}

/// What comes after the event numbered `cursor` and may be seen.
fn beyond(query: Select<event::Entity>, conn: &impl ConnectionTrait, cursor: i64) -> Select<event::Entity> {
    let beyond = compared(conn.get_database_backend(), ">", &cursor.to_string());
    let query = query.filter(Expr::cust(beyond));
    if is_postgres(conn) { settled(query) } else { query }
}

/// The place of a row of `event` in the order of the log, compared with that of the event numbered `cursor`, as SQL.
pub(crate) fn compared(backend: DbBackend, sign: &str, cursor: &str) -> String {
    if backend == DbBackend::Postgres {
        format!(
            "(event.xid, event.seq) {sign} \
             (coalesce((select last.xid from event as last where last.seq = {cursor}), '0'::xid8), {cursor})"
        )
    } else {
        format!("event.seq {sign} {cursor}")
    }
}

/// Number and subject of the next audited events after `cursor`, in the order of the log, at most `limit`; what only
/// touched a subject is left out. As safe as [`after`], without the payloads.
///
/// # Errors
/// When the database does not answer.
pub async fn subjects_after(
    conn: &impl ConnectionTrait,
    cursor: i64,
    limit: u64,
) -> Result<Vec<(i64, Subject, Uuid)>, DbErr> {
    let query = beyond(event::Entity::find(), conn, cursor)
        .select_only()
        .columns([event::Column::Seq, event::Column::SubjectKind, event::Column::SubjectId])
        .filter(event::Column::Kind.ne(TOUCHED));
    ordered(query, conn, Order::Asc).limit(limit).into_tuple().all(conn).await
}

/// What an audited event is about, without what was said.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Outline {
    /// Number in the log.
    pub seq: i64,
    /// The same event has the same id wherever it is told.
    pub id: Uuid,
    /// What happened.
    pub kind: String,
    /// What it is about.
    pub subject_kind: Subject,
    /// What it is about.
    pub subject_id: Uuid,
}

/// Outlines of the next audited events after `cursor`, in the order of the log, at most `limit`. As safe as [`after`].
///
/// # Errors
/// When the database does not answer.
pub async fn outlines_after(
    conn: &impl ConnectionTrait,
    cursor: i64,
    limit: u64,
) -> Result<Vec<Outline>, DbErr> {
    use event::Column::{Id, Kind, Seq, SubjectId, SubjectKind};
    let query = beyond(event::Entity::find(), conn, cursor)
        .select_only()
        .columns([Seq, Id, Kind, SubjectKind, SubjectId])
        .filter(Kind.ne(TOUCHED));
    ordered(query, conn, Order::Asc).limit(limit).into_model().all(conn).await
}

/// One event.
///
/// # Errors
/// When the database does not answer.
pub async fn find(conn: &impl ConnectionTrait, seq: i64) -> Result<Option<event::Model>, DbErr> {
    event::Entity::find_by_id(seq).one(conn).await
}

/// Number and id of the newest event that followers may see.
///
/// # Errors
/// When the database does not answer.
pub async fn newest(conn: &impl ConnectionTrait) -> Result<Option<(i64, Uuid)>, DbErr> {
    let query = event::Entity::find();
    let query = if is_postgres(conn) { settled(query) } else { query };
    last(query, conn).await
}

/// As [`newest`], also of what followers may not see yet: where they will have arrived when nothing more happens.
///
/// # Errors
/// When the database does not answer.
pub async fn end(conn: &impl ConnectionTrait) -> Result<Option<(i64, Uuid)>, DbErr> {
    last(event::Entity::find(), conn).await
}

/// Whether the event of this number has this id: if not, whoever stands there has read the log of another database.
///
/// # Errors
/// When the database does not answer.
pub async fn holds(conn: &impl ConnectionTrait, seq: i64, id: Uuid) -> Result<bool, DbErr> {
    let same = event::Entity::find_by_id(seq).filter(event::Column::Id.eq(id));
    Ok(same.count(conn).await? > 0)
}

/// After a dump was loaded into another PostgreSQL server, whose transactions are numbered anew, the rows of the log can be of
/// transactions that seem not to have begun: nobody would read them, and what comes next would stand before them. They
/// are all put before every transaction, in the order of their numbers.
///
/// # Errors
/// When the database does not answer.
pub async fn settle_restored(conn: &impl ConnectionTrait) -> Result<(), DbErr> {
    if is_postgres(conn) {
        let settled = conn
            .execute_unprepared(
                "update event set xid = '0'::xid8 where xid <> '0'::xid8 and exists \
                 (select 1 from event where xid >= pg_snapshot_xmax(pg_current_snapshot()))",
            )
            .await?;
        if settled.rows_affected() > 0 {
            tracing::info!(
                events = settled.rows_affected(),
                "the log comes from another server: put in order"
            );
        }
    }
    Ok(())
}

fn is_postgres(conn: &impl ConnectionTrait) -> bool {
    conn.get_database_backend() == DbBackend::Postgres
}

/// Only what no transaction still running can come before.
fn settled(query: Select<event::Entity>) -> Select<event::Entity> {
    query.filter(Expr::cust("event.xid < pg_snapshot_xmin(pg_current_snapshot())"))
}

fn ordered(query: Select<event::Entity>, conn: &impl ConnectionTrait, order: Order) -> Select<event::Entity> {
    let query =
        if is_postgres(conn) { query.order_by(Expr::cust("event.xid"), order.clone()) } else { query };
    query.order_by(event::Column::Seq, order)
}

async fn last(
    query: Select<event::Entity>,
    conn: &impl ConnectionTrait,
) -> Result<Option<(i64, Uuid)>, DbErr> {
    let query = query.select_only().columns([event::Column::Seq, event::Column::Id]);
    ordered(query, conn, Order::Desc).limit(1).into_tuple().one(conn).await
}
