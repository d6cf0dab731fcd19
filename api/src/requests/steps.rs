//! What other slices may do to requests inside their own transaction.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use entity::approvals::{ApprovalSubject, Side};
use entity::assets::asset;
use entity::listings::{ListingState, listing};
use entity::requests::{LineReason, LineState, request_line};
use entity::transfers::transfer;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::batch::Batch;
use super::draft::{self, Draft};
use super::rules::{self, Command};
use super::{confirm, frozen, line, submit};
use crate::approvals;
use crate::approvals::steps::{Decided, Progress, Replanned};
use crate::authz::Operation;
use crate::fault::{Code, Fault, Rejection};
use crate::listings;
use crate::listings::steps::{Asker, Hold};
use crate::write::Tx;

pub(crate) use super::frozen::time_since as frozen_since;
pub(crate) use super::line::{days, lock as lock_line, request_of};
pub(crate) use super::promise::{Promised, promise};

/// What happened to the stock that makes the queue worth a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Pieces came free, or went to others for good.
    Freed,
    /// The giver took pieces back.
    Withdrawn,
}

/// Writes a request down and submits it, where every line gets its pieces at once; gives its identity. Stock rows are taken in
/// the order of listing ids.
///
/// # Errors
/// As those of drafting and submitting; `NotEnough` at `lines.n.quantity` and `Frozen` at `lines.n.listingId` for a line that
/// would have to wait.
pub(crate) async fn ask_whole(
    tx: &Tx,
    operation: Operation,
    draft: &Draft,
    over_cap_reason: Option<String>,
) -> Result<Uuid, Fault> {
    let request_id = draft::write_down(tx, operation, draft).await?.request_id;
    let input = submit::Input { request_id, version: None, over_cap_reason };
    submit::hand_in(tx, operation, &input, submit::Short::Refuses).await?;
    Ok(request_id)
}

/// The listing that a line asks for; lock its stock first.
///
/// # Errors
/// `NotFound` where there is no such line.
pub async fn listing_of(tx: &Tx, line: Uuid) -> Result<Uuid, Fault> {
    line::listing_of(tx, line).await
}

/// A step of a line's case was decided.
///
/// # Errors
/// `OutOfRange` at `quantity` for a cut that is none, `WrongState` where the line is not with the approvers.
pub async fn on_decided(tx: &Tx, decided: &Decided) -> Result<(), Fault> {
    let mut current = line::lock(tx, decided.subject_id).await?;
    let listing = current.listing_id;
    let mut freed = false;
    let approves = matches!(decided.progress, Progress::Next(_) | Progress::Approved);
    if let Some(to) = decided.quantity.filter(|to| approves && *to != current.quantity) {
        (current, freed) = line::carry_out(tx, &current, Command::Cut { to }).await?;
    }
    if current.state == LineState::Cut {
        line::close_case(tx, current.id).await?;
    } else {
        let comment = decided.comment.clone();
        let hold_time = line::hold_time(tx).await?;
        let until = tx.now() + hold_time;
        let command = match decided.progress {
            Progress::Next(to) => Command::Pass { to, until },
            Progress::Approved => Command::Approve,
            Progress::Returned => Command::Return { until, comment },
            Progress::Rejected => Command::Reject { side: decided.side, comment },
        };
        freed |= line::carry_out(tx, &current, command).await?.1;
    }
    if freed {
        settle_queue(tx, listing, Change::Freed).await?;
    }
    Ok(())
}

/// Lets the queue of a listing move up: strictly in order, the first that does not fit stops those behind it. Lines
/// for which too few pieces can still come are told so. The listing's stock row must be locked.
///
/// # Errors
/// When the database does not answer.
pub async fn settle_queue(tx: &Tx, listing: Uuid, change: Change) -> Result<(), Fault> {
    end_hopeless(tx, listing, change).await?;
    loop {
        let head = request_line::Entity::find()
            .filter(request_line::Column::ListingId.eq(listing))
            .filter(request_line::Column::State.eq(LineState::Queued))
            .order_by_asc(request_line::Column::QueuePlace)
            .one(tx.conn())
            .await?;
        let Some(head) = head else { return Ok(()) };
        match listings::steps::hold(tx, listing, head.quantity, Asker::HeadOfQueue).await? {
            Hold::Held(_) => {}
            Hold::Short(_) => return not_frozen_any_more(tx, listing).await,
            Hold::Window(_) | Hold::Frozen(_) | Hold::Closed(_) | Hold::Paused(_) => return Ok(()),
        }
        let request = line::request_of(tx, &head).await?;
        let offer = line::listing(tx, &head).await?;
        let hold_time = line::hold_time(tx).await?;
        let batch = Batch::of(tx.conn(), request.id).await?;
        let ask = line::Ask { request: &request, listing: &offer, batch: &batch, hold_time };
        line::start_approvals(tx, &ask, &head, head.quantity, |until| Command::Promote { until }).await?;
    }
}

