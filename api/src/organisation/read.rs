//! Finders over the snapshot in memory: reference data is small, and everybody who is signed in may see it.

use entity::organisation::{UnitState, region, unit};
use uuid::Uuid;

use super::Reference;

/// Which units are asked for; all conditions must hold.
#[derive(Clone, Debug, Default)]
pub struct UnitFilter {
    /// Part of the name, or beginning of the credit code.
    pub text: Option<String>,
    /// Placed in this region or below it.
    pub region: Option<Uuid>,
    /// Right below this unit.
    pub parent: Option<Uuid>,
    /// In this state.
    pub state: Option<UnitState>,
}

/// Sort key of units: name, then id.
pub type UnitKey = (String, Uuid);

/// Units in the order of name and id, after `after`, at most `limit`.
#[must_use]
pub fn units<'a>(
    reference: &'a Reference,
    filter: &UnitFilter,
    after: Option<&UnitKey>,
    limit: usize,
) -> Vec<&'a unit::Model> {
    let placed = filter.region.map(|region| reference.units_in_region(region));
    let text = filter.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let mut found: Vec<&unit::Model> = reference
        .units()
        .filter(|unit| filter.state.is_none_or(|state| unit.state == state))
        .filter(|unit| filter.parent.is_none_or(|parent| unit.parent_id == Some(parent)))
        .filter(|unit| placed.as_ref().is_none_or(|placed| placed.contains(&unit.id)))
        .filter(|unit| text.is_none_or(|text| mentions(unit, text)))
        .filter(|unit| after.is_none_or(|(name, id)| (unit.name.as_str(), unit.id) > (name.as_str(), *id)))
        .collect();
    first_sorted(&mut found, limit, |unit| (unit.name.as_str(), unit.id));
    found
}

fn mentions(unit: &unit::Model, text: &str) -> bool {
    unit.name.contains(text)
        || unit.credit_code.as_deref().is_some_and(|code| code.starts_with(&text.to_ascii_uppercase()))
}

/// Sort key of regions: namespace, then code.
pub type RegionKey = (String, String);

/// Regions in the order of namespace and code; with `parent` only those right below it.
#[must_use]
pub fn regions<'a>(
    reference: &'a Reference,
    parent: Option<Uuid>,
    after: Option<&RegionKey>,
    limit: usize,
) -> Vec<&'a region::Model> {
    let mut found: Vec<&region::Model> = reference
        .regions()
        .filter(|region| parent.is_none_or(|parent| region.parent_id == Some(parent)))
        .filter(|region| {
            after.is_none_or(|(namespace, code)| {
                (region.namespace.as_str(), region.code.as_str()) > (namespace.as_str(), code.as_str())
            })
        })
        .collect();
    first_sorted(&mut found, limit, |region| (region.namespace.as_str(), region.code.as_str()));
    found
}

/// The first `limit` in order, without sorting what is thrown away.
pub(crate) fn first_sorted<'a, T, K: Ord>(found: &mut Vec<&'a T>, limit: usize, key: impl Fn(&'a T) -> K) {
    if limit > 0 && found.len() > limit {
        found.select_nth_unstable_by(limit - 1, |a, b| key(a).cmp(&key(b)));
    }
    found.truncate(limit);
    found.sort_unstable_by_key(|row| key(row));
}
