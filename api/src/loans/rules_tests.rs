use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::Money;
use entity::approvals::Side;
use entity::listings::Custody;
use entity::loans::{LoanReason, LoanState, loan::Model as Loan};
use proptest::prelude::*;
use uuid::Uuid;

use super::rules::{self, Asked, Booking, Command, Moment, Short};
use crate::fault::Code;

fn day(n: i64) -> NaiveDate {
    "2026-05-01".parse::<NaiveDate>().unwrap() + TimeDelta::days(n)
}

fn now() -> DateTime<Utc> {
    crate::testing::start()
}

fn moment(today: i64) -> Moment {
    Moment { now: now(), today: day(today), by: Some(Uuid::from_u128(9)) }
}

fn loan(id: u128, pieces: i64, from: i64, to: i64) -> Loan {
    Loan {
        id: Uuid::from_u128(id),
        number: String::new(),
        listing_id: Uuid::nil(),
        unit_id: Uuid::nil(),
        giver_id: Uuid::nil(),
        warehouse_id: None,
        custody: Custody::Virtual,
        quantity: pieces,
        day_from: day(from),
        day_to: day(to),
        first_day_to: day(to),
        asked_to: None,
        justification: String::new(),
        state: LoanState::Requested,
        reason: None,
        comment: None,
        lent: pieces,
        returned: 0,
        good: 0,
        damaged: 0,
        lost: 0,
        converting: 0,
        converted: 0,
        damage_cost: Money::ZERO,
        hold_expires_at: None,
        created_by: Uuid::nil(),
        created_at: now(),
        handed_over_by: None,
        handed_over_at: None,
        handed_over_note: None,
        received_by: None,
        received_at: None,
        received_note: None,
        received_on: None,
        changed_on: None,
        returned_on: None,
        accrued_to: None,
        overdue_told_on: None,
        updated_at: now(),
        version: 1,
    }
}

#[test]
fn a_range_holds_both_its_ends() {
    let bookings = [Booking { pieces: 3, from: day(2), to: Some(day(6)) }];
    let short = |pieces, from, to| rules::short(4, &bookings, pieces, day(from), Some(day(to)));
    assert_eq!(short(2, 0, 1), None);
    assert_eq!(short(2, 7, 9), None);
    assert_eq!(short(2, 0, 2), Some(Short { day: day(2), free: 1 }));
    assert_eq!(short(2, 6, 9), Some(Short { day: day(6), free: 1 }));
    assert_eq!(short(1, 0, 9), None);
    // For all time to come.
    assert_eq!(rules::short(4, &bookings, 2, day(3), None), Some(Short { day: day(3), free: 1 }));
    assert_eq!(rules::peak(&bookings, day(7), None), 0);
}

#[test]
fn what_is_late_is_promised_to_nobody_and_takes_nothing_that_was_promised() {
    let on = |loan: &Loan, command, today| rules::apply(loan, command, &moment(today)).unwrap().0;
    let approved = on(&loan(1, 1, 0, 3), Command::Approve, 0);
    // What nobody collects is no obstacle.
    assert_eq!(rules::taken(&approved, day(9)).unwrap().to, Some(day(3)));
    let out = on(&approved, Command::HandOver { note: None }, 0);
    let out = on(&out, Command::Receive { received: 1, note: None }, 0);
    assert!(!rules::is_overdue(&out, day(3)) && rules::is_overdue(&out, day(4)));
    assert_eq!(rules::taken(&out, day(3)).unwrap().to, Some(day(3)));
    assert_eq!(rules::taken(&out, day(4)).unwrap().to, None);
    assert_eq!(rules::agreed(&out).unwrap().to, Some(day(3)));
    // An extension that is with the approvers takes its days.
    let asked = on(&out, Command::AskLonger { to: day(7), latest: day(30), comment: None }, 4);
    assert_eq!(rules::taken(&asked, day(4)).unwrap().to, Some(day(7)));
    let kept = on(&asked, Command::KeepDays { comment: None }, 4);
    assert_eq!((kept.asked_to, kept.day_to), (None, day(3)));
    let longer = on(&asked, Command::Extend, 4);
    assert_eq!((longer.asked_to, longer.day_to, longer.first_day_to), (None, day(7), day(3)));
}

