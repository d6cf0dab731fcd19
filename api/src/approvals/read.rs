//! Finders of cases and steps.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::approvals::{ApprovalSubject, approval_case, approval_step};
use entity::identity::account;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationDef,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::seats;
use crate::app::App;
use crate::fault::Fault;
use crate::graphql::connection::Page;
use crate::identity::Actor;
use crate::keyset;

/// A step with the name of who decided it.
#[derive(Clone, Debug)]
pub struct StepRow {
    /// The step.
    pub step: approval_step::Model,
    /// Name of who decided it.
    pub decided_by: Option<String>,
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
    let mut by_case: HashMap<Uuid, Vec<StepRow>> = HashMap::new();
    for row in named(app, steps).await? {
        by_case.entry(row.step.case_id).or_default().push(row);
    }
    let mut by_subject: HashMap<Uuid, Vec<CaseRow>> = HashMap::new();
    for case in cases {
        let steps = by_case.remove(&case.id).unwrap_or_default();
        by_subject.entry(case.subject_id).or_default().push(CaseRow { case, steps });
    }
    Ok(by_subject)
}

async fn named(app: &App, steps: Vec<approval_step::Model>) -> Result<Vec<StepRow>, Fault> {
    let accounts: Vec<Uuid> = steps.iter().filter_map(|step| step.decided_by).collect();
    let names: HashMap<Uuid, String> = if accounts.is_empty() {
        HashMap::new()
    } else {
        account::Entity::find()
            .select_only()
            .column(account::Column::Id)
            .column(account::Column::Name)
            .filter(account::Column::Id.is_in(accounts))
            .into_tuple::<(Uuid, String)>()
            .all(app.db().read())
            .await?
            .into_iter()
            .collect()
    };
    Ok(steps
        .into_iter()
        .map(|step| StepRow { decided_by: step.decided_by.and_then(|id| names.get(&id).cloned()), step })
        .collect())
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

async fn with_names(
    app: &App,
    found: Vec<(approval_step::Model, Option<approval_case::Model>)>,
) -> Result<Vec<(StepRow, approval_case::Model)>, Fault> {
    let (steps, cases): (Vec<_>, Vec<_>) =
        found.into_iter().filter_map(|(step, case)| case.map(|case| (step, case))).unzip();
    Ok(named(app, steps).await?.into_iter().zip(cases).collect())
}
