use anyhow::{Context, ensure};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use tests::moves::{
    ask, begin, decide, deliver, draft_listing, drained, end, key, listing_state, photograph, png, stock,
    submit_listing, text,
};
use tests::{Backend, Outcome};

use super::intruder;

/// What must be nowhere afterwards.
const WORD: &str = "涉密碎纸机";

pub async fn purged(backend: Backend) -> Outcome {
    let (server, city) = begin(backend, 1).await?;
    let (giver, asker) = (&city.giver, &city.receivers[0]);
    let input = json!({
        "idempotencyKey": key(), "holderId": giver.gid, "categoryId": city.desks, "name": WORD,
        "description": format!("{WORD}，三台"), "serial": "SN-7788", "condition": "GOOD", "place": "保密室",
        "quantity": 5, "measure": "台", "value": "500000", "valueBasis": "ORIGINAL", "acquiredOn": "2023-03-15",
        "number": key(),
    });
    let card = giver.clerk.client.mutate("draftAsset", "DraftAssetInput", input, "asset { id }").await?;
    let card = text(&card["asset"]["id"])?;
    photograph(&giver.clerk, &card, png(9)).await?;
    let (listing, version) = draft_listing(giver, &card, json!({ "note": WORD })).await?;
    submit_listing(giver, &listing, version).await?;
    decide(&giver.head, &listing, "APPROVE", json!({})).await?;
    decide(&city.office, &listing, "APPROVE", json!({})).await?;
    // Two were handed over, one is held, two are free.
    deliver(&city, asker, &listing, 2).await?;
    let held = text(&ask(asker, &listing, 1).await?["id"])?;
    drained(&server.app).await?;
    while api::audit::seal::seal(&server.app).await? > 0 {}
    let conn = intruder(&server).await?;
    ensure!(kept(&conn).await? > 0, "the word is looked for where it is kept");

    // Nobody but an administrator.
    let input = json!({ "idempotencyKey": key(), "assetId": card });
    let document = "mutation($input: PurgeAssetInput!) { purgeAsset(input: $input) { id errors { code } } }";
    let refused = city.office.client.raw(document, json!({ "input": input })).await?;
    ensure!(refused["errors"][0]["extensions"]["code"] == "FORBIDDEN", "{refused}");
    let unknown = json!({ "idempotencyKey": key(), "assetId": asker.gid });
    let unknown = city.administrator.client.raw(document, json!({ "input": unknown })).await?;
    ensure!(unknown["data"]["purgeAsset"]["errors"][0]["code"].is_string(), "{unknown}");

    // Twice under one key is once.
    for _ in 0..2 {
        let answer = city.administrator.client.mutate("purgeAsset", "PurgeAssetInput", input.clone(), "id");
        ensure!(answer.await?["id"] == *card);
    }
    ensure!(listing_state(&giver.clerk, &listing).await? == "WITHDRAWN");
    ensure!(stock(&giver.clerk, &listing).await? == [0, 0, 0, 0, 2, 3, 0]);
    let line = tests::moves::line(&asker.clerk, &listing, &held).await;
    ensure!(line.is_err() || line.is_ok_and(|line| line["state"] != "SUBMITTED"), "the hold has ended");
    drained(&server.app).await?;
    ensure!(kept(&conn).await? == 0, "the word is nowhere in the tables");
    let photos = one(&conn, "select count(*) as n from photo_blob").await?;
    ensure!(photos == 0, "{photos} pictures were left");
    let query = "query($id: ID!) { auditTrail(subject: $id) { edges { node { action payload } } } }";
    let trail = city.auditor.client.ask(query, json!({ "id": card })).await?;
    let entries = trail["auditTrail"]["edges"].as_array().context("a trail")?;
    let payload = |action: &str| entries.iter().find(|edge| edge["node"]["action"] == action);
    ensure!(payload("asset.drafted").is_some_and(|edge| edge["node"]["payload"] == Value::Null), "{trail}");
    ensure!(payload("asset.purged").is_some_and(|edge| edge["node"]["payload"]["quantity"] == 3), "{trail}");
    conn.close().await?;
    // What was received stays in the ledger, and everything verifies.
    ensure!(tests::moves::saved(&city, "ORIGINAL_VALUE").await? == 200_000);
    end(server).await
}

/// Rows with the word in a text of a card, a listing, a photo, an event or the trail.
async fn kept(conn: &sea_orm::DatabaseConnection) -> anyhow::Result<i64> {
    let mut found = 0;
    for (table, columns) in [
        ("asset", "name || description || coalesce(serial, '') || place"),
        ("listing", "note || coalesce(reason, '')"),
        ("photo", "name"),
        ("event", "cast(payload as text)"),
        ("audit_entry", "payload"),
    ] {
        let sql = format!("select count(*) as n from {table} where {columns} like '%{WORD}%'");
        found += one(conn, &sql).await?;
    }
    Ok(found)
}

async fn one(conn: &sea_orm::DatabaseConnection, sql: &str) -> anyhow::Result<i64> {
    let statement = Statement::from_string(conn.get_database_backend(), sql);
    let row = conn.query_one_raw(statement).await?.context("a row")?;
    Ok(row.try_get("", "n")?)
}
