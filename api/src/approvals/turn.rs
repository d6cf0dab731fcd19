//! A step gets its turn: who sits in its seat is worked out, and by when it should be decided.

use chrono::NaiveDate;
use entity::approvals::{StepState, approval_case, approval_step};
use sea_orm::{ActiveModelTrait, Set};

use super::rules::Seat;
use super::seats;
use crate::catalogue;
use crate::catalogue::calendar::Calendar;
use crate::fault::Fault;
use crate::write::Tx;

/// Gives a waiting step its turn.
///
/// # Errors
/// The database's.
pub(super) async fn give(
    tx: &Tx,
    case: &approval_case::Model,
    step: &approval_step::Model,
) -> Result<(), Fault> {
    let seat = seats::find(tx, case, Seat { role: step.role, unit: step.unit_id }).await?;
    let change = approval_step::ActiveModel {
        id: Set(step.id),
        state: Set(StepState::Pending),
        role: Set(seat.role),
        unit_id: Set(seat.unit),
        pending_since: Set(Some(tx.now())),
        due_on: Set(Some(due_on(tx, step.due_days).await?)),
        version: Set(step.version + 1),
        ..Default::default()
    };
    change.update(tx.conn()).await?;
    Ok(())
}

/// The civil day by which a step should be decided whose turn comes today.
///
/// # Errors
/// The database's.
pub(super) async fn due_on(tx: &Tx, days: Option<i64>) -> Result<NaiveDate, Fault> {
    let days = match days {
        Some(days) => days,
        None => catalogue::steps::setting(tx, "approval_days").await?,
    };
    Ok(Calendar::load(tx.conn(), tx.today(), days).await?.after(tx.today(), days))
}
