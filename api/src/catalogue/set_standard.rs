//! Puts a revision of a standard into force.

use uuid::Uuid;

use super::forms::StandardForm;
use super::steps::put_standard;
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::Fault;
use crate::identity::{Actor, session};
use crate::write::Command;

/// Puts a revision of a standard into force, and gives its id.
///
/// # Errors
/// [`Code::NotAllowed`](crate::fault::Code::NotAllowed) and what is wrong with the form.
pub async fn set_standard(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    form: &StandardForm,
) -> Result<Uuid, Fault> {
    actor.allow(Operation::SetStandard, &Parties::default())?;
    app.write(actor, Command::new("setStandard", key, form), |tx| async move {
        // For its lock: two revisions of one standard must not both follow the same one.
        session::rights_changed(&tx).await?;
        Ok(put_standard(&tx, form.clone()).await?.0.id)
    })
    .await
}
