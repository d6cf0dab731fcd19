//! The holder's side gives a disposal up: what it was about is offered again.

use serde::Serialize;
use uuid::Uuid;

use super::row::{self, Done};
use super::rules::Command;
use super::steps;
use crate::app::App;
use crate::authz::Operation;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::write::{self, Tx};

/// Which disposal, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Which.
    pub disposal_id: Uuid,
    /// Why.
    pub reason: String,
}

/// Gives a disposal up.
///
/// # Errors
/// `WrongState` where it is over; `Required` at `reason`.
pub async fn call_off(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("callOffDisposal", key, input), |tx: Tx| async move {
        let before = row::locked(&tx, input.disposal_id, Operation::CallOffDisposal).await?;
        let command = Command::CallOff { comment: input.reason.clone() };
        let after = row::carry_out(&tx, &before, command).await?;
        row::close_cases(&tx, after.id).await?;
        steps::offer_again(&tx, &after).await?;
        Ok(Done { disposal_id: after.id })
    })
    .await
}
