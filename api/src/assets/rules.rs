//! What a card may say, and how a lot splits and joins. Pure.

use chrono::{Datelike, NaiveDate};
use entity::Money;
use entity::assets::{ValueBasis, asset};
use entity::catalogue::{AssetKind, category};
use entity::listings::ListingState;

use super::card::CardPatch;
use super::changes::{Material, changes};
use super::details::Details;
use super::serial;
use crate::checks;
use crate::fault::{Code, Rejection};

/// Most pieces of one card.
pub const MOST_PIECES: i64 = 1_000_000;
/// Most a card is worth, in minor units: a hundred thousand million yuan, so that no sum of a city overflows.
pub const MOST_VALUE: i64 = 10_000_000_000_000;
/// States in which a listing lays claim to what it offers of its card.
pub const LIVE: [ListingState; 5] = [
    ListingState::Submitted,
    ListingState::AwaitingInspection,
    ListingState::Repair,
    ListingState::Publicity,
    ListingState::Listed,
];
/// First year in which a thing can have been acquired.
const EARLIEST: i32 = 1900;

/// What the change of a card is judged by, besides the card itself.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The civil day.
    pub today: NaiveDate,
    /// The category that the change names, where there is one with that id.
    pub category: Option<&'a category::Model>,
    /// The fields that must stay as they are, because the card is offered, promised or on its way; none where it is not.
    pub kept: Option<&'a Material>,
    /// Its kind follows the category still: nobody chose it, and nothing was written or decided by it.
    pub kind_open: bool,
}

/// A secret thing is refused before anything else is said about it: an answer about other fields would show that they
/// were looked at.
///
/// # Errors
/// [`Code::SecretRefused`].
pub fn refuse_secret(patch: &CardPatch) -> Result<(), Rejection> {
    if patch.secret == Some(true) { Err(Rejection::new(Code::SecretRefused).at("secret")) } else { Ok(()) }
}

/// Whether nothing is written in the fields of the card's kind, so that it may become another kind.
#[must_use]
pub fn kindless(card: &asset::Model) -> bool {
    card.details.as_object().is_none_or(|fields| fields.values().all(serde_json::Value::is_null))
}

/// The card after the change; notes everything that is wrong with it, each with its field.
#[must_use]
pub fn revise(
    card: &asset::Model,
    patch: &CardPatch,
    facts: &Facts<'_>,
    faults: &mut Vec<Rejection>,
) -> asset::Model {
    let mut next = card.clone();
    if facts.kind_open {
        next.kind = kind_of(patch, card, facts.category).unwrap_or(card.kind);
    }
    texts(&mut next, patch, faults);
    numbers(&mut next, patch, facts, faults);
    category_of(&mut next, patch, facts, faults);
    if let Some(details) = &patch.details {
        if details.kind() == next.kind {
            next.details = details.checked(faults).stored();
        } else {
            faults.push(Rejection::new(Code::KindMismatch).at(details.field()).with("kind", next.kind));
        }
    }
    next.source = patch.source.unwrap_or(card.source);
    next.condition = patch.condition.unwrap_or(card.condition);
    next.restricted = patch.restricted.unwrap_or(card.restricted);
    next.serial_key = serial::key(&next.brand, next.serial.as_deref());
    if let Some(kept) = facts.kept {
        for change in changes(card, &next).iter().filter(|change| kept.holds(change)) {
            faults.push(Rejection::new(Code::OfferedField).at(&change.field));
        }
    }
    next
}

/// Kind that a change gives to a card whose kind is open: the category's, else that of the fields written. A card that
/// has a category already is of its kind.
fn kind_of(patch: &CardPatch, card: &asset::Model, category: Option<&category::Model>) -> Option<AssetKind> {
    let by_fields = || {
        let category = patch.category_id.unwrap_or(card.category_id);
        patch.details.as_ref().filter(|_| category.is_none()).map(Details::kind)
    };
    category.map(|category| category.kind).or_else(by_fields)
}

