//! What people do in the city, move by move, through GraphQL over HTTP: posted, approved, asked for, handed over,
//! received; and what every test ends with.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use api::app::App;
use api::finding::documents;
use entity::audit::audit_seal;
use entity::events::event;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::city::{City, Person, Unit};
use crate::{Backend, Outcome, Server};

/// A fresh idempotency key.
pub fn key() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// A small picture, another one for each `seed`.
pub fn png(seed: u8) -> Vec<u8> {
    let picture = image::RgbImage::from_fn(64, 48, |x, y| image::Rgb([x as u8 * 3, y as u8 * 5, seed]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("a picture is encoded");
    bytes.into_inner()
}

/// A complete card of desks; gives its global id. `value` is that of all pieces, in fen.
pub async fn draft_card(
    city: &City,
    unit: &Unit,
    name: &str,
    pieces: i64,
    value: i64,
) -> anyhow::Result<String> {
    let input = json!({
        "idempotencyKey": key(), "holderId": unit.gid, "categoryId": city.desks, "name": name,
        "condition": "GOOD", "place": "三楼库房", "quantity": pieces, "measure": "张",
        "value": value.to_string(), "valueBasis": "ORIGINAL", "acquiredOn": "2023-03-15", "number": key(),
    });
    let answer = unit.clerk.client.mutate("draftAsset", "DraftAssetInput", input, "asset { id }").await?;
    text(&answer["asset"]["id"])
}

/// Uploads a picture of a card, as a browser does.
pub async fn photograph(person: &Person, asset: &str, bytes: Vec<u8>) -> Outcome {
    let input = json!({
        "asset": asset, "name": "正面.png", "contentType": "image/png", "bytes": bytes.len(),
        "sha256": hex::encode(Sha256::digest(&bytes)), "idempotencyKey": key(),
    });
    let client = &person.client;
    let started = client.mutate("startPhotoUpload", "StartPhotoUploadInput", input, "upload putUrl").await?;
    let put = client.request(reqwest::Method::PUT, &text(&started["putUrl"])?);
    let response = put.header("content-type", "image/png").body(bytes).send().await?;
    ensure!(response.status().is_success(), "{} {}", response.status(), response.text().await?);
    let input = json!({ "upload": started["upload"], "idempotencyKey": key() });
    client.mutate("finishPhotoUpload", "FinishPhotoUploadInput", input, "photo { id width }").await?;
    Ok(())
}

/// Drafts an offer of a card; gives its id and version.
pub async fn draft_listing(unit: &Unit, asset: &str, terms: Value) -> anyhow::Result<(String, i64)> {
    let mut input =
        json!({ "idempotencyKey": key(), "assetId": asset, "approvalNumber": "武教资〔2026〕1号" });
    merge(&mut input, terms);
    let answer = unit
        .clerk
        .client
        .mutate("draftListing", "DraftListingInput", input, "listing { id version }")
        .await?;
    Ok((text(&answer["listing"]["id"])?, number(&answer["listing"]["version"])?))
}

/// Submits an offer.
pub async fn submit_listing(unit: &Unit, listing: &str, version: i64) -> Outcome {
    let input = json!({ "idempotencyKey": key(), "id": listing, "version": version });
    unit.clerk.client.mutate("submitListing", "SubmitListingInput", input, "listing { state }").await?;
    Ok(())
}

/// A listing that is open for requests, by the whole way; `value` is that of all pieces, in fen.
pub async fn list(city: &City, name: &str, pieces: i64, value: i64) -> anyhow::Result<String> {
    list_on(city, name, (pieces, value), json!({})).await
}

/// A listing of which pieces can be borrowed.
pub async fn list_for_loan(city: &City, name: &str, pieces: i64) -> anyhow::Result<String> {
    list_on(city, name, (pieces, pieces * 300_000), json!({ "purpose": "LOAN" })).await
}

/// A listing whose claims are gathered for so many working days.
pub async fn list_for_claims(city: &City, name: &str, pieces: i64, days: i64) -> anyhow::Result<String> {
    let terms = json!({ "awardMode": "CLAIM_WINDOW", "claimWindowDays": days });
    list_on(city, name, (pieces, pieces * 300_000), terms).await
}

/// A listing that names its receiver.
pub async fn list_for(city: &City, name: &str, pieces: i64, receiver: &Unit) -> anyhow::Result<String> {
    list_on(city, name, (pieces, pieces * 300_000), json!({ "directedToId": receiver.gid })).await
}

async fn list_on(
    city: &City,
    name: &str,
    (pieces, value): (i64, i64),
    terms: Value,
) -> anyhow::Result<String> {
    let asset = draft_card(city, &city.giver, name, pieces, value).await?;
    photograph(&city.giver.clerk, &asset, png(7)).await?;
    let (listing, version) = draft_listing(&city.giver, &asset, terms).await?;
    submit_listing(&city.giver, &listing, version).await?;
    decide(&city.giver.head, &listing, "APPROVE", json!({})).await?;
    decide(&city.office, &listing, "APPROVE", json!({})).await?;
    ensure!(listing_state(&city.giver.clerk, &listing).await? == "LISTED");
    Ok(listing)
}

/// State of a listing.
pub async fn listing_state(person: &Person, listing: &str) -> anyhow::Result<String> {
    let data =
        person.client.ask("query($id: ID!) { listing(id: $id) { state } }", json!({ "id": listing })).await?;
    text(&data["listing"]["state"])
}

/// available, held, reserved, in transit, delivered, withdrawn, lost.
pub async fn stock(person: &Person, listing: &str) -> anyhow::Result<[i64; 7]> {
    let query = "query($id: ID!) { listing(id: $id) { stock {
        offered available held reserved inTransit delivered withdrawn lost } } }";
    let data = person.client.ask(query, json!({ "id": listing })).await?;
    let stock = &data["listing"]["stock"];
    let mut counts = [0; 7];
    let names = ["available", "held", "reserved", "inTransit", "delivered", "withdrawn", "lost"];
    for (count, name) in counts.iter_mut().zip(names) {
        *count = number(&stock[name])?;
    }
    ensure!(counts.iter().sum::<i64>() == number(&stock["offered"])?, "{stock}");
    Ok(counts)
}

