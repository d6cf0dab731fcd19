//! Claims, leases and the runner on a real database.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use entity::jobs::{JobKind, JobState, job};
use sea_orm::EntityTrait;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::runner::{Handlers, run};
use super::store::{self, Change, NewJob};
use crate::app::App;
use crate::identity::Actor;
use crate::testing;
use crate::write::Command;

async fn queue(app: &App, kind: JobKind, dedup: Option<&str>) -> Uuid {
    app.write(&Actor::system(), Command::new("test", None, &()), |tx| async move {
        let new = NewJob { kind, dedup, payload: serde_json::json!({ "n": 1 }), run_at: tx.now() };
        store::enqueue(&tx, new).await
    })
    .await
    .unwrap()
}

async fn row(app: &App, id: Uuid) -> job::Model {
    job::Entity::find_by_id(id).one(app.db().read()).await.unwrap().unwrap()
}

async fn until(mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not come to that");
}

#[tokio::test]
async fn each_job_is_claimed_by_one_of_many() {
    let (app, _folder) = testing::app().await;
    for _ in 0..20 {
        queue(&app, JobKind::Import, None).await;
    }
    let tasks: Vec<_> = (0..40)
        .map(|_| {
            let app = app.clone();
            tokio::spawn(async move { store::claim(&app, &[JobKind::Import]).await.unwrap() })
        })
        .collect();
    let mut claims: HashMap<Uuid, usize> = HashMap::new();
    for task in tasks {
        if let Some(job) = task.await.unwrap() {
            assert_eq!((job.state, job.attempts, job.fence), (JobState::Running, 1, 1));
            *claims.entry(job.id).or_default() += 1;
        }
    }
    assert_eq!(claims.len(), 20);
    assert!(claims.values().all(|count| *count == 1), "{claims:?}");
}

#[tokio::test]
async fn the_same_key_is_queued_once_until_it_has_ended() {
    let (app, _folder) = testing::app().await;
    let first = queue(&app, JobKind::Reindex, Some("reindex")).await;
    assert_eq!(queue(&app, JobKind::Reindex, Some("reindex")).await, first);
    let claimed = store::claim(&app, &[JobKind::Reindex]).await.unwrap().unwrap();
    assert_eq!(queue(&app, JobKind::Reindex, Some("reindex")).await, first, "it runs");
    assert!(store::change(&app, &claimed, &Change::Done).await.unwrap());
    assert_ne!(queue(&app, JobKind::Reindex, Some("reindex")).await, first);
}

#[tokio::test]
async fn a_lease_that_ran_out_goes_to_another_and_the_first_can_write_nothing_more() {
    let (app, _folder) = testing::app().await;
    let id = queue(&app, JobKind::Import, None).await;
    let first = store::claim(&app, &[JobKind::Import]).await.unwrap().unwrap();
    assert!(store::claim(&app, &[JobKind::Import]).await.unwrap().is_none());
    app.clock().set(testing::start() + TimeDelta::seconds(50));
    assert!(store::change(&app, &first, &Change::Alive(Some((3, Some(9))))).await.unwrap());
    app.clock().set(testing::start() + TimeDelta::seconds(100));
    assert!(store::claim(&app, &[JobKind::Import]).await.unwrap().is_none(), "it told that it lives");
    app.clock().set(testing::start() + TimeDelta::seconds(111));
    let second = store::claim(&app, &[JobKind::Import]).await.unwrap().unwrap();
    assert_eq!((second.id, second.attempts), (id, 2));
    assert!(!store::change(&app, &first, &Change::Done).await.unwrap());
    assert!(!store::change(&app, &first, &Change::Alive(None)).await.unwrap());
    assert_eq!(row(&app, id).await.state, JobState::Running);
    assert!(store::change(&app, &second, &Change::Done).await.unwrap());
}

#[test]
fn waits_grow_and_end_somewhere() {
    let waits: Vec<i64> = (1..=10).map(|n| store::back_off(n).num_seconds()).collect();
    assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
}