/// Who waits for a listing, in order of their tickets. The listing's stock must be locked.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn waiting(tx: &Tx, listing: Uuid) -> Result<Vec<request_line::Model>, Fault> {
    let lines = request_line::Entity::find()
        .filter(request_line::Column::ListingId.eq(listing))
        .filter(request_line::Column::State.eq(LineState::Queued))
        .order_by_asc(request_line::Column::QueuePlace)
        .all(tx.conn())
        .await?;
    Ok(lines)
}

/// Claims were ranked: those who wait exchange their tickets so that they stand in this order, before those who came later.
/// The listing's stock must be locked; the caller lets the queue move up.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn on_ranked(tx: &Tx, listing: Uuid, ranked: &[Uuid]) -> Result<(), Fault> {
    let mut waiting: HashMap<Uuid, request_line::Model> =
        self::waiting(tx, listing).await?.into_iter().map(|line| (line.id, line)).collect();
    let claims: Vec<_> = ranked.iter().filter_map(|id| waiting.remove(id)).collect();
    let mut tickets: Vec<i64> = claims.iter().filter_map(|line| line.queue_place).collect();
    tickets.sort_unstable();
    for (line, place) in claims.iter().zip(tickets) {
        line::carry_out(tx, line, Command::Rank { place }).await?;
    }
    let mut late: Vec<_> =
        waiting.into_values().filter(|line| line.reason == Some(LineReason::ClaimWindow)).collect();
    late.sort_unstable_by_key(|line| line.queue_place);
    for line in late {
        line::carry_out(tx, &line, Command::Wait { reason: LineReason::HeldByOthers }).await?;
    }
    Ok(())
}

/// Nothing covers the listing: those who were told that it is frozen now wait for others.
async fn not_frozen_any_more(tx: &Tx, listing: Uuid) -> Result<(), Fault> {
    let told = request_line::Entity::find()
        .filter(request_line::Column::ListingId.eq(listing))
        .filter(request_line::Column::State.eq(LineState::Queued))
        .filter(request_line::Column::Reason.eq(LineReason::Frozen))
        .order_by_asc(request_line::Column::QueuePlace)
        .all(tx.conn())
        .await?;
    for waiting in told {
        line::carry_out(tx, &waiting, Command::Wait { reason: LineReason::HeldByOthers }).await?;
    }
    Ok(())
}