/// The step of this subject that waits for this person.
pub async fn task(person: &Person, subject: &str) -> anyhow::Result<String> {
    let query = "{ tasks(first: 100) { edges { node { subjectId step { id } } } } }";
    let data = person.client.ask(query, json!({})).await?;
    let tasks = data["tasks"]["edges"].as_array().context("tasks")?;
    let found = tasks.iter().find(|edge| edge["node"]["subjectId"] == subject);
    text(&found.with_context(|| format!("no task about {subject} in {data}"))?["node"]["step"]["id"])
}

/// Decides the step of this subject that waits for this person; `more` may have a comment and a quantity.
pub async fn decide(person: &Person, subject: &str, verdict: &str, more: Value) -> Outcome {
    let mut decision = json!({ "stepId": task(person, subject).await?, "verdict": verdict });
    merge(&mut decision, more);
    let input = json!({ "idempotencyKey": key(), "decisions": [decision] });
    person.client.mutate("decideSteps", "DecideStepsInput", input, "steps { state }").await?;
    Ok(())
}

/// Fields of a line that tests look at.
pub const LINE: &str = "id version state reason queuePlace quantity released received refused lost";

/// Asks for pieces of a listing; gives the line.
pub async fn ask(unit: &Unit, listing: &str, pieces: i64) -> anyhow::Result<Value> {
    let client = &unit.clerk.client;
    let input = json!({
        "idempotencyKey": key(), "unitId": unit.gid, "justification": "阅览室需要办公桌",
        "lines": [{ "listingId": listing, "quantity": pieces }],
    });
    let drafted = client.mutate("draftRequest", "DraftRequestInput", input, "request { id version }").await?;
    let input = json!({
        "idempotencyKey": key(), "requestId": drafted["request"]["id"], "version": drafted["request"]["version"],
    });
    let select = format!("request {{ number lines {{ {LINE} }} }}");
    let mut answer = client.mutate("submitRequest", "SubmitRequestInput", input, &select).await?;
    ensure!(answer["request"]["number"].is_string(), "{answer}");
    Ok(answer["request"]["lines"][0].take())
}

/// A line as its asker sees it.
pub async fn line(person: &Person, listing: &str, id: &str) -> anyhow::Result<Value> {
    let query = format!(
        "query($listing: ID!) {{ requestLines(filter: {{ listingId: $listing }}, first: 100) {{ edges {{ node {{ {LINE} }} }} }} }}"
    );
    let mut data = person.client.ask(&query, json!({ "listing": listing })).await?;
    let edges = data["requestLines"]["edges"].as_array_mut().context("lines")?;
    let found = edges.iter_mut().find(|edge| edge["node"]["id"] == id).context("the line is not there")?;
    Ok(found["node"].take())
}

/// All approvals of a line of a virtual offer of the giver's.
pub async fn approve_line(city: &City, unit: &Unit, line: &str) -> Outcome {
    decide(&unit.head, line, "APPROVE", json!({})).await?;
    decide(&city.giver.head, line, "APPROVE", json!({})).await?;
    decide(&city.office, line, "APPROVE", json!({})).await
}

