//! Loading, locking and writing a line: the hands of the slice's use cases and steps.
//!
//! Order of locks everywhere: the listing's stock row, then the line, then anything else. Whoever changes a line of a
//! listing holds its stock row, so a listing's lines never change under the eyes of one who holds it.

use chrono::TimeDelta;
use entity::approvals::{ApprovalSubject, Side};
use entity::assets::asset;
use entity::events::Subject;
use entity::listings::listing;
use entity::requests::{LineState, request, request_line};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};
use serde_json::json;
use uuid::Uuid;

use super::batch::Batch;
use super::rules::{self, Command, Move};
use crate::approvals;
use crate::catalogue;
use crate::fault::{Code, Fault};
use crate::listings;
use crate::loans;
use crate::write::Tx;

/// A number of days from the city's rule book, as of today.
pub(crate) async fn days(tx: &Tx, name: &'static str) -> Result<TimeDelta, Fault> {
    Ok(TimeDelta::try_days(catalogue::steps::setting(tx, name).await?).unwrap_or_default())
}

/// How long a hold lasts.
pub(crate) async fn hold_time(tx: &Tx) -> Result<TimeDelta, Fault> {
    days(tx, "hold_days").await
}

/// Locks the stock of the line's listing, then the line, and gives it as it is now.
///
/// # Errors
/// [`Code::NotFound`] where there is no such line.
pub(crate) async fn lock(tx: &Tx, line: Uuid) -> Result<request_line::Model, Fault> {
    let listing = listing_of(tx, line).await?;
    listings::steps::lock(tx, listing).await?;
    load_locked(tx, line).await
}

/// Loads a line for change; its listing's stock must be locked already.
pub(crate) async fn load_locked(tx: &Tx, line: Uuid) -> Result<request_line::Model, Fault> {
    let found = request_line::Entity::find_by_id(line).lock_exclusive().one(tx.conn()).await?;
    found.ok_or_else(|| Code::NotFound.into())
}

/// The listing that a line asks for: it never changes.
pub(crate) async fn listing_of(tx: &Tx, line: Uuid) -> Result<Uuid, Fault> {
    let listing: Option<Uuid> = request_line::Entity::find_by_id(line)
        .select_only()
        .column(request_line::Column::ListingId)
        .into_tuple()
        .one(tx.conn())
        .await?;
    listing.ok_or_else(|| Code::NotFound.into())
}

/// The request of a line.
pub(crate) async fn request_of(tx: &Tx, line: &request_line::Model) -> Result<request::Model, Fault> {
    let found = request::Entity::find_by_id(line.request_id).one(tx.conn()).await?;
    Ok(found.ok_or_else(|| anyhow::anyhow!("line {} has no request", line.id))?)
}

/// The listing of a line.
pub(crate) async fn listing(tx: &Tx, line: &request_line::Model) -> Result<listing::Model, Fault> {
    let found = listings::steps::load(tx, line.listing_id).await?;
    Ok(found.ok_or_else(|| anyhow::anyhow!("line {} has no listing", line.id))?)
}

/// Decides by the rules, then writes the row, moves the stock and notes what happened. Answers the new row and whether
/// pieces became available: then the caller lets the queue move up when it is done.
pub(crate) async fn carry_out(
    tx: &Tx,
    line: &request_line::Model,
    command: Command,
) -> Result<(request_line::Model, bool), Fault> {
    let (mut next, event) = rules::apply(line, command, tx.now())?;
    next.version = line.version + 1;
    next.updated_at = tx.now();
    let outcome = request_line::Entity::update_many()
        .set(next.clone().into_active_model().reset_all())
        .filter(request_line::Column::Id.eq(line.id))
        .filter(request_line::Column::Version.eq(line.version))
        .exec(tx.conn())
        .await?;
    if outcome.rows_affected != 1 {
        return Err(Code::Stale.into());
    }
    for step in &event.moves {
        let listing = line.listing_id;
        match *step {
            Move::Unhold(n) => listings::steps::release_hold(tx, listing, n).await?,
            Move::Reserve(n) => listings::steps::reserve(tx, listing, n).await?,
            Move::Unreserve(n) => listings::steps::unreserve(tx, listing, n).await?,
            Move::Reopen(n) => listings::steps::reopen(tx, listing, n).await?,
            // What is on loan is with the borrower, and stays so.
            Move::Withdraw(n) if line.loan_id.is_some() => listings::steps::unreserve(tx, listing, n).await?,
            Move::Withdraw(n) => listings::steps::withdraw_reserved(tx, listing, n).await?,
            Move::Release(n) => listings::steps::to_transit(tx, listing, n).await?,
            Move::Deliver(n) => listings::steps::deliver(tx, listing, n).await?,
            Move::Refuse(n) => listings::steps::give_back(tx, listing, n).await?,
            Move::Lose(n) => listings::steps::lose(tx, listing, n).await?,
        };
    }
    record(tx, line.state, &next, event.kind);
    loans::steps::on_line(tx, line, &next).await?;
    Ok((next, event.frees()))
}

