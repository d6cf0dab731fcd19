//! Root fields about requests: they translate and decide nothing.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use chrono::NaiveDate;
use entity::requests::request_line;
use uuid::Uuid;

use super::draft::{self, Draft, LineInput, Update};
pub use super::nodes::Request;
use super::nodes::{self, RequestConnection, RequestLine, RequestLineConnection, failed};
use super::read::{self, Filter, LineFilter};
use super::{cancel, confirm, discard, fail, resubmit, submit};
use crate::checks;
use crate::fault::{Fault, Rejection};
use crate::graphql::connection::{Page, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::{LineState, NeedClass};
use crate::graphql::errors::{UserError, payload};
use crate::graphql::ids::{Kind, decode, encode, expect, expect_some};

/// Longest number that can be looked for, in characters.
const LONGEST_NUMBER: usize = 100;

/// Which requests a list shows; what is not set asks nothing.
#[derive(Debug, Default, InputObject)]
pub struct RequestFilter {
    /// Asked by this unit.
    unit_id: Option<ID>,
    /// With a line for this listing.
    listing_id: Option<ID>,
    /// With a line in one of these states.
    line_states: Option<Vec<LineState>>,
    /// With exactly this number.
    number: Option<String>,
}

/// Which lines a list shows; what is not set asks nothing.
#[derive(Debug, Default, InputObject)]
pub struct RequestLineFilter {
    /// Asked by this unit.
    asking_unit_id: Option<ID>,
    /// For a listing of this unit.
    giving_unit_id: Option<ID>,
    /// For this listing.
    listing_id: Option<ID>,
    /// In one of these states.
    states: Option<Vec<LineState>>,
}

/// A line as it is typed in.
#[derive(Debug, InputObject)]
pub struct RequestLineInput {
    /// What is asked for.
    listing_id: ID,
    /// Pieces.
    quantity: i32,
}

/// A new request.
#[derive(Debug, InputObject)]
pub struct DraftRequestInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Who asks.
    unit_id: ID,
    /// Why.
    #[graphql(default)]
    justification: String,
    /// When it is needed at the latest.
    needed_by: Option<NaiveDate>,
    /// How badly; ORDINARY where it is left out. Claims to one offer may be ranked by it.
    need: Option<NeedClass>,
    /// Lines, in the order shown.
    #[graphql(default)]
    lines: Vec<RequestLineInput>,
}

/// A change of a draft; what is not set stays.
#[derive(Debug, InputObject)]
pub struct UpdateRequestInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Which.
    request_id: ID,
    /// The version that was looked at.
    version: i64,
    /// Why.
    justification: Option<String>,
    /// When it is needed at the latest; null clears it.
    needed_by: MaybeUndefined<NaiveDate>,
    /// How badly.
    need: Option<NeedClass>,
    /// All lines anew.
    lines: Option<Vec<RequestLineInput>>,
}

/// A draft that is thrown away.
#[derive(Debug, InputObject)]
pub struct DiscardRequestInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Which.
    request_id: ID,
    /// The version that was looked at.
    version: i64,
}

/// What came of throwing a draft away.
#[derive(Debug, SimpleObject)]
pub struct DiscardRequestPayload {
    /// Global id of what is gone; null where there are errors.
    id: Option<ID>,
    /// What to put right.
    errors: Vec<UserError>,
}

/// A submission.
#[derive(Debug, InputObject)]
pub struct SubmitRequestInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Which.
    request_id: ID,
    /// The version that was looked at; not set, it is submitted as it is.
    version: Option<i64>,
    /// Why more is asked for than the unit's cap lets, or what its cap is reckoned from was not entered; up to 2,000 characters.
    over_cap_reason: Option<String>,
}

/// The asker's answer to a correction.
#[derive(Debug, InputObject)]
pub struct ConfirmCorrectionInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Line.
    line_id: ID,
    /// The version that you have seen: a later correction is another question.
    version: i32,
    /// Whether the unit still wants it; if not, the line is cancelled, or what of it was not handed over.
    accept: bool,
    /// Why, or why not.
    comment: Option<String>,
}

