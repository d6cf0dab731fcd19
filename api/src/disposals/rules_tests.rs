use chrono::{NaiveDate, TimeDelta};
use entity::Money;
use entity::disposals::{DisposalKind, DisposalReason, DisposalState, disposal::Model as Disposal};
use proptest::prelude::*;
use uuid::Uuid;

use super::rules::{self, Appraisal, Command, Ladder, Moment, Outcome, Proposal, Rung};
use crate::fault::{Code, Rejection};

fn day(n: i64) -> NaiveDate {
    "2026-03-02".parse::<NaiveDate>().unwrap() + TimeDelta::days(n)
}

fn at(today: i64) -> Moment {
    let now = crate::testing::start() + TimeDelta::days(today);
    Moment { now, today: day(today), by: Some(Uuid::from_u128(9)) }
}

fn proposed(kind: DisposalKind) -> Disposal {
    Disposal {
        id: Uuid::from_u128(1),
        number: String::new(),
        listing_id: Uuid::nil(),
        asset_id: Uuid::nil(),
        unit_id: Uuid::nil(),
        warehouse_id: None,
        kind,
        state: DisposalState::Proposed,
        quantity: 3,
        justification: "无单位承接".into(),
        beyond_repair: None,
        beyond_repair_by: None,
        appraiser: None,
        appraised_value: None,
        appraised_on: None,
        appraisal_until: None,
        appraisal_report: None,
        publicity_from: None,
        publicity_until: None,
        asked_price: None,
        least_price: None,
        reason: None,
        comment: None,
        objector_id: None,
        receiver: None,
        evidence: None,
        proceeds: None,
        created_by: Uuid::nil(),
        created_at: crate::testing::start(),
        done_by: None,
        done_at: None,
        done_on: None,
        updated_at: crate::testing::start(),
        version: 1,
    }
}

const LADDER: Ladder = Ladder { audience: 30, donation: 90, sale: 180, scrap: 365 };

fn proposal(kind: DisposalKind, days: i64) -> Proposal<'static> {
    Proposal {
        kind,
        quantity: 3,
        available: 10,
        claimed: false,
        frozen: false,
        justification: "无单位承接",
        beyond_repair: None,
        listed_on: day(0),
        ladder: LADDER,
        service_months: None,
        acquired_on: None,
        today: day(days),
    }
}

fn codes(faults: &[Rejection]) -> Vec<(Code, String)> {
    faults.iter().map(|fault| (fault.code, fault.field.join("."))).collect()
}

#[test]
fn the_ladder_is_climbed_by_days_in_whatever_order_a_city_puts_it() {
    let reached = |days| LADDER.reached(days);
    assert_eq!(reached(29), None);
    assert_eq!(reached(30), Some(Rung::WiderAudience));
    assert_eq!(reached(179), Some(Rung::Donation));
    assert_eq!(reached(180), Some(Rung::Sale));
    assert_eq!(reached(4_000), Some(Rung::Scrap));
    assert_eq!(LADDER.first(), 30);
    let sells_first = Ladder { sale: 10, ..LADDER };
    assert_eq!(sells_first.first(), 10);
    assert_eq!(sells_first.reached(20), Some(Rung::Sale));
}

#[test]
fn reuse_goes_first() {
    assert!(rules::faults(&proposal(DisposalKind::Donation, 90)).is_empty());
    for (kind, days) in [
        (DisposalKind::Donation, 89),
        (DisposalKind::Sale, 179),
        (DisposalKind::Exchange, 179),
        (DisposalKind::Scrap, 364),
        (DisposalKind::WriteOff, 364),
    ] {
        let faults = rules::faults(&proposal(kind, days));
        assert_eq!(codes(&faults), [(Code::ReuseFirst, "kind".into())], "{kind:?}");
        assert!(rules::faults(&proposal(kind, days + 1)).is_empty(), "{kind:?}");
    }
    let claimed = Proposal { claimed: true, frozen: true, ..proposal(DisposalKind::Sale, 400) };
    let expected = [(Code::Frozen, String::new()), (Code::Claimed, "listingId".into())];
    assert_eq!(codes(&rules::faults(&claimed)), expected);
    let too_many = Proposal { quantity: 11, ..proposal(DisposalKind::Sale, 400) };
    assert_eq!(codes(&rules::faults(&too_many)), [(Code::NotEnough, "quantity".into())]);
}

#[test]
fn what_is_not_old_enough_is_scrapped_only_beyond_repair() {
    let bought = |n: i64| Some(day(-n));
    let young =
        Proposal { service_months: Some(72), acquired_on: bought(300), ..proposal(DisposalKind::Scrap, 400) };
    let faults = rules::faults(&young);
    assert_eq!(codes(&faults), [(Code::BelowServiceLife, "beyondRepair".into())]);
    assert!(rules::faults(&Proposal { acquired_on: bought(6 * 366), ..young }).is_empty());
    // Nobody knows how old it is: somebody has to say that it is of no use.
    let unknown = rules::faults(&Proposal { acquired_on: None, ..young });
    assert_eq!(codes(&unknown), [(Code::Required, "beyondRepair".into())]);
    let broken = Proposal { beyond_repair: Some(("主板烧毁", "市电子产品质检所")), ..young };
    assert!(rules::faults(&broken).is_empty());
    // It need not be offered in vain first; everything else must.
    assert!(rules::faults(&Proposal { today: day(1), ..broken }).is_empty());
    let given_away = Proposal { kind: DisposalKind::Donation, today: day(1), ..broken };
    assert_eq!(codes(&rules::faults(&given_away)), [(Code::ReuseFirst, "kind".into())]);
    let by_nobody = Proposal { beyond_repair: Some(("主板烧毁", " ")), ..young };
    assert_eq!(codes(&rules::faults(&by_nobody)), [(Code::Required, "beyondRepair.by".into())]);
}

