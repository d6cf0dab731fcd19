//! The office takes a hand-over back after a defect, or the receiver one whose receipt the office recorded in its place: the card
//! returns to the giver, contra entries stand in the ledger.

use entity::assets::AssetState;
use entity::identity::Role;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::row::{self, Done};
use super::rules::{self, Reverser};
use crate::app::App;
use crate::assets;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::listings;
use crate::requests;
use crate::savings;
use crate::write::{Command, Tx};

/// Which hand-over, and what was wrong.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Hand-over.
    pub transfer_id: Uuid,
    /// What was wrong.
    pub reason: String,
    /// The giver's asset number for what comes back.
    pub asset_number: Option<String>,
    /// Where it stands then.
    pub place: String,
}

/// Takes a hand-over back.
///
/// # Errors
/// [`Code::WrongState`] where nothing was received, or the card was passed on or changed since; [`Code::TooLate`].
pub async fn reverse(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, Command::new("reverseTransfer", key, input), |tx: Tx| async move {
        let (line, before) = row::lock(&tx, input.transfer_id).await?;
        let parties =
            Parties { giver: Some(before.giver_id), receiver: Some(before.receiver_id), warehouse: None };
        actor.allow(Operation::ReverseTransfer, &parties)?;
        let mut faults = Vec::new();
        let reason = rules::typed(&mut faults, "reason", Some(&input.reason), rules::LONGEST_TEXT, true);
        let place = rules::typed(&mut faults, "place", Some(&input.place), rules::LONGEST_PLACE, true);
        let number = input.asset_number.as_deref();
        let number = rules::typed(&mut faults, "assetNumber", number, rules::LONGEST_NUMBER, false);
        Fault::all(faults)?;
        let reason = reason.unwrap_or_default();
        let by = if actor.holds(Role::Office, before.giver_id) {
            Reverser::Office(requests::steps::days(&tx, "defect_days").await?)
        } else {
            let received_at = before.received_at.unwrap_or(before.released_at);
            Reverser::Receiver(row::term(&tx, "objection_days", received_at).await?)
        };
        let next = rules::reverse(&before, by, &reason, tx.now())?;
        let card = assets::steps::load_for_update(&tx, before.asset_id).await?;
        // The receiver, or whoever took over from it what it had.
        let with_receiver = card.holder_id == before.receiver_id
            || assets::steps::brought_by(&tx, card.id).await? == Some(before.id);
        let there = card.state == AssetState::Active && with_receiver && card.quantity == before.received;
        // What is offered again, promised to another, split or handed on is not there to be given back.
        if !there || assets::claims::of(&tx, &card, None).await?.any() {
            return Err(Rejection::new(Code::WrongState).with("state", "PASSED_ON").into());
        }
        let place = place.unwrap_or_default();
        // To who offers it now: the giver may have been succeeded since.
        let offer = listings::steps::load(&tx, before.listing_id).await?.ok_or(Code::NotFound)?;
        let giver = tx.reference().living(offer.unit_id);
        assets::steps::move_to(&tx, card, giver, number.as_deref(), &place, before.id)
            .await
            .map_err(row::at_asset_number)?;
        listings::steps::reverse(&tx, before.listing_id, before.received).await?;
        let entries = savings::steps::take_back(&tx, before.id).await?;
        let more = json!({ "reason": reason, "savings": entries });
        row::save(&tx, &before, next, "transfer.reversed", more).await?;
        requests::steps::close_if_settled(&tx, &line).await?;
        Ok(Done { transfer_id: before.id })
    })
    .await
}