/// A line that is taken back.
#[derive(Debug, InputObject)]
pub struct CancelRequestLineInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Which.
    line_id: ID,
    /// Why.
    comment: Option<String>,
}

/// A promise that the giver cannot keep.
#[derive(Debug, InputObject)]
pub struct FailRequestLineInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Which.
    line_id: ID,
    /// Why, up to 2,000 characters; the asker reads it.
    reason: String,
}

/// A returned line that was corrected.
#[derive(Debug, InputObject)]
pub struct ResubmitRequestLineInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Which.
    line_id: ID,
    /// Pieces still wanted, at most as many as it holds; not set, all of them.
    quantity: Option<i32>,
    /// What was corrected, for the approvers.
    comment: Option<String>,
}

/// Answer about a request.
#[derive(Debug, SimpleObject)]
pub struct RequestPayload {
    /// The request as it is now; null where there are errors.
    request: Option<Request>,
    /// What to put right.
    errors: Vec<UserError>,
}

/// Answer about a line.
#[derive(Debug, SimpleObject)]
pub struct RequestLinePayload {
    /// The line as it is now; null where there are errors.
    line: Option<RequestLine>,
    /// What to put right.
    errors: Vec<UserError>,
}

/// Questions about requests.
#[derive(Debug, Default)]
pub struct RequestQuery;

#[Object]
impl RequestQuery {
    /// A request; null where there is none for the caller.
    async fn request(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<Option<Request>> {
        let Some(id) = decode(Kind::Request, &id) else { return Ok(None) };
        let found = read::find(ctx.app().db().read(), ctx.actor()?, id).await;
        Ok(found.map_err(|error| failed(ctx, error.into()))?.map(Request::from))
    }

    /// Requests of the caller's units and for their listings, newest first.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn requests(
        &self,
        ctx: &Context<'_>,
        filter: Option<RequestFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<RequestConnection> {
        let outcome = async {
            let page = Page::read(first, after.as_deref())?;
            let filter = filter.unwrap_or_default().read()?;
            let rows = read::page(
                ctx.app().db().read(),
                ctx.actor().map_err(|_| Fault::Unauthenticated)?,
                &filter,
                &page,
            );
            Ok((page.first, rows.await?))
        };
        let (first, rows) = outcome.await.map_err(|fault: Fault| failed(ctx, fault))?;
        let nodes = nodes::requests(ctx, rows, &node(ctx)).await?;
        Ok(RequestConnection::new(first, nodes, |node| node.row.id))
    }

    /// Lines of requests of the caller's units and for their listings, newest first: what waits to be handed over, for
    /// example.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn request_lines(
        &self,
        ctx: &Context<'_>,
        filter: Option<RequestLineFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<RequestLineConnection> {
        let outcome = async {
            let page: Page<Uuid> = Page::read(first, after.as_deref())?;
            let filter = filter.unwrap_or_default().read()?;
            let actor = ctx.actor().map_err(|_| Fault::Unauthenticated)?;
            Ok((page.first, read::line_page(ctx.app().db().read(), actor, &filter, &page).await?))
        };
        let (first, rows) = outcome.await.map_err(|fault: Fault| failed(ctx, fault))?;
        let nodes = nodes::lines(ctx, rows, &node(ctx)).await?;
        Ok(RequestLineConnection::new(first, nodes, |node| node.row.id))
    }
}

/// What is asked of each node of a connection, by either way to it.
fn node<'a>(ctx: &'a Context<'_>) -> async_graphql::Lookahead<'a> {
    ctx.look_ahead().field("edges").field("node")
}

/// Changes of requests.
#[derive(Debug, Default)]
pub struct RequestMutation;

#[Object]
impl RequestMutation {
    /// Writes a request down; it may be incomplete.
    async fn draft_request(
        &self,
        ctx: &Context<'_>,
        input: DraftRequestInput,
    ) -> async_graphql::Result<RequestPayload> {
        let outcome = async {
            let draft = Draft {
                unit_id: expect(Kind::Unit, &input.unit_id, "unitId")?,
                justification: input.justification,
                needed_by: input.needed_by,
                need: input.need.map(Into::into),
                lines: lines_of(&input.lines)?,
            };
            draft::draft(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &draft).await
        };
        answer(ctx, outcome.await.map(|done| done.request_id)).await
    }

