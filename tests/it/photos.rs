//! Photos of one card, taken by several at the same moment, by staff, and by somebody who may not any more.

use anyhow::{Context, ensure};
use api::app::App;
use api::identity::Actor;
use api::identity::session::rights_changed;
use api::write::{Command, Tx};
use chrono::Utc;
use entity::identity::role_grant;
use entity::photos::{PhotoStage, photo, photo_blob};
use futures_util::future::try_join_all;
use reqwest::Method;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::{Value, json};
use uuid::Uuid;

use tests::city::{City, Person};
use tests::moves::{self, decide, draft_card, draft_listing, key, photograph, png, submit_listing, text};
use tests::pictures::sha256;
use tests::{Backend, Outcome, Registry};

pub fn register(registry: &mut Registry) {
    registry
        .both("photos: one picture finished many times at once is one photo, and 30 are the most", at_once);
    registry.both("photos: staff take pictures at the inspection", inspection);
    registry.both("photos: who may not see the card any more gets no new address by repeating", repeated);
}

/// Announced and put; gives the upload's id.
async fn send(who: &Person, card: &str, bytes: Vec<u8>) -> anyhow::Result<Value> {
    let input = json!({
        "asset": card, "name": "a.png", "contentType": "image/png", "bytes": bytes.len(), "sha256": sha256(&bytes),
    });
    let mut started =
        who.client.mutate("startPhotoUpload", "StartPhotoUploadInput", input, "upload putUrl").await?;
    let answer = who.client.request(Method::PUT, &text(&started["putUrl"])?).body(bytes).send().await?;
    ensure!(answer.status() == 204, "{}", answer.status());
    Ok(started["upload"].take())
}

async fn finish(who: &Person, upload: &Value, key: &str) -> anyhow::Result<Value> {
    let input = json!({ "upload": upload, "idempotencyKey": key });
    who.client.attempt("finishPhotoUpload", "FinishPhotoUploadInput", input, "photo { id url }").await
}

fn uuid_of(id: &str) -> anyhow::Result<Uuid> {
    Ok(id.split_once('_').context("a global id")?.1.parse()?)
}

async fn at_once(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 1).await?;
    let clerk = &city.giver.clerk;
    let card = draft_card(&city, &city.giver, "书桌", 1, 100_000).await?;
    let mut uploads = Vec::new();
    for _ in 0..4 {
        uploads.push(send(clerk, &card, png(1)).await?);
    }
    let answers =
        try_join_all(uploads.iter().map(async |upload| finish(clerk, upload, &key()).await)).await?;
    let first = &answers[0]["photo"]["id"];
    ensure!(first.is_string() && answers.iter().all(|answer| answer["photo"]["id"] == *first), "{answers:?}");

    fill(&server.app, uuid_of(&card)?, clerk.account_id, 28).await?;
    let uploads = [send(clerk, &card, png(2)).await?, send(clerk, &card, png(3)).await?];
    let answers =
        try_join_all(uploads.iter().map(async |upload| finish(clerk, upload, &key()).await)).await?;
    let taken = answers.iter().filter(|answer| answer["photo"].is_object()).count();
    let refused = answers.iter().filter(|answer| answer["errors"][0]["code"] == "OUT_OF_RANGE").count();
    ensure!((taken, refused) == (1, 1), "{answers:?}");
    moves::end(server).await
}

/// So many more photos of the card.
async fn fill(app: &App, asset_id: Uuid, created_by: Uuid, count: i64) -> anyhow::Result<()> {
    app.write(&Actor::system(), Command::new("fill", None, &()), |tx: Tx| async move {
        for position in 1..=count {
            let sha256 = format!("{position:064x}");
            let (width, height, bytes, phash) = (1, 1, 1, "0".to_owned());
            let blob = photo_blob::Model {
                sha256: sha256.clone(),
                width,
                height,
                bytes,
                phash,
                created_at: tx.now(),
                clearing_at: None,
            };
            photo_blob::Entity::insert(blob.into_active_model().reset_all())
                .exec_without_returning(tx.conn())
                .await?;
            let row = photo::Model {
                id: tx.id(),
                asset_id,
                sha256,
                position,
                stage: PhotoStage::Listing,
                name: "a.png".into(),
                created_by,
                created_at: Utc::now(),
            };
            photo::Entity::insert(row.into_active_model().reset_all())
                .exec_without_returning(tx.conn())
                .await?;
        }
        Ok(())
    })
    .await?;
    Ok(())
}

async fn inspection(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 1).await?;
    let card = draft_card(&city, &city.giver, "铁皮柜", 1, 100_000).await?;
    photograph(&city.giver.clerk, &card, png(1)).await?;
    let input = json!({
        "asset": card, "name": "x", "contentType": "image/png", "bytes": 9, "sha256": "00".repeat(32),
    });
    let early =
        city.staff.client.attempt("startPhotoUpload", "StartPhotoUploadInput", input, "upload").await?;
    ensure!(early["errors"][0]["code"] == "NOT_FOUND", "not theirs yet: {early}");
    let terms = json!({ "custody": "PHYSICAL", "warehouseId": city.warehouse });
    let (listing, version) = draft_listing(&city.giver, &card, terms).await?;
    submit_listing(&city.giver, &listing, version).await?;
    decide(&city.giver.head, &listing, "APPROVE", json!({})).await?;
    decide(&city.office, &listing, "APPROVE", json!({})).await?;
    let upload = send(&city.staff, &card, png(2)).await?;
    let input = json!({ "upload": upload, "idempotencyKey": key(), "stage": "INTAKE" });
    let select = "photo { stage }";
    let done = city.staff.client.mutate("finishPhotoUpload", "FinishPhotoUploadInput", input, select).await?;
    ensure!(done["photo"]["stage"] == "INTAKE", "{done}");
    moves::end(server).await
}

async fn repeated(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 1).await?;
    let clerk = &city.giver.clerk;
    let card = draft_card(&city, &city.giver, "书桌", 1, 100_000).await?;
    let upload = send(clerk, &card, png(1)).await?;
    let key = key();
    let first = finish(clerk, &upload, &key).await?;
    ensure!(first["photo"]["url"].is_string(), "{first}");
    let again = finish(clerk, &upload, &key).await?;
    ensure!(again["photo"]["id"] == first["photo"]["id"], "{again}");
    transfer_clerk(&server.app, &city).await?;
    let after = finish(clerk, &upload, &key).await?;
    ensure!(after["photo"].is_null() && after["errors"][0]["code"] == "NOT_FOUND", "{after}");
    moves::end(server).await
}

/// The giver's clerk works at another unit from now on.
async fn transfer_clerk(app: &App, city: &City) -> anyhow::Result<()> {
    let (clerk, unit) = (city.giver.clerk.account_id, city.receivers[0].id);
    app.write(&Actor::system(), Command::new("transferClerk", None, &()), |tx: Tx| async move {
        role_grant::Entity::update_many()
            .col_expr(role_grant::Column::ScopeId, Expr::value(unit))
            .filter(role_grant::Column::AccountId.eq(clerk))
            .exec(tx.conn())
            .await?;
        rights_changed(&tx).await
    })
    .await?;
    Ok(())
}
