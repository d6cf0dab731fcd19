//! Search in the schema.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use search::{Filters, Query};
use uuid::Uuid;

use super::{read, start_reindex};
use crate::fault::{Fault, Rejection};
use crate::graphql::connection::{Page, PageInfo};
use crate::graphql::context::Given;
use crate::graphql::enums::{AssetKind, Condition, Custody, ListingState};
use crate::graphql::errors::{UserError, payload, query_error};
use crate::graphql::ids::{Kind, expect};
use crate::graphql::scalars::Money;
use crate::identity::Actor;
use crate::listings::graphql::{Listing, listings, wants};
use crate::listings::read::hydrate;

/// Root fields of search.
#[derive(Debug, Default)]
pub struct FindingQuery;

/// Changes of search.
#[derive(Debug, Default)]
pub struct FindingMutation;

/// What the hits must be: any of the values within a field, and all fields at once.
#[derive(Debug, Default, InputObject)]
pub struct SearchFilter {
    /// Offered by a unit placed in one of these regions, at any depth.
    #[graphql(default, validator(max_items = 100))]
    regions: Vec<ID>,
    /// Offered by one of these units.
    #[graphql(default, validator(max_items = 100))]
    units: Vec<ID>,
    /// In one of these categories or below it.
    #[graphql(default, validator(max_items = 100))]
    categories: Vec<ID>,
    /// Of one of these kinds.
    #[graphql(default, validator(max_items = 20))]
    kinds: Vec<AssetKind>,
    /// In one of these custodies.
    #[graphql(default, validator(max_items = 20))]
    custodies: Vec<Custody>,
    /// In one of these conditions.
    #[graphql(default, validator(max_items = 20))]
    conditions: Vec<Condition>,
    /// In one of these states; only LISTED is open to everyone.
    #[graphql(default, validator(max_items = 20))]
    states: Vec<ListingState>,
    /// Value of one piece at least.
    value_from: Option<Money>,
    /// Value of one piece at most, inclusive.
    value_to: Option<Money>,
    /// Only what has a piece to ask for now.
    #[graphql(default)]
    available_only: bool,
}

/// Order of hits; ties are broken by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[graphql(remote = "search::Sort")]
pub enum SearchSort {
    /// Best match first.
    #[default]
    Relevance,
    /// Listed last, first.
    Newest,
    /// Cheapest first.
    ValueAsc,
    /// Dearest first.
    ValueDesc,
}

/// A page of hits.
#[derive(Debug, SimpleObject)]
pub struct SearchConnection {
    /// Hits with their cursors. May be shorter than the page asked for: the index can know of a listing that was
    /// hidden a moment ago.
    edges: Vec<SearchEdge>,
    /// Where the page lies.
    page_info: PageInfo,
    /// Hits on all pages.
    total_count: u64,
}

/// One hit.
#[derive(Debug, SimpleObject)]
pub struct SearchEdge {
    /// Cursor of this hit.
    cursor: String,
    /// The listing.
    node: Listing,
}

#[Object]
impl FindingQuery {
    /// Searches listings by words of name, brand, model, serial, asset number and description.
    #[graphql(complexity = "first.unwrap_or(20).clamp(1, 100) as usize * child_complexity")]
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Words; all must be found. Empty finds everything.")] text: Option<String>,
        filter: Option<SearchFilter>,
        #[graphql(default)] sort: SearchSort,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<SearchConnection> {
        let actor = ctx.actor()?;
        let refuse = |fault: Fault| query_error(fault, actor.locale());
        let page = Page::<()>::read(first, None).map_err(|rejection| refuse(rejection.into()))?;
        let offset =
            read::offset(after.as_deref(), page.first).map_err(|rejection| refuse(rejection.into()))?;
        let filters = filters(filter.unwrap_or_default()).map_err(|rejection| refuse(rejection.into()))?;
        let query = Query { text, filters, sort: sort.into(), offset, limit: page.first, ..Query::default() };
        self.page(ctx, actor, query).await
    }
}

impl FindingQuery {
    async fn page(
        &self,
        ctx: &Context<'_>,
        actor: &Actor,
        query: Query,
    ) -> async_graphql::Result<SearchConnection> {
        let offset = query.offset;
        let hits = read::search(ctx.app(), actor, query).await;
        let hits = hits.map_err(|fault| query_error(fault, actor.locale()))?;
        let end = offset + hits.ids.len();
        let ids: Vec<Uuid> = hits.ids.iter().map(|(id, _)| *id).collect();
        let selection = ctx.look_ahead().field("edges").field("node");
        let rows = hydrate(ctx.app(), actor, &ids, wants(&selection)).await;
        let rows = rows.map_err(|fault| query_error(fault, actor.locale()))?;
        let places: Vec<usize> =
            rows.iter().map(|row| offset + ids.iter().position(|id| *id == row.id).unwrap_or(0)).collect();
        let nodes = listings(ctx, rows, &selection).await?;
        let edges = places.into_iter().zip(nodes);
        Ok(SearchConnection {
            edges: edges.map(|(place, node)| SearchEdge { cursor: read::cursor(place), node }).collect(),
            page_info: PageInfo {
                has_next_page: read::goes_on(end, hits.total),
                end_cursor: end.checked_sub(1).filter(|_| end > offset).map(read::cursor),
            },
            total_count: hits.total,
        })
    }
}

fn filters(input: SearchFilter) -> Result<Filters, Rejection> {
    let ids = |kind: Kind, ids: &[ID], field: &str| -> Result<Vec<Uuid>, Rejection> {
        ids.iter().map(|id| expect(kind, id, field)).collect()
    };
    Ok(Filters {
        regions: ids(Kind::Region, &input.regions, "filter.regions")?,
        units: ids(Kind::Unit, &input.units, "filter.units")?,
        categories: ids(Kind::Category, &input.categories, "filter.categories")?,
        kinds: texts(input.kinds, entity::catalogue::AssetKind::from),
        custodies: texts(input.custodies, entity::listings::Custody::from),
        conditions: texts(input.conditions, entity::assets::Condition::from),
        states: texts(input.states, entity::listings::ListingState::from),
        value_from: input.value_from.map(|money| money.0.0),
        value_to: input.value_to.map(|money| money.0.0),
        available_only: input.available_only,
    })
}

fn texts<T, E: ToString>(values: Vec<T>, of: impl Fn(T) -> E) -> Vec<String> {
    values.into_iter().map(|value| of(value).to_string()).collect()
}

/// Input of `startReindex`.
#[derive(Debug, InputObject)]
pub struct StartReindexInput {
    /// Idempotency key.
    idempotency_key: Option<String>,
}

/// Answer of `startReindex`.
#[derive(Debug, SimpleObject)]
pub struct StartReindexPayload {
    /// Whether every server was asked to build its index anew.
    asked: bool,
    /// What the caller can put right.
    errors: Vec<UserError>,
}

#[Object]
impl FindingMutation {
    /// Builds the search index anew on every server, while the old one goes on answering.
    async fn start_reindex(
        &self,
        ctx: &Context<'_>,
        input: StartReindexInput,
    ) -> async_graphql::Result<StartReindexPayload> {
        let actor = ctx.actor()?;
        let outcome = start_reindex::start_reindex(ctx.app(), actor, input.idempotency_key.as_deref()).await;
        let (asked, errors) = payload(outcome, actor.locale())?;
        Ok(StartReindexPayload { asked: asked.is_some(), errors })
    }
}
