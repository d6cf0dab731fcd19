//! Real requests of a reuse programme, from posting to receipt: the ledger must come to what the file says, to the cent.
//!
//! The files lie outside of the project (`REUSE_DATA`, else `../shared/data` beside the workspace); a generated fixture
//! of the same shape runs always.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, ensure};
use api::app::App;
use api::graphql::ids::{Kind, decode};
use api::identity::Actor;
use api::write::{Command, Tx};
use entity::photos::photo;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};

use tests::city::{City, Person, Unit};
use tests::moves::{self, key, text};
use tests::{ALONE, Backend, Outcome, Registry};

const SHIPMENTS: &str = "reuse-shipments.csv";
const CANCELLATIONS: &str = "reuse-cancellations.csv";
/// Mutations in one document: fewer round trips, and ended well within a request's time, also on a busy machine.
const TOGETHER: usize = 8;
/// Documents on their way at once.
const AT_ONCE: usize = 4;

pub fn register(registry: &mut Registry) {
    registry.both("real input: a generated quarter of the same shape", |backend| async move {
        let (shipments, cancellations) = generated();
        let seen = run(backend, &read(shipments.as_bytes())?, &read(cancellations.as_bytes())?).await?;
        ensure!(seen.shipped == 40 && seen.competing == 29 && seen.refused == 4, "{seen:?}");
        let rest =
            [(Ending::Rejected, 2), (Ending::Withdrawn, 1), (Ending::Failed, 1), (Ending::Cancelled, 2)];
        ensure!(seen.rest == rest.into(), "{seen:?}");
        Ok(())
    });
    let folder = std::env::var_os("REUSE_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"), PathBuf::from);
    let missing = [SHIPMENTS, CANCELLATIONS].into_iter().find(|name| !folder.join(name).is_file());
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let name = "real input: every row of both files, from its posting to how it ended";
        match missing {
            // The runner lists it by name with the reason.
            Some(missing) => {
                let why = format!("{missing} is not in REUSE_DATA or ../shared/data");
                registry.add(&format!("{name} [{backend}]"), Some(why), || async { Ok(()) });
            }
            None => {
                let folder = folder.clone();
                registry.on(backend, name, move |backend| {
                    let folder = folder.clone();
                    async move {
                        let shipments = read(std::fs::File::open(folder.join(SHIPMENTS))?)?;
                        let cancellations = read(std::fs::File::open(folder.join(CANCELLATIONS))?)?;
                        let seen = run(backend, &shipments, &cancellations).await?;
                        ensure!(
                            seen.shipped == 597 && seen.competing == 528 && seen.refused == 5,
                            "{seen:?}"
                        );
                        let rest: usize = seen.rest.values().sum();
                        ensure!(seen.competing + seen.refused + rest == 1_012, "{seen:?}");
                        Ok(())
                    }
                });
            }
        }
    }
}

/// A row of either file.
#[derive(Clone, Debug)]
struct Row {
    /// Line in the file, the heading being line 1.
    row: usize,
    unit: String,
    item: (String, String),
    name: String,
    measure: String,
    quantity: i64,
    /// Value of a piece in cents.
    cents: i64,
    justification: String,
    /// Who cancelled the request, and why, as written.
    cancelled_by: String,
    reason: String,
}

/// How a request ends that nobody competed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ending {
    /// Somebody decided so, in words: the office rejects it with them.
    Rejected,
    /// It is no longer in the inventory: its giver takes the offer back.
    Withdrawn,
    /// A system refused the order when it was through: the giver cannot deliver.
    Failed,
    /// No reason is told, or that it was cancelled: the asker does.
    Cancelled,
}

impl Row {
    fn ending(&self) -> Ending {
        let by_people = matches!(self.cancelled_by.as_str(), "LESOHQ" | "STATE");
        let reason = self.reason.trim();
        if reason.is_empty() || reason == "Requisition Canceled." {
            Ending::Cancelled
        } else if by_people {
            Ending::Rejected
        } else if reason.contains("no longer in the inventory") {
            Ending::Withdrawn
        } else {
            Ending::Failed
        }
    }

