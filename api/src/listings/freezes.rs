//! Freezes as they are read.

use entity::assets::asset;
use entity::listings::{asset_freeze, listing};
use entity::warehouses::storage_place;
use sea_orm::sea_query::{Expr, ExprTrait, IntoIden, Query};
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

/// Freezes of what the reach covers, from the holder's side or the warehouse's: whoever may place one sees it. Freeze by
/// freeze, along the list: what the reach covers may be a third of all cards.
fn covered(reach: &Reach) -> Condition {
    let UnitSet::Only(units) = &reach.giver else { return Condition::all() };
    if reach.everywhere {
        return Condition::all();
    }
    let mut any = Condition::any().add(Expr::value(false));
    if !units.is_empty() {
        let units = || units.iter().copied();
        any = any
            .add(asset_freeze::Column::ScopeId.is_in(units()))
            .add(card(asset::Column::HolderId.is_in(units())))
            .add(offer(listing::Column::UnitId.is_in(units())));
    }
    if reach.every_warehouse {
        any = any
            .add(place(Condition::all()))
            .add(card(asset::Column::BinId.is_not_null()))
            .add(offer(listing::Column::WarehouseId.is_not_null()));
    } else if !reach.warehouses.is_empty() {
        let warehouses = || reach.warehouses.iter().copied();
        let theirs = || storage_place::Column::WarehouseId.is_in(warehouses());
        let bins = Query::select()
            .column(storage_place::Column::Id)
            .from(storage_place::Entity)
            .and_where(theirs())
            .take();
        any = any
            .add(place(Condition::all().add(theirs())))
            .add(card(asset::Column::BinId.in_subquery(bins)))
            .add(offer(listing::Column::WarehouseId.is_in(warehouses())));
    }
    any
}

/// What is frozen is a card as asked for.
fn card(which: Expr) -> Expr {
    scope(asset::Entity, asset::Column::Id, Condition::all().add(which))
}

/// What is frozen is a listing as asked for.
fn offer(which: Expr) -> Expr {
    scope(listing::Entity, listing::Column::Id, Condition::all().add(which))
}

/// What is frozen is a storage place as asked for.
fn place(which: Condition) -> Expr {
    scope(storage_place::Entity, storage_place::Column::Id, which)
}

fn scope<E: IntoIden + Copy + 'static>(entity: E, id: impl ColumnTrait, which: Condition) -> Expr {
    Expr::exists(
        Query::select()
            .expr(Expr::value(1))
            .from(entity)
            .and_where(Expr::col((entity, id)).equals((asset_freeze::Entity, asset_freeze::Column::ScopeId)))
            .cond_where(which)
            .take(),
    )
}
