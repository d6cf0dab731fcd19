//! The giver cannot deliver what was promised: it broke, it is gone. What was not handed over yet leaves the line and the
//! offer; nobody behind in the queue is promised it again. It stays on the giver's card, to be offered anew if it turns
//! up.

use entity::requests::{LineState, request_line};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rules::{self, Command};
use super::steps::{self, Change};
use super::{line, read};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::{self, Tx};

/// Which line, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Which.
    pub line_id: Uuid,
    /// Why; the asker reads it.
    pub reason: String,
}

/// Which line it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Done {
    /// Its identity.
    pub line_id: Uuid,
}

/// Takes a promise back, for the giver's side.
///
/// # Errors
/// `WrongState` where nothing is promised that was not handed over, `Required` at `reason`.
pub async fn fail(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("failRequestLine", key, input), |tx: Tx| async move {
        let seen = read::find_line(tx.conn(), actor, input.line_id).await?.ok_or(Code::NotFound)?;
        let giver = line::listing(&tx, &seen).await?.unit_id;
        actor.allow(Operation::FailRequestLine, &Parties::giver(giver))?;
        let mut faults = Vec::new();
        let reason = checks::text(&mut faults, "reason", &input.reason, rules::LONGEST_TEXT);
        if reason.is_empty() {
            faults.push(Rejection::new(Code::Required).at("reason"));
        }
        Fault::all(faults)?;
        let before = line::lock(&tx, input.line_id).await?;
        let told = request_line::Model { comment: Some(reason), ..before };
        let (after, _) = line::carry_out(&tx, &told, Command::BreakPromise).await?;
        if after.state != LineState::GiverFailed {
            steps::close_if_settled(&tx, &after).await?;
        }
        steps::settle_queue(&tx, after.listing_id, Change::Withdrawn).await?;
        Ok(Done { line_id: after.id })
    })
    .await
}
