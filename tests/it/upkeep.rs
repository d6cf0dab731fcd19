//! What is offered stays true: corrections under promises, offers that are confirmed anew, receipts that nobody confirms; at the
//! distance of days.

use anyhow::ensure;
use api::decisions::reconfirm_days;
use api::requests::confirm;
use chrono::TimeDelta;
use serde_json::{Value, json};

use tests::city::{City, Person};
use tests::moves::{self, key, text};
use tests::{Backend, Outcome, Registry, Server};

pub fn register(registry: &mut Registry) {
    registry
        .both("upkeep: a correction asks every line again, and days end what is not answered", corrections);
    registry.both("upkeep: an offer is confirmed anew, or pauses and is found by nobody", reconfirmation);
    registry.both("upkeep: a receipt is deemed, objected to, and taken back", deemed);
}

/// Days go by: what happened is sealed before, and everybody signs in again.
async fn later(server: &Server, city: &City, days: i64) -> anyhow::Result<City> {
    moves::sealed(&server.app).await?;
    server.app.clock().set(server.app.clock().now() + TimeDelta::days(days));
    city.another_day(&server.app).await
}

async fn set(city: &City, server: &Server, name: &str, value: i64) -> Outcome {
    let from = server.app.clock().today().to_string();
    let input = json!({ "idempotencyKey": key(), "name": name, "value": value, "from": from });
    city.office.client.mutate("setCitySetting", "SetCitySettingInput", input, "value").await?;
    Ok(())
}

/// The first error of a mutation that goes wrong, as `CODE field`.
async fn refusal(person: &Person, field: &str, input_type: &str, input: Value) -> anyhow::Result<String> {
    let document = format!(
        "mutation($input: {input_type}!) {{ {field}(input: $input) {{ errors {{ code field message }} }} }}"
    );
    let data = person.client.ask(&document, json!({ "input": input })).await?;
    let error = &data[field]["errors"][0];
    Ok(format!("{} {}", error["code"].as_str().unwrap_or_default(), moves::path(error)))
}

/// What a line is to confirm.
async fn to_confirm(person: &Person, line: &str) -> anyhow::Result<Value> {
    let query = "{ requestLines(first: 100) { edges { node { id version state reason confirmUntil
        correction { reason material changes { field before after } } } } } }";
    let data = person.client.ask(query, json!({})).await?;
    let edges = data["requestLines"]["edges"].as_array().cloned().unwrap_or_default();
    let found = edges.into_iter().map(|edge| edge["node"].clone()).find(|node| node["id"] == line);
    found.ok_or_else(|| anyhow::anyhow!("no line {line}"))
}

