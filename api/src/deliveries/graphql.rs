//! Webhooks and deliveries in the schema, for administrators.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::deliveries::delivery;

use super::read::{Found, Lag};
use super::rules::WebhookForm;
use super::save_webhook::Saved;
use super::{read, remove_webhook, renew_secret, retry_delivery, save_webhook};
use crate::app::App;
use crate::audit::graphql::subject_id;
use crate::fault::Fault;
use crate::graphql::connection::{Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::{DeliveryState, Subject};
use crate::graphql::errors::{self, UserError};
use crate::graphql::ids::{Kind, decode, encode, expect, expect_some};

/// Another system that hears of what happens, over HTTP, by the Standard Webhooks specification.
#[derive(Clone, Debug)]
pub struct Webhook(Found);

#[Object]
impl Webhook {
    /// Global id.
    async fn id(&self) -> ID {
        encode(Kind::Webhook, self.0.webhook.id)
    }
    /// Name, unique.
    async fn name(&self) -> &str {
        &self.0.webhook.name
    }
    /// Where it is told.
    async fn url(&self) -> &str {
        &self.0.webhook.url
    }
    /// Kinds of events (`listing.submitted`) or beginnings with their dot (`listing.`); empty: all.
    async fn kinds(&self) -> Vec<String> {
        serde_json::from_value(self.0.webhook.kinds.clone()).unwrap_or_default()
    }
    /// Whether anything is sent to it. Switched on again it goes on where it stood.
    async fn active(&self) -> bool {
        self.0.active
    }
    /// Why the service switched it off; none where a person did, or nobody.
    async fn switched_off(&self) -> Option<&str> {
        self.0.webhook.switched_off.as_deref()
    }
    /// How far behind it is.
    async fn lag(&self) -> WebhookLag {
        self.0.lag.into()
    }
    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.webhook.created_at
    }
    /// Give it back when you change the webhook.
    async fn version(&self) -> i64 {
        self.0.webhook.version
    }
}

/// How far behind a webhook is.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct WebhookLag {
    /// Deliveries that are due, under way, wait for another attempt or stand behind another; dead letters left out.
    pub waiting: i64,
    /// When the oldest of them was made.
    pub oldest_at: Option<DateTime<Utc>>,
    /// Dead letters: each holds its subject back until somebody decides.
    pub dead: i64,
}

impl From<Lag> for WebhookLag {
    fn from(lag: Lag) -> Self {
        Self { waiting: lag.waiting, oldest_at: lag.oldest_at, dead: lag.dead }
    }
}

/// One event on its way to one webhook.
#[derive(Clone, Debug, SimpleObject)]
pub struct Delivery {
    /// Global id.
    pub id: ID,
    /// Global id of the webhook.
    pub webhook_id: ID,
    /// The id that the other system is told, the same at every attempt.
    pub event_id: ID,
    /// What happened.
    pub event_kind: String,
    /// What it is about.
    pub subject_kind: Subject,
    /// Global id of what it is about. Of the deliveries about one subject only the first that is not settled is sent.
    pub subject_id: ID,
    /// Its life.
    pub state: DeliveryState,
    /// Attempts so far.
    pub attempts: i64,
    /// When it is tried next.
    pub next_at: Option<DateTime<Utc>>,
    /// HTTP status of the last answer.
    pub status: Option<i64>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was delivered, given up or left out.
    pub ended_at: Option<DateTime<Utc>>,
    #[graphql(skip)]
    position: i64,
}

impl From<delivery::Model> for Delivery {
    fn from(row: delivery::Model) -> Self {
        let waits = row.state == entity::deliveries::DeliveryState::Waiting;
        Self {
            id: encode(Kind::Delivery, row.id),
            webhook_id: encode(Kind::Webhook, row.endpoint_id),
            event_id: ID(row.event_id.to_string()),
            event_kind: row.event_kind,
            subject_kind: row.subject_kind.into(),
            subject_id: subject_id(row.subject_kind, row.subject_id),
            state: row.state.into(),
            attempts: row.attempts,
            next_at: waits.then_some(row.run_at),
            status: row.status,
            error: row.error,
            created_at: row.created_at,
            ended_at: row.ended_at,
            position: row.position,
        }
    }
}

