//! Finders that carry the caller's rights in their SQL. Whoever oversees the city sees every plan with all its lines; a unit sees
//! the plans that have to do with it, from their publication on, and of them its own lines and what was said about those.

use std::collections::HashMap;

use entity::assets::asset;
use entity::plans::{PlanLineState, PlanState, allocation_plan, plan_line, plan_objection};
use entity::requests::{LineState, request_line};
use sea_orm::sea_query::{Expr, ExprTrait, Query, UnionType};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use super::submit;
use super::survey::Survey;
use crate::app::App;
use crate::approvals::steps::{Mixed, Question};
use crate::authz::{Operation, Reach, UnitSet};
use crate::fault::Fault;
use crate::graphql::connection::Page;
use crate::identity::Actor;
use crate::keyset::among;

/// What is asked for in a list of plans; none asks nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// In one of these states.
    pub states: Vec<PlanState>,
    /// By its number.
    pub number: Option<String>,
}

/// Whether the reach covers all plans with all their lines.
fn sees_all(reach: &Reach) -> bool {
    reach.everywhere || (reach.giver == UnitSet::All && reach.receiver == UnitSet::All)
}

/// Whether the actor sees every line of every plan, and what is reckoned over them.
#[must_use]
pub fn oversees(actor: &Actor) -> bool {
    sees_all(&actor.reach(Operation::AllocationPlan))
}

/// Lines that the reach covers.
fn visible_lines(reach: &Reach) -> Condition {
    if sees_all(reach) {
        return Condition::all();
    }
    Condition::any()
        .add(among(plan_line::Column::GiverId, &reach.giver))
        .add(among(plan_line::Column::ReceiverId, &reach.receiver))
}

fn visible(reach: &Reach) -> Condition {
    if sees_all(reach) {
        return Condition::all();
    }
    // Each side along its own index.
    let side = |condition: Condition| {
        Query::select()
            .column((plan_line::Entity, plan_line::Column::PlanId))
            .from(plan_line::Entity)
            .cond_where(condition)
            .take()
    };
    let mut concerned = side(among(plan_line::Column::GiverId, &reach.giver));
    concerned.union(UnionType::Distinct, side(among(plan_line::Column::ReceiverId, &reach.receiver)));
    Condition::all()
        .add(allocation_plan::Column::PublishedAt.is_not_null())
        .add(allocation_plan::Column::Id.in_subquery(concerned))
}

/// A plan, where the actor may see it.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    id: Uuid,
) -> Result<Option<allocation_plan::Model>, DbErr> {
    Ok(find_all(conn, actor, &[id]).await?.pop())
}

/// Several plans at once, in no order.
///
/// # Errors
/// When the database does not answer.
pub async fn find_all(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    ids: &[Uuid],
) -> Result<Vec<allocation_plan::Model>, DbErr> {
    allocation_plan::Entity::find()
        .filter(allocation_plan::Column::Id.is_in(ids.iter().copied()))
        .filter(visible(&actor.reach(Operation::AllocationPlan)))
        .all(conn)
        .await
}

/// A page of plans, newest first; one more than asked for where there is more.
///
/// # Errors
/// When the database does not answer.
pub async fn page(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    filter: &Filter,
    page: &Page<Uuid>,
) -> Result<Vec<allocation_plan::Model>, DbErr> {
    use allocation_plan::Column::{Id, Number, State};
    let mut like = Condition::all()
        .add(visible(&actor.reach(Operation::AllocationPlans)))
        .add_option(page.after.map(|id| Id.lt(id)))
        .add_option(filter.number.as_deref().map(|number| Number.eq(number)));
    if !filter.states.is_empty() {
        like = like.add(State.is_in(filter.states.iter().copied()));
    }
    allocation_plan::Entity::find().filter(like).order_by_desc(Id).limit(page.fetch()).all(conn).await
}

/// A page of a plan's lines that the actor may see, in order; the caller has asked for the right to the plan.
///
/// # Errors
/// When the database does not answer.
pub async fn lines(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    plan: Uuid,
    page: &Page<i64>,
) -> Result<Vec<plan_line::Model>, DbErr> {
    use plan_line::Column::{PlanId, Position};
    plan_line::Entity::find()
        .filter(PlanId.eq(plan))
        .filter(visible_lines(&actor.reach(Operation::AllocationPlan)))
        .filter(Condition::all().add_option(page.after.map(|place| Position.gt(place))))
        .order_by_asc(Position)
        .limit(page.fetch())
        .all(conn)
        .await
}

