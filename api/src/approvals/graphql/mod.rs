//! Cases and steps in the schema. Root fields stand in [`crate::decisions`], above what is approved.

pub mod delegations;
pub mod reasons;
pub mod rule_sets;
pub mod supervision;

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, NaiveDate, Utc};
use entity::approvals::{ApprovalSubject as SubjectKind, StepState as StepStateKind, approval_case};

use self::reasons::ApprovalReason;
use self::rule_sets::ApprovalRuleSet;
use super::read::{CaseRow, StepRow};
use crate::graphql::context::Given;
use crate::graphql::enums::{ApprovalSubject, CaseState, Role, Side, StepState};
use crate::graphql::ids::{Kind, encode};
use crate::organisation::graphql::Unit;

/// A run of approvals over a listing, a request line, a loan or its extension, or a plan.
/// A run of approvals over a listing, a request line, a loan or its extension, a disposal or its price.
#[derive(Clone, Debug)]
pub struct ApprovalCase(pub CaseRow);

/// One step of a run of approvals.
#[derive(Clone, Debug)]
pub struct ApprovalStep(pub StepRow);

/// Global id of what a case is about.
#[must_use]
pub fn subject_id(case: &approval_case::Model) -> ID {
    let kind = match case.subject {
        SubjectKind::Listing => Kind::Listing,
        SubjectKind::RequestLine => Kind::Line,
        SubjectKind::Loan | SubjectKind::LoanExtension => Kind::Loan,
        SubjectKind::Plan => Kind::Plan,
        SubjectKind::Disposal | SubjectKind::DisposalPrice => Kind::Disposal,
    };
    encode(kind, case.subject_id)
}

#[Object]
impl ApprovalCase {
    /// Global id.
    async fn id(&self) -> ID {
        encode(Kind::Case, self.0.case.id)
    }

    /// What is approved.
    async fn subject(&self) -> ApprovalSubject {
        self.0.case.subject.into()
    }

    /// Global id of what is approved.
    async fn subject_id(&self) -> ID {
        subject_id(&self.0.case)
    }

    /// Where it stands.
    async fn state(&self) -> CaseState {
        self.0.case.state.into()
    }

    /// When it was opened.
    async fn opened_at(&self) -> DateTime<Utc> {
        self.0.case.opened_at
    }

    /// When it ended.
    async fn closed_at(&self) -> Option<DateTime<Utc>> {
        self.0.case.closed_at
    }

    /// The rules it goes by; null for one that was opened before rules were kept in sets.
    async fn rule_set(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ApprovalRuleSet>> {
        match self.0.case.rule_set_id {
            Some(id) => ApprovalRuleSet::load(ctx.app(), id).await,
            None => Ok(None),
        }
    }

    /// Its steps in order.
    async fn steps(&self) -> Vec<ApprovalStep> {
        self.0.steps.iter().cloned().map(ApprovalStep).collect()
    }
}

#[Object]
impl ApprovalStep {
    /// Global id.
    async fn id(&self) -> ID {
        encode(Kind::Step, self.0.step.id)
    }

    /// When its turn is: steps of one stage go side by side.
    async fn stage(&self) -> i64 {
        self.0.step.stage
    }

    /// 1, 2, 3 …
    async fn position(&self) -> i64 {
        self.0.step.position
    }

    /// Whose step it is.
    async fn side(&self) -> Side {
        self.0.step.side.into()
    }

    /// Role that decides it.
    async fn role(&self) -> Role {
        self.0.step.role.into()
    }

    /// At whom the role must be held; none for a body of the whole city, such as the office. A step without an eligible
    /// person goes one level up when its turn comes.
    async fn unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        self.0.step.unit_id.and_then(|id| Unit::of(&ctx.app().reference(), id))
    }

    /// Where it stands.
    async fn state(&self) -> StepState {
        self.0.step.state.into()
    }

    /// Name of who decided it.
    async fn decided_by(&self) -> Option<&str> {
        self.0.decided_by.as_deref()
    }

    /// Name of who was away, where somebody decided in their stead.
    async fn decided_for(&self) -> Option<&str> {
        self.0.decided_for.as_deref()
    }

    /// Which rules ask for it, and why.
    async fn reasons(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<ApprovalReason>> {
        let locale = ctx.actor()?.locale();
        Ok(reasons::reasons(&self.0.why, &ctx.app().reference(), locale))
    }

    /// Civil day by which it should be decided, by the working calendar; null before its turn.
    async fn due_on(&self) -> Option<NaiveDate> {
        self.0.step.due_on
    }

    /// Whether it should have been decided by now.
    async fn overdue(&self, ctx: &Context<'_>) -> bool {
        let today = ctx.app().clock().today();
        self.0.step.state == StepStateKind::Pending && self.0.step.due_on.is_some_and(|due_on| due_on < today)
    }

    /// When it went one level up because nobody decided it; null where it did not.
    async fn escalated_at(&self) -> Option<DateTime<Utc>> {
        self.0.step.escalated_at
    }

    /// When it was decided.
    async fn decided_at(&self) -> Option<DateTime<Utc>> {
        self.0.step.decided_at
    }

    /// What the approver wrote.
    async fn comment(&self) -> Option<&str> {
        self.0.step.comment.as_deref()
    }

    /// Since when it waits for a decision.
    async fn pending_since(&self) -> Option<DateTime<Utc>> {
        self.0.step.pending_since
    }
}
