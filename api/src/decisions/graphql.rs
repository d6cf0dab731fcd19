//! Verdicts, withdrawals and freezes in the schema, and the inbox of approvers.

use std::collections::HashMap;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::approvals::{ApprovalSubject as SubjectKind, approval_case};
use entity::listings::asset_freeze;
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::decide::{Decide, OneDecision, decide_steps};
use super::freeze::{self, freeze, unfreeze};
use super::purge::{PurgeAsset, purge_asset};
use super::reconfirm::{Answer, Reconfirm, reconfirm};
use super::withdraw::{Withdraw, withdraw_listing};
use crate::approvals::graphql::{ApprovalStep, subject_id};
use crate::approvals::read::{self as approvals, StepRow};
use crate::approvals::rules::Verdict;
use crate::disposals::nodes::{Disposal, disposals_by_id};
use crate::fault::{Fault, Rejection};
use crate::graphql::connection::{Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::{ApprovalSubject, FreezeCause, FreezeScope};
use crate::graphql::errors::{UserError, payload, query_error};
use crate::graphql::ids::{Kind, encode, expect};
use crate::listings::graphql::{
    Freeze, Listing, WithdrawListingPayload, answer, listings, scope_kind, wants,
};
use crate::listings::read as listing_rows;
use crate::loans::nodes::{Loan, loans_by_id};
use crate::plans::graphql::{AllocationPlan, plans_by_id};
use crate::requests::nodes::{RequestLine, lines_by_id};

/// A step that waits for the caller.
#[derive(Debug)]
pub struct Task {
    step: StepRow,
    case: approval_case::Model,
    listing: Option<Listing>,
    line: Option<RequestLine>,
    loan: Option<Loan>,
    plan: Option<AllocationPlan>,
    disposal: Option<Disposal>,
}

#[Object]
impl Task {
    /// The step; decide it by `decideSteps`.
    async fn step(&self) -> ApprovalStep {
        ApprovalStep(self.step.clone())
    }

    /// What is to be approved.
    async fn subject(&self) -> ApprovalSubject {
        self.case.subject.into()
    }

    /// Global id of what is to be approved.
    async fn subject_id(&self) -> ID {
        subject_id(&self.case)
    }

    /// The listing to be approved; null where it is something else.
    async fn listing(&self) -> Option<&Listing> {
        self.listing.as_ref()
    }

    /// The request line to be approved; null where it is something else.
    async fn line(&self) -> Option<&RequestLine> {
        self.line.as_ref()
    }

    /// The loan to be approved, or to be extended up to its `askedTo`; null where it is something else.
    async fn loan(&self) -> Option<&Loan> {
        self.loan.as_ref()
    }

    /// The plan of the office to be approved; null where it is something else.
    async fn allocation_plan(&self) -> Option<&AllocationPlan> {
        self.plan.as_ref()
    }

    /// The disposal to be approved, or to be sold for its `askedPrice`; null where it is something else.
    async fn disposal(&self) -> Option<&Disposal> {
        self.disposal.as_ref()
    }
}

connection!(TaskConnection, TaskEdge, Task);

/// The inbox.
#[derive(Debug, Default)]
pub struct DecisionQuery;

#[Object]
impl DecisionQuery {
    /// Steps that wait for the caller, the longest waiting first. Cases that the caller applied for are not among them.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn tasks(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<TaskConnection> {
        let actor = ctx.actor()?;
        let selection = ctx.look_ahead().field("edges").field("node").field("listing");
        let outcome = async {
            let page: Page<approvals::Key> = Page::read(first, after.as_deref())?;
            let tasks = approvals::tasks(ctx.app(), actor, &page).await?;
            let ids: Vec<Uuid> = tasks
                .iter()
                .filter(|(_, case)| selection.exists() && case.subject == SubjectKind::Listing)
                .map(|(_, case)| case.subject_id)
                .collect();
            let rows = listing_rows::find_all(ctx.app(), actor, &ids, wants(&selection)).await?;
            Ok((page.first, tasks, rows))
        };
        let (first, tasks, rows) =
            outcome.await.map_err(|fault: Fault| query_error(fault, actor.locale()))?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let nodes = listings(ctx, rows, &selection).await?;
        let mut by_id: HashMap<Uuid, Listing> = ids.into_iter().zip(nodes).collect();
        let line = ctx.look_ahead().field("edges").field("node").field("line");
        let asked: Vec<Uuid> = tasks
            .iter()
            .filter(|(_, case)| line.exists() && case.subject == SubjectKind::RequestLine)
            .map(|(_, case)| case.subject_id)
            .collect();
        let mut lines = lines_by_id(ctx, &asked, &line).await?;
        let loan = ctx.look_ahead().field("edges").field("node").field("loan");
        let asked: Vec<Uuid> = tasks
            .iter()
            .filter(|(_, case)| {
                loan.exists() && matches!(case.subject, SubjectKind::Loan | SubjectKind::LoanExtension)
            })
            .map(|(_, case)| case.subject_id)
            .collect();
        let mut loans = loans_by_id(ctx, &asked, &loan).await?;
        let plan = ctx.look_ahead().field("edges").field("node").field("allocationPlan");
        let asked: Vec<Uuid> = tasks
            .iter()
            .filter(|(_, case)| plan.exists() && case.subject == SubjectKind::Plan)
            .map(|(_, case)| case.subject_id)
            .collect();
        let mut plans = plans_by_id(ctx, &asked, &plan).await?;
        let disposal = ctx.look_ahead().field("edges").field("node").field("disposal");
        let asked: Vec<Uuid> = tasks
            .iter()
            .filter(|(_, case)| {
                disposal.exists()
                    && matches!(case.subject, SubjectKind::Disposal | SubjectKind::DisposalPrice)
            })
            .map(|(_, case)| case.subject_id)
            .collect();
        let mut disposals = disposals_by_id(ctx, &asked, &disposal).await?;
        let nodes = tasks
            .into_iter()
            .map(|(step, case)| Task {
                listing: by_id.remove(&case.subject_id),
                line: lines.remove(&case.subject_id),
                loan: loans.remove(&case.subject_id),
                plan: plans.remove(&case.subject_id),
                disposal: disposals.remove(&case.subject_id),
                step,
                case,
            })
            .collect();
        Ok(TaskConnection::new(first, nodes, |task| {
            approvals::Key(task.step.step.pending_since.unwrap_or_default(), task.step.step.id)
        }))
    }
}

