//! The workers of a process: claim what is due, run its handler, keep the lease, note the end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use entity::jobs::{JobKind, job};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::store::{self, Change, NewJob};
use crate::app::App;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::write::Command;

/// Jobs that one process runs at a time.
const AT_ONCE: usize = 3;
/// How often a process looks for work.
const LOOK: Duration = Duration::from_millis(500);
/// How often a running job tells that it lives: a third of the lease, so that two signs may be lost.
const BEAT: Duration = Duration::from_secs(20);
/// How long a stopping process waits for its jobs before it gives them back.
const GRACE: Duration = Duration::from_secs(10);

type Run = Arc<dyn Fn(App, Work) -> BoxFuture<'static, anyhow::Result<()>> + Send + Sync>;

#[derive(Clone)]
struct Handler {
    run: Run,
    every: Option<TimeDelta>,
}

/// What the job kinds do. The table is filled by whoever assembles the service, so that jobs know of no other slice.
#[derive(Clone, Default)]
pub struct Handlers(HashMap<JobKind, Handler>);

impl std::fmt::Debug for Handlers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Handlers {
    /// A kind that runs when it is queued. A handler must be idempotent: after a crash it runs again.
    #[must_use]
    pub fn on<F, Fut>(self, kind: JobKind, run: F) -> Self
    where
        F: Fn(App, Work) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.add(kind, None, run)
    }

    /// A kind that runs again and again, `every` so often over all processes together: one of them does each run.
    #[must_use]
    pub fn every<F, Fut>(self, kind: JobKind, every: TimeDelta, run: F) -> Self
    where
        F: Fn(App, Work) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.add(kind, Some(every), run)
    }

    fn add<F, Fut>(mut self, kind: JobKind, every: Option<TimeDelta>, run: F) -> Self
    where
        F: Fn(App, Work) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let run: Run = Arc::new(move |app, work| run(app, work).boxed());
        self.0.insert(kind, Handler { run, every });
        self
    }

    fn kinds(&self) -> Vec<JobKind> {
        self.0.keys().copied().collect()
    }
}

/// A claimed job in the hands of its handler.
#[derive(Clone, Debug)]
pub struct Work {
    app: App,
    job: Arc<job::Model>,
    stop: CancellationToken,
    lost: CancellationToken,
}

/// Another worker has the job now: whatever this one does is done twice.
#[derive(Debug, thiserror::Error)]
#[error("the lease of the job was lost")]
pub struct LeaseLost;

impl Work {
    /// What the job was told.
    #[must_use]
    pub fn payload(&self) -> &serde_json::Value {
        &self.job.payload
    }

    /// The row as it was claimed.
    #[must_use]
    pub fn job(&self) -> &job::Model {
        &self.job
    }

    /// Whether to end soon: the process stops, or the lease was lost. Long jobs ask between two pieces.
    #[must_use]
    pub fn stopping(&self) -> bool {
        self.stop.is_cancelled() || self.lost.is_cancelled()
    }

    /// Shows how far it is: so many steps of so many.
    ///
    /// # Errors
    /// [`LeaseLost`]; when the database does not answer.
    pub async fn progress(&self, done: i64, total: Option<i64>) -> anyhow::Result<()> {
        if store::change(&self.app, &self.job, &Change::Alive(Some((done, total)))).await? {
            Ok(())
        } else {
            self.lost.cancel();
            Err(LeaseLost.into())
        }
    }
}

