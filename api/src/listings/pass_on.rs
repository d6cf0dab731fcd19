//! Offers and freezes of a unit that is succeeded.

use entity::approvals::ApprovalSubject;
use entity::events::Subject;
use entity::listings::{FreezeScope, asset_freeze, listing};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use serde_json::json;
use uuid::Uuid;

use super::steps::save;
use crate::approvals;
use crate::bulk;
use crate::fault::Fault;
use crate::write::Tx;

/// An offer of one unit is another's, and so is its open case. Its stock must be locked.
///
/// # Errors
/// `Stale`; the database's.
pub(crate) async fn offer(tx: &Tx, offer: listing::Model, to: Uuid) -> Result<(), Fault> {
    let from = offer.unit_id;
    let saved = save(tx, listing::Model { unit_id: to, ..offer }).await?;
    let payload = json!({ "fromId": from, "toId": to });
    tx.record(Subject::Listing, saved.id, saved.version, "listing.passed_on", &payload);
    approvals::pass_on::case(tx, ApprovalSubject::Listing, saved.id, from, to).await
}

/// Offers that name a unit as their receiver name another.
///
/// # Errors
/// `Stale`; the database's.
pub(crate) async fn directed(tx: &Tx, from: Uuid, to: Uuid) -> Result<(), Fault> {
    let offers = listing::Entity::find()
        .filter(listing::Column::DirectedTo.eq(from))
        .order_by_asc(listing::Column::Id)
        .all(tx.conn())
        .await?;
    for offer in offers {
        let saved = save(tx, listing::Model { directed_to: Some(to), ..offer }).await?;
        let payload = json!({ "wasDirectedToId": from, "directedToId": to });
        tx.record(Subject::Listing, saved.id, saved.version, "listing.redirected", &payload);
    }
    Ok(())
}

/// Cards that pass on are as frozen as they were: a freeze of the whole unit covers each of them, from when it began, and nothing
/// of what the new holder has besides.
///
/// # Errors
/// The database's.
pub(crate) async fn freezes(tx: &Tx, unit: Uuid, cards: &[Uuid]) -> Result<(), Fault> {
    let mut rows = Vec::new();
    for freeze in open_of(tx, unit).await? {
        for card in cards {
            let next = asset_freeze::Model {
                id: tx.id(),
                scope: FreezeScope::Asset,
                scope_id: *card,
                ..freeze.clone()
            };
            let payload = json!({
                "scope": next.scope, "scopeId": next.scope_id, "cause": next.cause, "of": freeze.id,
            });
            tx.record(Subject::Freeze, next.id, 1, "freeze.placed", &payload);
            rows.push(next.into_active_model().reset_all());
        }
    }
    Ok(bulk::insert(tx.conn(), rows).await?)
}

/// Ends the freezes of a unit whose cards have all passed on.
///
/// # Errors
/// The database's.
pub(crate) async fn end_freezes(tx: &Tx, unit: Uuid) -> Result<(), Fault> {
    for freeze in open_of(tx, unit).await? {
        asset_freeze::Entity::update_many()
            .col_expr(asset_freeze::Column::UntilAt, Expr::value(Some(tx.now())))
            .filter(asset_freeze::Column::Id.eq(freeze.id))
            .exec(tx.conn())
            .await?;
        tx.record(Subject::Freeze, freeze.id, 2, "freeze.passed_on", &json!({ "unitId": unit }));
    }
    Ok(())
}

async fn open_of(tx: &Tx, unit: Uuid) -> Result<Vec<asset_freeze::Model>, Fault> {
    Ok(asset_freeze::Entity::find()
        .filter(asset_freeze::Column::Scope.eq(FreezeScope::Unit))
        .filter(asset_freeze::Column::ScopeId.eq(unit))
        .filter(asset_freeze::Column::UntilAt.is_null())
        .order_by_asc(asset_freeze::Column::Id)
        .all(tx.conn())
        .await?)
}
