//! What other slices may do with plans inside their transaction.

use uuid::Uuid;

use super::row;
use super::rules::Command;
use crate::approvals::steps::{Decided, Progress};
use crate::fault::Fault;
use crate::write::Tx;

/// Locks a plan until the transaction ends: before its case is.
///
/// # Errors
/// [`crate::fault::Code::NotFound`].
pub async fn lock(tx: &Tx, plan: Uuid) -> Result<(), Fault> {
    row::lock(tx, plan).await.map(drop)
}

/// A step of a plan's case was decided. Nothing is promised yet: the office reserves the plan when it is approved.
///
/// # Errors
/// [`crate::fault::Code::WrongState`].
pub async fn on_decided(tx: &Tx, decided: &Decided) -> Result<(), Fault> {
    let (command, kind) = match decided.progress {
        Progress::Next(_) => return Ok(()),
        Progress::Approved => (Command::Approve, "plan.approved"),
        Progress::Returned => (Command::SendBack, "plan.returned"),
        Progress::Rejected => (Command::Reject, "plan.rejected"),
    };
    let plan = row::lock(tx, decided.subject_id).await?;
    let comment = decided.comment.clone();
    let more = serde_json::json!({ "caseId": decided.case_id });
    row::carry_out(tx, &plan, command, kind, more, |plan| {
        plan.comment = if command == Command::Approve { None } else { comment };
    })
    .await?;
    Ok(())
}
