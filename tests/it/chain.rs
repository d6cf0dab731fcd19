//! The main job from end to end, through GraphQL over HTTP: posted, approved, listed, found, asked for, handed over,
//! received, booked, saved.

use anyhow::{Context, ensure};
use api::app::App;
use serde_json::json;
use tests::city::Person;
use tests::moves::{
    approve_line, ask, begin, decide, deliver, draft_card, draft_listing, drained, end, key, line, list,
    listing_state, path, photograph, png, receive, release, saved, stock, submit_listing, task, text,
};
use tests::{Backend, Outcome, Registry};

pub fn register(registry: &mut Registry) {
    registry.both("chain: an idle desk reaches another unit and shows as money saved", desk);
    registry.both("chain: an incomplete listing is told every fault at once", incomplete);
    registry.both("chain: through the warehouse, inspected in part", physical);
    registry.both("chain: a lot is released in parts, received in part, refused and lost", parts);
    registry.both("chain: who takes a line back makes room for the next in the queue", promotion);
    registry.both("chain: a withdrawn offer fails those who wait", withdrawal);
    registry.both("chain: a freeze lets nobody take, and thaws", freezing);
    registry.both("chain: a defect sends the goods back, and takes the savings back", reversal);
    registry.both("chain: a task says what it is about", tasks);
    registry.both("chain: a draft request can be thrown away, and only a draft", thrown_away);
}

async fn found(person: &Person, words: &str) -> anyhow::Result<Vec<String>> {
    let query = "query($text: String) { search(text: $text, filter: { availableOnly: true }) { edges { node { id } } } }";
    let data = person.client.ask(query, json!({ "text": words })).await?;
    let edges = data["search"]["edges"].as_array().context("edges")?;
    edges.iter().map(|edge| text(&edge["node"]["id"])).collect()
}