fn texts(next: &mut asset::Model, patch: &CardPatch, faults: &mut Vec<Rejection>) {
    let required = [
        ("name", &patch.name, &mut next.name, 200),
        ("brand", &patch.brand, &mut next.brand, 100),
        ("model", &patch.model, &mut next.model, 200),
        ("description", &patch.description, &mut next.description, 4000),
        ("place", &patch.place, &mut next.place, 300),
        ("measure", &patch.measure, &mut next.measure, 20),
        ("fundingSource", &patch.funding_source, &mut next.funding_source, 200),
    ];
    for (field, change, target, most) in required {
        if let Some(value) = change {
            *target = checks::text(faults, field, value, most);
        }
    }
    let optional = [
        ("number", &patch.number, &mut next.number, 100),
        ("serial", &patch.serial, &mut next.serial, 100),
        ("erasureRecord", &patch.erasure_record, &mut next.erasure_record, 2000),
    ];
    for (field, change, target, most) in optional {
        if let Some(value) = change {
            *target = checks::optional_text(faults, field, value.as_deref(), most);
        }
    }
}

fn numbers(next: &mut asset::Model, patch: &CardPatch, facts: &Facts<'_>, faults: &mut Vec<Rejection>) {
    if let Some(quantity) = patch.quantity {
        checks::range(faults, "quantity", quantity, 1, MOST_PIECES);
        next.quantity = quantity;
    }
    if let Some(value) = patch.value {
        if let Some(value) = value {
            checks::range(faults, "value", value.0, 1, MOST_VALUE);
        }
        next.value = value;
    }
    next.value_basis = patch.value_basis.unwrap_or(next.value_basis);
    if next.value_basis == ValueBasis::Unknown && next.value.is_some() {
        faults.push(
            Rejection::new(Code::Malformed)
                .at("value")
                .with("expected", "价值依据为 UNKNOWN 时不得填写价值 / no value where its basis is UNKNOWN"),
        );
    }
    if let Some(day) = patch.acquired_on {
        if day.is_some_and(|day| day > facts.today || day.year() < EARLIEST) {
            faults.push(
                Rejection::new(Code::Malformed)
                    .at("acquiredOn")
                    .with("expected", "1900 年至今天 / a day from 1900 to today"),
            );
        }
        next.acquired_on = day;
    }
    for (field, change, target) in [
        ("depreciationMonths", patch.depreciation_months, &mut next.depreciation_months),
        ("minServiceMonths", patch.min_service_months, &mut next.min_service_months),
    ] {
        if let Some(months) = change {
            if let Some(months) = months {
                checks::range(faults, field, months, 1, 1200);
            }
            *target = months;
        }
    }
}

fn category_of(next: &mut asset::Model, patch: &CardPatch, facts: &Facts<'_>, faults: &mut Vec<Rejection>) {
    let Some(change) = patch.category_id else { return };
    next.category_id = change;
    if change.is_none() {
        return;
    }
    match facts.category {
        None => faults.push(Rejection::new(Code::NotFound).at("categoryId")),
        Some(category)
            if category.valid_from > facts.today || category.valid_to.is_some_and(|to| to < facts.today) =>
        {
            faults.push(Rejection::new(Code::NotFound).at("categoryId"));
        }
        Some(category) if category.kind != next.kind => {
            faults.push(Rejection::new(Code::KindMismatch).at("categoryId").with("kind", next.kind));
        }
        Some(_) => {}
    }
}

