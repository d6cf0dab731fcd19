//! Warehouse staff looks at what was brought in: accepts it, in full or in part, or sends it to repair or back.

use entity::assets::asset;
use entity::events::Subject;
use entity::listings::{Custody, listing};
use entity::warehouses::storage_place;
use sea_orm::EntityTrait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::rules::{self, Command};
use super::update::changeable;
use super::{steps, stock};
use crate::app::App;
use crate::assets;
use crate::authz::Operation;
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::{self, Tx};

/// What staff finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, async_graphql::Enum)]
#[graphql(name = "InspectionVerdict")]
pub enum Verdict {
    /// In order, in full or in part.
    Accept,
    /// To be repaired first.
    Repair,
    /// Not taken.
    Return,
}

/// An inspection.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Inspect {
    /// The listing.
    pub id: Uuid,
    /// The version that the caller has seen.
    pub version: i64,
    /// What was found.
    pub verdict: Verdict,
    /// Pieces accepted; all of them where it is left out. The rest goes back to the holder.
    pub accepted: Option<i64>,
    /// Storage place it is put into.
    pub place_id: Option<Uuid>,
    /// Why it is not accepted, or not in full.
    pub note: Option<String>,
}

/// A listing that was inspected.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Inspected {
    /// The listing.
    pub id: Uuid,
}

/// Notes an inspection.
///
/// # Errors
/// [`Code::NotFound`], [`Code::Stale`], [`Code::WrongState`], or everything that is wrong with the input; what keeps
/// an accepted one from being listed.
pub async fn inspect_listing(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Inspect,
) -> Result<Inspected, Fault> {
    app.write(actor, write::Command::new("inspectListing", key, input), |tx| async move {
        let listing = changeable(&tx, input.id, input.version, Operation::InspectListing).await?;
        let command = match input.verdict {
            Verdict::Accept => Command::Accept,
            Verdict::Repair => Command::ToRepair,
            Verdict::Return => Command::SendHome,
        };
        let state = rules::apply(listing.state, Custody::Physical, command)?;
        let stock = stock::lock(&tx, listing.id).await?;
        let accepted = input.accepted.unwrap_or(stock.available);
        let note = judge(&tx, input, &listing, accepted, stock.available).await?;

        let next = listing::Model { state, reason: note.clone(), ..listing };
        let saved = match input.verdict {
            Verdict::Accept => {
                if accepted < stock.available {
                    steps::withdraw(&tx, next.id, stock.available - accepted).await?;
                }
                let listed = steps::list(&tx, next).await?;
                if let Some(place) = input.place_id {
                    shelve(&tx, &listed, accepted, place).await?;
                }
                listed
            }
            Verdict::Repair => steps::save(&tx, next).await?,
            Verdict::Return => {
                if stock.available > 0 {
                    steps::withdraw(&tx, next.id, stock.available).await?;
                }
                steps::save(&tx, next).await?
            }
        };
        let payload = json!({
            "verdict": input.verdict, "accepted": (input.verdict == Verdict::Accept).then_some(accepted),
            "state": saved.state, "note": note, "placeId": input.place_id,
        });
        tx.record(Subject::Listing, saved.id, saved.version, "listing.inspected", &payload);
        Ok(Inspected { id: saved.id })
    })
    .await
}

async fn judge(
    tx: &Tx,
    input: &Inspect,
    listing: &listing::Model,
    accepted: i64,
    available: i64,
) -> Result<Option<String>, Fault> {
    let mut faults = Vec::new();
    let note = checks::optional_text(&mut faults, "note", input.note.as_deref(), 2000);
    if input.verdict == Verdict::Accept {
        checks::range(&mut faults, "accepted", accepted, 1, available);
    } else if input.accepted.is_some() {
        let fault = Rejection::new(Code::Malformed).at("accepted");
        faults.push(fault.with("expected", "仅在验收通过时填写 / only where it is accepted"));
    }
    if note.is_none() && (input.verdict != Verdict::Accept || accepted < available) {
        // The holder learns why.
        faults.push(Rejection::new(Code::Required).at("note"));
    }
    if let Some(id) = input.place_id {
        let place = storage_place::Entity::find_by_id(id).one(tx.conn()).await?;
        if place.is_none_or(|place| Some(place.warehouse_id) != listing.warehouse_id) {
            faults.push(Rejection::new(Code::NotFound).at("placeId"));
        }
    }
    Fault::all(faults)?;
    Ok(note)
}

/// Puts what was accepted on the shelf. The pieces that stay with the holder become a card of their own, so that the bin
/// is said of nothing that does not lie in it; where other listings offer some of them, they stay on this card.
async fn shelve(
    tx: &Tx,
    listing: &listing::Model,
    accepted: i64,
    place: Uuid,
) -> Result<asset::Model, Fault> {
    let mut card = assets::steps::load_for_update(tx, listing.asset_id).await?;
    let elsewhere = card.quantity - accepted;
    if elsewhere > 0 && !assets::claims::of(tx, &card, Some(listing.id)).await?.any() {
        card = assets::steps::split(tx, card, elsewhere).await?.0;
    }
    assets::steps::shelve(tx, card, place).await
}