    fn is_valid(&self) -> bool {
        self.quantity > 0 && self.cents > 0
    }
}

fn read(file: impl std::io::Read) -> anyhow::Result<Vec<Row>> {
    let mut reader = csv::Reader::from_reader(file);
    let mut rows = Vec::new();
    for (n, record) in reader.deserialize::<HashMap<String, String>>().enumerate() {
        let record = record?;
        let field = |name: &str| record.get(name).cloned().with_context(|| format!("no column {name}"));
        rows.push(Row {
            row: n + 2,
            unit: format!("{} {}", field("state")?, field("unit")?),
            item: (field("fsc")?, field("niin")?),
            name: field("item")?,
            measure: field("unit_of_issue")?,
            quantity: field("quantity")?.parse()?,
            cents: cents(&field("acquisition_value_usd")?)?,
            justification: field("justification")?,
            // Shipments were not cancelled.
            cancelled_by: field("cancelled_by").unwrap_or_default(),
            reason: field("reason_cancelled").unwrap_or_default(),
        });
    }
    Ok(rows)
}

/// Dollars as written into cents, without a float in between.
fn cents(text: &str) -> anyhow::Result<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    ensure!(part.len() <= 2, "{text} is finer than a cent");
    Ok(whole.parse::<i64>()? * 100 + format!("{part:0<2}").parse::<i64>()?)
}

/// A made-up quarter: several units ask for several items, some for more than there is, some rows without a value.
fn generated() -> (String, String) {
    let head = "state,unit,requisition,fsc,niin,item,unit_of_issue,quantity,acquisition_value_usd,justification,cancelled_by,reason_cancelled\n";
    let (mut shipments, mut cancellations) = (head.to_owned(), head.to_owned());
    let row = |n: usize, quantity: usize, value: &str| {
        format!(
            "S{},UNIT {},R{n},71{:02},ITEM{},\"CABINET, OFFICE {n}\",EA,{quantity},{value},needed for room {n},,\n",
            n % 3,
            n % 7,
            n % 4,
            n % 13
        )
    };
    for n in 0..40 {
        shipments += &row(n, n % 9 + 1, &format!("{}.{:02}", 10 + n * 37, n * 7 % 100));
    }
    for n in 0..29 {
        cancellations += &row(n + 3, n % 5 + 1, "250");
    }
    for (quantity, value) in [(0, "591.32"), (4, "0"), (9, "0.00"), (0, "14451.27")] {
        cancellations += &row(50, quantity, value);
    }
    for (n, (by, reason)) in [
        ("LESOHQ", "JUSTIFICATION: say what it is for"),
        ("STATE", "Not for parades"),
        ("SYSTEM", "Requested DTID is no longer in the inventory."),
        ("SYSTEM", "Sales Order #: 1 Reason for Rejection: Y9"),
        ("UNKNOWN", ""),
        ("SYSTEM", "Requisition Canceled."),
    ]
    .into_iter()
    .enumerate()
    {
        cancellations += &format!("S9,UNIT {n},R,99{n:02},OTHER,DESK,EA,2,100,needed,{by},{reason}\n");
    }
    (shipments, cancellations)
}

/// What a run did.
#[derive(Debug)]
struct Seen {
    shipped: usize,
    competing: usize,
    refused: usize,
    /// The others, by how they ended.
    rest: BTreeMap<Ending, usize>,
}

