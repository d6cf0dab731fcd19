//! Loans through the started service: the whole way of one, and many who want the same days at once.

use std::time::Instant;

use anyhow::{Context, ensure};
use api::graphql::ids::{Kind, decode};
use api::loans::days;
use chrono::{NaiveDate, TimeDelta};
use entity::loans::{LoanState, loan};
use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use tests::city::{City, Unit};
use tests::moves::{self, borrow, lend, loan_command, text, try_borrow};
use tests::{ALONE, Backend, Outcome, Registry, Server};

/// Borrowers of a race.
const BORROWERS: usize = 100;

pub fn register(registry: &mut Registry) {
    registry.both("loans: asked for, extended, overdue, brought back, kept", whole_way);
    registry.both("loans: 100 borrowers of the last piece on days that overlap", |it| last_piece(it, false));
    let two = Backend::Postgres;
    registry.on(two, "loans: 100 borrowers of the last piece, two servers", |it| last_piece(it, true));
    registry.both("loans: 100 borrowers of any days are promised no day twice", any_days);
}

/// A day, so many after the first of the tests' clock.
fn day(server: &Server, n: i64) -> String {
    (server.app.clock().today() + TimeDelta::days(n)).to_string()
}

async fn whole_way(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 2).await?;
    let app = &server.app;
    let (asker, rival) = (&city.receivers[0], &city.receivers[1]);
    let rate = json!({
        "idempotencyKey": moves::key(), "categoryId": city.desks, "perDay": "500", "source": "市场询价〔2026〕1号",
        "validFrom": "2026-01-01",
    });
    let select = "rentalRate { perDay revision }";
    let set = city.office.client.mutate("setRentalRate", "SetRentalRateInput", rate, select).await?;
    ensure!(set["rentalRate"] == json!({ "perDay": "500", "revision": 1 }), "{set}");

    let chairs = moves::list_for_loan(&city, "会议椅", 60).await?;
    let days_of = |from: i64, to: i64| (day(&server, from), day(&server, to));
    let (from, to) = days_of(0, 4);
    let loan = lend(&city, asker, &chairs, 40, (&from, &to)).await?;
    let first_day = app.clock().today();
    let (later, last) = days_of(6, 9);
    let other = borrow(rival, &chairs, 60, (&later, &last)).await?;
    let free = calendar(rival, &chairs, &from, &last).await?;
    ensure!(free == [20, 20, 20, 20, 20, 60, 0, 0, 0, 0], "{free:?}");
    // Extended up to the day before the others have them, and not beyond.
    let input =
        json!({ "idempotencyKey": moves::key(), "loanId": loan, "to": later, "justification": "会议延期" });
    let document =
        "mutation($input: ExtendLoanInput!) { extendLoan(input: $input) { errors { code field message } } }";
    let refused = asker.clerk.client.ask(document, json!({ "input": input })).await?;
    let error = &refused["extendLoan"]["errors"][0];
    ensure!(error["code"] == "LOAN_TAKEN" && text(&error["message"])?.contains(&later), "{refused}");
    let (longer, _) = days_of(5, 5);
    let more = json!({ "to": longer, "justification": "会议延期" });
    let asked = loan_command(&asker.clerk, "extendLoan", &loan, more).await?;
    ensure!(asked["askedTo"] == json!(longer), "{asked}");
    moves::decide(&city.giver.head, &loan, "APPROVE", json!({})).await?;
    // Nobody brings them back; the office sees it, and the others are told that they are not there.
    moves::sealed(app).await?;
    app.clock().set(app.clock().now() + TimeDelta::days(7));
    let city = city.another_day(app).await?;
    let (asker, rival) = (&city.receivers[0], &city.receivers[1]);
    ensure!(days::tell_overdue(app, 10).await?.changed <= 1, "it is told once");
    let query =
        "{ overdueLoans(first: 10) { edges { node { id overdueDays lent listing { asset { name } } } } } }";
    let overdue = city.office.client.ask(query, json!({})).await?;
    let node = &overdue["overdueLoans"]["edges"][0]["node"];
    ensure!(node["id"] == json!(loan) && node["overdueDays"] == 2 && node["lent"] == 40, "{overdue}");
    ensure!(node["listing"]["asset"]["name"] == "会议椅", "{overdue}");
    moves::approve_loan(&city, rival, &other).await?;
    let input = json!({ "idempotencyKey": moves::key(), "loanId": other });
    let document = "mutation($input: HandOverLoanInput!) { handOverLoan(input: $input) { errors { code } } }";
    let refused = city.giver.clerk.client.ask(document, json!({ "input": input })).await?;
    ensure!(refused["handOverLoan"]["errors"][0]["code"] == "NOT_BACK_YET", "{refused}");

    let note = json!({ "quantity": 39, "note": "缺一把" });
    loan_command(&asker.clerk, "returnLoan", &loan, note).await?;
    let found =
        json!({ "good": 37, "damaged": 1, "lost": 1, "note": "一把椅背断裂，一把未归还", "cost": "20000" });
    let found = loan_command(&city.giver.clerk, "inspectLoan", &loan, found).await?;
    ensure!(found["state"] == "ON_LOAN" && found["lent"] == 1, "{found}");
    ensure!(moves::stock(&city.office, &chairs).await? == [58, 0, 0, 0, 0, 1, 1]);
    // Sixty were promised, and there are not as many any more.
    let failed = loan_of(rival, &other).await?;
    ensure!(failed["state"] == "GIVER_FAILED" && failed["reason"] == "PIECES_GONE", "{failed}");

    // The last chair is kept: a request line like any other.
    let kept = json!({ "justification": "传达室长期需要" });
    let kept = loan_command(&asker.clerk, "convertLoan", &loan, kept).await?;
    ensure!(kept["converting"] == 1, "{kept}");
    let query = "query($id: ID!) { requestLines(filter: { listingId: $id }, first: 1) { edges { node { id state } } } }";
    let data = asker.clerk.client.ask(query, json!({ "id": chairs })).await?;
    let line = text(&data["requestLines"]["edges"][0]["node"]["id"])?;
    moves::approve_line(&city, asker, &line).await?;
    let transfer = moves::release(&city.giver.clerk, &line, None).await?;
    ensure!(moves::receive(&asker.clerk, &transfer, 1, 0, 0).await? == "RECEIVED");
    let ended = loan_of(asker, &loan).await?;
    ensure!(ended["state"] == "LOST", "{ended}");

    // Six days were agreed; lateness saves nothing.
    let query = "query($id: ID!) { savingEntries(filter: { loanId: $id }) { edges { node {
        id method amount quantity dayFrom dayTo mode transferId } } } }";
    let data = city.finance.client.ask(query, json!({ "id": loan })).await?;
    let entry = &data["savingEntries"]["edges"][0]["node"];
    let days = json!([first_day.to_string(), longer]);
    ensure!(json!([entry["dayFrom"], entry["dayTo"]]) == days && entry["amount"] == "120000", "{data}");
    ensure!(entry["mode"] == "LOAN" && entry["transferId"].is_null(), "{data}");
    ensure!(
        moves::saved(&city, "LOAN").await? == 120_000
            && moves::saved(&city, "ORIGINAL_VALUE").await? == 300_000
    );
    let query =
        "query($id: ID!) { explainSaving(id: $id) { agrees hashAgrees formula inputs { name value } } }";
    let explained = city.finance.client.ask(query, json!({ "id": entry["id"] })).await?;
    ensure!(explained["explainSaving"]["agrees"] == true && explained["explainSaving"]["hashAgrees"] == true);
    let query = "query($id: ID!) { node(id: $id) { id ... on Loan { number inspections { damaged lost note cost } approvals { subject } } } }";
    let node = city.office.client.ask(query, json!({ "id": loan })).await?;
    ensure!(node["node"]["inspections"][0]["cost"] == "20000", "{node}");
    ensure!(node["node"]["approvals"].as_array().is_some_and(|cases| cases.len() == 2), "{node}");
    moves::end(server).await
}

