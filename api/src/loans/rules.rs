//! Pure decisions about loans: which pieces are free on which days, and what a command makes of a loan. Days are civil, and
//! a range holds both its ends.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::Money;
use entity::approvals::Side;
use entity::loans::{LoanReason, LoanState, loan::Model as Loan};
use entity::requests::{LineState, request_line};
use uuid::Uuid;

use crate::assets::rules::MOST_VALUE;
use crate::checks;
use crate::fault::{Code, Rejection};

/// Longest justification, note or comment, in characters.
pub const LONGEST_TEXT: usize = 2_000;
/// Most days of a calendar.
pub const LONGEST_CALENDAR: i64 = 366;

/// Pieces that are taken on some days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Booking {
    /// How many.
    pub pieces: i64,
    /// First day.
    pub from: NaiveDate,
    /// Last day; none where nobody knows when they come back.
    pub to: Option<NaiveDate>,
}

impl Booking {
    fn takes(&self, day: NaiveDate) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }
}

/// The first day on which too few pieces are free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short {
    /// The day.
    pub day: NaiveDate,
    /// Pieces that are free then.
    pub free: i64,
}

impl Short {
    /// As it is told, at a field.
    #[must_use]
    pub fn at(self, field: &str) -> Rejection {
        Rejection::new(Code::LoanTaken).at(field).with("day", self.day).with("free", self.free)
    }
}

/// Whether pieces are booked by the loan.
#[must_use]
pub fn is_open(state: LoanState) -> bool {
    use LoanState::{Approved, HandedOver, OnLoan, Requested, Returned};
    matches!(state, Requested | Approved | HandedOver | OnLoan | Returned)
}

/// Whether its pieces left the giver and are not all free again.
#[must_use]
pub fn is_out(state: LoanState) -> bool {
    matches!(state, LoanState::HandedOver | LoanState::OnLoan | LoanState::Returned)
}

/// Whether pieces are with the borrower beyond the last agreed day.
#[must_use]
pub fn is_overdue(loan: &Loan, today: NaiveDate) -> bool {
    matches!(loan.state, LoanState::HandedOver | LoanState::OnLoan) && loan.lent > 0 && loan.day_to < today
}

/// What a loan was promised: its days, with those of an extension that is with the approvers.
#[must_use]
pub fn agreed(loan: &Loan) -> Option<Booking> {
    let pieces = loan.lent + loan.returned;
    let to = Some(loan.asked_to.map_or(loan.day_to, |asked| asked.max(loan.day_to)));
    (is_open(loan.state) && pieces > 0).then_some(Booking { pieces, from: loan.day_from, to })
}

/// What a loan takes from others: what it was promised, and where its pieces are not back by then, every day to come.
/// Nobody is promised what nobody knows to come back.
#[must_use]
pub fn taken(loan: &Loan, today: NaiveDate) -> Option<Booking> {
    let booking = agreed(loan)?;
    let late = is_out(loan.state) && booking.to.is_some_and(|to| to < today);
    Some(Booking { to: booking.to.filter(|_| !late), ..booking })
}

/// Most pieces that are taken on any day from `from` to `to` (none: for all time).
#[must_use]
pub fn peak(bookings: &[Booking], from: NaiveDate, to: Option<NaiveDate>) -> i64 {
    steps(bookings, from, to).map(|day| on(bookings, day)).max().unwrap_or_default()
}

/// The first day from `from` to `to` on which fewer than `pieces` of `pool` are free; none where there is no such day.
#[must_use]
pub fn short(
    pool: i64,
    bookings: &[Booking],
    pieces: i64,
    from: NaiveDate,
    to: Option<NaiveDate>,
) -> Option<Short> {
    let free = |day: NaiveDate| pool - on(bookings, day);
    let day = steps(bookings, from, to).filter(|day| free(*day) < pieces).min()?;
    Some(Short { day, free: free(day).max(0) })
}