#[test]
fn the_threshold_is_rounded_up_to_a_fen() {
    assert_eq!(rules::threshold(Money(100_000), 90), Money(90_000));
    assert_eq!(rules::threshold(Money(111), 90), Money(100));
    assert_eq!(rules::threshold(Money(1), 90), Money(1));
}

#[derive(Clone, Debug)]
enum Act {
    Appraise { value: i64, good_for: i64 },
    Submit,
    Publish,
    SendBack,
    Refuse,
    Object,
    AskPrice(i64),
    AllowPrice,
    KeepPrice,
    Complete { receiver: bool, evidence: bool, proceeds: i64 },
    CallOff,
    Days(i64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => (1_i64..2_000, -1_i64..40).prop_map(|(value, good_for)| Act::Appraise { value, good_for }),
        4 => Just(Act::Submit),
        5 => Just(Act::Publish),
        1 => Just(Act::SendBack),
        1 => Just(Act::Refuse),
        1 => Just(Act::Object),
        2 => (1_i64..2_000).prop_map(Act::AskPrice),
        2 => Just(Act::AllowPrice),
        1 => Just(Act::KeepPrice),
        6 => (any::<bool>(), any::<bool>(), 0_i64..2_500)
            .prop_map(|(receiver, evidence, proceeds)| Act::Complete { receiver, evidence, proceeds }),
        1 => Just(Act::CallOff),
        5 => (1_i64..12).prop_map(Act::Days),
    ]
}

fn command(act: &Act, today: i64) -> Option<Command> {
    let said = || "意见".to_owned();
    Some(match act {
        Act::Days(_) => return None,
        Act::Appraise { value, good_for } => Command::Appraise(Appraisal {
            by: "武汉资产评估公司".into(),
            value: Money(*value),
            on: day(today),
            until: day(today + good_for),
            report: "评报字〔2026〕1号".into(),
        }),
        Act::Submit => Command::Submit,
        Act::Publish => Command::Publish { until: day(today + 7) },
        Act::SendBack => Command::SendBack { comment: None },
        Act::Refuse => Command::Refuse { comment: None },
        Act::Object => Command::Object { unit: Uuid::from_u128(7), comment: said() },
        Act::AskPrice(price) => {
            Command::AskPrice { price: Money(*price), comment: said(), least_percent: 90 }
        }
        Act::AllowPrice => Command::AllowPrice,
        Act::KeepPrice => Command::KeepPrice { comment: None },
        Act::Complete { receiver, evidence, proceeds } => Command::Complete(Outcome {
            receiver: receiver.then(|| "回收公司".to_owned()),
            evidence: if *evidence { "合同 1 号".into() } else { " ".into() },
            proceeds: Money(*proceeds),
            least_percent: 90,
        }),
        Act::CallOff => Command::CallOff { comment: said() },
    })
}

/// What the world knows of a disposal, beside its row.
#[derive(Debug, Default)]
struct History {
    /// The approvers agreed, to what was appraised last; it is shown up to this day.
    shown_until: Option<i64>,
    /// Value of the last appraisal, and the last day on which it is good.
    appraised: Option<(i64, i64)>,
    asked: Option<i64>,
    allowed: Option<i64>,
}

proptest! {
    #[test]
    fn nothing_goes_without_its_papers(
        kind in prop::sample::select(vec![
            DisposalKind::Donation, DisposalKind::Sale, DisposalKind::Scrap, DisposalKind::Exchange, DisposalKind::WriteOff,
        ]),
        acts in prop::collection::vec(act(), 1..40),
    ) {
        let (mut row, mut today, mut known) = (proposed(kind), 0, History::default());
        for act in acts {
            let Some(command) = command(&act, today) else {
                if let Act::Days(days) = act { today += days; }
                continue;
            };
            let before = row.clone();
            let Ok((next, _)) = rules::apply(&row, command, &at(today)) else { continue };
            prop_assert!(rules::is_open(before.state), "what is over stays as it is: {act:?} {before:?}");
            match act {
                Act::Appraise { value, good_for } => {
                    known = History { appraised: Some((value, today + good_for)), ..History::default() };
                }
                Act::Publish => {
                    prop_assert_eq!(before.state, DisposalState::Submitted);
                    known.shown_until = Some(today + 7);
                }
                Act::AskPrice(price) => known.asked = Some(price),
                Act::AllowPrice => known.allowed = known.asked.take(),
                Act::KeepPrice => known.asked = None,
                Act::Object => {
                    prop_assert!(known.shown_until.is_some_and(|until| today <= until), "an objection out of its time");
                    prop_assert_eq!(next.reason, Some(DisposalReason::Wanted));
                }
                Act::Complete { receiver, evidence, proceeds } => {
                    prop_assert!(known.shown_until.is_some_and(|until| until < today), "not shown: {known:?} {today}");
                    prop_assert!(evidence && (receiver || !rules::needs_receiver(kind)));
                    if rules::needs_appraisal(kind) {
                        let (value, good_until) = known.appraised.expect("an appraisal");
                        prop_assert!(today <= good_until);
                        let least = known.allowed.unwrap_or((value * 90 + 99) / 100);
                        prop_assert!(kind != DisposalKind::Sale || proceeds >= least, "{proceeds} of {known:?}");
                    }
                }
                _ => {}
            }
            prop_assert_eq!(next.reason.is_some(), next.state == DisposalState::CalledOff);
            row = next;
        }
    }
}