/// Hands over; gives the hand-over.
pub async fn release(person: &Person, line: &str, pieces: Option<i64>) -> anyhow::Result<String> {
    let input = json!({ "idempotencyKey": key(), "lineId": line, "quantity": pieces });
    let select = "transfer { id number state quantity approvalNumber }";
    let answer = person.client.mutate("releaseLine", "ReleaseLineInput", input, select).await?;
    ensure!(answer["transfer"]["state"] == "IN_TRANSIT", "{answer}");
    text(&answer["transfer"]["id"])
}

/// Confirms what came; gives the hand-over's state.
pub async fn receive(
    person: &Person,
    transfer: &str,
    received: i64,
    refused: i64,
    lost: i64,
) -> anyhow::Result<String> {
    let input = json!({
        "idempotencyKey": key(), "transferId": transfer, "received": received, "refused": refused, "lost": lost,
        "assetNumber": key(), "place": "二楼阅览室", "evidence": "一张桌面破损，签收单见附件",
    });
    let answer =
        person.client.mutate("receiveTransfer", "ReceiveTransferInput", input, "transfer { state }").await?;
    text(&answer["transfer"]["state"])
}

/// From asking to receipt of all that was asked; gives the hand-over.
pub async fn deliver(city: &City, unit: &Unit, listing: &str, pieces: i64) -> anyhow::Result<String> {
    let line = text(&ask(unit, listing, pieces).await?["id"])?;
    approve_line(city, unit, &line).await?;
    let transfer = release(&city.giver.clerk, &line, None).await?;
    ensure!(receive(&unit.clerk, &transfer, pieces, 0, 0).await? == "RECEIVED");
    Ok(transfer)
}

/// Fields of a loan that tests look at.
pub const LOAN: &str =
    "id number state reason quantity from to askedTo lent returned good damaged lost converting";

/// Asks for a loan; gives the payload.
pub async fn try_borrow(
    unit: &Unit,
    listing: &str,
    pieces: i64,
    (from, to): (&str, &str),
) -> anyhow::Result<Value> {
    let input = json!({
        "idempotencyKey": key(), "unitId": unit.gid, "listingId": listing, "quantity": pieces, "from": from, "to": to,
        "justification": "全市会议需要会议椅",
    });
    let document = format!(
        "mutation($input: RequestLoanInput!) {{ requestLoan(input: $input) {{ loan {{ {LOAN} }} errors {{ code field message }} }} }}"
    );
    let mut data = unit.clerk.client.ask(&document, json!({ "input": input })).await?;
    Ok(data["requestLoan"].take())
}

/// Asks for a loan that can be had; gives its id.
pub async fn borrow(unit: &Unit, listing: &str, pieces: i64, days: (&str, &str)) -> anyhow::Result<String> {
    let answer = try_borrow(unit, listing, pieces, days).await?;
    text(&answer["loan"]["id"]).with_context(|| answer.to_string())
}

/// All approvals of a loan of a virtual offer of the giver's.
pub async fn approve_loan(city: &City, unit: &Unit, loan: &str) -> Outcome {
    decide(&unit.head, loan, "APPROVE", json!({})).await?;
    decide(&city.giver.head, loan, "APPROVE", json!({})).await
}

/// One command about a loan; gives the loan as it is then.
pub async fn loan_command(person: &Person, field: &str, loan: &str, more: Value) -> anyhow::Result<Value> {
    let mut input = json!({ "idempotencyKey": key(), "loanId": loan });
    merge(&mut input, more);
    let input_type = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
    let mut answer = person.client.mutate(field, &input_type, input, &format!("loan {{ {LOAN} }}")).await?;
    Ok(answer["loan"].take())
}

/// A loan with its borrower, from today on.
pub async fn lend(
    city: &City,
    unit: &Unit,
    listing: &str,
    pieces: i64,
    days: (&str, &str),
) -> anyhow::Result<String> {
    let loan = borrow(unit, listing, pieces, days).await?;
    approve_loan(city, unit, &loan).await?;
    loan_command(&city.giver.clerk, "handOverLoan", &loan, json!({ "condition": "完好" })).await?;
    let lent = loan_command(&unit.clerk, "receiveLoan", &loan, json!({})).await?;
    ensure!(lent["state"] == "ON_LOAN", "{lent}");
    Ok(loan)
}

/// Sum of the ledger by one method, in fen: entries less contra entries.
pub async fn saved(city: &City, method: &str) -> anyhow::Result<i64> {
    let query = "query($method: SavingMethod!) { savings(filter: { methods: [$method] }) { totals { method amount } } }";
    let data = city.finance.client.ask(query, json!({ "method": method })).await?;
    let totals = data["savings"]["totals"].as_array().context("totals")?;
    match totals.first() {
        Some(row) => Ok(text(&row["amount"])?.parse()?),
        None => Ok(0),
    }
}

