//! Loading, locking and writing a plan and its lines: the hands of the slice's use cases and steps.
//!
//! Order of locks: the stock rows of listings in order of their ids, then the plan, then its case, cards and guards of units.

use std::collections::HashMap;

use entity::events::Subject;
use entity::plans::{ObjectionState, PlanLineState, PlanState, allocation_plan, plan_line, plan_objection};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::rules::{self, Command};
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::write::Tx;

/// Which plan it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Done {
    /// Its identity.
    pub plan_id: Uuid,
}

/// A plan that the office may do this to, locked, and as it was looked at.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::NotFound`], [`Code::Stale`].
pub(super) async fn of_office(
    tx: &Tx,
    operation: Operation,
    id: Uuid,
    version: Option<i64>,
) -> Result<allocation_plan::Model, Fault> {
    tx.actor().allow(operation, &Parties::default())?;
    let plan = lock(tx, id).await?;
    if version.is_some_and(|version| version != plan.version) {
        return Err(Rejection::new(Code::Stale).at("version").into());
    }
    Ok(plan)
}

/// The plan, its row locked until the transaction ends.
///
/// # Errors
/// [`Code::NotFound`].
pub(super) async fn lock(tx: &Tx, id: Uuid) -> Result<allocation_plan::Model, Fault> {
    let found = allocation_plan::Entity::find_by_id(id).lock_exclusive().one(tx.conn()).await?;
    found.ok_or_else(|| Rejection::new(Code::NotFound).at("planId").into())
}

/// The lines that belong to a plan, in order.
pub(super) async fn lines(tx: &Tx, plan: Uuid) -> Result<Vec<plan_line::Model>, Fault> {
    Ok(plan_line::Entity::find()
        .filter(plan_line::Column::PlanId.eq(plan))
        .filter(plan_line::Column::State.eq(PlanLineState::Proposed))
        .order_by_asc(plan_line::Column::Position)
        .all(tx.conn())
        .await?)
}

/// Objections that nobody has answered.
pub(super) async fn open_objections(tx: &Tx, plan: Uuid) -> Result<u64, Fault> {
    Ok(plan_objection::Entity::find()
        .filter(plan_objection::Column::PlanId.eq(plan))
        .filter(plan_objection::Column::State.eq(ObjectionState::Open))
        .count(tx.conn())
        .await?)
}

/// Decides by the rules, then writes the plan, changed by `change`, and notes what happened.
pub(super) async fn carry_out(
    tx: &Tx,
    plan: &allocation_plan::Model,
    command: Command,
    kind: &'static str,
    more: Value,
    change: impl FnOnce(&mut allocation_plan::Model),
) -> Result<allocation_plan::Model, Fault> {
    let state = rules::apply(plan.state, command)?;
    let mut next =
        allocation_plan::Model { state, version: plan.version + 1, updated_at: tx.now(), ..plan.clone() };
    change(&mut next);
    if matches!(state, PlanState::Cancelled | PlanState::Completed | PlanState::Rejected) {
        next.ended_at = Some(tx.now());
    }
    let touched = allocation_plan::Entity::update_many()
        .set(next.clone().into_active_model().reset_all())
        .filter(allocation_plan::Column::Id.eq(plan.id))
        .filter(allocation_plan::Column::Version.eq(plan.version))
        .exec(tx.conn())
        .await?;
    if touched.rows_affected != 1 {
        return Err(Rejection::new(Code::Stale).at("version").into());
    }
    record(tx, &next, kind, more);
    Ok(next)
}

/// Notes what happened to a plan.
pub(super) fn record(tx: &Tx, plan: &allocation_plan::Model, kind: &'static str, more: Value) {
    let payload = json!({
        "number": plan.number, "state": plan.state, "title": plan.title, "reason": plan.reason,
        "documentNumber": plan.document_number, "objectionsUntil": plan.objections_until,
        "comment": plan.comment, "more": more,
    });
    tx.record(Subject::AllocationPlan, plan.id, plan.version, kind, &payload);
}

/// A line as the trail keeps it.
pub(super) fn told(line: &plan_line::Model) -> Value {
    json!({
        "lineId": line.id, "position": line.position, "assetId": line.asset_id, "listingId": line.listing_id,
        "giverId": line.giver_id, "receiverId": line.receiver_id, "quantity": line.quantity, "state": line.state,
        "overCapReason": line.over_cap_reason,
    })
}

/// Writes a line that was read in its present version.
pub(super) async fn save_line(tx: &Tx, line: plan_line::Model) -> Result<plan_line::Model, Fault> {
    let next = plan_line::Model { version: line.version + 1, ..line };
    let touched = plan_line::Entity::update_many()
        .set(next.clone().into_active_model().reset_all())
        .filter(plan_line::Column::Id.eq(next.id))
        .filter(plan_line::Column::Version.eq(next.version - 1))
        .exec(tx.conn())
        .await?;
    if touched.rows_affected == 1 { Ok(next) } else { Err(Code::Stale.into()) }
}

/// Lines by receiver, each with its place among all.
pub(super) fn by_receiver(lines: &[plan_line::Model]) -> HashMap<Uuid, Vec<usize>> {
    let mut found: HashMap<Uuid, Vec<usize>> = HashMap::new();
    for (n, line) in lines.iter().enumerate() {
        found.entry(line.receiver_id).or_default().push(n);
    }
    found
}
