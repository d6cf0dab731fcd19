//! Finders. Everybody who is signed in may see warehouses and their places.

use std::collections::HashMap;

use entity::warehouses::{storage_place, warehouse};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

/// Warehouses by code, after `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn warehouses(
    conn: &impl ConnectionTrait,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<warehouse::Model>, DbErr> {
    let mut query = warehouse::Entity::find();
    if let Some(after) = after {
        query = query.filter(warehouse::Column::Code.gt(after));
    }
    query.order_by_asc(warehouse::Column::Code).limit(limit).all(conn).await
}

/// One warehouse.
///
/// # Errors
/// When the database does not answer.
pub async fn warehouse(conn: &impl ConnectionTrait, id: Uuid) -> Result<Option<warehouse::Model>, DbErr> {
    warehouse::Entity::find_by_id(id).one(conn).await
}

/// Several warehouses at once, in no order.
///
/// # Errors
/// When the database does not answer.
pub async fn find_all(conn: &impl ConnectionTrait, ids: &[Uuid]) -> Result<Vec<warehouse::Model>, DbErr> {
    warehouse::Entity::find().filter(warehouse::Column::Id.is_in(ids.iter().copied())).all(conn).await
}

/// Places of a warehouse by code, after `after`; with `parent` those right below one.
///
/// # Errors
/// When the database does not answer.
pub async fn places(
    conn: &impl ConnectionTrait,
    warehouse: Uuid,
    parent: Option<Uuid>,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<storage_place::Model>, DbErr> {
    use storage_place::Column;
    let mut query = storage_place::Entity::find().filter(Column::WarehouseId.eq(warehouse));
    if let Some(parent) = parent {
        query = query.filter(Column::ParentId.eq(parent));
    }
    if let Some(after) = after {
        query = query.filter(Column::Code.gt(after));
    }
    query.order_by_asc(Column::Code).limit(limit).all(conn).await
}

/// Places by id, for rows that name their bin: one statement a page.
///
/// # Errors
/// When the database does not answer.
pub async fn places_by_id(
    conn: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, storage_place::Model>, DbErr> {
    let ids: Vec<Uuid> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = storage_place::Entity::find().filter(storage_place::Column::Id.is_in(ids)).all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}
