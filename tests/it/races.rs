//! Races: a hundred askers at once, through one server and through two, and random commands in random order.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use api::app::App;
use api::approvals::rules::Verdict;
use api::decisions::decide::{Decide, OneDecision, decide_steps};
use api::decisions::freeze::{Freeze, Unfreeze, freeze, unfreeze};
use api::decisions::withdraw::{Withdraw, withdraw_listing};
use api::fault::Fault;
use api::graphql::ids::{Kind, decode};
use api::identity::Actor;
use api::requests::draft::{Draft, LineInput, draft};
use api::requests::{cancel, resubmit, submit};
use api::transfers::{receive, release, reverse};
use entity::approvals::{CaseState, StepState, approval_case, approval_step};
use entity::assets::{AssetState, asset};
use entity::listings::{FreezeCause, FreezeScope, asset_freeze, listing, listing_stock};
use entity::requests::{LineState, request_line};
use entity::savings::{SavingMethod, saving_entry};
use entity::transfers::{TransferState, transfer};
use futures_util::future::{join_all, try_join_all};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, TransactionTrait};
use serde_json::{Value, json};
use uuid::Uuid;

use tests::city::{City, Unit};
use tests::moves::{self, key, text};
use tests::{ALONE, Backend, Outcome, Registry, Server};

/// Askers of a race.
const ASKERS: usize = 100;
/// How long random commands go on.
const LONG: Duration = Duration::from_secs(12);

pub fn register(registry: &mut Registry) {
    registry.both("races: 100 askers of the last piece", |backend| race(backend, 1, false));
    registry.both("races: 100 buyers of a lot of 100", |backend| race(backend, 100, false));
    let two = Backend::Postgres;
    registry.on(two, "races: 100 askers of the last piece, two servers", |backend| race(backend, 1, true));
    registry.on(two, "races: 100 buyers of a lot of 100, two servers", |backend| race(backend, 100, true));
    registry.both("races: whatever is commanded at once, no queue stands still", together);
    registry.on(Backend::Postgres, "races: who asks while a freeze is lifted is not forgotten", thawed);
}