/// Pieces taken on a day.
#[must_use]
pub fn on(bookings: &[Booking], day: NaiveDate) -> i64 {
    bookings.iter().filter(|booking| booking.takes(day)).map(|booking| booking.pieces).sum()
}

/// The days on which more may be taken than on the day before: the first, and those on which a booking begins.
fn steps(bookings: &[Booking], from: NaiveDate, to: Option<NaiveDate>) -> impl Iterator<Item = NaiveDate> {
    let begins = bookings.iter().map(|booking| booking.from);
    std::iter::once(from).chain(begins.filter(move |day| *day > from && to.is_none_or(|to| *day <= to)))
}

/// What an offer keeps for loans from today on: all that was promised and all that is out. Loans that are only asked for
/// are not among them.
#[must_use]
pub fn promised(loans: &[Loan], today: NaiveDate) -> i64 {
    let firm = loans.iter().filter(|loan| loan.state != LoanState::Requested);
    let bookings: Vec<Booking> = firm.filter_map(|loan| taken(loan, today)).collect();
    peak(&bookings, today, None)
}

/// The loan that has to go where an offer has fewer pieces than it promised: of those over the fullest day that were not
/// handed over, the last that was only asked for, or else the last that was approved. None where all fit.
#[must_use]
pub fn to_give_up(pool: i64, loans: &[Loan], today: NaiveDate) -> Option<&Loan> {
    let bookings: Vec<Booking> = loans.iter().filter_map(agreed).collect();
    let over = short(pool, &bookings, 0, today, None)?;
    loans
        .iter()
        .filter(|loan| matches!(loan.state, LoanState::Requested | LoanState::Approved))
        .filter(|loan| agreed(loan).is_some_and(|booking| booking.takes(over.day)))
        .max_by_key(|loan| (loan.state == LoanState::Requested, loan.created_at, &loan.number, loan.id))
}

/// Facts about a loan that is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Pieces.
    pub quantity: i64,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Why.
    pub justification: &'a str,
    /// The civil day.
    pub today: NaiveDate,
    /// The unit may borrow.
    pub unit_active: bool,
    /// The offer is open for loans of this unit.
    pub open: bool,
    /// The unit holds the thing itself.
    pub own: bool,
    /// A freeze covers it.
    pub frozen: bool,
    /// Pieces in the offer.
    pub pool: i64,
    /// What others have of them.
    pub bookings: &'a [Booking],
    /// Most days of a loan.
    pub longest: i64,
    /// Most days before a loan begins.
    pub ahead: i64,
}

/// Everything that keeps a loan from being asked for, each with its field.
#[must_use]
pub fn faults(asked: &Asked<'_>) -> Vec<Rejection> {
    let mut faults = Vec::new();
    if !asked.unit_active {
        faults.push(Rejection::new(Code::UnitNotActive).at("unitId"));
    }
    if asked.own {
        faults.push(Rejection::new(Code::OwnHolding).at("listingId"));
    } else if !asked.open {
        faults.push(Rejection::new(Code::NotOpen).at("listingId"));
    } else if asked.frozen {
        faults.push(Rejection::new(Code::Frozen).at("listingId"));
    }
    if checks::text(&mut faults, "justification", asked.justification, LONGEST_TEXT).is_empty() {
        faults.push(Rejection::new(Code::Required).at("justification"));
    }
    let days_fit = days(&mut faults, asked);
    if asked.quantity < 1 {
        let fault = Rejection::new(Code::OutOfRange).at("quantity").with("least", 1);
        faults.push(fault.with("most", asked.pool.max(1)));
    } else if asked.open && !asked.own && asked.quantity > asked.pool {
        let fault = Rejection::new(Code::NotEnough).at("quantity").with("asked", asked.quantity);
        faults.push(fault.with("available", asked.pool));
    } else if asked.open && !asked.own && days_fit {
        let short = short(asked.pool, asked.bookings, asked.quantity, asked.from, Some(asked.to));
        faults.extend(short.map(|short| short.at("quantity")));
    }
    faults
}

