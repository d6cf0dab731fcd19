//! Supervision (督办): whoever should have decided is reminded on every working day from the due day on, and what nobody decides
//! for too long goes one level up. Run again and again by a job: one transaction a step, and a step that was decided meanwhile is
//! left alone.

use chrono::NaiveDate;
use entity::approvals::{StepState, approval_case, approval_step};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use serde_json::json;
use uuid::Uuid;

use super::rules::Seat;
use super::{seats, steps, turn};
use crate::app::App;
use crate::catalogue;
use crate::catalogue::calendar::{self, Calendar};
use crate::fault::Fault;
use crate::identity::Actor;
use crate::write::{Command, Tx};

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Supervised {
    /// Steps looked at; as many as the limit means that there may be more.
    pub looked_at: u64,
    /// Reminders.
    pub reminded: u64,
    /// Steps that went up.
    pub escalated: u64,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
enum Done {
    Nothing,
    Reminded,
    Escalated,
}

/// Looks at no more than `limit` steps that are due and that nobody was reminded of today. On a free day nobody is.
///
/// # Errors
/// When the database does not answer.
pub async fn supervise(app: &App, limit: u64) -> Result<Supervised, Fault> {
    let today = app.clock().today();
    if !Calendar::load(app.db().read(), today, 0).await?.works(today) {
        return Ok(Supervised::default());
    }
    let due: Vec<Uuid> = approval_step::Entity::find()
        .select_only()
        .column(approval_step::Column::Id)
        .filter(is_due(today))
        .order_by_asc(approval_step::Column::DueOn)
        .order_by_asc(approval_step::Column::Id)
        .limit(limit)
        .into_tuple()
        .all(app.db().read())
        .await?;
    let mut done = Supervised { looked_at: due.len() as u64, ..Supervised::default() };
    for id in due {
        let command = Command::new("superviseStep", None, &id);
        match app.write(&Actor::system(), command, |tx| async move { one(&tx, id).await }).await {
            Ok(Done::Nothing) => {}
            Ok(Done::Reminded) => done.reminded += 1,
            Ok(Done::Escalated) => done.escalated += 1,
            // One step that cannot be looked after must not keep all later ones.
            Err(fault) => tracing::error!(step = %id, ?fault, "a step that is due was not looked after"),
        }
    }
    Ok(done)
}

fn is_due(today: NaiveDate) -> Condition {
    use approval_step::Column;
    Condition::all()
        .add(Column::State.eq(StepState::Pending))
        .add(Column::DueOn.lte(today))
        .add(Condition::any().add(Column::RemindedOn.is_null()).add(Column::RemindedOn.lt(today)))
}

async fn one(tx: &Tx, id: Uuid) -> Result<Done, Fault> {
    let Some(case) = steps::case_of(tx, id).await? else { return Ok(Done::Nothing) };
    steps::lock(tx, case.id).await?;
    let step = approval_step::Entity::find_by_id(id).filter(is_due(tx.today())).one(tx.conn()).await?;
    let Some((step, due_on)) = step.and_then(|step| step.due_on.map(|due_on| (step, due_on))) else {
        return Ok(Done::Nothing);
    };
    let patience = catalogue::steps::setting(tx, "escalation_days").await?;
    let calendar = Calendar::load(tx.conn(), due_on, calendar::MOST_DAYS).await?;
    let late = calendar.between(due_on, tx.today());
    let present = Seat { role: step.role, unit: step.unit_id };
    let up = if late >= patience { seats::next_up(tx, &case, present).await? } else { None };
    let mut change = approval_step::ActiveModel {
        reminded_on: Set(Some(tx.today())),
        version: Set(step.version + 1),
        ..Default::default()
    };
    if let Some(up) = up {
        change.role = Set(up.role);
        change.unit_id = Set(up.unit);
        // It waits as long as it did; whoever is asked now has a term of their own.
        change.due_on = Set(Some(turn::due_on(tx, step.due_days).await?));
        change.escalated_at = Set(Some(tx.now()));
    }
    approval_step::Entity::update_many()
        .set(change)
        .filter(approval_step::Column::Id.eq(step.id))
        .exec(tx.conn())
        .await?;
    let kind = match up {
        Some(_) => "approval.escalated",
        None if late > 0 => "approval.overdue",
        None => "approval.due",
    };
    tx.record(
        steps::subject(case.subject),
        case.subject_id,
        case.version,
        kind,
        &told(&case, &step, up, late),
    );
    Ok(if up.is_some() { Done::Escalated } else { Done::Reminded })
}

fn told(
    case: &approval_case::Model,
    step: &approval_step::Model,
    up: Option<Seat>,
    late: i64,
) -> serde_json::Value {
    let now = up.unwrap_or(Seat { role: step.role, unit: step.unit_id });
    json!({
        "caseId": case.id, "stepId": step.id, "role": now.role, "unitId": now.unit, "wasRole": step.role,
        "wasUnitId": step.unit_id, "dueOn": step.due_on, "workingDaysLate": late,
    })
}
