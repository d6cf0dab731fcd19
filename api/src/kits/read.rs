//! Kits, and requests that asked for them.

use std::collections::HashMap;

use entity::kits::{kit, kit_item, kit_item_category, kit_order, kit_order_item};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::form::ItemForm;
use crate::identity::Actor;
use crate::requests;

/// A kit with its items.
#[derive(Clone, Debug)]
pub struct Kit {
    /// The kit.
    pub row: kit::Model,
    /// Its items, in the order shown.
    pub items: Vec<ItemForm>,
}

/// What a request asked for as a kit.
#[derive(Clone, Debug)]
pub struct Order {
    /// The order.
    pub row: kit_order::Model,
    /// What was wanted of each item, and what was got.
    pub items: Vec<kit_order_item::Model>,
}

/// One kit; none where there is none.
///
/// # Errors
/// When the database does not answer.
pub async fn kit(conn: &impl ConnectionTrait, id: Uuid) -> Result<Option<Kit>, DbErr> {
    let rows = kit::Entity::find_by_id(id).all(conn).await?;
    Ok(with_items(conn, rows).await?.pop())
}

/// Kits in the order they were made, after `after`; those offered to units, or all.
///
/// # Errors
/// When the database does not answer.
pub async fn kits(
    conn: &impl ConnectionTrait,
    all: bool,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Kit>, DbErr> {
    let mut query = kit::Entity::find();
    if !all {
        query = query.filter(kit::Column::Active.eq(true));
    }
    if let Some(after) = after {
        query = query.filter(kit::Column::Id.gt(after));
    }
    let rows = query.order_by_asc(kit::Column::Id).limit(limit).all(conn).await?;
    with_items(conn, rows).await
}

async fn with_items(conn: &impl ConnectionTrait, rows: Vec<kit::Model>) -> Result<Vec<Kit>, DbErr> {
    let ids = || rows.iter().map(|row| row.id);
    let mut categories: HashMap<(Uuid, i64), Vec<Uuid>> = HashMap::new();
    let found = kit_item_category::Entity::find().filter(kit_item_category::Column::KitId.is_in(ids()));
    for row in found.order_by_asc(kit_item_category::Column::CategoryId).all(conn).await? {
        categories.entry((row.kit_id, row.position)).or_default().push(row.category_id);
    }
    let mut items: HashMap<Uuid, Vec<ItemForm>> = HashMap::new();
    let found = kit_item::Entity::find().filter(kit_item::Column::KitId.is_in(ids()));
    for row in found.order_by_asc(kit_item::Column::Position).all(conn).await? {
        items.entry(row.kit_id).or_default().push(ItemForm {
            name: row.name,
            categories: categories.remove(&(row.kit_id, row.position)).unwrap_or_default(),
            pieces: row.pieces,
            per_places: row.per_places,
            least_condition: row.least_condition,
            required: row.required,
        });
    }
    let kit = |row: kit::Model| Kit { items: items.remove(&row.id).unwrap_or_default(), row };
    Ok(rows.into_iter().map(kit).collect())
}

/// What a request asked for as a kit; none where it did not, or is not for the person.
///
/// # Errors
/// When the database does not answer.
pub async fn order(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    request: Uuid,
) -> Result<Option<Order>, DbErr> {
    if requests::read::find(conn, actor, request).await?.is_none() {
        return Ok(None);
    }
    let Some(row) = kit_order::Entity::find_by_id(request).one(conn).await? else { return Ok(None) };
    let items = kit_order_item::Entity::find()
        .filter(kit_order_item::Column::RequestId.eq(request))
        .order_by_asc(kit_order_item::Column::Position)
        .all(conn)
        .await?;
    Ok(Some(Order { row, items }))
}
