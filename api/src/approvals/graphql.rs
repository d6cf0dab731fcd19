//! Cases and steps in the schema. Root fields stand in [`crate::decisions`], above what is approved.

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use entity::approvals::{ApprovalSubject as SubjectKind, approval_case};

use super::read::{CaseRow, StepRow};
use crate::graphql::context::Given;
use crate::graphql::enums::{ApprovalSubject, CaseState, Role, Side, StepState};
use crate::graphql::ids::{Kind, encode};
use crate::organisation::graphql::Unit;

/// A run of approvals over a listing or a request line.
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
        self.0.step.unit_id.and_then(|id| Unit::find(&ctx.app().reference(), id))
    }

    /// Where it stands.
    async fn state(&self) -> StepState {
        self.0.step.state.into()
    }

    /// Name of who decided it.
    async fn decided_by(&self) -> Option<&str> {
        self.0.decided_by.as_deref()
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
