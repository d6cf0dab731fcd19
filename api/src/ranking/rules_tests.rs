//! Points, order and draw, over many generated claims.

use entity::awards::{Nearness, RankingCriterion};
use entity::requests::NeedClass;
use proptest::prelude::*;
use uuid::Uuid;

use super::rules::{Claim, Facts, MOST_POINTS, Rule, Terms, commitment, draw, points, rank, score, winners};

fn rules() -> Vec<Rule> {
    let rule = |criterion, weight, terms| Rule { criterion, weight, terms };
    let steps = |points: [i64; 3]| Terms { points: points.to_vec(), ..Terms::default() };
    let scale = |best, worst| Terms { best: Some(best), worst: Some(worst), ..Terms::default() };
    vec![
        rule(RankingCriterion::NeedClass, 30, steps([100, 60, 20])),
        rule(RankingCriterion::NeededBy, 10, scale(7, 90)),
        rule(RankingCriterion::Distance, 20, steps([100, 50, 0])),
        rule(RankingCriterion::PastShare, 30, scale(0, 200_000)),
        rule(RankingCriterion::Seniority, 10, Terms::default()),
    ]
}

fn plain() -> Facts {
    Facts {
        need: NeedClass::Essential,
        needed_in_days: None,
        nearness: Nearness::City,
        received: 0,
        staff: Some(10),
        claimed_after_days: 0,
        window_days: 5,
    }
}

fn facts() -> impl Strategy<Value = Facts> {
    (
        prop_oneof![Just(NeedClass::Urgent), Just(NeedClass::Essential), Just(NeedClass::Ordinary)],
        proptest::option::of(-10..200i64),
        prop_oneof![Just(Nearness::Department), Just(Nearness::Region), Just(Nearness::City)],
        prop_oneof![Just(0), 0..10_000_000i64, Just(i64::MAX)],
        proptest::option::of(0..500i64),
        0..6i64,
    )
        .prop_map(|(need, needed_in_days, nearness, received, staff, claimed_after_days)| Facts {
            need,
            needed_in_days,
            nearness,
            received,
            staff,
            claimed_after_days,
            window_days: 5,
        })
}

/// Claims of which many have the same facts, and their order of arrival.
fn claims() -> impl Strategy<Value = (Vec<Claim>, Vec<Claim>)> {
    proptest::collection::vec((facts(), 1..5i64), 1..4)
        .prop_flat_map(|kinds| {
            proptest::collection::vec((0..kinds.len(), any::<u128>()), 1..30).prop_map(move |picked| {
                let claim = |(kind, line): (usize, u128)| Claim {
                    line: Uuid::from_u128(line),
                    quantity: kinds[kind].1,
                    facts: kinds[kind].0,
                };
                picked.into_iter().map(claim).collect::<Vec<_>>()
            })
        })
        .prop_flat_map(|claims| (Just(claims.clone()), Just(claims).prop_shuffle()))
}

proptest! {
    #[test]
    fn in_whatever_order_claims_come_the_award_is_the_same(
        (claims, shuffled) in claims(), available in 0..40i64,
    ) {
        let by = |line| draw("seed", "root", line);
        let (one, other) = (rank(&rules(), claims.clone(), by), rank(&rules(), shuffled, by));
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(one.len(), claims.len());
        for pair in one.windows(2) {
            let lot = |n: usize| (-pair[n].score, pair[n].draw.clone());
            prop_assert!(lot(0) <= lot(1));
        }
        // No more is given than there is, and the next would not fit.
        let quantities: Vec<i64> = one.iter().map(|ranked| ranked.claim.quantity).collect();
        let won = winners(quantities.iter().copied(), available);
        let given: i64 = quantities[..won].iter().sum();
        prop_assert!(given <= available);
        prop_assert!(quantities.get(won).is_none_or(|next| given + next > available));
    }

    #[test]
    fn points_stay_within_their_bounds(facts in facts()) {
        for rule in rules() {
            prop_assert!((0..=MOST_POINTS).contains(&points(&rule, &facts)));
        }
        prop_assert!((0..=100 * MOST_POINTS).contains(&score(&rules(), &facts)));
    }

    #[test]
    fn who_needs_it_more_has_received_less_or_asks_earlier_is_never_ranked_lower_for_it(facts in facts()) {
        let better = [
            Facts { need: NeedClass::Urgent, ..facts },
            Facts { needed_in_days: Some(facts.needed_in_days.unwrap_or(0) - 1), ..facts },
            Facts { nearness: Nearness::Department, ..facts },
            Facts { received: facts.received / 2, ..facts },
            Facts { staff: Some(facts.staff.unwrap_or(1).max(1) + 1), ..facts },
            Facts { claimed_after_days: 0, ..facts },
        ];
        for better in better {
            prop_assert!(score(&rules(), &better) >= score(&rules(), &facts), "{better:?}");
        }
    }
}

#[test]
fn each_criterion_says_what_it_says() {
    let of = |criterion| rules().into_iter().find(|rule| rule.criterion == criterion).unwrap();
    let share = of(RankingCriterion::PastShare);
    // ¥500 a head, of ¥2,000 at which nothing is given: three quarters are left.
    assert_eq!(points(&share, &Facts { received: 500_000, ..plain() }), 75);
    assert_eq!(points(&share, &Facts { received: 0, staff: None, ..plain() }), 100);
    assert_eq!(points(&share, &Facts { received: 500_000, staff: None, ..plain() }), 0);
    let day = of(RankingCriterion::NeededBy);
    assert_eq!(points(&day, &Facts { needed_in_days: Some(7), ..plain() }), 100);
    assert_eq!(points(&day, &Facts { needed_in_days: Some(90), ..plain() }), 0);
    assert_eq!(points(&day, &plain()), 0, "who names no day is in no hurry");
    let early = of(RankingCriterion::Seniority);
    assert_eq!(points(&early, &Facts { claimed_after_days: 2, ..plain() }), 60);
    assert_eq!(points(&early, &Facts { claimed_after_days: 0, window_days: 0, ..plain() }), 100);
    assert_eq!(score(&rules(), &plain()), 30 * 60 + 30 * 100 + 10 * 100);
}

#[test]
fn the_draw_is_what_anybody_can_reckon_in_a_shell() {
    // printf '%s' abc | sha256sum
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(commitment("abc"), digest);
    // printf '%s' "abc""def""00000000000000000000000000000007" | sha256sum
    let lot = draw("abc", "def", Uuid::from_u128(7));
    assert_eq!(lot, commitment("abcdef00000000000000000000000000000007"));
}
