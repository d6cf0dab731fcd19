//! Pure arithmetic of the ledger: an entry's amount from its frozen inputs, and the hash over the entry.
//!
//! Everything is in whole fen. The only division is the straight-line depreciation; it rounds half to even.

use chrono::{Datelike, NaiveDate};
use entity::Money;
use entity::assets::ValueBasis;
use entity::catalogue::AssetSource;
use entity::savings::{SavingMethod, saving_entry};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Edition of the formulas below. A later edition must keep recomputing the entries of this one.
pub const EDITION: u32 = 1;

/// The methods that every receipt is entered under.
pub const METHODS: [SavingMethod; 3] =
    [SavingMethod::OriginalValue, SavingMethod::NetBook, SavingMethod::Replacement];

/// Everything a formula reads, frozen at the receipt: any amount can be recomputed from this alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inputs {
    /// Edition of the formulas.
    pub edition: u32,
    /// Method.
    pub method: SavingMethod,
    /// Pieces received.
    pub quantity: i64,
    /// Civil day of the receipt.
    pub civil_day: NaiveDate,
    /// Giver and receiver are the same unit.
    pub same_unit: bool,
    /// How the asset came to be available.
    pub source: AssetSource,
    /// Value of the pieces as their card has it, in fen.
    pub value: Option<Money>,
    /// What that value is.
    pub value_basis: ValueBasis,
    /// When the asset was acquired.
    pub acquired_on: Option<NaiveDate>,
    /// Depreciation life in months.
    pub life_months: Option<i64>,
    /// Where the life comes from.
    pub life_from: Option<LifeFrom>,
    /// Standard in force on the civil day, where the method asks for one.
    pub standard: Option<Standard>,
}

/// Where a depreciation life comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LifeFrom {
    /// The card's own.
    Card,
    /// Its category's, or that of the nearest category above.
    Category,
}

/// The allocation standard (配置标准) that an entry was computed by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Standard {
    /// Identity.
    pub id: Uuid,
    /// Revision.
    pub revision: i64,
    /// Paper that it stands in.
    pub source: String,
    /// Jurisdiction; none is central.
    pub region_id: Option<Uuid>,
    /// Category it is for: the card's, or one above it.
    pub category_id: Uuid,
    /// Price cap of one piece, in fen.
    pub price_cap: Money,
    /// First day.
    pub valid_from: NaiveDate,
}

/// Why an entry counts nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, async_graphql::Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[graphql(name = "SavingZeroReason")]
pub enum ZeroReason {
    /// Confiscated goods never count.
    Confiscated,
    /// A move inside one unit spares nothing.
    SameUnit,
    /// The card says a nominal amount, which is not a value.
    NominalValue,
    /// The value is not known.
    UnknownValue,
    /// It is not known when the asset was acquired.
    UnknownAge,
    /// Neither the card nor its category has a depreciation life.
    UnknownLife,
    /// Nothing is left after depreciation.
    FullyDepreciated,
    /// No standard was in force.
    NoStandard,
}

/// Amount in fen, and why it is nothing where a rule makes it so.
#[must_use]
pub fn amount(inputs: &Inputs) -> (Money, Option<ZeroReason>) {
    let zero = |reason| (Money::ZERO, Some(reason));
    if inputs.source == AssetSource::Confiscated {
        return zero(ZeroReason::Confiscated);
    }
    if inputs.same_unit {
        return zero(ZeroReason::SameUnit);
    }
    if inputs.method == SavingMethod::Replacement {
        return match &inputs.standard {
            None => zero(ZeroReason::NoStandard),
            Some(standard) => (Money(standard.price_cap.0.saturating_mul(inputs.quantity)), None),
        };
    }
    // An appraised value counts here as an original one: it is what the books took the asset in at (a surplus, a donation),
    // and only NOMINAL and UNKNOWN count nothing in book methods. APPRAISED as a method of its own comes with the rule book.
    let value = match (inputs.value_basis, inputs.value) {
        (ValueBasis::Nominal, _) => return zero(ZeroReason::NominalValue),
        (ValueBasis::Unknown, _) | (_, None) => return zero(ZeroReason::UnknownValue),
        (ValueBasis::Original | ValueBasis::Appraised, Some(value)) => value,
    };
    if inputs.method == SavingMethod::OriginalValue {
        return (value, None);
    }
    let Some(acquired_on) = inputs.acquired_on else { return zero(ZeroReason::UnknownAge) };
    let Some(life) = inputs.life_months.filter(|life| *life > 0) else {
        return zero(ZeroReason::UnknownLife);
    };
    let used = depreciated_months(acquired_on, inputs.civil_day);
    if used >= life {
        return zero(ZeroReason::FullyDepreciated);
    }
    (Money(value.0 - half_even(i128::from(value.0) * i128::from(used), i128::from(life))), None)
}

