//! The giver cannot lend what was asked for or promised. The pieces stay in the offer: whoever finds them broken withdraws
//! them.

use entity::approvals::ApprovalSubject;
use entity::loans::LoanReason;
use serde::Serialize;
use uuid::Uuid;

use super::row::{self, Done};
use super::rules::{self, Command};
use super::steps;
use crate::app::App;
use crate::approvals;
use crate::authz::{Operation, Parties};
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::{self, Tx};

/// Which loan, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Which.
    pub loan_id: Uuid,
    /// Why; the borrower reads it.
    pub reason: String,
}

/// Takes a promise back, for the giver's side.
///
/// # Errors
/// `WrongState` where it was handed over or has ended, `Required` at `reason`.
pub async fn fail(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("failLoan", key, input), |tx: Tx| async move {
        let giver = |loan: &entity::loans::loan::Model| Parties::giver(loan.giver_id);
        let before = row::locked(&tx, input.loan_id, Operation::FailLoan, giver).await?;
        let mut faults = Vec::new();
        let reason = checks::text(&mut faults, "reason", &input.reason, rules::LONGEST_TEXT);
        if reason.is_empty() {
            faults.push(Rejection::new(Code::Required).at("reason"));
        }
        Fault::all(faults)?;
        let command = Command::Fail { reason: LoanReason::Undeliverable, comment: Some(reason) };
        let after = row::carry_out(&tx, &before, command).await?;
        approvals::steps::close(&tx, ApprovalSubject::Loan, after.id).await?;
        steps::settle(&tx, after.listing_id).await?;
        Ok(Done { loan_id: after.id })
    })
    .await
}
