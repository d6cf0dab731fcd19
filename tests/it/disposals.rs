//! Disposals through the started service: the ladder, a sale by the book, a donation that a unit objects to, and a race for
//! what is proposed and asked for at once.

use anyhow::{Context, ensure};
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use tests::city::{City, Person};
use tests::moves::{self, decide, key, text};
use tests::{Backend, Outcome, Registry, Server};

/// Units that ask while the last piece is set aside.
const ASKERS: usize = 20;

const FIELDS: &str = "id number state kind quantity reason name publicityUntil askedPrice leastPrice proceeds receiver \
    appraisal { by value validUntil } objector { id } approvals { subject state }";

pub fn register(registry: &mut Registry) {
    registry.both("disposals: the ladder, a sale by the book, an objection", whole_way);
    registry.both("disposals: what is set aside is promised to nobody, whoever is first", race);
}

/// A command about a disposal; gives the payload.
async fn command(person: &Person, field: &str, input: Value) -> anyhow::Result<Value> {
    let mut asked = json!({ "idempotencyKey": key() });
    asked.as_object_mut().context("an object")?.extend(input.as_object().context("an object")?.clone());
    let input_type = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
    let document = format!(
        "mutation($input: {input_type}!) {{ {field}(input: $input) {{ disposal {{ {FIELDS} }} errors {{ code field message }} }} }}"
    );
    let mut data = person.client.ask(&document, json!({ "input": asked })).await?;
    Ok(data[field].take())
}

/// As [`command`], for one that is carried out; gives the disposal.
async fn done(person: &Person, field: &str, input: Value) -> anyhow::Result<Value> {
    let mut answer = command(person, field, input).await?;
    ensure!(answer["errors"] == json!([]), "{field}: {answer}");
    Ok(answer["disposal"].take())
}

async fn refused(person: &Person, field: &str, input: Value, code: &str) -> anyhow::Result<Value> {
    let mut answer = command(person, field, input).await?;
    ensure!(answer["errors"][0]["code"] == code, "{field}, {code}: {answer}");
    Ok(answer["errors"][0]["message"].take())
}

/// Everybody comes back on another day.
async fn later(server: &Server, city: &City, days: i64) -> anyhow::Result<City> {
    moves::sealed(&server.app).await?;
    server.app.clock().set(server.app.clock().now() + TimeDelta::days(days));
    city.another_day(&server.app).await
}

async fn stale(person: &Person, rung: &str) -> anyhow::Result<Vec<Value>> {
    let query = "query($rung: DisposalRung) { staleListings(nextRung: $rung, first: 10) { edges { node {
        listingId days nextRung listing { id asset { name } } } } } }";
    let mut data = person.client.ask(query, json!({ "rung": rung })).await?;
    let edges = data["staleListings"]["edges"].as_array_mut().context("a list")?;
    Ok(edges.iter_mut().map(|edge| edge["node"].take()).collect())
}

/// Approved by the holder's head and the office.
async fn approve(city: &City, disposal: &str) -> Outcome {
    decide(&city.giver.head, disposal, "APPROVE", json!({})).await?;
    decide(&city.office, disposal, "APPROVE", json!({})).await
}

