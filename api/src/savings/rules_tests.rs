use chrono::{Months, NaiveDate};
use entity::Money;
use entity::assets::ValueBasis;
use entity::catalogue::AssetSource;
use entity::listings::{Custody, Purpose};
use entity::organisation::FiscalLevel;
use entity::savings::{SavingKind, SavingMethod, saving_entry};
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::entry::contra_of;
use super::rules::{self, Inputs, Standard, ZeroReason};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn inputs(method: SavingMethod) -> Inputs {
    Inputs {
        edition: rules::EDITION,
        method,
        quantity: 2,
        civil_day: day("2026-03-02"),
        same_unit: false,
        source: AssetSource::Idle,
        value: Some(Money(1_000_001)),
        value_basis: ValueBasis::Original,
        acquired_on: Some(day("2023-03-31")),
        life_months: Some(72),
        life_from: Some(rules::LifeFrom::Category),
        standard: Some(standard_input(450_000)),
    }
}

fn standard_input(price_cap: i64) -> Standard {
    Standard {
        id: Uuid::from_u128(1),
        revision: 1,
        source: "财资〔2016〕27号".into(),
        region_id: None,
        category_id: Uuid::from_u128(17),
        price_cap: Money(price_cap),
        valid_from: day("2016-07-01"),
    }
}

fn entry(inputs: &Inputs) -> saving_entry::Model {
    let mut entry = saving_entry::Model {
        id: Uuid::from_u128(10),
        seq: 1,
        entry: SavingKind::Entry,
        method: inputs.method,
        transfer_id: Some(Uuid::from_u128(11)),
        contra_of: None,
        asset_id: Uuid::from_u128(12),
        quantity: inputs.quantity,
        amount: rules::amount(inputs).0,
        recognised_at: crate::testing::start(),
        civil_day: inputs.civil_day,
        giver_id: Uuid::from_u128(13),
        receiver_id: Uuid::from_u128(if inputs.same_unit { 13 } else { 14 }),
        giver_region_id: Uuid::from_u128(15),
        receiver_region_id: Uuid::from_u128(16),
        giver_level: FiscalLevel::City,
        receiver_level: FiscalLevel::District,
        category_id: Uuid::from_u128(17),
        custody: Custody::Virtual,
        mode: Purpose::Transfer,
        repeat: false,
        standard_id: inputs.standard.as_ref().map(|standard| standard.id),
        inputs: serde_json::to_value(inputs).unwrap(),
        hash: String::new(),
        loan_id: None,
        day_from: None,
        day_to: None,
    };
    entry.hash = rules::hash(&entry);
    entry
}

fn any_inputs() -> impl Strategy<Value = Inputs> {
    let method = prop::sample::select(rules::METHODS.to_vec());
    let source =
        prop::sample::select(vec![AssetSource::Idle, AssetSource::Confiscated, AssetSource::Surplus]);
    let basis = prop::sample::select(vec![
        ValueBasis::Original,
        ValueBasis::Appraised,
        ValueBasis::Nominal,
        ValueBasis::Unknown,
    ]);
    (
        method,
        source,
        basis,
        1i64..100,
        prop::option::of(0i64..1_000_000_000_000),
        0u32..400,
        0u32..400,
        any::<bool>(),
    )
        .prop_flat_map(|(method, source, value_basis, quantity, value, born, at, same_unit)| {
            (prop::option::of(-1i64..400), prop::option::of(0i64..10_000_000), any::<bool>()).prop_map(
                move |(life_months, cap, dated)| Inputs {
                    edition: rules::EDITION,
                    method,
                    quantity,
                    civil_day: day("2000-01-15") + Months::new(at),
                    same_unit,
                    source,
                    value: value.map(Money),
                    value_basis,
                    acquired_on: dated.then(|| day("2000-01-31") + Months::new(born)),
                    life_months,
                    life_from: None,
                    standard: cap.map(standard_input),
                },
            )
        })
}