#[test]
fn the_state_follows_from_where_the_pieces_are() {
    let on = |loan: &Loan, command| rules::apply(loan, command, &moment(1)).unwrap().0;
    let out = on(&loan(1, 5, 0, 3), Command::Approve);
    let out = on(&out, Command::HandOver { note: None });
    let out = on(&out, Command::Receive { received: 4, note: None });
    assert_eq!((out.state, out.lent, out.returned), (LoanState::OnLoan, 4, 1));
    let back = |loan: &Loan, pieces| on(loan, Command::GiveBack { pieces, on: day(1), comment: None });
    let found =
        |loan: &Loan, good, damaged, lost| on(loan, Command::Inspect { good, damaged, lost, cost: Money(7) });
    let some = back(&out, 1);
    assert_eq!((some.state, some.returned), (LoanState::OnLoan, 2));
    let all = back(&some, 3);
    assert_eq!((all.state, all.returned, all.returned_on), (LoanState::Returned, 5, Some(day(1))));
    assert_eq!(found(&all, 5, 0, 0).state, LoanState::Inspected);
    assert_eq!(found(&all, 4, 1, 0).state, LoanState::Damaged);
    assert_eq!(found(&all, 3, 1, 1).state, LoanState::Lost);
    let part = found(&all, 2, 1, 0);
    assert_eq!((part.state, part.returned, part.damage_cost), (LoanState::Returned, 2, Money(7)));
    let kept = on(&some, Command::Convert { pieces: 3 });
    assert_eq!((kept.state, kept.lent, kept.converting), (LoanState::OnLoan, 0, 3));
    let kept = on(&kept, Command::Leave { pieces: 2 });
    let kept = on(&kept, Command::StayLent { pieces: 1 });
    assert_eq!((kept.lent, kept.converting, kept.converted), (1, 0, 2));
    let kept = found(&back(&kept, 1), 3, 0, 0);
    assert_eq!(kept.state, LoanState::Converted);
    assert!(rules::fits(&kept));
}

#[test]
fn use_is_entered_once_and_not_beyond_what_was_agreed() {
    let mut out = loan(1, 4, 0, 40);
    (out.state, out.received_on, out.accrued_to) = (LoanState::OnLoan, Some(day(2)), Some(day(1)));
    assert_eq!(rules::to_accrue(&out, day(30)), Some((4, day(2), day(30))));
    out.accrued_to = Some(day(30));
    assert_eq!(rules::to_accrue(&out, day(30)), None);
    (out.lent, out.converting) = (3, 1);
    assert_eq!(rules::to_accrue(&out, day(60)), Some((4, day(31), day(40))));
    assert_eq!(rules::month_before(day(0)), day(-1));
    assert_eq!(rules::month_before(day(30)), day(-1));
    assert_eq!(rules::month_before(day(31)), day(30));
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let good = Asked {
        quantity: 1,
        from: day(1),
        to: day(5),
        justification: "会议",
        today: day(0),
        unit_active: true,
        open: true,
        own: false,
        frozen: false,
        pool: 2,
        bookings: &[],
        longest: 30,
        ahead: 60,
    };
    let codes = |asked: &Asked<'_>| {
        rules::faults(asked).into_iter().map(|it| (it.code, it.field.concat())).collect::<Vec<_>>()
    };
    assert_eq!(codes(&good), []);
    assert_eq!(codes(&Asked { to: day(30), ..good }), []);
    let wrong = Asked {
        quantity: 0,
        from: day(-1),
        to: day(-2),
        justification: " ",
        unit_active: false,
        frozen: true,
        ..good
    };
    let told = [
        (Code::UnitNotActive, "unitId"),
        (Code::Frozen, "listingId"),
        (Code::Required, "justification"),
        (Code::InThePast, "from"),
        (Code::Malformed, "to"),
        (Code::OutOfRange, "quantity"),
    ]
    .map(|(code, field)| (code, field.to_owned()));
    assert_eq!(codes(&wrong), told);
    assert_eq!(codes(&Asked { to: day(31), ..good }), [(Code::LoanTooLong, "to".into())]);
    assert_eq!(codes(&Asked { from: day(61), to: day(61), ..good }), [(Code::TooFarAhead, "from".into())]);
    assert_eq!(codes(&Asked { quantity: 3, ..good }), [(Code::NotEnough, "quantity".into())]);
    let bookings = [Booking { pieces: 2, from: day(5), to: Some(day(6)) }];
    assert_eq!(codes(&Asked { bookings: &bookings, ..good }), [(Code::LoanTaken, "quantity".into())]);
    assert_eq!(
        codes(&Asked { own: true, bookings: &bookings, ..good }),
        [(Code::OwnHolding, "listingId".into())]
    );
}