/// Whether the days of a loan are ones that can be asked for.
fn days(faults: &mut Vec<Rejection>, asked: &Asked<'_>) -> bool {
    let before = faults.len();
    if asked.from < asked.today {
        faults.push(Rejection::new(Code::InThePast).at("from").with("today", asked.today));
    } else if (asked.from - asked.today).num_days() > asked.ahead {
        let last = asked.today + TimeDelta::try_days(asked.ahead).unwrap_or_default();
        faults.push(Rejection::new(Code::TooFarAhead).at("from").with("day", last));
    }
    if asked.to < asked.from {
        faults.push(not_before_from());
    } else {
        faults.extend(too_long(asked.from, asked.to, asked.longest).map(|fault| fault.at("to")));
    }
    faults.len() == before
}

fn not_before_from() -> Rejection {
    let expected = "归还日期不得早于借用日期 / the last day is not before the first";
    Rejection::new(Code::Malformed).at("to").with("expected", expected)
}

/// What is wrong with the length of a loan, if anything.
#[must_use]
pub fn too_long(from: NaiveDate, to: NaiveDate, longest: i64) -> Option<Rejection> {
    ((to - from).num_days() >= longest).then(|| Rejection::new(Code::LoanTooLong).with("most", longest))
}

/// What is found when pieces come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// In order.
    pub good: i64,
    /// Damaged.
    pub damaged: i64,
    /// Not there.
    pub lost: i64,
    /// What is wrong.
    pub note: Option<&'a str>,
    /// What it costs.
    pub cost: Option<Money>,
}

/// Everything that is wrong with an inspection, each with its field; the note as it is kept.
#[must_use]
pub fn found_faults(loan: &Loan, found: &Found<'_>) -> (Vec<Rejection>, Option<String>) {
    let mut faults = Vec::new();
    for (field, pieces) in [("good", found.good), ("damaged", found.damaged), ("lost", found.lost)] {
        checks::range(&mut faults, field, pieces, 0, loan.returned);
    }
    let sum = i128::from(found.good) + i128::from(found.damaged) + i128::from(found.lost);
    if faults.is_empty() && !(1..=i128::from(loan.returned)).contains(&sum) {
        let fault = Rejection::new(Code::OutOfRange).at("good").with("least", 1);
        faults.push(fault.with("most", loan.returned));
    }
    let note = checks::optional_text(&mut faults, "note", found.note, LONGEST_TEXT);
    if note.is_none() && (found.damaged > 0 || found.lost > 0) {
        // The borrower learns what is held against it.
        faults.push(Rejection::new(Code::Required).at("note"));
    }
    if let Some(cost) = found.cost {
        checks::range(&mut faults, "cost", cost.0, 0, MOST_VALUE);
        if found.damaged == 0 && found.lost == 0 {
            let expected = "仅在有损坏或丢失时填写 / only where something is damaged or lost";
            faults.push(Rejection::new(Code::Malformed).at("cost").with("expected", expected));
        }
    }
    (faults, note)
}

