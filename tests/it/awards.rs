//! Awards through the started service: claims in a window, ranked and drawn; and the offers that need none.

use anyhow::{Context, ensure};
use api::awards::close::close_windows;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use tests::city::{City, Unit};
use tests::moves::{self, ask, key, line, text};
use tests::{Backend, Outcome, Registry};

pub fn register(registry: &mut Registry) {
    registry.both("awards: claims are gathered, ranked, drawn and told", window);
    registry.both("awards: directed, taken back, moved inside a unit", without);
}

/// SHA-256 of texts one after the other, as `printf '%s' … | sha256sum` gives it.
fn digest(parts: &[&str]) -> String {
    hex::encode(Sha256::digest(parts.concat()))
}

async fn window_of(unit: &Unit, listing: &str) -> anyhow::Result<Value> {
    let query = "query($id: ID!) { listing(id: $id) { awardMode claimWindowDays claimWindow {
        state closesAt commitment seed sealSeq sealRoot available ruleSetId } } }";
    let mut data = unit.clerk.client.ask(query, json!({ "id": listing })).await?;
    ensure!(
        data["listing"]["awardMode"] == "CLAIM_WINDOW" && data["listing"]["claimWindowDays"] == 3,
        "{data}"
    );
    Ok(data["listing"]["claimWindow"].take())
}

async fn claims(unit: &Unit, listing: &str) -> anyhow::Result<Vec<Value>> {
    let query = "query($id: ID!) { claims(listingId: $id, first: 100) { edges { node {
        lineId unit { id } rank won score draw scores { criterion points weight score measured } } } } }";
    let data = unit.clerk.client.ask(query, json!({ "id": listing })).await?;
    let edges = data["claims"]["edges"].as_array().context("claims")?;
    Ok(edges.iter().map(|edge| edge["node"].clone()).collect())
}

/// Rules by which nothing counts but how badly it is needed.
async fn publish(city: &City) -> Outcome {
    let rules = json!([{ "criterion": "NEED_CLASS", "weight": 3, "points": [100, 50, 10] }]);
    let input = json!({ "idempotencyKey": key(), "name": "应急优先", "rules": rules });
    let select = "rankingRules { id version number validFrom }";
    let client = &city.office.client;
    let saved = client.mutate("saveRankingRules", "SaveRankingRulesInput", input, select).await?;
    let saved = &saved["rankingRules"];
    ensure!(saved["number"] == 2 && saved["validFrom"].is_null(), "{saved}");
    let input = json!({ "idempotencyKey": key(), "id": saved["id"], "version": saved["version"] });
    client.mutate("publishRankingRules", "PublishRankingRulesInput", input, select).await?;
    Ok(())
}

