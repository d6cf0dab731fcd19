//! Root fields about plans of the office: they translate and decide nothing.

use std::collections::HashMap;

use async_graphql::{Context, ID, InputObject, Lookahead, Object, SimpleObject};
use uuid::Uuid;

use super::answer::Verdict;
pub use super::nodes::AllocationPlan;
use super::nodes::{self, AllocationPlanConnection, failed};
use super::read::{self, Filter};
use super::row::Done;
use super::{answer as answering, cancel, draft, object, publish, reserve, submit};
use crate::checks;
use crate::fault::Fault;
use crate::graphql::connection::{Page, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::PlanState;
use crate::graphql::errors::{UserError, payload};
use crate::graphql::ids::{Kind, decode, expect, expect_some};

/// Longest number that can be looked for, in characters.
const LONGEST_NUMBER: usize = 100;

/// Which plans a list shows; what is not set asks nothing.
#[derive(Debug, Default, InputObject)]
pub struct AllocationPlanFilter {
    /// In one of these states.
    states: Option<Vec<PlanState>>,
    /// With exactly this number.
    number: Option<String>,
}

/// A line as it is typed in: of a card, or of an offer that is there.
#[derive(Debug, InputObject)]
pub struct PlanLineInput {
    /// The card; its holder gives.
    asset_id: Option<ID>,
    /// The offer; who offers gives.
    listing_id: Option<ID>,
    /// Who receives.
    receiver_id: ID,
    /// Pieces; not set, all that the card has.
    quantity: Option<i32>,
    /// Why the receiver gets more than its cap; see `capWarnings`.
    over_cap_reason: Option<String>,
}

/// A new plan.
#[derive(Debug, InputObject)]
pub struct DraftAllocationPlanInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Title, up to 200 characters.
    title: String,
    /// Why, up to 2,000 characters.
    #[graphql(default)]
    reason: String,
    /// 批文号 of the decision it rests on; what is handed over carries it.
    #[graphql(default)]
    document_number: String,
    /// Lines in order, up to 1,000.
    lines: Vec<PlanLineInput>,
}

/// A change of a plan that is not published, or was sent back; what is not set stays.
#[derive(Debug, InputObject)]
pub struct UpdateAllocationPlanInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Which.
    plan_id: ID,
    /// The version that you have seen.
    version: i32,
    /// Title.
    title: Option<String>,
    /// Why.
    reason: Option<String>,
    /// 批文号.
    document_number: Option<String>,
    /// All lines anew.
    lines: Option<Vec<PlanLineInput>>,
}

/// A plan that is shown to whom it concerns.
#[derive(Debug, InputObject)]
pub struct PublishAllocationPlanInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Which.
    plan_id: ID,
    /// The version that you have seen.
    version: i32,
}

/// What a unit says against a line.
#[derive(Debug, InputObject)]
pub struct ObjectToPlanLineInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// The line.
    line_id: ID,
    /// Why, up to 2,000 characters.
    reason: String,
}

/// The office's answer to an objection.
#[derive(Debug, InputObject)]
pub struct AnswerObjectionInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// The objection.
    objection_id: ID,
    /// What becomes of the line.
    verdict: Verdict,
    /// What is answered, up to 2,000 characters; needed where the line stays as it is.
    answer: Option<String>,
    /// For a change: who receives now.
    receiver_id: Option<ID>,
    /// For a change: pieces now.
    quantity: Option<i32>,
}

/// A plan that is handed to the approvers.
#[derive(Debug, InputObject)]
pub struct SubmitAllocationPlanInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Which.
    plan_id: ID,
    /// The version that you have seen.
    version: i32,
}

/// An approved plan whose lines are promised.
#[derive(Debug, InputObject)]
pub struct ReserveAllocationPlanInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Which.
    plan_id: ID,
    /// The version that you have seen; not set, as it is.
    version: Option<i32>,
}

/// A plan that is given up.
#[derive(Debug, InputObject)]
pub struct CancelAllocationPlanInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Which.
    plan_id: ID,
    /// Why, up to 2,000 characters; the units concerned read it.
    reason: String,
}

/// Answer about a plan.
#[derive(Debug, SimpleObject)]
pub struct AllocationPlanPayload {
    /// The plan as it is now; null where there are errors.
    plan: Option<AllocationPlan>,
    /// What to put right; `lines.<n>` names a line by its place in the plan.
    errors: Vec<UserError>,
}