#[derive(Clone, Debug)]
enum Op {
    Ask { pieces: i64, wait: i64, days: i64 },
    Approve(usize),
    Refuse(usize),
    Cancel(usize),
    Fail(usize),
    HandOver(usize),
    Receive(usize, i64),
    AskLonger(usize, i64),
    Extend(usize),
    KeepDays(usize),
    GiveBack(usize, i64),
    Inspect(usize, i64, i64),
    Keep(usize, i64),
    Withdraw(i64),
    Midnight,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let which = || 0..12usize;
    let op = prop_oneof![
        6 => (1..4i64, 0..12i64, 0..9i64).prop_map(|(pieces, wait, days)| Op::Ask { pieces, wait, days }),
        6 => which().prop_map(Op::Approve),
        1 => which().prop_map(Op::Refuse),
        2 => which().prop_map(Op::Cancel),
        1 => which().prop_map(Op::Fail),
        6 => which().prop_map(Op::HandOver),
        6 => (which(), 0..4i64).prop_map(|(n, short)| Op::Receive(n, short)),
        4 => (which(), 1..9i64).prop_map(|(n, days)| Op::AskLonger(n, days)),
        2 => which().prop_map(Op::Extend),
        1 => which().prop_map(Op::KeepDays),
        4 => (which(), 1..4i64).prop_map(|(n, pieces)| Op::GiveBack(n, pieces)),
        4 => (which(), 0..3i64, 0..2i64).prop_map(|(n, good, bad)| Op::Inspect(n, good, bad)),
        1 => (which(), 1..3i64).prop_map(|(n, pieces)| Op::Keep(n, pieces)),
        1 => (1..3i64).prop_map(Op::Withdraw),
        6 => Just(Op::Midnight),
    ];
    prop::collection::vec(op, 1..160)
}

/// What the use cases do with the rules, on loans in memory.
struct Books {
    pool: i64,
    today: i64,
    loans: Vec<Loan>,
}

/// An independent account of the same: who has how many pieces on each day, written down day by day.
#[derive(Default)]
struct Model {
    /// By loan: its promised days, pieces, and whether they are out.
    rows: Vec<(Vec<i64>, i64, bool)>,
}

impl Model {
    /// Pieces promised on a day, and where `late` those as well that should be back and are not.
    fn on(&self, day: i64, today: i64, late: bool) -> i64 {
        let takes = |(days, _, out): &&(Vec<i64>, i64, bool)| {
            days.contains(&day) || (late && *out && days.iter().all(|promised| *promised < today))
        };
        self.rows.iter().filter(takes).map(|(_, pieces, _)| pieces).sum()
    }
}

/// Days that the model looks at; no sequence gets as far.
const HORIZON: i64 = 260;

impl Books {
    fn command(&mut self, n: usize, command: Command) -> bool {
        let today = moment(self.today);
        let Some(loan) = self.loans.get_mut(n) else { return false };
        let Ok((next, _)) = rules::apply(loan, command, &today) else { return false };
        assert!(rules::fits(&next), "{next:?}");
        *loan = next;
        true
    }

    fn bookings(&self, but: Option<usize>) -> Vec<Booking> {
        let others = self.loans.iter().enumerate().filter(|(n, _)| Some(*n) != but);
        others.filter_map(|(_, loan)| rules::taken(loan, day(self.today))).collect()
    }

    /// As `steps::settle`.
    fn settle(&mut self) {
        while let Some(loan) = rules::to_give_up(self.pool, &self.loans, day(self.today)).cloned() {
            let n = self.loans.iter().position(|other| other.id == loan.id).unwrap();
            let command = Command::Fail { reason: LoanReason::PiecesGone, comment: None };
            assert!(self.command(n, command));
        }
    }

    fn out(&self) -> i64 {
        let out = self.loans.iter().filter(|loan| rules::is_out(loan.state));
        out.map(|loan| loan.lent + loan.returned).sum()
    }
}

fn run(pool: i64, ops: Vec<Op>) {
    let mut books = Books { pool, today: 0, loans: Vec::new() };
    for op in ops {
        step(&mut books, &op);
        let model = model(&books);
        for day in books.today..HORIZON {
            let promised = model.on(day, books.today, false);
            assert!(
                promised <= books.pool,
                "{promised} of {} promised on day {day} after {op:?}",
                books.pool
            );
        }
        assert!(books.out() <= books.pool, "{} of {} are out", books.out(), books.pool);
    }
}

/// The account, made anew from what each loan was promised: days one by one.
fn model(books: &Books) -> Model {
    let mut model = Model::default();
    for loan in books.loans.iter().filter(|loan| rules::is_open(loan.state)) {
        let last = loan.asked_to.unwrap_or(loan.day_to).max(loan.day_to);
        let days = (0..HORIZON).filter(|n| (loan.day_from..=last).contains(&day(*n))).collect();
        model.rows.push((days, loan.lent + loan.returned, rules::is_out(loan.state)));
    }
    model
}