/// Notes what happened to a line: on the line, because a hundred askers of one listing would wait for one chain there.
pub(crate) fn record(tx: &Tx, before: LineState, line: &request_line::Model, kind: &'static str) {
    let payload = json!({
        "requestId": line.request_id, "listingId": line.listing_id, "from": before, "state": line.state,
        "reason": line.reason, "quantity": line.quantity, "queuePlace": line.queue_place,
        "holdExpiresAt": line.hold_expires_at, "released": line.released, "received": line.received,
        "refused": line.refused, "lost": line.lost, "comment": line.comment, "correctionId": line.correction_id,
        "confirmUntil": line.confirm_until,
    });
    tx.record(Subject::RequestLine, line.id, line.version, kind, &payload);
}

/// What the lines of a request for one listing have in common.
pub(crate) struct Ask<'a> {
    pub(crate) request: &'a request::Model,
    pub(crate) listing: &'a listing::Model,
    pub(crate) batch: &'a Batch,
    pub(crate) hold_time: TimeDelta,
}

/// Opens the case of a line that has its `pieces`, after a correction by `corrector` if any; gives the side whose turn it is.
async fn open_case(
    tx: &Tx,
    ask: &Ask<'_>,
    line: Uuid,
    pieces: i64,
    corrector: Option<Uuid>,
) -> Result<Side, Fault> {
    let Ask { request, listing, batch, .. } = ask;
    let card = asset::Entity::find_by_id(listing.asset_id).one(tx.conn()).await?;
    let card = card.ok_or_else(|| anyhow::anyhow!("listing {} has no card", listing.id))?;
    let case = approvals::steps::NewCase {
        question: approvals::steps::Question {
            subject: ApprovalSubject::RequestLine,
            goods: listings::goods::goods(listing, &card, pieces),
            together: Some(batch.together(listing.unit_id)),
            giver: Some(listing.unit_id),
            receiver: Some(request.unit_id),
        },
        subject_id: line,
        applicant: request.submitted_by.unwrap_or(request.created_by),
        drafter: request.created_by,
        corrector,
    };
    Ok(approvals::steps::open(tx, case).await?.side)
}

/// Ends the case of a line from outside.
pub(crate) async fn close_case(tx: &Tx, line: Uuid) -> Result<(), Fault> {
    approvals::steps::close(tx, ApprovalSubject::RequestLine, line).await?;
    Ok(())
}

/// Gives a line the `pieces` that were just held for it, and opens its case.
pub(crate) async fn start_approvals(
    tx: &Tx,
    ask: &Ask<'_>,
    line: &request_line::Model,
    pieces: i64,
    command: impl FnOnce(Option<chrono::DateTime<chrono::Utc>>) -> Command,
) -> Result<(request_line::Model, bool), Fault> {
    // Who moves the queue up is nobody's applicant: only the correction itself is the actor's own.
    let corrector = (line.state == LineState::Returned).then(|| tx.actor().account_id()).flatten();
    let side = open_case(tx, ask, line.id, pieces, corrector).await?;
    // The hold lapses only while the asker's own side has to act.
    let until = (side == Side::Receiver).then(|| tx.now() + ask.hold_time);
    carry_out(tx, line, command(until)).await
}