async fn desk(backend: Backend) -> Outcome {
    let (server, city) = begin(backend, 1).await?;
    let asker = &city.receivers[0];
    // The clerk comes through the door with a password, like everybody.
    server.client().sign_in("clerk-0", tests::city::PASSWORD).await?;
    let listing = list(&city, "人造板办公桌", 3, 1_200_001).await?;
    drained(&server.app).await?;
    ensure!(found(&asker.clerk, "办公桌").await? == std::slice::from_ref(&listing));

    let asked = ask(asker, &listing, 3).await?;
    ensure!(asked["state"] == "SUBMITTED" && asked["queuePlace"].is_null(), "{asked}");
    let id = text(&asked["id"])?;
    ensure!(stock(&asker.clerk, &listing).await? == [0, 3, 0, 0, 0, 0, 0]);
    // One after the other: nobody decides before the turn is theirs.
    ensure!(task(&city.giver.head, &id).await.is_err());
    decide(&asker.head, &id, "APPROVE", json!({})).await?;
    ensure!(task(&city.office, &id).await.is_err());
    decide(&city.giver.head, &id, "APPROVE", json!({})).await?;
    decide(&city.office, &id, "APPROVE", json!({})).await?;
    ensure!(line(&asker.clerk, &listing, &id).await?["state"] == "RESERVED");
    let transfer = release(&city.giver.clerk, &id, None).await?;
    ensure!(saved(&city, "ORIGINAL_VALUE").await? == 0, "savings are recognised at receipt");
    ensure!(receive(&asker.clerk, &transfer, 3, 0, 0).await? == "RECEIVED");
    ensure!(stock(&asker.clerk, &listing).await? == [0, 0, 0, 0, 3, 0, 0]);

    // Each side books for itself.
    for (person, side, voucher) in [(&city.giver.clerk, "GIVER", "记-17"), (&asker.clerk, "RECEIVER", "记-4")]
    {
        let input =
            json!({ "idempotencyKey": key(), "transferId": transfer, "side": side, "number": voucher });
        person.client.mutate("bookTransfer", "BookTransferInput", input, "transfer { state }").await?;
    }
    ensure!(line(&asker.clerk, &listing, &id).await?["state"] == "CLOSED");
    let query =
        "query($id: ID!) { transfer(id: $id) { state bookedOut bookedIn asset { holder { name } quantity
        history { number toAt } } } }";
    let data = asker.clerk.client.ask(query, json!({ "id": transfer })).await?;
    let seen = &data["transfer"];
    ensure!(
        seen["state"] == "CLOSED" && seen["bookedOut"] == "记-17" && seen["bookedIn"] == "记-4",
        "{data}"
    );
    ensure!(seen["asset"]["holder"]["name"] == "武昌区第1图书馆" && seen["asset"]["quantity"] == 3, "{data}");
    ensure!(seen["asset"]["history"].as_array().is_some_and(|history| history.len() == 2), "{data}");

    // 36 of 180 months are gone: from March 2023 to March 2026.
    ensure!(saved(&city, "ORIGINAL_VALUE").await? == 1_200_001);
    ensure!(saved(&city, "REPLACEMENT").await? == 3 * 300_000);
    let book = saved(&city, "NET_BOOK").await?;
    ensure!((955_000..=965_000).contains(&book), "net book {book}");
    let query = "{ savingEntries(first: 10) { edges { node { id method amount quantity } } } }";
    let data = city.finance.client.ask(query, json!({})).await?;
    let entries = data["savingEntries"]["edges"].as_array().context("entries")?;
    ensure!(entries.len() == 3, "one entry a method: {data}");
    let query = "query($id: ID!) { explainSaving(id: $id) { formula agrees hashAgrees recomputedAmount
        entry { amount } inputs { name value meaning } } }";
    for entry in entries {
        let data = city.finance.client.ask(query, json!({ "id": entry["node"]["id"] })).await?;
        let told = &data["explainSaving"];
        ensure!(told["agrees"] == true && told["hashAgrees"] == true, "{data}");
        ensure!(told["recomputedAmount"] == told["entry"]["amount"], "{data}");
        ensure!(told["formula"].as_str().is_some_and(|formula| formula.chars().count() > 8), "{data}");
        ensure!(told["inputs"].as_array().is_some_and(|inputs| inputs.len() >= 2), "{data}");
    }
    // What happened to the hand-over can be read by those who watch, and by nobody else.
    let query = "query($id: ID!) { auditTrail(subject: $id, first: 10) { edges { node { action } } } }";
    for watcher in [&city.auditor, &city.administrator] {
        let data = watcher.client.ask(query, json!({ "id": transfer })).await?;
        // Released, received, booked twice.
        ensure!(data["auditTrail"]["edges"].as_array().is_some_and(|edges| edges.len() == 4), "{data}");
    }
    ensure!(asker.clerk.client.ask(query, json!({ "id": transfer })).await.is_err());
    drained(&server.app).await?;
    ensure!(found(&asker.clerk, "办公桌").await?.is_empty(), "nothing is available any more");
    end(server).await
}

