//! `kill -9` under load: what was acknowledged is there, what was not can be sent again under its key, and nothing is
//! half done.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use futures_util::future::join_all;
use serde_json::{Value, json};

use tests::child::{self, ChildServer};
use tests::city::{City, Unit};
use tests::database::Place;
use tests::moves::{self, key, text};
use tests::server::settings;
use tests::{ALONE, Backend, Client, Outcome, Registry};

/// How often the server is killed.
const KILLS: u64 = 5;
/// Units that ask at once.
const ASKERS: usize = 6;
/// Data folder of the server.
const FOLDER: &str = "data";

pub fn register(registry: &mut Registry) {
    registry.both("crash: kill -9 under load, five times", crash);
}

/// A mutation that was sent, and the id that was acknowledged.
struct Sent {
    client: Client,
    field: &'static str,
    input_type: &'static str,
    input: Value,
    select: &'static str,
    what: &'static str,
    acknowledged: Option<String>,
}

impl Sent {
    async fn send(&self) -> anyhow::Result<String> {
        let answer = self.client.mutate(self.field, self.input_type, self.input.clone(), self.select).await?;
        text(&answer[self.what]["id"])
    }
}

async fn crash(backend: Backend) -> Outcome {
    let _alone = ALONE.lock().await;
    let place = Place::new(backend).await?;
    let mut server = ChildServer::start(&place, FOLDER).await?;
    let app = settings(&place, place.folder.path().join(FOLDER)).open().await?;
    let mut city = City::found(&app, &server.address, ASKERS).await?;
    // Closed before the first kill: with another process on the file, SQLite would have nothing to recover.
    drop(app);
    let listing = moves::list(&city, "电脑桌", 1_000_000, 100_000_000).await?;
    let (mut requests, mut cards) = (0, 0);
    for kill in 0..KILLS {
        let done = AtomicUsize::new(0);
        let load = join_all(city.receivers.iter().map(|unit| askers(unit, &listing, &done)));
        let posts = clerks(&city, &done);
        let killed = async {
            // In the middle of work, and each time at another moment of it.
            while done.load(Ordering::Relaxed) < 20 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            tokio::time::sleep(Duration::from_millis(37 * kill)).await;
            server.kill().await
        };
        let (asked, posted, killed) = tokio::join!(load, posts, killed);
        killed?;
        let mut sent: Vec<Sent> = asked.into_iter().flatten().chain(posted).collect();
        let acknowledged = sent.iter().filter(|sent| sent.acknowledged.is_some()).count();
        server = ChildServer::start(&place, FOLDER).await?;
        city = city.at(&server.address);
        for sent in &mut sent {
            sent.client = sent.client.at(&server.address);
            // Under its key the answer of the first time comes back; what was cut off is done now.
            let id = sent.send().await.with_context(|| format!("{} after kill {kill}", sent.field))?;
            if let Some(known) = &sent.acknowledged {
                ensure!(*known == id, "{}: {known} was acknowledged, now it is {id}", sent.field);
            }
        }
        requests += sent.iter().filter(|sent| sent.field == "draftRequest").count();
        cards += sent.iter().filter(|sent| sent.field == "draftAsset").count();
        let (seen, numbers) = all_requests(&city).await?;
        for sent in sent.iter().filter(|sent| sent.field == "submitRequest") {
            let id = text(&sent.input["requestId"])?;
            ensure!(seen.get(&id).is_some_and(|state| state == "SUBMITTED"), "{id}: {:?}", seen.get(&id));
        }
        ensure!(seen.len() == requests, "{requests} requests were written, {} are there", seen.len());
        ensure!(numbers, "two requests have one number");
        // One card is the listing's own.
        let there = all_cards(&city).await?;
        ensure!(there == cards + 1, "{cards} cards were entered, {there} are there");
        let (right, said) = child::run(&place, FOLDER, &["verify"]).await?;
        ensure!(right, "verify after kill {kill}: {said}");
        eprintln!(
            "{backend}: kill {kill}: {acknowledged} of {} were acknowledged; all are there",
            sent.len()
        );
    }
    let stock = moves::stock(&city.office, &listing).await?;
    ensure!(stock[0] + stock[1] == 1_000_000 && stock[1] > 0, "{stock:?}");
    // The index of the killed process finds its way back to the log.
    let found = "{ search(text: \"电脑桌\", first: 1) { totalCount } }";
    ensure!(city.office.client.ask(found, json!({})).await?["search"]["totalCount"] == 1);
    server.kill().await
}

