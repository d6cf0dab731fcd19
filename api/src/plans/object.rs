//! A unit speaks against a line that takes something from it or gives something to it.

use entity::plans::{ObjectionState, PlanLineState, plan_line, plan_objection};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::row::{self, Done};
use super::rules::{self, Command};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::{self, Tx};

/// Against what, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// The line.
    pub line_id: Uuid,
    /// Why.
    pub reason: String,
}

/// Objects to a line.
///
/// # Errors
/// [`Code::NotFound`] for a line that does not concern the caller; [`Code::Required`] at `reason`, [`Code::WrongState`],
/// [`Code::ObjectionsOver`].
pub async fn object(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("objectToPlanLine", key, input), |tx: Tx| async move {
        let nowhere = || Fault::from(Rejection::new(Code::NotFound).at("lineId"));
        let seen = plan_line::Entity::find_by_id(input.line_id).one(tx.conn()).await?.ok_or_else(nowhere)?;
        let plan = row::lock(&tx, seen.plan_id).await?;
        if plan.published_at.is_none() {
            return Err(nowhere());
        }
        let line = plan_line::Entity::find_by_id(seen.id).one(tx.conn()).await?.ok_or_else(nowhere)?;
        let reach = actor.reach(Operation::ObjectToPlanLine);
        let unit = if reach.covers(&Parties::receiver(line.receiver_id)) {
            line.receiver_id
        } else if reach.covers(&Parties::giver(line.giver_id)) {
            line.giver_id
        } else {
            return Err(nowhere());
        };
        let created_by = actor.account_id().ok_or(Code::NotAllowed)?;
        rules::apply(plan.state, Command::Discuss)?;
        let mut faults = Vec::new();
        let reason = checks::text(&mut faults, "reason", &input.reason, rules::LONGEST_TEXT);
        if reason.is_empty() {
            faults.push(Rejection::new(Code::Required).at("reason"));
        }
        if line.state == PlanLineState::Dropped {
            faults.push(Rejection::new(Code::WrongState).at("lineId").with("state", line.state));
        } else if !rules::open_for_objections(&line, tx.today()) {
            let last = line.objections_until.map_or_else(String::new, |day| day.to_string());
            faults.push(Rejection::new(Code::ObjectionsOver).at("lineId").with("last", last));
        }
        Fault::all(faults)?;
        let objection = plan_objection::Model {
            id: tx.id(),
            plan_id: plan.id,
            line_id: line.id,
            unit_id: unit,
            reason,
            state: ObjectionState::Open,
            answer: None,
            created_by,
            created_at: tx.now(),
            answered_by: None,
            answered_at: None,
            version: 1,
        };
        objection.clone().into_active_model().reset_all().insert(tx.conn()).await?;
        let more = json!({
            "objectionId": objection.id, "lineId": line.id, "position": line.position, "unitId": unit,
            "objection": objection.reason,
        });
        row::carry_out(&tx, &plan, Command::Discuss, "plan.objected", more, |_| ()).await?;
        Ok(Done { plan_id: plan.id })
    })
    .await
}