async fn loan_of(unit: &Unit, id: &str) -> anyhow::Result<Value> {
    let query = format!("query($id: ID!) {{ loan(id: $id) {{ {} }} }}", moves::LOAN);
    let mut data = unit.clerk.client.ask(&query, json!({ "id": id })).await?;
    Ok(data["loan"].take())
}

async fn calendar(unit: &Unit, listing: &str, from: &str, to: &str) -> anyhow::Result<Vec<i64>> {
    let query = "query($id: ID!, $from: NaiveDate!, $to: NaiveDate!) {
        loanCalendar(listingId: $id, from: $from, to: $to) { day free } }";
    let data = unit.clerk.client.ask(query, json!({ "id": listing, "from": from, "to": to })).await?;
    let days = data["loanCalendar"].as_array().context("a calendar")?;
    days.iter().map(|day| moves::number(&day["free"])).collect()
}

/// Whether it is the refusal of somebody who came too late.
fn is_taken(answer: &Value) -> bool {
    answer["loan"].is_null()
        && answer["errors"]
            .as_array()
            .is_some_and(|errors| errors.len() == 1 && errors[0]["code"] == "LOAN_TAKEN")
}

/// Everybody wants the one piece at the same moment, each on other days, all of which hold one day.
async fn last_piece(backend: Backend, two_servers: bool) -> Outcome {
    let _alone = ALONE.lock().await;
    let (server, city) = moves::begin(backend, BORROWERS).await?;
    let listing = moves::list_for_loan(&city, "投影仪", 1).await?;
    let second = if two_servers { Some(server.beside().await?) } else { None };
    let servers: Vec<&Server> = [Some(&server), second.as_ref()].into_iter().flatten().collect();
    let cities: Vec<City> = servers.iter().map(|server| city.at(&server.base())).collect();
    let ranges: Vec<(String, String)> = (0..BORROWERS)
        .map(|n| (day(&server, 60 - n as i64 % 60), day(&server, 60 + n as i64 % 40)))
        .collect();
    let begun = Instant::now();
    let wanted = ranges
        .iter()
        .enumerate()
        .map(|(n, (from, to))| try_borrow(&cities[n % cities.len()].receivers[n], &listing, 1, (from, to)));
    let answers = join_all(wanted).await;
    eprintln!(
        "{backend}, {} server(s): {BORROWERS} borrowers of one piece in {:?}",
        servers.len(),
        begun.elapsed()
    );
    let mut granted = 0;
    for answer in answers {
        let answer = answer?;
        if answer["loan"]["state"] == "REQUESTED" {
            granted += 1;
        } else {
            ensure!(is_taken(&answer), "{answer}");
        }
    }
    ensure!(granted == 1, "{granted} were promised the same day");
    if let Some(second) = second {
        moves::drained(&second.app).await?;
        second.stop().await?;
    }
    moves::end(server).await
}

