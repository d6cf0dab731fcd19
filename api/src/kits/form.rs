//! What a kit, and an order of one, must look like.

use std::collections::HashSet;

use entity::assets::Condition;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::checks;
use crate::fault::{Code, Rejection};
use crate::organisation::Reference;

/// Most items of a kit.
const MOST_ITEMS: usize = 20;
/// Most places furnished at once.
pub(super) const MOST_PLACES: i64 = 1_000;
/// Longest name, in characters.
const LONGEST_NAME: usize = 100;

/// One thing of a kit: so many pieces for so many places, of any of these categories or below them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemForm {
    /// Name.
    pub name: String,
    /// Categories that will do.
    pub categories: Vec<Uuid>,
    /// Pieces.
    pub pieces: i64,
    /// For so many places.
    pub per_places: i64,
    /// As good as this, or better.
    pub least_condition: Condition,
    /// Whether the kit is of no use without it.
    pub required: bool,
}

/// Cleans the items, and notes everything that is wrong with them at `items.n.field`.
pub(super) fn clean(faults: &mut Vec<Rejection>, reference: &Reference, items: &[ItemForm]) -> Vec<ItemForm> {
    if items.is_empty() {
        faults.push(Rejection::new(Code::Required).at("items"));
    }
    if items.len() > MOST_ITEMS {
        faults.push(Rejection::new(Code::OutOfRange).at("items").with("least", 1).with("most", MOST_ITEMS));
    }
    let mut taken: HashSet<Uuid> = HashSet::new();
    let clean = |(n, item): (usize, &ItemForm)| {
        let at = |field: &str| format!("items.{n}.{field}");
        let name = checks::text(faults, &at("name"), &item.name, LONGEST_NAME);
        if name.is_empty() {
            faults.push(Rejection::new(Code::Required).at(at("name")));
        }
        checks::range(faults, &at("pieces"), item.pieces, 1, 100);
        checks::range(faults, &at("perPlaces"), item.per_places, 1, 1_000);
        if item.categories.is_empty() {
            faults.push(Rejection::new(Code::Required).at(at("categoryIds")));
        }
        for category in &item.categories {
            if reference.category(*category).is_none() {
                faults.push(Rejection::new(Code::NotFound).at(at("categoryIds")));
            }
        }
        // One piece cannot be two things of the kit.
        let below: HashSet<Uuid> =
            item.categories.iter().flat_map(|category| reference.category_subtree(*category)).collect();
        if !taken.is_disjoint(&below) {
            faults.push(Rejection::new(Code::Duplicate).at(at("categoryIds")));
        }
        taken.extend(below);
        ItemForm { name, ..item.clone() }
    };
    items.iter().enumerate().map(clean).collect()
}

/// A name that is not empty.
pub(super) fn name(faults: &mut Vec<Rejection>, name: &str) -> String {
    let kept = checks::text(faults, "name", name, LONGEST_NAME);
    if kept.is_empty() {
        faults.push(Rejection::new(Code::Required).at("name"));
    }
    kept
}
