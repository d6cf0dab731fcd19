//! The asker takes a line back, or what of it was not handed over yet.

use entity::requests::LineState;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rules::{self, Command};
use super::steps::{self, Change};
use super::{line, read};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::checks;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::write::{self, Tx};

/// Which line, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Which.
    pub line_id: Uuid,
    /// Why.
    pub comment: Option<String>,
}

/// Which line it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Done {
    /// Its identity.
    pub line_id: Uuid,
}

/// Takes a line back.
///
/// # Errors
/// `WrongState` where everything was handed over already or nothing is left to take back.
pub async fn cancel(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("cancelRequestLine", key, input), |tx: Tx| async move {
        let unit = read::unit_of_line(&tx, actor, input.line_id).await?;
        actor.allow(Operation::CancelRequestLine, &Parties::receiver(unit))?;
        let mut faults = Vec::new();
        let comment =
            checks::optional_text(&mut faults, "comment", input.comment.as_deref(), rules::LONGEST_TEXT);
        Fault::all(faults)?;
        let before = line::lock(&tx, input.line_id).await?;
        let comment = comment.or_else(|| before.comment.clone());
        let waited = before.state == LineState::Queued;
        let (after, freed) = line::carry_out(&tx, &with_comment(before, comment), Command::Cancel).await?;
        if after.state == LineState::Cancelled {
            line::close_case(&tx, after.id).await?;
        } else {
            steps::close_if_settled(&tx, &after).await?;
        }
        // Whoever stood first and waited for more than there is kept the others waiting.
        if freed || waited {
            steps::settle_queue(&tx, after.listing_id, Change::Freed).await?;
        }
        Ok(Done { line_id: after.id })
    })
    .await
}

fn with_comment(
    line: entity::requests::request_line::Model,
    comment: Option<String>,
) -> entity::requests::request_line::Model {
    entity::requests::request_line::Model { comment, ..line }
}
