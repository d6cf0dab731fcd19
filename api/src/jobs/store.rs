//! The table of jobs: queue, claim, go on, end. Every change is one conditional statement, so that any number of processes
//! may share the table.
//!
//! Leases are told in the clock of [`App`]. Clocks that differ a little do no harm: a lease lasts a minute, and whoever
//! was overtaken finds that its fence has moved and can write nothing more.

use chrono::{DateTime, TimeDelta, Utc};
use entity::jobs::{JobKind, JobState, job};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::app::App;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::keyset;
use crate::write::{Command, Tx};

/// How long a claim counts without a sign of life.
pub const LEASE: TimeDelta = TimeDelta::seconds(60);
/// How often a job that is not recurring is tried.
pub const ATTEMPTS: i64 = 6;
/// Longest wait between two attempts.
const LONGEST: TimeDelta = TimeDelta::minutes(15);

/// A job to be queued.
#[derive(Clone, Debug)]
pub struct NewJob<'a> {
    /// What it does.
    pub kind: JobKind,
    /// While a job with this key waits or runs, no second one is queued.
    pub dedup: Option<&'a str>,
    /// What its handler is told.
    pub payload: serde_json::Value,
    /// Not before.
    pub run_at: DateTime<Utc>,
}

/// Queues a job, and gives its id, or that of the one with the same key that waits or runs already.
///
/// # Errors
/// When the database does not answer.
pub async fn enqueue(tx: &Tx, new: NewJob<'_>) -> Result<Uuid, Fault> {
    let row = job::Model {
        id: tx.id(),
        kind: new.kind,
        dedup: new.dedup.map(str::to_owned),
        payload: new.payload,
        state: JobState::Queued,
        run_at: new.run_at,
        lease_until: None,
        fence: 0,
        attempts: 0,
        done: 0,
        total: None,
        error: None,
        created_by: tx.actor().account_id(),
        created_at: tx.now(),
        finished_at: None,
    };
    let id = row.id;
    let inserted = job::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::column(job::Column::Dedup).do_nothing().to_owned())
        .exec_without_returning(tx.conn())
        .await;
    match inserted {
        Ok(1..) => return Ok(id),
        Ok(0) | Err(DbErr::RecordNotInserted) => {}
        Err(error) => return Err(error.into()),
    }
    let standing: Option<Uuid> = job::Entity::find()
        .select_only()
        .column(job::Column::Id)
        .filter(job::Column::Dedup.eq(new.dedup))
        .into_tuple()
        .one(tx.conn())
        .await?;
    Ok(standing.unwrap_or(id))
}

/// What may be claimed at `now`: what waits and is due, and what lost its worker.
fn due(kinds: &[JobKind], now: DateTime<Utc>) -> Condition {
    use job::Column::{Kind, LeaseUntil, RunAt, State};
    let waits = Condition::all().add(State.eq(JobState::Queued)).add(RunAt.lte(now));
    let left = Condition::all().add(State.eq(JobState::Running)).add(LeaseUntil.lt(now));
    Condition::all().add(Kind.is_in(kinds.iter().copied())).add(Condition::any().add(waits).add(left))
}

/// Whether there is something to claim. Asked on the readers' pool, so that idle workers never take the writer.
///
/// # Errors
/// When the database does not answer.
pub async fn any_due(
    conn: &impl ConnectionTrait,
    kinds: &[JobKind],
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let one: Option<Uuid> = job::Entity::find()
        .select_only()
        .column(job::Column::Id)
        .filter(due(kinds, now))
        .limit(1)
        .into_tuple()
        .one(conn)
        .await?;
    Ok(one.is_some())
}

/// Claims the job that has waited longest; none where nothing is due, or others took it all.
///
/// # Errors
/// When the database does not answer.
pub async fn claim(app: &App, kinds: &[JobKind]) -> Result<Option<job::Model>, Fault> {
    use job::Column;
    let claimed: Option<Uuid> = app
        .write(&Actor::system(), Command::new("claimJob", None, &()), |tx| async move {
            let candidates: Vec<(Uuid, i64)> = job::Entity::find()
                .select_only()
                .columns([Column::Id, Column::Fence])
                .filter(due(kinds, tx.now()))
                .order_by_asc(Column::RunAt)
                .order_by_asc(Column::Id)
                .limit(8)
                .into_tuple()
                .all(tx.conn())
                .await?;
            for (id, fence) in candidates {
                // Others may want the same: the fence decides.
                let taken = job::Entity::update_many()
                    .col_expr(Column::State, Expr::value(JobState::Running))
                    .col_expr(Column::LeaseUntil, Expr::value(tx.now() + LEASE))
                    .col_expr(Column::Fence, Expr::value(fence + 1))
                    .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
                    .col_expr(Column::Done, Expr::value(0_i64))
                    .filter(Column::Id.eq(id))
                    .filter(Column::Fence.eq(fence))
                    .filter(due(kinds, tx.now()))
                    .exec(tx.conn())
                    .await?;
                if taken.rows_affected == 1 {
                    return Ok(Some(id));
                }
            }
            Ok(None)
        })
        .await?;
    match claimed {
        Some(id) => Ok(job::Entity::find_by_id(id).one(app.db().read()).await?),
        None => Ok(None),
    }
}