/// Ends the waiting lines that ask for more than can still come, all in one statement. Where the listing is not offered
/// any more nothing comes back to it, whatever is still held.
async fn end_hopeless(tx: &Tx, listing: Uuid, change: Change) -> Result<(), Fault> {
    use request_line::Column;
    let stock = listings::steps::lock(tx, listing).await?;
    // What comes back to an ended offer is its holder's again: there is nothing to wait for.
    let open = listings::steps::load(tx, listing).await?.is_some_and(|it| it.state == ListingState::Listed);
    let most = if open { stock.can_still_come() } else { 0 };
    let hopeless = request_line::Entity::find()
        .filter(Column::ListingId.eq(listing))
        .filter(Column::State.eq(LineState::Queued))
        .filter(Column::Quantity.gt(most))
        .order_by_asc(Column::QueuePlace)
        .all(tx.conn())
        .await?;
    if hopeless.is_empty() {
        return Ok(());
    }
    // Lost on the way is the giver's failure as well; delivered to others is nobody's.
    let command = if !open || change == Change::Withdrawn || stock.delivered == 0 {
        Command::Fail { reason: LineReason::ListingWithdrawn }
    } else {
        Command::Outrank
    };
    let mut ended = Vec::with_capacity(hopeless.len());
    for line in &hopeless {
        let (mut next, event) = rules::apply(line, command.clone(), tx.now())?;
        next.version += 1;
        line::record(tx, line.state, &next, event.kind);
        ended.push(next);
    }
    let Some(outcome) = ended.first() else { return Ok(()) };
    // They differ in nothing that is written here, and nobody else changes them while the stock is locked.
    let touched = request_line::Entity::update_many()
        .col_expr(Column::State, Expr::value(outcome.state))
        .col_expr(Column::Reason, Expr::value(outcome.reason))
        .col_expr(Column::QueuePlace, Expr::value(None::<i64>))
        .col_expr(Column::CorrectionId, Expr::value(None::<Uuid>))
        .col_expr(Column::ConfirmUntil, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Column::ConfirmCountedTo, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Column::UpdatedAt, Expr::value(tx.now()))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::ListingId.eq(listing))
        .filter(Column::State.eq(LineState::Queued))
        .filter(Column::Quantity.gt(most))
        .exec(tx.conn())
        .await?;
    if touched.rows_affected != ended.len() as u64 {
        return Err(anyhow::anyhow!("the queue of listing {listing} changed under a locked stock").into());
    }
    Ok(())
}

/// The giver wants pieces back that are held: ends lines that hold some, newest first, until at least so many pieces
/// are free. The queue does not move up. Answers how many pieces came free.
///
/// # Errors
/// When the database does not answer.
pub async fn give_up_holds(tx: &Tx, listing: Uuid, at_least: i64) -> Result<i64, Fault> {
    let lines = request_line::Entity::find()
        .filter(request_line::Column::ListingId.eq(listing))
        .filter(request_line::Column::State.is_in([LineState::Submitted, LineState::Returned]))
        // A line may have been drafted long before, or have waited: what counts is when it got its pieces.
        .order_by_desc(request_line::Column::HeldAt)
        .order_by_desc(request_line::Column::Id)
        .all(tx.conn())
        .await?;
    let mut freed = 0;
    for holding in lines {
        if freed >= at_least {
            break;
        }
        freed += holding.quantity;
        line::carry_out(tx, &holding, Command::Fail { reason: LineReason::ListingWithdrawn }).await?;
        line::close_case(tx, holding.id).await?;
    }
    Ok(freed)
}

/// The giver took pieces back: who can no longer be served is told, the others may move up.
///
/// # Errors
/// When the database does not answer.
pub async fn on_withdrawn(tx: &Tx, listing: Uuid) -> Result<(), Fault> {
    settle_queue(tx, listing, Change::Withdrawn).await
}

/// Whether a line waits in the queue of a listing.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn somebody_waits(tx: &Tx, listing: Uuid) -> Result<bool, Fault> {
    let waiting = request_line::Entity::find()
        .filter(request_line::Column::ListingId.eq(listing))
        .filter(request_line::Column::State.eq(LineState::Queued))
        .count(tx.conn())
        .await?;
    Ok(waiting > 0)
}

/// A freeze over these listings (ascending) was lifted: holds get the frozen time back, queues may move up.
///
/// # Errors
/// When the database does not answer.
pub async fn on_thawed(tx: &Tx, listings: &[Uuid]) -> Result<(), Fault> {
    for listing in listings {
        listings::steps::lock(tx, *listing).await?;
        let lines = request_line::Entity::find()
            .filter(request_line::Column::ListingId.eq(*listing))
            .filter(request_line::Column::State.is_in([LineState::Submitted, LineState::Returned]))
            .filter(request_line::Column::HoldExpiresAt.is_not_null())
            .order_by_asc(request_line::Column::Id)
            .all(tx.conn())
            .await?;
        for holding in lines {
            let offer = line::listing(tx, &holding).await?;
            if let Some(until) = holding.hold_expires_at {
                count_frozen_time(tx, &holding, &offer, until).await?;
            }
        }
        settle_queue(tx, *listing, Change::Freed).await?;
    }
    Ok(())
}

