//! Plans of the office through the started service: the whole way of one, and `kill -9` while it is reserved.

use std::time::Duration;

use anyhow::{Context, ensure};
use chrono::TimeDelta;
use entity::identity::Role;
use serde_json::{Value, json};

use crate::rights::people::{Place as Seat, enrol};
use tests::child::{self, ChildServer};
use tests::city::{City, Person};
use tests::database::Place;
use tests::moves::{self, key, text};
use tests::server::settings;
use tests::{ALONE, Backend, Client, Outcome, Registry};

/// How often the server is killed while it reserves.
const KILLS: u64 = 6;
/// Lines of the plan that is reserved meanwhile.
const LINES: usize = 60;
/// Data folder of the server.
const FOLDER: &str = "data";
/// What tests look at.
const PLAN: &str = "id version number state objectionsUntil progress { lines dropped open reserved underway received closed failed }";

pub fn register(registry: &mut Registry) {
    registry.both("plans: objected to, approved, reserved, received, complete", whole_way);
    registry
        .both("plans: of two for the same things, reserved at once, one gets all and the other none", rivals);
    registry.both("plans: all lines are reserved or none, by kill -9 in the middle", killed);
}

/// A command about plans; gives the plan.
async fn command(client: &Client, field: &str, input: Value) -> anyhow::Result<Value> {
    let mut input = input;
    input["idempotencyKey"] = json!(key());
    let kind = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
    let mut answer = client.mutate(field, &kind, input, &format!("plan {{ {PLAN} }}")).await?;
    Ok(answer["plan"].take())
}

/// As [`command`], about this plan in its present version.
async fn next(client: &Client, field: &str, plan: &Value) -> anyhow::Result<Value> {
    let now = look(client, plan).await?;
    command(client, field, json!({ "planId": plan["id"], "version": now["version"] })).await
}

async fn look(client: &Client, plan: &Value) -> anyhow::Result<Value> {
    let query = format!("query($id: ID!) {{ allocationPlan(id: $id) {{ {PLAN} }} }}");
    let mut data = client.ask(&query, json!({ "id": plan["id"] })).await?;
    Ok(data["allocationPlan"].take())
}

async fn lines(client: &Client, plan: &Value) -> anyhow::Result<Vec<Value>> {
    let query = "query($id: ID!) { allocationPlan(id: $id) { lines(first: 100) { edges { node {
        id position assetName quantity state carried requestLineId listingId giver { id } receiver { id } } } } } }";
    let data = client.ask(query, json!({ "id": plan["id"] })).await?;
    let edges = data["allocationPlan"]["lines"]["edges"].as_array().context("lines")?;
    Ok(edges.iter().map(|edge| edge["node"].clone()).collect())
}

async fn draft(client: &Client, lines: Vec<Value>) -> anyhow::Result<Value> {
    let input = json!({
        "title": "机构改革资产划转", "reason": "职能并入", "documentNumber": "武机改〔2026〕3号", "lines": lines,
    });
    command(client, "draftAllocationPlan", input).await
}

/// A card with its picture.
async fn card(city: &City, name: &str, pieces: i64) -> anyhow::Result<String> {
    let card = moves::draft_card(city, &city.giver, name, pieces, pieces * 300_000).await?;
    moves::photograph(&city.giver.clerk, &card, moves::png(7)).await?;
    Ok(card)
}