async fn corrections(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 3).await?;
    let listing = moves::list(&city, "办公桌", 3, 900_000).await?;
    let [first, second, third] = [&city.receivers[0], &city.receivers[1], &city.receivers[2]];
    let kept = text(&moves::ask(first, &listing, 1).await?["id"])?;
    let declined = text(&moves::ask(second, &listing, 2).await?["id"])?;
    let waiting = text(&moves::ask(third, &listing, 2).await?["id"])?;
    moves::approve_line(&city, first, &kept).await?;

    let query = "query($id: ID!) { listing(id: $id) { asset { id version brand condition } } }";
    let data = city.giver.clerk.client.ask(query, json!({ "id": listing })).await?;
    let card = &data["listing"]["asset"];
    let silent =
        json!({ "idempotencyKey": key(), "id": card["id"], "version": card["version"], "brand": "圣奥" });
    let refused = refusal(&city.giver.clerk, "updateAsset", "UpdateAssetInput", silent).await?;
    ensure!(refused == "OFFERED_FIELD brand", "{refused}");
    let input = json!({
        "idempotencyKey": key(), "assetId": card["id"], "version": card["version"], "reason": "复核时发现桌面开裂",
        "condition": "POOR", "brand": "圣奥",
    });
    let select = "asset { condition brand }";
    let done = city.giver.clerk.client.mutate("correctAsset", "CorrectAssetInput", input, select).await?;
    ensure!(done["asset"] == json!({ "condition": "POOR", "brand": "圣奥" }), "{done}");

    let line = to_confirm(&first.clerk, &kept).await?;
    let changes = json!([
        { "field": "brand", "before": null, "after": "圣奥" },
        { "field": "condition", "before": "GOOD", "after": "POOR" },
    ]);
    ensure!(line["correction"]["changes"] == changes && line["correction"]["material"] == true, "{line}");
    ensure!(line["correction"]["reason"] == "复核时发现桌面开裂", "{line}");
    let query = "{ inbox(first: 10) { edges { node { kind subjectId dueOn daysLate line { id state } } } }
        inboxCounts { kind count more } }";
    let inbox = first.clerk.client.ask(query, json!({})).await?;
    let node = &inbox["inbox"]["edges"][0]["node"];
    ensure!(node["kind"] == "CONFIRM_CORRECTION" && node["subjectId"] == json!(kept), "{inbox}");
    ensure!(node["line"] == json!({ "id": kept, "state": "RESERVED" }) && node["daysLate"] == 0, "{inbox}");
    let counts = json!([{ "kind": "CONFIRM_CORRECTION", "count": 1, "more": false }]);
    ensure!(inbox["inboxCounts"] == counts, "{inbox}");
    let release = json!({ "idempotencyKey": key(), "lineId": kept });
    let refused = refusal(&city.giver.clerk, "releaseLine", "ReleaseLineInput", release).await?;
    ensure!(refused == "CONFIRM_FIRST lineId", "{refused}");
    let query = "query($id: ID!) { corrections(assetId: $id) { edges { node { reason } } } }";
    let told = third.clerk.client.ask(query, json!({ "id": card["id"] })).await?;
    ensure!(told["corrections"]["edges"][0]["node"]["reason"] == "复核时发现桌面开裂", "{told}");

    let answer = |line: &Value, accept: bool| json!({ "idempotencyKey": key(), "lineId": line["id"], "version": line["version"], "accept": accept });
    let select = "line { state reason correction { reason } }";
    let input = answer(&line, true);
    let said =
        first.clerk.client.mutate("confirmCorrection", "ConfirmCorrectionInput", input, select).await?;
    ensure!(said["line"]["state"] == "RESERVED" && said["line"]["correction"].is_null(), "{said}");
    moves::release(&city.giver.clerk, &kept, None).await?;
    let input = answer(&to_confirm(&second.clerk, &declined).await?, false);
    let said =
        second.clerk.client.mutate("confirmCorrection", "ConfirmCorrectionInput", input, select).await?;
    ensure!(said["line"]["reason"] == "CORRECTION_DECLINED", "{said}");
    // The third moves up, and has to confirm still. It forgets.
    let line = to_confirm(&third.clerk, &waiting).await?;
    ensure!(line["state"] == "SUBMITTED" && line["confirmUntil"].is_string(), "{line}");
    ensure!(confirm::lapse(&server.app, 10).await?.looked_at == 0);
    let city = later(&server, &city, 9).await?;
    // The job may have been quicker.
    confirm::lapse(&server.app, 10).await?;
    let line = to_confirm(&city.receivers[2].clerk, &waiting).await?;
    ensure!(line["state"] == "EXPIRED" && line["reason"] == "CORRECTION_UNANSWERED", "{line}");
    ensure!(moves::stock(&city.office, &listing).await? == [2, 0, 0, 1, 0, 0, 0]);
    moves::end(server).await
}

/// What a search for the word finds.
async fn found(person: &Person, word: &str) -> anyhow::Result<usize> {
    let query = "query($text: String) { search(text: $text) { edges { node { id } } } }";
    let data = person.client.ask(query, json!({ "text": word })).await?;
    Ok(data["search"]["edges"].as_array().map_or(0, Vec::len))
}

