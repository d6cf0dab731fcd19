//! A unit wants what is shown for disposal: reuse goes first. The disposal is given up and the thing offered again, to everybody.

use entity::organisation::UnitState;
use serde::Serialize;
use uuid::Uuid;

use super::row::{self, Done};
use super::rules::Command;
use super::{read, steps};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::{self, Tx};

/// An objection.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// To which disposal.
    pub disposal_id: Uuid,
    /// The unit that wants the thing.
    pub unit_id: Uuid,
    /// What for.
    pub reason: String,
}

/// Objects to a disposal.
///
/// # Errors
/// [`Code::PublicityOver`], [`Code::WrongState`], [`Code::OwnHolding`], [`Code::UnitNotActive`].
pub async fn object(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("objectToDisposal", key, input), |tx: Tx| async move {
        let unit = tx.reference().unit(input.unit_id).map(|unit| unit.state);
        let unit = unit.ok_or_else(|| Rejection::new(Code::NotFound).at("unitId"))?;
        actor.allow(Operation::ObjectToDisposal, &Parties::receiver(input.unit_id))?;
        read::find(tx.conn(), actor, input.disposal_id).await?.ok_or(Code::NotFound)?;
        let before = row::lock(&tx, input.disposal_id).await?;
        let mut faults = Vec::new();
        if unit != UnitState::Active {
            faults.push(Rejection::new(Code::UnitNotActive).at("unitId"));
        }
        if input.unit_id == before.unit_id {
            faults.push(Rejection::new(Code::OwnHolding).at("unitId"));
        }
        Fault::all(faults)?;
        let command = Command::Object { unit: input.unit_id, comment: input.reason.clone() };
        let after = row::carry_out(&tx, &before, command).await?;
        row::close_cases(&tx, after.id).await?;
        steps::offer_again(&tx, &after).await?;
        Ok(Done { disposal_id: after.id })
    })
    .await
}
