//! What is overdue anywhere (督办), in the schema.

use async_graphql::{Context, ID, InputObject, Object};
use chrono::NaiveDate;
use entity::approvals::approval_case;

use super::super::read::{self, OverdueFilter, OverdueKey, OverdueSeat, StepRow};
use super::{ApprovalStep, subject_id};
use crate::fault::{Code, Fault, Rejection};
use crate::graphql::connection::{MOST, Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::{ApprovalSubject, Role, Side};
use crate::graphql::errors;
use crate::graphql::ids::{Kind, expect_some};
use crate::organisation::graphql::Unit;

/// A step that should have been decided.
#[derive(Debug)]
pub struct OverdueStep {
    step: StepRow,
    case: approval_case::Model,
}

#[Object]
impl OverdueStep {
    /// The step.
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

    /// Unit that gives.
    async fn giver(&self, ctx: &Context<'_>) -> Option<Unit> {
        self.case.giver_id.and_then(|id| Unit::of(&ctx.app().reference(), id))
    }

    /// Unit that asks.
    async fn receiver(&self, ctx: &Context<'_>) -> Option<Unit> {
        self.case.receiver_id.and_then(|id| Unit::of(&ctx.app().reference(), id))
    }
}

connection!(OverdueStepConnection, OverdueStepEdge, OverdueStep);

/// How many steps are overdue at one seat.
#[derive(Debug)]
pub struct OverdueCount(OverdueSeat);

#[Object]
impl OverdueCount {
    /// At whom they wait; null for a body of the whole city, such as the office.
    async fn unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        self.0.unit_id.and_then(|id| Unit::of(&ctx.app().reference(), id))
    }

    /// For which role.
    async fn role(&self) -> Role {
        self.0.role.into()
    }

    /// On whose side.
    async fn side(&self) -> Side {
        self.0.side.into()
    }

    /// How many.
    async fn steps(&self) -> i64 {
        self.0.steps
    }

    /// Since when the first should have been decided.
    async fn oldest(&self) -> NaiveDate {
        self.0.oldest
    }
}

/// Which overdue steps are asked for; all conditions must hold.
#[derive(Debug, Default, InputObject)]
pub struct OverdueStepFilterInput {
    /// Waiting at this unit.
    unit_id: Option<ID>,
    /// About this.
    subject: Option<ApprovalSubject>,
}

/// Root queries of supervision.
#[derive(Debug, Default)]
pub struct SupervisionQuery;

#[Object]
impl SupervisionQuery {
    /// Steps that should have been decided, of cases in which units of the caller give or ask; the longest overdue first.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn overdue_steps(
        &self,
        ctx: &Context<'_>,
        #[graphql(default)] filter: OverdueStepFilterInput,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<OverdueStepConnection> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = async {
            let page: Page<OverdueKey> = Page::read(first, after.as_deref())?;
            let filter = OverdueFilter {
                unit: expect_some(Kind::Unit, filter.unit_id.as_ref(), "filter.unitId")?,
                subject: filter.subject.map(Into::into),
            };
            let rows = read::overdue(app, actor, filter, &page).await?;
            let nodes = rows.into_iter().map(|(step, case)| OverdueStep { step, case }).collect();
            Ok(OverdueStepConnection::new(page.first, nodes, |row: &OverdueStep| {
                (row.step.step.due_on.unwrap_or_default(), row.step.step.id)
            }))
        };
        outcome.await.map_err(|fault: Fault| errors::query_error(fault, actor.locale()))
    }

    /// How many steps are overdue at each seat, of cases in which units of the caller give or ask; where most wait first, up to
    /// 100 seats.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn overdue_by_seat(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
    ) -> async_graphql::Result<Vec<OverdueCount>> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = async {
            let limit = u64::try_from(first.unwrap_or(20)).unwrap_or(0);
            if limit == 0 || limit > MOST as u64 {
                return Err(Rejection::new(Code::BadPage).with("most", MOST).into());
            }
            read::overdue_by_seat(app, actor, limit).await
        };
        let rows = outcome.await.map_err(|fault: Fault| errors::query_error(fault, actor.locale()))?;
        Ok(rows.into_iter().map(OverdueCount).collect())
    }
}
