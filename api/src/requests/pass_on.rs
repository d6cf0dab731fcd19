//! What a unit that is succeeded asks for and is asked for goes on with its successor. Where asker and giver become one unit, what
//! is not on its way ends: the things are the asker's already. What is on its way goes on as an internal move, which saves nothing.

use entity::approvals::ApprovalSubject;
use entity::events::Subject;
use entity::requests::{LineState, request, request_line};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::json;
use uuid::Uuid;

use super::line;
use super::rules::Command;
use super::steps::{self, Change};
use crate::approvals;
use crate::fault::{Code, Fault};
use crate::listings;
use crate::write::Tx;

/// States of lines that pass on. One that was received keeps the names that the ledger has, and is booked by who stands in for
/// its units.
pub(crate) const OPEN: [LineState; 7] = [
    LineState::Draft,
    LineState::Submitted,
    LineState::Queued,
    LineState::Returned,
    LineState::Reserved,
    LineState::Releasing,
    LineState::InTransit,
];

/// What became of some lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passed {
    /// Lines that passed.
    pub(crate) lines: i64,
    /// Of those, lines that ended because asker and giver are one unit now.
    pub(crate) ended: i64,
}

/// The open lines of an offer are asked of its new holder. Its stock must be locked.
///
/// # Errors
/// `Stale`; the database's.
pub(crate) async fn asked_of(tx: &Tx, listing: Uuid, from: Uuid, to: Uuid) -> Result<Passed, Fault> {
    let lines = request_line::Entity::find()
        .filter(request_line::Column::ListingId.eq(listing))
        .filter(request_line::Column::GiverId.eq(from))
        .filter(request_line::Column::State.is_in(OPEN))
        .order_by_asc(request_line::Column::Id)
        .lock_exclusive()
        .all(tx.conn())
        .await?;
    let mut passed = Passed::default();
    for before in &lines {
        let next = request_line::Model { giver_id: to, ..before.clone() };
        passed.lines += 1;
        passed.ended += i64::from(pass(tx, before, next, (from, to)).await?);
    }
    if passed.ended > 0 {
        steps::settle_queue(tx, listing, Change::Freed).await?;
    }
    Ok(passed)
}

/// Locks the stocks of all that some requests ask for, in order, and then the requests. Whoever exchanges the lines of a draft
/// meanwhile asks for something that is not locked: of a draft nothing is held.
///
/// # Errors
/// The database's.
pub(crate) async fn lock(tx: &Tx, requests: &[Uuid]) -> Result<(), Fault> {
    let mut offers: Vec<Uuid> = request_line::Entity::find()
        .select_only()
        .column(request_line::Column::ListingId)
        .filter(request_line::Column::RequestId.is_in(requests.iter().copied()))
        .into_tuple()
        .all(tx.conn())
        .await?;
    offers.sort_unstable();
    offers.dedup();
    for offer in offers {
        listings::steps::lock(tx, offer).await?;
    }
    for id in requests {
        request::Entity::find_by_id(*id).lock_exclusive().one(tx.conn()).await?;
    }
    Ok(())
}

/// A request and all its lines are another unit's. It and the stocks must be locked.
///
/// # Errors
/// `Stale`; the database's.
pub(crate) async fn asked_by(tx: &Tx, id: Uuid, from: Uuid, to: Uuid) -> Result<Passed, Fault> {
    let asked = request::Entity::find_by_id(id).one(tx.conn()).await?;
    let Some(asked) = asked.filter(|asked| asked.unit_id == from) else { return Ok(Passed::default()) };
    let lines = lines_of(tx, id).await?;
    let version = asked.version + 1;
    let next = request::Model { unit_id: to, version, ..asked };
    request::Entity::update_many()
        .set(next.into_active_model().reset_all())
        .filter(request::Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    tx.record(Subject::Request, id, version, "request.passed_on", &json!({ "fromId": from, "toId": to }));
    let mut passed = Passed::default();
    let mut freed = Vec::new();
    for before in &lines {
        let next = request_line::Model { unit_id: to, ..before.clone() };
        passed.lines += 1;
        if pass(tx, before, next, (from, to)).await? {
            passed.ended += 1;
            freed.push(before.listing_id);
        }
    }
    freed.sort_unstable();
    freed.dedup();
    for offer in freed {
        steps::settle_queue(tx, offer, Change::Freed).await?;
    }
    Ok(passed)
}

async fn lines_of(tx: &Tx, request: Uuid) -> Result<Vec<request_line::Model>, Fault> {
    Ok(request_line::Entity::find()
        .filter(request_line::Column::RequestId.eq(request))
        .order_by_asc(request_line::Column::Id)
        .all(tx.conn())
        .await?)
}

/// Writes a line with its new unit and gives its case to that unit; answers whether it ended.
async fn pass(
    tx: &Tx,
    before: &request_line::Model,
    next: request_line::Model,
    (from, to): (Uuid, Uuid),
) -> Result<bool, Fault> {
    let next = request_line::Model { version: before.version + 1, updated_at: tx.now(), ..next };
    let outcome = request_line::Entity::update_many()
        .set(next.clone().into_active_model().reset_all())
        .filter(request_line::Column::Id.eq(before.id))
        .filter(request_line::Column::Version.eq(before.version))
        .exec(tx.conn())
        .await?;
    if outcome.rows_affected != 1 {
        return Err(Code::Stale.into());
    }
    let payload = json!({
        "requestId": next.request_id, "listingId": next.listing_id, "unitId": next.unit_id, "giverId": next.giver_id,
        "fromId": from, "toId": to, "state": next.state,
    });
    tx.record(Subject::RequestLine, next.id, next.version, "requestLine.passed_on", &payload);
    approvals::pass_on::case(tx, ApprovalSubject::RequestLine, next.id, from, to).await?;
    let handed_over = matches!(next.state, LineState::Draft | LineState::InTransit);
    if next.unit_id != next.giver_id || handed_over || !OPEN.contains(&next.state) {
        return Ok(false);
    }
    let (after, _) = line::carry_out(tx, &next, Command::Unite).await?;
    line::close_case(tx, after.id).await?;
    steps::close_if_settled(tx, &after).await?;
    Ok(true)
}
