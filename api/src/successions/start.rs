//! Its day has come: from here on things pass.

use entity::jobs::JobKind;
use entity::successions::succession;
use serde_json::json;

use super::announce::successors;
use super::row::{self, Done, Which};
use super::rules::{self, Command};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::jobs;
use crate::write::{self, Tx};

/// Starts it, without waiting for the job that does so on its day.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::Stale`], [`Code::WrongState`]; [`Code::NotYetDue`] before its day; [`Code::UnitNotActive`] for a
/// successor that is not there any more.
pub async fn start(app: &App, actor: &Actor, key: Option<&str>, which: &Which) -> Result<Done, Fault> {
    actor.allow(Operation::StartSuccession, &Parties::default())?;
    app.write(actor, write::Command::new("startSuccession", key, which), |tx: Tx| async move {
        let before = row::seen(&tx, which).await?;
        begin(&tx, before).await
    })
    .await
}

/// The same inside a transaction; the row is locked.
pub(super) async fn begin(tx: &Tx, before: succession::Model) -> Result<Done, Fault> {
    let state = rules::apply(before.state, Command::Start)?;
    let mut faults = successors(tx, &before).await?;
    if tx.today() < before.effective_on {
        faults.push(Rejection::new(Code::NotYetDue).with("day", before.effective_on));
    }
    Fault::all(faults)?;
    let next = succession::Model { state, started_at: Some(tx.now()), ..before };
    let id = next.id;
    row::save(tx, next, "succession.started", &json!({})).await?;
    jobs::steps::hurry(tx, JobKind::Successions).await?;
    Ok(Done { succession_id: id })
}
