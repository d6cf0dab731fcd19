//! Removes a webhook with everything that was on its way to it.

use entity::deliveries::{delivery, delivery_endpoint, webhook};
use entity::events::Subject;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::store;
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault};
use crate::identity::Actor;
use crate::organisation::steps::stale_unless_one;
use crate::write::Command;

/// Which webhook.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// The webhook.
    pub id: Uuid,
    /// The version that the caller has seen.
    pub version: i64,
}

/// Removes a webhook; whoever only wants quiet switches it off.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::NotFound`], [`Code::Stale`].
pub async fn remove_webhook(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Input,
) -> Result<Uuid, Fault> {
    actor.allow(Operation::RemoveWebhook, &Parties::default())?;
    app.write(actor, Command::new("removeWebhook", key, input), |tx| async move {
        let endpoint = store::hold_endpoint(&tx, input.id).await?.ok_or(Code::NotFound)?;
        let row = webhook::Entity::find_by_id(input.id).one(tx.conn()).await?.ok_or(Code::NotFound)?;
        let gone = webhook::Entity::delete_many()
            .filter(webhook::Column::Id.eq(input.id))
            .filter(webhook::Column::Version.eq(input.version))
            .exec(tx.conn())
            .await?;
        stale_unless_one(gone.rows_affected)?;
        let gone = delivery::Entity::delete_many()
            .filter(delivery::Column::EndpointId.eq(input.id))
            .exec(tx.conn())
            .await?;
        delivery_endpoint::Entity::delete_by_id(endpoint.id).exec(tx.conn()).await?;
        let payload = json!({ "name": row.name, "deliveries": gone.rows_affected });
        tx.record(Subject::Webhook, input.id, input.version + 1, "webhook.removed", &payload);
        Ok(input.id)
    })
    .await
}
