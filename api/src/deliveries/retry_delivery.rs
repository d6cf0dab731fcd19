//! What becomes of a delivery that failed: tried again at once, or left out so that its subject goes on.

use entity::deliveries::{DeliveryState, delivery, webhook};
use entity::events::Subject;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::store;
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::organisation::steps::stale_unless_one;
use crate::write::Command;

/// Which delivery, and what to do.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// The delivery.
    pub id: Uuid,
    /// Leave it out, instead of trying again.
    pub skip: bool,
}

/// Tries a dead letter, or one that waits for its next attempt, again at once, with all its attempts before it; or leaves it
/// out.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::NotFound`]; [`Code::WrongState`] for what is under way, settled, or not at the head.
pub async fn retry_delivery(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Input,
) -> Result<Uuid, Fault> {
    use delivery::Column;
    actor.allow(Operation::RetryDelivery, &Parties::default())?;
    app.write(actor, Command::new("retryDelivery", key, input), |tx| async move {
        let found = delivery::Entity::find_by_id(input.id).one(tx.conn()).await?.ok_or(Code::NotFound)?;
        store::hold_endpoint(&tx, found.endpoint_id).await?.ok_or(Code::NotFound)?;
        // Anew: it may have been settled while we waited for the endpoint.
        let row = delivery::Entity::find_by_id(input.id).one(tx.conn()).await?.ok_or(Code::NotFound)?;
        if !matches!(row.state, DeliveryState::Dead | DeliveryState::Waiting) {
            return Err(Rejection::new(Code::WrongState).with("state", row.state).into());
        }
        let now = store::database_now(tx.conn()).await?;
        let update = delivery::Entity::update_many();
        let update = if input.skip {
            update
                .col_expr(Column::State, Expr::value(DeliveryState::Skipped))
                .col_expr(Column::EndedAt, Expr::value(now))
        } else {
            update
                .col_expr(Column::State, Expr::value(DeliveryState::Waiting))
                .col_expr(Column::Attempts, Expr::value(0_i64))
                .col_expr(Column::RunAt, Expr::value(now))
                .col_expr(Column::EndedAt, Expr::value(None::<chrono::DateTime<chrono::Utc>>))
        };
        let changed = update
            .filter(Column::Id.eq(row.id))
            .filter(Column::State.eq(row.state))
            .filter(Column::Fence.eq(row.fence))
            .exec(tx.conn())
            .await?;
        stale_unless_one(changed.rows_affected)?;
        if input.skip {
            store::promote(&tx, row.endpoint_id, row.subject_id, now).await?;
        }
        let webhook = webhook::Entity::find_by_id(row.endpoint_id).one(tx.conn()).await?;
        let version = webhook.map_or(0, |webhook| webhook.version);
        let kind = if input.skip { "webhook.delivery_skipped" } else { "webhook.delivery_retried" };
        let payload = json!({ "deliveryId": row.id, "eventId": row.event_id, "eventKind": row.event_kind });
        tx.record(Subject::Webhook, row.endpoint_id, version, kind, &payload);
        Ok(row.id)
    })
    .await
}