/// Runs jobs until `stop`; then it claims nothing more, waits a little for what runs, and gives the rest back.
///
/// # Errors
/// When the recurring jobs cannot be laid down at the start. Later failures are logged, and tried again.
pub async fn run(app: App, handlers: Handlers, stop: CancellationToken) -> Result<(), Fault> {
    lay_down(&app, &handlers).await?;
    let kinds = handlers.kinds();
    let mut running = JoinSet::new();
    while !stop.is_cancelled() {
        while running.try_join_next().is_some() {}
        let found = if running.len() < AT_ONCE { look(&app, &kinds).await } else { Ok(None) };
        match found {
            Ok(Some(job)) => {
                let (app, stop) = (app.clone(), stop.clone());
                let Some(handler) = handlers.0.get(&job.kind).cloned() else { continue };
                running.spawn(async move { one(app, handler, job, stop).await });
                continue;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "cannot look for jobs"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    while running.join_next().await.is_some() {}
    Ok(())
}

async fn look(app: &App, kinds: &[JobKind]) -> Result<Option<job::Model>, Fault> {
    if store::any_due(app.db().read(), kinds, app.clock().now()).await? {
        store::claim(app, kinds).await
    } else {
        Ok(None)
    }
}

/// One row for each recurring kind, whoever comes first.
async fn lay_down(app: &App, handlers: &Handlers) -> Result<(), Fault> {
    for (kind, _) in handlers.0.iter().filter(|(_, handler)| handler.every.is_some()) {
        let dedup = &format!("recurring {kind}");
        app.write(&Actor::system(), Command::new("layDownJob", None, &()), |tx| async move {
            let payload = serde_json::json!({});
            let new = NewJob { kind: *kind, dedup: Some(dedup), payload, run_at: tx.now() };
            store::enqueue(&tx, new).await
        })
        .await?;
    }
    Ok(())
}

/// Runs one claimed job to its end.
async fn one(app: App, handler: Handler, job: job::Model, stop: CancellationToken) {
    let work =
        Work { app: app.clone(), job: Arc::new(job), stop: stop.clone(), lost: CancellationToken::new() };
    let (kind, id) = (work.job.kind, work.job.id);
    // A task of its own: a handler that panics is a failed job, not a dead worker.
    let mut task = tokio::spawn((handler.run)(app.clone(), work.clone()));
    let mut beat = tokio::time::interval(BEAT);
    beat.reset();
    let outcome = loop {
        tokio::select! {
            ended = &mut task => break Some(ended),
            _ = beat.tick() => match store::change(&app, &work.job, &Change::Alive(None)).await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::warn!(%kind, %id, "another worker took the job");
                    work.lost.cancel();
                    task.abort();
                    return;
                }
                Err(error) => tracing::warn!(%kind, %id, %error, "cannot keep the lease"),
            },
            () = grace(&stop) => {
                task.abort();
                break None;
            }
        }
    };
    let now = app.clock().now();
    let change = match outcome {
        None => Change::GivenBack,
        Some(Ok(Ok(()))) => match handler.every {
            Some(every) => Change::Again(now + every),
            None => Change::Done,
        },
        Some(Ok(Err(_))) if stop.is_cancelled() => Change::GivenBack,
        Some(Ok(Err(error))) => failed(&work.job, &handler, now, format!("{error:#}")),
        Some(Err(panic)) => failed(&work.job, &handler, now, panic.to_string()),
    };
    if let Change::Failed(error) | Change::Retry(_, error) = &change {
        tracing::error!(%kind, %id, attempt = work.job.attempts, error, "a job failed");
    }
    match store::change(&app, &work.job, &change).await {
        Ok(true) => {}
        Ok(false) => tracing::warn!(%kind, %id, "the job ended after its lease"),
        Err(error) => tracing::error!(%kind, %id, %error, "cannot note the end of a job"),
    }
}

async fn grace(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(GRACE).await;
}

/// A recurring job never gives up; any other does after its last attempt.
fn failed(job: &job::Model, handler: &Handler, now: chrono::DateTime<chrono::Utc>, error: String) -> Change {
    let wait = store::back_off(job.attempts);
    match handler.every {
        Some(every) => Change::Retry(now + wait.max(every), error),
        None if job.attempts < store::ATTEMPTS => Change::Retry(now + wait, error),
        None => Change::Failed(error),
    }
}
