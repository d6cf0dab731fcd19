//! Hand-overs under way of a unit that is succeeded. One that was received keeps the names of that day, as the ledger does.

use entity::transfers::{TransferState, transfer};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;
use uuid::Uuid;

use super::row;
use crate::fault::Fault;
use crate::write::Tx;

/// What is on its way out of an offer is handed over by its new holder; gives the cards. Its stock must be locked.
///
/// # Errors
/// `Stale`; the database's.
pub(crate) async fn given(tx: &Tx, listing: Uuid, from: Uuid, to: Uuid) -> Result<Vec<Uuid>, Fault> {
    let under_way = transfer::Entity::find()
        .filter(transfer::Column::ListingId.eq(listing))
        .filter(transfer::Column::GiverId.eq(from))
        .filter(transfer::Column::State.eq(TransferState::InTransit))
        .order_by_asc(transfer::Column::Id)
        .all(tx.conn())
        .await?;
    let mut cards = Vec::with_capacity(under_way.len());
    for before in under_way {
        cards.push(before.asset_id);
        let next = transfer::Model { giver_id: to, ..before.clone() };
        let more = json!({ "fromId": from, "toId": to });
        row::save(tx, &before, next, "transfer.passed_on", more).await?;
    }
    Ok(cards)
}

/// What is on its way to a unit by the lines of a request goes to another; answers how many hand-overs. The stocks of the lines
/// must be locked.
///
/// # Errors
/// `Stale`; the database's.
pub(crate) async fn received(tx: &Tx, request: Uuid, from: Uuid, to: Uuid) -> Result<i64, Fault> {
    use entity::requests::request_line;
    use sea_orm::sea_query::{Expr, ExprTrait, Query};
    let lines = Query::select()
        .column(request_line::Column::Id)
        .from(request_line::Entity)
        .and_where(Expr::col(request_line::Column::RequestId).eq(request))
        .take();
    let under_way = transfer::Entity::find()
        .filter(transfer::Column::LineId.in_subquery(lines))
        .filter(transfer::Column::ReceiverId.eq(from))
        .filter(transfer::Column::State.eq(TransferState::InTransit))
        .order_by_asc(transfer::Column::Id)
        .all(tx.conn())
        .await?;
    let mut passed = 0;
    for before in under_way {
        passed += 1;
        let next = transfer::Model { receiver_id: to, ..before.clone() };
        let more = json!({ "fromId": from, "toId": to });
        row::save(tx, &before, next, "transfer.passed_on", more).await?;
    }
    Ok(passed)
}
