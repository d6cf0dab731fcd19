//! Requests and their lines in the schema. A resolver that hands out several reads what is asked of them beyond their
//! rows at once, by looking ahead: the number of statements does not grow with the number of rows.

use std::collections::HashMap;

use async_graphql::{Context, ID, Lookahead, Object};
use chrono::{DateTime, NaiveDate, Utc};
use entity::approvals::ApprovalSubject;
use entity::corrections::correction;
use entity::requests::{LineState as State, request, request_line};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::read;
use crate::approvals::graphql::ApprovalCase;
use crate::approvals::read::cases_of;
use crate::corrections;
use crate::corrections::graphql::Correction;
use crate::fault::Fault;
use crate::graphql::connection::connection;
use crate::graphql::context::Given;
use crate::graphql::enums::{LineReason, LineState, NeedClass};
use crate::graphql::errors::query_error;
use crate::graphql::ids::{Kind, encode};
use crate::listings;
use crate::listings::graphql::Listing;
use crate::organisation::graphql::Unit;

/// A unit asks (调剂申请), in several lines.
#[derive(Debug)]
pub struct Request {
    pub(super) row: request::Model,
    lines: OnceCell<Vec<RequestLine>>,
}

impl From<request::Model> for Request {
    fn from(row: request::Model) -> Self {
        Self { row, lines: OnceCell::new() }
    }
}

#[Object]
impl Request {
    /// Global id.
    pub async fn id(&self) -> ID {
        encode(Kind::Request, self.row.id)
    }

    /// Row version; give it back when you change the draft.
    async fn version(&self) -> i64 {
        self.row.version
    }

    /// Why more is asked for than the unit's cap lets, or what its cap is reckoned from was not entered.
    async fn over_cap_reason(&self) -> Option<&str> {
        self.row.over_cap_reason.as_deref()
    }

    /// Number, from the submission on.
    async fn number(&self) -> Option<&str> {
        self.row.number.as_deref()
    }

    /// Who asks.
    async fn unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.row.unit_id)
    }

    /// Why.
    async fn justification(&self) -> &str {
        &self.row.justification
    }

    /// When it is needed at the latest.
    async fn needed_by(&self) -> Option<NaiveDate> {
        self.row.needed_by
    }

    /// How badly.
    async fn need(&self) -> NeedClass {
        self.row.need.into()
    }

    /// When it was drafted.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }

    /// When it was submitted; none while it is a draft.
    async fn submitted_at(&self) -> Option<DateTime<Utc>> {
        self.row.submitted_at
    }

    /// Its lines, in their order; those on whose giving side alone the caller stands see only theirs.
    async fn lines(&self, ctx: &Context<'_>) -> async_graphql::Result<&[RequestLine]> {
        let load = || async {
            let mut found = lines_of(ctx, &[self.row.id], &ctx.look_ahead()).await?;
            Ok::<_, async_graphql::Error>(found.remove(&self.row.id).unwrap_or_default())
        };
        Ok(self.lines.get_or_try_init(load).await?)
    }
}

/// One line of a request, for one listing, with a life of its own.
#[derive(Debug)]
pub struct RequestLine {
    pub(super) row: request_line::Model,
    place: OnceCell<Option<i64>>,
    listing: OnceCell<Option<Listing>>,
    approvals: OnceCell<Vec<ApprovalCase>>,
    correction: OnceCell<Option<Correction>>,
}

impl From<request_line::Model> for RequestLine {
    fn from(row: request_line::Model) -> Self {
        Self {
            row,
            place: OnceCell::new(),
            listing: OnceCell::new(),
            approvals: OnceCell::new(),
            correction: OnceCell::new(),
        }
    }
}

#[Object]
impl RequestLine {
    /// Global id.
    async fn id(&self) -> ID {
        encode(Kind::Line, self.row.id)
    }

    /// Row version.
    async fn version(&self) -> i64 {
        self.row.version
    }

    /// Global id of the request.
    async fn request_id(&self) -> ID {
        encode(Kind::Request, self.row.request_id)
    }

