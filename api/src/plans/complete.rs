//! A plan is complete when none of its lines is under way any more. Its lines change in other slices, which know nothing of
//! plans, so that a job looks.

use entity::plans::{PlanState, allocation_plan, plan_line};
use entity::requests::{LineState, request_line};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Iterable, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::json;
use uuid::Uuid;

use super::row;
use super::rules::Command;
use crate::app::App;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::requests::rules::is_final;
use crate::write;

/// Completes up to so many plans; gives how many.
///
/// # Errors
/// When the database does not answer.
pub async fn complete(app: &App, most: u64) -> Result<u64, Fault> {
    let mut completed = 0;
    for id in settled(app.db().read(), None, most).await? {
        let command = write::Command::new("completePlan", None, &id);
        completed += app
            .write(&Actor::system(), command, |tx| async move {
                let plan = row::lock(&tx, id).await?;
                if plan.state != PlanState::Reserved || settled(tx.conn(), Some(id), 1).await?.is_empty() {
                    return Ok(0);
                }
                row::carry_out(&tx, &plan, Command::Complete, "plan.completed", json!({}), |_| ()).await?;
                Ok(1)
            })
            .await?;
    }
    Ok(completed)
}

/// Reserved plans of which no line is under way.
async fn settled(conn: &impl ConnectionTrait, plan: Option<Uuid>, most: u64) -> Result<Vec<Uuid>, DbErr> {
    let ended = LineState::iter().filter(|state| is_final(*state));
    let mut found = allocation_plan::Entity::find()
        .select_only()
        .column(allocation_plan::Column::Id)
        .filter(allocation_plan::Column::State.eq(PlanState::Reserved))
        .filter(
            Expr::exists(
                Query::select()
                    .expr(Expr::value(1))
                    .from(plan_line::Entity)
                    .inner_join(
                        request_line::Entity,
                        Expr::col((request_line::Entity, request_line::Column::PlanLineId))
                            .equals((plan_line::Entity, plan_line::Column::Id)),
                    )
                    .and_where(
                        Expr::col((plan_line::Entity, plan_line::Column::PlanId))
                            .equals((allocation_plan::Entity, allocation_plan::Column::Id)),
                    )
                    .and_where(request_line::Column::State.is_not_in(ended))
                    .take(),
            )
            .not(),
        )
        .order_by_asc(allocation_plan::Column::Id)
        .limit(most);
    if let Some(plan) = plan {
        found = found.filter(allocation_plan::Column::Id.eq(plan));
    }
    found.into_tuple().all(conn).await
}
