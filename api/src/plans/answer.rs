//! The office answers an objection: it drops the line, changes it, which opens objections to that line anew, or upholds it.

use entity::plans::{ObjectionState, PlanLineState, plan_line, plan_objection};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::publish::last_day;
use super::row::{self, Done};
use super::rules::{self, Command};
use super::survey::Survey;
use crate::app::App;
use crate::authz::Operation;
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::{self, Tx};

/// What becomes of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, async_graphql::Enum)]
#[graphql(name = "ObjectionVerdict")]
pub enum Verdict {
    /// It is dropped.
    Drop,
    /// It is changed, and can be objected to anew.
    Change,
    /// It stays as it is.
    Uphold,
}

/// An answer.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Which objection.
    pub objection_id: Uuid,
    /// What becomes of the line.
    pub verdict: Verdict,
    /// What is answered; needed where the line stays as it is.
    pub answer: Option<String>,
    /// The receiver now; none: as before.
    pub receiver_id: Option<Uuid>,
    /// Pieces now; none: as before.
    pub quantity: Option<i64>,
}

/// Answers an objection. Where the line is dropped or changed, the other open objections to it are answered with it.
///
/// # Errors
/// [`Code::NotFound`], [`Code::WrongState`] where it was answered, [`Code::Required`] at `answer`, or at `quantity` for a change of
/// nothing; everything that is wrong with the changed line.
pub async fn answer(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("answerObjection", key, input), |tx: Tx| async move {
        let nowhere = || Fault::from(Rejection::new(Code::NotFound).at("objectionId"));
        let plan: Option<Uuid> = plan_objection::Entity::find_by_id(input.objection_id)
            .select_only()
            .column(plan_objection::Column::PlanId)
            .into_tuple()
            .one(tx.conn())
            .await?;
        let plan = row::of_office(&tx, Operation::AnswerObjection, plan.ok_or_else(nowhere)?, None).await?;
        // Read under the plan's lock: nobody answers it meanwhile.
        let objection = plan_objection::Entity::find_by_id(input.objection_id)
            .one(tx.conn())
            .await?
            .ok_or_else(nowhere)?;
        let line =
            plan_line::Entity::find_by_id(objection.line_id).one(tx.conn()).await?.ok_or_else(nowhere)?;
        rules::apply(plan.state, Command::Discuss)?;
        let mut faults = Vec::new();
        if objection.state != ObjectionState::Open {
            faults.push(Rejection::new(Code::WrongState).at("objectionId").with("state", objection.state));
        }
        let words =
            checks::optional_text(&mut faults, "answer", input.answer.as_deref(), rules::LONGEST_TEXT);
        if input.verdict == Verdict::Uphold && words.is_none() {
            faults.push(Rejection::new(Code::Required).at("answer"));
        }
        Fault::all(faults)?;
        let (state, next) = match input.verdict {
            Verdict::Uphold => (ObjectionState::Upheld, None),
            Verdict::Drop => (
                ObjectionState::Dropped,
                Some(plan_line::Model { state: PlanLineState::Dropped, ..line.clone() }),
            ),
            Verdict::Change => (ObjectionState::Changed, Some(changed(&tx, &line, input).await?)),
        };
        let mut until = plan.objections_until;
        if let Some(next) = &next {
            if next.state == PlanLineState::Proposed {
                until = Ord::max(until, next.objections_until);
            }
            row::save_line(&tx, next.clone()).await?;
        }
        close(&tx, &objection, state, words.as_deref()).await?;
        let more = json!({
            "objectionId": objection.id, "verdict": state, "answer": words,
            "line": row::told(next.as_ref().unwrap_or(&line)),
        });
        row::carry_out(&tx, &plan, Command::Discuss, "plan.answered", more, |plan| {
            plan.objections_until = until;
        })
        .await?;
        Ok(Done { plan_id: plan.id })
    })
    .await
}

/// The line as it is to be, judged with the others of its plan.
async fn changed(tx: &Tx, line: &plan_line::Model, input: &Input) -> Result<plan_line::Model, Fault> {
    let next = plan_line::Model {
        receiver_id: input.receiver_id.unwrap_or(line.receiver_id),
        quantity: input.quantity.unwrap_or(line.quantity),
        objections_until: Some(last_day(tx).await?),
        ..line.clone()
    };
    if (next.receiver_id, next.quantity) == (line.receiver_id, line.quantity) {
        return Err(Rejection::new(Code::Required).at("quantity").into());
    }
    let mut lines = row::lines(tx, line.plan_id).await?;
    for known in lines.iter_mut().filter(|known| known.id == next.id) {
        *known = next.clone();
    }
    let faults = Survey::of_lines(tx.conn(), &lines).await?.faults(&tx.reference(), &lines)?;
    let prefix = format!("lines.{}.", next.position);
    // What is wrong with other lines is told when the plan is handed in.
    let own = faults.into_iter().filter_map(|mut fault| {
        let field = fault.field.join(".").strip_prefix(&prefix)?.to_owned();
        fault.field = vec![field];
        Some(fault)
    });
    Fault::all(own.collect())?;
    Ok(next)
}

/// Answers the objection, and, where the line is another one now, the others that are open against it.
async fn close(
    tx: &Tx,
    objection: &plan_objection::Model,
    state: ObjectionState,
    answer: Option<&str>,
) -> Result<(), Fault> {
    use plan_objection::Column;
    let which = if state == ObjectionState::Upheld {
        Column::Id.eq(objection.id)
    } else {
        Column::LineId.eq(objection.line_id)
    };
    plan_objection::Entity::update_many()
        .col_expr(Column::State, Expr::value(state))
        .col_expr(Column::Answer, Expr::value(answer.map(str::to_owned)))
        .col_expr(Column::AnsweredBy, Expr::value(tx.actor().account_id()))
        .col_expr(Column::AnsweredAt, Expr::value(Some(tx.now())))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(which)
        .filter(Column::State.eq(ObjectionState::Open))
        .exec(tx.conn())
        .await?;
    Ok(())
}
