//! Plans in the schema.

use std::collections::HashMap;

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use entity::approvals::ApprovalSubject;
use entity::plans::{PlanLineState as LineKind, PlanState as State, allocation_plan};
use entity::requests::LineState as CarriedState;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::line_nodes::{PlanLine, PlanLineConnection, PlanObjection, PlanObjectionConnection};
use super::{caps, read};
use crate::approvals::graphql::ApprovalCase;
use crate::approvals::read::cases_of;
use crate::fault::Fault;
use crate::graphql::connection::{Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::PlanState;
use crate::graphql::errors::query_error;
use crate::graphql::ids::{Kind, encode};
use crate::organisation::graphql::Unit;
use crate::quotas::steps::Beyond;
use crate::requests::rules::is_final;

/// A plan of the office (调配方案): who gives what to whom, reserved as a whole or not at all.
#[derive(Debug)]
pub struct AllocationPlan {
    pub(super) row: Box<allocation_plan::Model>,
    progress: OnceCell<PlanProgress>,
}

impl From<allocation_plan::Model> for AllocationPlan {
    fn from(row: allocation_plan::Model) -> Self {
        Self { row: Box::new(row), progress: OnceCell::new() }
    }
}

/// How many lines of a plan are how far, of those that the caller may see.
#[derive(Clone, Copy, Debug, Default, SimpleObject)]
pub struct PlanProgress {
    /// Lines that belong to the plan.
    lines: i64,
    /// Lines that were dropped from it.
    dropped: i64,
    /// Lines of which nothing is promised yet.
    open: i64,
    /// Lines that are promised, and not handed over.
    reserved: i64,
    /// Lines that are handed over in part or on their way.
    underway: i64,
    /// Lines that were received, in full or in part, and wait for a booking.
    received: i64,
    /// Lines that are received and booked on both sides.
    closed: i64,
    /// Lines that ended without a receipt.
    failed: i64,
}

impl PlanProgress {
    fn of(counts: &[read::Count]) -> Self {
        let mut sum = Self::default();
        for (state, carried, count) in counts {
            if *state == LineKind::Dropped {
                sum.dropped += count;
                continue;
            }
            sum.lines += count;
            match carried {
                None => sum.open += count,
                Some(CarriedState::Reserved) => sum.reserved += count,
                Some(CarriedState::Closed) => sum.closed += count,
                Some(CarriedState::Received | CarriedState::Short) => sum.received += count,
                Some(state) if is_final(*state) => sum.failed += count,
                Some(_) => sum.underway += count,
            }
        }
        sum
    }
}

/// A cap of a receiver that a plan goes beyond.
#[derive(Debug)]
pub struct PlanCapWarning {
    unit: Uuid,
    beyond: Beyond,
    positions: Vec<i64>,
}

#[Object]
impl PlanCapWarning {
    /// The receiver.
    async fn unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.unit)
    }

    /// Global id of the category that the cap is for; null for vehicles.
    async fn category_id(&self) -> Option<ID> {
        self.beyond.category.map(|id| encode(Kind::Category, id))
    }

    /// Most pieces; null where what it is reckoned from was not entered.
    async fn cap(&self) -> Option<i64> {
        self.beyond.allowance.cap
    }

    /// Pieces the unit holds.
    async fn held(&self) -> i64 {
        self.beyond.allowance.held
    }

    /// Pieces it has asked for besides.
    async fn pending(&self) -> i64 {
        self.beyond.allowance.pending
    }

    /// Pieces that the plan gives it.
    async fn planned(&self) -> i64 {
        self.beyond.planned
    }

    /// Places of the lines that go beyond it: each needs a reason.
    async fn positions(&self) -> &[i64] {
        &self.positions
    }
}

#[Object]
impl AllocationPlan {
    /// Global id.
    pub async fn id(&self) -> ID {
        encode(Kind::Plan, self.row.id)
    }

    /// Row version; give it back when you change or publish the plan.
    async fn version(&self) -> i64 {
        self.row.version
    }

    /// Number (方案编号).
    async fn number(&self) -> &str {
        &self.row.number
    }

    /// Title.
    async fn title(&self) -> &str {
        &self.row.title
    }

    /// Why.
    async fn reason(&self) -> &str {
        &self.row.reason
    }

    /// 批文号 of the decision it rests on.
    async fn document_number(&self) -> &str {
        &self.row.document_number
    }

    /// Where it stands.
    async fn state(&self) -> PlanState {
        self.row.state.into()
    }

    /// Last civil day on which some line of it can be objected to; null before it is published.
    async fn objections_until(&self) -> Option<NaiveDate> {
        self.row.objections_until
    }

    /// Why it was returned, rejected or cancelled.
    async fn comment(&self) -> Option<&str> {
        self.row.comment.as_deref()
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }

    /// When it was last published.
    async fn published_at(&self) -> Option<DateTime<Utc>> {
        self.row.published_at
    }

    /// When it was handed to the approvers.
    async fn submitted_at(&self) -> Option<DateTime<Utc>> {
        self.row.submitted_at
    }

    /// When all its lines were promised.
    async fn reserved_at(&self) -> Option<DateTime<Utc>> {
        self.row.reserved_at
    }

