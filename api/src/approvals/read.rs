//! Finders of cases and steps.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use entity::approvals::{ApprovalSubject, Side, approval_case, approval_step};
use entity::identity::Role;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationDef,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::conditions::Reason;
use super::rules::{self, Rule};
use super::{rule_sets, seats};
use crate::app::App;
use crate::authz::{Operation, UnitSet};
use crate::fault::Fault;
use crate::graphql::connection::Page;
use crate::identity::{self, Actor};
use crate::keyset;

/// A step with the names of those who decided it, and why it is needed.
#[derive(Clone, Debug)]
pub struct StepRow {
    /// The step.
    pub step: approval_step::Model,
    /// Name of who decided it.
    pub decided_by: Option<String>,
    /// Name of who was away, where somebody decided in their stead.
    pub decided_for: Option<String>,
    /// The rules that ask for it, by their names, and why each does.
    pub why: Vec<(String, Vec<Reason>)>,
}

/// A case with its steps in order.
#[derive(Clone, Debug)]
pub struct CaseRow {
    /// The case.
    pub case: approval_case::Model,
    /// Its steps.
    pub steps: Vec<StepRow>,
}

pub(super) fn case_of_step() -> RelationDef {
    approval_step::Entity::belongs_to(approval_case::Entity)
        .from(approval_step::Column::CaseId)
        .to(approval_case::Column::Id)
        .into()
}

/// The cases of several subjects at once, newest first. The caller has asked for the right to each subject.
///
/// # Errors
/// The database's.
pub async fn cases_of(
    app: &App,
    subject: ApprovalSubject,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Vec<CaseRow>>, Fault> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let cases = approval_case::Entity::find()
        .filter(approval_case::Column::SubjectId.is_in(ids.iter().copied()))
        .filter(approval_case::Column::Subject.eq(subject))
        .order_by_desc(approval_case::Column::Id)
        .all(app.db().read())
        .await?;
    let steps = approval_step::Entity::find()
        .filter(approval_step::Column::CaseId.is_in(cases.iter().map(|case| case.id)))
        .order_by_asc(approval_step::Column::Position)
        .all(app.db().read())
        .await?;
    let by_id: HashMap<Uuid, &approval_case::Model> = cases.iter().map(|case| (case.id, case)).collect();
    let pairs =
        steps.into_iter().filter_map(|step| by_id.get(&step.case_id).map(|case| (step, *case))).collect();
    let mut by_case: HashMap<Uuid, Vec<StepRow>> = HashMap::new();
    for row in told(app, pairs).await? {
        by_case.entry(row.step.case_id).or_default().push(row);
    }
    let mut by_subject: HashMap<Uuid, Vec<CaseRow>> = HashMap::new();
    for case in cases {
        let steps = by_case.remove(&case.id).unwrap_or_default();
        by_subject.entry(case.subject_id).or_default().push(CaseRow { case, steps });
    }
    Ok(by_subject)
}

/// Adds names and reasons, by one statement each for all.
async fn told(
    app: &App,
    steps: Vec<(approval_step::Model, &approval_case::Model)>,
) -> Result<Vec<StepRow>, Fault> {
    let accounts: Vec<Uuid> =
        steps.iter().flat_map(|(step, _)| [step.decided_by, step.decided_for]).flatten().collect();
    let names = identity::read::names(app.db().read(), accounts).await?;
    let mut sets: Vec<Uuid> = steps.iter().filter_map(|(_, case)| case.rule_set_id).collect();
    sets.sort_unstable();
    sets.dedup();
    let rules = if sets.is_empty() {
        HashMap::new()
    } else {
        rule_sets::rules_of_all(app.db().read(), &sets).await?
    };
    let name = |id: Option<Uuid>| id.and_then(|id| names.get(&id).cloned());
    Ok(steps
        .into_iter()
        .map(|(step, case)| StepRow {
            decided_by: name(step.decided_by),
            decided_for: name(step.decided_for),
            why: case
                .rule_set_id
                .and_then(|set| rules.get(&set))
                .map_or_else(Vec::new, |rules| why(&step, case, rules)),
            step,
        })
        .collect())
}

/// Why a step is there: its case's plan, made again.
fn why(
    step: &approval_step::Model,
    case: &approval_case::Model,
    rules: &[Rule],
) -> Vec<(String, Vec<Reason>)> {
    let facts = case.facts.clone().and_then(|facts| serde_json::from_value(facts).ok());
    let Some((facts, asked_by)) = facts.zip(step.rule_id) else { return Vec::new() };
    let plan = rules::plan(rules, case.subject, &facts);
    let planned = plan.into_iter().find(|planned| planned.why.iter().any(|(rule, _)| *rule == asked_by));
    named(rules, planned.map(|planned| planned.why).unwrap_or_default())
}

/// Reasons with the names of their rules.
pub(super) fn named(rules: &[Rule], why: Vec<(Uuid, Vec<Reason>)>) -> Vec<(String, Vec<Reason>)> {
    why.into_iter()
        .filter_map(|(id, reasons)| {
            let rule = rules.iter().find(|rule| rule.id == id)?;
            Some((rule.name.clone(), reasons))
        })
        .collect()
}

