//! What other slices may do with corrections, inside their transaction.

use entity::corrections::correction;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::fault::Fault;
use crate::write::Tx;

/// Takes the words of all corrections of a card away; that there were some stays.
///
/// # Errors
/// The database's.
pub(crate) async fn purge(tx: &Tx, card: Uuid) -> Result<(), Fault> {
    correction::Entity::update_many()
        .col_expr(correction::Column::Reason, Expr::value(String::new()))
        .col_expr(correction::Column::Changes, Expr::value(serde_json::json!([])))
        .filter(correction::Column::AssetId.eq(card))
        .exec(tx.conn())
        .await?;
    Ok(())
}
