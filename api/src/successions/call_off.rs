//! A succession is given up before anything has passed: its units go on as before.

use entity::organisation::UnitState;
use entity::successions::succession;
use serde_json::json;

use super::row::{self, Done, Which};
use super::rules::{self, Command};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::Fault;
use crate::identity::{Actor, session};
use crate::organisation;
use crate::write::{self, Tx};

/// Gives it up.
///
/// # Errors
/// `NotAllowed`, `Stale`; `WrongState` where something has passed already.
pub async fn call_off(app: &App, actor: &Actor, key: Option<&str>, which: &Which) -> Result<Done, Fault> {
    actor.allow(Operation::CallOffSuccession, &Parties::default())?;
    app.write(actor, write::Command::new("callOffSuccession", key, which), |tx: Tx| async move {
        session::rights_changed(&tx).await?;
        let before = row::seen(&tx, which).await?;
        let state = rules::apply(before.state, Command::CallOff)?;
        for row in row::units_of(tx.conn(), before.id).await? {
            // Of a draft nothing was changed.
            let Some(was) = row.was else { continue };
            let to = Some(before.successor_id).filter(|_| was != UnitState::Active);
            organisation::pass_on::set_state(&tx, row.unit_id, was, to, None).await?;
        }
        let next = succession::Model { state, ended_at: Some(tx.now()), ..before };
        let id = next.id;
        row::save(&tx, next, "succession.called_off", &json!({})).await?;
        Ok(Done { succession_id: id })
    })
    .await
}
