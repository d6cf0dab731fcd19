//! Files that were loaded for a unit which is succeeded.

use entity::events::Subject;
use entity::imports::{ImportState, import};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::json;
use uuid::Uuid;

use crate::fault::Fault;
use crate::write::Tx;

/// States in which a file may still bring cards.
pub(crate) const OPEN: [ImportState; 4] =
    [ImportState::Announced, ImportState::Read, ImportState::Queued, ImportState::Checked];

/// Whether a file is being loaded for the unit at this moment: it writes its cards into the books of the unit that it began with.
///
/// # Errors
/// The database's.
pub(crate) async fn running(tx: &Tx, unit: Uuid) -> Result<bool, Fault> {
    let running = import::Entity::find()
        .filter(import::Column::UnitId.eq(unit))
        .filter(import::Column::State.eq(ImportState::Running))
        .count(tx.conn())
        .await?;
    Ok(running > 0)
}

/// Files that wait are loaded into the books of another unit.
///
/// # Errors
/// The database's.
pub(crate) async fn waiting(tx: &Tx, from: Uuid, to: Uuid) -> Result<(), Fault> {
    let waiting = import::Entity::find()
        .filter(import::Column::UnitId.eq(from))
        .filter(import::Column::State.is_in(OPEN))
        .order_by_asc(import::Column::Id)
        .all(tx.conn())
        .await?;
    for row in waiting {
        import::Entity::update_many()
            .col_expr(import::Column::UnitId, Expr::value(Some(to)))
            .col_expr(import::Column::Version, Expr::col(import::Column::Version).add(1))
            .filter(import::Column::Id.eq(row.id))
            .exec(tx.conn())
            .await?;
        let payload = json!({ "fromId": from, "toId": to });
        tx.record(Subject::Import, row.id, row.version + 1, "import.passed_on", &payload);
    }
    Ok(())
}
