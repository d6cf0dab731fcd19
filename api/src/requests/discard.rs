//! The asker throws a draft away. Nobody else has seen it, so its rows go; what it said stays in the trail.

use entity::events::Subject;
use entity::requests::{LineState, request, request_line};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use serde_json::json;

use super::draft::Done;
use super::read;
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::{Command, Tx};

/// Which draft.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Which.
    pub request_id: uuid::Uuid,
    /// The version that was looked at.
    pub version: i64,
}

/// Throws a draft away.
///
/// # Errors
/// [`Code::NotFound`], [`Code::NotAllowed`], [`Code::WrongState`] where it was submitted, [`Code::Stale`] where somebody
/// else changed it.
pub async fn discard(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, Command::new("discardRequest", key, input), |tx: Tx| async move {
        let draft = read::locked(&tx, input.request_id).await?;
        actor.allow(Operation::DiscardRequest, &Parties::receiver(draft.unit_id))?;
        if draft.submitted_at.is_some() {
            return Err(Rejection::new(Code::WrongState).with("state", LineState::Submitted).into());
        }
        if draft.version != input.version {
            return Err(Code::Stale.into());
        }
        request_line::Entity::delete_many()
            .filter(request_line::Column::RequestId.eq(draft.id))
            .exec(tx.conn())
            .await?;
        request::Entity::delete_by_id(draft.id).exec(tx.conn()).await?;
        let payload = json!({ "unitId": draft.unit_id });
        tx.record(Subject::Request, draft.id, draft.version + 1, "request.discarded", &payload);
        Ok(Done { request_id: draft.id })
    })
    .await
}
