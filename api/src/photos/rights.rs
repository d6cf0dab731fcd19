use entity::assets::{AssetState, asset};
use entity::listings::{ListingState, listing};
use entity::warehouses::storage_place;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;

/// States in which a physical offer has to do with the warehouse it is brought to, before and while it lies there.
const AT_WAREHOUSE: [ListingState; 4] =
    [ListingState::AwaitingInspection, ListingState::Repair, ListingState::Publicity, ListingState::Listed];

fn missing() -> Fault {
    Rejection::new(Code::NotFound).at("asset").into()
}

/// The card whose photos the person may change. One that is not for the person is as if it were not there.
pub(super) async fn card(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    operation: Operation,
    id: Uuid,
) -> Result<asset::Model, Fault> {
    let card = asset::Entity::find_by_id(id).one(conn).await?.ok_or_else(missing)?;
    let parties = parties(conn, &card).await?;
    if !may(actor, operation, &parties) {
        // Who may read the card hears that this is not allowed; who may not hears nothing of it.
        return Err(if may(actor, Operation::Asset, &parties) { Code::NotAllowed.into() } else { missing() });
    }
    if card.state != AssetState::Active {
        return Err(Rejection::new(Code::WrongState).at("asset").with("state", card.state).into());
    }
    Ok(card)
}

/// As [`card`], held against others who change its photos at the same moment.
pub(super) async fn locked_card(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    operation: Operation,
    id: Uuid,
) -> Result<asset::Model, Fault> {
    asset::Entity::find_by_id(id).lock_exclusive().one(conn).await?.ok_or_else(missing)?;
    card(conn, actor, operation, id).await
}

/// Whether the person may still see the card, or change its photos: an answer given before is repeated only then.
pub(super) async fn still(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    operation: Operation,
    id: Uuid,
) -> Result<(), Fault> {
    let card = asset::Entity::find_by_id(id).one(conn).await?.ok_or_else(missing)?;
    let parties = parties(conn, &card).await?;
    let may = may(actor, Operation::Asset, &parties) || may(actor, operation, &parties);
    if may { Ok(()) } else { Err(missing()) }
}

fn may(actor: &Actor, operation: Operation, parties: &[Parties]) -> bool {
    parties.iter().any(|parties| actor.allow(operation, parties).is_ok())
}

/// The holder, the warehouse where the card lies, and those that an offer of it is brought to: staff take pictures when
/// they inspect, before the card has a bin.
async fn parties(conn: &impl ConnectionTrait, card: &asset::Model) -> Result<Vec<Parties>, Fault> {
    let mut warehouses: Vec<Uuid> = listing::Entity::find()
        .select_only()
        .column(listing::Column::WarehouseId)
        .filter(listing::Column::AssetId.eq(card.id))
        .filter(listing::Column::WarehouseId.is_not_null())
        .filter(listing::Column::State.is_in(AT_WAREHOUSE))
        .into_tuple()
        .all(conn)
        .await?;
    if let Some(bin) = card.bin_id {
        let place = storage_place::Entity::find_by_id(bin).one(conn).await?;
        warehouses.extend(place.map(|place| place.warehouse_id));
    }
    let of = |warehouse| Parties { warehouse, ..Parties::giver(card.holder_id) };
    Ok(std::iter::once(of(None)).chain(warehouses.into_iter().map(|id| of(Some(id)))).collect())
}