/// Everybody asks for one piece at the same moment.
async fn race(backend: Backend, pieces: i64, two_servers: bool) -> Outcome {
    let _alone = ALONE.lock().await;
    let (server, city) = moves::begin(backend, ASKERS).await?;
    let listing = moves::list(&city, "升降办公桌", pieces, pieces * 200_000).await?;
    let second = if two_servers { Some(server.beside().await?) } else { None };
    let servers: Vec<&Server> = [Some(&server), second.as_ref()].into_iter().flatten().collect();
    let cities: Vec<City> = servers.iter().map(|server| city.at(&server.base())).collect();
    for (server, city) in servers.iter().zip(&cities) {
        moves::drained(&server.app).await?;
        ensure!(is_available(city, &listing).await?, "the listing is not found before the race");
    }
    let askers: Vec<&Unit> = (0..ASKERS).map(|n| &cities[n % cities.len()].receivers[n]).collect();
    let drafts = try_join_all(askers.iter().map(|unit| draft_one(unit, &listing))).await?;

    let begun = Instant::now();
    let answers = join_all(askers.iter().zip(&drafts).map(|(unit, request)| submit_one(unit, request))).await;
    let raced = begun.elapsed();
    let answered = Instant::now();
    for city in &cities {
        while is_available(city, &listing).await? {
            ensure!(answered.elapsed() < Duration::from_secs(1), "the search still offers what is taken");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    eprintln!(
        "{backend}, {} server(s): {ASKERS} askers of {pieces} in {raced:?}; seen after {:?}",
        servers.len(),
        answered.elapsed()
    );

    let (mut holds, mut places) = (0, BTreeSet::new());
    for answer in answers {
        let line = answer?;
        match line["state"].as_str() {
            Some("SUBMITTED") => holds += 1,
            Some("QUEUED") => {
                let place = moves::number(&line["queuePlace"])?;
                ensure!(places.insert(place), "two wait at place {place}");
            }
            _ => anyhow::bail!("{line}"),
        }
    }
    ensure!(holds == pieces, "{holds} of {pieces} pieces are held");
    let waiting = ASKERS as i64 - pieces;
    ensure!(places == (1..=waiting).collect(), "places are {places:?}");
    ensure!(moves::stock(&city.office, &listing).await? == [0, pieces, 0, 0, 0, 0, 0]);
    if let Some(second) = second {
        moves::drained(&second.app).await?;
        second.stop().await?;
    }
    moves::end(server).await
}

async fn is_available(city: &City, listing: &str) -> anyhow::Result<bool> {
    let query = "{ search(text: \"升降办公桌\", filter: { availableOnly: true }) { edges { node { id } } } }";
    let data = city.office.client.ask(query, json!({})).await?;
    let edges = data["search"]["edges"].as_array().context("edges")?;
    Ok(edges.iter().any(|edge| edge["node"]["id"] == listing))
}

async fn draft_one(unit: &Unit, listing: &str) -> anyhow::Result<String> {
    let input = json!({
        "idempotencyKey": key(), "unitId": unit.gid, "justification": "窗口需要",
        "lines": [{ "listingId": listing, "quantity": 1 }],
    });
    let answer =
        unit.clerk.client.mutate("draftRequest", "DraftRequestInput", input, "request { id }").await?;
    text(&answer["request"]["id"])
}

async fn submit_one(unit: &Unit, request: &str) -> anyhow::Result<Value> {
    let input = json!({ "idempotencyKey": key(), "requestId": request });
    let select = "request { lines { state queuePlace } }";
    let mut answer = unit.clerk.client.mutate("submitRequest", "SubmitRequestInput", input, select).await?;
    Ok(answer["request"]["lines"][0].take())
}

/// The people of the city as actors of use cases.
struct Actors {
    clerks: Vec<(Uuid, Actor)>,
    heads: Vec<Actor>,
    giver: Actor,
    giver_head: Actor,
    office: Actor,
}

async fn actor(app: &App, account: Uuid) -> anyhow::Result<Actor> {
    app.actor_of(account).await?.context("an account without a person")
}

async fn actors(app: &App, city: &City) -> anyhow::Result<Actors> {
    let mut actors = Actors {
        clerks: Vec::new(),
        heads: Vec::new(),
        giver: actor(app, city.giver.clerk.account_id).await?,
        giver_head: actor(app, city.giver.head.account_id).await?,
        office: actor(app, city.office.account_id).await?,
    };
    for unit in &city.receivers {
        actors.clerks.push((unit.id, actor(app, unit.clerk.account_id).await?));
        actors.heads.push(actor(app, unit.head.account_id).await?);
    }
    Ok(actors)
}

/// Several people command at random and at once; whenever all are done, everything agrees and no queue stands still.
async fn together(backend: Backend) -> Outcome {
    let _alone = ALONE.lock().await;
    let (server, city) = moves::begin(backend, 4).await?;
    let app = &server.app;
    let actors = &actors(app, &city).await?;
    let begun = Instant::now();
    let (mut seed, mut worth) = (0, 0);
    while begun.elapsed() < LONG / 2 {
        worth += 70_000;
        let offer = moves::list(&city, "随机书架", 7, 70_000).await?;
        let offer = decode(Kind::Listing, &offer.as_str().into()).context("an id")?;
        let people = (0..6).map(|person| async move {
            let mut random = StdRng::seed_from_u64(seed * 6 + person);
            for _ in 0..12 {
                let (name, outcome) = one_command(app, actors, offer, &mut random).await?;
                match outcome {
                    Ok(()) | Err(Fault::Rejected(_)) => {}
                    Err(fault) => anyhow::bail!("seed {seed}, {name}: {fault:?}"),
                }
            }
            anyhow::Ok(())
        });
        try_join_all(people).await?;
        check(app, offer, worth).await.with_context(|| format!("seed {seed}"))?;
        seed += 1;
    }
    moves::verify(app).await?;
    eprintln!("{backend}: six people at once on {seed} listings");
    moves::end(server).await
}

/// A unit that saw a freeze and has not committed its place in the queue yet, while the freeze is lifted.
async fn thawed(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 2).await?;
    let app = &server.app;
    let actors = &actors(app, &city).await?;
    let offer = moves::list(&city, "随机书架", 2, 2_000).await?;
    moves::ask(&city.receivers[0], &offer, 1).await?;
    let offer = decode(Kind::Listing, &offer.as_str().into()).context("an id")?;
    let frozen = freeze(app, &actors.office, None, &dispute(offer)).await?;
    let (unit, clerk) = &actors.clerks[1];
    let lines = vec![LineInput { listing_id: offer, quantity: 1 }];
    let input =
        Draft { unit_id: *unit, justification: "阅览室需要".into(), needed_by: None, need: None, lines };
    let request_id = draft(app, clerk, None, &input).await?.request_id;
    // Who submits takes its number last: as long as somebody else has the series, the place is not committed.
    let series = app.db().read().begin().await?;
    series.execute_unprepared("select 1 from number_series for update").await?;
    let input = submit::Input { request_id, version: None, over_cap_reason: None };
    let input_lift = Unfreeze { id: frozen.id };
    let (submitted, lifted, ()) = tokio::join!(
        submit::submit(app, clerk, None, &input),
        async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            unfreeze(app, &actors.office, None, &input_lift).await
        },
        async {
            tokio::time::sleep(Duration::from_millis(600)).await;
            series.commit().await.expect("a commit");
        },
    );
    submitted?;
    lifted?;
    let line = request_line::Entity::find()
        .filter(request_line::Column::RequestId.eq(request_id))
        .one(app.db().read())
        .await?
        .context("a line")?;
    ensure!(line.state == LineState::Submitted, "{line:?}");
    moves::end(server).await
}