    /// Who asks.
    async fn unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.row.unit_id)
    }

    /// Place among the lines of the request, from 0.
    async fn position(&self) -> i64 {
        self.row.position
    }

    /// Global id of the line of a plan that it carries out; null for any other.
    async fn plan_line_id(&self) -> Option<ID> {
        self.row.plan_line_id.map(|id| encode(Kind::PlanLine, id))
    }

    /// What is asked for; null where the caller may not see it any more.
    async fn listing(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&Listing>> {
        let load = || async {
            let mut found = listings_of(ctx, &[self.row.listing_id], &ctx.look_ahead()).await?;
            Ok::<_, async_graphql::Error>(found.remove(&self.row.listing_id))
        };
        Ok(self.listing.get_or_try_init(load).await?.as_ref())
    }

    /// Pieces asked for.
    async fn quantity_asked(&self) -> i64 {
        self.row.quantity_asked
    }

    /// What is left of them after cuts.
    async fn quantity(&self) -> i64 {
        self.row.quantity
    }

    /// State.
    async fn state(&self) -> LineState {
        self.row.state.into()
    }

    /// Why it waits, was returned or ended.
    async fn reason(&self) -> Option<LineReason> {
        self.row.reason.map(Into::into)
    }

    /// What a person wrote about it.
    async fn comment(&self) -> Option<&str> {
        self.row.comment.as_deref()
    }

    /// When its hold lapses unless the asker's side acts; none while others have to act.
    async fn hold_expires_at(&self) -> Option<DateTime<Utc>> {
        self.row.hold_expires_at
    }

    /// Place in the queue, 1 is next; none where it does not wait.
    async fn queue_place(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<i64>> {
        let load = || async {
            let found = read::queue_places(ctx.app().db().read(), std::slice::from_ref(&self.row)).await;
            let found = found.map_err(|error| failed(ctx, error.into()))?;
            Ok::<_, async_graphql::Error>(found.get(&self.row.id).copied())
        };
        if self.row.state != State::Queued {
            return Ok(None);
        }
        Ok(*self.place.get_or_try_init(load).await?)
    }

    /// What was corrected on the asset, for the asker to confirm (`confirmCorrection`); null where nothing is. Nothing is handed
    /// over before.
    async fn correction(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&Correction>> {
        let load = || async {
            let mut found = corrections_of(ctx, self.row.correction_id.as_slice()).await?;
            let found = self.row.correction_id.and_then(|id| found.remove(&id));
            Ok::<_, async_graphql::Error>(found.map(Correction::from))
        };
        Ok(self.correction.get_or_try_init(load).await?.as_ref())
    }

    /// When the line ends unless the asker confirms the correction.
    async fn confirm_until(&self) -> Option<DateTime<Utc>> {
        self.row.confirm_until
    }

    /// Pieces handed over.
    async fn released(&self) -> i64 {
        self.row.released
    }

    /// Pieces accepted.
    async fn received(&self) -> i64 {
        self.row.received
    }

    /// Pieces not accepted.
    async fn refused(&self) -> i64 {
        self.row.refused
    }

    /// Pieces lost on the way.
    async fn lost(&self) -> i64 {
        self.row.lost
    }

    /// When it changed last.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.row.updated_at
    }

    /// Its approvals, newest first.
    async fn approvals(&self, ctx: &Context<'_>) -> async_graphql::Result<&[ApprovalCase]> {
        let load = || async {
            let mut found = approvals_of(ctx, &[self.row.id]).await?;
            Ok::<_, async_graphql::Error>(found.remove(&self.row.id).unwrap_or_default())
        };
        Ok(self.approvals.get_or_try_init(load).await?)
    }
}

connection!(RequestConnection, RequestEdge, Request);
connection!(RequestLineConnection, RequestLineEdge, RequestLine);

/// Requests for a resolver that hands out several; `selection` is what is asked of each.
pub(super) async fn requests(
    ctx: &Context<'_>,
    rows: Vec<request::Model>,
    selection: &Lookahead<'_>,
) -> async_graphql::Result<Vec<Request>> {
    let mut nodes: Vec<Request> = rows.into_iter().map(Request::from).collect();
    let lines = selection.field("lines");
    if lines.exists() {
        let ids: Vec<Uuid> = nodes.iter().map(|node| node.row.id).collect();
        let mut found = lines_of(ctx, &ids, &lines).await?;
        for node in &mut nodes {
            node.lines = OnceCell::new_with(Some(found.remove(&node.row.id).unwrap_or_default()));
        }
    }
    Ok(nodes)
}

/// The lines of several requests, with what is asked of them.
async fn lines_of(
    ctx: &Context<'_>,
    ids: &[Uuid],
    selection: &Lookahead<'_>,
) -> async_graphql::Result<HashMap<Uuid, Vec<RequestLine>>> {
    let actor = ctx.actor()?;
    let found = read::lines_of(ctx.app().db().read(), actor, ids).await;
    let rows = found.map_err(|error| failed(ctx, error.into()))?.into_values().flatten().collect();
    let mut by_request: HashMap<Uuid, Vec<RequestLine>> = HashMap::new();
    for line in lines(ctx, rows, selection).await? {
        by_request.entry(line.row.request_id).or_default().push(line);
    }
    Ok(by_request)
}

/// Several lines that the caller may see, by their ids: for what refers to lines.
pub(crate) async fn lines_by_id(
    ctx: &Context<'_>,
    ids: &[Uuid],
    selection: &Lookahead<'_>,
) -> async_graphql::Result<HashMap<Uuid, RequestLine>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = read::find_lines(ctx.app().db().read(), ctx.actor()?, ids).await;
    let rows = found.map_err(|error| failed(ctx, error.into()))?;
    Ok(lines(ctx, rows, selection).await?.into_iter().map(|line| (line.row.id, line)).collect())
}

