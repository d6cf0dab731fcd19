//! A disposal is handed to its approvers.

use entity::approvals::ApprovalSubject;
use serde::Serialize;
use uuid::Uuid;

use super::row::{self, Done};
use super::rules::Command;
use crate::app::App;
use crate::authz::Operation;
use crate::fault::{Code, Fault};
use crate::identity::Actor;
use crate::listings;
use crate::write::{self, Tx};

/// Which disposal.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Which.
    pub disposal_id: Uuid,
}

/// Hands a disposal in.
///
/// # Errors
/// [`Code::WrongState`], [`Code::AppraisalNeeded`], [`Code::AppraisalOver`], [`Code::Frozen`].
pub async fn submit(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("submitDisposal", key, input), |tx: Tx| async move {
        let before = row::locked(&tx, input.disposal_id, Operation::SubmitDisposal).await?;
        let applicant = actor.account_id().ok_or(Code::NotAllowed)?;
        if listings::steps::frozen(&tx, before.listing_id).await? {
            return Err(Code::Frozen.into());
        }
        let after = row::carry_out(&tx, &before, Command::Submit).await?;
        row::open_case(&tx, &after, ApprovalSubject::Disposal, applicant).await?;
        Ok(Done { disposal_id: after.id })
    })
    .await
}
