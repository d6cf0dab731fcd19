//! The borrower's clerk confirms what came; after some days the office records a deemed receipt. What did not come in order
//! goes back, to be inspected.

use entity::identity::Role;
use entity::loans::loan;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::row::{self, Done};
use super::rules::{self, Command};
use crate::app::App;
use crate::authz::Operation;
use crate::catalogue::calendar;
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::{self, Tx};

/// What came.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Loan.
    pub loan_id: Uuid,
    /// Pieces that came in order; all of them where it is none.
    pub received: Option<i64>,
    /// What is to be said of it: needed for a deemed receipt, and where not all came in order.
    pub note: Option<String>,
    /// The office records it because the borrower does not.
    pub deemed: bool,
}

/// Confirms a hand-over.
///
/// # Errors
/// `WrongState` where nothing was handed over, [`Code::OutOfRange`] at `received`, [`Code::Required`] at `note`,
/// [`Code::TooEarly`] for a deemed receipt.
pub async fn receive(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("receiveLoan", key, input), |tx: Tx| async move {
        let before = row::locked(&tx, input.loan_id, Operation::ReceiveLoan, row::borrower).await?;
        // The office may only deem, and nobody else may.
        let role = if input.deemed { Role::Office } else { Role::Clerk };
        if !actor.holds(role, before.unit_id) {
            return Err(Code::NotAllowed.into());
        }
        actor.account_id().ok_or(Code::NotAllowed)?;
        let received = input.received.unwrap_or(before.lent);
        let mut faults = Vec::new();
        let note = checks::optional_text(&mut faults, "note", input.note.as_deref(), rules::LONGEST_TEXT);
        if note.is_none() && (input.deemed || received < before.lent) {
            faults.push(Rejection::new(Code::Required).at("note"));
        }
        if input.deemed {
            faults.extend(too_early(&tx, &before).await?);
        }
        Fault::all(faults)?;
        let (next, kind) = rules::apply(&before, Command::Receive { received, note }, &row::moment(&tx))?;
        row::save(&tx, &before, next, kind, json!({ "deemed": input.deemed })).await?;
        Ok(Done { loan_id: before.id })
    })
    .await
}

async fn too_early(tx: &Tx, loan: &loan::Model) -> Result<Option<Rejection>, Fault> {
    let days = row::setting(tx, "deemed_receipt_days").await?;
    let before = calendar::over_before(tx.conn(), tx.app().clock(), days).await?;
    let early = loan.handed_over_at.is_some_and(|at| at >= before);
    Ok(early.then(|| Rejection::new(Code::TooEarly).at("deemed").with("days", days)))
}
