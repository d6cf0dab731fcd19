//! Makes or changes a webhook.

use entity::deliveries::{Consumer, delivery_endpoint, webhook};
use entity::events::Subject;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::rules::WebhookForm;
use super::secret::Secret;
use super::{address, store};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::events;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::organisation::steps::stale_unless_one;
use crate::write::{Command, Tx};

/// A webhook to be made, or changed where `id` is given.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Which; none for a new one.
    pub id: Option<Uuid>,
    /// The version that the caller has seen; needed with `id`.
    pub version: Option<i64>,
    /// All that is said about it.
    pub form: WebhookForm,
}

/// A webhook, and its secret where it was made just now.
#[derive(Debug)]
pub struct Saved {
    /// The webhook.
    pub id: Uuid,
    /// Told once. A repetition under the same idempotency key does not tell it again: renew it.
    pub secret: Option<String>,
}

/// What is stored under the idempotency key: `call` tells the call that made a secret from those that repeat it.
#[derive(Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) id: Uuid,
    pub(super) call: Option<Uuid>,
}

impl Saved {
    pub(super) fn of(answer: &Answer, call: Uuid, secret: &Secret) -> Self {
        Self { id: answer.id, secret: (answer.call == Some(call)).then(|| secret.shown()) }
    }
}

/// Makes or changes a webhook. A new one hears of what happens from now on; one that was off goes on where it stood.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::Stale`], [`Code::ClosedAddress`], and what is wrong with the form.
pub async fn save_webhook(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Input,
) -> Result<Saved, Fault> {
    actor.allow(Operation::SaveWebhook, &Parties::default())?;
    let author = actor.account_id().ok_or(Code::NotAllowed)?;
    let (form, mut faults) = input.form.clone().cleaned();
    // Asking for names takes the network: not inside the transaction.
    if let Ok(url) = address::parse(&form.url)
        && app.outbound().check_host(&url).await.is_err()
    {
        faults.push(Rejection::new(Code::ClosedAddress).at("url"));
    }
    if input.id.is_some() && input.version.is_none() {
        faults.push(Rejection::new(Code::Required).at("version"));
    }
    Fault::all(faults)?;
    let call = app.ids().next(app.clock().now());
    let (form, secret) = (&form, &Secret::make(app));
    let answer = app
        .write(actor, Command::new("saveWebhook", key, input), |tx| async move {
            let same =
                webhook::Entity::find().filter(webhook::Column::Name.eq(&form.name)).one(tx.conn()).await?;
            if same.is_some_and(|same| Some(same.id) != input.id) {
                return Err(Rejection::new(Code::Duplicate).at("name").into());
            }
            match input.id {
                Some(id) => {
                    change(&tx, id, input.version.unwrap_or_default(), form).await?;
                    Ok(Answer { id, call: None })
                }
                None => Ok(Answer { id: make(&tx, author, form, secret).await?, call: Some(call) }),
            }
        })
        .await?;
    Ok(Saved::of(&answer, call, secret))
}

async fn make(tx: &Tx, author: Uuid, form: &WebhookForm, secret: &Secret) -> Result<Uuid, Fault> {
    let id = tx.id();
    // What is being committed at this moment comes after the newest that can be seen, so it is not missed.
    let newest = events::newest(tx.conn()).await?;
    let endpoint = delivery_endpoint::Model {
        id,
        consumer: Consumer::Webhook,
        active: form.active,
        log_seq: newest.map_or(0, |(seq, _)| seq),
        position: 0,
    };
    delivery_endpoint::Entity::insert(endpoint.into_active_model().reset_all())
        .exec_without_returning(tx.conn())
        .await?;
    let row = webhook::Model {
        id,
        name: form.name.clone(),
        url: form.url.clone(),
        kinds: json!(form.kinds),
        secret: secret.sealed(tx.app(), id)?,
        switched_off: None,
        created_by: author,
        created_at: tx.now(),
        version: 1,
    };
    webhook::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.conn()).await?;
    record(tx, id, 1, "webhook.created", form);
    Ok(id)
}

async fn change(tx: &Tx, id: Uuid, version: i64, form: &WebhookForm) -> Result<(), Fault> {
    use webhook::Column;
    // Held, so that the log is not read for it by what it heard before.
    let endpoint = store::hold_endpoint(tx, id).await?.ok_or(Code::NotFound)?;
    let mut update = webhook::Entity::update_many()
        .col_expr(Column::Name, Expr::value(form.name.clone()))
        .col_expr(Column::Url, Expr::value(form.url.clone()))
        .col_expr(Column::Kinds, Expr::value(json!(form.kinds)))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1));
    if form.active || endpoint.active {
        update = update.col_expr(Column::SwitchedOff, Expr::value(None::<String>));
    }
    let changed =
        update.filter(Column::Id.eq(id)).filter(Column::Version.eq(version)).exec(tx.conn()).await?;
    stale_unless_one(changed.rows_affected)?;
    delivery_endpoint::Entity::update_many()
        .col_expr(delivery_endpoint::Column::Active, Expr::value(form.active))
        .filter(delivery_endpoint::Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    record(tx, id, version + 1, "webhook.changed", form);
    Ok(())
}

/// The address without what follows the path: systems put tokens there.
fn record(tx: &Tx, id: Uuid, version: i64, kind: &'static str, form: &WebhookForm) {
    let url = form.url.split('?').next().unwrap_or_default();
    let payload = json!({ "name": form.name, "url": url, "kinds": form.kinds, "active": form.active });
    tx.record(Subject::Webhook, id, version, kind, &payload);
}