/// Several steps that the person may know of, with their cases, in no order.
///
/// # Errors
/// The database's.
pub async fn steps(
    app: &App,
    actor: &Actor,
    ids: &[Uuid],
) -> Result<Vec<(StepRow, approval_case::Model)>, Fault> {
    let found = approval_step::Entity::find()
        .filter(approval_step::Column::Id.is_in(ids.iter().copied()))
        .join(JoinType::InnerJoin, case_of_step())
        .select_also(approval_case::Entity)
        .all(app.db().read())
        .await?;
    let mut found = with_names(app, found).await?;
    found.retain(|(row, case)| seats::may_see(actor, &row.step, case));
    Ok(found)
}

/// Where a page of tasks goes on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Key(pub DateTime<Utc>, pub Uuid);

/// Steps that wait for the person, the longest waiting first.
///
/// # Errors
/// The database's.
pub async fn tasks(
    app: &App,
    actor: &Actor,
    page: &Page<Key>,
) -> Result<Vec<(StepRow, approval_case::Model)>, Fault> {
    use approval_step::Column::{CaseId, Id, PendingSince};
    let column = |column| Expr::col((approval_step::Entity, column));
    let side = |side: Condition| {
        let mut page_of = Query::select();
        page_of
            .column((approval_step::Entity, Id))
            .from(approval_step::Entity)
            .inner_join(
                approval_case::Entity,
                Expr::col((approval_case::Entity, approval_case::Column::Id))
                    .equals((approval_step::Entity, CaseId)),
            )
            .cond_where(side)
            .order_by((approval_step::Entity, PendingSince), Order::Asc)
            .order_by((approval_step::Entity, Id), Order::Asc)
            .limit(page.fetch());
        if let Some(Key(since, id)) = page.after {
            let here = Expr::tuple([column(PendingSince), column(Id)]);
            page_of.and_where(here.gt(Expr::tuple([Expr::value(since), Expr::value(id)])));
        }
        page_of
    };
    let pages = seats::awaiting(actor).into_iter().map(side).collect();
    let Some(merged) = keyset::merged(pages) else { return Ok(Vec::new()) };
    let found = approval_step::Entity::find()
        .join(JoinType::InnerJoin, case_of_step())
        .filter(Id.in_subquery(merged))
        .order_by_asc(PendingSince)
        .order_by_asc(Id)
        .limit(page.fetch())
        .select_also(approval_case::Entity)
        .all(app.db().read())
        .await?;
    with_names(app, found).await
}

/// Steps that wait for the person, the earliest due first, with their cases: for what shows them among other things.
///
/// # Errors
/// The database's.
pub(crate) async fn awaiting(
    app: &App,
    actor: &Actor,
    after: Option<OverdueKey>,
    limit: u64,
) -> Result<Vec<(approval_step::Model, approval_case::Model)>, Fault> {
    use approval_step::Column::{CaseId, DueOn, Id};
    let column = |column| Expr::col((approval_step::Entity, column));
    let side = |side: Condition| {
        let mut page_of = Query::select();
        page_of
            .column((approval_step::Entity, Id))
            .from(approval_step::Entity)
            .inner_join(
                approval_case::Entity,
                Expr::col((approval_case::Entity, approval_case::Column::Id))
                    .equals((approval_step::Entity, CaseId)),
            )
            .cond_where(side)
            .and_where(column(DueOn).is_not_null())
            .order_by((approval_step::Entity, DueOn), Order::Asc)
            .order_by((approval_step::Entity, Id), Order::Asc)
            .limit(limit);
        if let Some((due_on, id)) = after {
            let here = Expr::tuple([column(DueOn), column(Id)]);
            page_of.and_where(here.gt(Expr::tuple([Expr::value(due_on), Expr::value(id)])));
        }
        page_of
    };
    let pages = seats::awaiting(actor).into_iter().map(side).collect();
    let Some(merged) = keyset::merged(pages) else { return Ok(Vec::new()) };
    let found = approval_step::Entity::find()
        .join(JoinType::InnerJoin, case_of_step())
        .filter(Id.in_subquery(merged))
        .order_by_asc(DueOn)
        .order_by_asc(Id)
        .limit(limit)
        .select_also(approval_case::Entity)
        .all(app.db().read())
        .await?;
    Ok(found.into_iter().filter_map(|(step, case)| case.map(|case| (step, case))).collect())
}

async fn with_names(
    app: &App,
    found: Vec<(approval_step::Model, Option<approval_case::Model>)>,
) -> Result<Vec<(StepRow, approval_case::Model)>, Fault> {
    let (steps, cases): (Vec<_>, Vec<_>) =
        found.into_iter().filter_map(|(step, case)| case.map(|case| (step, case))).unzip();
    let rows = told(app, steps.into_iter().zip(&cases).collect()).await?;
    Ok(rows.into_iter().zip(cases).collect())
}

/// Where a page of overdue steps goes on.
pub type OverdueKey = (NaiveDate, Uuid);

/// Which overdue steps are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct OverdueFilter {
    /// Waiting at this unit.
    pub unit: Option<Uuid>,
    /// About this.
    pub subject: Option<ApprovalSubject>,
}