async fn run(backend: Backend, shipments: &[Row], cancellations: &[Row]) -> anyhow::Result<Seen> {
    let _alone = ALONE.lock().await;
    let begun = Instant::now();
    let shipped: Vec<&Row> = shipments.iter().filter(|row| row.is_valid()).collect();
    let mut offer_of: HashMap<&(String, String), usize> = HashMap::new();
    for (n, row) in shipped.iter().enumerate() {
        offer_of.entry(&row.item).or_insert(n);
    }
    let rivals: Vec<(&Row, usize)> = cancellations
        .iter()
        .filter(|row| row.is_valid())
        .filter_map(|row| Some((row, *offer_of.get(&row.item)?)))
        .collect();
    let rest: Vec<&Row> =
        cancellations.iter().filter(|row| row.is_valid() && !offer_of.contains_key(&row.item)).collect();
    let asking = shipped.iter().chain(rivals.iter().map(|(row, _)| row)).chain(&rest);
    let mut units: Vec<&str> = asking.map(|row| row.unit.as_str()).collect();
    units.sort_unstable();
    units.dedup();

    let (server, city) = moves::begin(backend, units.len()).await?;
    let people: HashMap<&str, &Unit> = units.into_iter().zip(&city.receivers).collect();
    let refused = refuse(&city, shipments.iter().chain(cancellations).filter(|row| !row.is_valid())).await?;

    let listings = post(&server.app, &city, &shipped).await?;
    let won =
        ask(&people, shipped.iter().zip(&listings).map(|(row, listing)| (*row, listing.as_str()))).await?;
    let lost = ask(&people, rivals.iter().map(|(row, n)| (*row, listings[*n].as_str()))).await?;
    let winners: Vec<String> = won
        .into_iter()
        .zip(&shipped)
        .map(|(answer, row)| match answer {
            Ok(line) => Ok(line),
            Err(refusal) => anyhow::bail!("row {} cannot ask for its own shipment: {refusal}", row.row),
        })
        .collect::<anyhow::Result<_>>()?;
    approve(city.receivers.iter().map(|unit| &unit.head)).await?;
    approve([&city.giver.head]).await?;
    approve([&city.office]).await?;
    hand_over(&city, &people, &shipped, &winners).await?;

    let expected: i64 = shipped.iter().map(|row| row.quantity * row.cents).sum();
    let ledger = moves::saved(&city, "ORIGINAL_VALUE").await?;
    ensure!(ledger == expected, "the ledger says {ledger} cents, the file {expected}");

    let ends = ends_of_lines(&city.office).await?;
    for id in &winners {
        ensure!(ends.get(id).is_some_and(|(end, _)| end.starts_with("RECEIVED")), "{id}: {:?}", ends.get(id));
    }
    let mut table: BTreeMap<String, usize> = BTreeMap::new();
    for answer in &lost {
        let end = match answer {
            Ok(id) => ends.get(id).context("a line is gone")?.0.clone(),
            Err(refusal) => format!("not accepted: {refusal}"),
        };
        *table.entry(end).or_default() += 1;
    }
    eprintln!(
        "{backend}: {} shipped for {ledger} cents in {:?}; how {} competitors ended: {table:#?}",
        winners.len(),
        begun.elapsed(),
        lost.len()
    );
    // All of it was promised to those who came first: later askers wait until it is delivered, or ask for more than
    // there ever was.
    let reasons = ["OUTRANKED ALREADY_DELIVERED", "not accepted: NOT_ENOUGH lines.0.quantity"];
    ensure!(table.keys().all(|end| reasons.contains(&end.as_str())), "{table:#?}");
    ensure!(table.contains_key(reasons[0]), "nobody waited in a queue: {table:#?}");
    let rest = end_as_written(&server.app, &city, &people, &rest).await?;
    ensure!(moves::saved(&city, "ORIGINAL_VALUE").await? == expected, "nothing of the rest was saved");
    eprintln!("{backend}: how the others ended: {rest:#?}");
    moves::end(server).await?;
    Ok(Seen { shipped: winners.len(), competing: lost.len(), refused, rest })
}

