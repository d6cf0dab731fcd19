//! Pure decisions about a line of a request: which command is possible in which state, and what it does to the
//! listing's stock. The row is the state; nothing here reads or writes anything.

use chrono::{DateTime, NaiveDate, Utc};
use entity::approvals::Side;
use entity::requests::{LineReason, LineState, request_line::Model as Line};
use entity::transfers::{TransferState, transfer};
use uuid::Uuid;

use crate::fault::{Code, Rejection};

/// Most lines that one request may have: more is a file import.
pub const MOST_LINES: usize = 100;
/// Longest justification or comment, in characters.
pub const LONGEST_TEXT: usize = 2_000;

/// What is to happen to a line. `until` is when a hold lapses; none while the receiver's side is not to act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// It was submitted and has its pieces.
    Hold {
        /// When the hold lapses.
        until: Option<DateTime<Utc>>,
    },
    /// It was submitted and has to wait.
    Queue {
        /// Ticket in the listing's queue.
        place: i64,
        /// Why it waits.
        reason: LineReason,
    },
    /// It still waits, now for another reason.
    Wait {
        /// Why it waits.
        reason: LineReason,
    },
    /// It was ranked among other claims, and waits in that order.
    Rank {
        /// Ticket in the listing's queue.
        place: i64,
    },
    /// It waited and now has its pieces.
    Promote {
        /// When the hold lapses.
        until: Option<DateTime<Utc>>,
    },
    /// A plan of the office promises the pieces at once: they are reserved already.
    Promise,
    /// A step was approved; another is pending.
    Pass {
        /// Side whose turn it is now.
        to: Side,
        /// When a hold lapses that starts now.
        until: DateTime<Utc>,
    },
    /// An approver lowers the quantity.
    Cut {
        /// Pieces that are left; 0 ends the line.
        to: i64,
    },
    /// The last step was approved.
    Approve,
    /// An approver wants a correction.
    Return {
        /// When the hold lapses.
        until: DateTime<Utc>,
        /// What is to be corrected.
        comment: Option<String>,
    },
    /// An approver refuses.
    Reject {
        /// Whose approver.
        side: Side,
        /// Why.
        comment: Option<String>,
    },
    /// The asker has corrected it.
    Resubmit {
        /// Pieces that are still wanted.
        quantity: i64,
        /// What was corrected.
        comment: Option<String>,
        /// When the hold lapses.
        until: Option<DateTime<Utc>>,
    },
    /// The asker takes it back, or what is left of it.
    Cancel,
    /// Asker and giver have become one unit: what is not on its way needs no hand-over.
    Unite,
    /// The hold has lapsed.
    Expire,
    /// Frozen time is added to the hold.
    Extend {
        /// When the hold lapses now.
        until: DateTime<Utc>,
    },
    /// Too few pieces can still come.
    Outrank,
    /// The giver cannot or will not deliver.
    Fail {
        /// Why.
        reason: LineReason,
    },
    /// The giver cannot hand over what it promised.
    BreakPromise,
    /// Pieces are handed over.
    Release {
        /// How many.
        pieces: i64,
    },
    /// A hand-over ends; the three sum to its quantity.
    Receive {
        /// Accepted.
        received: i64,
        /// Not accepted.
        refused: i64,
        /// Lost on the way.
        lost: i64,
    },
    /// Every hand-over is booked on both sides, or needs no booking.
    Book,
    /// What is asked for was corrected: the asker is to say whether it still wants it.
    AskAgain {
        /// The correction.
        correction: Uuid,
        /// When the line ends unless the asker does.
        until: DateTime<Utc>,
    },
    /// The asker still wants it.
    Confirm,
    /// The asker does not want it as it is.
    Decline,
    /// The asker has not answered in time.
    Lapse,
    /// Frozen time is added to the time for the answer.
    ExtendConfirmation {
        /// When the line ends now.
        until: DateTime<Utc>,
    },
    /// A promise goes back to the approvers: more of them are to decide by what is known now.
    Reopen {
        /// When the hold lapses.
        until: Option<DateTime<Utc>>,
    },
}

