//! What is said about a category, a standard, a required field and a setting, and what may be wrong with it. Pure.

use chrono::NaiveDate;
use entity::Money;
use entity::catalogue::{AssetKind, AssetSource, RequiredStep, allocation_standard, category};
use serde::Serialize;
use uuid::Uuid;

use super::settings::known_setting;
use crate::checks;
use crate::fault::{Code, Rejection};
use crate::organisation::rules::{dates, required, year};

/// Longest life, in months: a hundred years.
const LONGEST: i64 = 1200;
/// Highest price cap of one piece, in minor units.
const HIGHEST: i64 = 100_000_000_000_000;

/// All that is said about a category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CategoryForm {
    /// Such as `GB/T 14885`.
    pub system: String,
    /// Such as `2022`: the same digits mean other things in other editions.
    pub edition: String,
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// The category above, of the same system and edition.
    pub parent_id: Option<Uuid>,
    /// Kind of the assets in it.
    pub kind: AssetKind,
    /// Floor of the depreciation life, in months.
    pub depreciation_months: Option<i64>,
    /// Whether an erasure record is needed before it is listed.
    pub has_disk: bool,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day, inclusive.
    pub valid_to: Option<NaiveDate>,
}

impl From<&category::Model> for CategoryForm {
    fn from(row: &category::Model) -> Self {
        Self {
            system: row.system.clone(),
            edition: row.edition.clone(),
            code: row.code.clone(),
            name: row.name.clone(),
            parent_id: row.parent_id,
            kind: row.kind,
            depreciation_months: row.depreciation_months,
            has_disk: row.has_disk,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
        }
    }
}

impl CategoryForm {
    /// As it is kept, with everything that is wrong with it alone.
    #[must_use]
    pub fn cleaned(self) -> (Self, Vec<Rejection>) {
        let mut faults = Vec::new();
        let form = Self {
            system: required(&mut faults, "system", &self.system, 40),
            edition: required(&mut faults, "edition", &self.edition, 20),
            code: required(&mut faults, "code", &self.code, 40),
            name: required(&mut faults, "name", &self.name, 200),
            ..self
        };
        if let Some(months) = form.depreciation_months {
            checks::range(&mut faults, "depreciationMonths", months, 1, LONGEST);
        }
        dates(&mut faults, form.valid_from, form.valid_to);
        (form, faults)
    }
}

/// All that is said about a revision of a standard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StandardForm {
    /// Jurisdiction; none means central government.
    pub region_id: Option<Uuid>,
    /// The category.
    pub category_id: Uuid,
    /// Rank of staff it is for, where it differs.
    pub rank: Option<String>,
    /// Price cap of one piece.
    pub price_cap: Money,
    /// Minimum service life, in months.
    pub min_service_months: i64,
    /// Quantity cap in per cent of staff.
    pub cap_percent: Option<i64>,
    /// Document it comes from.
    pub source: String,
    /// First day.
    pub valid_from: NaiveDate,
}

impl From<&allocation_standard::Model> for StandardForm {
    fn from(row: &allocation_standard::Model) -> Self {
        Self {
            region_id: row.region_id,
            category_id: row.category_id,
            rank: row.rank.clone(),
            price_cap: row.price_cap,
            min_service_months: row.min_service_months,
            cap_percent: row.cap_percent,
            source: row.source.clone(),
            valid_from: row.valid_from,
        }
    }
}

/// A standard as the audit trail keeps it: the whole form, and its revision.
#[must_use]
pub fn standard_record(row: &allocation_standard::Model) -> serde_json::Value {
    let mut record = serde_json::json!(StandardForm::from(row));
    record["revision"] = row.revision.into();
    record
}

impl StandardForm {
    /// As it is kept, with everything that is wrong with it alone.
    #[must_use]
    pub fn cleaned(self) -> (Self, Vec<Rejection>) {
        let mut faults = Vec::new();
        let form = Self {
            rank: checks::optional_text(&mut faults, "rank", self.rank.as_deref(), 50),
            source: required(&mut faults, "source", &self.source, 200),
            ..self
        };
        checks::range(&mut faults, "priceCap", form.price_cap.0, 1, HIGHEST);
        checks::range(&mut faults, "minServiceMonths", form.min_service_months, 0, LONGEST);
        if let Some(percent) = form.cap_percent {
            checks::range(&mut faults, "capPercent", percent, 0, 10_000);
        }
        year(&mut faults, "validFrom", form.valid_from);
        (form, faults)
    }
}

