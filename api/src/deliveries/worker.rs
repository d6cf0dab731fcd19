//! The loop of a process: reads the log on, claims what is due, sends it, notes what came of it.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use entity::deliveries::delivery_endpoint;
use futures_util::FutureExt;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::store::{self, Claimed, Outcome};
use super::{fan_out, sink};
use crate::app::App;
use crate::fault::Fault;

/// Deliveries that one process has under way at one endpoint. No bound over all endpoints: the slow ones would fill it.
const AT_ONCE: usize = 4;
/// How long a change written by another process, or what became due, may stay unseen.
const LOOK: Duration = Duration::from_millis(500);
/// At least so long between two looks: what happens at once is looked at together.
const BREATH: Duration = Duration::from_millis(20);
/// How long to wait after a failure.
const PAUSE: Duration = Duration::from_secs(2);

/// Delivers until `stop`; then it claims nothing more, and waits for what is under way, which takes no longer than one attempt
/// may. What a killed process had claimed is another's when its lease has run out.
pub async fn run(app: App, stop: CancellationToken) {
    let mut bell = app.events().listen();
    let mut running = Running::default();
    while !stop.is_cancelled() {
        running.reap();
        let looked = look(&app, &mut running).await;
        if let Err(error) = &looked {
            tracing::error!(%error, "cannot look for deliveries; trying again");
        }
        let idle = async {
            match looked {
                // Nobody listens: what is committed here is no reason to look again.
                Ok(false) => tokio::time::sleep(LOOK).await,
                Err(_) => tokio::time::sleep(PAUSE).await,
                Ok(true) => {
                    tokio::time::sleep(BREATH).await;
                    tokio::select! {
                        () = tokio::time::sleep(LOOK) => {}
                        _ = bell.changed() => {}
                    }
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = idle => {}
        }
    }
    while running.tasks.join_next().await.is_some() {}
}

/// What is under way, by endpoint.
#[derive(Default)]
struct Running {
    tasks: JoinSet<Uuid>,
    count: HashMap<Uuid, usize>,
}

impl Running {
    /// Takes note of what has ended.
    fn reap(&mut self) {
        while let Some(ended) = self.tasks.try_join_next() {
            // A task gives its endpoint back whatever happens in it.
            if let Ok(endpoint) = ended
                && let Some(count) = self.count.get_mut(&endpoint)
            {
                *count = count.saturating_sub(1);
            }
        }
        self.count.retain(|_, count| *count > 0);
    }

    fn room(&self, endpoint: Uuid) -> usize {
        AT_ONCE.saturating_sub(self.count.get(&endpoint).copied().unwrap_or(0))
    }

    fn start(&mut self, app: &App, endpoint: &delivery_endpoint::Model, delivery: Claimed) {
        *self.count.entry(endpoint.id).or_default() += 1;
        let (app, endpoint) = (app.clone(), endpoint.clone());
        self.tasks.spawn(async move {
            let id = endpoint.id;
            if AssertUnwindSafe(deliver(&app, &endpoint, &delivery)).catch_unwind().await.is_err() {
                tracing::error!(delivery = %delivery.id, "a delivery panicked; it is tried again after its lease");
            }
            id
        });
    }
}

/// Looks once; false where nobody listens.
async fn look(app: &App, running: &mut Running) -> Result<bool, Fault> {
    let endpoints = store::active_endpoints(app.db().read()).await?;
    if endpoints.is_empty() {
        return Ok(false);
    }
    fan_out::fan_out(app, &endpoints).await?;
    let now = store::database_now(app.db().read()).await?;
    for endpoint in &endpoints {
        let room = running.room(endpoint.id);
        if room > 0 && store::any_due(app.db().read(), endpoint.id, now).await? {
            for claimed in store::claim(app, endpoint.id, room as u64).await? {
                running.start(app, endpoint, claimed);
            }
        }
    }
    Ok(true)
}

/// Sends a claimed delivery and notes what came of it.
async fn deliver(app: &App, endpoint: &delivery_endpoint::Model, delivery: &Claimed) {
    let outcome = match sink::tell(app, endpoint, delivery).await {
        Ok(Some(outcome)) => outcome,
        Ok(None) => return,
        Err(fault) => {
            // Ours, so its cause is for the log; it is tried again like any other failure.
            tracing::error!(%fault, delivery = %delivery.id, "a delivery could not be made");
            Outcome::failed("an internal fault; see the log of the service")
        }
    };
    if let Outcome::Failed { error, .. } = &outcome {
        tracing::warn!(endpoint = %endpoint.id, delivery = %delivery.id, attempt = delivery.attempts, error, "not delivered");
    }
    match store::settle(app, delivery, &outcome).await {
        Ok(true) => {}
        Ok(false) => tracing::warn!(delivery = %delivery.id, "the delivery ended after its lease"),
        Err(error) => tracing::error!(delivery = %delivery.id, %error, "cannot note the end of a delivery"),
    }
}