/// A verdict on a step.
#[derive(Debug, InputObject)]
pub struct StepDecisionInput {
    /// The step.
    step_id: ID,
    /// What you say.
    verdict: Verdict,
    /// Why; needed unless you approve.
    comment: Option<String>,
    /// Lowers the quantity of a request line that you approve; 0 ends it.
    quantity: Option<i32>,
}

/// Verdicts, all taken or none.
#[derive(Debug, InputObject)]
pub struct DecideStepsInput {
    /// Makes a repeated call harmless: the same key with the same input gives the first answer.
    idempotency_key: String,
    /// One a step, up to 100.
    decisions: Vec<StepDecisionInput>,
}

/// What came of deciding.
#[derive(Debug, SimpleObject)]
pub struct DecideStepsPayload {
    /// The steps, in the order given; null where there are errors.
    steps: Option<Vec<ApprovalStep>>,
    /// What to put right.
    errors: Vec<UserError>,
}

/// What is to be purged.
#[derive(Debug, InputObject)]
pub struct PurgeAssetInput {
    /// Makes a repeated call harmless: the same key with the same input gives the first answer.
    idempotency_key: String,
    /// The card that was found to be secret.
    asset_id: ID,
}

/// What came of a purge.
#[derive(Debug, SimpleObject)]
pub struct PurgeAssetPayload {
    /// Global id of the card.
    id: Option<ID>,
    /// What to put right.
    errors: Vec<UserError>,
}

/// What is taken back.
#[derive(Debug, InputObject)]
pub struct WithdrawListingInput {
    /// Makes a repeated call harmless: the same key with the same input gives the first answer.
    idempotency_key: String,
    /// The listing.
    id: ID,
    /// The version that you have seen.
    version: i32,
    /// Pieces; every unreserved one where it is left out, which ends the listing even where none is left.
    quantity: Option<i32>,
    /// Why, up to 2,000 characters.
    reason: Option<String>,
}

/// A freeze to be put in place.
#[derive(Debug, InputObject)]
pub struct FreezeInput {
    /// Makes a repeated call harmless: the same key with the same input gives the first answer.
    idempotency_key: String,
    /// What it covers.
    scope: FreezeScope,
    /// Global id of what it covers.
    scope_id: ID,
    /// Why.
    cause: FreezeCause,
    /// In words, up to 2,000 characters.
    #[graphql(default)]
    note: String,
}