/// Everything that `verify` looks at holds.
pub async fn verify(app: &App) -> Outcome {
    // As the job does every minute of a clock that goes on.
    while api::audit::seal::seal(app).await? > 0 {}
    for part in api::verify::verify(app, &[], |_| {}).await? {
        ensure!(part.faults.is_empty(), "verify {}: {:#?}", part.name, part.faults);
    }
    Ok(())
}

/// The index of this process has read the whole log, and says of every listing what the database says.
pub async fn drained(app: &App) -> Outcome {
    // All of the log, also what followers may not read yet: a transaction of any other database on the same PostgreSQL
    // can hold them back for a moment.
    let end = api::events::end(app.db().read()).await?.map_or(0, |(seq, _)| seq);
    let index = app.search().map_err(anyhow::Error::from)?;
    let begun = Instant::now();
    loop {
        let cursor = index.cursor().await?.seq;
        let differs = differs(app).await?;
        if cursor == end && differs.is_empty() {
            return Ok(());
        }
        ensure!(
            begun.elapsed() < Duration::from_secs(20),
            "the index is at {cursor}, the log at {end}; other than in the database: {differs:?}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What happened has arrived at every endpoint that is switched on; none of it waits and none is given up.
pub async fn delivered(app: &App) -> Outcome {
    use api::deliveries::{read, store};
    let begun = Instant::now();
    loop {
        let conn = app.db().read();
        let mut left = Vec::new();
        for endpoint in store::active_endpoints(conn).await? {
            let unread = api::events::outlines_after(conn, endpoint.log_seq, 1).await?;
            let lag = read::webhook(conn, endpoint.id).await?.map(|found| found.lag).unwrap_or_default();
            if !unread.is_empty() || lag.waiting > 0 || lag.dead > 0 {
                left.push((unread, lag));
            }
        }
        if left.is_empty() {
            return Ok(());
        }
        ensure!(begun.elapsed() < Duration::from_secs(20), "not delivered: {left:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Listings of which the index does not say what the database does.
async fn differs(app: &App) -> anyhow::Result<Vec<Uuid>> {
    let rows = documents::after(app.db().read(), &app.reference(), None, 100_000).await?;
    let indexed = app.search().map_err(anyhow::Error::from)?.versions(None, 100_000).await?;
    let mut known: HashMap<Uuid, _> = indexed.into_iter().map(|one| (one.id, one)).collect();
    let wrong = rows.iter().filter(|row| !known.remove(&row.id).is_some_and(|one| row.is(&one)));
    let mut ids: Vec<Uuid> = wrong.map(|row| row.id).collect();
    ids.extend(known.into_keys());
    Ok(ids)
}

/// Everything is sealed: what is to be done before days go by at once, because what is old and has no seal is told as a fault. On
/// PostgreSQL a transaction of any other database on the server can hold that up for a moment.
pub async fn sealed(app: &App) -> Outcome {
    let audited = event::Entity::find().filter(event::Column::Kind.ne(api::events::TOUCHED));
    let end = audited.order_by_desc(event::Column::Seq).one(app.db().read()).await?;
    let end = end.map_or(0, |event| event.seq);
    let begun = Instant::now();
    loop {
        while api::audit::seal::seal(app).await? > 0 {}
        let last = audit_seal::Entity::find().order_by_desc(audit_seal::Column::Seq);
        if last.one(app.db().read()).await?.is_some_and(|seal| seal.event_seq >= end) {
            return Ok(());
        }
        ensure!(begun.elapsed() < Duration::from_secs(30), "the log is not sealed up to event {end}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A server with its city.
pub async fn begin(backend: Backend, receivers: usize) -> anyhow::Result<(Server, City)> {
    let server = Server::start(backend).await?;
    let city = City::found(&server.app, &server.base(), receivers).await?;
    Ok((server, city))
}

/// What every test ends with: the books are right, the index is up to date, every delivery is drained, and the server stops.
pub async fn end(server: Server) -> Outcome {
    verify(&server.app).await?;
    drained(&server.app).await?;
    delivered(&server.app).await?;
    server.stop().await
}

/// A string in an answer.
pub fn text(value: &Value) -> anyhow::Result<String> {
    Ok(value.as_str().with_context(|| format!("{value} is no text"))?.to_owned())
}

/// Which field an error is about, in dots.
pub fn path(error: &Value) -> String {
    match &error["field"] {
        Value::Array(parts) => parts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("."),
        other => other.as_str().unwrap_or_default().to_owned(),
    }
}

/// A whole number in an answer.
pub fn number(value: &Value) -> anyhow::Result<i64> {
    value.as_i64().with_context(|| format!("{value} is no whole number"))
}

fn merge(target: &mut Value, more: Value) {
    if let (Some(target), Value::Object(more)) = (target.as_object_mut(), more) {
        target.extend(more);
    }
}