/// The quantities rule of this listing, and the ledger against the hand-overs that stand.
async fn check(app: &App, offer: Uuid, worth: i64) -> Outcome {
    let conn = app.db().read();
    let stock = listing_stock::Entity::find_by_id(offer).one(conn).await?.context("a stock")?;
    let parts = [
        stock.available,
        stock.held,
        stock.reserved,
        stock.in_transit,
        stock.delivered,
        stock.withdrawn,
        stock.lost,
    ];
    ensure!(parts.iter().all(|part| *part >= 0) && parts.iter().sum::<i64>() == stock.offered, "{stock:?}");
    let (faults, _) = api::requests::verify::verify(conn).await?;
    ensure!(faults.is_empty(), "{faults:?}");

    let cards = asset::Entity::find().filter(asset::Column::State.ne(AssetState::Merged)).all(conn).await?;
    let sum: i64 = cards.iter().filter_map(|card| card.value).map(|value| value.0).sum();
    ensure!(sum == worth, "cards are worth {sum}, {worth} was posted");
    let standing = transfer::Entity::find()
        .filter(transfer::Column::Received.gt(0))
        .filter(transfer::Column::State.ne(TransferState::Reversed))
        .all(conn)
        .await?;
    let mut receipts = 0;
    for transfer in &standing {
        let card = cards
            .iter()
            .find(|card| card.id == transfer.asset_id)
            .context("a card that was received is gone")?;
        ensure!(
            card.quantity == transfer.received && card.holder_id == transfer.receiver_id,
            "{card:?} {transfer:?}"
        );
        receipts += card.value.map_or(0, |value| value.0);
    }
    let entries = saving_entry::Entity::find()
        .filter(saving_entry::Column::Method.eq(SavingMethod::OriginalValue))
        .all(conn)
        .await?;
    let ledger: i64 = entries.iter().map(|entry| entry.amount.0).sum();
    ensure!(ledger == receipts, "the ledger says {ledger}, receipts that stand {receipts}");
    Ok(())
}

async fn one_command(
    app: &App,
    actors: &Actors,
    offer: Uuid,
    random: &mut StdRng,
) -> anyhow::Result<(&'static str, Result<(), Fault>)> {
    let conn = app.db().read();
    let lines =
        request_line::Entity::find().filter(request_line::Column::ListingId.eq(offer)).all(conn).await?;
    let transfers = transfer::Entity::find().filter(transfer::Column::ListingId.eq(offer)).all(conn).await?;
    Ok(match random.random_range(0..23) {
        0..4 => ("request", request(app, actors, offer, random).await),
        4..11 => ("decide", decide(app, actors, &lines, random).await?),
        11..13 => {
            let Some(line) = pick(&lines, random) else {
                return Ok(("request", request(app, actors, offer, random).await));
            };
            let clerk = &actors.clerks[random.random_range(0..actors.clerks.len())].1;
            let input = cancel::Input { line_id: line.id, comment: Some("不再需要".into()) };
            ("cancel", cancel::cancel(app, clerk, None, &input).await.map(drop))
        }
        13..16 => {
            let ready: Vec<_> = lines
                .iter()
                .filter(|line| matches!(line.state, LineState::Reserved | LineState::Releasing))
                .cloned()
                .collect();
            let Some(line) = pick(&ready, random).or_else(|| pick(&lines, random)) else {
                return Ok(("nothing", Ok(())));
            };
            let quantity = random.random_bool(0.6).then(|| random.random_range(1..=3));
            let input =
                release::Input { line_id: line.id, quantity, approval_number: None, note: String::new() };
            ("release", release::release(app, &actors.giver, None, &input).await.map(drop))
        }
        16..18 => {
            let Some(way) = pick(&transfers, random) else { return Ok(("nothing", Ok(()))) };
            let refused = random.random_range(0..=way.quantity);
            let lost =
                if random.random_bool(0.3) { random.random_range(0..=way.quantity - refused) } else { 0 };
            let (refused, lost) = if random.random_bool(0.5) { (0, 0) } else { (refused, lost) };
            let input = receive::Input {
                transfer_id: way.id,
                received: way.quantity - refused - lost,
                refused,
                lost,
                asset_number: Some(key()),
                place: Some("二楼".into()),
                evidence: Some("签收单".into()),
                deemed: false,
                paper_number: None,
            };
            let clerk =
                actors.clerks.iter().find(|(unit, _)| *unit == way.receiver_id).context("a receiver")?;
            ("receive", receive::receive(app, &clerk.1, None, &input).await.map(drop))
        }
        18 => {
            let Some(way) = pick(&transfers, random) else { return Ok(("nothing", Ok(()))) };
            let input = reverse::Input {
                transfer_id: way.id,
                reason: "有缺陷".into(),
                asset_number: Some(key()),
                place: "一楼".into(),
            };
            ("reverse", reverse::reverse(app, &actors.office, None, &input).await.map(drop))
        }
        19 => {
            let Some(line) = pick(&lines, random) else { return Ok(("nothing", Ok(()))) };
            let returned = lines.iter().find(|line| line.state == LineState::Returned).unwrap_or(&line);
            let asker =
                actors.clerks.iter().find(|(unit, _)| *unit == returned.unit_id).context("an asker")?;
            let input = resubmit::Input { line_id: returned.id, quantity: None, comment: None };
            ("resubmit", resubmit::resubmit(app, &asker.1, None, &input).await.map(drop))
        }
        20..22 => {
            let standing = asset_freeze::Entity::find()
                .filter(asset_freeze::Column::ScopeId.eq(offer))
                .filter(asset_freeze::Column::UntilAt.is_null())
                .one(conn)
                .await?;
            match standing {
                Some(standing) => {
                    let input = Unfreeze { id: standing.id };
                    ("unfreeze", unfreeze(app, &actors.office, None, &input).await.map(drop))
                }
                None => ("freeze", freeze(app, &actors.office, None, &dispute(offer)).await.map(drop)),
            }
        }
        _ => {
            let row = listing::Entity::find_by_id(offer).one(conn).await?.context("a listing")?;
            // Rarely all: the story would end early.
            let quantity = Some(random.random_range(1..=2));
            let input = Withdraw { id: offer, version: row.version, quantity, reason: Some("自用".into()) };
            ("withdraw", withdraw_listing(app, &actors.giver, None, &input).await.map(drop))
        }
    })
}