/// Whether a field that the rule book names is filled. None where no card has a field of that name.
#[must_use]
pub fn filled(card: &asset::Model, photos: u64, field: &str) -> Option<bool> {
    let text = |text: &String| !text.is_empty();
    let details = Details::of(card.kind, &card.details);
    Some(match (field, &details) {
        ("name", _) => text(&card.name),
        ("brand", _) => text(&card.brand),
        ("model", _) => text(&card.model),
        ("description", _) => text(&card.description),
        ("place", _) => text(&card.place),
        ("measure", _) => text(&card.measure),
        ("fundingSource", _) => text(&card.funding_source),
        ("number", _) => card.number.is_some(),
        ("serial", _) => card.serial.is_some(),
        ("erasureRecord", _) => card.erasure_record.is_some(),
        ("category" | "categoryId", _) => card.category_id.is_some(),
        ("condition", _) => card.condition.is_some(),
        ("quantity", _) => card.quantity > 0,
        // "Value or its basis": a thing of nominal or unknown value says so instead.
        ("value" | "valueBasis", _) => {
            card.value.is_some() || matches!(card.value_basis, ValueBasis::Nominal | ValueBasis::Unknown)
        }
        ("acquiredOn", _) => card.acquired_on.is_some(),
        ("depreciationMonths", _) => card.depreciation_months.is_some(),
        ("minServiceMonths", _) => card.min_service_months.is_some(),
        ("photos", _) => photos > 0,
        ("vehicle.plate", Details::Vehicle(vehicle)) => vehicle.plate.is_some(),
        ("vehicle.vin", Details::Vehicle(vehicle)) => vehicle.vin.is_some(),
        ("vehicle.mileageKm", Details::Vehicle(vehicle)) => vehicle.mileage_km.is_some(),
        ("vehicle.newEnergy", Details::Vehicle(vehicle)) => vehicle.new_energy.is_some(),
        ("vehicle.inspectionUntil", Details::Vehicle(vehicle)) => vehicle.inspection_until.is_some(),
        ("vehicle.insuranceUntil", Details::Vehicle(vehicle)) => vehicle.insurance_until.is_some(),
        ("realEstate.certificate", Details::RealEstate(estate)) => estate.certificate.is_some(),
        ("realEstate.areaM2", Details::RealEstate(estate)) => estate.area_m2.is_some(),
        ("realEstate.address", Details::RealEstate(estate)) => estate.address.is_some(),
        ("realEstate.titleHolder", Details::RealEstate(estate)) => estate.title_holder.is_some(),
        ("software.licences", Details::Software(software)) => software.licences.is_some(),
        ("software.edition", Details::Software(software)) => software.edition.is_some(),
        ("software.expiresOn", Details::Software(software)) => software.expires_on.is_some(),
        _ => return None,
    })
}

/// Rejections for the named fields that are empty. A name that this kind of card does not have asks for nothing.
#[must_use]
pub fn missing(card: &asset::Model, photos: u64, fields: &[String]) -> Vec<Rejection> {
    let mut names: Vec<&str> = fields.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .filter(|field| filled(card, photos, field) == Some(false))
        .map(|field| match field {
            "photos" => Rejection::new(Code::PhotoRequired).at(field),
            _ => Rejection::new(Code::Required).at(field),
        })
        .collect()
}

/// A number with an ending, within the 100 characters that a number may have.
#[must_use]
pub fn with_ending(number: &str, ending: u32) -> String {
    let ending = format!("-{ending}");
    let kept: String = number.chars().take(100 - ending.len()).collect();
    kept + &ending
}