async fn incomplete(backend: Backend) -> Outcome {
    let (server, city) = begin(backend, 0).await?;
    let client = &city.giver.clerk.client;
    let input = json!({ "idempotencyKey": key(), "holderId": city.giver.gid, "name": "旧桌" });
    let answer = client.mutate("draftAsset", "DraftAssetInput", input, "asset { id version }").await?;
    let asset = text(&answer["asset"]["id"])?;
    let (listing, version) = draft_listing(&city.giver, &asset, json!({ "custody": "PHYSICAL" })).await?;
    let input = json!({ "idempotencyKey": key(), "id": listing, "version": version });
    let answer = client.attempt("submitListing", "SubmitListingInput", input, "listing { id }").await?;
    let errors = answer["errors"].as_array().context("errors")?;
    let mut fields = Vec::new();
    for error in errors {
        ensure!(text(&error["message"])?.len() > 10, "{error}");
        fields.push(path(error));
    }
    fields.sort();
    for wanted in ["categoryId", "condition", "place", "value", "warehouseId"] {
        ensure!(fields.iter().any(|field| field == wanted), "{wanted} is not told: {fields:?} {answer}");
    }
    ensure!(listing_state(&city.giver.clerk, &listing).await? == "DRAFT");
    // A thing with a disk comes on the shelf only with a record of what became of what was on it.
    let input = json!({
        "idempotencyKey": key(), "holderId": city.giver.gid, "categoryId": city.computers, "name": "台式计算机",
        "condition": "GOOD", "place": "机房", "value": "450000", "valueBasis": "ORIGINAL",
    });
    let answer = client.mutate("draftAsset", "DraftAssetInput", input, "asset { id }").await?;
    let asset = text(&answer["asset"]["id"])?;
    photograph(&city.giver.clerk, &asset, png(3)).await?;
    let (listing, version) = draft_listing(&city.giver, &asset, json!({})).await?;
    submit_listing(&city.giver, &listing, version).await?;
    decide(&city.giver.head, &listing, "APPROVE", json!({})).await?;
    let refused = decide(&city.office, &listing, "APPROVE", json!({})).await;
    ensure!(refused.is_err_and(|error| error.to_string().contains("ERASURE_REQUIRED")));
    ensure!(listing_state(&city.giver.clerk, &listing).await? == "SUBMITTED");
    // A secret thing is refused, and nothing of it is kept.
    let input =
        json!({ "idempotencyKey": key(), "holderId": city.giver.gid, "name": "密件柜", "secret": true });
    let answer = client.attempt("draftAsset", "DraftAssetInput", input, "asset { id }").await?;
    ensure!(answer["errors"][0]["code"] == "SECRET_REFUSED" && answer["asset"].is_null(), "{answer}");
    end(server).await
}

async fn physical(backend: Backend) -> Outcome {
    let (server, city) = begin(backend, 1).await?;
    let asker = &city.receivers[0];
    let asset = draft_card(&city, &city.giver, "会议桌", 4, 800_000).await?;
    photograph(&city.giver.clerk, &asset, png(9)).await?;
    let terms = json!({ "custody": "PHYSICAL", "warehouseId": city.warehouse });
    let (listing, version) = draft_listing(&city.giver, &asset, terms).await?;
    submit_listing(&city.giver, &listing, version).await?;
    decide(&city.giver.head, &listing, "APPROVE", json!({})).await?;
    decide(&city.office, &listing, "APPROVE", json!({})).await?;
    let query = "query($id: ID!) { listing(id: $id) { state version } }";
    let data = city.staff.client.ask(query, json!({ "id": listing })).await?;
    ensure!(data["listing"]["state"] == "AWAITING_INSPECTION", "{data}");
    let input = json!({
        "idempotencyKey": key(), "id": listing, "version": data["listing"]["version"], "verdict": "ACCEPT",
        "accepted": 3, "placeId": city.bin, "note": "一张桌腿断裂，退回",
    });
    let answer =
        city.staff.client.mutate("inspectListing", "InspectListingInput", input, "listing { state }").await?;
    ensure!(answer["listing"]["state"] == "LISTED", "{answer}");
    ensure!(stock(&asker.clerk, &listing).await? == [3, 0, 0, 0, 0, 1, 0]);

    let id = text(&ask(asker, &listing, 3).await?["id"])?;
    decide(&asker.head, &id, "APPROVE", json!({})).await?;
    // It lies in the warehouse: the giver need not confirm that it is there.
    ensure!(task(&city.giver.head, &id).await.is_err());
    decide(&city.office, &id, "APPROVE", json!({})).await?;
    ensure!(release(&city.giver.clerk, &id, None).await.is_err(), "the shelf is emptied by who keeps it");
    let transfer = release(&city.staff, &id, None).await?;
    ensure!(receive(&asker.clerk, &transfer, 3, 0, 0).await? == "RECEIVED");
    ensure!(saved(&city, "ORIGINAL_VALUE").await? == 600_000);
    end(server).await
}

