//! What differs between two states of a card, and which of it others count on. Pure.

use entity::assets::asset;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::details::Details;

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its name, as in the schema; `vehicle.mileageKm` for a field of the kind.
    pub field: String,
    /// What it said; none where it said nothing.
    pub before: Option<String>,
    /// What it says now.
    pub after: Option<String>,
}

/// Fields by which approvers decided and by which the ledger reckons: a change of them always concerns whoever counts on the card.
const ALWAYS: [&str; 8] = [
    "categoryId",
    "condition",
    "quantity",
    "value",
    "valueBasis",
    "acquiredOn",
    "depreciationMonths",
    "source",
];
/// Fields that the city's rule book may say so of, each with its setting.
pub const BY_SETTING: [(&str, &str); 6] = [
    ("name", "material_name"),
    ("brand", "material_brand"),
    ("model", "material_model"),
    ("place", "material_place"),
    ("measure", "material_measure"),
    ("description", "material_description"),
];
/// The setting for the fields that only some kinds have.
pub const DETAILS: &str = "material_details";

/// The fields that others count on, by the rule book of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Material {
    pub(super) fields: Vec<&'static str>,
    pub(super) details: bool,
}

impl Material {
    /// Whether whoever counts on the card is asked again because of this change.
    #[must_use]
    pub fn holds(&self, change: &Change) -> bool {
        let field = change.field.as_str();
        ALWAYS.contains(&field) || self.fields.contains(&field) || (self.details && field.contains('.'))
    }
}

/// All that differs, in the order in which a card is read.
#[must_use]
pub fn changes(before: &asset::Model, after: &asset::Model) -> Vec<Change> {
    let (old, new) = (said(before), said(after));
    let mut found: Vec<Change> = old
        .into_iter()
        .zip(new)
        .filter(|((_, was), (_, is))| was != is)
        .map(|((field, was), (_, is))| Change { field: field.to_owned(), before: was, after: is })
        .collect();
    let (old, new) = (&before.details, &after.details);
    let prefix = Details::of(after.kind, new).field();
    let mut keys: Vec<&String> =
        [old, new].into_iter().filter_map(Value::as_object).flat_map(|map| map.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let (was, is) = (text(&old[key]), text(&new[key]));
        if was != is {
            found.push(Change { field: format!("{prefix}.{}", camel(key)), before: was, after: is });
        }
    }
    found
}

/// What a card says, field by field.
fn said(card: &asset::Model) -> Vec<(&'static str, Option<String>)> {
    let words = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    vec![
        ("name", words(&card.name)),
        ("brand", words(&card.brand)),
        ("model", words(&card.model)),
        ("serial", card.serial.clone()),
        ("number", card.number.clone()),
        ("description", words(&card.description)),
        ("categoryId", card.category_id.map(|id| id.to_string())),
        ("condition", card.condition.map(|it| it.to_string())),
        ("place", words(&card.place)),
        ("quantity", Some(card.quantity.to_string())),
        ("measure", words(&card.measure)),
        ("value", card.value.map(|value| value.0.to_string())),
        ("valueBasis", Some(card.value_basis.to_string())),
        ("acquiredOn", card.acquired_on.map(|day| day.to_string())),
        ("source", Some(card.source.to_string())),
        ("fundingSource", words(&card.funding_source)),
        ("depreciationMonths", card.depreciation_months.map(|months| months.to_string())),
        ("minServiceMonths", card.min_service_months.map(|months| months.to_string())),
        ("erasureRecord", card.erasure_record.clone()),
        ("restricted", Some(card.restricted.to_string())),
    ]
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// A name as the schema writes it.
fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let mut camel = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

#[cfg(test)]
mod tests {
    use entity::Money;
    use entity::assets::Condition;
    use entity::catalogue::AssetKind;
    use serde_json::json;

    use super::*;
    use crate::assets::card::blank;

    #[test]
    fn what_differs_is_told_and_the_rule_book_says_what_of_it_counts() {
        let nobody = uuid::Uuid::nil();
        let mut before = blank(nobody, nobody, AssetKind::Vehicle, nobody, chrono::DateTime::UNIX_EPOCH);
        before.details = json!({ "mileage_km": 10, "plate": "鄂A12345" });
        let after = asset::Model {
            value: Some(Money(100)),
            condition: Some(Condition::Poor),
            brand: "东风".into(),
            number: Some("N1".into()),
            details: json!({ "mileage_km": 20, "plate": "鄂A12345", "vin": null }),
            ..before.clone()
        };
        let found = changes(&before, &after);
        let fields: Vec<&str> = found.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(fields, ["brand", "number", "condition", "value", "vehicle.mileageKm"]);
        assert_eq!(found[4].before.as_deref(), Some("10"));
        assert_eq!((found[0].before.as_deref(), found[0].after.as_deref()), (None, Some("东风")));
        let counted = |material: &Material| {
            found
                .iter()
                .filter(|change| material.holds(change))
                .map(|change| change.field.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(counted(&Material::default()), ["condition", "value"]);
        let all = Material { fields: vec!["brand"], details: true };
        assert_eq!(counted(&all), ["brand", "condition", "value", "vehicle.mileageKm"]);
    }
}