    /// When it ended.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.row.ended_at
    }

    /// How many lines are how far, of those that concern the caller.
    async fn progress(&self, ctx: &Context<'_>) -> async_graphql::Result<PlanProgress> {
        let load = || async {
            let found = progress_of(ctx, &[self.row.id]).await?.remove(&self.row.id);
            Ok::<_, async_graphql::Error>(found.unwrap_or_default())
        };
        Ok(*self.progress.get_or_try_init(load).await?)
    }

    /// Its lines in order, those that concern the caller.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn lines(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<PlanLineConnection> {
        let outcome = async {
            let page: Page<i64> = Page::read(first, after.as_deref())?;
            let conn = ctx.app().db().read();
            let rows =
                read::lines(conn, ctx.actor().map_err(|_| Fault::Unauthenticated)?, self.row.id, &page)
                    .await?;
            let cards: Vec<Uuid> = rows.iter().map(|row| row.asset_id).collect();
            let cards = read::cards(conn, &cards).await?;
            let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
            let mut carried = read::carried(conn, &ids).await?;
            let nodes = rows.into_iter().map(|row| PlanLine {
                // Several lines may be of one card.
                card: cards.get(&row.asset_id).cloned(),
                carried: carried.remove(&row.id),
                row,
            });
            Ok(PlanLineConnection::new(page.first, nodes.collect(), |node| node.row.position))
        };
        outcome.await.map_err(|fault: Fault| failed(ctx, fault))
    }

    /// What was said against its lines, oldest first: against those that concern the caller.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn objections(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<PlanObjectionConnection> {
        let outcome = async {
            let page: Page<Uuid> = Page::read(first, after.as_deref())?;
            let actor = ctx.actor().map_err(|_| Fault::Unauthenticated)?;
            let rows = read::objections(ctx.app().db().read(), actor, self.row.id, &page).await?;
            let nodes = rows.into_iter().map(PlanObjection).collect();
            Ok(PlanObjectionConnection::new(page.first, nodes, |node| node.0.id))
        };
        outcome.await.map_err(|fault: Fault| failed(ctx, fault))
    }

    /// Caps that its receivers would be beyond, as of now: for whoever oversees the city, and until it is reserved.
    async fn cap_warnings(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<PlanCapWarning>> {
        use State::{Approved, Draft, Objections, Returned, Submitted};
        let before = matches!(self.row.state, Draft | Objections | Submitted | Approved | Returned);
        if !before || !read::oversees(ctx.actor()?) {
            return Ok(Vec::new());
        }
        let outcome = async {
            let (app, conn) = (ctx.app(), ctx.app().db().read());
            let lines = read::proposed(conn, self.row.id).await?;
            let found = caps::warnings(conn, &app.reference(), app.clock().today(), &lines).await?;
            let warning = |(unit, beyond): (Uuid, Beyond)| PlanCapWarning {
                unit,
                positions: beyond.lines.iter().map(|n| lines[*n].position).collect(),
                beyond,
            };
            Ok(found.into_iter().map(warning).collect())
        };
        outcome.await.map_err(|fault: Fault| failed(ctx, fault))
    }

    /// Its approvals, newest first.
    async fn approvals(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<ApprovalCase>> {
        let found = cases_of(ctx.app(), ApprovalSubject::Plan, &[self.row.id]).await;
        let mut found = found.map_err(|fault| failed(ctx, fault))?;
        Ok(found.remove(&self.row.id).unwrap_or_default().into_iter().map(ApprovalCase).collect())
    }
}

connection!(AllocationPlanConnection, AllocationPlanEdge, AllocationPlan);

/// Plans for a resolver that hands out several, with their progress where it is asked for.
pub(super) async fn plans(
    ctx: &Context<'_>,
    rows: Vec<allocation_plan::Model>,
    with_progress: bool,
) -> async_graphql::Result<Vec<AllocationPlan>> {
    let mut nodes: Vec<AllocationPlan> = rows.into_iter().map(AllocationPlan::from).collect();
    if with_progress {
        let ids: Vec<Uuid> = nodes.iter().map(|node| node.row.id).collect();
        let mut found = progress_of(ctx, &ids).await?;
        for node in &mut nodes {
            node.progress = OnceCell::new_with(Some(found.remove(&node.row.id).unwrap_or_default()));
        }
    }
    Ok(nodes)
}

async fn progress_of(ctx: &Context<'_>, ids: &[Uuid]) -> async_graphql::Result<HashMap<Uuid, PlanProgress>> {
    let found = read::progress(ctx.app().db().read(), ctx.actor()?, ids).await;
    let found = found.map_err(|error| failed(ctx, error.into()))?;
    Ok(found.into_iter().map(|(id, counts)| (id, PlanProgress::of(&counts))).collect())
}

/// A fault of a finder in the caller's language.
pub(super) fn failed(ctx: &Context<'_>, fault: Fault) -> async_graphql::Error {
    let locale = ctx.actor().map_or(entity::identity::Locale::Zh, crate::identity::Actor::locale);
    query_error(fault, locale)
}