/// Asks again and again until the server is gone.
async fn askers(unit: &Unit, listing: &str, done: &AtomicUsize) -> Vec<Sent> {
    let mut sent = Vec::new();
    loop {
        let input = json!({
            "idempotencyKey": key(), "unitId": unit.gid, "justification": "机房需要",
            "lines": [{ "listingId": listing, "quantity": 1 }],
        });
        let draft = Sent {
            client: unit.clerk.client.clone(),
            field: "draftRequest",
            input_type: "DraftRequestInput",
            input,
            select: "request { id }",
            what: "request",
            acknowledged: None,
        };
        let Some(request) = note(&mut sent, draft, done).await else { return sent };
        let submit = Sent {
            client: unit.clerk.client.clone(),
            field: "submitRequest",
            input_type: "SubmitRequestInput",
            input: json!({ "idempotencyKey": key(), "requestId": request }),
            select: "request { id }",
            what: "request",
            acknowledged: None,
        };
        if note(&mut sent, submit, done).await.is_none() {
            return sent;
        }
    }
}

/// The giver enters cards until the server is gone.
async fn clerks(city: &City, done: &AtomicUsize) -> Vec<Sent> {
    let mut sent = Vec::new();
    loop {
        let draft = Sent {
            client: city.giver.clerk.client.clone(),
            field: "draftAsset",
            input_type: "DraftAssetInput",
            input: json!({ "idempotencyKey": key(), "holderId": city.giver.gid, "name": "旧椅", "number": key() }),
            select: "asset { id }",
            what: "asset",
            acknowledged: None,
        };
        if note(&mut sent, draft, done).await.is_none() {
            return sent;
        }
    }
}

/// Sends, and keeps what came of it; none where the server is gone.
async fn note(sent: &mut Vec<Sent>, mut mutation: Sent, done: &AtomicUsize) -> Option<String> {
    mutation.acknowledged = mutation.send().await.ok();
    let id = mutation.acknowledged.clone();
    done.fetch_add(usize::from(id.is_some()), Ordering::Relaxed);
    sent.push(mutation);
    id
}

/// State of the first line of every request, and whether every number is there once.
async fn all_requests(city: &City) -> anyhow::Result<(HashMap<String, String>, bool)> {
    let query = "query($after: String) { requests(first: 100, after: $after) {
        edges { node { id number lines { state } } } pageInfo { hasNextPage endCursor } } }";
    let (mut states, mut numbers, mut count) = (HashMap::new(), std::collections::HashSet::new(), 0);
    let mut after = Value::Null;
    loop {
        let data = city.office.client.ask(query, json!({ "after": after })).await?;
        let page = &data["requests"];
        for edge in page["edges"].as_array().context("edges")? {
            let node = &edge["node"];
            states.insert(text(&node["id"])?, text(&node["lines"][0]["state"])?);
            if let Some(number) = node["number"].as_str() {
                numbers.insert(number.to_owned());
                count += 1;
            }
        }
        if page["pageInfo"]["hasNextPage"] != true {
            return Ok((states, numbers.len() == count));
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

async fn all_cards(city: &City) -> anyhow::Result<usize> {
    let query = "query($after: String) { assets(first: 100, after: $after) {
        edges { node { id } } pageInfo { hasNextPage endCursor } } }";
    let (mut count, mut after) = (0, Value::Null);
    loop {
        let data = city.giver.clerk.client.ask(query, json!({ "after": after })).await?;
        let page = &data["assets"];
        count += page["edges"].as_array().context("edges")?.len();
        if page["pageInfo"]["hasNextPage"] != true {
            return Ok(count);
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}
