//! What other slices may do to loans inside their own transaction.

use chrono::{DateTime, TimeDelta, Utc};
use entity::approvals::{ApprovalSubject, Side};
use entity::listings::{ListingState, Purpose};
use entity::loans::{LoanReason, LoanState, loan};
use entity::requests::request_line;
use serde_json::json;
use uuid::Uuid;

pub(crate) use super::row::listing_of;
use super::row::{self, open_of};
use super::rules::{self, Booking, Command, Short};
use crate::approvals;
use crate::approvals::steps::{Decided, Progress};
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault};
use crate::listings;
use crate::listings::rules::Stock;
use crate::write::Tx;

/// When a loan lapses: only while the borrower's own side has to act.
pub(crate) async fn hold_until(tx: &Tx, side: Side) -> Result<Option<DateTime<Utc>>, Fault> {
    if side != Side::Receiver {
        return Ok(None);
    }
    let days = row::setting(tx, "hold_days").await?;
    Ok(Some(tx.now() + TimeDelta::try_days(days).unwrap_or_default()))
}

/// A step of a loan's case, or of its extension's, was decided. The listing's stock must be locked.
///
/// # Errors
/// `WrongState` where the loan is not with the approvers; the database's.
pub(crate) async fn on_decided(tx: &Tx, decided: &Decided) -> Result<(), Fault> {
    let before = row::lock(tx, decided.subject_id).await?;
    let comment = decided.comment.clone();
    let extension = decided.subject == ApprovalSubject::LoanExtension;
    let command = match decided.progress {
        Progress::Next(_) if extension => return Ok(()),
        Progress::Next(to) => {
            let until = match before.hold_expires_at {
                Some(until) if to == Side::Receiver => Some(until),
                _ => hold_until(tx, to).await?,
            };
            Command::Pass { until }
        }
        Progress::Approved if extension => Command::Extend,
        Progress::Approved => Command::Approve,
        Progress::Returned | Progress::Rejected if extension => Command::KeepDays { comment },
        Progress::Returned => Command::Refuse { side: decided.side, corrected: true, comment },
        Progress::Rejected => Command::Refuse { side: decided.side, corrected: false, comment },
    };
    let after = row::carry_out(tx, &before, command).await?;
    if matches!(decided.progress, Progress::Returned | Progress::Rejected) {
        settle(tx, after.listing_id).await?;
    }
    Ok(())
}

/// Brings an offer in order after its pieces or its bookings became fewer: where it has fewer pieces than it promised, the
/// last promises end; where it is offered no more, what nobody was promised is its holder's again. The stock must be locked.
///
/// # Errors
/// The database's.
pub(crate) async fn settle(tx: &Tx, listing: Uuid) -> Result<(), Fault> {
    let mut loans = open_of(tx, listing).await?;
    let pool = listings::steps::lock(tx, listing).await?.available;
    while let Some(loan) = rules::to_give_up(pool, &loans, tx.today()).cloned() {
        give_up(tx, &loan, LoanReason::PiecesGone).await?;
        loans.retain(|other| other.id != loan.id);
    }
    let offer = listings::steps::load(tx, listing).await?.ok_or(Code::NotFound)?;
    let left = pool - rules::promised(&loans, tx.today());
    if offer.state != ListingState::Listed && left > 0 {
        listings::steps::withdraw(tx, listing, left).await?;
    }
    Ok(())
}

async fn give_up(tx: &Tx, loan: &loan::Model, reason: LoanReason) -> Result<(), Fault> {
    row::carry_out(tx, loan, Command::Fail { reason, comment: None }).await?;
    approvals::steps::close(tx, ApprovalSubject::Loan, loan.id).await
}

/// Pieces of an offer that its holder may take back: those of an offer for transfer that nobody was promised, those of one
/// for loan that nobody has and nobody was promised on any day to come. The stock must be locked.
///
/// # Errors
/// The database's.
pub(crate) async fn unpromised(
    tx: &Tx,
    listing: &entity::listings::listing::Model,
    stock: &Stock,
) -> Result<i64, Fault> {
    if listing.purpose == Purpose::Transfer {
        return Ok(stock.unreserved());
    }
    let promised = rules::promised(&open_of(tx, listing.id).await?, tx.today());
    // An overdue loan takes more than was promised: then nothing is free, and not less.
    Ok((stock.available - promised).max(0))
}

