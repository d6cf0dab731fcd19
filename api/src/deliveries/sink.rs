//! The kinds of sinks. What they have in common is the table; what differs is what they hear, and how they are told.

use entity::deliveries::{Consumer, delivery_endpoint, webhook};
use entity::events::Subject;
use sea_orm::{ConnectionTrait, EntityTrait};
use uuid::Uuid;

use super::store::{Claimed, Outcome};
use super::{rules, webhook as message};
use crate::app::App;
use crate::fault::Fault;

/// Somebody outside.
#[derive(Debug)]
pub(super) enum Sink {
    /// Another system that is told over HTTP.
    Webhook { row: webhook::Model, kinds: Vec<String> },
}

impl Sink {
    /// Behind an endpoint; none where it was removed.
    pub(super) async fn of(
        conn: &impl ConnectionTrait,
        endpoint: Uuid,
        consumer: Consumer,
    ) -> Result<Option<Self>, Fault> {
        match consumer {
            Consumer::Webhook => {
                let Some(row) = webhook::Entity::find_by_id(endpoint).one(conn).await? else {
                    return Ok(None);
                };
                let kinds = serde_json::from_value(row.kinds.clone())?;
                Ok(Some(Self::Webhook { row, kinds }))
            }
        }
    }

    /// Whether it is told of such an event.
    pub(super) fn hears(&self, subject: Subject, kind: &str) -> bool {
        match self {
            Self::Webhook { kinds, .. } => rules::hears(kinds, subject, kind),
        }
    }

    /// Tells it.
    async fn tell(&self, app: &App, delivery: &Claimed) -> Result<Outcome, Fault> {
        match self {
            Self::Webhook { row, .. } => message::send(app, row, delivery).await,
        }
    }
}

/// Sends a claimed delivery; none where its endpoint is gone.
pub(super) async fn tell(
    app: &App,
    endpoint: &delivery_endpoint::Model,
    delivery: &Claimed,
) -> Result<Option<Outcome>, Fault> {
    match Sink::of(app.db().read(), endpoint.id, endpoint.consumer).await? {
        Some(sink) => Ok(Some(sink.tell(app, delivery).await?)),
        None => Ok(None),
    }
}
