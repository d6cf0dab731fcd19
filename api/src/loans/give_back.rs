//! Pieces come back, in part too: the borrower or who takes them notes it, on the day or later. What is missing is said in
//! the note, and found at the inspection.
//!
//! The use is entered up to the day of the return. A return that is noted after the turn of a month may be of a day whose
//! following days are in the ledger already: those entries are taken back, and entered anew as far as they were right.

use chrono::NaiveDate;
use entity::approvals::ApprovalSubject;
use entity::loans::loan;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::row::{self, Done};
use super::rules::{self, Command};
use super::steps;
use crate::app::App;
use crate::approvals;
use crate::authz::{Operation, Parties};
use crate::checks;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::savings;
use crate::savings::steps::Posted;
use crate::write::{self, Tx};

/// What comes back.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Loan.
    pub loan_id: Uuid,
    /// Pieces; all that the borrower has where it is none.
    pub quantity: Option<i64>,
    /// Civil day of the return; today where it is none.
    pub on: Option<NaiveDate>,
    /// What is to be said of them.
    pub note: Option<String>,
}

/// Notes a return.
///
/// # Errors
/// `WrongState` where nothing is on loan, `OutOfRange` at `quantity`, `LoanDayWrong` at `on`.
pub async fn give_back(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("returnLoan", key, input), |tx: Tx| async move {
        let sides = |loan: &loan::Model| Parties { receiver: Some(loan.unit_id), ..row::keeper(loan) };
        let before = row::locked(&tx, input.loan_id, Operation::ReturnLoan, sides).await?;
        let mut faults = Vec::new();
        let comment = checks::optional_text(&mut faults, "note", input.note.as_deref(), rules::LONGEST_TEXT);
        Fault::all(faults)?;
        let on = input.on.unwrap_or(tx.today());
        let command = Command::GiveBack { pieces: input.quantity.unwrap_or(before.lent), on, comment };
        // Before anything is entered: the day must be one that can be.
        rules::apply(&before, command.clone(), &row::moment(&tx))?;
        let (used, posted) = enter_up_to(&tx, &before, on).await?;
        let (next, kind) = rules::apply(&used, command, &row::moment(&tx))?;
        let more = json!({ "on": on, "savings": posted });
        let after = row::save(&tx, &before, next, kind, more).await?;
        if after.asked_to.is_none() {
            approvals::steps::close(&tx, ApprovalSubject::LoanExtension, after.id).await?;
        }
        steps::settle(&tx, after.listing_id).await?;
        Ok(Done { loan_id: after.id })
    })
    .await
}

/// The use up to a day, and nothing beyond it, in the ledger.
async fn enter_up_to(
    tx: &Tx,
    loan: &loan::Model,
    on: NaiveDate,
) -> Result<(loan::Model, Vec<Posted>), Fault> {
    let mut posted = Vec::new();
    let mut loan = loan.clone();
    if loan.accrued_to.is_some_and(|to| to > on) {
        let (taken_back, first) = savings::loans::take_back_after(tx, loan.id, on).await?;
        posted.extend(taken_back);
        loan.accrued_to = first.and_then(|day| day.pred_opt()).or(loan.accrued_to);
    }
    let (loan, entered) = row::accrue(tx, &loan, on).await?;
    posted.extend(entered);
    Ok((loan, posted))
}
