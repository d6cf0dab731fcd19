//! Who may load what: whoever may do by hand what the file does.

use entity::imports::{ImportWhat, import};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::authz::{Operation, Parties, UnitSet};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;

/// Whether the person may load such a file, of the unit.
pub(super) fn may_load(actor: &Actor, what: ImportWhat, unit: Option<Uuid>) -> Result<(), Rejection> {
    let of_unit = |operation| match unit {
        Some(unit) => actor.allow(operation, &Parties::giver(unit)),
        None => Err(Rejection::new(Code::Required).at("unitId")),
    };
    let of_city = |operation| match unit {
        None => actor.allow(operation, &Parties::default()),
        Some(_) => Err(Rejection::new(Code::Malformed)
            .at("unitId")
            .with("expected", "基础数据不属于某个单位 / none: it is of the whole city")),
    };
    match what {
        ImportWhat::Assets => of_unit(Operation::DraftAsset),
        ImportWhat::Photos => of_unit(Operation::StartPhotoUpload),
        ImportWhat::Regions => of_city(Operation::SaveRegion),
        ImportWhat::Units => of_city(Operation::SaveUnit),
        ImportWhat::Categories => of_city(Operation::SaveCategory),
        ImportWhat::Standards => of_city(Operation::SetStandard),
    }
}

/// Imports that the person may see.
pub(super) fn visible(actor: &Actor) -> Condition {
    let reach = actor.reach(Operation::Imports);
    let mut any = Condition::any();
    if reach.everywhere {
        return Condition::all();
    }
    match reach.giver {
        // Those of the whole city, too, are only for whoever may load them.
        UnitSet::All => any = any.add(import::Column::UnitId.is_not_null()),
        UnitSet::Only(units) => any = any.add(import::Column::UnitId.is_in(units)),
    }
    any
}

/// An import that the person may see.
pub(super) async fn find(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    id: Uuid,
) -> Result<Option<import::Model>, Fault> {
    Ok(import::Entity::find_by_id(id).filter(visible(actor)).one(conn).await?)
}

/// An import that the person may change: one that they may see, of a kind that they may load.
pub(super) async fn own(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    operation: Operation,
    id: Uuid,
) -> Result<import::Model, Fault> {
    let missing = || Rejection::new(Code::NotFound).at("id");
    let row = find(conn, actor, id).await?.ok_or_else(missing)?;
    let parties = row.unit_id.map(Parties::giver).unwrap_or_default();
    actor.allow(operation, &parties)?;
    may_load(actor, row.what, row.unit_id)?;
    Ok(row)
}

/// Refuses what cannot be done in the present state.
pub(super) fn in_state(row: &import::Model, states: &[entity::imports::ImportState]) -> Result<(), Fault> {
    if states.contains(&row.state) {
        return Ok(());
    }
    Err(Rejection::new(Code::WrongState).with("state", row.state).into())
}