/// Fields of a card or a listing that a city may require: names as in the schema.
pub const REQUIRABLE: &[&str] = &[
    "name",
    "brand",
    "model",
    "description",
    "place",
    "measure",
    "fundingSource",
    "number",
    "serial",
    "erasureRecord",
    "categoryId",
    "condition",
    "quantity",
    "value",
    "acquiredOn",
    "depreciationMonths",
    "minServiceMonths",
    "photos",
    "vehicle.plate",
    "vehicle.vin",
    "vehicle.mileageKm",
    "vehicle.newEnergy",
    "vehicle.inspectionUntil",
    "vehicle.insuranceUntil",
    "realEstate.certificate",
    "realEstate.areaM2",
    "realEstate.address",
    "realEstate.titleHolder",
    "software.licences",
    "software.edition",
    "software.expiresOn",
];

/// Whether a field must be filled before a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequiredFieldForm {
    /// None: every kind.
    pub kind: Option<AssetKind>,
    /// None: every source.
    pub source: Option<AssetSource>,
    /// Before which step.
    pub step: RequiredStep,
    /// Name as in the schema, one of [`REQUIRABLE`].
    pub field: String,
    /// Whether it must be filled.
    pub required: bool,
    /// From which day on.
    pub from: NaiveDate,
}

impl RequiredFieldForm {
    /// What is wrong with it. Rules do not change behind anybody's back, so `from` is not before today.
    #[must_use]
    pub fn faults(&self, today: NaiveDate) -> Vec<Rejection> {
        let mut faults = Vec::new();
        if !REQUIRABLE.contains(&self.field.as_str()) {
            faults.push(Rejection::new(Code::Malformed).at("field").with("expected", REQUIRABLE.join(", ")));
        }
        not_before(&mut faults, "from", self.from, today);
        faults
    }
}

/// A number of the city's rule book from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SettingForm {
    /// Name, one of [`super::settings::SETTINGS`].
    pub name: String,
    /// Value, in the unit that the name ends in.
    pub value: i64,
    /// First day.
    pub from: NaiveDate,
}

impl SettingForm {
    /// What is wrong with it.
    #[must_use]
    pub fn faults(&self, today: NaiveDate) -> Vec<Rejection> {
        let mut faults = Vec::new();
        match known_setting(&self.name) {
            None => faults.push(Rejection::new(Code::NotFound).at("name")),
            Some(known) => checks::range(&mut faults, "value", self.value, known.least, known.most),
        }
        not_before(&mut faults, "from", self.from, today);
        faults
    }
}

/// A day that is not over.
pub(super) fn not_before(faults: &mut Vec<Rejection>, field: &str, day: NaiveDate, today: NaiveDate) {
    year(faults, field, day);
    if day < today {
        let expected = format!("不早于今天 {today} / not before today, {today}");
        faults.push(Rejection::new(Code::Malformed).at(field).with("expected", expected));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_book_never_changes_backwards() {
        let today: NaiveDate = "2026-03-02".parse().unwrap();
        let form =
            |from: &str| SettingForm { name: "hold_days".into(), value: 5, from: from.parse().unwrap() };
        assert!(form("2026-03-02").faults(today).is_empty());
        assert_eq!(form("2026-03-01").faults(today).len(), 1);
        assert_eq!(form("+99999-01-01").faults(today)[0].field, ["from"]);
        assert_eq!(SettingForm { value: 0, ..form("2026-03-02") }.faults(today)[0].code, Code::OutOfRange);
        assert_eq!(
            SettingForm { name: "x".into(), ..form("2026-03-02") }.faults(today)[0].code,
            Code::NotFound
        );
    }

    #[test]
    fn a_standard_begins_on_a_day_that_both_databases_keep() {
        let form = |from: &str| StandardForm {
            region_id: None,
            category_id: Uuid::nil(),
            rank: None,
            price_cap: Money(500_000),
            min_service_months: 72,
            cap_percent: None,
            source: "财资〔2016〕27号".into(),
            valid_from: from.parse().unwrap(),
        };
        assert!(form("2016-07-01").cleaned().1.is_empty());
        for strange in ["+99999-01-01", "1899-12-31"] {
            assert_eq!(form(strange).cleaned().1[0].field, ["validFrom"], "{strange}");
        }
    }

    #[test]
    fn a_field_that_nothing_has_cannot_be_required() {
        let today: NaiveDate = "2026-03-02".parse().unwrap();
        let form = RequiredFieldForm {
            kind: None,
            source: None,
            step: RequiredStep::Submit,
            field: "colour".into(),
            required: true,
            from: today,
        };
        assert_eq!(form.faults(today)[0].field, ["field"]);
    }
}
