//! Nobody pays the threshold: the holder's side asks the approvers for a lower price. The other way is a new appraisal.

use entity::Money;
use entity::approvals::ApprovalSubject;
use serde::Serialize;
use uuid::Uuid;

use super::row::{self, Done};
use super::rules::Command;
use crate::app::App;
use crate::authz::Operation;
use crate::catalogue;
use crate::fault::{Code, Fault};
use crate::identity::Actor;
use crate::write::{self, Tx};

/// A price that is asked for.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Of which sale.
    pub disposal_id: Uuid,
    /// The least that it may go for.
    pub price: Money,
    /// Why.
    pub reason: String,
}

/// Asks for a price below the threshold.
///
/// # Errors
/// [`Code::WrongState`] where it is no sale that was approved, or one is asked for already; [`Code::OutOfRange`] at `price`.
pub async fn ask(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("askDisposalPrice", key, input), |tx: Tx| async move {
        let before = row::locked(&tx, input.disposal_id, Operation::AskDisposalPrice).await?;
        let applicant = actor.account_id().ok_or(Code::NotAllowed)?;
        let least_percent = catalogue::steps::setting(&tx, "disposal_price_percent").await?;
        let command = Command::AskPrice { price: input.price, comment: input.reason.clone(), least_percent };
        let after = row::carry_out(&tx, &before, command).await?;
        row::open_case(&tx, &after, ApprovalSubject::DisposalPrice, applicant).await?;
        Ok(Done { disposal_id: after.id })
    })
    .await
}