/// A move of pieces between two counters of the listing's stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// held → available.
    Unhold(i64),
    /// held → reserved.
    Reserve(i64),
    /// reserved → available.
    Unreserve(i64),
    /// reserved → held: decided anew.
    Reopen(i64),
    /// reserved → withdrawn: not there to be promised again.
    Withdraw(i64),
    /// reserved → in transit.
    Release(i64),
    /// in transit → delivered.
    Deliver(i64),
    /// in transit → available.
    Refuse(i64),
    /// in transit → lost.
    Lose(i64),
}

/// What happened: the name under which audit and followers know it, and what it moves. The hold itself is taken
/// before [`Command::Hold`] and [`Command::Promote`], because only the stock can say whether there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Kind of the audit entry and of the event.
    pub kind: &'static str,
    /// Moves of the stock, in this order.
    pub moves: Vec<Move>,
}

impl Event {
    /// Whether pieces became available, so that the queue may move up.
    #[must_use]
    pub fn frees(&self) -> bool {
        self.moves.iter().any(|step| matches!(step, Move::Unhold(_) | Move::Unreserve(_) | Move::Refuse(_)))
    }
}

/// Whether the line holds pieces of its listing.
#[must_use]
pub fn holds(state: LineState) -> bool {
    matches!(state, LineState::Submitted | LineState::Returned)
}

/// Whether pieces of the line are still with the giver, so that a correction of them concerns its asker.
#[must_use]
pub fn counts_on(state: LineState) -> bool {
    use LineState::{Queued, Releasing, Reserved, Returned, Submitted};
    matches!(state, Queued | Submitted | Returned | Reserved | Releasing)
}

/// Whether nothing can happen to the line any more.
#[must_use]
pub fn is_final(state: LineState) -> bool {
    use LineState::{Cancelled, Closed, Cut, Expired, GiverFailed, Outranked, Refused, Rejected};
    matches!(state, Closed | Cut | Rejected | Cancelled | Expired | Outranked | GiverFailed | Refused)
}

/// Pieces on their way.
#[must_use]
pub fn in_transit(line: &Line) -> i64 {
    line.released - line.received - line.refused - line.lost
}

/// Whether the hand-over needs nothing more: booked, taken back, or with nothing to book.
#[must_use]
pub fn is_settled(transfer: &transfer::Model) -> bool {
    match transfer.state {
        TransferState::Closed | TransferState::Reversed | TransferState::Refused => true,
        TransferState::Short => transfer.received == 0,
        TransferState::InTransit | TransferState::Received => false,
    }
}