async fn parts(backend: Backend) -> Outcome {
    let (server, city) = begin(backend, 2).await?;
    let (asker, other) = (&city.receivers[0], &city.receivers[1]);
    let listing = list(&city, "文件柜", 7, 1_000_000).await?;
    let id = text(&ask(asker, &listing, 7).await?["id"])?;
    approve_line(&city, asker, &id).await?;
    let first = release(&city.giver.clerk, &id, Some(2)).await?;
    ensure!(line(&asker.clerk, &listing, &id).await?["state"] == "RELEASING");
    let rest = release(&city.giver.clerk, &id, None).await?;
    ensure!(receive(&asker.clerk, &first, 2, 0, 0).await? == "RECEIVED");
    // Three of five are taken, one is refused, one got lost.
    ensure!(receive(&asker.clerk, &rest, 3, 1, 1).await? == "SHORT");
    let seen = line(&asker.clerk, &listing, &id).await?;
    ensure!(seen["state"] == "SHORT" && seen["received"] == 5 && seen["refused"] == 1, "{seen}");
    ensure!(stock(&asker.clerk, &listing).await? == [1, 0, 0, 0, 5, 0, 1]);
    let five = saved(&city, "ORIGINAL_VALUE").await?;
    // What was refused is offered again, and finds its taker.
    deliver(&city, other, &listing, 1).await?;
    let six = saved(&city, "ORIGINAL_VALUE").await?;
    let one = 1_000_000 / 7;
    ensure!((six - 6 * one).abs() <= 6 && (five - 5 * one).abs() <= 5, "pro rata to the fen: {five}, {six}");
    // Children and rest sum to the card: nothing of its value came or went.
    let values: i64 = cards_value(&server.app).await?;
    ensure!(values == 1_000_000, "the parts of the card are worth {values}");
    end(server).await
}

/// Sum of the values of all cards that were not merged into others.
async fn cards_value(app: &App) -> anyhow::Result<i64> {
    use entity::assets::{AssetState, asset};
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
    let cards = asset::Entity::find()
        .filter(asset::Column::State.ne(AssetState::Merged))
        .all(app.db().read())
        .await?;
    Ok(cards.iter().filter_map(|card| card.value).map(|value| value.0).sum())
}

async fn promotion(backend: Backend) -> Outcome {
    let (server, city) = begin(backend, 3).await?;
    let [first, second, third] = &city.receivers[..] else { anyhow::bail!("three receivers") };
    let listing = list(&city, "书架", 1, 90_000).await?;
    let holds = ask(first, &listing, 1).await?;
    let next = ask(second, &listing, 1).await?;
    let last = ask(third, &listing, 1).await?;
    ensure!(holds["state"] == "SUBMITTED", "{holds}");
    ensure!(
        next["state"] == "QUEUED" && next["queuePlace"] == 1 && next["reason"] == "HELD_BY_OTHERS",
        "{next}"
    );
    ensure!(last["state"] == "QUEUED" && last["queuePlace"] == 2, "{last}");
    let input = json!({ "idempotencyKey": key(), "lineId": holds["id"], "comment": "已另行解决" });
    let select = "line { state reason }";
    let answer =
        first.clerk.client.mutate("cancelRequestLine", "CancelRequestLineInput", input, select).await?;
    ensure!(
        answer["line"]["state"] == "CANCELLED" && answer["line"]["reason"] == "CANCELLED_BY_ASKER",
        "{answer}"
    );
    let (next, last) = (text(&next["id"])?, text(&last["id"])?);
    ensure!(line(&second.clerk, &listing, &next).await?["state"] == "SUBMITTED");
    ensure!(line(&third.clerk, &listing, &last).await?["queuePlace"] == 1);
    // Refused by the giver: the next one's turn again.
    decide(&second.head, &next, "APPROVE", json!({})).await?;
    decide(&city.giver.head, &next, "REJECT", json!({ "comment": "该柜承重不足，不宜调往贵单位" })).await?;
    let seen = line(&second.clerk, &listing, &next).await?;
    ensure!(seen["reason"] == "REFUSED" || seen["reason"].is_string(), "{seen}");
    ensure!(line(&third.clerk, &listing, &last).await?["state"] == "SUBMITTED");
    end(server).await
}

