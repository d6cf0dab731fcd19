//! Shows a plan to the units that it concerns: they may object to their lines until a civil day.

use chrono::NaiveDate;
use entity::plans::{PlanLineState, plan_line};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::row::{self, Done};
use super::rules::Command;
use super::survey::Survey;
use crate::app::App;
use crate::authz::Operation;
use crate::catalogue;
use crate::catalogue::calendar::Calendar;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::{self, Tx};

/// Which plan, as it was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Which.
    pub plan_id: Uuid,
    /// The version that was looked at.
    pub version: i64,
}

/// Publishes a plan.
///
/// # Errors
/// [`Code::Required`] for words and lines that are missing, and everything that is wrong with the lines; [`Code::Stale`],
/// [`Code::WrongState`].
pub async fn publish(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("publishAllocationPlan", key, input), |tx: Tx| async move {
        let plan =
            row::of_office(&tx, Operation::PublishAllocationPlan, input.plan_id, Some(input.version)).await?;
        super::rules::apply(plan.state, Command::Publish)?;
        let lines = row::lines(&tx, plan.id).await?;
        let mut faults = Vec::new();
        let words =
            [("title", &plan.title), ("reason", &plan.reason), ("documentNumber", &plan.document_number)];
        for (field, _) in words.iter().filter(|(_, text)| text.is_empty()) {
            faults.push(Rejection::new(Code::Required).at(*field));
        }
        if lines.is_empty() {
            faults.push(Rejection::new(Code::Required).at("lines"));
        }
        faults.extend(Survey::of_lines(tx.conn(), &lines).await?.faults(&tx.reference(), &lines)?);
        Fault::all(faults)?;
        let until = last_day(&tx).await?;
        plan_line::Entity::update_many()
            .col_expr(plan_line::Column::ObjectionsUntil, Expr::value(until))
            .col_expr(plan_line::Column::Version, Expr::col(plan_line::Column::Version).add(1))
            .filter(plan_line::Column::PlanId.eq(plan.id))
            .filter(plan_line::Column::State.eq(PlanLineState::Proposed))
            .exec(tx.conn())
            .await?;
        let mut concerned: Vec<Uuid> =
            lines.iter().flat_map(|line| [line.giver_id, line.receiver_id]).collect();
        concerned.sort_unstable();
        concerned.dedup();
        let more = json!({ "concerned": concerned, "lines": lines.len() });
        row::carry_out(&tx, &plan, Command::Publish, "plan.published", more, |plan| {
            plan.objections_until = Some(until);
            plan.published_at = Some(tx.now());
            plan.comment = None;
        })
        .await?;
        Ok(Done { plan_id: plan.id })
    })
    .await
}

/// The last day on which what is published today can be objected to.
pub(super) async fn last_day(tx: &Tx) -> Result<NaiveDate, Fault> {
    let days = catalogue::steps::setting(tx, "plan_objection_days").await?;
    Ok(Calendar::load(tx.conn(), tx.today(), days).await?.after(tx.today(), days))
}