/// Applies a command to a line; the clock decides only whether a hold has lapsed.
///
/// # Errors
/// [`Code::WrongState`] where the state does not allow it, [`Code::OutOfRange`] where a number does not fit.
pub fn apply(line: &Line, command: Command, now: DateTime<Utc>) -> Result<(Line, Event), Rejection> {
    use LineState::{
        Cancelled, Closed, Cut, Draft, Expired, GiverFailed, InTransit, Outranked, Queued, Received,
        Rejected, Releasing, Reserved, Returned, Short, Submitted,
    };
    if command == Command::Unite {
        let (next, event) = apply(line, Command::Cancel, now)?;
        return Ok((Line { reason: Some(LineReason::UnitsMerged), ..next }, event));
    }
    let mut next = line.clone();
    let mut moves = Vec::new();
    let kind = match (line.state, command) {
        (Draft, Command::Hold { until }) => {
            next.held_at = Some(now);
            hold(&mut next, until, now);
            "requestLine.submitted"
        }
        (Draft, Command::Promise) => {
            next.held_at = Some(now);
            end(&mut next, Reserved, None);
            "requestLine.reserved"
        }
        (Draft, Command::Queue { place, reason }) => {
            next.state = Queued;
            next.queue_place = Some(place);
            next.reason = Some(reason);
            "requestLine.queued"
        }
        (Queued, Command::Wait { reason }) => {
            next.reason = Some(reason);
            "requestLine.waits"
        }
        (Queued, Command::Rank { place }) => {
            next.queue_place = Some(place);
            next.reason = Some(LineReason::RankedLower);
            "requestLine.ranked"
        }
        (Queued, Command::Promote { until }) => {
            next.held_at = Some(now);
            hold(&mut next, until, now);
            "requestLine.promoted"
        }
        (Submitted, Command::Pass { to, until }) => {
            if to == Side::Receiver {
                let until = line.hold_expires_at.unwrap_or(until);
                hold(&mut next, Some(until), line.hold_counted_to.unwrap_or(now));
            } else {
                hold(&mut next, None, now);
            }
            "requestLine.passed"
        }
        (Submitted, Command::Cut { to }) => {
            within(to, 0, line.quantity - 1)?;
            moves.push(Move::Unhold(line.quantity - to));
            next.quantity = to;
            if to == 0 {
                end(&mut next, Cut, Some(LineReason::CutByApprover));
            }
            "requestLine.cut"
        }
        (Submitted, Command::Approve) => {
            moves.push(Move::Reserve(line.quantity));
            end(&mut next, Reserved, None);
            "requestLine.reserved"
        }
        (Submitted, Command::Return { until, comment }) => {
            hold(&mut next, Some(until), now);
            next.state = Returned;
            next.reason = Some(LineReason::Corrected);
            next.comment = comment;
            "requestLine.returned"
        }
        (Submitted, Command::Reject { side, comment }) => {
            moves.push(Move::Unhold(line.quantity));
            // A giver who does not confirm has not judged the asker: it failed to deliver.
            let state = if side == Side::Giver { GiverFailed } else { Rejected };
            end(&mut next, state, Some(LineReason::Refused));
            next.comment = comment;
            if side == Side::Giver { "requestLine.giverFailed" } else { "requestLine.rejected" }
        }
        (Returned, Command::Resubmit { quantity, comment, until }) => {
            // More pieces would overtake those who wait: that is a new request.
            within(quantity, 1, line.quantity)?;
            if quantity < line.quantity {
                moves.push(Move::Unhold(line.quantity - quantity));
            }
            next.quantity = quantity;
            hold(&mut next, until, now);
            next.comment = comment;
            "requestLine.resubmitted"
        }
        (Queued, Command::Cancel) => {
            end(&mut next, Cancelled, Some(LineReason::CancelledByAsker));
            "requestLine.cancelled"
        }
        (Submitted | Returned, Command::Cancel) => {
            moves.push(Move::Unhold(line.quantity));
            end(&mut next, Cancelled, Some(LineReason::CancelledByAsker));
            "requestLine.cancelled"
        }
        (Reserved, Command::Cancel) => {
            moves.push(Move::Unreserve(line.quantity));
            end(&mut next, Cancelled, Some(LineReason::CancelledByAsker));
            "requestLine.cancelled"
        }
        (Releasing, Command::Cancel) => {
            // What was handed over goes its way; only the rest is given back.
            moves.push(Move::Unreserve(line.quantity - line.released));
            next.quantity = line.released;
            next.state = on_the_way(&next);
            "requestLine.restCancelled"
        }
        (Submitted | Returned, Command::Expire) => {
            if line.hold_expires_at.is_none_or(|until| until > now) {
                return Err(wrong(line.state));
            }
            moves.push(Move::Unhold(line.quantity));
            end(&mut next, Expired, Some(LineReason::HoldLapsed));
            "requestLine.expired"
        }
        (Submitted | Returned, Command::Extend { until }) if line.hold_expires_at.is_some() => {
            next.hold_expires_at = Some(until);
            next.hold_counted_to = Some(now);
            "requestLine.holdExtended"
        }
        (Queued, Command::Outrank) => {
            end(&mut next, Outranked, Some(LineReason::AlreadyDelivered));
            "requestLine.outranked"
        }
        (Queued, Command::Fail { reason }) => {
            end(&mut next, GiverFailed, Some(reason));
            "requestLine.giverFailed"
        }
        (Submitted | Returned, Command::Fail { reason }) => {
            moves.push(Move::Unhold(line.quantity));
            end(&mut next, GiverFailed, Some(reason));
            "requestLine.giverFailed"
        }
        (Reserved, Command::BreakPromise) => {
            moves.push(Move::Withdraw(line.quantity));
            end(&mut next, GiverFailed, Some(LineReason::Undeliverable));
            "requestLine.giverFailed"
        }
        (Releasing, Command::BreakPromise) => {
            moves.push(Move::Withdraw(line.quantity - line.released));
            next.quantity = line.released;
            next.reason = Some(LineReason::Undeliverable);
            next.state = on_the_way(&next);
            "requestLine.restFailed"
        }
        (Reserved | Releasing, Command::Release { .. }) if line.correction_id.is_some() => {
            return Err(Rejection::new(Code::ConfirmFirst).at("lineId"));
        }
        (Reserved | Releasing, Command::Release { pieces }) => {
            within(pieces, 1, line.quantity - line.released)?;
            moves.push(Move::Release(pieces));
            next.released += pieces;
            next.state = on_the_way(&next);
            "requestLine.released"
        }
        (Releasing | InTransit, Command::Receive { received, refused, lost }) => {
            let sum = received.checked_add(refused).and_then(|sum| sum.checked_add(lost)).unwrap_or(i64::MAX);
            if received < 0 || refused < 0 || lost < 0 {
                return Err(range(0, in_transit(line)));
            }
            within(sum, 1, in_transit(line))?;
            moves.extend((received > 0).then_some(Move::Deliver(received)));
            moves.extend((refused > 0).then_some(Move::Refuse(refused)));
            moves.extend((lost > 0).then_some(Move::Lose(lost)));
            next.received += received;
            next.refused += refused;
            next.lost += lost;
            next.state = on_the_way(&next);
            "requestLine.received"
        }
        (Received | Short, Command::Book) => {
            next.state = Closed;
            "requestLine.closed"
        }
        (state, Command::AskAgain { correction, until }) if counts_on(state) => {
            next.correction_id = Some(correction);
            next.confirm_until = Some(until);
            next.confirm_counted_to = Some(now);
            "requestLine.toConfirm"
        }
        (state, Command::Confirm) if counts_on(state) && line.correction_id.is_some() => {
            confirmed(&mut next);
            "requestLine.confirmed"
        }
        (state, Command::Decline) if counts_on(state) && line.correction_id.is_some() => {
            give_up(line, &mut next, &mut moves, Cancelled, LineReason::CorrectionDeclined);
            "requestLine.declined"
        }
        (state, Command::Lapse) if counts_on(state) => {
            if line.confirm_until.is_none_or(|until| until > now) {
                return Err(wrong(state));
            }
            give_up(line, &mut next, &mut moves, Expired, LineReason::CorrectionUnanswered);
            "requestLine.unconfirmed"
        }
        (state, Command::ExtendConfirmation { until })
            if counts_on(state) && line.correction_id.is_some() =>
        {
            next.confirm_until = Some(until);
            next.confirm_counted_to = Some(now);
            "requestLine.confirmationExtended"
        }
        (Reserved, Command::Reopen { until }) => {
            moves.push(Move::Reopen(line.quantity));
            hold(&mut next, until, now);
            "requestLine.reopened"
        }
        (state, _) => return Err(wrong(state)),
    };
    if !counts_on(next.state) {
        confirmed(&mut next);
    }
    Ok((next, Event { kind, moves }))
}