    /// Changes a draft.
    async fn update_request(
        &self,
        ctx: &Context<'_>,
        input: UpdateRequestInput,
    ) -> async_graphql::Result<RequestPayload> {
        let outcome = async {
            let update = Update {
                request_id: expect(Kind::Request, &input.request_id, "requestId")?,
                version: input.version,
                justification: input.justification,
                needed_by: match input.needed_by {
                    MaybeUndefined::Undefined => None,
                    MaybeUndefined::Null => Some(None),
                    MaybeUndefined::Value(day) => Some(Some(day)),
                },
                need: input.need.map(Into::into),
                lines: input.lines.as_deref().map(lines_of).transpose()?,
            };
            draft::update(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &update).await
        };
        answer(ctx, outcome.await.map(|done| done.request_id)).await
    }

    /// Throws a draft away. A line of one is taken out by `updateRequest`; what was submitted is taken back line by line,
    /// by `cancelRequestLine`.
    async fn discard_request(
        &self,
        ctx: &Context<'_>,
        input: DiscardRequestInput,
    ) -> async_graphql::Result<DiscardRequestPayload> {
        let outcome = async {
            let thrown = discard::Input {
                request_id: expect(Kind::Request, &input.request_id, "requestId")?,
                version: input.version,
            };
            discard::discard(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &thrown).await
        };
        let (done, errors) = payload(outcome.await, ctx.actor()?.locale())?;
        let id = done.map(|done| encode(Kind::Request, done.request_id));
        Ok(DiscardRequestPayload { id, errors })
    }

    /// Submits a request: each line takes an expiring hold, or its place in the queue.
    async fn submit_request(
        &self,
        ctx: &Context<'_>,
        input: SubmitRequestInput,
    ) -> async_graphql::Result<RequestPayload> {
        let outcome = async {
            let submission = submit::Input {
                request_id: expect(Kind::Request, &input.request_id, "requestId")?,
                version: input.version,
                over_cap_reason: input.over_cap_reason,
            };
            submit::submit(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &submission).await
        };
        answer(ctx, outcome.await.map(|done| done.request_id)).await
    }

    /// Takes a line back, or what of it was not handed over yet.
    async fn cancel_request_line(
        &self,
        ctx: &Context<'_>,
        input: CancelRequestLineInput,
    ) -> async_graphql::Result<RequestLinePayload> {
        let outcome = async {
            let cancelled = cancel::Input {
                line_id: expect(Kind::Line, &input.line_id, "lineId")?,
                comment: input.comment,
            };
            cancel::cancel(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &cancelled).await
        };
        answer_line(ctx, outcome.await.map(|done| done.line_id)).await
    }

    /// Says whether the unit still wants what was corrected on the asset. A line that is not confirmed in time ends.
    async fn confirm_correction(
        &self,
        ctx: &Context<'_>,
        input: ConfirmCorrectionInput,
    ) -> async_graphql::Result<RequestLinePayload> {
        let outcome = async {
            let answer = confirm::Input {
                line_id: expect(Kind::Line, &input.line_id, "lineId")?,
                version: input.version.into(),
                accept: input.accept,
                comment: input.comment,
            };
            confirm::confirm(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &answer).await
        };
        answer_line(ctx, outcome.await.map(|done| done.line_id)).await
    }

    /// For the giver's head or the office: what was promised cannot be handed over. What of the line has not left yet ends
    /// as GIVER_FAILED and leaves the offer.
    async fn fail_request_line(
        &self,
        ctx: &Context<'_>,
        input: FailRequestLineInput,
    ) -> async_graphql::Result<RequestLinePayload> {
        let outcome = async {
            let failed =
                fail::Input { line_id: expect(Kind::Line, &input.line_id, "lineId")?, reason: input.reason };
            fail::fail(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &failed).await
        };
        answer_line(ctx, outcome.await.map(|done| done.line_id)).await
    }

