//! What a warehouse and a place must look like. Pure.

use entity::warehouses::PlaceKind;
use serde::Serialize;
use uuid::Uuid;

use crate::checks;
use crate::fault::{Code, Rejection};
use crate::organisation::rules::required;

/// All that is said about a warehouse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WarehouseForm {
    /// Short code, unique.
    pub code: String,
    /// Name.
    pub name: String,
    /// Who runs it.
    pub unit_id: Uuid,
    /// Where it is.
    pub region_id: Uuid,
    /// Floor area in whole square metres.
    pub area_m2: i64,
}

impl WarehouseForm {
    /// As it is kept, with everything that is wrong with it alone.
    #[must_use]
    pub fn cleaned(self) -> (Self, Vec<Rejection>) {
        let mut faults = Vec::new();
        let code = required(&mut faults, "code", &self.code, 40);
        let name = required(&mut faults, "name", &self.name, 100);
        checks::range(&mut faults, "areaM2", self.area_m2, 0, 10_000_000);
        (Self { code, name, ..self }, faults)
    }
}

/// All that is said about a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaceForm {
    /// The warehouse.
    pub warehouse_id: Uuid,
    /// The zone of a rack, the rack or zone of a bin.
    pub parent_id: Option<Uuid>,
    /// Zone, rack or bin.
    pub kind: PlaceKind,
    /// Code, unique in the warehouse.
    pub code: String,
    /// Name.
    pub name: String,
    /// Floor area in square decimetres.
    pub area_dm2: i64,
}

impl PlaceForm {
    /// As it is kept, with everything that is wrong with it alone.
    #[must_use]
    pub fn cleaned(self) -> (Self, Vec<Rejection>) {
        let mut faults = Vec::new();
        let code = required(&mut faults, "code", &self.code, 60);
        let name = checks::text(&mut faults, "name", &self.name, 100);
        checks::range(&mut faults, "areaDm2", self.area_dm2, 0, 1_000_000_000);
        (Self { code, name, ..self }, faults)
    }
}

/// Zones stand in the warehouse, racks in zones, bins in racks or (marked on the floor) in zones. Because the kinds go
/// down with every level, no place is ever above itself.
#[must_use]
pub fn may_hang(kind: PlaceKind, below: Option<PlaceKind>) -> bool {
    use PlaceKind::{Bin, Rack, Zone};
    matches!((kind, below), (Zone, None) | (Rack, Some(Zone)) | (Bin, Some(Rack | Zone)))
}

/// The rejection of a parent that may not be one.
#[must_use]
pub fn wrong_parent() -> Rejection {
    let expected = "库区之下为货架，货架之下为货位 / racks in zones, bins in racks or zones";
    Rejection::new(Code::Malformed).at("parentId").with("expected", expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_go_down_with_every_level() {
        use PlaceKind::{Bin, Rack, Zone};
        let mut allowed = Vec::new();
        for kind in [Zone, Rack, Bin] {
            for below in [None, Some(Zone), Some(Rack), Some(Bin)] {
                if may_hang(kind, below) {
                    allowed.push((kind, below));
                }
            }
        }
        assert_eq!(allowed, [(Zone, None), (Rack, Some(Zone)), (Bin, Some(Zone)), (Bin, Some(Rack))]);
    }
}
