//! What the jobs do: the one place that knows both the runner and the slices whose work it is.

use std::sync::Arc;

use chrono::TimeDelta;
use entity::jobs::JobKind;
use tokio::sync::Mutex;

use crate::fault::Fault;
use crate::jobs::{self, Handlers};
use crate::{
    approvals, audit, awards, decisions, deliveries, identity, import, listings, loans, photos, plans,
    requests, successions,
};

/// Holds looked at by one statement.
const HOLDS: u64 = 200;
/// Loans looked at by one statement.
const LOANS: u64 = 200;
/// Offers looked at by one statement.
const OFFERS: u64 = 200;

/// Plans looked at in one turn.
const PLANS: u64 = 200;
/// Claim windows looked at by one statement.
const WINDOWS: u64 = 200;

/// Steps looked at by one statement.
const STEPS: u64 = 200;

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
                    break;
                }
            }
            loop {
                let done = requests::confirm::lapse(&app, HOLDS).await?;
                lapsed += i64::try_from(done.lapsed)?;
                work.progress(lapsed, None).await?;
                if done.looked_at < HOLDS || done.lapsed == 0 || work.stopping() {
                    return Ok(());
                }
            }
        })
        .every(JobKind::Reconfirm, TimeDelta::hours(1), async |app, work: jobs::Work| {
            let mut changed = 0;
            let mut after = None;
            loop {
                let done = decisions::reconfirm_days::pause(&app, OFFERS, after).await?;
                changed += i64::try_from(done.changed)?;
                work.progress(changed, None).await?;
                after = done.after;
                if after.is_none() || work.stopping() {
                    break;
                }
            }
            let mut after = None;
            loop {
                let done = decisions::reconfirm_days::ask(&app, OFFERS, after).await?;
                changed += i64::try_from(done.changed)?;
                work.progress(changed, None).await?;
                after = done.after;
                if after.is_none() || work.stopping() {
                    return Ok(());
                }
            }
        })
        .every(JobKind::LoanDays, TimeDelta::minutes(1), async |app, work: jobs::Work| {
            let ended = until_none(&work, || loans::days::expire(&app, LOANS)).await?;
            let told = until_none(&work, || loans::days::tell_overdue(&app, LOANS)).await?;
            work.progress(ended + told, None).await
        })
        .every(JobKind::WidenAudience, TimeDelta::minutes(1), async |app, work: jobs::Work| {
            let mut changed = 0;
            loop {
                let done = listings::audience::widen(&app, OFFERS).await?;
                changed += i64::try_from(done.changed)?;
                work.progress(changed, None).await?;
                if done.looked_at < OFFERS || done.changed == 0 || work.stopping() {
                    return Ok(());
                }
            }
        })
        .every(JobKind::AwardClaims, TimeDelta::minutes(1), async |app, work: jobs::Work| {
            let mut changed = 0;
            loop {
                let done = awards::close::close_windows(&app, WINDOWS).await?;
                changed += i64::try_from(done.changed)?;
                work.progress(changed, None).await?;
                if done.looked_at < WINDOWS || done.changed == 0 || work.stopping() {
                    return Ok(());
                }
            }
        })
        .every(JobKind::AccrueLoans, TimeDelta::minutes(10), async |app, work: jobs::Work| {
            let entered = until_none(&work, || loans::days::accrue(&app, LOANS)).await?;
            work.progress(entered, None).await
        })
        .every(JobKind::CompletePlans, TimeDelta::minutes(1), async |app, work: jobs::Work| {
            let ended = plans::complete::complete(&app, PLANS).await?;
            work.progress(i64::try_from(ended)?, None).await
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
        .every(JobKind::Supervise, TimeDelta::minutes(10), async |app, work: jobs::Work| {
            let mut looked_at = 0;
            loop {
                let done = approvals::supervise::supervise(&app, STEPS).await?;
                looked_at += i64::try_from(done.looked_at)?;
                work.progress(looked_at, None).await?;
                let more = done.looked_at == STEPS && done.reminded + done.escalated > 0;
                if !more || work.stopping() {
                    return Ok(());
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
        .every(JobKind::Successions, TimeDelta::minutes(1), async |app, work: jobs::Work| {
            successions::run::start_due(&app).await?;
            let mut passed = 0;
            for id in successions::run::running(&app).await? {
                while successions::run::step(&app, id).await? == successions::run::Step::More {
                    passed += 1;
                    work.progress(passed, None).await?;
                    if work.stopping() {
                        return Ok(());
                    }
                }
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

/// Goes on as long as something changes and there may be more.
async fn until_none<F, Fut>(work: &jobs::Work, run: F) -> anyhow::Result<i64>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<loans::days::Done, Fault>>,
{
    let mut changed = 0;
    loop {
        let done = run().await?;
        changed += i64::try_from(done.changed)?;
        work.progress(changed, None).await?;
        if done.looked_at < LOANS || done.changed == 0 || work.stopping() {
            return Ok(changed);
        }
    }
}