/// What nobody competed with: each row gets an offer of its own and ends as its written reason says.
async fn end_as_written(
    app: &App,
    city: &City,
    people: &HashMap<&str, &Unit>,
    rows: &[&Row],
) -> anyhow::Result<BTreeMap<Ending, usize>> {
    let listings = post(app, city, rows).await?;
    let asked =
        ask(people, rows.iter().zip(&listings).map(|(row, listing)| (*row, listing.as_str()))).await?;
    let mut lines = Vec::with_capacity(rows.len());
    for (line, row) in asked.into_iter().zip(rows) {
        lines.push(line.map_err(|refusal| anyhow::anyhow!("row {} cannot ask: {refusal}", row.row))?);
    }
    let with = |ending| {
        let all = rows.iter().zip(&listings).zip(&lines);
        all.filter(move |((row, _), _)| row.ending() == ending)
            .map(|((row, listing), line)| (*row, listing, line))
    };
    for (_, listing, _) in with(Ending::Withdrawn) {
        let query = "query($id: ID!) { listing(id: $id) { version } }";
        let found = city.giver.clerk.client.ask(query, json!({ "id": listing })).await?;
        let input = json!({ "idempotencyKey": key(), "id": listing, "version": found["listing"]["version"],
            "reason": "no longer in the inventory" });
        let clerk = &city.giver.clerk.client;
        clerk.mutate("withdrawListing", "WithdrawListingInput", input, "listing { state }").await?;
    }
    for (row, _, line) in with(Ending::Cancelled) {
        let input = json!({ "idempotencyKey": key(), "lineId": line });
        let clerk = &people[row.unit.as_str()].clerk.client;
        clerk.mutate("cancelRequestLine", "CancelRequestLineInput", input, "line { state }").await?;
    }
    approve(city.receivers.iter().map(|unit| &unit.head)).await?;
    approve([&city.giver.head]).await?;
    let reasons: HashMap<&str, &str> =
        with(Ending::Rejected).map(|(row, _, line)| (line.as_str(), row.reason.trim())).collect();
    reject(&city.office, &reasons).await?;
    approve([&city.office]).await?;
    for (row, _, line) in with(Ending::Failed) {
        let input = json!({ "idempotencyKey": key(), "lineId": line, "reason": row.reason.trim() });
        let head = &city.giver.head.client;
        head.mutate("failRequestLine", "FailRequestLineInput", input, "line { state }").await?;
    }
    let ends = ends_of_lines(&city.office).await?;
    let mut table: BTreeMap<Ending, usize> = BTreeMap::new();
    for (row, line) in rows.iter().zip(&lines) {
        let (end, comment) = ends.get(line).context("a line is gone")?;
        let reason = row.reason.trim();
        let fits = match row.ending() {
            Ending::Rejected => end == "REJECTED REFUSED" && comment == reason,
            Ending::Withdrawn => end == "GIVER_FAILED LISTING_WITHDRAWN",
            Ending::Failed => end == "GIVER_FAILED UNDELIVERABLE" && comment == reason,
            Ending::Cancelled => end == "CANCELLED CANCELLED_BY_ASKER",
        };
        ensure!(fits, "row {} ({reason}): {end}, {comment}", row.row);
        *table.entry(row.ending()).or_default() += 1;
    }
    Ok(table)
}

/// Rejects what waits for the person about these lines, each in its own words.
async fn reject(person: &Person, reasons: &HashMap<&str, &str>) -> Outcome {
    let query = "query($after: String) { tasks(first: 100, after: $after) {
        edges { node { subjectId step { id } } } pageInfo { hasNextPage endCursor } } }";
    let (mut decisions, mut after) = (Vec::new(), Value::Null);
    loop {
        let data = person.client.ask(query, json!({ "after": after })).await?;
        for edge in data["tasks"]["edges"].as_array().context("tasks")? {
            let node = &edge["node"];
            if let Some(reason) = node["subjectId"].as_str().and_then(|id| reasons.get(id)) {
                decisions
                    .push(json!({ "stepId": node["step"]["id"], "verdict": "REJECT", "comment": reason }));
            }
        }
        if data["tasks"]["pageInfo"]["hasNextPage"] != true {
            break;
        }
        after = data["tasks"]["pageInfo"]["endCursor"].clone();
    }
    ensure!(decisions.len() == reasons.len(), "{} of {} wait for the office", decisions.len(), reasons.len());
    for part in decisions.chunks(40) {
        let input = json!({ "idempotencyKey": key(), "decisions": part });
        person.client.mutate("decideSteps", "DecideStepsInput", input, "steps { id }").await?;
    }
    Ok(())
}

