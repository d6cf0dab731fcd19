//! The log of events in the schema, for auditors and administrators.

use async_graphql::{Context, ID, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::events::event;

use crate::audit::graphql::subject_id;
use crate::fault::Fault;
use crate::graphql::connection::{Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::Subject;
use crate::graphql::errors;
use crate::graphql::ids::{Kind, encode};

/// Something that happened.
#[derive(Clone, Debug, SimpleObject)]
pub struct Event {
    /// Number in the log, with gaps. The log is in the order in which events became certain, which can differ from that of
    /// their numbers.
    pub seq: i64,
    /// The same event has the same id wherever it is told.
    pub id: ID,
    /// What happened, such as `listing.submitted`.
    pub kind: String,
    /// What it is about.
    pub subject_kind: Subject,
    /// Global id of what it is about.
    pub subject_id: ID,
    /// Version of the row after it; 0 where it has none.
    pub subject_version: i64,
    /// Global id of the account that did it; none for the service itself.
    pub actor_id: Option<ID>,
    /// What was said about it; empty where it is personal.
    pub payload: Json<serde_json::Value>,
    /// When.
    pub at: DateTime<Utc>,
}

impl From<event::Model> for Event {
    fn from(row: event::Model) -> Self {
        Self {
            seq: row.seq,
            id: ID(row.id.to_string()),
            kind: row.kind,
            subject_kind: row.subject_kind.into(),
            subject_id: subject_id(row.subject_kind, row.subject_id),
            subject_version: row.subject_version,
            actor_id: row.actor_id.map(|id| encode(Kind::Account, id)),
            payload: Json(row.payload),
            at: row.at,
        }
    }
}

connection!(EventConnection, EventEdge, Event);

/// Root queries of the log.
#[derive(Debug, Default)]
pub struct EventsQuery;

#[Object]
impl EventsQuery {
    /// What happened, the oldest first. Whoever goes on from the last cursor misses nothing: an event is shown only when
    /// no earlier one can still come.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<EventConnection> {
        let locale = ctx.actor()?.locale();
        let fail = |fault: Fault| errors::query_error(fault, locale);
        let page: Page<i64> = Page::read(first, after.as_deref()).map_err(|wrong| fail(wrong.into()))?;
        let rows = super::after(ctx.app().db().read(), page.after.unwrap_or(0), page.fetch())
            .await
            .map_err(|error| fail(error.into()))?;
        let nodes = rows.into_iter().map(Event::from).collect();
        Ok(EventConnection::new(page.first, nodes, |row: &Event| row.seq))
    }
}
