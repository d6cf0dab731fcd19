//! Steps whose seat has become empty since they got their turn: an account was switched off, a grant was taken away or has
//! run out. They go one level up, as steps do that find nobody in the first place.

use chrono::NaiveDate;
use entity::approvals::{StepState, approval_case, approval_step};
use entity::identity::Role;
use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, Set};
use serde_json::json;
use uuid::Uuid;

use super::read::case_of_step;
use super::rules::Seat;
use super::{seats, steps};
use crate::app::App;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::write::{Command, Tx};

/// Rights, and the day on which grants were looked at: while both are the same no seat becomes empty.
pub type Seen = (i64, NaiveDate);

/// Seats all pending steps anew whose seat only applicants hold, or nobody; gives how many. Nothing is looked at while
/// everything is as it was `seen`.
///
/// # Errors
/// The database's.
pub async fn reseat(app: &App, seen: &mut Option<Seen>) -> Result<usize, Fault> {
    let now = (app.generation().await?, app.clock().today());
    if *seen == Some(now) {
        return Ok(0);
    }
    let taken: Vec<(Role, Option<Uuid>)> = approval_step::Entity::find()
        .select_only()
        .columns([approval_step::Column::Role, approval_step::Column::UnitId])
        .filter(approval_step::Column::State.eq(StepState::Pending))
        .distinct()
        .into_tuple()
        .all(app.db().read())
        .await?;
    let mut moved = 0;
    for seat in taken.into_iter().map(|(role, unit)| Seat { role, unit }).filter(|seat| *seat != Seat::OFFICE)
    {
        for step in left(app, seat, now.1).await? {
            moved += usize::from(one_up(app, step).await?);
        }
    }
    *seen = Some(now);
    Ok(moved)
}

/// Pending steps of a seat that nobody may decide.
async fn left(app: &App, seat: Seat, today: NaiveDate) -> Result<Vec<Uuid>, Fault> {
    let conn = app.db().read();
    let sitters = seats::sitters(conn, seat, &[], &app.reference(), today, seats::APPLICANTS + 1).await?;
    if sitters.len() > seats::APPLICANTS {
        // Not all of them can be applicants of one case.
        return Ok(Vec::new());
    }
    let at = approval_step::Entity::find()
        .filter(approval_step::Column::State.eq(StepState::Pending))
        .filter(approval_step::Column::Role.eq(seat.role))
        .filter(match seat.unit {
            Some(unit) => approval_step::Column::UnitId.eq(unit),
            None => approval_step::Column::UnitId.is_null(),
        })
        .join(JoinType::InnerJoin, case_of_step())
        .select_also(approval_case::Entity)
        .all(conn)
        .await?;
    let nobody = |case: &approval_case::Model| {
        let applicants = seats::applicants(case);
        sitters.iter().all(|sitter| applicants.contains(sitter))
    };
    Ok(at.into_iter().filter_map(|(step, case)| case.filter(&nobody).map(|_| step.id)).collect())
}

/// Whether the step moved; somebody may have decided it meanwhile, or have been seated.
async fn one_up(app: &App, step_id: Uuid) -> Result<bool, Fault> {
    let command = Command::new("reseatStep", None, &step_id);
    app.write(&Actor::system(), command, |tx| async move { move_up(&tx, step_id).await }).await
}

async fn move_up(tx: &Tx, step_id: Uuid) -> Result<bool, Fault> {
    let Some(case) = steps::case_of(tx, step_id).await? else { return Ok(false) };
    let pending = approval_step::Entity::find_by_id(step_id)
        .filter(approval_step::Column::State.eq(StepState::Pending))
        .one(tx.conn())
        .await?;
    let Some(step) = pending else { return Ok(false) };
    let from = Seat { role: step.role, unit: step.unit_id };
    let to = seats::find(tx, &case, from).await?;
    if to == from {
        return Ok(false);
    }
    // It waits as long as it did: whoever is asked now sees that.
    let change = approval_step::ActiveModel {
        role: Set(to.role),
        unit_id: Set(to.unit),
        version: Set(step.version + 1),
        ..Default::default()
    };
    let moved = approval_step::Entity::update_many()
        .set(change)
        .filter(approval_step::Column::Id.eq(step.id))
        .filter(approval_step::Column::Version.eq(step.version))
        .filter(approval_step::Column::State.eq(StepState::Pending))
        .exec(tx.conn())
        .await?;
    if moved.rows_affected != 1 {
        return Ok(false);
    }
    let payload = json!({
        "caseId": case.id, "stepId": step.id, "role": to.role, "unitId": to.unit,
        "wasRole": from.role, "wasUnitId": from.unit,
    });
    tx.record(steps::subject(case.subject), case.subject_id, case.version, "approval.reseated", &payload);
    Ok(true)
}