/// A freeze to be lifted.
#[derive(Debug, InputObject)]
pub struct UnfreezeInput {
    /// Makes a repeated call harmless: the same key with the same input gives the first answer.
    idempotency_key: String,
    /// The freeze.
    id: ID,
}

/// What came of a freeze.
#[derive(Debug, SimpleObject)]
pub struct FreezePayload {
    /// The freeze.
    freeze: Option<Freeze>,
    /// What to put right.
    errors: Vec<UserError>,
}

/// What came of lifting a freeze.
#[derive(Debug, SimpleObject)]
pub struct UnfreezePayload {
    /// The freeze.
    freeze: Option<Freeze>,
    /// What to put right.
    errors: Vec<UserError>,
}

/// What the holder says of one offer.
#[derive(Debug, InputObject)]
pub struct ReconfirmationInput {
    /// The listing.
    listing_id: ID,
    /// Whether what is left of it is there; if not, it is withdrawn.
    there: bool,
    /// Why it is not there; then it must be filled.
    reason: Option<String>,
}

/// Answers of a holder.
#[derive(Debug, InputObject)]
pub struct ReconfirmListingsInput {
    /// Makes a repeated call harmless: the same key with the same input gives the first answer.
    idempotency_key: String,
    /// One a listing, up to 100.
    answers: Vec<ReconfirmationInput>,
}

/// Answer about offers.
#[derive(Debug, SimpleObject)]
pub struct ReconfirmListingsPayload {
    /// The listings as they are now, in no order; null where there are errors.
    listings: Option<Vec<Listing>>,
    /// What to put right.
    errors: Vec<UserError>,
}

/// Decisions.
#[derive(Debug, Default)]
pub struct DecisionMutation;

#[Object]
impl DecisionMutation {
    /// Decides steps: all of them, or none where one is wrong.
    async fn decide_steps(
        &self,
        ctx: &Context<'_>,
        input: DecideStepsInput,
    ) -> async_graphql::Result<DecideStepsPayload> {
        let actor = ctx.actor()?;
        let outcome = async {
            let decide = Decide { decisions: read_decisions(input.decisions)? };
            Ok(decide_steps(ctx.app(), actor, Some(&input.idempotency_key), &decide).await?.step_ids)
        };
        let (ids, errors) = payload(outcome.await, actor.locale())?;
        let Some(ids) = ids else { return Ok(DecideStepsPayload { steps: None, errors }) };
        let found = approvals::steps(ctx.app(), actor, &ids).await;
        let found = found.map_err(|fault| query_error(fault, actor.locale()))?;
        let mut by_id: HashMap<Uuid, StepRow> =
            found.into_iter().map(|(row, _)| (row.step.id, row)).collect();
        let steps = ids.iter().filter_map(|id| by_id.remove(id)).map(ApprovalStep).collect();
        Ok(DecideStepsPayload { steps: Some(steps), errors })
    }

    /// Takes pieces back that nobody was promised. Whoever only holds some loses the hold, the latest first.
    async fn withdraw_listing(
        &self,
        ctx: &Context<'_>,
        input: WithdrawListingInput,
    ) -> async_graphql::Result<WithdrawListingPayload> {
        let actor = ctx.actor()?;
        let outcome = async {
            let withdraw = Withdraw {
                id: expect(Kind::Listing, &input.id, "id")?,
                version: input.version.into(),
                quantity: input.quantity.map(Into::into),
                reason: input.reason,
            };
            Ok(withdraw_listing(ctx.app(), actor, Some(&input.idempotency_key), &withdraw).await?.id)
        };
        let (listing, errors) = answer(ctx, outcome.await).await?;
        Ok(WithdrawListingPayload { listing, errors })
    }