async fn reconfirmation(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 1).await?;
    set(&city, &server, "reconfirm_days", 30).await?;
    let there = moves::list(&city, "会议桌", 2, 600_000).await?;
    let gone = moves::list(&city, "折叠椅", 2, 600_000).await?;
    let line = text(&moves::ask(&city.receivers[0], &there, 1).await?["id"])?;
    moves::approve_line(&city, &city.receivers[0], &line).await?;
    let city = later(&server, &city, 30).await?;
    // The job may have been quicker; a run goes on where one stopped.
    reconfirm_days::ask(&server.app, 1, None).await?;
    reconfirm_days::ask(&server.app, 10, None).await?;
    let query =
        "query($id: ID!) { listing(id: $id) { reconfirmBy pausedAt confirmedAt stock { available } } }";
    let asked = city.giver.clerk.client.ask(query, json!({ "id": there })).await?;
    ensure!(asked["listing"]["reconfirmBy"].is_string() && asked["listing"]["pausedAt"].is_null(), "{asked}");
    let city = later(&server, &city, 21).await?;
    reconfirm_days::pause(&server.app, 10, None).await?;
    let paused = city.giver.clerk.client.ask(query, json!({ "id": gone })).await?;
    ensure!(paused["listing"]["pausedAt"].is_string(), "{paused}");
    moves::drained(&server.app).await?;
    let asker = &city.receivers[0].clerk;
    for word in ["会议桌", "折叠椅"] {
        ensure!(found(asker, word).await? == 0, "{word} is found while it pauses");
    }
    let listings = "{ listings(first: 100) { edges { node { id } } } }";
    let shown = asker.client.ask(listings, json!({})).await?;
    ensure!(shown["listings"]["edges"] == json!([]), "{shown}");
    // What was promised goes its way.
    moves::release(&city.giver.clerk, &line, None).await?;
    let answers = json!([
        { "listingId": there, "there": true },
        { "listingId": gone, "there": false, "reason": "已随机构改革划走" },
    ]);
    let input = json!({ "idempotencyKey": key(), "answers": answers });
    let select = "listings { id state reason pausedAt reconfirmBy }";
    let client = &city.giver.clerk.client;
    let said = client.mutate("reconfirmListings", "ReconfirmListingsInput", input, select).await?;
    let listed = said["listings"].as_array().is_some_and(|rows| {
        rows.iter()
            .any(|row| row["state"] == "LISTED" && row["pausedAt"].is_null() && row["reconfirmBy"].is_null())
            && rows.iter().any(|row| row["state"] == "WITHDRAWN" && row["reason"] == "已随机构改革划走")
    });
    ensure!(listed, "{said}");
    moves::drained(&server.app).await?;
    ensure!(found(asker, "会议桌").await? == 1 && found(asker, "折叠椅").await? == 0);
    moves::end(server).await
}

async fn deemed(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 1).await?;
    let listing = moves::list(&city, "书柜", 1, 500_000).await?;
    let line = text(&moves::ask(&city.receivers[0], &listing, 1).await?["id"])?;
    moves::approve_line(&city, &city.receivers[0], &line).await?;
    let transfer = moves::release(&city.giver.clerk, &line, None).await?;
    let input = |note: &str| json!({ "idempotencyKey": key(), "transferId": transfer, "evidence": note, "paperNumber": "送达〔2026〕7号" });
    let refused = refusal(&city.office, "deemReceived", "DeemReceivedInput", input("签收单")).await?;
    ensure!(refused == "TOO_EARLY transferId", "{refused}");
    let city = later(&server, &city, 21).await?;
    let refused = refusal(&city.office, "deemReceived", "DeemReceivedInput", input(" ")).await?;
    ensure!(refused == "REQUIRED evidence", "{refused}");
    let select = "transfer { state deemed paperNumber evidence }";
    let client = &city.office.client;
    let done = client.mutate("deemReceived", "DeemReceivedInput", input("门卫签收，附照片"), select).await?;
    let shown = json!({
        "state": "RECEIVED", "deemed": true, "paperNumber": "送达〔2026〕7号", "evidence": "门卫签收，附照片",
    });
    ensure!(done["transfer"] == shown, "{done}");
    ensure!(moves::saved(&city, "ORIGINAL_VALUE").await? == 500_000);
    let city = later(&server, &city, 7).await?;
    let objection = json!({ "idempotencyKey": key(), "transferId": transfer, "reason": "实际未收到", "place": "持有单位库房" });
    let select = "transfer { state reversalReason }";
    let client = &city.receivers[0].clerk.client;
    let back = client.mutate("reverseTransfer", "ReverseTransferInput", objection, select).await?;
    ensure!(back["transfer"] == json!({ "state": "REVERSED", "reversalReason": "实际未收到" }), "{back}");
    ensure!(moves::saved(&city, "ORIGINAL_VALUE").await? == 0);
    moves::end(server).await
}