/// Adds frozen time that was not counted yet to a hold that lapses at `until`. Answers whether the hold still stands:
/// each moment of a freeze counts once, however many freezes overlap and however often this is run.
pub(crate) async fn count_frozen_time(
    tx: &Tx,
    holding: &request_line::Model,
    listing: &listing::Model,
    until: DateTime<Utc>,
) -> Result<bool, Fault> {
    let Some(from) = holding.hold_counted_to else { return Ok(until > tx.now()) };
    let pause = frozen::time_since(tx, listing, from).await?;
    let until = until + pause;
    if pause > TimeDelta::zero() {
        line::carry_out(tx, holding, Command::Extend { until }).await?;
    }
    Ok(until > tx.now())
}

/// What a listing offers was corrected: each line that counts on pieces of it is to be confirmed. Who has the thing on loan knows
/// how it is. The listing's stock row must be locked.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn ask_again(tx: &Tx, listing: Uuid, correction: Uuid) -> Result<(), Fault> {
    let until = confirm::until(tx).await?;
    for line in counting_on(tx, listing).await? {
        if line.loan_id.is_none() {
            line::carry_out(tx, &line, Command::AskAgain { correction, until }).await?;
        }
    }
    Ok(())
}

/// What a listing offers is worth more than it was, or is another thing: whoever is to approve by that is asked, also where
/// pieces are promised already. The listing's stock row must be locked.
///
/// # Errors
/// [`Code::WrongState`] where a promise is handed over in part: what is left of it cannot be decided anew.
pub(crate) async fn replan(tx: &Tx, offer: &listing::Model, card: &asset::Model) -> Result<(), Fault> {
    for line in counting_on(tx, offer.id).await? {
        if line.state == LineState::Releasing {
            return Err(Rejection::new(Code::WrongState).with("state", line.state).into());
        }
        let goods = listings::goods::goods(offer, card, line.quantity);
        let outcome = approvals::steps::replan(tx, ApprovalSubject::RequestLine, line.id, &goods).await?;
        let Replanned::More { side, reopened } = outcome else { continue };
        let until = tx.now() + line::hold_time(tx).await?;
        let command = if reopened {
            Command::Reopen { until: (side == Side::Receiver).then_some(until) }
        } else if side == Side::Receiver && line.hold_expires_at.is_none() {
            Command::Pass { to: side, until }
        } else {
            continue;
        };
        line::carry_out(tx, &line, command).await?;
    }
    Ok(())
}

async fn counting_on(tx: &Tx, listing: Uuid) -> Result<Vec<request_line::Model>, Fault> {
    use LineState::{Queued, Releasing, Reserved, Returned, Submitted};
    Ok(request_line::Entity::find()
        .filter(request_line::Column::ListingId.eq(listing))
        .filter(request_line::Column::State.is_in([Queued, Submitted, Returned, Reserved, Releasing]))
        .order_by_asc(request_line::Column::Id)
        .all(tx.conn())
        .await?)
}

/// Pieces of a line are handed over.
///
/// # Errors
/// `WrongState`; `OutOfRange` at `quantity` for more pieces than are reserved and not yet handed over.
pub(crate) async fn on_released(
    tx: &Tx,
    line: &request_line::Model,
    pieces: i64,
) -> Result<request_line::Model, Fault> {
    Ok(line::carry_out(tx, line, Command::Release { pieces }).await?.0)
}

/// A hand-over of a line ended. The caller settles the queue when the cards are where they belong.
///
/// # Errors
/// `WrongState`.
pub(crate) async fn on_received(
    tx: &Tx,
    line: &request_line::Model,
    received: i64,
    refused: i64,
    lost: i64,
) -> Result<request_line::Model, Fault> {
    Ok(line::carry_out(tx, line, Command::Receive { received, refused, lost }).await?.0)
}

/// Closes a line whose hand-overs all need nothing more. The line must be locked: two bookings at the same moment
/// must not both find the other's missing.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn close_if_settled(tx: &Tx, line: &request_line::Model) -> Result<(), Fault> {
    if !matches!(line.state, LineState::Received | LineState::Short) {
        return Ok(());
    }
    let open = transfer::Entity::find()
        .filter(transfer::Column::LineId.eq(line.id))
        .all(tx.conn())
        .await?
        .iter()
        .any(|transfer| !rules::is_settled(transfer));
    if !open {
        line::carry_out(tx, line, Command::Book).await?;
    }
    Ok(())
}