fn step(books: &mut Books, op: &Op) {
    match *op {
        Op::Ask { pieces, wait, days } => ask(books, pieces, wait, days),
        Op::Approve(n) => drop(books.command(n, Command::Approve)),
        Op::Refuse(n) => {
            let command = Command::Refuse { side: Side::Giver, corrected: false, comment: None };
            books.command(n, command);
        }
        Op::Cancel(n) => drop(books.command(n, Command::Cancel { comment: None })),
        Op::Fail(n) => {
            let command = Command::Fail { reason: LoanReason::Undeliverable, comment: None };
            books.command(n, command);
        }
        Op::HandOver(n) => {
            let before = books.loans.clone();
            // Pieces that are not back are not handed over.
            if books.command(n, Command::HandOver { note: None }) && books.out() > books.pool {
                books.loans = before;
            }
        }
        Op::Receive(n, short) => {
            let lent = books.loans.get(n).map_or(0, |loan| loan.lent);
            books.command(n, Command::Receive { received: (lent - short).max(0), note: None });
        }
        Op::AskLonger(n, days) => longer(books, n, days),
        Op::Extend(n) => drop(books.command(n, Command::Extend)),
        Op::KeepDays(n) => drop(books.command(n, Command::KeepDays { comment: None })),
        Op::GiveBack(n, pieces) => {
            let on = day(books.today);
            books.command(n, Command::GiveBack { pieces, on, comment: None });
        }
        Op::Inspect(n, good, bad) => {
            let command = Command::Inspect { good, damaged: bad, lost: 0, cost: Money::ZERO };
            if books.command(n, command) {
                books.pool -= bad;
                books.settle();
            }
        }
        Op::Keep(n, pieces) => keep(books, n, pieces),
        Op::Withdraw(pieces) => {
            let free = books.pool - rules::promised(&books.loans, day(books.today));
            if pieces <= free {
                books.pool -= pieces;
                books.settle();
            }
        }
        Op::Midnight => {
            books.today += 1;
            for n in 0..books.loans.len() {
                books.command(n, Command::Miss);
            }
        }
    }
}

fn ask(books: &mut Books, pieces: i64, wait: i64, days: i64) {
    let (from, to) = (books.today + wait, books.today + wait + days);
    let model = model(books);
    let first_short = (from..=to).find(|day| books.pool - model.on(*day, books.today, true) < pieces);
    let told = rules::short(books.pool, &books.bookings(None), pieces, day(from), Some(day(to)));
    assert_eq!(told.map(|short| short.day), first_short.map(day), "the first day that is short");
    if told.is_none() {
        let id = books.loans.len() as u128 + 1;
        books.loans.push(loan(id, pieces, from, to));
    }
}

/// As `extend`: days that are over cannot be taken from anybody.
fn longer(books: &mut Books, n: usize, days: i64) {
    let Some(before) = books.loans.get(n).cloned() else { return };
    let to = before.day_to + TimeDelta::days(days);
    if !books.command(n, Command::AskLonger { to, latest: day(HORIZON), comment: None }) {
        return;
    }
    let from = before.day_to.succ_opt().unwrap().max(day(books.today));
    let pieces = before.lent + before.returned;
    let others = books.bookings(Some(n));
    if rules::short(books.pool, &others, pieces, from, Some(to)).is_some() {
        books.loans[n] = before;
    }
}

/// As `to_keep`, and the line that follows goes all its way at once.
fn keep(books: &mut Books, n: usize, pieces: i64) {
    let before = books.loans.clone();
    if !books.command(n, Command::Convert { pieces }) {
        return;
    }
    let bookings: Vec<Booking> = books.loans.iter().filter_map(rules::agreed).collect();
    if rules::short(books.pool - pieces, &bookings, 0, day(books.today), None).is_some() {
        books.loans = before;
        return;
    }
    books.pool -= pieces;
    assert!(books.command(n, Command::Leave { pieces }));
    books.settle();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_day_is_promised_twice_whatever_is_commanded(pool in 1..7i64, ops in ops()) {
        run(pool, ops);
    }

    #[test]
    fn what_is_free_is_what_a_count_of_every_day_says(
        pool in 0..9i64,
        bookings in prop::collection::vec((1..4i64, 0..30i64, prop::option::of(0..9i64)), 0..12),
        pieces in 1..6i64,
        (from, days) in (0..30i64, 0..12i64),
    ) {
        let bookings: Vec<Booking> = bookings
            .into_iter()
            .map(|(pieces, from, days)| Booking { pieces, from: day(from), to: days.map(|days| day(from + days)) })
            .collect();
        let taken = |n: i64| -> i64 {
            let takes = |it: &&Booking| it.from <= day(n) && it.to.is_none_or(|to| to >= day(n));
            bookings.iter().filter(takes).map(|it| it.pieces).sum()
        };
        let first = (from..=from + days).find(|n| pool - taken(*n) < pieces);
        let told = rules::short(pool, &bookings, pieces, day(from), Some(day(from + days)));
        prop_assert_eq!(told.map(|short| short.day), first.map(day));
        let most = (from..=from + days).map(taken).max().unwrap();
        prop_assert_eq!(rules::peak(&bookings, day(from), Some(day(from + days))), most);
    }
}