/// Nothing is to be confirmed any more.
fn confirmed(line: &mut Line) {
    line.correction_id = None;
    line.confirm_until = None;
    line.confirm_counted_to = None;
}

/// The asker gives up what was not handed over yet. What was goes its way.
fn give_up(line: &Line, next: &mut Line, moves: &mut Vec<Move>, state: LineState, reason: LineReason) {
    match line.state {
        LineState::Submitted | LineState::Returned => moves.push(Move::Unhold(line.quantity)),
        LineState::Reserved => moves.push(Move::Unreserve(line.quantity)),
        LineState::Releasing => {
            moves.push(Move::Unreserve(line.quantity - line.released));
            next.quantity = line.released;
            next.reason = Some(reason);
            next.state = on_the_way(next);
            return;
        }
        _ => {}
    }
    end(next, state, Some(reason));
}

/// A hold that lapses at `until`; frozen time before `counted_to` is in it already.
fn hold(line: &mut Line, until: Option<DateTime<Utc>>, counted_to: DateTime<Utc>) {
    line.state = LineState::Submitted;
    line.reason = None;
    line.queue_place = None;
    line.hold_expires_at = until;
    line.hold_counted_to = until.map(|_| counted_to);
}

fn end(line: &mut Line, state: LineState, reason: Option<LineReason>) {
    line.state = state;
    line.reason = reason;
    line.queue_place = None;
    line.hold_expires_at = None;
    line.hold_counted_to = None;
}

