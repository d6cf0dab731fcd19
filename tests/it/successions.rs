//! Units that are merged, through the started service: cases of every state go on with the successor's people, and a process that
//! is killed in the middle leaves nothing half passed on.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use api::graphql::ids::{Kind, encode};
use entity::assets::{AssetState, asset, asset_holding};
use entity::events::event;
use entity::jobs::{JobState, job};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

use tests::child::{self, ChildServer};
use tests::city::{City, Person, Unit};
use tests::database::Place;
use tests::moves::{
    self, approve_line, ask, borrow, decide, key, lend, line, list, loan_command, release, text,
};
use tests::server::settings;
use tests::tables::{cards, csv, ended, put, read, run};
use tests::{ALONE, Backend, Outcome, Registry};

pub fn register(registry: &mut Registry) {
    registry.both("successions: two units with cases of every state become a third", merger);
    registry.both("successions: kill -9 while thousands of cards pass on", killed);
}

/// Fields of a succession that tests look at.
const SUCCESSION: &str =
    "id number state version progress { cards renumbered listings lines transfers loans ended }";

/// A command about a succession; gives it as it is then.
async fn command(office: &Person, field: &str, succession: &Value) -> anyhow::Result<Value> {
    let input = json!({ "idempotencyKey": key(), "id": succession["id"], "version": succession["version"] });
    let input_type = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
    let select = format!("succession {{ {SUCCESSION} }}");
    let mut answer = office.client.mutate(field, &input_type, input, &select).await?;
    Ok(answer["succession"].take())
}

/// Draws a merger up, makes it known and starts it; gives it as it was started.
async fn merge(office: &Person, units: &[&Unit], to: &Unit, day: &str) -> anyhow::Result<Value> {
    let kind = if units.len() > 1 { "MERGE" } else { "CLOSE" };
    let input = json!({
        "idempotencyKey": key(), "kind": kind, "unitIds": units.iter().map(|unit| &unit.gid).collect::<Vec<_>>(),
        "successorId": to.gid, "reason": "机构改革", "paper": "武编〔2026〕12号", "effectiveOn": day,
    });
    let select = format!("succession {{ {SUCCESSION} preview {{ thing count to {{ id }} }} }}");
    let drafted = office.client.mutate("draftSuccession", "DraftSuccessionInput", input, &select).await?;
    let preview = drafted["succession"]["preview"].as_array().context("a preview")?;
    ensure!(preview.iter().all(|row| row["to"]["id"] == json!(to.gid)), "{drafted}");
    ensure!(preview.iter().any(|row| row["thing"] == "CARDS"), "{drafted}");
    let announced = command(office, "announceSuccession", &drafted["succession"]).await?;
    ensure!(announced["state"] == "ANNOUNCED", "{announced}");
    command(office, "startSuccession", &announced).await
}

