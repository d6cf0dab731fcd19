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

/// All methods that entries are made by.
pub const ALL_METHODS: [SavingMethod; 4] =
    [SavingMethod::OriginalValue, SavingMethod::NetBook, SavingMethod::Replacement, SavingMethod::Loan];

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
    /// No rental rate was in force.
    NoRate,
    /// Loans of the asset have saved as much already as a new one would cost.
    CapReached,
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
    // A loan has inputs of its own, and is never entered by these.
    if inputs.method == SavingMethod::Replacement || inputs.method == SavingMethod::Loan {
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

/// The rental rate (租金标准) that an entry was computed by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rate {
    /// Identity.
    pub id: Uuid,
    /// Revision.
    pub revision: i64,
    /// Paper or survey that it stands in.
    pub source: String,
    /// Jurisdiction; none is everywhere.
    pub region_id: Option<Uuid>,
    /// Category it is for: the card's, or one above it.
    pub category_id: Uuid,
    /// Of one piece for one day, in fen.
    pub fen_per_day: Money,
    /// First day.
    pub valid_from: NaiveDate,
}

/// What limits the savings of all loans of an asset over its whole life. The asset is the card with all that it was split
/// from and into: it keeps its history over every transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cap {
    /// Standard in force on the last day counted.
    pub standard: Standard,
    /// Pieces of the asset, all in all.
    pub pieces: i64,
    /// What its loans had saved before this entry, in fen.
    pub used: Money,
}

/// Everything that the formula of a loan reads, frozen when it is entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoanInputs {
    /// Edition of the formulas.
    pub edition: u32,
    /// Method.
    pub method: SavingMethod,
    /// Pieces that were used.
    pub quantity: i64,
    /// First civil day of use.
    pub day_from: NaiveDate,
    /// Last civil day of use, inclusive.
    pub day_to: NaiveDate,
    /// Lender and borrower are the same unit.
    pub same_unit: bool,
    /// How the asset came to be available.
    pub source: AssetSource,
    /// Rental rate in force on those days.
    pub rate: Option<Rate>,
    /// What limits it; none where no standard was in force.
    pub cap: Option<Cap>,
}

impl LoanInputs {
    /// Days of use: both ends count.
    #[must_use]
    pub fn days(&self) -> i64 {
        (self.day_to - self.day_from).num_days() + 1
    }
}

/// Amount of a loan in fen, and why it is nothing where a rule makes it so.
#[must_use]
pub fn loan_amount(inputs: &LoanInputs) -> (Money, Option<ZeroReason>) {
    let zero = |reason| (Money::ZERO, Some(reason));
    if inputs.source == AssetSource::Confiscated {
        return zero(ZeroReason::Confiscated);
    }
    if inputs.same_unit {
        return zero(ZeroReason::SameUnit);
    }
    let Some(rate) = &inputs.rate else { return zero(ZeroReason::NoRate) };
    // Without a limit nothing counts: savings must not be told too high.
    let Some(cap) = &inputs.cap else { return zero(ZeroReason::NoStandard) };
    let rent = i128::from(rate.fen_per_day.0) * i128::from(inputs.quantity) * i128::from(inputs.days());
    let most = i128::from(cap.standard.price_cap.0) * i128::from(cap.pieces) - i128::from(cap.used.0);
    if most <= 0 {
        return zero(ZeroReason::CapReached);
    }
    (Money(i64::try_from(rent.min(most)).unwrap_or(i64::MAX)), None)
}

/// The frozen inputs of an entry, whatever it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frozen {
    /// Of a receipt.
    Receipt(Inputs),
    /// Of days of a loan.
    Loan(LoanInputs),
}