/// Shares `value` between `n` pieces and the other `of - n`, in whole minor units, the odd one to the larger
/// remainder: (share of the n, rest). Needs `0 <= n <= of` and `0 < of`. The two always sum to `value`.
#[must_use]
pub fn pro_rata(value: Money, n: i64, of: i64) -> (Money, Money) {
    debug_assert!(of > 0 && (0..=of).contains(&n));
    let product = i128::from(value.0) * i128::from(n);
    let whole = product.div_euclid(i128::from(of));
    let remainder = product.rem_euclid(i128::from(of));
    // The rest has the remainder `of - remainder`; on a tie the odd one stays with it.
    let share = whole + i128::from(remainder * 2 > i128::from(of));
    // No overflow: the share lies between 0 and value.
    let share = i64::try_from(share).unwrap_or(value.0);
    (Money(share), Money(value.0 - share))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::assets::card::{CardPatch, blank};

    fn card() -> asset::Model {
        let nobody = uuid::Uuid::nil();
        blank(nobody, nobody, AssetKind::General, nobody, chrono::DateTime::UNIX_EPOCH)
    }

    fn facts() -> Facts<'static> {
        Facts {
            today: NaiveDate::from_ymd_opt(2026, 11, 23).unwrap(),
            category: None,
            kept: None,
            kind_open: false,
        }
    }

    fn faults_of(card: &asset::Model, patch: &CardPatch, facts: &Facts<'_>) -> Vec<String> {
        let mut faults = Vec::new();
        let _ = revise(card, patch, facts, &mut faults);
        fields(&faults)
    }

    fn fields(faults: &[Rejection]) -> Vec<String> {
        faults.iter().map(|fault| fault.field.join(".")).collect()
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let patch = CardPatch {
            name: Some("名".repeat(201)),
            quantity: Some(0),
            value: Some(Some(Money(-5))),
            acquired_on: Some(NaiveDate::from_ymd_opt(2026, 11, 24)),
            depreciation_months: Some(Some(0)),
            category_id: Some(Some(uuid::Uuid::max())),
            details: Some(Details::Software(Default::default())),
            ..CardPatch::default()
        };
        assert_eq!(
            faults_of(&card(), &patch, &facts()),
            ["name", "quantity", "value", "acquiredOn", "depreciationMonths", "categoryId", "software"]
        );
    }

    #[test]
    fn a_secret_is_refused_whatever_else_is_wrong() {
        let patch = CardPatch { secret: Some(true), quantity: Some(0), ..CardPatch::default() };
        assert_eq!(refuse_secret(&patch).map_err(|fault| fault.code), Err(Code::SecretRefused));
        assert!(refuse_secret(&CardPatch { secret: Some(false), ..patch }).is_ok());
    }

    #[test]
    fn left_out_stays_and_cleared_goes() {
        let before = asset::Model { serial: Some("S1".into()), number: Some("N1".into()), ..card() };
        let patch = CardPatch { number: Some(None), ..CardPatch::default() };
        let after = revise(&before, &patch, &facts(), &mut Vec::new());
        assert_eq!((after.serial.as_deref(), after.number), (Some("S1"), None));
    }

    #[test]
    fn what_is_offered_keeps_what_others_decided_by() {
        let patch = CardPatch { quantity: Some(2), description: Some("新".into()), ..CardPatch::default() };
        let material = Material::default();
        let offered = Facts { kept: Some(&material), ..facts() };
        assert_eq!(faults_of(&card(), &patch, &offered), ["quantity"]);
        let patch = CardPatch { description: Some("新".into()), quantity: Some(1), ..CardPatch::default() };
        assert_eq!(faults_of(&card(), &patch, &offered), [""; 0]);
        let patch = CardPatch { depreciation_months: Some(Some(60)), ..CardPatch::default() };
        assert_eq!(faults_of(&card(), &patch, &offered), ["depreciationMonths"]);
    }

    #[test]
    fn an_open_kind_follows_what_is_written_and_a_settled_one_stays() {
        let vehicle =
            CardPatch { details: Some(Details::Vehicle(Default::default())), ..CardPatch::default() };
        let open = Facts { kind_open: true, ..facts() };
        let mut faults = Vec::new();
        assert_eq!(revise(&card(), &vehicle, &open, &mut faults).kind, AssetKind::Vehicle);
        assert_eq!(faults, []);
        assert_eq!(faults_of(&card(), &vehicle, &facts()), ["vehicle"]);
        // A card in a category is of its kind, whatever fields come.
        let in_category = asset::Model { category_id: Some(uuid::Uuid::max()), ..card() };
        assert_eq!(faults_of(&in_category, &vehicle, &open), ["vehicle"]);
    }

    #[test]
    fn a_value_of_unknown_basis_counts_as_told() {
        let asked = ["value".to_owned(), "condition".to_owned(), "vehicle.vin".to_owned()];
        assert_eq!(fields(&missing(&card(), 0, &asked)), ["condition", "value"]);
        let unknown = asset::Model { value_basis: ValueBasis::Unknown, ..card() };
        assert_eq!(fields(&missing(&unknown, 0, &asked)), ["condition"]);
    }

    proptest! {
        #[test]
        fn shares_sum_to_the_whole_and_are_never_off_by_a_fen(value in 0..=MOST_VALUE, of in 1..=MOST_PIECES, part in 0.0..=1.0f64) {
            let n = ((of as f64) * part) as i64;
            let (share, rest) = pro_rata(Money(value), n, of);
            prop_assert_eq!(share.0 + rest.0, value);
            prop_assert!(share.0 >= 0 && rest.0 >= 0);
            let exact = i128::from(value) * i128::from(n);
            let off = (i128::from(share.0) * i128::from(of) - exact).abs();
            prop_assert!(off * 2 <= i128::from(of), "more than half a fen off");
        }

        #[test]
        fn however_a_lot_is_split_its_children_and_rest_sum_to_it(value in 0..=10_000_000i64, cuts in prop::collection::vec(1..50i64, 1..20)) {
            let mut pieces: i64 = 200;
            let (mut rest, mut children) = (Money(value), 0);
            for cut in cuts {
                if cut >= pieces { continue; }
                let (share, left) = pro_rata(rest, cut, pieces);
                children += share.0;
                rest = left;
                pieces -= cut;
                prop_assert_eq!(children + rest.0, value);
            }
        }
    }
}