connection!(WebhookConnection, WebhookEdge, Webhook);
connection!(DeliveryConnection, DeliveryEdge, Delivery);

/// Root queries of deliveries.
#[derive(Debug, Default)]
pub struct DeliveriesQuery;

#[Object]
impl DeliveriesQuery {
    /// Webhooks by name.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn webhooks(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<WebhookConnection> {
        let locale = ctx.actor()?.locale();
        let fail = |fault: Fault| errors::query_error(fault, locale);
        let page: Page<String> = Page::read(first, after.as_deref()).map_err(|wrong| fail(wrong.into()))?;
        let rows = read::webhooks(ctx.app().db().read(), page.after.as_deref(), page.fetch())
            .await
            .map_err(|error| fail(error.into()))?;
        let nodes = rows.into_iter().map(Webhook).collect();
        Ok(WebhookConnection::new(page.first, nodes, |row: &Webhook| row.0.webhook.name.clone()))
    }

    /// Deliveries to a webhook, the newest first. What was delivered is kept for 7 days, dead letters until somebody decides.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        webhook_id: ID,
        state: Option<DeliveryState>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<Option<DeliveryConnection>> {
        let locale = ctx.actor()?.locale();
        let fail = |fault: Fault| errors::query_error(fault, locale);
        let page: Page<i64> = Page::read(first, after.as_deref()).map_err(|wrong| fail(wrong.into()))?;
        let Some(webhook) = decode(Kind::Webhook, &webhook_id) else { return Ok(None) };
        let conn = ctx.app().db().read();
        let rows = read::deliveries(conn, webhook, state.map(Into::into), page.after, page.fetch())
            .await
            .map_err(|error| fail(error.into()))?;
        let nodes = rows.into_iter().map(Delivery::from).collect();
        Ok(Some(DeliveryConnection::new(page.first, nodes, |row: &Delivery| row.position)))
    }
}

/// A webhook to be made, or changed where `id` is given: all fields are replaced. A new one hears of what happens from now on.
#[derive(Debug, InputObject)]
pub struct SaveWebhookInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// Which; none for a new one.
    id: Option<ID>,
    /// The version you have seen; needed with `id`.
    version: Option<i64>,
    /// Name, unique.
    name: String,
    /// Where it is told: http or https.
    url: String,
    /// Kinds of events (`listing.submitted`) or beginnings with their dot (`listing.`); empty: all.
    #[graphql(default)]
    kinds: Vec<String>,
    /// Whether anything is sent to it.
    #[graphql(default = true)]
    active: bool,
}

impl SaveWebhookInput {
    fn read(self) -> Result<(String, save_webhook::Input), Fault> {
        let id = expect_some(Kind::Webhook, self.id.as_ref(), "id")?;
        let form = WebhookForm { name: self.name, url: self.url, kinds: self.kinds, active: self.active };
        Ok((self.idempotency_key, save_webhook::Input { id, version: self.version, form }))
    }
}

/// A webhook whose secret is to be renewed.
#[derive(Debug, InputObject)]
pub struct RenewWebhookSecretInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// Which.
    id: ID,
    /// The version you have seen.
    version: i64,
}

/// A webhook to be removed, with all that is on its way to it.
#[derive(Debug, InputObject)]
pub struct RemoveWebhookInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// Which.
    id: ID,
    /// The version you have seen.
    version: i64,
}

/// A delivery that failed, and what becomes of it.
#[derive(Debug, InputObject)]
pub struct RetryDeliveryInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// Which.
    id: ID,
    /// Leave this one out and let its subject go on, instead of trying again at once.
    #[graphql(default)]
    skip: bool,
}