/// Steps that should have been decided, of cases of the units in reach, the longest overdue first.
///
/// # Errors
/// The database's.
pub async fn overdue(
    app: &App,
    actor: &Actor,
    filter: OverdueFilter,
    page: &Page<OverdueKey>,
) -> Result<Vec<(StepRow, approval_case::Model)>, Fault> {
    use approval_step::Column::{DueOn, Id};
    let column = |column| Expr::col((approval_step::Entity, column));
    let side = |side: Condition| {
        let mut page_of = late(app, filter, side);
        page_of
            .column((approval_step::Entity, Id))
            .order_by((approval_step::Entity, DueOn), Order::Asc)
            .order_by((approval_step::Entity, Id), Order::Asc)
            .limit(page.fetch());
        if let Some((due_on, id)) = page.after {
            let here = Expr::tuple([column(DueOn), column(Id)]);
            page_of.and_where(here.gt(Expr::tuple([Expr::value(due_on), Expr::value(id)])));
        }
        page_of
    };
    let pages = supervised(actor).into_iter().map(side).collect();
    let Some(merged) = keyset::merged(pages) else { return Ok(Vec::new()) };
    let found = approval_step::Entity::find()
        .join(JoinType::InnerJoin, case_of_step())
        .filter(Id.in_subquery(merged))
        .order_by_asc(DueOn)
        .order_by_asc(Id)
        .limit(page.fetch())
        .select_also(approval_case::Entity)
        .all(app.db().read())
        .await?;
    with_names(app, found).await
}

/// How many steps are overdue at one seat.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct OverdueSeat {
    /// At whom they wait; none for the city's seats.
    pub unit_id: Option<Uuid>,
    /// For which role.
    pub role: Role,
    /// On whose side.
    pub side: Side,
    /// How many.
    pub steps: i64,
    /// Since when the first should have been decided.
    pub oldest: NaiveDate,
}

/// Overdue steps by seat, of cases of the units in reach, where most wait first; at most `limit` seats.
///
/// # Errors
/// The database's.
pub async fn overdue_by_seat(app: &App, actor: &Actor, limit: u64) -> Result<Vec<OverdueSeat>, Fault> {
    use approval_step::Column;
    let mut either = Condition::any();
    let sides = supervised(actor);
    if sides.is_empty() {
        return Ok(Vec::new());
    }
    for side in sides {
        either = either.add(side);
    }
    let column = |column| Expr::col((approval_step::Entity, column));
    let count = || column(Column::Id).count();
    let mut query = late(app, OverdueFilter::default(), either);
    query
        .expr_as(column(Column::UnitId), "unit_id")
        .expr_as(column(Column::Role), "role")
        .expr_as(column(Column::Side), "side")
        .expr_as(count(), "steps")
        .expr_as(column(Column::DueOn).min(), "oldest")
        .add_group_by([column(Column::UnitId), column(Column::Role), column(Column::Side)])
        .order_by_expr(count(), Order::Desc)
        .order_by((approval_step::Entity, Column::UnitId), Order::Asc)
        .limit(limit);
    let conn = app.db().read();
    let found = OverdueSeat::find_by_statement(conn.get_database_backend().build(&query)).all(conn).await?;
    Ok(found)
}

/// Pending steps whose day is over, joined with their cases.
fn late(app: &App, filter: OverdueFilter, side: Condition) -> SelectStatement {
    use approval_step::Column::{CaseId, DueOn, State, UnitId};
    let column = |column| Expr::col((approval_step::Entity, column));
    let mut query = Query::select();
    query
        .from(approval_step::Entity)
        .inner_join(
            approval_case::Entity,
            Expr::col((approval_case::Entity, approval_case::Column::Id))
                .equals((approval_step::Entity, CaseId)),
        )
        // As text: the index is over such rows alone, and a parameter would hide that.
        .and_where(column(State).eq(Expr::cust("'PENDING'")))
        .and_where(column(DueOn).lt(app.clock().today()))
        .cond_where(side);
    if let Some(unit) = filter.unit {
        query.and_where(column(UnitId).eq(unit));
    }
    if let Some(subject) = filter.subject {
        query.and_where(Expr::col((approval_case::Entity, approval_case::Column::Subject)).eq(subject));
    }
    query
}

/// Cases that the person supervises, side by side: those of which a unit gives, and those of which one asks.
fn supervised(actor: &Actor) -> Vec<Condition> {
    let reach = actor.reach(Operation::OverdueSteps);
    if reach.everywhere || reach.giver == UnitSet::All || reach.receiver == UnitSet::All {
        return vec![Condition::all()];
    }
    let side = |units: &UnitSet, column: approval_case::Column| match units {
        UnitSet::Only(units) if !units.is_empty() => {
            Some(Condition::all().add(column.is_in(units.iter().copied())))
        }
        _ => None,
    };
    [
        side(&reach.giver, approval_case::Column::GiverId),
        side(&reach.receiver, approval_case::Column::ReceiverId),
    ]
    .into_iter()
    .flatten()
    .collect()
}