async fn whole_way(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 2).await?;
    let app = &server.app;
    let desks = moves::list(&city, "办公桌", 5, 1_000_001).await?;
    let city = later(&server, &city, 179).await?;
    let propose = |kind: &str, pieces: i64| json!({ "listingId": desks, "kind": kind, "quantity": pieces, "justification": "长期无单位承接" });
    let said = refused(&city.giver.clerk, "proposeDisposal", propose("SALE", 3), "REUSE_FIRST").await?;
    ensure!(text(&said)?.contains("180"), "{said}");
    let city = later(&server, &city, 1).await?;
    let found = stale(&city.office, "SALE").await?;
    ensure!(
        found.len() == 1 && found[0]["days"] == 180 && found[0]["listingId"] == json!(desks),
        "{found:?}"
    );
    ensure!(found[0]["nextRung"] == "SALE" && found[0]["listing"]["asset"]["name"] == "办公桌", "{found:?}");
    ensure!(stale(&city.office, "DONATION").await?.is_empty());

    // Three of five are sold.
    let sale = done(&city.giver.clerk, "proposeDisposal", propose("SALE", 3)).await?;
    let id = text(&sale["id"])?;
    let it = || json!({ "disposalId": id });
    ensure!(moves::stock(&city.office, &desks).await? == [2, 0, 0, 0, 0, 3, 0]);
    refused(&city.giver.clerk, "submitDisposal", it(), "APPRAISAL_NEEDED").await?;
    let today = app.clock().today();
    let appraisal = json!({
        "disposalId": id, "by": "武汉资产评估公司", "value": "100000", "on": today.to_string(),
        "validUntil": (today + TimeDelta::days(180)).to_string(), "report": "评报字〔2026〕1号",
    });
    let appraised = done(&city.giver.clerk, "appraiseDisposal", appraisal).await?;
    ensure!(appraised["state"] == "APPRAISED" && appraised["appraisal"]["value"] == "100000", "{appraised}");
    done(&city.giver.clerk, "submitDisposal", it()).await?;
    let query = "{ tasks(first: 10) { edges { node { subject disposal { id number } } } } }";
    let tasks = city.giver.head.client.ask(query, json!({})).await?;
    let task = &tasks["tasks"]["edges"][0]["node"];
    ensure!(task["subject"] == "DISPOSAL" && task["disposal"]["id"] == json!(id), "{tasks}");
    let other = &city.receivers[0];
    let query = format!(
        "query($id: ID!) {{ disposal(id: $id) {{ {FIELDS} }} disposals(first: 10) {{ edges {{ node {{ id }} }} }} }}"
    );
    let seen = other.clerk.client.ask(&query, json!({ "id": id })).await?;
    ensure!(seen == json!({ "disposal": null, "disposals": { "edges": [] } }), "not shown yet: {seen}");
    approve(&city, &id).await?;
    let seen = other.clerk.client.ask(&query, json!({ "id": id })).await?;
    ensure!(seen["disposal"]["state"] == "PUBLICITY" && seen["disposal"]["name"] == "办公桌", "{seen}");
    ensure!(seen["disposal"]["approvals"] == json!([]), "who decided is not shown to all: {seen}");
    ensure!(seen["disposals"]["edges"][0]["node"]["id"] == json!(id), "{seen}");
    let complete = |proceeds: &str| json!({ "disposalId": id, "receiver": "江城再生资源公司", "evidence": "成交确认书", "proceeds": proceeds });
    refused(&city.giver.clerk, "completeDisposal", complete("95000"), "PUBLICITY_RUNS").await?;

    let city = later(&server, &city, 12).await?;
    let said = refused(&city.giver.clerk, "completeDisposal", complete("89999"), "BELOW_APPRAISAL").await?;
    ensure!(text(&said)?.contains("900.00"), "{said}");
    let price = json!({ "disposalId": id, "price": "80000", "reason": "两次流拍" });
    done(&city.giver.clerk, "askDisposalPrice", price).await?;
    decide(&city.office, &id, "APPROVE", json!({})).await?;
    let saved = moves::saved(&city, "ORIGINAL_VALUE").await?;
    let sold = done(&city.giver.clerk, "completeDisposal", complete("85000")).await?;
    ensure!(
        sold["state"] == "DONE" && sold["leastPrice"] == "80000" && sold["proceeds"] == "85000",
        "{sold}"
    );
    ensure!(sold["approvals"].as_array().is_some_and(|cases| cases.len() == 2), "{sold}");
    ensure!(moves::saved(&city, "ORIGINAL_VALUE").await? == saved, "proceeds are no savings");
    let query = "query($by: [DisposalProceedsGroup!]!, $first: Int, $after: String) {
        disposalProceeds(groupBy: $by, first: $first, after: $after) {
        total edges { node { amount disposals kind month unit { id } } } pageInfo { hasNextPage } } }";
    let by = json!({ "by": ["UNIT", "KIND", "MONTH"] });
    let sums = city.finance.client.ask(query, by.clone()).await?;
    let row = &sums["disposalProceeds"]["edges"][0]["node"];
    ensure!(row["amount"] == "85000" && row["kind"] == "SALE" && row["disposals"] == 1, "{sums}");
    ensure!(
        row["unit"]["id"] == json!(city.giver.gid) && sums["disposalProceeds"]["total"] == "85000",
        "{sums}"
    );
    let theirs = city.receivers[0].head.client.ask(query, by).await?;
    ensure!(theirs["disposalProceeds"]["edges"] == json!([]) && theirs["disposalProceeds"]["total"] == "0");
    let query = "{ gone: assets(filter: { state: DISPOSED }) { edges { node { quantity value } } }
        here: assets(filter: { state: ACTIVE }) { edges { node { quantity value } } } }";
    let cards = city.giver.clerk.client.ask(query, json!({})).await?;
    ensure!(cards["gone"]["edges"][0]["node"]["quantity"] == 3, "{cards}");
    ensure!(cards["here"]["edges"][0]["node"]["quantity"] == 2, "{cards}");
    let values = ["gone", "here"].map(|part| text(&cards[part]["edges"][0]["node"]["value"]));
    let [gone, here] = values;
    ensure!(gone?.parse::<i64>()? + here?.parse::<i64>()? == 1_000_001, "{cards}");

    // The other two are to be given away, and a unit wants them: reuse goes first.
    let gift = done(&city.giver.clerk, "proposeDisposal", propose("DONATION", 2)).await?;
    let gift_id = text(&gift["id"])?;
    ensure!(moves::listing_state(&city.giver.clerk, &desks).await? == "DISPOSAL");
    done(&city.giver.clerk, "submitDisposal", json!({ "disposalId": gift_id })).await?;
    approve(&city, &gift_id).await?;
    let other = &city.receivers[1];
    let wanted = json!({ "disposalId": gift_id, "unitId": other.gid, "reason": "阅览室可用" });
    done(&other.clerk, "objectToDisposal", wanted).await?;
    let query = format!("query($id: ID!) {{ node(id: $id) {{ id ... on Disposal {{ {FIELDS} }} }} }}");
    let ended = city.office.client.ask(&query, json!({ "id": gift_id })).await?;
    let ended = &ended["node"];
    ensure!(ended["state"] == "CALLED_OFF" && ended["reason"] == "WANTED", "{ended}");
    ensure!(ended["objector"]["id"] == json!(other.gid), "{ended}");
    moves::deliver(&city, other, &desks, 2).await?;
    ensure!(moves::saved(&city, "ORIGINAL_VALUE").await? > saved, "reuse saves");
    ensure!(moves::stock(&city.office, &desks).await? == [0, 0, 0, 0, 2, 3, 0]);
    let filter = "query($f: DisposalFilter) { disposals(filter: $f, first: 100) { edges { node { id } } } }";
    for (filtered, expected) in [
        (json!({ "states": ["DONE"] }), vec![&id]),
        (json!({ "kinds": ["DONATION"] }), vec![&gift_id]),
        (json!({ "listingId": desks, "unitId": city.giver.gid }), vec![&gift_id, &id]),
        (json!({ "number": sold["number"] }), vec![&id]),
        (json!({ "states": ["SUBMITTED"] }), vec![]),
    ] {
        let data = city.auditor.client.ask(filter, json!({ "f": filtered })).await?;
        let edges = data["disposals"]["edges"].as_array().context("a list")?;
        let ids: Vec<&Value> = edges.iter().map(|edge| &edge["node"]["id"]).collect();
        ensure!(ids == expected, "{filtered}: {data}");
    }
    moves::end(server).await
}