async fn window(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 5).await?;
    let app = &server.app;
    publish(&city).await?;
    let listing = moves::list_for_claims(&city, "投影仪", 1, 3).await?;
    let open = window_of(&city.receivers[0], &listing).await?;
    ensure!(open["state"] == "OPEN" && open["seed"].is_null(), "{open}");
    // From a Monday on three working days: to the end of Thursday, in the city's time.
    ensure!(open["closesAt"].as_str().is_some_and(|at| at.starts_with("2026-03-05T16:00:00")), "{open}");

    let mut lines = Vec::new();
    for unit in &city.receivers {
        let claim = ask(unit, &listing, 1).await?;
        ensure!(claim["state"] == "QUEUED" && claim["reason"] == "CLAIM_WINDOW", "{claim}");
        lines.push(text(&claim["id"])?);
    }
    ensure!(moves::stock(&city.office, &listing).await? == [1, 0, 0, 0, 0, 0, 0]);
    ensure!(claims(&city.giver, &listing).await?.len() == 5);
    ensure!(claims(&city.receivers[0], &listing).await?.len() == 1, "an asker sees its own claim");
    let query = "query($id: ID!) { previewRanking(listingId: $id) { rank score } }";
    let preview = city.giver.head.client.ask(query, json!({ "id": listing })).await?;
    ensure!(preview["previewRanking"].as_array().is_some_and(|rows| rows.len() == 5), "{preview}");
    ensure!(preview["previewRanking"][4] == json!({ "rank": 1, "score": 30 }), "{preview}");

    // To the end of the window; each turn is done once, whoever is first.
    moves::sealed(app).await?;
    let closes_at: DateTime<Utc> = text(&open["closesAt"])?.parse()?;
    app.clock().set(closes_at);
    let city = city.another_day(app).await?;
    for _ in 0..2 {
        let turns = tokio::join!(close_windows(app, 10), close_windows(app, 10), close_windows(app, 10));
        for turn in [turns.0, turns.1, turns.2] {
            turn?;
        }
        moves::sealed(app).await?;
    }
    let over = window_of(&city.receivers[0], &listing).await?;
    ensure!(over["state"] == "AWARDED" && over["available"] == 1, "{over}");

    // Anybody can check the draw: the commitment, and the order.
    let (seed, root) = (text(&over["seed"])?, text(&over["sealRoot"])?);
    ensure!(json!(digest(&[&seed])) == open["commitment"], "the seed is not the one committed to: {over}");
    let query = "{ auditSeals(first: 100) { edges { node { seq root } } } }";
    let seals = city.auditor.client.ask(query, json!({})).await?;
    let sealed =
        |edge: &Value| edge["node"]["seq"] == over["sealSeq"] && edge["node"]["root"] == over["sealRoot"];
    ensure!(seals["auditSeals"]["edges"].as_array().is_some_and(|edges| edges.iter().any(sealed)), "{seals}");
    let lot = |line: &String| digest(&[&seed, &root, line.trim_start_matches("lin_")]);
    lines.sort_by_key(lot);
    let ranked = claims(&city.giver, &listing).await?;
    let order: Vec<&Value> = ranked.iter().map(|claim| &claim["lineId"]).collect();
    ensure!(json!(order) == json!(lines), "{ranked:?}");
    ensure!(ranked[0]["won"] == true && ranked[1]["won"] == false && ranked[1]["score"] == 30, "{ranked:?}");

    // The loser is told why, and not by whom; the queue moves up in the order of the draw.
    let of = |id: &str| {
        let unit = ranked.iter().find(|claim| claim["lineId"] == id).map(|claim| &claim["unit"]["id"]);
        city.receivers.iter().find(|receiver| Some(&json!(receiver.gid)) == unit).context("its unit")
    };
    let (winner, loser) = (of(&lines[0])?, of(&lines[1])?);
    ensure!(line(&winner.clerk, &listing, &lines[0]).await?["state"] == "SUBMITTED");
    let waiting = line(&loser.clerk, &listing, &lines[1]).await?;
    ensure!(waiting["reason"] == "RANKED_LOWER" && waiting["queuePlace"] == 1, "{waiting}");
    let query = "query($id: ID!) { explainAward(lineId: $id) {
        rank claims won score draw message scores { criterion points } lastWinner { rank score draw } } }";
    let told = loser.clerk.client.ask(query, json!({ "id": lines[1] })).await?;
    let told = &told["explainAward"];
    ensure!(told["rank"] == 2 && told["claims"] == 5 && told["won"] == false, "{told}");
    ensure!(told["lastWinner"]["score"] == 30 && told["lastWinner"]["draw"] == lot(&lines[0]), "{told}");
    ensure!(text(&told["message"])?.contains("the draw"), "{told}");
    let nosy = loser.clerk.client.ask(query, json!({ "id": lines[0] })).await?;
    ensure!(nosy["explainAward"].is_null(), "{nosy}");
    let input = json!({ "idempotencyKey": key(), "lineId": lines[0], "comment": "另有来源" });
    let client = &winner.clerk.client;
    client.mutate("cancelRequestLine", "CancelRequestLineInput", input, "line { state }").await?;
    ensure!(line(&loser.clerk, &listing, &lines[1]).await?["state"] == "SUBMITTED");
    moves::approve_line(&city, loser, &lines[1]).await?;
    let transfer = moves::release(&city.giver.clerk, &lines[1], None).await?;
    ensure!(moves::receive(&loser.clerk, &transfer, 1, 0, 0).await? == "RECEIVED");
    let third = of(&lines[2])?;
    ensure!(line(&third.clerk, &listing, &lines[2]).await?["state"] == "OUTRANKED");
    moves::end(server).await
}