/// What is to happen to a loan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A step was approved; another is pending.
    Pass {
        /// When it lapses: only while the borrower's side is to act.
        until: Option<DateTime<Utc>>,
    },
    /// The last step was approved.
    Approve,
    /// An approver did not agree.
    Refuse {
        /// Whose approver.
        side: Side,
        /// It may be asked for anew, corrected.
        corrected: bool,
        /// Why.
        comment: Option<String>,
    },
    /// The borrower takes it back.
    Cancel {
        /// Why.
        comment: Option<String>,
    },
    /// Borrower and giver have become one unit: what is not out needs no loan.
    Unite,
    /// Its hold has lapsed.
    Lapse,
    /// Its last day went by before it was handed over.
    Miss,
    /// The giver does not lend.
    Fail {
        /// Why.
        reason: LoanReason,
        /// In words.
        comment: Option<String>,
    },
    /// The pieces are handed over.
    HandOver {
        /// Condition, as far as anything is to be said of it.
        note: Option<String>,
    },
    /// The borrower confirms what came. The rest goes back, to be inspected.
    Receive {
        /// Pieces that came in order.
        received: i64,
        /// What is to be said of it.
        note: Option<String>,
    },
    /// The borrower asks for more days.
    AskLonger {
        /// Last day.
        to: NaiveDate,
        /// The last day that the rule book allows.
        latest: NaiveDate,
        /// Why.
        comment: Option<String>,
    },
    /// More days are granted.
    Extend,
    /// No more days are granted.
    KeepDays {
        /// Why.
        comment: Option<String>,
    },
    /// Pieces come back.
    GiveBack {
        /// How many.
        pieces: i64,
        /// On which civil day.
        on: NaiveDate,
        /// What is to be said of them.
        comment: Option<String>,
    },
    /// What came back was looked at.
    Inspect {
        /// In order.
        good: i64,
        /// Damaged.
        damaged: i64,
        /// Not there.
        lost: i64,
        /// What that costs.
        cost: Money,
    },
    /// The borrower asked to keep pieces.
    Convert {
        /// How many.
        pieces: i64,
    },
    /// Pieces will not be the borrower's after all.
    StayLent {
        /// How many.
        pieces: i64,
    },
    /// Pieces left the loan by a transfer.
    Leave {
        /// How many.
        pieces: i64,
    },
}

/// When a command is given, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// When.
    pub now: DateTime<Utc>,
    /// Civil day of it.
    pub today: NaiveDate,
    /// The account; none for the service itself.
    pub by: Option<Uuid>,
}

