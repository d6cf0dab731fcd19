//! What auditors read.

use chrono::TimeDelta;
use entity::audit::payload_key;
use entity::events::Subject;
use sea_orm::EntityTrait;
use serde_json::json;
use uuid::Uuid;

use super::verify::Anchor;
use super::{destroy_key, read, seal, verify};
use crate::app::App;
use crate::identity::Actor;
use crate::testing;
use crate::write::Command;

#[tokio::test]
async fn a_private_payload_is_read_until_its_key_is_destroyed_and_the_chain_still_verifies() {
    let (app, _folder) = testing::app().await;
    let subject = Uuid::from_u128(7);
    for n in 1..=3 {
        app.write(&Actor::system(), Command::new("test", None, &()), |tx| async move {
            tx.record(Subject::Asset, subject, n, "asset.changed", &json!({ "n": n }));
            tx.record_private(Subject::Asset, subject, n, "asset.told", &json!({ "phone": "13800000000" }));
            Ok(())
        })
        .await
        .unwrap();
    }
    let conn = app.db().read();
    let first = read::trail(conn, Subject::Asset, subject, None, 4).await.unwrap();
    let rest = read::trail(conn, Subject::Asset, subject, Some(4), 4).await.unwrap();
    let all: Vec<_> = first.into_iter().chain(rest).collect();
    assert_eq!(all.iter().map(|row| row.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert!(!all[1].payload.contains("138"), "kept encrypted");
    let told = read::payloads(&app, conn, subject, &all).await.unwrap();
    assert_eq!((&told[0], &told[1]), (&Some(json!({ "n": 1 })), &Some(json!({ "phone": "13800000000" }))));
    assert_eq!(seal::seal(&app).await.unwrap(), 1);

    app.write(&Actor::system(), Command::new("test", None, &()), |tx| async move {
        destroy_key(&tx, subject).await
    })
    .await
    .unwrap();
    // What is said of it afterwards is forgotten as well: nobody makes a new key.
    app.write(&Actor::system(), Command::new("test", None, &()), |tx| async move {
        tx.record_private(Subject::Asset, subject, 4, "asset.told", &json!({ "phone": "13900000000" }));
        Ok(())
    })
    .await
    .unwrap();
    let all = read::trail(conn, Subject::Asset, subject, None, 10).await.unwrap();
    let told = read::payloads(&app, conn, subject, &all).await.unwrap();
    assert_eq!((&told[0], &told[1], &told[6]), (&Some(json!({ "n": 1 })), &None, &None));
    let (faults, read_entries) = verify::verify(&app, conn, &[]).await.unwrap();
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(read_entries, 7);

    // A key that was lost with its tombstone makes a trail that can be read but for what it encrypted.
    app.write(&Actor::system(), Command::new("test", None, &()), |tx| async move {
        payload_key::Entity::delete_by_id(subject).exec(tx.conn()).await?;
        tx.record_private(Subject::Asset, subject, 5, "asset.told", &json!({ "phone": "13700000000" }));
        Ok(())
    })
    .await
    .unwrap();
    let all = read::trail(conn, Subject::Asset, subject, None, 10).await.unwrap();
    let told = read::payloads(&app, conn, subject, &all).await.unwrap();
    assert_eq!((&told[1], &told[7]), (&None, &Some(json!({ "phone": "13700000000" }))));
    let seals = read::seals(conn, None, 5).await.unwrap();
    assert_eq!(seals.iter().map(|seal| seal.seq).collect::<Vec<_>>(), [1]);
}

#[tokio::test]
async fn a_root_that_was_noted_is_compared_with_its_seal() {
    let (app, _folder) = testing::app().await;
    for n in 0..3 {
        change(&app, Uuid::from_u128(n)).await;
        assert_eq!(seal::seal(&app).await.unwrap(), 1);
    }
    assert_eq!(seal::seal(&app).await.unwrap(), 0, "nothing has changed");
    let conn = app.db().read();
    let seals = read::seals(conn, None, 5).await.unwrap();
    let noted = |seq: i64, root: &str| Anchor { seq, root: root.to_owned() };
    let check = async |anchor| verify::verify(&app, conn, &[anchor]).await.unwrap().0;
    assert_eq!(check(noted(2, &seals[1].root)).await, Vec::<String>::new());
    assert_eq!(check(noted(2, &seals[0].root)).await.len(), 1);
    assert_eq!(check(noted(4, &seals[0].root)).await.len(), 1);
}

#[tokio::test]
async fn what_has_had_no_seal_for_long_is_told() {
    let (app, _folder) = testing::app().await;
    let conn = app.db().read();
    change(&app, Uuid::from_u128(1)).await;
    app.clock().set(testing::start() + TimeDelta::minutes(59));
    change(&app, Uuid::from_u128(2)).await;
    assert_eq!(verify::verify(&app, conn, &[]).await.unwrap().0, Vec::<String>::new());
    app.clock().set(testing::start() + TimeDelta::minutes(61));
    change(&app, Uuid::from_u128(3)).await;
    assert_eq!(verify::verify(&app, conn, &[]).await.unwrap().0.len(), 1);
    assert_eq!(seal::seal(&app).await.unwrap(), 3);
    assert_eq!(verify::verify(&app, conn, &[]).await.unwrap().0, Vec::<String>::new());
}

async fn change(app: &App, subject: Uuid) {
    app.write(&Actor::system(), Command::new("test", None, &()), |tx| async move {
        tx.record(Subject::Asset, subject, 1, "asset.changed", &json!({}));
        tx.touch(Subject::Asset, subject);
        Ok(())
    })
    .await
    .unwrap();
}