async fn whole_way(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 3).await?;
    let app = &server.app;
    let (one, two) = (&city.receivers[0], &city.receivers[1]);
    let offered = moves::list(&city, "书柜", 4, 400_000).await?;
    let (desk, chairs) = (card(&city, "办公桌", 1).await?, card(&city, "会议椅", 10).await?);
    let office = &city.office.client;
    let drafted = draft(
        office,
        vec![
            json!({ "assetId": desk, "receiverId": one.gid }),
            json!({ "assetId": chairs, "receiverId": one.gid, "quantity": 6 }),
            json!({ "assetId": chairs, "receiverId": two.gid, "quantity": 4 }),
            json!({ "listingId": offered, "receiverId": two.gid, "quantity": 4 }),
        ],
    )
    .await?;
    ensure!(drafted["state"] == "DRAFT" && drafted["progress"]["open"] == 4, "{drafted}");
    ensure!(look(&one.clerk.client, &drafted).await?.is_null(), "nobody but the office sees a draft");
    ensure!(look(&city.auditor.client, &drafted).await?["state"] == "DRAFT");
    next(office, "publishAllocationPlan", &drafted).await?;
    // Each sees its own lines and no others; who has none sees no plan.
    let own = lines(&one.clerk.client, &drafted).await?;
    ensure!(own.len() == 2 && own.iter().all(|line| line["receiver"]["id"] == json!(one.gid)), "{own:?}");
    ensure!(lines(&city.giver.head.client, &drafted).await?.len() == 4);
    ensure!(look(&city.receivers[2].clerk.client, &drafted).await?.is_null());
    ensure!(look(&two.clerk.client, &drafted).await?["progress"]["lines"] == 2);
    let against = json!({ "lineId": own[0]["id"], "reason": "已有同类办公桌" });
    command(&one.head.client, "objectToPlanLine", against).await?;
    let query = "query($id: ID!) { allocationPlan(id: $id) { objections(first: 10) { edges { node { id state answer reason } } } } }";
    let data = office.ask(query, json!({ "id": drafted["id"] })).await?;
    let objection = &data["allocationPlan"]["objections"]["edges"][0]["node"];
    ensure!(objection["reason"] == "已有同类办公桌", "{data}");
    let said = office.attempt("submitAllocationPlan", "SubmitAllocationPlanInput", json!({
        "idempotencyKey": key(), "planId": drafted["id"], "version": look(office, &drafted).await?["version"],
    }), "plan { id }").await?;
    ensure!(said["errors"][0]["code"] == "OBJECTIONS_OPEN", "{said}");
    let answered =
        json!({ "objectionId": objection["id"], "verdict": "UPHOLD", "answer": "原办公桌另行处置" });
    command(office, "answerObjection", answered).await?;
    let data = one.clerk.client.ask(query, json!({ "id": drafted["id"] })).await?;
    let heard = &data["allocationPlan"]["objections"]["edges"][0]["node"];
    ensure!(heard["state"] == "UPHELD" && heard["answer"] == "原办公桌另行处置", "{data}");

    moves::sealed(app).await?;
    app.clock().set(app.clock().now() + TimeDelta::days(14));
    let city = city.another_day(app).await?;
    let (one, two) = (&city.receivers[0], &city.receivers[1]);
    let office = &city.office.client;
    let query = "query($input: PreviewApprovalInput!) { previewApproval(input: $input) { subjectId steps { role } } }";
    let preview = office.ask(query, json!({ "input": { "planId": drafted["id"] } })).await?;
    ensure!(preview["previewApproval"][0]["steps"] == json!([{ "role": "OFFICE" }]), "{preview}");
    next(office, "submitAllocationPlan", &drafted).await?;
    // Who drafted it does not decide it; a colleague does.
    let tasks = "{ tasks(first: 10) { edges { node { subjectId allocationPlan { number } } } } }";
    ensure!(office.ask(tasks, json!({})).await?["tasks"]["edges"] == json!([]));
    let colleague = colleague(app, &server.base(), &city).await?;
    let data = colleague.client.ask(tasks, json!({})).await?;
    ensure!(data["tasks"]["edges"][0]["node"]["allocationPlan"]["number"] == drafted["number"], "{data}");
    moves::decide(&colleague, &text(&drafted["id"])?, "APPROVE", json!({})).await?;

    // While another unit has asked for a piece nothing is reserved, and it is told of which line.
    let line = moves::ask(&city.receivers[2], &offered, 1).await?;
    let input = json!({ "idempotencyKey": key(), "planId": drafted["id"] });
    let said =
        office.attempt("reserveAllocationPlan", "ReserveAllocationPlanInput", input, "plan { id }").await?;
    ensure!(
        said["errors"][0]["code"] == "NOT_ENOUGH" && moves::path(&said["errors"][0]) == "lines.3.quantity",
        "{said}"
    );
    ensure!(lines(office, &drafted).await?.iter().all(|line| line["carried"].is_null()));
    let input = json!({ "idempotencyKey": key(), "lineId": line["id"] });
    city.receivers[2]
        .clerk
        .client
        .mutate("cancelRequestLine", "CancelRequestLineInput", input, "line { state }")
        .await?;
    let reserved = next(office, "reserveAllocationPlan", &drafted).await?;
    ensure!(reserved["state"] == "RESERVED" && reserved["progress"]["reserved"] == 4, "{reserved}");
    ensure!(moves::stock(&city.office, &offered).await? == [0, 0, 4, 0, 0, 0, 0]);

    for line in lines(office, &drafted).await? {
        ensure!(line["carried"] == "RESERVED", "{line}");
        let receiver = if line["receiver"]["id"] == json!(one.gid) { one } else { two };
        let transfer = moves::release(&city.giver.clerk, &text(&line["requestLineId"])?, None).await?;
        let pieces = moves::number(&line["quantity"])?;
        ensure!(moves::receive(&receiver.clerk, &transfer, pieces, 0, 0).await? == "RECEIVED");
        for (person, side) in [(&city.giver.clerk, "GIVER"), (&receiver.clerk, "RECEIVER")] {
            let input =
                json!({ "idempotencyKey": key(), "transferId": transfer, "side": side, "number": "记-12" });
            person.client.mutate("bookTransfer", "BookTransferInput", input, "transfer { state }").await?;
        }
    }
    ensure!(api::plans::complete::complete(app, 10).await? <= 1, "the job may have been faster");
    let done = look(office, &drafted).await?;
    ensure!(done["state"] == "COMPLETED" && done["progress"]["closed"] == 4, "{done}");
    // 300,000 for each of eleven pieces, and 400,000 for the four of the offer.
    ensure!(moves::saved(&city, "ORIGINAL_VALUE").await? == 3_700_000);
    moves::end(server).await
}