impl Frozen {
    /// Reads what stands in an entry.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn of(entry: &saving_entry::Model) -> serde_json::Result<Self> {
        let inputs = entry.inputs.clone();
        if entry.method == SavingMethod::Loan {
            return serde_json::from_value(inputs).map(Self::Loan);
        }
        serde_json::from_value(inputs).map(Self::Receipt)
    }

    /// The amount, and why it is nothing where a rule makes it so.
    #[must_use]
    pub fn amount(&self) -> (Money, Option<ZeroReason>) {
        match self {
            Self::Receipt(inputs) => amount(inputs),
            Self::Loan(inputs) => loan_amount(inputs),
        }
    }

    /// The standard among them.
    #[must_use]
    pub fn standard(&self) -> Option<&Standard> {
        match self {
            Self::Receipt(inputs) => inputs.standard.as_ref(),
            Self::Loan(inputs) => inputs.cap.as_ref().map(|cap| &cap.standard),
        }
    }

    fn quantity(&self) -> i64 {
        match self {
            Self::Receipt(inputs) => inputs.quantity,
            Self::Loan(inputs) => inputs.quantity,
        }
    }

    fn method(&self) -> SavingMethod {
        match self {
            Self::Receipt(inputs) => inputs.method,
            Self::Loan(inputs) => inputs.method,
        }
    }

    fn same_unit(&self) -> bool {
        match self {
            Self::Receipt(inputs) => inputs.same_unit,
            Self::Loan(inputs) => inputs.same_unit,
        }
    }

    /// Whether the days of the entry are those of its inputs.
    fn days_fit(&self, entry: &saving_entry::Model) -> bool {
        let (day, days) = match self {
            Self::Receipt(inputs) => (inputs.civil_day, (None, None)),
            Self::Loan(inputs) => (inputs.day_to, (Some(inputs.day_from), Some(inputs.day_to))),
        };
        // A contra entry is of the day on which it was made.
        (entry.contra_of.is_some() || entry.civil_day == day) && (entry.day_from, entry.day_to) == days
    }
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
    let mut fields = serde_json::json!({
        "id": entry.id, "seq": entry.seq, "entry": entry.entry, "method": entry.method,
        "transferId": entry.transfer_id, "contraOf": entry.contra_of, "assetId": entry.asset_id,
        "quantity": entry.quantity, "amount": entry.amount, "recognisedAt": at, "civilDay": entry.civil_day,
        "giverId": entry.giver_id, "receiverId": entry.receiver_id,
        "giverRegionId": entry.giver_region_id, "receiverRegionId": entry.receiver_region_id,
        "giverLevel": entry.giver_level, "receiverLevel": entry.receiver_level,
        "categoryId": entry.category_id, "custody": entry.custody, "mode": entry.mode, "repeat": entry.repeat,
        "standardId": entry.standard_id, "inputs": entry.inputs,
    });
    if entry.loan_id.is_some() {
        fields["loanId"] = serde_json::json!(entry.loan_id);
        fields["days"] = serde_json::json!([entry.day_from, entry.day_to]);
    }
    hex::encode(Sha256::digest(canonical(&fields)))
}

/// Whether `contra` takes back exactly `entry`.
#[must_use]
pub fn is_contra_of(contra: &saving_entry::Model, entry: &saving_entry::Model) -> bool {
    contra.contra_of == Some(entry.id)
        && contra.method == entry.method
        && contra.transfer_id == entry.transfer_id
        && contra.loan_id == entry.loan_id
        && (contra.day_from, contra.day_to) == (entry.day_from, entry.day_to)
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
    if entry.loan_id.is_some() != (entry.method == SavingMethod::Loan)
        || entry.transfer_id.is_some() == entry.loan_id.is_some()
    {
        faults.push("it is of a hand-over or of a loan, as its method is".to_owned());
    }
    match Frozen::of(entry) {
        Err(error) => faults.push(format!("its inputs cannot be read: {error}")),
        Ok(inputs) => {
            let computed = inputs.amount().0.0 * sign;
            if computed != entry.amount.0 {
                faults.push(format!("its inputs give {computed} and it says {}", entry.amount.0));
            }
            if inputs.quantity() * sign != entry.quantity {
                faults.push("its quantity is not that of its inputs".to_owned());
            }
            if inputs.method() != entry.method {
                faults.push("its method is not that of its inputs".to_owned());
            }
            if inputs.standard().map(|standard| standard.id) != entry.standard_id {
                faults.push("its standard is not that of its inputs".to_owned());
            }
            if inputs.same_unit() != (entry.giver_id == entry.receiver_id) {
                faults.push("its units are not those of its inputs".to_owned());
            }
            if !inputs.days_fit(entry) {
                faults.push("its days are not those of its inputs".to_owned());
            }
        }
    }
    faults
}