/// Rows that cannot be posted: each is refused at the field that is wrong in the file.
async fn refuse(city: &City, rows: impl Iterator<Item = &Row>) -> anyhow::Result<usize> {
    let rows: Vec<&Row> = rows.collect();
    let inputs = rows.iter().map(|row| card(city, row)).collect();
    let answers = batch(&city.giver.clerk, "draftAsset", "DraftAssetInput", inputs, "asset { id }").await?;
    for (row, answer) in rows.iter().zip(&answers) {
        ensure!(answer["asset"].is_null(), "row {} was taken: {answer}", row.row);
        let told = refusals(answer);
        let mut wrong = Vec::new();
        if row.quantity <= 0 {
            wrong.push("OUT_OF_RANGE quantity");
        }
        if row.cents * row.quantity.max(1) <= 0 {
            wrong.push("OUT_OF_RANGE value");
        }
        ensure!(told == wrong, "row {}: {told:?}, expected {wrong:?}", row.row);
        eprintln!("row {} is refused: {}", row.row, told.join(", "));
    }
    Ok(rows.len())
}

fn card(city: &City, row: &Row) -> Value {
    json!({
        "idempotencyKey": key(), "holderId": city.giver.gid, "categoryId": city.desks, "name": row.name,
        "model": format!("{}-{}", row.item.0, row.item.1), "condition": "FAIR", "place": "DLA",
        "quantity": row.quantity, "measure": row.measure, "valueBasis": "ORIGINAL", "acquiredOn": "2020-01-01",
        // A lot's card has the value of all its pieces; a lot of none still has the price that the file tells.
        "value": (row.quantity.max(1) * row.cents).to_string(),
    })
}

/// Posts every row until it is listed; gives the listings in the order of the rows.
async fn post(app: &App, city: &City, rows: &[&Row]) -> anyhow::Result<Vec<String>> {
    let clerk = &city.giver.clerk;
    let inputs = rows.iter().map(|row| card(city, row)).collect();
    let answers = batch(clerk, "draftAsset", "DraftAssetInput", inputs, "asset { id }").await?;
    let assets: Vec<String> =
        answers.iter().map(|answer| accepted(answer, "asset")).collect::<anyhow::Result<_>>()?;
    pictures(app, clerk, &assets).await?;
    let inputs = assets
        .iter()
        .map(|asset| json!({ "idempotencyKey": key(), "assetId": asset, "approvalNumber": "2023-Q1" }))
        .collect();
    let answers = batch(clerk, "draftListing", "DraftListingInput", inputs, "listing { id version }").await?;
    let listings: Vec<String> =
        answers.iter().map(|answer| accepted(answer, "listing")).collect::<anyhow::Result<_>>()?;
    let inputs = answers
        .iter()
        .map(|answer| {
            let listing = &answer["listing"];
            json!({ "idempotencyKey": key(), "id": listing["id"], "version": listing["version"] })
        })
        .collect();
    for answer in batch(clerk, "submitListing", "SubmitListingInput", inputs, "listing { id }").await? {
        accepted(&answer, "listing")?;
    }
    approve([&city.giver.head]).await?;
    approve([&city.office]).await?;
    Ok(listings)
}