/// Applies a command; answers the loan and the name under which audit and followers know what happened.
///
/// # Errors
/// [`Code::WrongState`]; [`Code::OutOfRange`], [`Code::LoanDayWrong`] and others where a number or a day does not fit.
pub fn apply(loan: &Loan, command: Command, moment: &Moment) -> Result<(Loan, &'static str), Rejection> {
    use LoanState::{Approved, Cancelled, Expired, GiverFailed, HandedOver, OnLoan, Rejected, Requested};
    let mut next = loan.clone();
    let kind = match (loan.state, command) {
        (Requested, Command::Pass { until }) => {
            next.hold_expires_at = until;
            "loan.passed"
        }
        (Requested, Command::Approve) => {
            next.state = Approved;
            next.hold_expires_at = None;
            "loan.approved"
        }
        (Requested, Command::Refuse { side, corrected, comment }) => {
            // A giver who does not agree has not judged the borrower: it does not lend.
            let state = if side == Side::Giver && !corrected { GiverFailed } else { Rejected };
            let reason = if corrected { LoanReason::Corrected } else { LoanReason::Refused };
            end(&mut next, state, reason, comment);
            "loan.rejected"
        }
        (Requested | Approved, Command::Cancel { comment }) => {
            end(&mut next, Cancelled, LoanReason::CancelledByBorrower, comment);
            "loan.cancelled"
        }
        (Requested | Approved, Command::Unite) => {
            end(&mut next, Cancelled, LoanReason::UnitsMerged, None);
            "loan.cancelled"
        }
        (Requested, Command::Lapse) if loan.hold_expires_at.is_some_and(|until| until <= moment.now) => {
            end(&mut next, Expired, LoanReason::HoldLapsed, None);
            "loan.expired"
        }
        (Requested | Approved, Command::Miss) if loan.day_to < moment.today => {
            end(&mut next, Expired, LoanReason::NotCollected, None);
            "loan.expired"
        }
        (Requested | Approved, Command::Fail { reason, comment }) => {
            end(&mut next, GiverFailed, reason, comment);
            "loan.giverFailed"
        }
        (Approved, Command::HandOver { note }) => {
            if !(loan.day_from..=loan.day_to).contains(&moment.today) {
                let fault = Rejection::new(Code::LoanDayWrong).with("from", loan.day_from);
                return Err(fault.with("to", loan.day_to));
            }
            next.state = HandedOver;
            (next.handed_over_by, next.handed_over_at) = (moment.by, Some(moment.now));
            next.handed_over_note = note;
            "loan.handedOver"
        }
        (HandedOver, Command::Receive { received, note }) => {
            within("received", received, 0, loan.lent)?;
            next.lent = received;
            next.returned = loan.lent - received;
            (next.received_by, next.received_at) = (moment.by, Some(moment.now));
            next.received_note = note;
            next.changed_on = Some(moment.today);
            if received > 0 {
                next.received_on = Some(moment.today);
                next.accrued_to = moment.today.pred_opt();
            }
            settle(&mut next, moment.today);
            "loan.received"
        }
        (OnLoan, Command::AskLonger { to, latest, comment }) => {
            if loan.lent == 0 || loan.asked_to.is_some() {
                let state = if loan.lent == 0 { "CONVERTING" } else { "EXTENSION_ASKED" };
                return Err(Rejection::new(Code::WrongState).with("state", state));
            }
            let earliest = loan.day_to.succ_opt().unwrap_or(loan.day_to).max(moment.today);
            if !(earliest..=latest).contains(&to) {
                let fault = Rejection::new(Code::LoanDayWrong).at("to");
                return Err(fault.with("from", earliest).with("to", latest));
            }
            next.asked_to = Some(to);
            next.comment = comment;
            "loan.extensionAsked"
        }
        (OnLoan, Command::Extend) if loan.asked_to.is_some() => {
            next.day_to = loan.asked_to.unwrap_or(loan.day_to);
            next.asked_to = None;
            "loan.extended"
        }
        (OnLoan, Command::KeepDays { comment }) if loan.asked_to.is_some() => {
            next.asked_to = None;
            next.comment = comment;
            "loan.extensionRefused"
        }
        (OnLoan, Command::GiveBack { pieces, on, comment }) => {
            within("quantity", pieces, 1, loan.lent)?;
            let earliest = loan.changed_on.unwrap_or(on);
            if !(earliest..=moment.today).contains(&on) {
                let fault = Rejection::new(Code::LoanDayWrong).at("on").with("from", earliest);
                return Err(fault.with("to", moment.today));
            }
            next.lent -= pieces;
            next.returned += pieces;
            next.changed_on = Some(on);
            next.comment = comment.or_else(|| loan.comment.clone());
            settle(&mut next, on);
            "loan.returned"
        }
        (OnLoan | LoanState::Returned, Command::Inspect { good, damaged, lost, cost }) => {
            let sum = good.checked_add(damaged).and_then(|sum| sum.checked_add(lost));
            if good < 0 || damaged < 0 || lost < 0 {
                return Err(range("good", 0, loan.returned));
            }
            within("good", sum.unwrap_or(i64::MAX), 1, loan.returned)?;
            next.returned -= good + damaged + lost;
            next.good += good;
            next.damaged += damaged;
            next.lost += lost;
            next.damage_cost = Money(loan.damage_cost.0.saturating_add(cost.0));
            settle(&mut next, moment.today);
            "loan.inspected"
        }
        (OnLoan, Command::Convert { pieces }) => {
            within("quantity", pieces, 1, loan.lent)?;
            next.lent -= pieces;
            next.converting += pieces;
            if next.lent == 0 {
                next.asked_to = None;
            }
            "loan.converting"
        }
        (OnLoan, Command::StayLent { pieces }) => {
            within("quantity", pieces, 1, loan.converting)?;
            next.converting -= pieces;
            next.lent += pieces;
            "loan.stayedLent"
        }
        (OnLoan, Command::Leave { pieces }) => {
            within("quantity", pieces, 1, loan.converting)?;
            next.converting -= pieces;
            next.converted += pieces;
            next.changed_on = Some(moment.today);
            settle(&mut next, moment.today);
            "loan.converted"
        }
        (state, _) => return Err(Rejection::new(Code::WrongState).with("state", state)),
    };
    Ok((next, kind))
}

