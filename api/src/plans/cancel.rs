//! The office gives a plan up, before anything of it is promised.

use entity::approvals::ApprovalSubject;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::row::{self, Done};
use super::rules::{self, Command};
use crate::app::App;
use crate::approvals;
use crate::authz::Operation;
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::{self, Tx};

/// Which plan, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Which.
    pub plan_id: Uuid,
    /// Why; the units concerned read it.
    pub reason: String,
}

/// Gives a plan up.
///
/// # Errors
/// [`Code::Required`] at `reason`; [`Code::WrongState`] where its lines are promised or it has ended.
pub async fn cancel(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("cancelAllocationPlan", key, input), |tx: Tx| async move {
        let plan = row::of_office(&tx, Operation::CancelAllocationPlan, input.plan_id, None).await?;
        let mut faults = Vec::new();
        let reason = checks::text(&mut faults, "reason", &input.reason, rules::LONGEST_TEXT);
        if reason.is_empty() {
            faults.push(Rejection::new(Code::Required).at("reason"));
        }
        Fault::all(faults)?;
        row::carry_out(&tx, &plan, Command::Cancel, "plan.cancelled", json!({}), |plan| {
            plan.comment = Some(reason);
        })
        .await?;
        approvals::steps::close(&tx, ApprovalSubject::Plan, plan.id).await?;
        Ok(Done { plan_id: plan.id })
    })
    .await
}
