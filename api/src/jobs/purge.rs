//! Removes what is past its time.

use chrono::TimeDelta;
use entity::jobs::{JobState, idempotency, job};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use crate::app::App;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::write::Command;

/// Rows removed by one transaction: purging never holds the writer for long.
const BATCH: u64 = 1_000;
/// How long the stored answers of mutations are kept.
const ANSWERS: TimeDelta = TimeDelta::days(7);
/// How long ended jobs are kept.
const JOBS: TimeDelta = TimeDelta::days(90);

/// Removes stored answers of mutations older than 7 days, and jobs that ended 90 days ago; gives how many rows went.
///
/// # Errors
/// When the database does not answer.
pub async fn purge(app: &App) -> Result<u64, Fault> {
    let now = app.clock().now();
    let mut all = 0;
    loop {
        let gone = app
            .write(&Actor::system(), Command::new("purgeJobs", None, &()), |tx| async move {
                use idempotency::Column::{ActorId, CreatedAt, Key};
                let old = idempotency::Entity::find()
                    .select_only()
                    .columns([ActorId, Key])
                    .filter(CreatedAt.lt(now - ANSWERS))
                    .order_by_asc(CreatedAt)
                    .limit(BATCH);
                let answers = idempotency::Entity::delete_many()
                    .filter(Expr::tuple([Expr::col(ActorId), Expr::col(Key)]).in_subquery(old.into_query()))
                    .exec(tx.conn())
                    .await?;
                let old = job::Entity::find()
                    .select_only()
                    .column(job::Column::Id)
                    .filter(job::Column::State.is_in([JobState::Done, JobState::Failed]))
                    .filter(job::Column::FinishedAt.lt(now - JOBS))
                    .limit(BATCH);
                let jobs = job::Entity::delete_many()
                    .filter(job::Column::Id.in_subquery(old.into_query()))
                    .exec(tx.conn())
                    .await?;
                Ok((answers.rows_affected, jobs.rows_affected))
            })
            .await?;
        all += gone.0 + gone.1;
        if gone.0 < BATCH && gone.1 < BATCH {
            return Ok(all);
        }
    }
}