/// Everybody wants some of five pieces on some days; who was refused could not have had them.
async fn any_days(backend: Backend) -> Outcome {
    const POOL: i64 = 5;
    let _alone = ALONE.lock().await;
    let (server, city) = moves::begin(backend, BORROWERS).await?;
    let listing = moves::list_for_loan(&city, "笔记本电脑", POOL).await?;
    let mut random = StdRng::seed_from_u64(7);
    let wanted: Vec<(i64, i64, i64)> = (0..BORROWERS)
        .map(|_| {
            let from = random.random_range(0..40);
            (random.random_range(1..=3), from, from + random.random_range(0..15))
        })
        .collect();
    let ranges: Vec<(String, String)> =
        wanted.iter().map(|(_, from, to)| (day(&server, *from), day(&server, *to))).collect();
    let asks =
        wanted.iter().zip(&ranges).enumerate().map(|(n, ((pieces, ..), (from, to)))| {
            try_borrow(&city.receivers[n], &listing, *pieces, (from, to))
        });
    let answers = join_all(asks).await;
    let id = decode(Kind::Listing, &listing.as_str().into()).context("an id")?;
    let rows = loan::Entity::find()
        .filter(loan::Column::ListingId.eq(id))
        .filter(loan::Column::State.eq(LoanState::Requested))
        .all(server.app.db().read())
        .await?;
    let taken = |day: NaiveDate| -> i64 {
        let holds = |row: &&loan::Model| row.day_from <= day && day <= row.day_to;
        rows.iter().filter(holds).map(|row| row.quantity).sum()
    };
    let today = server.app.clock().today();
    for n in 0..60 {
        let day = today + TimeDelta::days(n);
        ensure!(taken(day) <= POOL, "{} of {POOL} pieces are promised on {day}", taken(day));
    }
    let mut granted = 0;
    for (answer, (pieces, from, to)) in answers.into_iter().zip(&wanted) {
        let answer = answer?;
        if answer["loan"]["state"] == "REQUESTED" {
            granted += 1;
            continue;
        }
        ensure!(is_taken(&answer), "{answer}");
        // Nothing was given up meanwhile: what was short then is short now.
        let short = (*from..=*to).any(|n| POOL - taken(today + TimeDelta::days(n)) < *pieces);
        ensure!(short, "refused, though it could be had: {pieces} from {from} to {to}");
    }
    ensure!(granted == rows.len(), "{granted} were told so, {} stand", rows.len());
    let free = calendar(&city.receivers[0], &listing, &day(&server, 0), &day(&server, 59)).await?;
    let counted: Vec<i64> = (0..60).map(|n| POOL - taken(today + TimeDelta::days(n))).collect();
    ensure!(free == counted, "the calendar says {free:?}, the rows {counted:?}");
    eprintln!("{backend}: {granted} of {BORROWERS} borrowers of any days were served");
    moves::end(server).await
}
