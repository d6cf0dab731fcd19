//! What a succession does to the units themselves: it announces, it closes, and what hangs below a closed unit hangs below
//! its successor. Whoever calls has called [`rights_changed`](crate::identity::session::rights_changed) first, for its lock.

use chrono::NaiveDate;
use entity::events::Subject;
use entity::organisation::{UnitState, unit};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};
use uuid::Uuid;

use super::rules::UnitForm;
use super::steps::stale_unless_one;
use super::tree;
use crate::fault::{Code, Fault};
use crate::write::Tx;

/// Gives a unit a state, and a successor where it has one.
///
/// # Errors
/// [`Code::NotFound`], [`Code::Stale`]; the database's.
pub(crate) async fn set_state(
    tx: &Tx,
    id: Uuid,
    state: UnitState,
    successor_id: Option<Uuid>,
    valid_to: Option<NaiveDate>,
) -> Result<(), Fault> {
    let before = find(tx, id).await?;
    save(tx, unit::Model { state, successor_id, valid_to, ..before }).await
}

/// Hangs what hangs below a unit below another, in the tree and under its supervision; answers how many units.
///
/// # Errors
/// [`Code::Stale`]; the database's.
pub(crate) async fn hand_down(tx: &Tx, from: Uuid, to: Uuid) -> Result<u64, Fault> {
    let old = find(tx, from).await?;
    // What the successor itself hangs below goes one level up: nothing is ever above itself.
    let above = tree::path_up(to, async |id| Ok(find(tx, id).await?.parent_id)).await?;
    let below = unit::Entity::find()
        .filter(
            Condition::any().add(unit::Column::ParentId.eq(from)).add(unit::Column::SupervisorId.eq(from)),
        )
        .order_by_asc(unit::Column::Id)
        .all(tx.conn())
        .await?;
    let mut changed = 0;
    for row in below {
        let mut next = row.clone();
        if row.parent_id == Some(from) {
            next.parent_id = if above.contains(&row.id) { old.parent_id } else { Some(to) };
        }
        if row.supervisor_id == Some(from) {
            next.supervisor_id = if row.id == to { old.supervisor_id } else { Some(to) };
        }
        save(tx, next).await?;
        changed += 1;
    }
    Ok(changed)
}

async fn find(tx: &Tx, id: Uuid) -> Result<unit::Model, Fault> {
    unit::Entity::find_by_id(id).one(tx.conn()).await?.ok_or_else(|| Code::NotFound.into())
}

async fn save(tx: &Tx, row: unit::Model) -> Result<(), Fault> {
    let next = unit::Model { version: row.version + 1, ..row };
    let changed = unit::Entity::update_many()
        .set(next.clone().into_active_model().reset_all())
        .filter(unit::Column::Id.eq(next.id))
        .filter(Expr::col(unit::Column::Version).eq(next.version - 1))
        .exec(tx.conn())
        .await?;
    stale_unless_one(changed.rows_affected)?;
    tx.record(Subject::Unit, next.id, next.version, "unit.changed", &UnitForm::from(&next));
    Ok(())
}
