//! The holder (VIRTUAL) or the warehouse (PHYSICAL) hands pieces of a line over.

use entity::assets::{AssetState, asset};
use entity::listings::{Custody, listing};
use entity::transfers::{TransferState, transfer};
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use serde::Serialize;
use uuid::Uuid;

use super::row::{self, Done};
use super::rules;
use crate::app::App;
use crate::assets;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::jobs;
use crate::listings;
use crate::requests;
use crate::write::{Command, Tx};

/// Series of the numbers of a 调剂单.
const SERIES: &str = "DB";

/// What is handed over.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Line.
    pub line_id: Uuid,
    /// Pieces; none hands over all that are reserved.
    pub quantity: Option<i64>,
    /// 批复文号 of the giver; none takes the listing's.
    pub approval_number: Option<String>,
    /// A remark.
    pub note: String,
}

/// Hands pieces over: a hand-over with its number, and a card of its own where only part of the card goes.
///
/// # Errors
/// [`Code::WrongState`] where the line is not approved, [`Code::OutOfRange`] for more pieces than it has,
/// [`Code::Required`] where neither the input nor the listing has an approval number, [`Code::Frozen`];
/// [`Code::WrongState`] or [`Code::NotEnough`] where the card is not there to be given.
pub async fn release(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, Command::new("releaseLine", key, input), |tx: Tx| async move {
        let line = requests::read::find_line(tx.conn(), actor, input.line_id).await?;
        let listing_id = line.ok_or(Code::NotFound)?.listing_id;
        let line = requests::steps::lock_line(&tx, input.line_id).await?;
        let listing = listings::steps::load(&tx, listing_id).await?.ok_or(Code::NotFound)?;
        // A shelf is emptied by who keeps it, a virtual offer by who holds the thing.
        let parties = match listing.custody {
            Custody::Virtual => Parties::giver(listing.unit_id),
            Custody::Physical => Parties { warehouse: listing.warehouse_id, ..Parties::default() },
        };
        actor.allow(Operation::ReleaseLine, &parties)?;
        let released_by = actor.account_id().ok_or(Code::NotAllowed)?;
        let mut faults = Vec::new();
        let typed = input.approval_number.as_deref();
        let typed = rules::typed(&mut faults, "approvalNumber", typed, rules::LONGEST_NUMBER, false);
        let note = rules::typed(&mut faults, "note", Some(&input.note), rules::LONGEST_TEXT, false);
        let approval_number = typed.or_else(|| listing.approval_number.clone());
        if approval_number.is_none() {
            faults.push(Rejection::new(Code::Required).at("approvalNumber"));
        }
        // Pieces are promised, but what is counted, disputed or checked for secrets does not leave the house.
        if listings::steps::frozen(&tx, listing_id).await? {
            faults.push(Rejection::new(Code::Frozen));
        }
        Fault::all(faults)?;

        let pieces = input.quantity.unwrap_or(line.quantity - line.released);
        let line = requests::steps::on_released(&tx, &line, pieces).await?;
        let request = requests::steps::request_of(&tx, &line).await?;
        let card = assets::steps::load_for_update(&tx, listing.asset_id).await?;
        at_hand(&tx, &card, &listing, pieces).await?;
        let card =
            if card.quantity == pieces { card } else { assets::steps::split(&tx, card, pieces).await?.1 };
        let transfer = transfer::Model {
            id: tx.id(),
            number: jobs::steps::next_number(&tx, SERIES).await?,
            line_id: line.id,
            listing_id,
            asset_id: card.id,
            giver_id: listing.unit_id,
            receiver_id: request.unit_id,
            warehouse_id: listing.warehouse_id,
            custody: listing.custody,
            state: TransferState::InTransit,
            quantity: pieces,
            received: 0,
            refused: 0,
            lost: 0,
            approval_number,
            note: note.unwrap_or_default(),
            released_by,
            released_at: tx.now(),
            received_by: None,
            received_at: None,
            deemed: false,
            paper_number: None,
            evidence: None,
            booked_out: None,
            booked_in: None,
            reversed_at: None,
            reversal_reason: None,
            version: 1,
        };
        transfer.clone().into_active_model().reset_all().insert(tx.conn()).await?;
        row::record(&tx, &transfer, "transfer.released", serde_json::json!({ "listingId": listing_id }));
        Ok(Done { transfer_id: transfer.id })
    })
    .await
}

/// Whether the listing's card is there to be handed over. It may have gone: taken back after a defect, or corrected.
async fn at_hand(tx: &Tx, card: &asset::Model, listing: &listing::Model, pieces: i64) -> Result<(), Fault> {
    let theirs = card.state == AssetState::Active && card.holder_id == listing.unit_id;
    if !theirs || assets::claims::of(tx, card, None).await?.moving > 0 {
        return Err(Rejection::new(Code::WrongState).at("lineId").with("state", "CARD_AWAY").into());
    }
    if card.quantity < pieces {
        let fault = Rejection::new(Code::NotEnough).at("quantity").with("asked", pieces);
        return Err(fault.with("available", card.quantity).into());
    }
    Ok(())
}
