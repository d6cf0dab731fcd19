//! Loading, locking and writing a hand-over.

use chrono::{DateTime, Utc};
use entity::events::Subject;
use entity::requests::request_line;
use entity::transfers::transfer;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::read;
use super::rules::Term;
use crate::catalogue;
use crate::catalogue::calendar::Calendar;
use crate::fault::{Code, Fault};
use crate::requests;
use crate::write::Tx;

/// Which hand-over it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Done {
    /// Its identity.
    pub transfer_id: Uuid,
}

/// Locks the listing's stock, the line and the hand-over, in this order, and gives the last two as they are now.
///
/// # Errors
/// [`Code::NotFound`] for what is not there or not for the actor.
pub(crate) async fn lock(tx: &Tx, id: Uuid) -> Result<(request_line::Model, transfer::Model), Fault> {
    let seen = read::find(tx.conn(), tx.actor(), id).await?.ok_or(Code::NotFound)?;
    let line = requests::steps::lock_line(tx, seen.line_id).await?;
    let transfer = transfer::Entity::find_by_id(id).lock_exclusive().one(tx.conn()).await?;
    Ok((line, transfer.ok_or(Code::NotFound)?))
}

/// A number that is taken is told at the field where it was typed in.
pub(crate) fn at_asset_number(fault: Fault) -> Fault {
    let Fault::Rejected(mut rejections) = fault else { return fault };
    for rejection in rejections.iter_mut().filter(|rejection| rejection.field == ["number"]) {
        rejection.field = vec!["assetNumber".to_owned()];
    }
    Fault::Rejected(rejections)
}

/// A term of the rule book in working days that began at an instant.
pub(crate) async fn term(tx: &Tx, setting: &'static str, from: DateTime<Utc>) -> Result<Term, Fault> {
    let days = catalogue::steps::setting(tx, setting).await?;
    let begun = tx.app().clock().civil_day(from);
    let last = Calendar::load(tx.conn(), begun, days).await?.after(begun, days);
    Ok(Term { days, over: tx.today() > last })
}

/// Writes the row and notes what happened.
pub(crate) async fn save(
    tx: &Tx,
    before: &transfer::Model,
    mut next: transfer::Model,
    kind: &'static str,
    more: serde_json::Value,
) -> Result<transfer::Model, Fault> {
    next.version = before.version + 1;
    let outcome = transfer::Entity::update_many()
        .set(next.clone().into_active_model().reset_all())
        .filter(transfer::Column::Id.eq(before.id))
        .filter(transfer::Column::Version.eq(before.version))
        .exec(tx.conn())
        .await?;
    if outcome.rows_affected != 1 {
        return Err(Code::Stale.into());
    }
    record(tx, &next, kind, more);
    Ok(next)
}

/// Notes what happened to a hand-over.
pub(crate) fn record(tx: &Tx, transfer: &transfer::Model, kind: &'static str, more: serde_json::Value) {
    let payload = json!({
        "number": transfer.number, "state": transfer.state, "lineId": transfer.line_id,
        "assetId": transfer.asset_id, "quantity": transfer.quantity, "received": transfer.received,
        "refused": transfer.refused, "lost": transfer.lost, "approvalNumber": transfer.approval_number,
        "bookedOut": transfer.booked_out, "bookedIn": transfer.booked_in, "evidence": transfer.evidence,
        "note": transfer.note, "more": more,
    });
    tx.record(Subject::Transfer, transfer.id, transfer.version, kind, &payload);
}
