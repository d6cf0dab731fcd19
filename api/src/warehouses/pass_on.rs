//! Warehouses that a unit keeps which is succeeded.

use entity::events::Subject;
use entity::warehouses::warehouse;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;
use uuid::Uuid;

use crate::fault::Fault;
use crate::write::Tx;

/// Another unit keeps them; answers how many.
///
/// # Errors
/// The database's.
pub(crate) async fn kept(tx: &Tx, from: Uuid, to: Uuid) -> Result<u64, Fault> {
    let kept = warehouse::Entity::find()
        .filter(warehouse::Column::UnitId.eq(from))
        .order_by_asc(warehouse::Column::Id)
        .all(tx.conn())
        .await?;
    let count = kept.len() as u64;
    for row in kept {
        warehouse::Entity::update_many()
            .col_expr(warehouse::Column::UnitId, Expr::value(to))
            .col_expr(warehouse::Column::Version, Expr::col(warehouse::Column::Version).add(1))
            .filter(warehouse::Column::Id.eq(row.id))
            .exec(tx.conn())
            .await?;
        let payload = json!({ "fromId": from, "toId": to });
        tx.record(Subject::Warehouse, row.id, row.version + 1, "warehouse.passed_on", &payload);
    }
    Ok(count)
}