/// The webhook, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct SaveWebhookPayload {
    /// The webhook as it is now.
    webhook: Option<Webhook>,
    /// Key of its signatures (`whsec_…`) where it was made by this call. It is shown this one time.
    secret: Option<String>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// The webhook with its new secret, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct RenewWebhookSecretPayload {
    /// The webhook as it is now.
    webhook: Option<Webhook>,
    /// Key of its signatures from now on (`whsec_…`). It is shown this one time.
    secret: Option<String>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// The webhook that is gone, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct RemoveWebhookPayload {
    /// Global id of the webhook that is gone.
    webhook_id: Option<ID>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// The delivery, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct RetryDeliveryPayload {
    /// The delivery as it is now.
    delivery: Option<Delivery>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// Webhook, secret and errors of an outcome.
async fn answered(
    ctx: &Context<'_>,
    outcome: Result<Saved, Fault>,
) -> async_graphql::Result<(Option<Webhook>, Option<String>, Vec<UserError>)> {
    let app: &App = ctx.app();
    let (saved, errors) = errors::payload(outcome, ctx.actor()?.locale())?;
    let Some(saved) = saved else { return Ok((None, None, errors)) };
    let found = read::webhook(app.db().read(), saved.id).await;
    let found = found.map_err(|error| errors::to_error(error.into()))?;
    Ok((found.map(Webhook), saved.secret, errors))
}

/// Root mutations of deliveries.
#[derive(Debug, Default)]
pub struct DeliveriesMutation;

#[Object]
impl DeliveriesMutation {
    /// Makes or changes a webhook.
    async fn save_webhook(
        &self,
        ctx: &Context<'_>,
        input: SaveWebhookInput,
    ) -> async_graphql::Result<SaveWebhookPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = match input.read() {
            Ok((key, input)) => save_webhook::save_webhook(app, actor, Some(&key), &input).await,
            Err(fault) => Err(fault),
        };
        let (webhook, secret, errors) = answered(ctx, outcome).await?;
        Ok(SaveWebhookPayload { webhook, secret, errors })
    }

    /// Gives a webhook another secret; the old one signs nothing more.
    async fn renew_webhook_secret(
        &self,
        ctx: &Context<'_>,
        input: RenewWebhookSecretInput,
    ) -> async_graphql::Result<RenewWebhookSecretPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = match expect(Kind::Webhook, &input.id, "id") {
            Ok(id) => {
                let which = renew_secret::Input { id, version: input.version };
                renew_secret::renew_secret(app, actor, Some(&input.idempotency_key), &which).await
            }
            Err(wrong) => Err(wrong.into()),
        };
        let (webhook, secret, errors) = answered(ctx, outcome).await?;
        Ok(RenewWebhookSecretPayload { webhook, secret, errors })
    }

    /// Removes a webhook with all that is on its way to it. Whoever only wants quiet switches it off.
    async fn remove_webhook(
        &self,
        ctx: &Context<'_>,
        input: RemoveWebhookInput,
    ) -> async_graphql::Result<RemoveWebhookPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = match expect(Kind::Webhook, &input.id, "id") {
            Ok(id) => {
                let which = remove_webhook::Input { id, version: input.version };
                remove_webhook::remove_webhook(app, actor, Some(&input.idempotency_key), &which).await
            }
            Err(wrong) => Err(wrong.into()),
        };
        let (id, errors) = errors::payload(outcome, actor.locale())?;
        Ok(RemoveWebhookPayload { webhook_id: id.map(|id| encode(Kind::Webhook, id)), errors })
    }

    /// Tries a dead letter, or one that waits for its next attempt, again at once; or leaves it out.
    async fn retry_delivery(
        &self,
        ctx: &Context<'_>,
        input: RetryDeliveryInput,
    ) -> async_graphql::Result<RetryDeliveryPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = match expect(Kind::Delivery, &input.id, "id") {
            Ok(id) => {
                let which = retry_delivery::Input { id, skip: input.skip };
                retry_delivery::retry_delivery(app, actor, Some(&input.idempotency_key), &which).await
            }
            Err(wrong) => Err(wrong.into()),
        };
        let (id, errors) = errors::payload(outcome, actor.locale())?;
        let row = match id {
            Some(id) => {
                read::delivery(app.db().read(), id).await.map_err(|error| errors::to_error(error.into()))?
            }
            None => None,
        };
        Ok(RetryDeliveryPayload { delivery: row.map(Delivery::from), errors })
    }
}