    /// Sends a returned line to the approvers again.
    async fn resubmit_request_line(
        &self,
        ctx: &Context<'_>,
        input: ResubmitRequestLineInput,
    ) -> async_graphql::Result<RequestLinePayload> {
        let outcome = async {
            let corrected = resubmit::Input {
                line_id: expect(Kind::Line, &input.line_id, "lineId")?,
                quantity: input.quantity.map(i64::from),
                comment: input.comment,
            };
            resubmit::resubmit(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &corrected).await
        };
        answer_line(ctx, outcome.await.map(|done| done.line_id)).await
    }
}

fn actor<'a>(ctx: &Context<'a>) -> Result<&'a crate::identity::Actor, Fault> {
    ctx.actor().map_err(|_| Fault::Unauthenticated)
}

/// The lines typed in; every id that is none of ours is told at once.
fn lines_of(lines: &[RequestLineInput]) -> Result<Vec<LineInput>, Fault> {
    let mut faults: Vec<Rejection> = Vec::new();
    let mut known = Vec::with_capacity(lines.len());
    for (position, line) in lines.iter().enumerate() {
        match expect(Kind::Listing, &line.listing_id, &format!("lines.{position}.listingId")) {
            Ok(listing_id) => known.push(LineInput { listing_id, quantity: i64::from(line.quantity) }),
            Err(fault) => faults.push(fault),
        }
    }
    Fault::all(faults)?;
    Ok(known)
}

async fn answer(ctx: &Context<'_>, outcome: Result<Uuid, Fault>) -> async_graphql::Result<RequestPayload> {
    let actor = ctx.actor()?;
    let (id, errors) = payload(outcome, actor.locale())?;
    let request = match id {
        None => None,
        Some(id) => {
            let found = read::find(ctx.app().db().read(), actor, id).await;
            found.map_err(|error| failed(ctx, error.into()))?.map(Request::from)
        }
    };
    Ok(RequestPayload { request, errors })
}

async fn answer_line(
    ctx: &Context<'_>,
    outcome: Result<Uuid, Fault>,
) -> async_graphql::Result<RequestLinePayload> {
    let actor = ctx.actor()?;
    let (id, errors) = payload(outcome, actor.locale())?;
    let line: Option<request_line::Model> = match id {
        None => None,
        Some(id) => {
            let found = read::find_line(ctx.app().db().read(), actor, id).await;
            found.map_err(|error| failed(ctx, error.into()))?
        }
    };
    Ok(RequestLinePayload { line: line.map(RequestLine::from), errors })
}

impl RequestFilter {
    fn read(self) -> Result<Filter, Fault> {
        let mut faults = Vec::new();
        let number =
            checks::optional_text(&mut faults, "filter.number", self.number.as_deref(), LONGEST_NUMBER);
        Fault::all(faults)?;
        Ok(Filter {
            unit_id: expect_some(Kind::Unit, self.unit_id.as_ref(), "filter.unitId")?,
            listing_id: expect_some(Kind::Listing, self.listing_id.as_ref(), "filter.listingId")?,
            line_states: states(self.line_states),
            number,
        })
    }
}

impl RequestLineFilter {
    fn read(self) -> Result<LineFilter, Fault> {
        Ok(LineFilter {
            asking_unit: expect_some(Kind::Unit, self.asking_unit_id.as_ref(), "filter.askingUnitId")?,
            giving_unit: expect_some(Kind::Unit, self.giving_unit_id.as_ref(), "filter.givingUnitId")?,
            listing: expect_some(Kind::Listing, self.listing_id.as_ref(), "filter.listingId")?,
            states: states(self.states),
        })
    }
}

fn states(states: Option<Vec<LineState>>) -> Vec<entity::requests::LineState> {
    states.unwrap_or_default().into_iter().map(Into::into).collect()
}
