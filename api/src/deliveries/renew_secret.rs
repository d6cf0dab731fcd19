//! Gives a webhook another secret. What is sent from then on is signed by it.

use entity::deliveries::webhook;
use entity::events::Subject;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::save_webhook::{Answer, Saved};
use super::secret::Secret;
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

/// Gives a webhook another secret, and tells it once.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::NotFound`], [`Code::Stale`].
pub async fn renew_secret(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Input,
) -> Result<Saved, Fault> {
    actor.allow(Operation::RenewWebhookSecret, &Parties::default())?;
    let call = app.ids().next(app.clock().now());
    let secret = &Secret::make(app);
    let answer = app
        .write(actor, Command::new("renewWebhookSecret", key, input), |tx| async move {
            use webhook::Column;
            webhook::Entity::find_by_id(input.id).one(tx.conn()).await?.ok_or(Code::NotFound)?;
            let changed = webhook::Entity::update_many()
                .col_expr(Column::Secret, Expr::value(secret.sealed(tx.app(), input.id)?))
                .col_expr(Column::Version, Expr::col(Column::Version).add(1))
                .filter(Column::Id.eq(input.id))
                .filter(Column::Version.eq(input.version))
                .exec(tx.conn())
                .await?;
            stale_unless_one(changed.rows_affected)?;
            tx.record(Subject::Webhook, input.id, input.version + 1, "webhook.secret_renewed", &json!({}));
            Ok(Answer { id: input.id, call: Some(call) })
        })
        .await?;
    Ok(Saved::of(&answer, call, secret))
}
