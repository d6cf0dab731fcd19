use entity::assets::{AssetState, asset};
use entity::warehouses::storage_place;
use sea_orm::{ConnectionTrait, EntityTrait};
use uuid::Uuid;

use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;

/// The card whose photos the person may change. One that is not for the person is as if it were not there.
pub(super) async fn card(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    operation: Operation,
    id: Uuid,
) -> Result<asset::Model, Fault> {
    let missing = || Rejection::new(Code::NotFound).at("asset");
    let card = asset::Entity::find_by_id(id).one(conn).await?.ok_or_else(missing)?;
    let warehouse = match card.bin_id {
        None => None,
        Some(bin) => storage_place::Entity::find_by_id(bin).one(conn).await?.map(|place| place.warehouse_id),
    };
    let parties = Parties { giver: Some(card.holder_id), receiver: None, warehouse };
    if actor.allow(operation, &parties).is_err() {
        // Who may read the card hears that this is not allowed; who may not hears nothing of it.
        let known = actor.allow(Operation::Asset, &parties).is_ok();
        return Err(if known { Code::NotAllowed.into() } else { missing().into() });
    }
    if card.state != AssetState::Active {
        return Err(Rejection::new(Code::WrongState).at("asset").with("state", card.state).into());
    }
    Ok(card)
}