/// The succession when all has passed.
async fn done(office: &Person, id: &Value, within: Duration) -> anyhow::Result<Value> {
    let query = format!("query($id: ID!) {{ succession(id: $id) {{ {SUCCESSION} }} }}");
    let begun = Instant::now();
    loop {
        let mut data = office.client.ask(&query, json!({ "id": id })).await?;
        if data["succession"]["state"] == "DONE" {
            return Ok(data["succession"].take());
        }
        ensure!(begun.elapsed() < within, "{data}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The same city, where this unit lists and lends.
fn given_by(city: &City, unit: &Unit) -> City {
    City { giver: unit.clone(), ..city.clone() }
}

async fn line_id(unit: &Unit, listing: &str, pieces: i64) -> anyhow::Result<String> {
    text(&ask(unit, listing, pieces).await?["id"])
}

async fn promised(city: &City, unit: &Unit, listing: &str, pieces: i64) -> anyhow::Result<String> {
    let id = line_id(unit, listing, pieces).await?;
    approve_line(city, unit, &id).await?;
    Ok(id)
}

async fn book(person: &Person, transfer: &str, side: &str) -> anyhow::Result<String> {
    let input = json!({ "idempotencyKey": key(), "transferId": transfer, "side": side, "number": "记-1" });
    let answer =
        person.client.mutate("bookTransfer", "BookTransferInput", input, "transfer { state }").await?;
    text(&answer["transfer"]["state"])
}

async fn loan(person: &Person, id: &str) -> anyhow::Result<Value> {
    let query = "query($id: ID!) { loan(id: $id) { state reason unit { id } giver { id } } }";
    let mut data = person.client.ask(query, json!({ "id": id })).await?;
    Ok(data["loan"].take())
}

async fn merger(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 3).await?;
    let app = &server.app;
    let (a, b, other, c) = (&city.giver, &city.receivers[0], &city.receivers[1], &city.receivers[2]);
    let (by_b, by_other, by_c) = (given_by(&city, b), given_by(&city, other), given_by(&city, c));
    let today = app.clock().today().to_string();
    let later = (app.clock().today() + chrono::TimeDelta::days(9)).to_string();

    // Offers of A in the states before they are listed.
    let mut offers = Vec::new();
    for n in 0..4 {
        let card = moves::draft_card(&city, a, &format!("会议桌{n}"), 2, 400_000).await?;
        moves::photograph(&a.clerk, &card, moves::png(n)).await?;
        let stored = json!({ "custody": "PHYSICAL", "warehouseId": city.warehouse });
        let terms = if n == 3 { stored } else { json!({}) };
        offers.push(moves::draft_listing(a, &card, terms).await?);
    }
    for (n, (id, version)) in offers.iter().enumerate().skip(1) {
        moves::submit_listing(a, id, *version).await?;
        if n >= 2 {
            decide(&a.head, id, "APPROVE", json!({})).await?;
        }
        if n == 3 {
            decide(&city.office, id, "APPROVE", json!({})).await?;
        }
    }
    ensure!(moves::listing_state(&a.clerk, &offers[3].0).await? == "AWAITING_INSPECTION");

    // Lines of another unit in every state, for one lot of A.
    let lot = list(&city, "办公桌", 40, 12_000_000).await?;
    let at_own_head = line_id(other, &lot, 2).await?;
    let at_giver = line_id(other, &lot, 2).await?;
    decide(&other.head, &at_giver, "APPROVE", json!({})).await?;
    let at_office = line_id(other, &lot, 2).await?;
    decide(&other.head, &at_office, "APPROVE", json!({})).await?;
    decide(&a.head, &at_office, "APPROVE", json!({})).await?;
    let returned = line_id(other, &lot, 2).await?;
    decide(&other.head, &returned, "RETURN", json!({ "comment": "请核实数量" })).await?;
    let reserved = promised(&city, other, &lot, 2).await?;
    let releasing = promised(&city, other, &lot, 4).await?;
    let first_part = release(&a.clerk, &releasing, Some(1)).await?;
    let moving = promised(&city, other, &lot, 2).await?;
    let moving_by = release(&a.clerk, &moving, None).await?;
    let received = moves::deliver(&city, other, &lot, 2).await?;
    // B asks of A: what is not on its way ends, for it is one unit then.
    let own_asked = line_id(b, &lot, 3).await?;
    let own_promised = promised(&city, b, &lot, 3).await?;
    let own_moving = promised(&city, b, &lot, 3).await?;
    let own_moving_by = release(&a.clerk, &own_moving, None).await?;
    let queued = line_id(other, &lot, 17).await?;
    ensure!(line(&other.clerk, &lot, &queued).await?["state"] == "QUEUED");
    // A asks of another.
    let theirs = list(&by_other, "书柜", 10, 3_000_000).await?;
    let asks = line_id(a, &theirs, 1).await?;
    let asks_promised = promised(&by_other, a, &theirs, 2).await?;
    let asks_moving = promised(&by_other, a, &theirs, 2).await?;
    let asks_moving_by = release(&other.clerk, &asks_moving, None).await?;
    let has_received = moves::deliver(&by_other, a, &theirs, 1).await?;
    // Loans in every state, given and taken, and between the two.
    let chairs = moves::list_for_loan(&city, "会议椅", 30).await?;
    let days = (today.as_str(), later.as_str());
    let loan_asked = borrow(other, &chairs, 2, days).await?;
    let loan_agreed = borrow(other, &chairs, 2, days).await?;
    moves::approve_loan(&city, other, &loan_agreed).await?;
    let lent = lend(&city, other, &chairs, 2, days).await?;
    let own_loan_agreed = borrow(b, &chairs, 2, days).await?;
    moves::approve_loan(&city, b, &own_loan_agreed).await?;
    let own_lent = lend(&city, b, &chairs, 3, days).await?;
    let lamps = moves::list_for_loan(&by_other, "投影仪", 4).await?;
    let borrowed = lend(&by_other, a, &lamps, 1, days).await?;
    // B has an offer that another asked for.
    let of_b = list(&by_b, "文件柜", 5, 500_000).await?;
    let asked_of_b = promised(&by_b, other, &of_b, 2).await?;

    // A's clerk is to be a head in the new unit: whoever applied decides nothing of it there either.
    let input = json!({
        "idempotencyKey": key(), "accountId": encode(Kind::Account, a.clerk.account_id), "role": "HEAD", "scope": "UNIT",
        "scopeId": c.gid,
    });
    city.administrator.client.mutate("grantRole", "GrantRoleInput", input, "grantId").await?;

    let before = moves::saved(&city, "REPLACEMENT").await?;
    let office = &city.office;
    let started = merge(office, &[a, b], c, &today).await?;
    let ended_by = done(office, &started["id"], Duration::from_secs(60)).await?;
    ensure!(ended_by["progress"]["listings"] == 7 && ended_by["progress"]["ended"] == 3, "{ended_by}");
    ensure!(moves::saved(&city, "REPLACEMENT").await? == before, "a merger saves nothing");
    moves::verify(app).await?;

    // The old units are gone, and lead on.
    let query = "query($id: ID!) { unit(id: $id) { state successor { id } validTo } }";
    for unit in [a, b] {
        let data = other.clerk.client.ask(query, json!({ "id": unit.gid })).await?;
        ensure!(
            data["unit"]["state"] == "CLOSED" && data["unit"]["successor"]["id"] == json!(c.gid),
            "{data}"
        );
    }
    let input = json!({ "idempotencyKey": key(), "holderId": a.gid, "name": "迟到的资产" });
    let refused = a.clerk.client.attempt("draftAsset", "DraftAssetInput", input, "asset { id }").await?;
    ensure!(refused["errors"][0]["code"] == "UNIT_NOT_ACTIVE", "{refused}");

    // Every case goes on, by the people of the new unit.
    let no_more = json!({});
    let (id, version) = &offers[0];
    moves::submit_listing(c, id, *version + 1).await?;
    for id in offers.iter().take(2).map(|(id, _)| id) {
        decide(&c.head, id, "APPROVE", no_more.clone()).await?;
    }
    for id in offers.iter().take(3).map(|(id, _)| id) {
        decide(office, id, "APPROVE", no_more.clone()).await?;
        ensure!(moves::listing_state(&c.clerk, id).await? == "LISTED");
    }
    let state = async |id: &str, listing: &str| -> anyhow::Result<String> {
        text(&line(&other.clerk, listing, id).await?["state"])
    };
    decide(&other.head, &at_own_head, "APPROVE", no_more.clone()).await?;
    for id in [&at_own_head, &at_giver] {
        decide(&c.head, id, "APPROVE", no_more.clone()).await?;
    }
    for id in [&at_own_head, &at_giver, &at_office] {
        decide(office, id, "APPROVE", no_more.clone()).await?;
        ensure!(state(id, &lot).await? == "RESERVED");
    }
    let input = json!({ "idempotencyKey": key(), "lineId": returned, "comment": "已核实" });
    other
        .clerk
        .client
        .mutate("resubmitRequestLine", "ResubmitRequestLineInput", input, "line { state }")
        .await?;
    approve_line(&by_c, other, &returned).await?;
    for id in [&at_own_head, &at_giver, &at_office, &returned, &reserved] {
        let transfer = release(&c.clerk, id, None).await?;
        ensure!(moves::receive(&other.clerk, &transfer, 2, 0, 0).await? == "RECEIVED");
        ensure!(book(&c.clerk, &transfer, "GIVER").await? == "RECEIVED");
        ensure!(book(&other.clerk, &transfer, "RECEIVER").await? == "CLOSED");
        ensure!(state(id, &lot).await? == "CLOSED");
    }
    let rest = release(&c.clerk, &releasing, None).await?;
    ensure!(moves::receive(&other.clerk, &first_part, 1, 0, 0).await? == "RECEIVED");
    ensure!(moves::receive(&other.clerk, &rest, 2, 1, 0).await? == "SHORT");
    ensure!(moves::receive(&other.clerk, &moving_by, 2, 0, 0).await? == "RECEIVED");
    // What was received before is booked by who stands in for the giver.
    ensure!(book(&c.clerk, &received, "GIVER").await? == "RECEIVED");
    ensure!(book(&other.clerk, &received, "RECEIVER").await? == "CLOSED");
    for id in [&own_asked, &own_promised] {
        let ended = line(&c.clerk, &lot, id).await?;
        ensure!(ended["state"] == "CANCELLED" && ended["reason"] == "UNITS_MERGED", "{ended}");
    }
    let sum = moves::saved(&city, "REPLACEMENT").await?;
    ensure!(moves::receive(&c.clerk, &own_moving_by, 3, 0, 0).await? == "RECEIVED");
    ensure!(moves::saved(&city, "REPLACEMENT").await? == sum, "an internal move saves nothing");
    // What those that ended had held is free for who waited.
    let waited = line(&other.clerk, &lot, &queued).await?;
    ensure!(waited["state"] == "SUBMITTED", "{waited}");
    approve_line(&by_c, other, &queued).await?;

    // A's clerk asked for this, and is a head of the new unit: it is not theirs to decide.
    let step = moves::task(&c.head, &asks).await?;
    let input = json!({ "idempotencyKey": key(), "decisions": [{ "stepId": step, "verdict": "APPROVE" }] });
    let own = a.clerk.client.attempt("decideSteps", "DecideStepsInput", input, "steps { state }").await?;
    ensure!(own["errors"][0]["code"] == "OWN_CASE", "{own}");
    approve_line(&by_other, c, &asks).await?;
    for id in [&asks, &asks_promised] {
        let transfer = release(&other.clerk, id, None).await?;
        moves::receive(&c.clerk, &transfer, if *id == asks { 1 } else { 2 }, 0, 0).await?;
    }
    ensure!(moves::receive(&c.clerk, &asks_moving_by, 2, 0, 0).await? == "RECEIVED");
    ensure!(book(&c.clerk, &has_received, "RECEIVER").await? == "RECEIVED");
    let transfer = release(&c.clerk, &asked_of_b, None).await?;
    ensure!(moves::receive(&other.clerk, &transfer, 2, 0, 0).await? == "RECEIVED");

    // Loans, too.
    moves::approve_loan(&by_c, other, &loan_asked).await?;
    for id in [&loan_asked, &loan_agreed] {
        loan_command(&c.clerk, "handOverLoan", id, json!({ "condition": "完好" })).await?;
        loan_command(&other.clerk, "receiveLoan", id, json!({})).await?;
    }
    let ended = loan(&c.clerk, &own_loan_agreed).await?;
    ensure!(ended["state"] == "CANCELLED" && ended["reason"] == "UNITS_MERGED", "{ended}");
    let inside = loan(&c.clerk, &own_lent).await?;
    ensure!(inside["unit"]["id"] == json!(c.gid) && inside["giver"]["id"] == json!(c.gid), "{inside}");
    for (borrower, keeper, id, pieces) in [
        (other, c, &loan_asked, 2),
        (other, c, &loan_agreed, 2),
        (other, c, &lent, 2),
        (c, c, &own_lent, 3),
        (c, other, &borrowed, 1),
    ] {
        loan_command(&borrower.clerk, "returnLoan", id, json!({ "quantity": pieces })).await?;
        let back = loan_command(&keeper.clerk, "inspectLoan", id, json!({ "good": pieces })).await?;
        ensure!(back["state"] == "INSPECTED", "{back}");
    }

    // The new unit's head reads what the old ones saved; those who have nothing to do with them do not.
    let query = "{ savingEntries(first: 100) { edges { node { giver { id } } } } }";
    let seen = c.head.client.ask(query, json!({})).await?;
    let edges = seen["savingEntries"]["edges"].as_array().context("entries")?;
    ensure!(edges.iter().any(|edge| edge["node"]["giver"]["id"] == json!(a.gid)), "{seen}");
    moves::end(server).await
}

/// Rows of the file; a hundredth of them is bad.
const ROWS: usize = 6_000;
/// How often the process is killed.
const KILLS: i64 = 3;
const FOLDER: &str = "data";

async fn killed(backend: Backend) -> Outcome {
    let _alone = ALONE.lock().await;
    let place = Place::new(backend).await?;
    let mut server = ChildServer::start(&place, FOLDER).await?;
    let folder = place.folder.path().join(FOLDER);
    let app = settings(&place, folder.clone()).open().await?;
    let mut city = City::found(&app, &server.address, 1).await?;
    drop(app);
    let (giver, to) = (city.giver.clone(), city.receivers[0].clone());
    for unit in [&giver, &to] {
        // The same numbers in both, but for the last rows.
        let rows = cards(if unit.id == giver.id { ROWS } else { ROWS / 10 });
        let client = &unit.clerk.client;
        let id = put(client, "ASSETS", Some(&unit.gid), "x.csv", csv(&rows).as_bytes()).await?;
        read(client, &id).await?;
        run(client, &id, false, json!([])).await?;
        let loaded = ended(client, &id, Duration::from_secs(120)).await?;
        ensure!(loaded["state"] == "DONE", "{loaded}");
    }
    let day = {
        let app = settings(&place, folder.clone()).open().await?;
        app.clock().today().to_string()
    };
    let started = merge(&city.office, &[&giver], &to, &day).await?;
    let begun = Instant::now();
    let query = "query($id: ID!) { succession(id: $id) { state progress { cards } } }";
    let mut last = -1;
    for kill in 0..KILLS {
        let wanted = ROWS as i64 * (kill + 1) / (KILLS + 2);
        let passed = loop {
            let data = city.office.client.ask(query, json!({ "id": started["id"] })).await?;
            let passed = data["succession"]["progress"]["cards"].as_i64().context("cards")?;
            if passed >= wanted || data["succession"]["state"] == "DONE" {
                break passed;
            }
            ensure!(begun.elapsed() < Duration::from_secs(180), "{data}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        server.kill().await?;
        ensure!(
            passed > last && passed < ROWS as i64 * 99 / 100,
            "kill {kill} came too late: {passed} cards"
        );
        last = passed;
        let app = settings(&place, folder.clone()).open().await?;
        expire_leases(&app).await?;
        drop(app);
        server = ChildServer::start(&place, FOLDER).await?;
        city = city.at(&server.address);
    }
    let ended_by = done(&city.office, &started["id"], Duration::from_secs(120)).await?;
    let good = (ROWS - ROWS / 100) as i64;
    let clash = (ROWS / 10 - ROWS / 1_000) as i64;
    ensure!(
        ended_by["progress"]["cards"] == good && ended_by["progress"]["renumbered"] == clash,
        "{ended_by}"
    );

    let app = settings(&place, folder).open().await?;
    let conn = app.db().read();
    let held = |unit| {
        let held = asset::Entity::find().filter(asset::Column::HolderId.eq(unit));
        held.filter(asset::Column::State.eq(AssetState::Active)).count(conn)
    };
    ensure!(held(giver.id).await? == 0 && held(to.id).await? as i64 == good + clash, "not all, or not once");
    let moved = event::Entity::find().filter(event::Column::Kind.eq("asset.moved")).count(conn).await?;
    let open =
        asset_holding::Entity::find().filter(asset_holding::Column::ToAt.is_null()).count(conn).await?;
    ensure!((moved as i64, open as i64) == (good, good + clash), "{moved} moves, {open} holdings");
    drop(app);
    let (right, said) = child::run(&place, FOLDER, &["verify"]).await?;
    ensure!(right, "verify: {said}");
    eprintln!("{backend}: killed {KILLS} times while {good} cards passed on");
    server.kill().await
}

/// The lease of the killed process is a minute: the test does not wait for it.
async fn expire_leases(app: &api::app::App) -> Outcome {
    use api::identity::Actor;
    use api::write::{Command, Tx};
    app.write(&Actor::system(), Command::new("expireLeases", None, &()), |tx: Tx| async move {
        job::Entity::update_many()
            .col_expr(job::Column::LeaseUntil, Expr::value(Some(tx.now() - chrono::TimeDelta::seconds(1))))
            .filter(job::Column::State.eq(JobState::Running))
            .exec(tx.conn())
            .await?;
        Ok(())
    })
    .await?;
    Ok(())
}
