//! What the jobs do: the one place that knows both the runner and the slices whose work it is.

use std::sync::Arc;

use chrono::TimeDelta;
use entity::jobs::JobKind;
use tokio::sync::Mutex;

use crate::jobs::{self, Handlers};
use crate::{approvals, audit, deliveries, identity, import, photos, requests};

/// Holds looked at by one statement.
const HOLDS: u64 = 200;

/// The table of handlers for [`jobs::run`].
#[must_use]
pub fn handlers() -> Handlers {
    Handlers::default()
        .every(JobKind::ExpireHolds, TimeDelta::seconds(30), async |app, work: jobs::Work| {
            let mut lapsed = 0;
            loop {
                let done = requests::expire::expire_holds(&app, HOLDS).await?;
                lapsed += i64::try_from(done.lapsed)?;
                work.progress(lapsed, None).await?;
                // Where nothing lapsed, what is left is paused by a freeze: looking again at once would change nothing.
                if done.looked_at < HOLDS || done.lapsed == 0 || work.stopping() {
                    return Ok(());
                }
            }
        })
        .every(JobKind::Reseat, TimeDelta::minutes(1), {
            let seen = Arc::new(Mutex::new(None));
            move |app, work: jobs::Work| {
                let seen = Arc::clone(&seen);
                async move {
                    let moved = approvals::reseat::reseat(&app, &mut *seen.lock().await).await?;
                    work.progress(i64::try_from(moved)?, None).await
                }
            }
        })
        .every(JobKind::Seal, TimeDelta::minutes(1), async |app, work: jobs::Work| {
            // One seal takes so many events; after a large load there is more than one.
            while audit::seal::seal(&app).await? > 0 && !work.stopping() {
                work.progress(work.job().done, None).await?;
            }
            Ok(())
        })
        .on(JobKind::Import, import::job::run)
        .every(JobKind::Purge, TimeDelta::hours(1), async |app, work: jobs::Work| {
            let mut gone = identity::purge::purge(&app).await?;
            gone += jobs::purge::purge(&app).await?;
            gone += photos::purge::purge(&app).await?;
            gone += deliveries::purge::purge(&app).await?;
            gone += import::purge::purge(&app).await?;
            work.progress(i64::try_from(gone)?, None).await
        })
}
