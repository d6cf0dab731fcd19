//! Makes or changes a unit.

use serde::Serialize;
use uuid::Uuid;

use super::rules::UnitForm;
use super::steps::put_unit;
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::{Actor, session};
use crate::write::Command;

/// A unit to be made, or changed where `id` is given.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Which; none for a new one.
    pub id: Option<Uuid>,
    /// The version that the caller has seen; needed with `id`.
    pub version: Option<i64>,
    /// All that is said about it.
    pub form: UnitForm,
}

/// Makes or changes a unit, and gives its id.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::Stale`], and what is wrong with the form.
pub async fn save_unit(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Uuid, Fault> {
    actor.allow(Operation::SaveUnit, &Parties::default())?;
    app.write(actor, Command::new("saveUnit", key, input), |tx| async move {
        session::rights_changed(&tx).await?;
        let target = match (input.id, input.version) {
            (None, _) => None,
            (Some(id), Some(version)) => Some((id, version)),
            (Some(_), None) => return Err(Rejection::new(Code::Required).at("version").into()),
        };
        Ok(put_unit(&tx, target, input.form.clone()).await?.id)
    })
    .await
}
