//! The retained log of events: written in the transaction of what happened, read by every process with a cursor of
//! its own.

pub mod graphql;

use entity::events::{Subject, event};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::Expr,
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::fault::Fault;
use crate::write::{Audited, Record, Tx};

/// Kind of the events by which only followers hear of a subject: nothing of them is in the audit.
pub(crate) const TOUCHED: &str = "touched";

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
    event::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// The next events after `cursor`, oldest first, at most `limit`.
///
/// On PostgreSQL numbers are given before commits, so a later number may be seen before an earlier one: the log is
/// read only up to the oldest transaction still running, and nothing is ever passed over.
///
/// # Errors
/// When the database does not answer.
pub async fn after(conn: &impl ConnectionTrait, cursor: i64, limit: u64) -> Result<Vec<event::Model>, DbErr> {
    let mut query = event::Entity::find().filter(event::Column::Seq.gt(cursor));
    if conn.get_database_backend() == sea_orm::DbBackend::Postgres {
        query = query.filter(Expr::cust("event.xid < pg_snapshot_xmin(pg_current_snapshot())"));
    }
    query.order_by_asc(event::Column::Seq).limit(limit).all(conn).await
}

/// Number and subject of the next audited events after `cursor`, oldest first, at most `limit`; what only touched a subject
/// is left out. As safe as [`after`], without the payloads.
///
/// # Errors
/// When the database does not answer.
pub async fn subjects_after(
    conn: &impl ConnectionTrait,
    cursor: i64,
    limit: u64,
) -> Result<Vec<(i64, Subject, Uuid)>, DbErr> {
    let mut query = event::Entity::find()
        .select_only()
        .columns([event::Column::Seq, event::Column::SubjectKind, event::Column::SubjectId])
        .filter(event::Column::Seq.gt(cursor))
        .filter(event::Column::Kind.ne(TOUCHED));
    if conn.get_database_backend() == sea_orm::DbBackend::Postgres {
        query = query.filter(Expr::cust("event.xid < pg_snapshot_xmin(pg_current_snapshot())"));
    }
    query.order_by_asc(event::Column::Seq).limit(limit).into_tuple().all(conn).await
}

/// Number of the newest event that followers may see; 0 where there is none.
///
/// # Errors
/// When the database does not answer.
pub async fn newest(conn: &impl ConnectionTrait) -> Result<i64, DbErr> {
    let mut query = event::Entity::find().select_only().column(event::Column::Seq);
    if conn.get_database_backend() == sea_orm::DbBackend::Postgres {
        query = query.filter(Expr::cust("event.xid < pg_snapshot_xmin(pg_current_snapshot())"));
    }
    let seq: Option<i64> = query.order_by_desc(event::Column::Seq).limit(1).into_tuple().one(conn).await?;
    Ok(seq.unwrap_or(0))
}
