//! Listings as the index knows them.

use std::collections::{BTreeSet, HashMap};

use entity::assets::asset;
use entity::listings::{listing, listing_stock};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, JoinType, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, RelationDef,
};
use search::ListingDocument;
use uuid::Uuid;

use crate::organisation::Reference;

/// Ids named in one statement.
const PART: usize = 500;

/// Documents of these listings, in no order; those that are not there are missing.
///
/// # Errors
/// When the database does not answer.
pub async fn of(
    conn: &impl ConnectionTrait,
    reference: &Reference,
    ids: &[Uuid],
) -> Result<Vec<ListingDocument>, DbErr> {
    let rows =
        listing::Entity::find().filter(listing::Column::Id.is_in(ids.iter().copied())).all(conn).await?;
    complete(conn, reference, rows).await
}

/// The next documents after `after`, in order of id.
///
/// # Errors
/// When the database does not answer.
pub async fn after(
    conn: &impl ConnectionTrait,
    reference: &Reference,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<ListingDocument>, DbErr> {
    let mut query = listing::Entity::find();
    if let Some(after) = after {
        query = query.filter(listing::Column::Id.gt(after));
    }
    let rows = query.order_by_asc(listing::Column::Id).limit(limit).all(conn).await?;
    complete(conn, reference, rows).await
}

/// What changed besides listings themselves, and changes what is said of them.
#[derive(Debug, Default)]
pub struct Touched {
    /// Cards.
    pub assets: Vec<Uuid>,
    /// Units that changed, or whose place in the tree of regions did.
    pub units: Vec<Uuid>,
    /// Categories that changed, or whose place in their tree did.
    pub categories: Vec<Uuid>,
}

/// Ids of the listings that are touched: one more than `most` where they are too many to name.
///
/// # Errors
/// When the database does not answer.
pub async fn touched(
    conn: &impl ConnectionTrait,
    what: &Touched,
    most: usize,
) -> Result<BTreeSet<Uuid>, DbErr> {
    // Here alone: it would hide `max` of numbers.
    use sea_orm::sea_query::ExprTrait as _;
    let mut found = BTreeSet::new();
    let by_card =
        listing::Entity::belongs_to(asset::Entity).from(listing::Column::AssetId).to(asset::Column::Id);
    let by_card: RelationDef = by_card.into();
    let ways = [
        (&what.assets, Expr::col((listing::Entity, listing::Column::AssetId)), false),
        (&what.units, Expr::col((listing::Entity, listing::Column::UnitId)), false),
        (&what.categories, Expr::col((asset::Entity, asset::Column::CategoryId)), true),
    ];
    for (ids, column, joined) in ways {
        for part in ids.chunks(PART) {
            let mut query = listing::Entity::find().select_only().column(listing::Column::Id);
            if joined {
                query = query.join(JoinType::InnerJoin, by_card.clone());
            }
            let more: Vec<Uuid> = query
                .filter(column.clone().is_in(part.iter().copied()))
                .limit(most as u64 + 1)
                .into_tuple()
                .all(conn)
                .await?;
            found.extend(more);
            if found.len() > most {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

async fn complete(
    conn: &impl ConnectionTrait,
    reference: &Reference,
    listings: Vec<listing::Model>,
) -> Result<Vec<ListingDocument>, DbErr> {
    let ids: Vec<Uuid> = listings.iter().map(|listing| listing.id).collect();
    let card_ids: Vec<Uuid> = listings.iter().map(|listing| listing.asset_id).collect();
    let stock: HashMap<Uuid, i64> = listing_stock::Entity::find()
        .select_only()
        .columns([listing_stock::Column::ListingId, listing_stock::Column::Available])
        .filter(listing_stock::Column::ListingId.is_in(ids))
        .into_tuple()
        .all(conn)
        .await?
        .into_iter()
        .collect();
    let cards: HashMap<Uuid, asset::Model> = asset::Entity::find()
        .filter(asset::Column::Id.is_in(card_ids))
        .all(conn)
        .await?
        .into_iter()
        .map(|card| (card.id, card))
        .collect();
    let documents = listings.into_iter().filter_map(|listing| {
        let card = cards.get(&listing.asset_id)?;
        let available = stock.get(&listing.id).copied().unwrap_or(0);
        Some(document(reference, listing, card, available))
    });
    Ok(documents.collect())
}

fn document(
    reference: &Reference,
    listing: listing::Model,
    card: &asset::Model,
    available: i64,
) -> ListingDocument {
    let root_first = |mut path: Vec<Uuid>| {
        path.reverse();
        path
    };
    let place = reference.unit(listing.unit_id).map(|unit| unit.place_region_id);
    ListingDocument {
        id: listing.id,
        version: listing.version,
        name: card.name.clone(),
        brand: card.brand.clone(),
        model: card.model.clone(),
        description: card.description.clone(),
        serial: card.serial.clone(),
        asset_number: card.number.clone(),
        category_path: card.category_id.map(|id| root_first(reference.category_path(id))).unwrap_or_default(),
        kind: card.kind.to_string(),
        custody: listing.custody.to_string(),
        condition: card.condition.map(|condition| condition.to_string()).unwrap_or_default(),
        state: listing.state.to_string(),
        available: if listing.paused_at.is_none() { available } else { 0 },
        unit: listing.unit_id,
        warehouse: listing.warehouse_id,
        regions: place.map(|id| root_first(reference.region_path(id))).unwrap_or_default(),
        value_minor: card.value.map_or(0, |value| value.0 / card.quantity.max(1)),
        listed_at: listing.listed_at.unwrap_or(listing.created_at),
        audience: listing.directed_to.or(listing.audience_id).into_iter().collect(),
        // Sold out, it names a card that is another unit's by now, and what pauses is perhaps not there: nobody but its unit
        // sees it any more.
        restricted: card.restricted || card.holder_id != listing.unit_id || listing.paused_at.is_some(),
    }
}

/// How many listings there are.
///
/// # Errors
/// When the database does not answer.
pub async fn count(conn: &impl ConnectionTrait) -> Result<u64, DbErr> {
    listing::Entity::find().count(conn).await
}
