//! Frozen time does not count against a hold.

use chrono::{DateTime, TimeDelta, Utc};
use entity::assets::asset;
use entity::listings::{FreezeScope, asset_freeze, listing};
use entity::warehouses::storage_place;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::rules;
use crate::fault::Fault;
use crate::write::Tx;

/// A tree of places deeper than this is a circle.
const DEEPEST: usize = 16;

/// How long the listing was frozen since `from`, lifted freezes included.
pub(crate) async fn time_since(
    tx: &Tx,
    listing: &listing::Model,
    from: DateTime<Utc>,
) -> Result<TimeDelta, Fault> {
    use asset_freeze::Column::{FromAt, Scope, ScopeId, UntilAt};
    let covers = |scope: FreezeScope, id: Uuid| Condition::all().add(Scope.eq(scope)).add(ScopeId.eq(id));
    let mut scopes = Condition::any()
        .add(covers(FreezeScope::Listing, listing.id))
        .add(covers(FreezeScope::Asset, listing.asset_id))
        .add(covers(FreezeScope::Unit, listing.unit_id));
    for place in places(tx, listing.asset_id).await? {
        scopes = scopes.add(covers(FreezeScope::Place, place));
    }
    let freezes: Vec<(DateTime<Utc>, Option<DateTime<Utc>>)> = asset_freeze::Entity::find()
        .select_only()
        .columns([FromAt, UntilAt])
        .filter(scopes)
        .filter(Condition::any().add(UntilAt.is_null()).add(UntilAt.gt(from)))
        .into_tuple()
        .all(tx.conn())
        .await?;
    Ok(rules::frozen_time(&freezes, from, tx.now()))
}

/// The bin of an asset and what it lies in.
async fn places(tx: &Tx, asset_id: Uuid) -> Result<Vec<Uuid>, Fault> {
    let bin: Option<Option<Uuid>> = asset::Entity::find_by_id(asset_id)
        .select_only()
        .column(asset::Column::BinId)
        .into_tuple()
        .one(tx.conn())
        .await?;
    let mut places = Vec::new();
    let mut next = bin.flatten();
    while let Some(place) = next.filter(|_| places.len() < DEEPEST) {
        places.push(place);
        next = storage_place::Entity::find_by_id(place)
            .select_only()
            .column(storage_place::Column::ParentId)
            .into_tuple::<Option<Uuid>>()
            .one(tx.conn())
            .await?
            .flatten();
    }
    Ok(places)
}
