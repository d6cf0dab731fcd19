//! Jobs in the schema.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::jobs::job;
use uuid::Uuid;

use super::store;
use crate::fault::Fault;
use crate::graphql::connection::{Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::{JobKind, JobState};
use crate::graphql::errors;
use crate::graphql::ids::{Kind, encode};

/// Work that goes on by itself.
#[derive(Clone, Debug, SimpleObject)]
pub struct Job {
    /// Global id.
    pub id: ID,
    /// What it does.
    pub kind: JobKind,
    /// Its life.
    pub state: JobState,
    /// Not before.
    pub run_at: DateTime<Utc>,
    /// Attempts since the last success.
    pub attempts: i64,
    /// Steps done by the present or last run.
    pub done: i64,
    /// Steps of the run, where they are known.
    pub total: Option<i64>,
    /// Why the last run failed.
    pub error: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ended; of a recurring job the end of its last run.
    pub finished_at: Option<DateTime<Utc>>,
    #[graphql(skip)]
    key: (DateTime<Utc>, Uuid),
}

impl From<job::Model> for Job {
    fn from(row: job::Model) -> Self {
        Self {
            id: encode(Kind::Job, row.id),
            kind: row.kind.into(),
            state: row.state.into(),
            run_at: row.run_at,
            attempts: row.attempts,
            done: row.done,
            total: row.total,
            error: row.error,
            created_at: row.created_at,
            finished_at: row.finished_at,
            key: (row.created_at, row.id),
        }
    }
}

connection!(JobConnection, JobEdge, Job);

/// Which jobs are asked for; all conditions must hold.
#[derive(Debug, Default, InputObject)]
pub struct JobFilterInput {
    /// Of this kind.
    kind: Option<JobKind>,
    /// In this state.
    state: Option<JobState>,
}

/// Root queries of jobs.
#[derive(Debug, Default)]
pub struct JobsQuery;

#[Object]
impl JobsQuery {
    /// Jobs, the newest first.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(default)] filter: JobFilterInput,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<JobConnection> {
        let locale = ctx.actor()?.locale();
        let fail = |fault: Fault| errors::query_error(fault, locale);
        let page: Page<(DateTime<Utc>, Uuid)> =
            Page::read(first, after.as_deref()).map_err(|wrong| fail(wrong.into()))?;
        let (kind, state) = (filter.kind.map(Into::into), filter.state.map(Into::into));
        let rows = store::list(ctx.app().db().read(), kind, state, page.after.as_ref(), page.fetch())
            .await
            .map_err(|error| fail(error.into()))?;
        let nodes = rows.into_iter().map(Job::from).collect();
        Ok(JobConnection::new(page.first, nodes, |job: &Job| job.key))
    }
}
