//! Claims, heads and leases on a real database, and which addresses the client reaches.

use std::time::Duration;

use chrono::TimeDelta;
use entity::deliveries::{Consumer, DeliveryState, delivery, delivery_endpoint, webhook};
use entity::events::Subject;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use uuid::Uuid;

use super::outbound::Outbound;
use super::store::{self, Claimed, Outcome};
use super::{fan_out, purge};
use crate::app::App;
use crate::identity::Actor;
use crate::testing;
use crate::write::Command;

const DONE: Outcome = Outcome::Delivered { status: 200 };

/// An endpoint at the present end of the log.
async fn endpoint(app: &App) -> Uuid {
    app.write(&Actor::system(), Command::new("test", None, &()), |tx| async move {
        let id = tx.id();
        let account = entity::identity::account::Entity::find().one(tx.conn()).await?;
        let author = match account {
            Some(account) => account.id,
            None => author(&tx).await?,
        };
        let row = delivery_endpoint::Model {
            id,
            consumer: Consumer::Webhook,
            active: true,
            log_seq: 0,
            position: 0,
        };
        row.into_active_model().reset_all().insert(tx.conn()).await?;
        let row = webhook::Model {
            id,
            name: id.to_string(),
            url: "http://127.0.0.1:1/".into(),
            kinds: json!(["test."]),
            secret: String::new(),
            switched_off: None,
            created_by: author,
            created_at: tx.now(),
            version: 1,
        };
        row.into_active_model().reset_all().insert(tx.conn()).await?;
        Ok(id)
    })
    .await
    .unwrap()
}

async fn author(tx: &crate::write::Tx) -> Result<Uuid, crate::fault::Fault> {
    use entity::identity::{Locale, account};
    let row = account::Model {
        id: tx.id(),
        login: "admin".into(),
        name: "管理员".into(),
        password_hash: String::new(),
        locale: Locale::Zh,
        active: true,
        must_change_password: false,
        version: 1,
        created_at: tx.now(),
    };
    let id = row.id;
    row.into_active_model().reset_all().insert(tx.conn()).await?;
    Ok(id)
}

async fn happen(app: &App, subject: Uuid, times: i64) {
    app.write(&Actor::system(), Command::new("test", None, &()), |tx| async move {
        for n in 0..times {
            tx.record(Subject::Setting, subject, n, "test.happened", &json!({ "n": n }));
        }
        Ok(())
    })
    .await
    .unwrap();
    let endpoints = store::active_endpoints(app.db().read()).await.unwrap();
    fan_out::fan_out(app, &endpoints).await.unwrap();
}

async fn rows(app: &App, endpoint: Uuid) -> Vec<delivery::Model> {
    delivery::Entity::find()
        .filter(delivery::Column::EndpointId.eq(endpoint))
        .order_by_asc(delivery::Column::Position)
        .all(app.db().read())
        .await
        .unwrap()
}

async fn states(app: &App, endpoint: Uuid) -> Vec<DeliveryState> {
    rows(app, endpoint).await.into_iter().map(|row| row.state).collect()
}

/// Moves an instant of all rows of an endpoint so far back.
async fn back(app: &App, column: delivery::Column, by: TimeDelta) {
    app.write(&Actor::system(), Command::new("test", None, &()), |tx| async move {
        let then = store::database_now(tx.conn()).await? - by;
        delivery::Entity::update_many().col_expr(column, Expr::value(then)).exec(tx.conn()).await?;
        Ok(())
    })
    .await
    .unwrap();
}

async fn one(app: &App, endpoint: Uuid) -> Claimed {
    let mut claimed = store::claim(app, endpoint, 10).await.unwrap();
    assert_eq!(claimed.len(), 1);
    claimed.remove(0)
}

#[tokio::test]
async fn only_the_head_of_a_subject_is_claimed_and_each_by_one_of_many() {
    use DeliveryState::{Behind, Delivered, Running, Waiting};
    let (app, _folder) = testing::app().await;
    let endpoint = endpoint(&app).await;
    let subject = Uuid::from_u128(7);
    happen(&app, subject, 3).await;
    assert_eq!(states(&app, endpoint).await, [Waiting, Behind, Behind]);
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let app = app.clone();
            tokio::spawn(async move { store::claim(&app, endpoint, 4).await.unwrap() })
        })
        .collect();
    let mut claimed = Vec::new();
    for task in tasks {
        claimed.extend(task.await.unwrap());
    }
    assert_eq!(claimed.len(), 1);
    assert_eq!(states(&app, endpoint).await, [Running, Behind, Behind]);
    // What happens while the head is under way stands behind it.
    happen(&app, subject, 1).await;
    assert_eq!(states(&app, endpoint).await, [Running, Behind, Behind, Behind]);
    assert!(store::settle(&app, &claimed[0], &DONE).await.unwrap());
    assert_eq!(states(&app, endpoint).await, [Delivered, Waiting, Behind, Behind]);
    assert!(!store::settle(&app, &claimed[0], &DONE).await.unwrap(), "it is settled once");
    assert_eq!(states(&app, endpoint).await, [Delivered, Waiting, Behind, Behind]);
}

