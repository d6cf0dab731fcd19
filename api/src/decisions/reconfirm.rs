//! A VIRTUAL offer stays with its holder, who says every now and then that it is still there. What is not there any more is
//! withdrawn with the reason; what nobody has answered for was paused by [`super::reconfirm_days`] and is offered again.

use std::collections::BTreeSet;

use entity::events::Subject;
use entity::listings::{Custody, ListingState, listing};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::withdraw;
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::listings;
use crate::listings::steps as offers;
use crate::loans::steps as loans;
use crate::requests::steps::{self as requests, Change};
use crate::write::{Command, Tx};

/// Most answers of one call.
pub const MOST: usize = 100;

/// Answers, all taken or none.
#[derive(Clone, Debug, Serialize)]
pub struct Reconfirm {
    /// One a listing.
    pub answers: Vec<Answer>,
}

/// What the holder says of one offer.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// The listing.
    pub listing_id: Uuid,
    /// Whether what is left of it is there.
    pub there: bool,
    /// Why not; everybody reads it who asked for it.
    pub reason: Option<String>,
}

/// Offers that were answered for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reconfirmed {
    /// In the order given.
    pub listing_ids: Vec<Uuid>,
}

/// Takes answers, for the holder's side.
///
/// # Errors
/// Everything that is wrong with any of them, at `answers.<n>.<field>`; then none is taken.
pub async fn reconfirm(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Reconfirm,
) -> Result<Reconfirmed, Fault> {
    if input.answers.is_empty() || input.answers.len() > MOST {
        let fault = Rejection::new(Code::OutOfRange).at("answers");
        return Err(fault.with("least", 1).with("most", MOST).into());
    }
    app.write(actor, Command::new("reconfirmListings", key, input), |tx| async move {
        // In the order in which everybody locks stocks.
        let mut order: Vec<(usize, &Answer)> = input.answers.iter().enumerate().collect();
        order.sort_by_key(|(_, answer)| answer.listing_id);
        let mut faults = Vec::new();
        let mut known = BTreeSet::new();
        for (n, answer) in order {
            let outcome = if known.insert(answer.listing_id) {
                one(&tx, answer).await
            } else {
                Err(Rejection::new(Code::Duplicate).at("listingId").into())
            };
            match outcome {
                Ok(()) => {}
                Err(Fault::Rejected(rejections)) => faults.extend(rejections.into_iter().map(|mut fault| {
                    fault.field.splice(0..0, ["answers".to_owned(), n.to_string()]);
                    fault
                })),
                Err(fault) => return Err(fault),
            }
        }
        Fault::all(faults)?;
        Ok(Reconfirmed { listing_ids: input.answers.iter().map(|answer| answer.listing_id).collect() })
    })
    .await
}

async fn one(tx: &Tx, answer: &Answer) -> Result<(), Fault> {
    let not_found = || Fault::from(Rejection::new(Code::NotFound).at("listingId"));
    let seen = listings::read::find_in(tx, answer.listing_id).await?.ok_or_else(not_found)?;
    tx.actor().allow(Operation::ReconfirmListings, &Parties::giver(seen.unit_id))?;
    let stock = offers::lock(tx, seen.id).await?;
    let listing = offers::load(tx, seen.id).await?.ok_or_else(not_found)?;
    let mut faults = Vec::new();
    let reason = checks::optional_text(&mut faults, "reason", answer.reason.as_deref(), 2000);
    if !answer.there && reason.is_none() {
        faults.push(Rejection::new(Code::Required).at("reason"));
    }
    if listing.state != ListingState::Listed {
        faults.push(Rejection::new(Code::WrongState).at("listingId").with("state", listing.state));
    } else if listing.custody != Custody::Virtual {
        // What lies on a shelf is known by who keeps it.
        faults.push(Rejection::new(Code::WrongState).at("listingId").with("state", listing.custody));
    }
    if !answer.there && offers::frozen(tx, listing.id).await? {
        faults.push(Rejection::new(Code::Frozen).at("listingId"));
    }
    Fault::all(faults)?;
    if !answer.there {
        let unreserved = loans::unpromised(tx, &listing, &stock).await?;
        return withdraw::take(tx, listing, &stock, (unreserved, true), reason).await;
    }
    let paused = listing.paused_at.is_some();
    let next = listing::Model {
        confirmed_at: Some(tx.now()),
        reconfirm_by: None,
        reconfirm_counted_to: None,
        paused_at: None,
        ..listing
    };
    let saved = offers::save(tx, next).await?;
    let payload = json!({ "there": true, "wasPaused": paused, "note": reason });
    tx.record(Subject::Listing, saved.id, saved.version, "listing.reconfirmed", &payload);
    if paused {
        requests::settle_queue(tx, saved.id, Change::Freed).await?;
    }
    Ok(())
}
