use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use entity::approvals::Side;
use entity::requests::{LineReason, LineState, request_line::Model as Line};
use proptest::prelude::*;
use uuid::Uuid;

use super::rules::{self, Asked, Command, Move};
use crate::fault::Code;

fn now() -> DateTime<Utc> {
    crate::testing::start()
}

fn line(id: u128, quantity: i64) -> Line {
    Line {
        id: Uuid::from_u128(id),
        request_id: Uuid::nil(),
        listing_id: Uuid::nil(),
        unit_id: Uuid::nil(),
        giver_id: Uuid::nil(),
        warehouse_id: None,
        loan_id: None,
        plan_line_id: None,
        position: 0,
        quantity_asked: quantity,
        quantity,
        state: LineState::Draft,
        reason: None,
        comment: None,
        held_at: None,
        hold_expires_at: None,
        hold_counted_to: None,
        queue_place: None,
        correction_id: None,
        confirm_until: None,
        confirm_counted_to: None,
        released: 0,
        received: 0,
        refused: 0,
        lost: 0,
        updated_at: now(),
        version: 1,
    }
}

/// Every step that the domain knows, and no other.
fn known_steps() -> HashSet<(LineState, LineState)> {
    use LineState::*;
    let from = |state: LineState, to: &[LineState]| to.iter().map(move |to| (state, *to)).collect::<Vec<_>>();
    [
        from(Draft, &[Submitted, Queued]),
        from(Queued, &[Queued, Submitted, Cancelled, Expired, Outranked, GiverFailed]),
        from(Submitted, &[Submitted, Cut, Reserved, Returned, Rejected, Cancelled, Expired, GiverFailed]),
        from(Returned, &[Submitted, Returned, Cancelled, Expired, GiverFailed]),
        from(Reserved, &[Reserved, Submitted, Releasing, InTransit, Cancelled, Expired, GiverFailed]),
        from(Releasing, &[Releasing, InTransit, Received, Short, Refused]),
        from(InTransit, &[InTransit, Received, Short, Refused]),
        from(Received, &[Closed]),
        from(Short, &[Closed]),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[derive(Clone, Debug)]
enum Act {
    Submit,
    Promote,
    Do(Command),
}

fn act() -> impl Strategy<Value = Act> {
    let side = prop_oneof![Just(Side::Giver), Just(Side::Receiver), Just(Side::Office)];
    let later = now() + TimeDelta::days(10);
    prop_oneof![
        3 => Just(Act::Submit),
        2 => Just(Act::Promote),
        2 => side.clone().prop_map(move |to| Act::Do(Command::Pass { to, until: later })),
        1 => (0i64..6).prop_map(|to| Act::Do(Command::Cut { to })),
        3 => Just(Act::Do(Command::Approve)),
        1 => Just(Act::Do(Command::Return { until: later, comment: None })),
        1 => side.prop_map(|side| Act::Do(Command::Reject { side, comment: None })),
        1 => (0i64..6).prop_map(|quantity| Act::Do(Command::Resubmit { quantity, comment: None, until: None })),
        1 => Just(Act::Do(Command::Cancel)),
        1 => Just(Act::Do(Command::BreakPromise)),
        1 => Just(Act::Do(Command::Expire)),
        1 => Just(Act::Do(Command::Extend { until: later })),
        1 => Just(Act::Do(Command::Wait { reason: LineReason::HeldByOthers })),
        1 => Just(Act::Do(Command::Outrank)),
        1 => Just(Act::Do(Command::Fail { reason: LineReason::ListingWithdrawn })),
        4 => (0i64..6).prop_map(|pieces| Act::Do(Command::Release { pieces })),
        4 => (-1i64..5, -1i64..3, -1i64..3)
            .prop_map(|(received, refused, lost)| Act::Do(Command::Receive { received, refused, lost })),
        1 => Just(Act::Do(Command::Book)),
        2 => prop_oneof![Just(9), Just(10), Just(11)].prop_map(|day| {
            let until = now() + TimeDelta::days(day);
            Act::Do(Command::AskAgain { correction: Uuid::from_u128(9), until })
        }),
        1 => Just(Act::Do(Command::Confirm)),
        1 => Just(Act::Do(Command::Decline)),
        1 => Just(Act::Do(Command::Lapse)),
        1 => Just(Act::Do(Command::ExtendConfirmation { until: later })),
        1 => Just(Act::Do(Command::Reopen { until: None })),
    ]
}

/// available, held, reserved, in transit, delivered, lost, withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stock([i64; 7]);

impl Stock {
    fn shift(&mut self, from: usize, to: usize, pieces: i64) {
        self.0[from] -= pieces;
        self.0[to] += pieces;
    }

    fn carry_out(&mut self, step: Move) {
        match step {
            Move::Unhold(n) => self.shift(1, 0, n),
            Move::Reserve(n) => self.shift(1, 2, n),
            Move::Unreserve(n) => self.shift(2, 0, n),
            Move::Reopen(n) => self.shift(2, 1, n),
            Move::Withdraw(n) => self.shift(2, 6, n),
            Move::Release(n) => self.shift(2, 3, n),
            Move::Deliver(n) => self.shift(3, 4, n),
            Move::Refuse(n) => self.shift(3, 0, n),
            Move::Lose(n) => self.shift(3, 5, n),
        }
    }
}

fn counters_of(lines: &[Line]) -> [i64; 5] {
    let sum = |f: &dyn Fn(&Line) -> i64| lines.iter().map(f).sum();
    [
        sum(&|line| if rules::holds(line.state) { line.quantity } else { 0 }),
        sum(&|line| {
            let promised = matches!(line.state, LineState::Reserved | LineState::Releasing);
            if promised { line.quantity - line.released } else { 0 }
        }),
        sum(&rules::in_transit),
        sum(&|line| line.received),
        sum(&|line| line.lost),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn lines_and_stock_agree_whatever_happens(
        offered in 1i64..12,
        asked in prop::collection::vec(1i64..6, 1..5),
        acts in prop::collection::vec((0usize..5, act()), 0..80),
    ) {
        let known = known_steps();
        let mut stock = Stock([offered, 0, 0, 0, 0, 0, 0]);
        let mut lines: Vec<Line> =
            asked.iter().zip(1..).map(|(quantity, id)| line(id, *quantity)).collect();
        let mut ticket = 0;
        for (which, act) in acts {
            let which = which % lines.len();
            let before = lines[which].clone();
            let late = now() + TimeDelta::days(11);
            let command = match act {
                Act::Do(command) => command,
                Act::Submit if before.state != LineState::Draft => continue,
                Act::Submit if stock.0[0] >= before.quantity => {
                    stock.shift(0, 1, before.quantity);
                    Command::Hold { until: Some(late) }
                }
                Act::Submit => {
                    ticket += 1;
                    Command::Queue { place: ticket, reason: LineReason::HeldByOthers }
                }
                Act::Promote if before.state == LineState::Queued && stock.0[0] >= before.quantity => {
                    stock.shift(0, 1, before.quantity);
                    Command::Promote { until: None }
                }
                Act::Promote => continue,
            };
            match rules::apply(&before, command.clone(), now() + TimeDelta::days(10)) {
                Err(rejection) => {
                    let confirm = rejection.code == Code::ConfirmFirst && before.correction_id.is_some();
                    prop_assert!(confirm || matches!(rejection.code, Code::WrongState | Code::OutOfRange));
                }
                Ok((after, event)) => {
                    prop_assert!(known.contains(&(before.state, after.state)), "{before:?} {command:?} {after:?}");
                    for step in event.moves {
                        stock.carry_out(step);
                    }
                    prop_assert_eq!(after.state == LineState::Queued, after.queue_place.is_some());
                    prop_assert!(after.hold_expires_at.is_none() || rules::holds(after.state));
                    prop_assert_eq!(after.hold_expires_at.is_some(), after.hold_counted_to.is_some());
                    prop_assert!(after.correction_id.is_none() || rules::counts_on(after.state));
                    prop_assert_eq!(after.correction_id.is_some(), after.confirm_until.is_some());
                    prop_assert_eq!(after.correction_id.is_some(), after.confirm_counted_to.is_some());
                    prop_assert!(after.released == before.released || before.correction_id.is_none());
                    prop_assert!(after.quantity <= after.quantity_asked);
                    prop_assert!(after.released <= after.quantity);
                    lines[which] = after;
                }
            }
            prop_assert!(stock.0.iter().all(|count| *count >= 0), "{stock:?}");
            prop_assert_eq!(stock.0.iter().sum::<i64>(), offered);
            prop_assert_eq!(&counters_of(&lines)[..], &stock.0[1..6], "{:?}", lines);
        }
    }

    #[test]
    fn what_has_ended_stays_ended(act in act(), state in prop::sample::select(vec![
        LineState::Closed, LineState::Cut, LineState::Rejected, LineState::Cancelled, LineState::Expired,
        LineState::Outranked, LineState::GiverFailed, LineState::Refused,
    ])) {
        let mut ended = line(1, 3);
        ended.state = state;
        prop_assert!(rules::is_final(state));
        if let Act::Do(command) = act {
            prop_assert_eq!(rules::apply(&ended, command, now()).unwrap_err().code, Code::WrongState);
        }
    }

    #[test]
    fn frozen_time_counts_each_moment_once(spans in prop::collection::vec((0i64..60, 0i64..60), 0..6), from in 0i64..60, to in 0i64..60) {
        let at = |minute: i64| now() + TimeDelta::minutes(minute);
        let freezes: Vec<_> = spans.iter().map(|(a, b)| (at(*a.min(b)), Some(at(*a.max(b))))).collect();
        let (from, to) = (from.min(to), from.max(to));
        // Minute by minute: the slow way that cannot be wrong.
        let counted = (from..to).filter(|m| spans.iter().any(|(a, b)| a.min(b) <= m && m < a.max(b))).count();
        let expected = TimeDelta::minutes(i64::try_from(counted).unwrap());
        prop_assert_eq!(rules::frozen_time(&freezes, at(from), at(to)), expected);
    }
}

#[test]
fn a_freeze_that_stands_counts_until_now() {
    let hour = TimeDelta::hours(1);
    assert_eq!(rules::frozen_time(&[(now(), None)], now() - hour, now() + hour), hour);
    assert_eq!(rules::frozen_time(&[], now() - hour, now() + hour), TimeDelta::zero());
}

#[test]
fn a_hold_lapses_only_when_it_is_due_and_only_on_the_askers_side() {
    let due = now() + TimeDelta::days(10);
    let (held, _) = rules::apply(&line(1, 2), Command::Hold { until: Some(due) }, now()).unwrap();
    assert!(rules::apply(&held, Command::Expire, due - TimeDelta::seconds(1)).is_err());
    let (lapsed, event) = rules::apply(&held, Command::Expire, due).unwrap();
    assert_eq!((lapsed.state, lapsed.reason), (LineState::Expired, Some(LineReason::HoldLapsed)));
    assert_eq!(event.moves, [Move::Unhold(2)]);

    let pass = Command::Pass { to: Side::Office, until: due };
    let (passed, _) = rules::apply(&held, pass, now()).unwrap();
    assert_eq!(passed.hold_expires_at, None);
    assert!(rules::apply(&passed, Command::Expire, due).is_err());
    let back = Command::Return { until: due, comment: Some("why?".into()) };
    let (returned, _) = rules::apply(&passed, back, now()).unwrap();
    assert_eq!((returned.state, returned.hold_expires_at), (LineState::Returned, Some(due)));
}

#[test]
fn a_hold_keeps_its_time_from_one_receivers_step_to_the_next() {
    let due = now() + TimeDelta::days(10);
    let (held, _) = rules::apply(&line(1, 2), Command::Hold { until: Some(due) }, now()).unwrap();
    let day = now() + TimeDelta::days(4);
    let pass = Command::Pass { to: Side::Receiver, until: day + TimeDelta::days(10) };
    let (passed, _) = rules::apply(&held, pass, day).unwrap();
    assert_eq!((passed.hold_expires_at, passed.hold_counted_to), (Some(due), Some(now())));
}

#[test]
fn a_line_ends_as_what_came_of_its_pieces() {
    for (received, refused, lost, state) in [
        (4, 0, 0, LineState::Received),
        (3, 1, 0, LineState::Short),
        (3, 0, 1, LineState::Short),
        (0, 4, 0, LineState::Refused),
        (0, 3, 1, LineState::Short),
        (0, 0, 4, LineState::Short),
    ] {
        let mut going = line(1, 4);
        going.state = LineState::Reserved;
        let (going, _) = rules::apply(&going, Command::Release { pieces: 3 }, now()).unwrap();
        assert_eq!(going.state, LineState::Releasing);
        let (going, _) = rules::apply(&going, Command::Release { pieces: 1 }, now()).unwrap();
        assert_eq!(going.state, LineState::InTransit);
        let (ended, _) = rules::apply(&going, Command::Receive { received, refused, lost }, now()).unwrap();
        assert_eq!(ended.state, state);
        // What was only refused is over already; what was lost still has to be closed.
        assert_eq!(rules::apply(&ended, Command::Book, now()).is_ok(), state != LineState::Refused);
    }
}

#[test]
fn cancelling_the_rest_leaves_what_is_under_way() {
    let mut going = line(1, 5);
    going.state = LineState::Reserved;
    let (going, _) = rules::apply(&going, Command::Release { pieces: 2 }, now()).unwrap();
    let (rest, event) = rules::apply(&going, Command::Cancel, now()).unwrap();
    assert_eq!((rest.state, rest.quantity), (LineState::InTransit, 2));
    assert_eq!(event.moves, [Move::Unreserve(3)]);
    assert!(event.frees());
}

#[test]
fn every_fault_of_a_request_comes_at_once_with_its_field() {
    let good = Asked {
        quantity: 1,
        obtainable: 1,
        open: true,
        for_loan: false,
        own: false,
        repeated: false,
        claimed: false,
    };
    let today = now().date_naive();
    assert!(rules::faults(true, "we need it", Some(today), today, &[good]).is_empty());
    let lines = [
        Asked { quantity: 0, ..good },
        Asked { quantity: 2, ..good },
        Asked { open: false, ..good },
        Asked { own: true, quantity: -5, ..good },
        Asked { repeated: true, ..good },
        Asked { claimed: true, ..good },
    ];
    let faults = rules::faults(false, "  ", today.pred_opt(), today, &lines);
    let found: Vec<(Code, String)> = faults.iter().map(|fault| (fault.code, fault.field.join("."))).collect();
    let expected = [
        (Code::UnitNotActive, "unitId"),
        (Code::Required, "justification"),
        (Code::InThePast, "neededBy"),
        (Code::OutOfRange, "lines.0.quantity"),
        (Code::NotEnough, "lines.1.quantity"),
        (Code::NotOpen, "lines.2.listingId"),
        (Code::OwnHolding, "lines.3.listingId"),
        (Code::OutOfRange, "lines.3.quantity"),
        (Code::Duplicate, "lines.4.listingId"),
        (Code::Duplicate, "lines.5.listingId"),
    ];
    assert_eq!(found, expected.map(|(code, field)| (code, field.to_owned())));
    assert_eq!(rules::faults(true, "x", None, today, &[])[0].field, ["lines"]);
}
