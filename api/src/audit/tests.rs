//! What auditors read.

use entity::audit::payload_key;
use entity::events::Subject;
use sea_orm::EntityTrait;
use serde_json::json;
use uuid::Uuid;

use super::{read, seal, verify};
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
    let told = read::payloads(&app, subject, &all).await.unwrap();
    assert_eq!((&told[0], &told[1]), (&Some(json!({ "n": 1 })), &Some(json!({ "phone": "13800000000" }))));
    assert_eq!(seal::seal(&app).await.unwrap(), 1);

    app.write(&Actor::system(), Command::new("test", None, &()), |tx| async move {
        payload_key::Entity::delete_by_id(subject).exec(tx.conn()).await?;
        Ok(())
    })
    .await
    .unwrap();
    let told = read::payloads(&app, subject, &all).await.unwrap();
    assert_eq!((&told[0], &told[1]), (&Some(json!({ "n": 1 })), &None));
    let (faults, read_entries) = verify::verify(conn).await.unwrap();
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(read_entries, 6);
    let seals = read::seals(conn, None, 5).await.unwrap();
    assert_eq!(seals.iter().map(|seal| seal.seq).collect::<Vec<_>>(), [1]);
}
