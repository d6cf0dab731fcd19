//! Asks for a kit in one request, each line of which holds its pieces at once.

use chrono::NaiveDate;
use entity::events::Subject;
use entity::kits::{kit_order, kit_order_item};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::propose::{self, Item, Proposal, Wanted};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::requests;
use crate::requests::draft::{Draft, LineInput};
use crate::write::{Command, Tx};

/// How often it is tried anew where others took pieces between the split and the hold.
const TRIES: usize = 5;

/// What is ordered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    /// What is to be furnished.
    pub wanted: Wanted,
    /// Whether it is taken with what is missing: else nothing is asked for where a required item is short.
    pub with_shortfall: bool,
    /// Why.
    pub justification: String,
    /// When it is needed at the latest, a civil day.
    pub needed_by: Option<NaiveDate>,
    /// Why more is asked for than the unit's cap lets.
    pub over_cap_reason: Option<String>,
}

/// The request that was made.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Done {
    /// Its identity.
    pub request_id: Uuid,
}

/// Asks for a kit, split as [`propose`](super::propose::propose) would: every piece is held, or nothing is asked for.
///
/// # Errors
/// As those of a proposal and of a submission; [`Code::NotEnough`] at `items.n` for what is missing of a required item.
pub async fn order(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    actor.allow(Operation::RequestKit, &Parties::receiver(input.wanted.unit_id))?;
    let command = Command::new("requestKit", key, input);
    if let Some(done) = app.answered(actor, &command).await? {
        return Ok(done);
    }
    let mut tries = 0;
    loop {
        tries += 1;
        // Before the transaction: nobody waits while a split is looked for.
        let proposal = &propose::split(app, actor, &input.wanted).await?;
        Fault::all(lacking(proposal, input.with_shortfall))?;
        let command = Command::new("requestKit", key, input);
        let outcome = app.write(actor, command, |tx| async move { take(&tx, input, proposal).await }).await;
        match outcome {
            // Others were faster: there may be as good pieces elsewhere.
            Err(Fault::Rejected(faults)) if tries < TRIES && taken_by_others(&faults) => {}
            outcome => return outcome,
        }
    }
}

fn taken_by_others(faults: &[Rejection]) -> bool {
    let lost = |fault: &Rejection| {
        matches!(fault.code, Code::NotEnough | Code::Frozen | Code::NotOpen)
            && fault.field.first().is_some_and(|field| field == "lines")
    };
    !faults.is_empty() && faults.iter().all(lost)
}

async fn take(tx: &Tx, input: &Input, proposal: &Proposal) -> Result<Done, Fault> {
    let wanted = &input.wanted;
    let lines = proposal.lines.iter();
    let draft = Draft {
        unit_id: wanted.unit_id,
        justification: input.justification.clone(),
        needed_by: input.needed_by,
        need: None,
        lines: lines.map(|line| LineInput { listing_id: line.listing_id, quantity: line.pieces }).collect(),
    };
    let reason = input.over_cap_reason.clone();
    let request_id = requests::steps::ask_whole(tx, Operation::RequestKit, &draft, reason).await?;
    let order = kit_order::Model {
        request_id,
        kit_id: wanted.kit_id,
        name: proposal.name.clone(),
        places: wanted.places,
        created_at: tx.now(),
    };
    kit_order::Entity::insert(order.into_active_model().reset_all())
        .exec_without_returning(tx.conn())
        .await?;
    let items = (0..).zip(&proposal.items).map(|(position, item)| kit_order_item::ActiveModel {
        request_id: Set(request_id),
        position: Set(position),
        name: Set(item.name.clone()),
        required: Set(item.need.required),
        wanted: Set(item.need.pieces),
        got: Set(item.need.pieces - item.missing),
    });
    kit_order_item::Entity::insert_many(items).exec_without_returning(tx.conn()).await?;
    let told =
        |item: &Item| json!({ "name": item.name, "wanted": item.need.pieces, "missing": item.missing });
    let payload = json!({
        "kitId": wanted.kit_id, "places": wanted.places, "items": proposal.items.iter().map(told).collect::<Vec<_>>(),
    });
    // The version of a request that was submitted.
    tx.record(Subject::Request, request_id, 2, "request.kit_ordered", &payload);
    Ok(Done { request_id })
}

/// What keeps the split from being asked for: with a shortfall only that there is nothing at all.
fn lacking(proposal: &Proposal, with_shortfall: bool) -> Vec<Rejection> {
    let nothing = proposal.lines.is_empty();
    let short = |item: &Item| item.missing > 0 && (nothing || (item.need.required && !with_shortfall));
    let of = |(n, item): (usize, &Item)| {
        Rejection::new(Code::NotEnough)
            .at(format!("items.{n}"))
            .with("asked", item.need.pieces)
            .with("available", item.need.pieces - item.missing)
    };
    proposal.items.iter().enumerate().filter(|(_, item)| short(item)).map(of).collect()
}
