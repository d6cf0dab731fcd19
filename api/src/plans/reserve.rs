//! Promises all lines of an approved plan at once, in one transaction: every line, or none and every reason. A card that no offer
//! stands for is offered to its receiver alone; pieces leave `available` by one conditional update over all listings; and each
//! receiver gets a request whose lines are reserved. The number of statements does not grow with the number of lines.

use std::collections::{BTreeSet, HashMap};

use entity::assets::asset;
use entity::plans::{allocation_plan, plan_line};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::caps;
use super::row::{self, Done};
use super::rules::{self, Command};
use super::survey::Survey;
use crate::app::App;
use crate::assets;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::listings::steps::{self as listings, Direct, Refused};
use crate::organisation;
use crate::requests::steps::{self as requests, Promised};
use crate::write::{self, Tx};

/// Which plan, as it was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Which.
    pub plan_id: Uuid,
    /// The version that was looked at; none reserves it as it is.
    pub version: Option<i64>,
}

/// Promises all lines of a plan.
///
/// # Errors
/// Everything that keeps any line from being promised, at `lines.<n>`, n being its place in the plan: then none is.
/// [`Code::WrongState`] where the plan is not approved, [`Code::Stale`].
pub async fn reserve(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("reserveAllocationPlan", key, input), |tx: Tx| async move {
        actor.allow(Operation::ReserveAllocationPlan, &Parties::default())?;
        let seen = row::lines(&tx, input.plan_id).await?;
        let offers: BTreeSet<Uuid> = seen.iter().filter_map(|line| line.listing_id).collect();
        listings::lock_all(&tx, &offers.into_iter().collect::<Vec<_>>()).await?;
        let plan =
            row::of_office(&tx, Operation::ReserveAllocationPlan, input.plan_id, input.version).await?;
        rules::apply(plan.state, Command::Reserve)?;
        let lines = row::lines(&tx, plan.id).await?;
        // They may have been changed before the plan was locked: then other stocks should be.
        if lines != seen {
            return Err(Code::Stale.into());
        }
        let ids: BTreeSet<Uuid> = lines.iter().map(|line| line.asset_id).collect();
        let cards = assets::steps::load_all_for_update(&tx, &ids.into_iter().collect::<Vec<_>>()).await?;
        let receivers: BTreeSet<Uuid> = lines.iter().map(|line| line.receiver_id).collect();
        for unit in receivers {
            organisation::steps::touch_guard(&tx, unit).await?;
        }
        let survey = Survey::of_lines(tx.conn(), &lines).await?;
        let mut faults = survey.faults(&tx.reference(), &lines)?;
        let warnings = caps::warnings(tx.conn(), &tx.reference(), tx.today(), &lines).await?;
        faults.extend(caps::missing(&lines, &warnings));
        let cards: HashMap<Uuid, &asset::Model> = cards.iter().map(|card| (card.id, card)).collect();
        let listing_of = offer(&tx, &plan, &lines, &cards, &mut faults).await?;
        promise(&tx, &lines, &listing_of, &mut faults).await?;
        // Nothing of what was written above stays where anything is wrong.
        Fault::all(faults)?;

        let justification = format!("{}（{}）：{}", plan.title, plan.document_number, plan.reason);
        let promised = lines.iter().zip(&listing_of).map(|(line, listing)| Promised {
            unit: line.receiver_id,
            listing: *listing,
            giver: line.giver_id,
            warehouse: line.listing_id.and_then(|id| survey.offers.get(&id)).and_then(|it| it.warehouse_id),
            quantity: line.quantity,
            over_cap_reason: line.over_cap_reason.clone(),
            plan_line: line.id,
        });
        requests::promise(&tx, plan.created_by, &justification, promised.collect()).await?;
        let more = json!({ "lines": lines.len() });
        row::carry_out(&tx, &plan, Command::Reserve, "plan.reserved", more, |plan| {
            plan.reserved_at = Some(tx.now());
        })
        .await?;
        Ok(Done { plan_id: plan.id })
    })
    .await
}

/// Offers the cards that no offer stands for; gives the listing of each line. Where an offer cannot be made, it is told.
async fn offer(
    tx: &Tx,
    plan: &allocation_plan::Model,
    lines: &[plan_line::Model],
    cards: &HashMap<Uuid, &asset::Model>,
    faults: &mut Vec<Rejection>,
) -> Result<Vec<Uuid>, Fault> {
    let mut direct = Vec::new();
    let mut places = Vec::new();
    let mut listing_of = Vec::with_capacity(lines.len());
    for (n, line) in lines.iter().enumerate() {
        if let Some(listing) = line.listing_id {
            listing_of.push(listing);
            continue;
        }
        let card =
            cards.get(&line.asset_id).ok_or_else(|| anyhow::anyhow!("line {} has no card", line.id))?;
        let id = tx.id();
        listing_of.push(id);
        places.push(n);
        direct.push(Direct {
            id,
            card,
            quantity: line.quantity,
            receiver: line.receiver_id,
            approval_number: &plan.document_number,
            note: &plan.title,
            plan_line: line.id,
        });
    }
    for (n, mut fault) in listings::direct(tx, &direct).await? {
        let place = lines[places[n]].position;
        // Its receiver is the line's.
        for name in fault.field.iter_mut().filter(|name| *name == "directedToId") {
            "receiverId".clone_into(name);
        }
        fault.field.splice(0..0, ["lines".to_owned(), place.to_string()]);
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
    Ok(listing_of)
}

/// Takes the pieces; where a listing has too few for all its lines, each of them is told.
async fn promise(
    tx: &Tx,
    lines: &[plan_line::Model],
    listing_of: &[Uuid],
    faults: &mut Vec<Rejection>,
) -> Result<(), Fault> {
    let mut wanted: HashMap<Uuid, i64> = HashMap::new();
    // An offer that could not be made is told of already.
    let made = |line: &plan_line::Model| line.listing_id.is_some() || faults.is_empty();
    for (line, listing) in lines.iter().zip(listing_of).filter(|(line, _)| made(line)) {
        let sum = wanted.entry(*listing).or_default();
        *sum = sum.saturating_add(line.quantity);
    }
    let mut wanted: Vec<(Uuid, i64)> = wanted.into_iter().collect();
    wanted.sort_unstable();
    let refused: HashMap<Uuid, Refused> = listings::promise(tx, &wanted).await?.into_iter().collect();
    for (line, listing) in lines.iter().zip(listing_of) {
        let Some(why) = refused.get(listing) else { continue };
        let field = |name: &str| format!("lines.{}.{name}", line.position);
        let about = if line.listing_id.is_some() { "listingId" } else { "assetId" };
        let asked = wanted.iter().find(|(id, _)| id == listing).map_or(line.quantity, |(_, n)| *n);
        let fault = match *why {
            Refused::Short { available } => Rejection::new(Code::NotEnough)
                .at(field("quantity"))
                .with("asked", asked)
                .with("available", available),
            Refused::Awaited => Rejection::new(Code::AwaitedByOthers).at(field(about)),
            Refused::Frozen => Rejection::new(Code::Frozen).at(field(about)),
            Refused::Closed => Rejection::new(Code::NotOpen).at(field(about)),
        };
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
    Ok(())
}
