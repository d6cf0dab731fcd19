//! Asks every process to build its index anew: through the event log, as each process has an index of its own.

use entity::events::Subject;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::Fault;
use crate::identity::Actor;
use crate::write::Command;

/// Kind of the event.
pub const ASKED: &str = "search.reindex_asked";

/// That it was asked.
#[derive(Debug, Deserialize, Serialize)]
pub struct Asked {}

/// Asks for it.
///
/// # Errors
/// [`crate::fault::Code::NotAllowed`].
pub async fn start_reindex(app: &App, actor: &Actor, key: Option<&str>) -> Result<Asked, Fault> {
    actor.allow(Operation::StartReindex, &Parties::default())?;
    app.write(actor, Command::new("startReindex", key, &()), |tx| async move {
        tx.record(Subject::Setting, Uuid::nil(), 0, ASKED, &serde_json::json!({}));
        Ok(Asked {})
    })
    .await
}