/// Units ask for the last piece while its holder sets it aside: it is promised to one of them, or to be disposed of.
async fn race(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, ASKERS).await?;
    let mut outcomes = [0; 2];
    let mut listings = Vec::new();
    for n in 0..3 {
        listings.push(moves::list(&city, &format!("书柜 {n}"), 1, 100_000).await?);
    }
    let city = later(&server, &city, 100).await?;
    for (round, listing) in listings.iter().enumerate() {
        let asks = city.receivers.iter().map(|unit| moves::ask(unit, listing, 1));
        let propose = async {
            // At another time in each round.
            tokio::time::sleep(std::time::Duration::from_millis(40 * round as u64)).await;
            let input =
                json!({ "listingId": listing, "kind": "DONATION", "justification": "长期无单位承接" });
            command(&city.giver.clerk, "proposeDisposal", input).await
        };
        let (asked, proposed) = futures_util::future::join(join_all(asks), propose).await;
        let held = asked.iter().flatten().filter(|line| line["state"] == "SUBMITTED").count();
        let proposed = proposed?;
        let set_aside = usize::from(proposed["disposal"]["state"] == "PROPOSED");
        ensure!(held + set_aside == 1, "{held} hold it, {set_aside} set it aside: {proposed}");
        ensure!(set_aside == 1 || proposed["errors"][0]["code"] == "CLAIMED", "{proposed}");
        let expected = if set_aside == 1 { [0, 0, 0, 0, 0, 1, 0] } else { [0, 1, 0, 0, 0, 0, 0] };
        ensure!(moves::stock(&city.office, listing).await? == expected);
        outcomes[set_aside] += 1;
    }
    eprintln!("{backend}: {} times asked for, {} times set aside", outcomes[0], outcomes[1]);
    moves::end(server).await
}