async fn withdrawal(backend: Backend) -> Outcome {
    let (server, city) = begin(backend, 2).await?;
    let listing = list(&city, "沙发", 1, 250_000).await?;
    let holds = text(&ask(&city.receivers[0], &listing, 1).await?["id"])?;
    let waits = text(&ask(&city.receivers[1], &listing, 1).await?["id"])?;
    let query = "query($id: ID!) { listing(id: $id) { version } }";
    let data = city.giver.clerk.client.ask(query, json!({ "id": listing })).await?;
    let input = json!({
        "idempotencyKey": key(), "id": listing, "version": data["listing"]["version"], "reason": "本单位恢复使用",
    });
    let select = "listing { state }";
    let answer =
        city.giver.clerk.client.mutate("withdrawListing", "WithdrawListingInput", input, select).await?;
    ensure!(answer["listing"]["state"] == "WITHDRAWN", "{answer}");
    for (unit, id) in city.receivers.iter().zip([&holds, &waits]) {
        let seen = line(&unit.clerk, &listing, id).await?;
        ensure!(seen["state"] == "GIVER_FAILED" && seen["reason"] == "LISTING_WITHDRAWN", "{seen}");
    }
    ensure!(stock(&city.office, &listing).await? == [0, 0, 0, 0, 0, 1, 0]);
    end(server).await
}

async fn freezing(backend: Backend) -> Outcome {
    let (server, city) = begin(backend, 1).await?;
    let asker = &city.receivers[0];
    let listing = list(&city, "茶几", 2, 60_000).await?;
    let input = json!({
        "idempotencyKey": key(), "scope": "LISTING", "scopeId": listing, "cause": "STOCKTAKE", "note": "年度盘点",
    });
    let frozen = city.office.client.mutate("freeze", "FreezeInput", input, "freeze { id untilAt }").await?;
    let waits = ask(asker, &listing, 1).await?;
    ensure!(waits["state"] == "QUEUED" && waits["reason"] == "FROZEN", "{waits}");
    let input = json!({ "idempotencyKey": key(), "id": frozen["freeze"]["id"] });
    city.office.client.mutate("unfreeze", "UnfreezeInput", input, "freeze { untilAt }").await?;
    let id = text(&waits["id"])?;
    ensure!(line(&asker.clerk, &listing, &id).await?["state"] == "SUBMITTED", "thawed, the queue moves");
    end(server).await
}

async fn reversal(backend: Backend) -> Outcome {
    let (server, city) = begin(backend, 1).await?;
    let asker = &city.receivers[0];
    let listing = list(&city, "保险柜", 2, 500_000).await?;
    let transfer = deliver(&city, asker, &listing, 2).await?;
    ensure!(saved(&city, "ORIGINAL_VALUE").await? == 500_000);
    let input = json!({
        "idempotencyKey": key(), "transferId": transfer, "reason": "锁具失灵，七日内退回", "place": "三楼库房",
        "assetNumber": key(),
    });
    let answer = city
        .office
        .client
        .mutate(
            "reverseTransfer",
            "ReverseTransferInput",
            input,
            "transfer { state asset { holder { id } } }",
        )
        .await?;
    ensure!(answer["transfer"]["state"] == "REVERSED", "{answer}");
    ensure!(answer["transfer"]["asset"]["holder"]["id"] == city.giver.gid, "{answer}");
    for method in ["ORIGINAL_VALUE", "NET_BOOK", "REPLACEMENT"] {
        ensure!(saved(&city, method).await? == 0, "{method}: the contra entry takes all of it back");
    }
    let query =
        "{ savingEntries(first: 10, filter: { entry: CONTRA }) { edges { node { contraOf amount } } } }";
    let data = city.finance.client.ask(query, json!({})).await?;
    let contras = data["savingEntries"]["edges"].as_array().context("entries")?;
    ensure!(contras.len() == 3 && contras.iter().all(|edge| edge["node"]["contraOf"].is_string()), "{data}");
    end(server).await
}