async fn rivals(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 2).await?;
    let app = &server.app;
    let offered = moves::list(&city, "书柜", 9, 900_000).await?;
    let mut cards = Vec::new();
    for n in 0..8 {
        cards.push(card(&city, &format!("办公桌{n}"), 3).await?);
    }
    let mut plans = Vec::new();
    for turn in 0..2 {
        let receiver = &city.receivers[turn].gid;
        // Two of three pieces, and five of nine: one plan can have them.
        let mut planned: Vec<Value> = cards
            .iter()
            .map(|card| json!({ "assetId": card, "receiverId": receiver, "quantity": 2 }))
            .collect();
        planned.push(json!({ "listingId": offered, "receiverId": receiver, "quantity": 5 }));
        if turn == 1 {
            planned.reverse();
        }
        let plan = draft(&city.office.client, planned).await?;
        next(&city.office.client, "publishAllocationPlan", &plan).await?;
        plans.push(plan);
    }
    moves::sealed(app).await?;
    app.clock().set(app.clock().now() + TimeDelta::days(14));
    let city = city.another_day(app).await?;
    let colleague = colleague(app, &server.base(), &city).await?;
    for plan in &plans {
        next(&city.office.client, "submitAllocationPlan", plan).await?;
        moves::decide(&colleague, &text(&plan["id"])?, "APPROVE", json!({})).await?;
    }
    let reserve = |plan: &Value| {
        let input = json!({ "idempotencyKey": key(), "planId": plan["id"] });
        let client = city.office.client.clone();
        async move {
            client
                .attempt("reserveAllocationPlan", "ReserveAllocationPlanInput", input, "plan { state }")
                .await
        }
    };
    let (first, second) = tokio::join!(reserve(&plans[0]), reserve(&plans[1]));
    let answers = [first?, second?];
    let won = answers.iter().filter(|answer| answer["plan"]["state"] == "RESERVED").count();
    ensure!(won == 1, "{answers:?}");
    for (plan, answer) in plans.iter().zip(&answers) {
        let lost = answer["plan"].is_null();
        let carried = lines(&city.office.client, plan).await?;
        let promised = carried.iter().filter(|line| line["carried"] == "RESERVED").count();
        ensure!(promised == if lost { 0 } else { 9 }, "{promised} lines: {answer}");
        // Each line is told, and with its reason.
        let told = answer["errors"].as_array().map_or(0, Vec::len);
        ensure!(!lost || told >= 8, "{told} reasons: {answer}");
    }
    ensure!(moves::stock(&city.office, &offered).await? == [4, 0, 5, 0, 0, 0, 0]);
    moves::end(server).await
}

/// Another person of the office of the city.
async fn colleague(app: &api::app::App, base: &str, city: &City) -> anyhow::Result<Person> {
    let mut people = enrol(app, base, &[(Role::Office, Seat::City)]).await?;
    Ok(Person { client: people.remove(0), ..city.office.clone() })
}