#[tokio::test]
async fn a_lease_that_ran_out_goes_to_another_and_the_first_can_note_nothing_more() {
    let (app, _folder) = testing::app().await;
    let endpoint = endpoint(&app).await;
    happen(&app, Uuid::from_u128(7), 1).await;
    let first = one(&app, endpoint).await;
    assert!(store::claim(&app, endpoint, 10).await.unwrap().is_empty());
    back(&app, delivery::Column::LeaseUntil, TimeDelta::seconds(1)).await;
    let second = one(&app, endpoint).await;
    assert_eq!((second.id, second.fence, second.attempts), (first.id, 2, 2));
    assert!(!store::settle(&app, &first, &Outcome::failed("late")).await.unwrap());
    assert!(store::settle(&app, &second, &DONE).await.unwrap());
}

#[tokio::test]
async fn nothing_is_claimed_for_an_endpoint_that_has_said_that_it_wants_nothing_more() {
    let (app, _folder) = testing::app().await;
    let endpoint = endpoint(&app).await;
    happen(&app, Uuid::from_u128(7), 2).await;
    let first = one(&app, endpoint).await;
    assert!(store::settle(&app, &first, &Outcome::Gone { status: 410 }).await.unwrap());
    // It is due, and a worker that looked before the answer came still takes the endpoint for active.
    let now = store::database_now(app.db().read()).await.unwrap();
    assert!(store::any_due(app.db().read(), endpoint, now).await.unwrap());
    assert!(store::claim(&app, endpoint, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn failures_wait_longer_each_time_and_end_in_a_dead_letter_that_is_not_purged() {
    let (app, _folder) = testing::app().await;
    let endpoint = endpoint(&app).await;
    happen(&app, Uuid::from_u128(7), 2).await;
    let mut before = TimeDelta::zero();
    for attempt in 1..=8 {
        back(&app, delivery::Column::RunAt, TimeDelta::seconds(1)).await;
        let claimed = one(&app, endpoint).await;
        assert_eq!(claimed.attempts, attempt);
        let began = store::database_now(app.db().read()).await.unwrap();
        assert!(store::settle(&app, &claimed, &Outcome::failed("no".repeat(999))).await.unwrap());
        let row = rows(&app, endpoint).await.remove(0);
        assert_eq!(row.error.map(|error| error.len()), Some(300));
        if attempt < 8 {
            assert_eq!(row.state, DeliveryState::Waiting);
            assert!(row.run_at - began > before, "{attempt}");
            before = row.run_at - began;
        } else {
            assert_eq!(row.state, DeliveryState::Dead);
        }
    }
    happen(&app, Uuid::from_u128(8), 1).await;
    let other = one(&app, endpoint).await;
    assert!(store::settle(&app, &other, &DONE).await.unwrap());
    assert_eq!(purge::purge(&app).await.unwrap(), 0);
    back(&app, delivery::Column::EndedAt, TimeDelta::days(8)).await;
    assert_eq!(purge::purge(&app).await.unwrap(), 1);
    assert_eq!(states(&app, endpoint).await, [DeliveryState::Dead, DeliveryState::Behind]);
}

#[tokio::test]
async fn the_log_is_read_on_once_whoever_does_it() {
    let (app, _folder) = testing::app().await;
    let endpoint = endpoint(&app).await;
    app.write(&Actor::system(), Command::new("test", None, &()), |tx| async move {
        for n in 0..700_u32 {
            tx.record(Subject::Setting, Uuid::from_u128(u128::from(n % 50)), 1, "test.happened", &json!({}));
        }
        tx.record(Subject::Setting, Uuid::from_u128(1), 1, "other.happened", &json!({}));
        Ok(())
    })
    .await
    .unwrap();
    let tasks: Vec<_> = (0..5)
        .map(|_| {
            let app = app.clone();
            tokio::spawn(async move {
                let endpoints = store::active_endpoints(app.db().read()).await.unwrap();
                fan_out::fan_out(&app, &endpoints).await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let rows = rows(&app, endpoint).await;
    assert_eq!(rows.len(), 700);
    assert!(rows.iter().zip(1..).all(|(row, position)| row.position == position));
    assert!(rows.is_sorted_by_key(|row| row.event_seq));
    assert_eq!(rows.iter().filter(|row| row.state == DeliveryState::Waiting).count(), 50);
}

#[tokio::test]
async fn a_name_that_means_this_machine_is_not_called_unless_its_network_is_opened() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answering = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    });
    let url = format!("http://localhost:{port}/");
    let closed = Outbound::new(Vec::new()).unwrap();
    let refused = closed.http().post(&url).send().await.unwrap_err();
    assert!(format!("{:#}", anyhow::Error::from(refused)).contains("private"));
    assert!(closed.check_host(&url.parse().unwrap()).await.is_err());
    assert!(closed.check(&format!("http://127.0.0.1:{port}/").parse().unwrap()).is_err());
    let open = Outbound::new(vec!["127.0.0.0/8".parse().unwrap()]).unwrap();
    assert!(open.http().post(&url).send().await.unwrap().status().is_success());
    tokio::time::timeout(Duration::from_secs(5), answering).await.unwrap().unwrap();
}