    /// Says of offers that stay with their holder whether they are still there: all answers are taken, or none where one is wrong.
    /// What is not there any more is withdrawn, and whoever asked for it is told why.
    async fn reconfirm_listings(
        &self,
        ctx: &Context<'_>,
        input: ReconfirmListingsInput,
    ) -> async_graphql::Result<ReconfirmListingsPayload> {
        let actor = ctx.actor()?;
        let outcome = async {
            let answers = input.answers.into_iter().enumerate().map(|(n, answer)| {
                let field = format!("answers.{n}.listingId");
                let listing_id = expect(Kind::Listing, &answer.listing_id, &field)?;
                Ok(Answer { listing_id, there: answer.there, reason: answer.reason })
            });
            let answers = answers.collect::<Result<Vec<_>, Rejection>>()?;
            let said = Reconfirm { answers };
            Ok(reconfirm(ctx.app(), actor, Some(&input.idempotency_key), &said).await?.listing_ids)
        };
        let (ids, errors) = payload(outcome.await, actor.locale())?;
        let Some(ids) = ids else { return Ok(ReconfirmListingsPayload { listings: None, errors }) };
        let selection = ctx.look_ahead().field("listings");
        let rows = listing_rows::find_all(ctx.app(), actor, &ids, wants(&selection)).await;
        let rows = rows.map_err(|fault| query_error(fault, actor.locale()))?;
        let nodes = listings(ctx, rows, &selection).await?;
        Ok(ReconfirmListingsPayload { listings: Some(nodes), errors })
    }

    /// Purges a card that was found to be secret, with all that it was split from or into: its listings end, its words,
    /// numbers and photos go, and what the audit trail said of it can be read no more. It cannot be undone.
    async fn purge_asset(
        &self,
        ctx: &Context<'_>,
        input: PurgeAssetInput,
    ) -> async_graphql::Result<PurgeAssetPayload> {
        let actor = ctx.actor()?;
        let outcome = async {
            let purge = PurgeAsset { id: expect(Kind::Asset, &input.asset_id, "assetId")? };
            Ok(purge_asset(ctx.app(), actor, Some(&input.idempotency_key), &purge).await?.id)
        };
        let (id, errors) = payload(outcome.await, actor.locale())?;
        Ok(PurgeAssetPayload { id: id.map(|id| encode(Kind::Asset, id)), errors })
    }

    /// Freezes a card, a listing, all of a unit, or a storage place with all in it.
    async fn freeze(&self, ctx: &Context<'_>, input: FreezeInput) -> async_graphql::Result<FreezePayload> {
        let actor = ctx.actor()?;
        let outcome = async {
            let scope = input.scope.into();
            let order = freeze::Freeze {
                scope,
                scope_id: expect(scope_kind(scope), &input.scope_id, "scopeId")?,
                cause: input.cause.into(),
                note: input.note,
            };
            Ok(freeze(ctx.app(), actor, Some(&input.idempotency_key), &order).await?.id)
        };
        let (id, errors) = payload(outcome.await, actor.locale())?;
        Ok(FreezePayload { freeze: frozen(ctx, id).await?, errors })
    }

    /// Lifts a freeze: timers go on and queues move.
    async fn unfreeze(
        &self,
        ctx: &Context<'_>,
        input: UnfreezeInput,
    ) -> async_graphql::Result<UnfreezePayload> {
        let actor = ctx.actor()?;
        let outcome = async {
            let order = freeze::Unfreeze { id: expect(Kind::Freeze, &input.id, "id")? };
            Ok(unfreeze(ctx.app(), actor, Some(&input.idempotency_key), &order).await?.id)
        };
        let (id, errors) = payload(outcome.await, actor.locale())?;
        Ok(UnfreezePayload { freeze: frozen(ctx, id).await?, errors })
    }
}

fn read_decisions(decisions: Vec<StepDecisionInput>) -> Result<Vec<OneDecision>, Rejection> {
    decisions
        .into_iter()
        .enumerate()
        .map(|(n, decision)| {
            Ok(OneDecision {
                step_id: expect(Kind::Step, &decision.step_id, &format!("decisions.{n}.stepId"))?,
                verdict: decision.verdict,
                comment: decision.comment,
                quantity: decision.quantity.map(Into::into),
            })
        })
        .collect()
}

/// The freeze that a mutation answers with: the caller has just been let at it.
async fn frozen(ctx: &Context<'_>, id: Option<Uuid>) -> async_graphql::Result<Option<Freeze>> {
    let Some(id) = id else { return Ok(None) };
    let found = asset_freeze::Entity::find_by_id(id).one(ctx.app().db().read()).await;
    let found = found.map_err(|error| query_error(error.into(), entity::identity::Locale::Zh))?;
    Ok(found.map(Freeze))
}