/// What becomes of a claimed job.
#[derive(Clone, Debug)]
pub enum Change {
    /// Still at work: the lease counts anew; progress, where it is known.
    Alive(Option<(i64, Option<i64>)>),
    /// Finished for good.
    Done,
    /// Finished, and due again.
    Again(DateTime<Utc>),
    /// Failed for good.
    Failed(String),
    /// Failed, and to be tried again.
    Retry(DateTime<Utc>, String),
    /// Given back unfinished, because the worker stops: another goes on at once.
    GivenBack,
}

/// Changes a claimed job; false where the lease was lost to another worker, and then nothing is changed.
///
/// # Errors
/// When the database does not answer.
pub async fn change(app: &App, job: &job::Model, change: &Change) -> Result<bool, Fault> {
    use job::Column;
    app.write(&Actor::system(), Command::new("changeJob", None, &()), |tx| async move {
        let no_time = || Expr::value(None::<DateTime<Utc>>);
        let no_text = || Expr::value(None::<String>);
        let update = job::Entity::update_many();
        let update = match change {
            Change::Alive(progress) => {
                let update = update.col_expr(Column::LeaseUntil, Expr::value(tx.now() + LEASE));
                match progress {
                    Some((done, total)) => update
                        .col_expr(Column::Done, Expr::value(*done))
                        .col_expr(Column::Total, Expr::value(*total)),
                    None => update,
                }
            }
            Change::Done | Change::Failed(_) => {
                let (state, error) = match change {
                    Change::Failed(error) => (JobState::Failed, Expr::value(error.clone())),
                    _ => (JobState::Done, no_text()),
                };
                update
                    .col_expr(Column::State, Expr::value(state))
                    .col_expr(Column::Error, error)
                    .col_expr(Column::LeaseUntil, no_time())
                    .col_expr(Column::FinishedAt, Expr::value(tx.now()))
                    // The key is free again: the same may be asked for anew.
                    .col_expr(Column::Dedup, no_text())
            }
            Change::Again(at) => update
                .col_expr(Column::State, Expr::value(JobState::Queued))
                .col_expr(Column::RunAt, Expr::value(*at))
                .col_expr(Column::LeaseUntil, no_time())
                .col_expr(Column::Attempts, Expr::value(0_i64))
                .col_expr(Column::Error, no_text())
                .col_expr(Column::FinishedAt, Expr::value(tx.now())),
            Change::Retry(at, error) => update
                .col_expr(Column::State, Expr::value(JobState::Queued))
                .col_expr(Column::RunAt, Expr::value(*at))
                .col_expr(Column::LeaseUntil, no_time())
                .col_expr(Column::Error, Expr::value(error.clone())),
            Change::GivenBack => update
                .col_expr(Column::State, Expr::value(JobState::Queued))
                .col_expr(Column::RunAt, Expr::value(tx.now()))
                .col_expr(Column::LeaseUntil, no_time())
                .col_expr(Column::Attempts, Expr::col(Column::Attempts).sub(1)),
        };
        let changed = update
            .filter(Column::Id.eq(job.id))
            .filter(Column::Fence.eq(job.fence))
            .filter(Column::State.eq(JobState::Running))
            .exec(tx.conn())
            .await?;
        Ok(changed.rows_affected == 1)
    })
    .await
}

/// How long to wait after the n-th failure in a row: 5 s, 10 s, 20 s, … at most a quarter of an hour.
#[must_use]
pub fn back_off(attempts: i64) -> TimeDelta {
    let doublings = u32::try_from(attempts.clamp(1, 12) - 1).unwrap_or(0);
    TimeDelta::seconds(5 * 2_i64.pow(doublings)).min(LONGEST)
}

/// Jobs, the newest first, before `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    conn: &impl ConnectionTrait,
    kind: Option<JobKind>,
    state: Option<JobState>,
    after: Option<&(DateTime<Utc>, Uuid)>,
    limit: u64,
) -> Result<Vec<job::Model>, DbErr> {
    use job::Column::{CreatedAt, Id, Kind, State};
    let mut query = job::Entity::find();
    if let Some(kind) = kind {
        query = query.filter(Kind.eq(kind));
    }
    if let Some(state) = state {
        query = query.filter(State.eq(state));
    }
    if let Some((at, id)) = after {
        query = query.filter(keyset::before(CreatedAt, Id, (*at, *id)));
    }
    query.order_by_desc(CreatedAt).order_by_desc(Id).limit(limit).all(conn).await
}