/// A page of what was said against lines of a plan that the actor may see, oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn objections(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    plan: Uuid,
    page: &Page<Uuid>,
) -> Result<Vec<plan_objection::Model>, DbErr> {
    use plan_objection::Column::{Id, LineId, PlanId, UnitId};
    let reach = actor.reach(Operation::AllocationPlan);
    let mut own = Condition::all();
    if !sees_all(&reach) {
        let lines = Query::select()
            .column((plan_line::Entity, plan_line::Column::Id))
            .from(plan_line::Entity)
            .and_where(plan_line::Column::PlanId.eq(plan))
            .cond_where(visible_lines(&reach))
            .take();
        // What a unit said stays its own, also where the line is another's by now.
        own = Condition::any()
            .add(LineId.in_subquery(lines))
            .add(among(UnitId, &reach.giver))
            .add(among(UnitId, &reach.receiver));
    }
    plan_objection::Entity::find()
        .filter(PlanId.eq(plan))
        .filter(own)
        .filter(Condition::all().add_option(page.after.map(|id| Id.gt(id))))
        .order_by_asc(Id)
        .limit(page.fetch())
        .all(conn)
        .await
}

/// Cards by identity: what a line is about is told to both its sides.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn cards(
    conn: &impl ConnectionTrait,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, asset::Model>, DbErr> {
    let found = asset::Entity::find().filter(asset::Column::Id.is_in(ids.iter().copied())).all(conn).await?;
    Ok(found.into_iter().map(|card| (card.id, card)).collect())
}

/// The request lines that carry lines of plans out, by the plan's line.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn carried(
    conn: &impl ConnectionTrait,
    lines: &[Uuid],
) -> Result<HashMap<Uuid, request_line::Model>, DbErr> {
    let found = request_line::Entity::find()
        .filter(request_line::Column::PlanLineId.is_in(lines.iter().copied()))
        .all(conn)
        .await?;
    Ok(found.into_iter().filter_map(|line| line.plan_line_id.map(|id| (id, line))).collect())
}

/// Lines of one state.
pub(super) type Count = (PlanLineState, Option<LineState>, i64);

/// How far plans are: for each, how many of the lines that the actor may see are in which state, and in which the request line
/// that carries them out; none: nothing is promised yet. One statement for all plans.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn progress(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    plans: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Count>>, DbErr> {
    use sea_orm::sea_query::Alias;
    let rows: Vec<(Uuid, PlanLineState, Option<LineState>, i64)> = plan_line::Entity::find()
        .select_only()
        .column(plan_line::Column::PlanId)
        .column(plan_line::Column::State)
        .column_as(request_line::Column::State, "carried")
        .expr(Expr::col((plan_line::Entity, plan_line::Column::Id)).count().cast_as(Alias::new("bigint")))
        .join(
            JoinType::LeftJoin,
            plan_line::Entity::belongs_to(request_line::Entity)
                .from(plan_line::Column::Id)
                .to(request_line::Column::PlanLineId)
                .into(),
        )
        .filter(plan_line::Column::PlanId.is_in(plans.iter().copied()))
        .filter(visible_lines(&actor.reach(Operation::AllocationPlan)))
        .group_by(plan_line::Column::PlanId)
        .group_by(plan_line::Column::State)
        .group_by(request_line::Column::State)
        .into_tuple()
        .all(conn)
        .await?;
    let mut found: HashMap<Uuid, Vec<Count>> = HashMap::new();
    for (plan, state, carried, count) in rows {
        found.entry(plan).or_default().push((state, carried, count));
    }
    Ok(found)
}

/// All lines that belong to a plan.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn proposed(
    conn: &impl ConnectionTrait,
    plan: Uuid,
) -> Result<Vec<plan_line::Model>, DbErr> {
    plan_line::Entity::find()
        .filter(plan_line::Column::PlanId.eq(plan))
        .filter(plan_line::Column::State.eq(PlanLineState::Proposed))
        .order_by_asc(plan_line::Column::Position)
        .all(conn)
        .await
}

/// What approvers would be asked by about a plan; none where there is none for somebody who sees only some of its lines.
///
/// # Errors
/// When the database does not answer; [`crate::fault::Code::Required`] at `lines` for a plan without any.
pub async fn question(app: &App, actor: &Actor, id: Uuid) -> Result<Option<(Question, Mixed)>, Fault> {
    let conn = app.db().read();
    if !oversees(actor) || find(conn, actor, id).await?.is_none() {
        return Ok(None);
    }
    let lines = proposed(conn, id).await?;
    Ok(Some(submit::question(&Survey::of_lines(conn, &lines).await?, &lines)?))
}
