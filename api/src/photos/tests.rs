//! The purge against a finish that is under way.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use entity::photos::{photo_blob, photo_upload};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::finish_upload::claim;
use super::image::{Limits, PhotoSize, PhotoType, Processed, process};
use super::purge::purge;
use super::store::rendition_key;
use crate::app::App;
use crate::fault::{Code, Fault};
use crate::identity::Actor;
use crate::testing;
use crate::write::Command;

fn picture() -> Processed {
    let jpeg = Bytes::from_static(include_bytes!("image/fixtures/progressive.jpg"));
    process(jpeg, &PhotoType::Jpeg.into(), &Limits::default()).unwrap()
}

/// Announced and put: what a finish works on.
fn upload(of: &Processed, now: DateTime<Utc>) -> photo_upload::Model {
    photo_upload::Model {
        id: Uuid::from_u128(1),
        asset_id: Uuid::from_u128(2),
        name: "桌.jpg".into(),
        content_type: "image/jpeg".into(),
        bytes: 1,
        sha256: hex::encode(of.original_sha256),
        created_by: Uuid::from_u128(3),
        created_at: now,
        expires_at: now,
    }
}

async fn rows(app: &App) -> usize {
    photo_blob::Entity::find().all(app.db().read()).await.unwrap().len()
}

#[tokio::test]
async fn a_picture_that_is_about_to_be_shown_again_is_not_purged() {
    let (app, _folder) = testing::app().await;
    let picture = picture();
    let key = rendition_key(&picture.original_sha256, PhotoSize::Small);
    claim(&app, &upload(&picture, app.clock().now()).sha256, &picture).await.unwrap();
    app.photos().store.put(&key, Bytes::from_static(b"small")).await.unwrap();
    app.clock().set(testing::start() + TimeDelta::days(2));
    // Two days later nobody shows it; an upload of the same picture begins to finish.
    claim(&app, &upload(&picture, app.clock().now()).sha256, &picture).await.unwrap();
    assert_eq!(purge(&app).await.unwrap(), 0);
    assert!(app.photos().store.get(&key).await.is_ok());
    app.clock().set(testing::start() + TimeDelta::days(4));
    assert_eq!(purge(&app).await.unwrap(), 1);
    assert!(app.photos().store.get(&key).await.is_err());
    assert_eq!(rows(&app).await, 0);
}

#[tokio::test]
async fn a_picture_half_purged_is_taken_by_nobody_and_purged_by_the_next_run() {
    let (app, _folder) = testing::app().await;
    let picture = picture();
    let upload = upload(&picture, app.clock().now());
    claim(&app, &upload.sha256, &picture).await.unwrap();
    app.clock().set(testing::start() + TimeDelta::days(2));
    let now = app.clock().now();
    app.write(&Actor::system(), Command::new("test", None, &()), |tx| async move {
        let mark = photo_blob::Entity::update_many()
            .col_expr(photo_blob::Column::ClearingAt, Expr::value(now))
            .filter(photo_blob::Column::ClearingAt.is_null());
        mark.exec(tx.conn()).await?;
        Ok(())
    })
    .await
    .unwrap();
    let Err(Fault::Rejected(told)) = claim(&app, &upload.sha256, &picture).await else {
        panic!("it was taken")
    };
    assert_eq!(told[0].code, Code::SlowDown);
    assert_eq!(purge(&app).await.unwrap(), 1);
    claim(&app, &upload.sha256, &picture).await.unwrap();
    assert_eq!(rows(&app).await, 1);
}
