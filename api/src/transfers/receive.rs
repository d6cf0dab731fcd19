//! The receiver's clerk accepts, refuses or reports a loss; after some days the office records a deemed receipt.

use entity::requests::request_line;
use entity::transfers::transfer;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::row::{self, Done};
use super::rules::{self, Receipt, Rest};
use crate::app::App;
use crate::assets;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault};
use crate::identity::Actor;
use crate::listings;
use crate::requests;
use crate::requests::steps::Change;
use crate::savings;
use crate::write::{Command, Tx};

/// How a hand-over ended.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Hand-over.
    pub transfer_id: Uuid,
    /// Pieces accepted.
    pub received: i64,
    /// Pieces not accepted.
    pub refused: i64,
    /// Pieces lost on the way.
    pub lost: i64,
    /// The receiver's asset number for what was accepted.
    pub asset_number: Option<String>,
    /// Where it stands now.
    pub place: Option<String>,
    /// Evidence of a deemed receipt, or the reason of a refusal or loss.
    pub evidence: Option<String>,
    /// The office records it because the receiver does not.
    pub deemed: bool,
    /// Number of the paper that shows a deemed receipt.
    pub paper_number: Option<String>,
}

/// Ends a hand-over: stock, line, cards and the ledger of savings in one.
///
/// # Errors
/// Every fault of the receipt at once; [`Code::NotAllowed`], [`Code::Duplicate`] for an asset number in use.
pub async fn receive(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, Command::new("receiveTransfer", key, input), |tx: Tx| async move {
        let (line, before) = row::lock(&tx, input.transfer_id).await?;
        let operation = if input.deemed { Operation::DeemReceived } else { Operation::ReceiveTransfer };
        actor.allow(operation, &Parties::receiver(before.receiver_id))?;
        let by = actor.account_id().ok_or(Code::NotAllowed)?;
        // Who handed over does not also say, for the other side, that it arrived.
        if input.deemed && by == before.released_by {
            return Err(Code::NotAllowed.into());
        }
        let receipt = Receipt {
            received: input.received,
            refused: input.refused,
            lost: input.lost,
            asset_number: input.asset_number.as_deref(),
            place: input.place.as_deref(),
            evidence: input.evidence.as_deref(),
            deemed: input.deemed,
            paper_number: input.paper_number.as_deref(),
        };
        let term = row::term(&tx, "deemed_receipt_days", before.released_at).await?;
        Fault::all(rules::receipt_faults(&before, &receipt, term))?;

        let next = rules::receive(&before, &receipt, by, tx.now());
        let line: request_line::Model =
            requests::steps::on_received(&tx, &line, input.received, input.refused, input.lost).await?;
        let moved = move_cards(&tx, &next, &receipt).await?;
        let entries = match moved {
            Some(card) => savings::steps::recognise(&tx, &next, &card).await?,
            None => Vec::new(),
        };
        let more = json!({ "deemed": input.deemed, "paperNumber": next.paper_number, "assetNumber": input.asset_number, "savings": entries });
        row::save(&tx, &before, next, "transfer.received", more).await?;
        requests::steps::close_if_settled(&tx, &line).await?;
        requests::steps::settle_queue(&tx, before.listing_id, Change::Freed).await?;
        Ok(Done { transfer_id: before.id })
    })
    .await
}

/// As [`receive`], of all that was handed over, in place of a receiver who does not confirm it: for the office, when its working
/// days are over.
///
/// # Errors
/// [`Code::TooEarly`], [`Code::Required`] at `evidence`; [`Code::NotAllowed`] also for who handed it over.
pub async fn deem(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    transfer_id: Uuid,
    evidence: String,
    paper_number: Option<String>,
) -> Result<Done, Fault> {
    let seen = super::read::find(app.db().read(), actor, transfer_id).await?.ok_or(Code::NotFound)?;
    let input = Input {
        transfer_id,
        received: seen.quantity,
        refused: 0,
        lost: 0,
        asset_number: None,
        place: None,
        evidence: Some(evidence),
        deemed: true,
        paper_number,
    };
    receive(app, actor, key, &input).await
}

/// Parts the card in transit; gives the card that is the receiver's now.
async fn move_cards(
    tx: &Tx,
    transfer: &transfer::Model,
    receipt: &Receipt<'_>,
) -> Result<Option<entity::assets::asset::Model>, Fault> {
    let parts = rules::parts(transfer.received, transfer.refused, transfer.lost);
    let mut card = assets::steps::load_for_update(tx, transfer.asset_id).await?;
    let mut refused = None;
    if parts.split_refused > 0 {
        let (rest, child) = assets::steps::split(tx, card, parts.split_refused).await?;
        card = rest;
        refused = Some(child);
    }
    if parts.split_lost > 0 {
        let (rest, child) = assets::steps::split(tx, card, parts.split_lost).await?;
        assets::steps::mark_lost(tx, child).await?;
        card = rest;
    }
    let mut moved = None;
    match parts.rest {
        Rest::Moves => {
            let number = rules::text(receipt.asset_number);
            let place = rules::text(receipt.place);
            let card = assets::steps::move_to(
                tx,
                card,
                transfer.receiver_id,
                number.as_deref(),
                place.as_deref().unwrap_or_default(),
                transfer.id,
            )
            .await
            .map_err(row::at_asset_number)?;
            moved = Some(card);
        }
        Rest::Stays => refused = Some(card),
        Rest::Lost => {
            assets::steps::mark_lost(tx, card).await?;
        }
    }
    // Last, because what happens to a refused card depends on where the others are by then.
    if let Some(card) = refused {
        let listing = listings::steps::load(tx, transfer.listing_id).await?;
        let listing = listing.ok_or_else(|| anyhow::anyhow!("transfer {} has no listing", transfer.id))?;
        listings::steps::take_back(tx, &listing, card).await?;
    }
    Ok(moved)
}
