//! Freezes as they are read.

use entity::assets::asset;
use entity::listings::{asset_freeze, listing};
use entity::warehouses::storage_place;
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::authz::{Operation, UnitSet};
use crate::fault::Fault;
use crate::graphql::connection::Page;
use crate::identity::Actor;

/// Where a page of freezes goes on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Key(pub Uuid);

/// Freezes, newest first; those that are lifted only where asked for. Who covers everything sees all of them, anybody
/// else those of their units.
///
/// # Errors
/// The database's.
pub async fn list(
    app: &App,
    actor: &Actor,
    lifted: bool,
    page: &Page<Key>,
) -> Result<Vec<asset_freeze::Model>, Fault> {
    let reach = actor.reach(Operation::Freezes);
    let mut select = asset_freeze::Entity::find().order_by_desc(asset_freeze::Column::Id);
    if let (false, UnitSet::Only(units)) = (reach.everywhere, &reach.giver) {
        let units: Vec<Uuid> = units.iter().copied().collect();
        let cards = Query::select()
            .column(asset::Column::Id)
            .from(asset::Entity)
            .and_where(asset::Column::HolderId.is_in(units.iter().copied()))
            .take();
        let listings = Query::select()
            .column(listing::Column::Id)
            .from(listing::Entity)
            .and_where(listing::Column::UnitId.is_in(units.iter().copied()))
            .take();
        let places = Query::select()
            .column(storage_place::Column::Id)
            .from(storage_place::Entity)
            .and_where(storage_place::Column::WarehouseId.is_in(reach.warehouses.iter().copied()))
            .take();
        select = select.filter(
            Condition::any()
                .add(asset_freeze::Column::ScopeId.is_in(units))
                .add(asset_freeze::Column::ScopeId.in_subquery(cards))
                .add(asset_freeze::Column::ScopeId.in_subquery(listings))
                .add(asset_freeze::Column::ScopeId.in_subquery(places)),
        );
    }
    if !lifted {
        select = select.filter(asset_freeze::Column::UntilAt.is_null());
    }
    if let Some(Key(after)) = page.after {
        select = select.filter(asset_freeze::Column::Id.lt(after));
    }
    Ok(select.limit(page.fetch()).all(app.db().read()).await?)
}
