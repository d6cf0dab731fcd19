//! Freezes as they are read.

use entity::assets::asset;
use entity::listings::{asset_freeze, listing};
use entity::warehouses::storage_place;
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::authz::{Operation, Reach, UnitSet};
use crate::fault::Fault;
use crate::graphql::connection::Page;
use crate::identity::Actor;

/// Where a page of freezes goes on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Key(pub Uuid);

/// Freezes, newest first; those that are lifted only where asked for. Who covers everything sees all of them, anybody
/// else those of their units and warehouses.
///
/// # Errors
/// The database's.
pub async fn list(
    app: &App,
    actor: &Actor,
    lifted: bool,
    page: &Page<Key>,
) -> Result<Vec<asset_freeze::Model>, Fault> {
    let mut select = asset_freeze::Entity::find()
        .filter(covered(&actor.reach(Operation::Freezes)))
        .order_by_desc(asset_freeze::Column::Id);
    if !lifted {
        select = select.filter(asset_freeze::Column::UntilAt.is_null());
    }
    if let Some(Key(after)) = page.after {
        select = select.filter(asset_freeze::Column::Id.lt(after));
    }
    Ok(select.limit(page.fetch()).all(app.db().read()).await?)
}

/// Freezes of what the reach covers, from the holder's side or the warehouse's: whoever may place one sees it.
fn covered(reach: &Reach) -> Condition {
    let UnitSet::Only(units) = &reach.giver else { return Condition::all() };
    if reach.everywhere {
        return Condition::all();
    }
    let scope = |covered: SelectStatement| asset_freeze::Column::ScopeId.in_subquery(covered);
    let mut any = Condition::any().add(Expr::value(false));
    if !units.is_empty() {
        let units = || units.iter().copied();
        any = any
            .add(asset_freeze::Column::ScopeId.is_in(units()))
            .add(scope(cards(asset::Column::HolderId.is_in(units()))))
            .add(scope(listings(listing::Column::UnitId.is_in(units()))));
    }
    if reach.every_warehouse {
        any = any
            .add(scope(places(Condition::all())))
            .add(scope(cards(asset::Column::BinId.is_not_null())))
            .add(scope(listings(listing::Column::WarehouseId.is_not_null())));
    } else if !reach.warehouses.is_empty() {
        let warehouses = || reach.warehouses.iter().copied();
        let theirs = || places(Condition::all().add(storage_place::Column::WarehouseId.is_in(warehouses())));
        any = any
            .add(scope(theirs()))
            .add(scope(cards(asset::Column::BinId.in_subquery(theirs()))))
            .add(scope(listings(listing::Column::WarehouseId.is_in(warehouses()))));
    }
    any
}

fn cards(which: Expr) -> SelectStatement {
    Query::select().column(asset::Column::Id).from(asset::Entity).and_where(which).take()
}

fn listings(which: Expr) -> SelectStatement {
    Query::select().column(listing::Column::Id).from(listing::Entity).and_where(which).take()
}

fn places(which: Condition) -> SelectStatement {
    Query::select().column(storage_place::Column::Id).from(storage_place::Entity).cond_where(which).take()
}