proptest! {
    /// Against another way to write it: take a month's share off, month by month, in exact fractions.
    #[test]
    fn straight_line_depreciation(value in 0i64..10_000_000_000, life in 1i64..240, age in 0u32..300) {
        let born = day("2001-05-20");
        let mut inputs = inputs(SavingMethod::NetBook);
        inputs.value = Some(Money(value));
        inputs.life_months = Some(life);
        inputs.acquired_on = Some(born);
        inputs.civil_day = born + Months::new(age);
        let mut left = i128::from(value) * i128::from(life);
        for _ in 0..age {
            left = (left - i128::from(value)).max(0);
        }
        // `left` ÷ `life` is the exact net value; ours is the nearest fen, never more than half a fen away.
        let ours = i128::from(rules::amount(&inputs).0.0);
        prop_assert!((ours * i128::from(life) - left).abs() * 2 <= i128::from(life));
        prop_assert!((0..=i128::from(value)).contains(&ours));
    }

    #[test]
    fn halves_go_to_the_even_neighbour(number in -1_000_000i128..1_000_000, divisor in 1i128..1000) {
        let rounded = i128::from(rules::half_even(number, divisor));
        let twice_off = (rounded * divisor - number).abs() * 2;
        prop_assert!(twice_off <= divisor);
        if twice_off == divisor {
            prop_assert_eq!(rounded % 2, 0);
        }
    }

    #[test]
    fn an_entry_is_as_its_inputs_say(inputs in any_inputs()) {
        let (amount, zero) = rules::amount(&inputs);
        prop_assert!(amount.0 >= 0);
        if zero.is_some() {
            prop_assert_eq!(amount, Money::ZERO);
        }
        if inputs.source == AssetSource::Confiscated || inputs.same_unit {
            prop_assert_eq!(amount, Money::ZERO);
        }
        let book = inputs.method != SavingMethod::Replacement;
        if book && matches!(inputs.value_basis, ValueBasis::Nominal | ValueBasis::Unknown) {
            prop_assert_eq!(amount, Money::ZERO);
        }
        let entry = entry(&inputs);
        prop_assert_eq!(rules::faults_of(&entry), Vec::<String>::new());

        let contra = contra_of(&entry, Uuid::from_u128(99), 2, crate::testing::start(), day("2026-04-01"));
        prop_assert!(rules::is_contra_of(&contra, &entry));
        prop_assert_eq!(rules::faults_of(&contra), Vec::<String>::new());
        prop_assert_eq!(entry.amount.0 + contra.amount.0, 0);
    }

    /// Ledger = Σ receipts − Σ contra, whatever is received and taken back.
    #[test]
    fn the_ledger_is_receipts_less_contra(all in prop::collection::vec((any_inputs(), any::<bool>()), 0..30)) {
        let mut ledger = Vec::new();
        let (mut receipts, mut taken_back) = (0i128, 0i128);
        for (inputs, defect) in &all {
            let posted = entry(inputs);
            receipts += i128::from(posted.amount.0);
            if *defect {
                taken_back += i128::from(posted.amount.0);
                ledger.push(contra_of(&posted, Uuid::from_u128(99), 2, crate::testing::start(), inputs.civil_day));
            }
            ledger.push(posted);
        }
        prop_assert_eq!(ledger.iter().map(|entry| i128::from(entry.amount.0)).sum::<i128>(), receipts - taken_back);
    }

    #[test]
    fn a_change_of_anything_breaks_the_hash(field in 0usize..8) {
        let mut entry = entry(&inputs(SavingMethod::NetBook));
        match field {
            0 => entry.amount = Money(entry.amount.0 + 1),
            1 => entry.quantity += 1,
            2 => entry.giver_id = Uuid::from_u128(1000),
            3 => entry.repeat = true,
            4 => entry.civil_day = day("2026-03-03"),
            5 => entry.seq += 1,
            6 => entry.inputs["value"] = json!(1),
            _ => entry.custody = Custody::Physical,
        }
        prop_assert!(rules::faults_of(&entry).contains(&"its hash is wrong".to_owned()));
    }
}

#[test]
fn the_three_methods_of_one_receipt() {
    // ¥10,000.01, acquired March 2023, received March 2026: 36 of 72 months are gone, half a fen goes to even.
    assert_eq!(rules::amount(&inputs(SavingMethod::OriginalValue)), (Money(1_000_001), None));
    assert_eq!(rules::amount(&inputs(SavingMethod::NetBook)), (Money(1_000_001 - 500_000), None));
    assert_eq!(rules::amount(&inputs(SavingMethod::Replacement)), (Money(900_000), None));
}

#[test]
fn the_month_of_acquisition_counts_and_the_month_of_leaving_does_not() {
    for (acquired, at, months) in [
        ("2026-03-31", "2026-03-01", 0),
        ("2026-02-28", "2026-03-01", 1),
        ("2025-03-02", "2026-03-01", 12),
        ("2027-01-01", "2026-03-01", 0),
    ] {
        assert_eq!(rules::depreciated_months(day(acquired), day(at)), months, "{acquired} {at}");
    }
}

#[test]
fn nothing_is_counted_for_a_stated_reason() {
    use SavingMethod::{NetBook, OriginalValue, Replacement};
    let zero = |method, change: &dyn Fn(&mut Inputs)| {
        let mut inputs = inputs(method);
        change(&mut inputs);
        rules::amount(&inputs).1
    };
    assert_eq!(zero(Replacement, &|i| i.source = AssetSource::Confiscated), Some(ZeroReason::Confiscated));
    assert_eq!(zero(OriginalValue, &|i| i.same_unit = true), Some(ZeroReason::SameUnit));
    assert_eq!(zero(OriginalValue, &|i| i.value_basis = ValueBasis::Nominal), Some(ZeroReason::NominalValue));
    assert_eq!(zero(NetBook, &|i| i.value_basis = ValueBasis::Unknown), Some(ZeroReason::UnknownValue));
    assert_eq!(zero(Replacement, &|i| i.value_basis = ValueBasis::Nominal), None);
    assert_eq!(zero(NetBook, &|i| i.acquired_on = None), Some(ZeroReason::UnknownAge));
    assert_eq!(zero(NetBook, &|i| i.life_months = None), Some(ZeroReason::UnknownLife));
    assert_eq!(zero(NetBook, &|i| i.life_months = Some(36)), Some(ZeroReason::FullyDepreciated));
    assert_eq!(zero(Replacement, &|i| i.standard = None), Some(ZeroReason::NoStandard));
}

#[test]
fn json_has_one_form_whatever_the_order_of_its_keys() {
    let one: serde_json::Value = serde_json::from_str(r#"{"b":[1,{"z":null,"a":"é\n"}],"a":true}"#).unwrap();
    let two: serde_json::Value =
        serde_json::from_str(r#"{ "a": true, "b": [1, {"a":"é\n","z":null}] }"#).unwrap();
    assert_eq!(rules::canonical(&one), rules::canonical(&two));
    assert_eq!(rules::canonical(&one), r#"{"a":true,"b":[1,{"a":"é\n","z":null}]}"#);
}