#[tokio::test]
async fn failures_are_tried_again_and_given_up_after_the_last_attempt() {
    let (app, _folder) = testing::app().await;
    let id = queue(&app, JobKind::Import, None).await;
    let handlers = Handlers::default().on(JobKind::Import, async |_, work: super::Work| {
        if work.job().attempts % 2 == 0 {
            panic!("a bad day");
        }
        anyhow::bail!("no such file")
    });
    let stop = CancellationToken::new();
    let runner = tokio::spawn(run(app.clone(), handlers, stop.clone()));
    for attempt in 1..=store::ATTEMPTS {
        until(async || {
            let row = row(&app, id).await;
            row.attempts == attempt && row.state != JobState::Running
        })
        .await;
        let failed = row(&app, id).await;
        let error = failed.error.unwrap();
        assert!(error.contains(if attempt % 2 == 0 { "panic" } else { "no such file" }), "{error}");
        assert_eq!(failed.state == JobState::Failed, attempt == store::ATTEMPTS);
        app.clock().set(app.clock().now() + TimeDelta::minutes(20));
    }
    stop.cancel();
    runner.await.unwrap().unwrap();
}

#[tokio::test]
async fn of_several_processes_one_does_each_run_of_a_recurring_job() {
    let (app, _folder) = testing::app().await;
    let runs = Arc::new(AtomicUsize::new(0));
    let stop = CancellationToken::new();
    let runners: Vec<_> = (0..3)
        .map(|_| {
            let runs = runs.clone();
            let handlers = Handlers::default().every(JobKind::Seal, TimeDelta::minutes(1), move |_, _| {
                let runs = runs.clone();
                async move {
                    runs.fetch_add(1, Ordering::SeqCst);
                    Ok(())
                }
            });
            tokio::spawn(run(app.clone(), handlers, stop.clone()))
        })
        .collect();
    for expected in 1..=3 {
        until(async || runs.load(Ordering::SeqCst) == expected).await;
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(runs.load(Ordering::SeqCst), expected, "once a minute, not once a process");
        app.clock().set(app.clock().now() + TimeDelta::seconds(61));
    }
    stop.cancel();
    for runner in runners {
        runner.await.unwrap().unwrap();
    }
    assert_eq!(job::Entity::find().all(app.db().read()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_stopping_runner_waits_for_its_job_and_claims_no_other() {
    let (app, _folder) = testing::app().await;
    let first = queue(&app, JobKind::Import, None).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let stop = CancellationToken::new();
    let handlers = {
        let (seen, stop) = (seen.clone(), stop.clone());
        Handlers::default().on(JobKind::Import, move |_, work: super::Work| {
            let (seen, stop) = (seen.clone(), stop.clone());
            async move {
                stop.cancel();
                tokio::time::sleep(Duration::from_millis(300)).await;
                assert!(work.stopping());
                work.progress(1, Some(1)).await?;
                seen.lock().unwrap().push(work.job().id);
                Ok(())
            }
        })
    };
    let runner = tokio::spawn(run(app.clone(), handlers, stop));
    runner.await.unwrap().unwrap();
    let second = queue(&app, JobKind::Import, None).await;
    assert_eq!(*seen.lock().unwrap(), [first]);
    let done = row(&app, first).await;
    assert_eq!((done.state, done.done, done.total), (JobState::Done, 1, Some(1)));
    assert_eq!(row(&app, second).await.state, JobState::Queued);
}

#[tokio::test]
async fn old_answers_and_ended_jobs_are_purged() {
    let (app, _folder) = testing::app().await;
    let ended = queue(&app, JobKind::Import, None).await;
    let claimed = store::claim(&app, &[JobKind::Import]).await.unwrap().unwrap();
    store::change(&app, &claimed, &Change::Done).await.unwrap();
    let waiting = queue(&app, JobKind::Import, None).await;
    let answer = entity::jobs::idempotency::Model {
        actor_id: Uuid::from_u128(1),
        key: "k".into(),
        input_hash: String::new(),
        answer: serde_json::json!(1),
        created_at: app.clock().now(),
    };
    let answer = &answer;
    app.write(&Actor::system(), Command::new("test", None, &()), |tx| async move {
        use sea_orm::IntoActiveModel;
        let row = answer.clone().into_active_model();
        entity::jobs::idempotency::Entity::insert(row).exec_without_returning(tx.conn()).await?;
        Ok(())
    })
    .await
    .unwrap();
    app.clock().set(testing::start() + TimeDelta::days(6));
    assert_eq!(super::purge::purge(&app).await.unwrap(), 0);
    app.clock().set(testing::start() + TimeDelta::days(8));
    assert_eq!(super::purge::purge(&app).await.unwrap(), 1);
    app.clock().set(testing::start() + TimeDelta::days(91));
    assert_eq!(super::purge::purge(&app).await.unwrap(), 1);
    assert!(job::Entity::find_by_id(ended).one(app.db().read()).await.unwrap().is_none());
    assert_eq!(row(&app, waiting).await.state, JobState::Queued);
}