async fn killed(backend: Backend) -> Outcome {
    let _alone = ALONE.lock().await;
    let place = Place::new(backend).await?;
    let mut server = ChildServer::start(&place, FOLDER).await?;
    let app = settings(&place, place.folder.path().join(FOLDER)).open().await?;
    let mut city = City::found(&app, &server.address, 3).await?;
    let mut other = colleague(&app, &server.address, &city).await?;
    // Closed before the first kill: with another process on the file, SQLite would have nothing to recover.
    app.db().clone().close().await?;
    drop(app);
    let mut cards = Vec::with_capacity(LINES);
    for n in 0..LINES {
        cards.push(card(&city, &format!("办公桌{n}"), 2).await?);
    }
    let line = |n: usize, card: &String| json!({ "assetId": card, "receiverId": city.receivers[n % 3].gid, "quantity": 1 });
    let planned: Vec<Value> = cards.iter().enumerate().map(|(n, card)| line(n, card)).collect();
    let (mut all, mut none) = (0, 0);
    let mut took = Duration::from_millis(200);
    for kill in 0..=KILLS {
        let plan = draft(&city.office.client, planned.clone()).await?;
        next(&city.office.client, "publishAllocationPlan", &plan).await?;
        over(&place, &plan).await?;
        next(&city.office.client, "submitAllocationPlan", &plan).await?;
        moves::decide(&other, &text(&plan["id"])?, "APPROVE", json!({})).await?;
        let input = json!({ "idempotencyKey": key(), "planId": plan["id"] });
        let client = city.office.client.clone();
        let begun = std::time::Instant::now();
        let reserving = tokio::spawn({
            let input = input.clone();
            async move {
                client
                    .attempt("reserveAllocationPlan", "ReserveAllocationPlanInput", input, "plan { state }")
                    .await
            }
        });
        if kill == 0 {
            // How long it takes when nobody disturbs it: the kills are spread over that.
            let answer = reserving.await??;
            took = begun.elapsed();
            ensure!(answer["plan"]["state"] == "RESERVED", "{answer}");
        } else {
            tokio::time::sleep(took * u32::try_from(2 * kill - 1)? / u32::try_from(2 * KILLS)?).await;
            server.kill().await?;
            let acknowledged = reserving.await?.is_ok();
            server = ChildServer::start(&place, FOLDER).await?;
            city = city.at(&server.address);
            other.client = other.client.at(&server.address);
            let now = look(&city.office.client, &plan).await?;
            let carried = lines(&city.office.client, &plan).await?;
            let promised = carried.iter().filter(|line| line["carried"] == "RESERVED").count();
            let whole = now["state"] == "RESERVED";
            ensure!(
                promised == if whole { LINES } else { 0 },
                "{now}: {promised} of {LINES} lines are reserved"
            );
            ensure!(whole || (!acknowledged && now["state"] == "APPROVED"), "acknowledged, and {now}");
            let (right, said) = child::run(&place, FOLDER, &["verify"]).await?;
            ensure!(right, "verify after kill {kill}: {said}");
            if whole {
                all += 1
            } else {
                none += 1
            }
            // Under its key it is done now, or was.
            let answer = city
                .office
                .client
                .attempt("reserveAllocationPlan", "ReserveAllocationPlanInput", input, "plan { state }")
                .await?;
            ensure!(answer["plan"]["state"] == "RESERVED", "{answer}");
        }
        // The pieces are free again for the next plan.
        for line in lines(&city.office.client, &plan).await? {
            let input = json!({ "idempotencyKey": key(), "lineId": line["requestLineId"], "reason": "演练" });
            city.giver
                .head
                .client
                .mutate("failRequestLine", "FailRequestLineInput", input, "line { state }")
                .await?;
        }
    }
    eprintln!(
        "{backend}: {LINES} lines in {took:?}; {KILLS} kills: {all} times all were reserved, {none} times none"
    );
    server.kill().await
}

/// Lets the days for objections to a plan be over: the child goes by the real clock.
async fn over(place: &Place, plan: &Value) -> Outcome {
    use sea_orm::{ConnectionTrait, Database};
    let id = api::graphql::ids::decode(api::graphql::ids::Kind::Plan, &text(&plan["id"])?.into());
    let id = id.context("a plan's id")?;
    let url = settings(place, place.folder.path().join(FOLDER)).url()?;
    let conn = Database::connect(url).await?;
    let id = match conn.get_database_backend() {
        sea_orm::DbBackend::Postgres => format!("'{id}'"),
        _ => format!("x'{}'", id.simple()),
    };
    for table in [
        "plan_line set objections_until = '2020-01-01' where plan_id",
        "allocation_plan set objections_until = '2020-01-01' where id",
    ] {
        conn.execute_unprepared(&format!("update {table} = {id}")).await?;
    }
    conn.close().await?;
    Ok(())
}
