//! The borrower takes a loan back before it was handed over.

use entity::approvals::ApprovalSubject;
use serde::Serialize;
use uuid::Uuid;

use super::row::{self, Done};
use super::rules::{self, Command};
use super::steps;
use crate::app::App;
use crate::approvals;
use crate::authz::Operation;
use crate::checks;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::write::{self, Tx};

/// Which loan, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Which.
    pub loan_id: Uuid,
    /// Why.
    pub comment: Option<String>,
}

/// Takes a loan back; its days are free again.
///
/// # Errors
/// `WrongState` where it was handed over or has ended.
pub async fn cancel(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("cancelLoan", key, input), |tx: Tx| async move {
        let before = row::locked(&tx, input.loan_id, Operation::CancelLoan, row::borrower).await?;
        let mut faults = Vec::new();
        let comment =
            checks::optional_text(&mut faults, "comment", input.comment.as_deref(), rules::LONGEST_TEXT);
        Fault::all(faults)?;
        let after = row::carry_out(&tx, &before, Command::Cancel { comment }).await?;
        approvals::steps::close(&tx, ApprovalSubject::Loan, after.id).await?;
        steps::settle(&tx, after.listing_id).await?;
        Ok(Done { loan_id: after.id })
    })
    .await
}