/// One picture for all. Only the first goes through the API: what is tested here are goods and money, and 597 pictures
/// drawn smaller without optimisation would take longer than everything else.
async fn pictures(app: &App, clerk: &Person, assets: &[String]) -> Outcome {
    let (first, others) = assets.split_first().context("no assets")?;
    moves::photograph(clerk, first, moves::png(1)).await?;
    let made = photo::Entity::find().one(app.db().read()).await?.context("no photo")?;
    let others: Vec<_> =
        others.iter().filter_map(|asset| decode(Kind::Asset, &asset.as_str().into())).collect();
    app.write(&Actor::system(), Command::new("copyPhotos", None, &()), |tx: Tx| {
        let (made, others) = (made.clone(), others.clone());
        async move {
            for part in others.chunks(50) {
                let rows = part.iter().map(|asset_id| {
                    let row = photo::Model { id: tx.id(), asset_id: *asset_id, ..made.clone() };
                    row.into_active_model().reset_all()
                });
                photo::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
            }
            Ok(())
        }
    })
    .await?;
    Ok(())
}

/// Each row asks, in a request of its own; gives the line, or why there is none, in the order of the rows.
async fn ask<'a>(
    people: &HashMap<&str, &Unit>,
    rows: impl Iterator<Item = (&'a Row, &'a str)>,
) -> anyhow::Result<Vec<Result<String, String>>> {
    let mut by_unit: BTreeMap<&str, Vec<(usize, &Row, &str)>> = BTreeMap::new();
    let mut count = 0;
    for (n, (row, listing)) in rows.enumerate() {
        by_unit.entry(&row.unit).or_default().push((n, row, listing));
        count = n + 1;
    }
    let tasks = by_unit.into_iter().map(|(unit, rows)| async move {
        let unit = people.get(unit).context("an unknown unit")?;
        let inputs = rows
            .iter()
            .map(|(_, row, listing)| {
                json!({
                    "idempotencyKey": key(), "unitId": unit.gid, "justification": row.justification,
                    "lines": [{ "listingId": listing, "quantity": row.quantity }],
                })
            })
            .collect();
        let drafts =
            batch(&unit.clerk, "draftRequest", "DraftRequestInput", inputs, "request { id }").await?;
        let ids: Vec<String> =
            drafts.iter().map(|draft| accepted(draft, "request")).collect::<anyhow::Result<_>>()?;
        let inputs = ids.iter().map(|id| json!({ "idempotencyKey": key(), "requestId": id })).collect();
        let select = "request { lines { id } }";
        let answers = batch(&unit.clerk, "submitRequest", "SubmitRequestInput", inputs, select).await?;
        let outcome = |answer: &Value| match refusals(answer) {
            none if none.is_empty() => Ok(text(&answer["request"]["lines"][0]["id"]).unwrap_or_default()),
            some => Err(some.join(", ")),
        };
        anyhow::Ok(
            rows.iter().zip(&answers).map(|((n, ..), answer)| (*n, outcome(answer))).collect::<Vec<_>>(),
        )
    });
    let done: Vec<Vec<_>> = stream::iter(tasks).buffer_unordered(AT_ONCE).try_collect().await?;
    let mut outcomes = vec![Err(String::new()); count];
    for (n, outcome) in done.into_iter().flatten() {
        outcomes[n] = outcome;
    }
    Ok(outcomes)
}

/// Everybody approves all that waits for them.
async fn approve<'a>(people: impl IntoIterator<Item = &'a Person>) -> Outcome {
    let tasks = people.into_iter().map(|person| async move {
        loop {
            let query = "{ tasks(first: 40) { edges { node { step { id } } } } }";
            let data = person.client.ask(query, json!({})).await?;
            let edges = data["tasks"]["edges"].as_array().context("tasks")?;
            if edges.is_empty() {
                return anyhow::Ok(());
            }
            let decisions: Vec<Value> = edges
                .iter()
                .map(|edge| json!({ "stepId": edge["node"]["step"]["id"], "verdict": "APPROVE" }))
                .collect();
            let input = json!({ "idempotencyKey": key(), "decisions": decisions });
            person.client.mutate("decideSteps", "DecideStepsInput", input, "steps { id }").await?;
        }
    });
    stream::iter(tasks).buffer_unordered(AT_ONCE).try_collect().await
}