/// Whether pieces of an offer are lent, promised or asked for on any day. The stock must be locked.
///
/// # Errors
/// The database's.
pub(crate) async fn booked(tx: &Tx, listing: Uuid) -> Result<bool, Fault> {
    Ok(!open_of(tx, listing).await?.is_empty())
}

/// The holder took pieces of an offer for loan back: who only asked for them is told. `whole`: all that ask.
///
/// # Errors
/// The database's.
pub(crate) async fn on_withdrawn(
    tx: &Tx,
    listing: &entity::listings::listing::Model,
    whole: bool,
) -> Result<(), Fault> {
    if listing.purpose == Purpose::Transfer {
        return Ok(());
    }
    if whole {
        let loans = open_of(tx, listing.id).await?;
        for loan in loans.iter().filter(|loan| loan.state == LoanState::Requested) {
            give_up(tx, loan, LoanReason::ListingWithdrawn).await?;
        }
    }
    settle(tx, listing.id).await
}

/// A loan of which the borrower wants to keep pieces; locked, with its listing's stock.
///
/// # Errors
/// [`Code::NotFound`], [`Code::NotAllowed`]; [`Code::WrongState`] where nothing is on loan, [`Code::OutOfRange`] at `quantity`;
/// [`Code::LoanTaken`] where others were promised the pieces, with the first such day.
pub(crate) async fn to_keep(tx: &Tx, id: Uuid, quantity: Option<i64>) -> Result<(loan::Model, i64), Fault> {
    let borrower = |loan: &loan::Model| Parties::receiver(loan.unit_id);
    let loan = row::locked(tx, id, Operation::ConvertLoan, borrower).await?;
    let pieces = quantity.unwrap_or(loan.lent);
    let (kept, _) = rules::apply(&loan, Command::Convert { pieces }, &row::moment(tx))?;
    let pool = listings::steps::lock(tx, loan.listing_id).await?.available;
    if let Some(short) = without(tx, &kept, pool - pieces).await? {
        return Err(short.at("quantity").into());
    }
    Ok((loan, pieces))
}

/// The first day from today on which what others were promised does not fit into so many pieces, with this loan as it would
/// be.
async fn without(tx: &Tx, loan: &loan::Model, pool: i64) -> Result<Option<Short>, Fault> {
    let open = open_of(tx, loan.listing_id).await?;
    let others = open.iter().filter(|other| other.id != loan.id);
    let bookings: Vec<Booking> = others.chain(std::iter::once(loan)).filter_map(rules::agreed).collect();
    let short = rules::short(pool, &bookings, 0, tx.today(), None);
    Ok(short.map(|short| Short { free: pool.max(0), ..short }))
}

/// A line that turns a loan into a transfer has moved on.
///
/// # Errors
/// `WrongState` where the loan has no such pieces any more; the database's.
pub(crate) async fn on_line(
    tx: &Tx,
    before: &request_line::Model,
    after: &request_line::Model,
) -> Result<(), Fault> {
    let Some(id) = after.loan_id else { return Ok(()) };
    let gone = |line: &request_line::Model| line.received + line.lost;
    let (coming, left) = (rules::pending(after) - rules::pending(before), gone(after) - gone(before));
    let back = -coming - left;
    if coming == 0 && left == 0 {
        return Ok(());
    }
    let mut loan = row::lock(tx, id).await?;
    if coming > 0 {
        row::carry_out(tx, &loan, Command::Convert { pieces: coming }).await?;
        return Ok(());
    }
    if left > 0 {
        // The last day of use as a loan; from here on they are the borrower's own.
        let (used, posted) = row::accrue(tx, &loan, tx.today()).await?;
        let (next, kind) = rules::apply(&used, Command::Leave { pieces: left }, &row::moment(tx))?;
        loan = row::save(tx, &loan, next, kind, json!({ "lineId": after.id, "savings": posted })).await?;
    }
    if back > 0 {
        loan = row::carry_out(tx, &loan, Command::StayLent { pieces: back }).await?;
    }
    if loan.asked_to.is_none() {
        approvals::steps::close(tx, ApprovalSubject::LoanExtension, loan.id).await?;
    }
    settle(tx, loan.listing_id).await
}
