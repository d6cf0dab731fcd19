//! Each side notes its voucher number; the second of the two closes the hand-over, and the last hand-over its line.

use entity::transfers::transfer;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::row::{self, Done};
use super::rules::{self, BookingSide};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::Fault;
use crate::identity::Actor;
use crate::requests;
use crate::write::{Command, Tx};

/// A voucher number of one side.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Hand-over.
    pub transfer_id: Uuid,
    /// Whose book.
    pub side: BookingSide,
    /// Voucher number.
    pub number: String,
}

/// Notes a voucher number.
///
/// # Errors
/// `WrongState` where nothing was received yet, `AlreadyBooked`, `Required`.
pub async fn book(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, Command::new("bookTransfer", key, input), |tx: Tx| async move {
        let (line, before) = row::lock(&tx, input.transfer_id).await?;
        actor.allow(Operation::BookTransfer, &party(&before, input.side))?;
        let mut faults = Vec::new();
        let number = rules::typed(&mut faults, "number", Some(&input.number), rules::LONGEST_NUMBER, true);
        Fault::all(faults)?;
        let next = rules::book(&before, input.side, &number.unwrap_or_default())?;
        row::save(&tx, &before, next, "transfer.booked", json!({ "side": input.side })).await?;
        requests::steps::close_if_settled(&tx, &line).await?;
        Ok(Done { transfer_id: before.id })
    })
    .await
}

/// Each side books for itself.
fn party(transfer: &transfer::Model, side: BookingSide) -> Parties {
    match side {
        BookingSide::Giver => Parties::giver(transfer.giver_id),
        BookingSide::Receiver => Parties::receiver(transfer.receiver_id),
    }
}