/// The state that the counts of an approved line give.
fn on_the_way(line: &Line) -> LineState {
    if line.released < line.quantity {
        LineState::Releasing
    } else if in_transit(line) > 0 {
        LineState::InTransit
    } else if line.received == line.quantity {
        LineState::Received
    } else if line.received == 0 && line.lost == 0 {
        LineState::Refused
    } else {
        LineState::Short
    }
}

fn within(number: i64, least: i64, most: i64) -> Result<(), Rejection> {
    if (least..=most).contains(&number) { Ok(()) } else { Err(range(least, most)) }
}

fn range(least: i64, most: i64) -> Rejection {
    Rejection::new(Code::OutOfRange).at("quantity").with("least", least).with("most", most)
}

fn wrong(state: LineState) -> Rejection {
    Rejection::new(Code::WrongState).with("state", state)
}

/// Time within `from..to` that some freeze covers; freezes may overlap, and one without an end still stands.
#[must_use]
pub fn frozen_time(
    freezes: &[(DateTime<Utc>, Option<DateTime<Utc>>)],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> chrono::TimeDelta {
    let mut spans: Vec<_> =
        freezes.iter().map(|(start, end)| ((*start).max(from), end.unwrap_or(to).min(to))).collect();
    spans.sort_unstable();
    let mut covered_to = from;
    let mut sum = chrono::TimeDelta::zero();
    for (start, end) in spans {
        let start = start.max(covered_to);
        if end > start {
            sum += end - start;
            covered_to = end;
        }
    }
    sum
}

/// Facts about one line of a request that is to be submitted.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Pieces asked for.
    pub quantity: i64,
    /// Pieces that can still be had, now or when others give them up.
    pub obtainable: i64,
    /// The listing is open for requests of this unit.
    pub open: bool,
    /// It is offered for loan only.
    pub for_loan: bool,
    /// The asking unit holds the asset itself.
    pub own: bool,
    /// An earlier line of the same request asks for the same listing.
    pub repeated: bool,
    /// The unit has claimed it already while its window is open: more claims would be more lots in the draw.
    pub claimed: bool,
}

/// Checks a whole request at submission: every fault at once, each with its field.
#[must_use]
pub fn faults(
    unit_active: bool,
    justification: &str,
    needed_by: Option<NaiveDate>,
    today: NaiveDate,
    lines: &[Asked],
) -> Vec<Rejection> {
    let mut faults = Vec::new();
    if !unit_active {
        faults.push(Rejection::new(Code::UnitNotActive).at("unitId"));
    }
    if justification.trim().is_empty() {
        faults.push(Rejection::new(Code::Required).at("justification"));
    }
    if needed_by.is_some_and(|day| day < today) {
        faults.push(Rejection::new(Code::InThePast).at("neededBy").with("today", today));
    }
    if lines.is_empty() {
        faults.push(Rejection::new(Code::Required).at("lines"));
    }
    for (position, line) in lines.iter().enumerate() {
        if line.own {
            faults.push(Rejection::new(Code::OwnHolding).at(format!("lines.{position}.listingId")));
        } else if line.for_loan {
            faults.push(Rejection::new(Code::ForLoanOnly).at(format!("lines.{position}.listingId")));
        } else if !line.open {
            faults.push(Rejection::new(Code::NotOpen).at(format!("lines.{position}.listingId")));
        } else if line.repeated || line.claimed {
            faults.push(Rejection::new(Code::Duplicate).at(format!("lines.{position}.listingId")));
        }
        let field = format!("lines.{position}.quantity");
        if line.quantity < 1 {
            let most = line.obtainable.max(1);
            faults.push(Rejection::new(Code::OutOfRange).at(field).with("least", 1).with("most", most));
        } else if line.open && line.quantity > line.obtainable {
            faults.push(
                Rejection::new(Code::NotEnough)
                    .at(field)
                    .with("asked", line.quantity)
                    .with("available", line.obtainable),
            );
        }
    }
    faults
}