fn dispute(offer: Uuid) -> Freeze {
    Freeze {
        scope: FreezeScope::Listing, scope_id: offer, cause: FreezeCause::Dispute, note: "争议".into()
    }
}

fn pick<T: Clone>(rows: &[T], random: &mut StdRng) -> Option<T> {
    (!rows.is_empty()).then(|| rows[random.random_range(0..rows.len())].clone())
}

async fn request(app: &App, actors: &Actors, offer: Uuid, random: &mut StdRng) -> Result<(), Fault> {
    let (unit, clerk) = &actors.clerks[random.random_range(0..actors.clerks.len())];
    let lines = vec![LineInput { listing_id: offer, quantity: random.random_range(1..=4) }];
    let input =
        Draft { unit_id: *unit, justification: "阅览室需要".into(), needed_by: None, need: None, lines };
    let drafted = draft(app, clerk, None, &input).await?;
    let input = submit::Input { request_id: drafted.request_id, version: None, over_cap_reason: None };
    submit::submit(app, clerk, None, &input).await.map(drop)
}

/// Somebody decides a step that waits: mostly for it, sometimes for fewer pieces, sometimes against it.
async fn decide(
    app: &App,
    actors: &Actors,
    lines: &[request_line::Model],
    random: &mut StdRng,
) -> anyhow::Result<Result<(), Fault>> {
    let conn = app.db().read();
    let cases = approval_case::Entity::find()
        .filter(approval_case::Column::State.eq(CaseState::Open))
        .filter(approval_case::Column::SubjectId.is_in(lines.iter().map(|line| line.id)))
        .all(conn)
        .await?;
    let steps = approval_step::Entity::find()
        .filter(approval_step::Column::State.eq(StepState::Pending))
        .filter(approval_step::Column::CaseId.is_in(cases.iter().map(|case| case.id)))
        .all(conn)
        .await?;
    let Some(step) = pick(&steps, random) else { return Ok(Ok(())) };
    let receiver = actors.clerks.iter().position(|(unit, _)| step.unit_id == Some(*unit));
    let approver = match (receiver, step.unit_id) {
        (Some(n), _) => &actors.heads[n],
        (None, Some(_)) => &actors.giver_head,
        (None, None) => &actors.office,
    };
    let verdict = match random.random_range(0..12) {
        0 => Verdict::Reject,
        1 => Verdict::Return,
        _ => Verdict::Approve,
    };
    let quantity =
        (verdict == Verdict::Approve && random.random_bool(0.1)).then(|| random.random_range(0..=2));
    let comment = Some("意见".to_owned());
    let decisions = vec![OneDecision { step_id: step.id, verdict, comment, quantity }];
    Ok(decide_steps(app, approver, None, &Decide { decisions }).await.map(drop))
}