/// Questions about plans.
#[derive(Debug, Default)]
pub struct PlanQuery;

#[Object]
impl PlanQuery {
    /// A plan; null where there is none for the caller.
    async fn allocation_plan(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> async_graphql::Result<Option<AllocationPlan>> {
        let Some(id) = decode(Kind::Plan, &id) else { return Ok(None) };
        let found = read::find(ctx.app().db().read(), ctx.actor()?, id).await;
        Ok(found.map_err(|error| failed(ctx, error.into()))?.map(AllocationPlan::from))
    }

    /// Plans that concern the caller, newest first.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn allocation_plans(
        &self,
        ctx: &Context<'_>,
        filter: Option<AllocationPlanFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<AllocationPlanConnection> {
        let actor = ctx.actor()?;
        let outcome = async {
            let page: Page<Uuid> = Page::read(first, after.as_deref())?;
            let filter = filter.unwrap_or_default();
            let mut faults = Vec::new();
            let number =
                checks::optional_text(&mut faults, "filter.number", filter.number.as_deref(), LONGEST_NUMBER);
            Fault::all(faults)?;
            let states = filter.states.unwrap_or_default().into_iter().map(Into::into).collect();
            let filter = Filter { states, number };
            Ok((page.first, read::page(ctx.app().db().read(), actor, &filter, &page).await?))
        };
        let (first, rows) = outcome.await.map_err(|fault: Fault| failed(ctx, fault))?;
        let progress = ctx.look_ahead().field("edges").field("node").field("progress").exists();
        let nodes = nodes::plans(ctx, rows, progress).await?;
        Ok(AllocationPlanConnection::new(first, nodes, |node| node.row.id))
    }
}

/// Several plans that the caller may see, by their ids: for what refers to plans. `selection` is what is asked of each.
pub(crate) async fn plans_by_id(
    ctx: &Context<'_>,
    ids: &[Uuid],
    selection: &Lookahead<'_>,
) -> async_graphql::Result<HashMap<Uuid, AllocationPlan>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = read::find_all(ctx.app().db().read(), ctx.actor()?, ids).await;
    let rows = found.map_err(|error| failed(ctx, error.into()))?;
    let nodes = nodes::plans(ctx, rows, selection.field("progress").exists()).await?;
    Ok(nodes.into_iter().map(|node| (node.row.id, node)).collect())
}

/// Changes of plans.
#[derive(Debug, Default)]
pub struct PlanMutation;

#[Object]
impl PlanMutation {
    /// Writes a plan down. Nobody but the office sees it yet.
    async fn draft_allocation_plan(
        &self,
        ctx: &Context<'_>,
        input: DraftAllocationPlanInput,
    ) -> async_graphql::Result<AllocationPlanPayload> {
        let outcome = async {
            let drafted = draft::Draft {
                title: input.title,
                reason: input.reason,
                document_number: input.document_number,
                lines: lines(input.lines)?,
            };
            draft::draft(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &drafted).await
        };
        answer(ctx, outcome.await).await
    }

    /// Changes a plan that is not published, or was sent back.
    async fn update_allocation_plan(
        &self,
        ctx: &Context<'_>,
        input: UpdateAllocationPlanInput,
    ) -> async_graphql::Result<AllocationPlanPayload> {
        let outcome = async {
            let changed = draft::Update {
                plan_id: plan(&input.plan_id)?,
                version: input.version.into(),
                title: input.title,
                reason: input.reason,
                document_number: input.document_number,
                lines: input.lines.map(lines).transpose()?,
            };
            draft::update(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &changed).await
        };
        answer(ctx, outcome.await).await
    }

    /// Shows a plan to the givers and receivers of its lines: they may object for so many working days as the setting
    /// `plan_objection_days` says.
    async fn publish_allocation_plan(
        &self,
        ctx: &Context<'_>,
        input: PublishAllocationPlanInput,
    ) -> async_graphql::Result<AllocationPlanPayload> {
        let outcome = async {
            let which = publish::Input { plan_id: plan(&input.plan_id)?, version: input.version.into() };
            publish::publish(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &which).await
        };
        answer(ctx, outcome.await).await
    }