async fn hand_over(city: &City, people: &HashMap<&str, &Unit>, rows: &[&Row], lines: &[String]) -> Outcome {
    let inputs = lines.iter().map(|line| json!({ "idempotencyKey": key(), "lineId": line })).collect();
    let answers =
        batch(&city.giver.clerk, "releaseLine", "ReleaseLineInput", inputs, "transfer { id }").await?;
    let mut by_unit: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for (row, answer) in rows.iter().zip(&answers) {
        by_unit.entry(&row.unit).or_default().push(json!({
            "idempotencyKey": key(), "transferId": accepted(answer, "transfer")?, "received": row.quantity,
            "assetNumber": key(), "place": "station",
        }));
    }
    let tasks = by_unit.into_iter().map(|(unit, inputs)| async move {
        let clerk = &people.get(unit).context("an unknown unit")?.clerk;
        let answers =
            batch(clerk, "receiveTransfer", "ReceiveTransferInput", inputs, "transfer { id state }").await?;
        for answer in answers {
            accepted(&answer, "transfer")?;
            ensure!(answer["transfer"]["state"] == "RECEIVED", "{answer}");
        }
        anyhow::Ok(())
    });
    stream::iter(tasks).buffer_unordered(AT_ONCE).try_collect().await
}

/// State with reason, and comment of every line, page by page.
async fn ends_of_lines(office: &Person) -> anyhow::Result<HashMap<String, (String, String)>> {
    let query = "query($after: String) { requestLines(first: 100, after: $after) {
        edges { node { id state reason comment } } pageInfo { hasNextPage endCursor } } }";
    let mut ends = HashMap::new();
    let mut after = Value::Null;
    loop {
        let data = office.client.ask(query, json!({ "after": after })).await?;
        let page = &data["requestLines"];
        for edge in page["edges"].as_array().context("edges")? {
            let node = &edge["node"];
            let reason = node["reason"].as_str().unwrap_or_default();
            let end = format!("{} {reason}", text(&node["state"])?).trim().to_owned();
            let comment = node["comment"].as_str().unwrap_or_default().to_owned();
            ends.insert(text(&node["id"])?, (end, comment));
        }
        if page["pageInfo"]["hasNextPage"] != true {
            return Ok(ends);
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// Sends one mutation for each input, many in a document; gives the payloads in the order of the inputs.
async fn batch(
    person: &Person,
    field: &str,
    input_type: &str,
    inputs: Vec<Value>,
    select: &str,
) -> anyhow::Result<Vec<Value>> {
    let parts = inputs.chunks(TOGETHER).map(<[Value]>::to_vec).collect::<Vec<_>>();
    let documents = parts.into_iter().map(|part| async move {
        let (mut names, mut fields, mut variables) = (Vec::new(), String::new(), serde_json::Map::new());
        for (n, input) in part.into_iter().enumerate() {
            names.push(format!("$i{n}: {input_type}!"));
            fields += &format!("m{n}: {field}(input: $i{n}) {{ {select} errors {{ code field }} }} ");
            variables.insert(format!("i{n}"), input);
        }
        let document = format!("mutation({}) {{ {fields} }}", names.join(", "));
        let mut data = person.client.ask(&document, Value::Object(variables)).await?;
        anyhow::Ok((0..names.len()).map(|n| data[format!("m{n}")].take()).collect::<Vec<_>>())
    });
    let answers: Vec<Vec<Value>> = stream::iter(documents).buffered(AT_ONCE).try_collect().await?;
    Ok(answers.into_iter().flatten().collect())
}

/// The id of what a payload gives.
fn accepted(answer: &Value, what: &str) -> anyhow::Result<String> {
    text(&answer[what]["id"]).with_context(|| answer.to_string())
}

/// Code and field of each error of a payload.
fn refusals(answer: &Value) -> Vec<String> {
    let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors
        .iter()
        .map(|error| format!("{} {}", error["code"].as_str().unwrap_or_default(), moves::path(error)))
        .collect()
}