/// Months of depreciation at `day`. The month of acquisition counts in full and the month of leaving not at all, as
/// 政府会计准则第3号——固定资产 has it; an asset that was acquired later has none.
#[must_use]
pub fn depreciated_months(acquired_on: NaiveDate, day: NaiveDate) -> i64 {
    let month = |date: NaiveDate| i64::from(date.year()) * 12 + i64::from(date.month0());
    (month(day) - month(acquired_on)).max(0)
}

/// `numerator ÷ denominator` in whole numbers, halves to the even neighbour. `denominator` is positive.
#[must_use]
pub fn half_even(numerator: i128, denominator: i128) -> i64 {
    let floor = numerator.div_euclid(denominator);
    let twice = numerator.rem_euclid(denominator) * 2;
    let up = twice > denominator || (twice == denominator && floor % 2 != 0);
    i64::try_from(floor + i128::from(up)).unwrap_or(if numerator < 0 { i64::MIN } else { i64::MAX })
}

/// Text of a JSON value in one form only: keys sorted, no spaces. PostgreSQL gives keys back in another order than
/// they were put in, and the hash must not care.
#[must_use]
pub fn canonical(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| name.as_str());
            let fields: Vec<_> = fields
                .into_iter()
                .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), canonical(value)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(values) => format!("[{}]", values.iter().map(canonical).collect::<Vec<_>>().join(",")),
        plain => plain.to_string(),
    }
}

/// SHA-256, hex, over the whole entry but its hash.
#[must_use]
pub fn hash(entry: &saving_entry::Model) -> String {
    let at = entry.recognised_at.timestamp_micros();
    let fields = serde_json::json!({
        "id": entry.id, "seq": entry.seq, "entry": entry.entry, "method": entry.method,
        "transferId": entry.transfer_id, "contraOf": entry.contra_of, "assetId": entry.asset_id,
        "quantity": entry.quantity, "amount": entry.amount, "recognisedAt": at, "civilDay": entry.civil_day,
        "giverId": entry.giver_id, "receiverId": entry.receiver_id,
        "giverRegionId": entry.giver_region_id, "receiverRegionId": entry.receiver_region_id,
        "giverLevel": entry.giver_level, "receiverLevel": entry.receiver_level,
        "categoryId": entry.category_id, "custody": entry.custody, "mode": entry.mode, "repeat": entry.repeat,
        "standardId": entry.standard_id, "inputs": entry.inputs,
    });
    hex::encode(Sha256::digest(canonical(&fields)))
}

/// Whether `contra` takes back exactly `entry`.
#[must_use]
pub fn is_contra_of(contra: &saving_entry::Model, entry: &saving_entry::Model) -> bool {
    contra.contra_of == Some(entry.id)
        && contra.method == entry.method
        && contra.transfer_id == entry.transfer_id
        && contra.asset_id == entry.asset_id
        && contra.quantity == -entry.quantity
        && contra.amount == -entry.amount
        && (contra.giver_id, contra.receiver_id) == (entry.giver_id, entry.receiver_id)
        && (contra.giver_region_id, contra.receiver_region_id)
            == (entry.giver_region_id, entry.receiver_region_id)
        && (contra.giver_level, contra.receiver_level) == (entry.giver_level, entry.receiver_level)
        && (contra.category_id, contra.custody, contra.mode) == (entry.category_id, entry.custody, entry.mode)
        && (contra.repeat, contra.standard_id) == (entry.repeat, entry.standard_id)
        && contra.inputs == entry.inputs
}

/// What is wrong with an entry of its own, without looking at any other; empty where all is well.
#[must_use]
pub fn faults_of(entry: &saving_entry::Model) -> Vec<String> {
    use entity::savings::SavingKind;
    let mut faults = Vec::new();
    if hash(entry) != entry.hash {
        faults.push("its hash is wrong".to_owned());
    }
    let sign = if entry.entry == SavingKind::Entry { 1 } else { -1 };
    if (entry.entry == SavingKind::Contra) != entry.contra_of.is_some() {
        faults.push("a contra entry names its entry, and no other does".to_owned());
    }
    match serde_json::from_value::<Inputs>(entry.inputs.clone()) {
        Err(error) => faults.push(format!("its inputs cannot be read: {error}")),
        Ok(inputs) => {
            let computed = amount(&inputs).0.0 * sign;
            if computed != entry.amount.0 {
                faults.push(format!("its inputs give {computed} and it says {}", entry.amount.0));
            }
            if inputs.quantity * sign != entry.quantity {
                faults.push("its quantity is not that of its inputs".to_owned());
            }
            if inputs.method != entry.method {
                faults.push("its method is not that of its inputs".to_owned());
            }
            if inputs.standard.map(|standard| standard.id) != entry.standard_id {
                faults.push("its standard is not that of its inputs".to_owned());
            }
            if inputs.same_unit != (entry.giver_id == entry.receiver_id) {
                faults.push("its units are not those of its inputs".to_owned());
            }
            if sign == 1 && inputs.civil_day != entry.civil_day {
                faults.push("its day is not that of its inputs".to_owned());
            }
        }
    }
    faults
}