/// What is wrong with drafting an offer by these terms.
async fn refused(city: &City, asset: &str, terms: Value) -> anyhow::Result<String> {
    let mut input = json!({ "idempotencyKey": key(), "assetId": asset });
    if let (Some(input), Value::Object(terms)) = (input.as_object_mut(), terms) {
        input.extend(terms);
    }
    let document =
        "mutation($input: DraftListingInput!) { draftListing(input: $input) { errors { code field } } }";
    let data = city.giver.clerk.client.ask(document, json!({ "input": input })).await?;
    let errors = &data["draftListing"]["errors"];
    Ok(format!("{} {}", text(&errors[0]["code"])?, moves::path(&errors[0])))
}

async fn without(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 2).await?;
    let (named, other) = (&city.receivers[0], &city.receivers[1]);
    // A window is for several: not for one that is named, and within what the rule book allows.
    let card = moves::draft_card(&city, &city.giver, "书柜", 4, 400_000).await?;
    let window = |more: Value| {
        let mut terms = json!({ "awardMode": "CLAIM_WINDOW" });
        if let (Some(terms), Value::Object(more)) = (terms.as_object_mut(), more) {
            terms.extend(more);
        }
        terms
    };
    let told = refused(&city, &card, window(json!({ "directedToId": named.gid }))).await?;
    ensure!(told == "NO_WINDOW awardMode", "{told}");
    let told = refused(&city, &card, window(json!({ "purpose": "LOAN" }))).await?;
    ensure!(told == "NO_WINDOW awardMode", "{told}");
    let told = refused(&city, &card, window(json!({ "claimWindowDays": 2 }))).await?;
    ensure!(told == "OUT_OF_RANGE claimWindowDays", "{told}");
    let told = refused(&city, &card, json!({ "claimWindowDays": 5 })).await?;
    ensure!(told == "NO_WINDOW claimWindowDays", "{told}");

    // 协议调剂: whoever is named sees it and gets it, by the usual approvals; nobody else sees that it is there.
    let directed = moves::list_for(&city, "会议桌", 2, named).await?;
    let query = "query($id: ID!) { listing(id: $id) { id } }";
    let hidden = other.clerk.client.ask(query, json!({ "id": directed })).await?;
    ensure!(hidden["listing"].is_null(), "{hidden}");
    let input = json!({
        "idempotencyKey": key(), "unitId": other.gid, "justification": "需要",
        "lines": [{ "listingId": directed, "quantity": 1 }],
    });
    let document =
        "mutation($input: DraftRequestInput!) { draftRequest(input: $input) { errors { code field } } }";
    let data = other.clerk.client.ask(document, json!({ "input": input })).await?;
    ensure!(data["draftRequest"]["errors"][0]["code"] == "NOT_FOUND", "{data}");
    let line = text(&ask(named, &directed, 2).await?["id"])?;
    moves::approve_line(&city, named, &line).await?;
    let transfer = moves::release(&city.giver.clerk, &line, None).await?;
    ensure!(moves::receive(&named.clerk, &transfer, 2, 0, 0).await? == "RECEIVED");
    let saved = moves::saved(&city, "ORIGINAL_VALUE").await?;
    ensure!(saved == 600_000, "{saved}");

    // The holder takes back what it offered: nothing of it is a saving, and nobody can ask for it any more.
    let recalled = moves::list(&city, "文件柜", 3, 300_000).await?;
    let query = "query($id: ID!) { listing(id: $id) { version asset { id version place } } }";
    let data = city.giver.clerk.client.ask(query, json!({ "id": recalled })).await?;
    let input = json!({
        "idempotencyKey": key(), "id": recalled, "version": data["listing"]["version"], "reason": "本单位要用",
    });
    let client = &city.giver.clerk.client;
    client.mutate("withdrawListing", "WithdrawListingInput", input, "listing { state }").await?;
    ensure!(moves::listing_state(&city.giver.clerk, &recalled).await? == "WITHDRAWN");
    ensure!(moves::stock(&city.giver.clerk, &recalled).await? == [0, 0, 0, 0, 0, 3, 0]);
    // A move inside the unit is a change of the card's place, and no transfer.
    let asset = &data["listing"]["asset"];
    let input = json!({
        "idempotencyKey": key(), "id": asset["id"], "version": asset["version"], "place": "二楼办公室",
    });
    let moved = client.mutate("updateAsset", "UpdateAssetInput", input, "asset { place }").await?;
    ensure!(moved["asset"]["place"] == "二楼办公室", "{moved}");
    ensure!(moves::saved(&city, "ORIGINAL_VALUE").await? == saved, "neither saves anything");
    moves::end(server).await
}