async fn tasks(backend: Backend) -> Outcome {
    let (server, city) = begin(backend, 2).await?;
    let listing = list(&city, "书柜", 5, 500_000).await?;
    let [one, other] = [&city.receivers[0], &city.receivers[1]];
    for (unit, pieces) in [(one, 2), (other, 3)] {
        let id = text(&ask(unit, &listing, pieces).await?["id"])?;
        decide(&unit.head, &id, "APPROVE", json!({})).await?;
    }
    let query = "{ tasks(first: 10) { edges { node { subject listing { id }
        line { quantity unit { id } listing { id asset { name value quantity } } } } } } }";
    let data = city.giver.head.client.ask(query, json!({})).await?;
    let tasks = data["tasks"]["edges"].as_array().context("tasks")?;
    ensure!(tasks.len() == 2, "{data}");
    for (unit, pieces) in [(one, 2), (other, 3)] {
        let of_unit = tasks.iter().find(|task| task["node"]["line"]["unit"]["id"] == unit.gid);
        let task = &of_unit.with_context(|| format!("no task of the unit in {data}"))?["node"];
        let line = &task["line"];
        ensure!(task["subject"] == "REQUEST_LINE" && task["listing"].is_null(), "{task}");
        ensure!(line["quantity"] == pieces && line["unit"]["id"] == unit.gid, "{task}");
        ensure!(line["listing"]["id"] == listing, "{task}");
        ensure!(line["listing"]["asset"]["value"] == "500000", "{task}");
    }
    end(server).await
}

async fn thrown_away(backend: Backend) -> Outcome {
    let (server, city) = begin(backend, 1).await?;
    let listing = list(&city, "书柜", 5, 500_000).await?;
    let client = &city.receivers[0].clerk.client;
    let input = json!({
        "idempotencyKey": key(), "unitId": city.receivers[0].gid,
        "lines": [{ "listingId": listing, "quantity": 2 }],
    });
    let drafted = client.mutate("draftRequest", "DraftRequestInput", input, "request { id version }").await?;
    let request = text(&drafted["request"]["id"])?;
    let throw = |request: &str, version: i64| json!({ "idempotencyKey": key(), "requestId": request, "version": version });
    let select = "id";
    let stale = client.attempt("discardRequest", "DiscardRequestInput", throw(&request, 7), select).await?;
    ensure!(stale["errors"][0]["code"] == "STALE", "{stale}");
    let gone = client.mutate("discardRequest", "DiscardRequestInput", throw(&request, 1), "id").await?;
    ensure!(gone["id"] == request, "{gone}");
    let query = "query($id: ID!) { request(id: $id) { id } }";
    let data = client.ask(query, json!({ "id": request })).await?;
    ensure!(data["request"].is_null(), "{data}");
    let again = client.attempt("discardRequest", "DiscardRequestInput", throw(&request, 1), select).await?;
    ensure!(again["errors"][0]["code"] == "NOT_FOUND", "{again}");

    let submitted = ask(&city.receivers[0], &listing, 1).await?;
    let query = "{ requests(first: 1) { edges { node { id version } } } }";
    let data = client.ask(query, json!({})).await?;
    let request = text(&data["requests"]["edges"][0]["node"]["id"])?;
    let version = data["requests"]["edges"][0]["node"]["version"].as_i64().context("a version")?;
    let late =
        client.attempt("discardRequest", "DiscardRequestInput", throw(&request, version), select).await?;
    ensure!(late["errors"][0]["code"] == "WRONG_STATE", "{late}");
    ensure!(
        line(&city.receivers[0].clerk, &listing, &text(&submitted["id"])?).await?["state"] == "SUBMITTED"
    );
    end(server).await
}
