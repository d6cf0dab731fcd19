//! What is to be sold or exchanged is appraised; anew where it could not be sold for enough, and then approved and shown anew.

use chrono::NaiveDate;
use entity::Money;
use serde::Serialize;
use uuid::Uuid;

use super::row::{self, Done};
use super::rules::{Appraisal, Command};
use crate::app::App;
use crate::authz::Operation;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::write::{self, Tx};

/// An appraisal that is entered.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Of which disposal.
    pub disposal_id: Uuid,
    /// By whom.
    pub by: String,
    /// Value of all pieces.
    pub value: Money,
    /// Civil day.
    pub on: NaiveDate,
    /// Last civil day on which it is good.
    pub valid_until: NaiveDate,
    /// Number or place of the report.
    pub report: String,
}

/// Enters an appraisal.
///
/// # Errors
/// `WrongState` where the kind needs none, or it is with the approvers or over; everything that is wrong with it.
pub async fn appraise(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("appraiseDisposal", key, input), |tx: Tx| async move {
        let before = row::locked(&tx, input.disposal_id, Operation::AppraiseDisposal).await?;
        let appraisal = Appraisal {
            by: input.by.clone(),
            value: input.value,
            on: input.on,
            until: input.valid_until,
            report: input.report.clone(),
        };
        let after = row::carry_out(&tx, &before, Command::Appraise(appraisal)).await?;
        // A price that was asked for was one of the old value.
        row::close_cases(&tx, after.id).await?;
        Ok(Done { disposal_id: after.id })
    })
    .await
}