/// Lines for a resolver that hands out several; `selection` is what is asked of each.
pub(super) async fn lines(
    ctx: &Context<'_>,
    rows: Vec<request_line::Model>,
    selection: &Lookahead<'_>,
) -> async_graphql::Result<Vec<RequestLine>> {
    let mut nodes: Vec<RequestLine> = rows.into_iter().map(RequestLine::from).collect();
    if selection.field("queuePlace").exists() {
        let waiting: Vec<_> = nodes.iter().map(|node| node.row.clone()).collect();
        let found = read::queue_places(ctx.app().db().read(), &waiting).await;
        let found = found.map_err(|error| failed(ctx, error.into()))?;
        for node in &mut nodes {
            node.place = OnceCell::new_with(Some(found.get(&node.row.id).copied()));
        }
    }
    let listing = selection.field("listing");
    if listing.exists() {
        let mut wanted: Vec<Uuid> = nodes.iter().map(|node| node.row.listing_id).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let found = rows_of_listings(ctx, &wanted, &listing).await?;
        // Several lines may be for one listing: each gets its own node, in one go.
        let rows = nodes.iter().map(|node| found.get(&node.row.listing_id).cloned());
        let rows: Vec<_> = rows.collect();
        let known = rows.iter().flatten().cloned().collect();
        let mut made = listings::graphql::listings(ctx, known, &listing).await?.into_iter();
        for (node, row) in nodes.iter_mut().zip(rows) {
            node.listing = OnceCell::new_with(Some(row.and_then(|_| made.next())));
        }
    }
    if selection.field("approvals").exists() {
        let ids: Vec<Uuid> = nodes.iter().map(|node| node.row.id).collect();
        let mut found = approvals_of(ctx, &ids).await?;
        for node in &mut nodes {
            node.approvals = OnceCell::new_with(Some(found.remove(&node.row.id).unwrap_or_default()));
        }
    }
    if selection.field("correction").exists() {
        let ids: Vec<Uuid> = nodes.iter().filter_map(|node| node.row.correction_id).collect();
        let found = corrections_of(ctx, &ids).await?;
        for node in &mut nodes {
            let correction = node.row.correction_id.and_then(|id| found.get(&id).cloned());
            node.correction = OnceCell::new_with(Some(correction.map(Correction::from)));
        }
    }
    Ok(nodes)
}

async fn corrections_of(
    ctx: &Context<'_>,
    ids: &[Uuid],
) -> async_graphql::Result<HashMap<Uuid, correction::Model>> {
    let found = corrections::read::by_ids(ctx.app().db().read(), ids).await;
    found.map_err(|error| failed(ctx, error.into()))
}

async fn rows_of_listings(
    ctx: &Context<'_>,
    ids: &[Uuid],
    selection: &Lookahead<'_>,
) -> async_graphql::Result<HashMap<Uuid, listings::row::ListingRow>> {
    let wants = listings::graphql::wants(selection);
    let found = listings::read::find_all(ctx.app(), ctx.actor()?, ids, wants).await;
    Ok(found.map_err(|fault| failed(ctx, fault))?.into_iter().map(|row| (row.id, row)).collect())
}

async fn listings_of(
    ctx: &Context<'_>,
    ids: &[Uuid],
    selection: &Lookahead<'_>,
) -> async_graphql::Result<HashMap<Uuid, Listing>> {
    let rows: Vec<_> = rows_of_listings(ctx, ids, selection).await?.into_values().collect();
    let found: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let nodes = listings::graphql::listings(ctx, rows, selection).await?;
    Ok(found.into_iter().zip(nodes).collect())
}

async fn approvals_of(
    ctx: &Context<'_>,
    lines: &[Uuid],
) -> async_graphql::Result<HashMap<Uuid, Vec<ApprovalCase>>> {
    let found = cases_of(ctx.app(), ApprovalSubject::RequestLine, lines).await;
    let found = found.map_err(|fault| failed(ctx, fault))?;
    let cases = |cases: Vec<_>| cases.into_iter().map(ApprovalCase).collect();
    Ok(found.into_iter().map(|(line, found)| (line, cases(found))).collect())
}

/// A fault of a finder in the caller's language.
pub(crate) fn failed(ctx: &Context<'_>, fault: Fault) -> async_graphql::Error {
    let locale = ctx.actor().map_or(entity::identity::Locale::Zh, crate::identity::Actor::locale);
    query_error(fault, locale)
}