    /// Objects to a line that takes something from the caller's unit, or gives something to it.
    async fn object_to_plan_line(
        &self,
        ctx: &Context<'_>,
        input: ObjectToPlanLineInput,
    ) -> async_graphql::Result<AllocationPlanPayload> {
        let outcome = async {
            let line_id = expect(Kind::PlanLine, &input.line_id, "lineId")?;
            let against = object::Input { line_id, reason: input.reason };
            object::object(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &against).await
        };
        answer(ctx, outcome.await).await
    }

    /// Answers an objection: drops the line, changes it, which opens objections to it anew, or upholds it.
    async fn answer_objection(
        &self,
        ctx: &Context<'_>,
        input: AnswerObjectionInput,
    ) -> async_graphql::Result<AllocationPlanPayload> {
        let outcome = async {
            let answered = answering::Input {
                objection_id: expect(Kind::Objection, &input.objection_id, "objectionId")?,
                verdict: input.verdict,
                answer: input.answer,
                receiver_id: expect_some(Kind::Unit, input.receiver_id.as_ref(), "receiverId")?,
                quantity: input.quantity.map(i64::from),
            };
            answering::answer(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &answered).await
        };
        answer(ctx, outcome.await).await
    }

    /// Hands a plan to the approvers, when the days for objections are over and each is answered.
    async fn submit_allocation_plan(
        &self,
        ctx: &Context<'_>,
        input: SubmitAllocationPlanInput,
    ) -> async_graphql::Result<AllocationPlanPayload> {
        let outcome = async {
            let which = submit::Input { plan_id: plan(&input.plan_id)?, version: input.version.into() };
            submit::submit(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &which).await
        };
        answer(ctx, outcome.await).await
    }

    /// Promises all lines of an approved plan at once. Where any cannot be promised none is, and every reason is told.
    async fn reserve_allocation_plan(
        &self,
        ctx: &Context<'_>,
        input: ReserveAllocationPlanInput,
    ) -> async_graphql::Result<AllocationPlanPayload> {
        let outcome = async {
            let which =
                reserve::Input { plan_id: plan(&input.plan_id)?, version: input.version.map(i64::from) };
            reserve::reserve(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &which).await
        };
        answer(ctx, outcome.await).await
    }

    /// Gives a plan up, before anything of it is promised.
    async fn cancel_allocation_plan(
        &self,
        ctx: &Context<'_>,
        input: CancelAllocationPlanInput,
    ) -> async_graphql::Result<AllocationPlanPayload> {
        let outcome = async {
            let which = cancel::Input { plan_id: plan(&input.plan_id)?, reason: input.reason };
            cancel::cancel(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &which).await
        };
        answer(ctx, outcome.await).await
    }
}

fn lines(inputs: Vec<PlanLineInput>) -> Result<Vec<draft::LineInput>, Fault> {
    let line = |(n, input): (usize, PlanLineInput)| {
        let field = |name: &str| format!("lines.{n}.{name}");
        Ok(draft::LineInput {
            asset_id: expect_some(Kind::Asset, input.asset_id.as_ref(), &field("assetId"))?,
            listing_id: expect_some(Kind::Listing, input.listing_id.as_ref(), &field("listingId"))?,
            receiver_id: expect(Kind::Unit, &input.receiver_id, &field("receiverId"))?,
            quantity: input.quantity.map(i64::from),
            over_cap_reason: input.over_cap_reason,
        })
    };
    inputs.into_iter().enumerate().map(line).collect()
}

fn plan(id: &ID) -> Result<Uuid, Fault> {
    Ok(expect(Kind::Plan, id, "planId")?)
}

fn actor<'a>(ctx: &Context<'a>) -> Result<&'a crate::identity::Actor, Fault> {
    ctx.actor().map_err(|_| Fault::Unauthenticated)
}

async fn answer(
    ctx: &Context<'_>,
    outcome: Result<Done, Fault>,
) -> async_graphql::Result<AllocationPlanPayload> {
    let actor = ctx.actor()?;
    let (done, errors) = payload(outcome, actor.locale())?;
    let plan = match done {
        None => None,
        Some(done) => {
            let found = read::find(ctx.app().db().read(), actor, done.plan_id).await;
            found.map_err(|error| failed(ctx, error.into()))?.map(AllocationPlan::from)
        }
    };
    Ok(AllocationPlanPayload { plan, errors })
}
