//! Sends a returned line to the approvers again, with as many pieces or fewer.

use serde::Serialize;
use uuid::Uuid;

use super::batch::Batch;
use super::cancel::Done;
use super::rules::{self, Command};
use super::steps::{self, Change};
use super::{line, read};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::checks;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::write::{self, Tx};

/// Which line, and what was corrected.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Which.
    pub line_id: Uuid,
    /// Pieces still wanted; none leaves the quantity.
    pub quantity: Option<i64>,
    /// What was corrected, for the approvers.
    pub comment: Option<String>,
}

/// Sends a returned line to the approvers again.
///
/// # Errors
/// `WrongState` where it was not returned, `OutOfRange` for more pieces than it holds.
pub async fn resubmit(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("resubmitRequestLine", key, input), |tx: Tx| async move {
        let unit = read::unit_of_line(&tx, actor, input.line_id).await?;
        actor.allow(Operation::ResubmitRequestLine, &Parties::receiver(unit))?;
        let mut faults = Vec::new();
        let comment =
            checks::optional_text(&mut faults, "comment", input.comment.as_deref(), rules::LONGEST_TEXT);
        Fault::all(faults)?;
        let before = line::lock(&tx, input.line_id).await?;
        let quantity = input.quantity.unwrap_or(before.quantity);
        // Before the case is opened: an impossible command must not leave one.
        let probe = Command::Resubmit { quantity, comment: None, until: None };
        rules::apply(&before, probe, tx.now())?;
        let request = line::request_of(&tx, &before).await?;
        let listing = line::listing(&tx, &before).await?;
        let batch = Batch::of(tx.conn(), request.id).await?;
        let hold_time = line::hold_time(&tx).await?;
        let ask = line::Ask { request: &request, listing: &listing, batch: &batch, hold_time };
        let command = |until| Command::Resubmit { quantity, comment, until };
        let (after, freed) = line::start_approvals(&tx, &ask, &before, quantity, command).await?;
        if freed {
            steps::settle_queue(&tx, after.listing_id, Change::Freed).await?;
        }
        Ok(Done { line_id: after.id })
    })
    .await
}