fn end(loan: &mut Loan, state: LoanState, reason: LoanReason, comment: Option<String>) {
    loan.state = state;
    loan.reason = Some(reason);
    loan.comment = comment.or_else(|| loan.comment.take());
    loan.hold_expires_at = None;
}

/// The state that the counters of a loan give once it was received; `on` is the day on which they changed.
fn settle(loan: &mut Loan, on: NaiveDate) {
    loan.state = if loan.lent + loan.converting > 0 {
        LoanState::OnLoan
    } else if loan.returned > 0 {
        LoanState::Returned
    } else if loan.lost > 0 {
        LoanState::Lost
    } else if loan.damaged > 0 {
        LoanState::Damaged
    } else if loan.converted > 0 {
        LoanState::Converted
    } else {
        LoanState::Inspected
    };
    if loan.lent == 0 {
        loan.asked_to = None;
    }
    if loan.state != LoanState::OnLoan && loan.returned_on.is_none() {
        loan.returned_on = Some(on);
    }
}

fn within(field: &str, number: i64, least: i64, most: i64) -> Result<(), Rejection> {
    if (least..=most).contains(&number) { Ok(()) } else { Err(range(field, least, most)) }
}

fn range(field: &str, least: i64, most: i64) -> Rejection {
    Rejection::new(Code::OutOfRange).at(field).with("least", least).with("most", most)
}

/// Whether the counters of a loan fit its state and its days.
#[must_use]
pub fn fits(loan: &Loan) -> bool {
    use LoanState::{Approved, Cancelled, Expired, GiverFailed, HandedOver, Rejected, Requested};
    let counters =
        [loan.lent, loan.returned, loan.good, loan.damaged, loan.lost, loan.converting, loan.converted];
    if counters.iter().any(|count| *count < 0) || counters.iter().sum::<i64>() != loan.quantity {
        return false;
    }
    let untouched = loan.lent == loan.quantity && loan.received_on.is_none() && loan.accrued_to.is_none();
    match loan.state {
        Requested | Approved | Rejected | Cancelled | Expired | GiverFailed => {
            untouched && loan.handed_over_at.is_none()
        }
        HandedOver => untouched && loan.handed_over_at.is_some(),
        state => {
            let mut settled = loan.clone();
            settle(&mut settled, loan.day_to);
            settled.state == state && settled.asked_to == loan.asked_to
        }
    }
}

/// Pieces of a line that may still become the borrower's.
#[must_use]
pub fn pending(line: &request_line::Model) -> i64 {
    use LineState::{InTransit, Releasing, Reserved, Returned, Submitted};
    match line.state {
        Submitted | Returned | Reserved | Releasing | InTransit => {
            line.quantity - line.received - line.refused - line.lost
        }
        _ => 0,
    }
}

/// Days of use that are to be entered, with the pieces that were used: up to `up_to`, never beyond the last agreed day, for
/// what is kept longer spares nothing that was agreed. None where all is entered.
#[must_use]
pub fn to_accrue(loan: &Loan, up_to: NaiveDate) -> Option<(i64, NaiveDate, NaiveDate)> {
    let pieces = loan.lent + loan.converting;
    let from = loan.accrued_to?.succ_opt()?;
    let to = up_to.min(loan.day_to);
    (loan.state == LoanState::OnLoan && pieces > 0 && from <= to).then_some((pieces, from, to))
}

/// The last day of the month before.
#[must_use]
pub fn month_before(today: NaiveDate) -> NaiveDate {
    use chrono::Datelike;
    today.with_day(1).and_then(|first| first.pred_opt()).unwrap_or(today)
}
