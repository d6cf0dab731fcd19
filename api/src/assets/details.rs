//! The fields that only some kinds of asset have. One definition for storage, input and output.

use async_graphql::{InputObject, SimpleObject};
use chrono::NaiveDate;
use entity::catalogue::AssetKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::serial::fold;
use crate::checks;
use crate::fault::{Code, Rejection};

/// Fields of a vehicle.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, InputObject, SimpleObject)]
#[graphql(name = "VehicleDetails", input_name = "VehicleDetailsInput")]
#[serde(default)]
pub struct Vehicle {
    /// Number plate, such as 鄂A12345.
    pub plate: Option<String>,
    /// Vehicle identification number; one of 17 characters must have the right check digit.
    pub vin: Option<String>,
    /// Kilometres driven.
    pub mileage_km: Option<i32>,
    /// Whether it is a new-energy vehicle.
    pub new_energy: Option<bool>,
    /// Last day of the yearly inspection.
    pub inspection_until: Option<NaiveDate>,
    /// Last day of the compulsory insurance.
    pub insurance_until: Option<NaiveDate>,
}

/// Fields of land and rooms.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, InputObject, SimpleObject)]
#[graphql(name = "RealEstateDetails", input_name = "RealEstateDetailsInput")]
#[serde(default)]
pub struct RealEstate {
    /// Number of the ownership certificate (不动产权证号).
    pub certificate: Option<String>,
    /// Floor area in square metres, to two places.
    #[graphql(name = "areaM2")]
    pub area_m2: Option<f64>,
    /// Postal address.
    pub address: Option<String>,
    /// Who is entered as owner.
    pub title_holder: Option<String>,
}

/// Fields of software.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, InputObject, SimpleObject)]
#[graphql(name = "SoftwareDetails", input_name = "SoftwareDetailsInput")]
#[serde(default)]
pub struct Software {
    /// How many may use it.
    pub licences: Option<i32>,
    /// Edition or version.
    pub edition: Option<String>,
    /// Last day of the licence; none where it does not end.
    pub expires_on: Option<NaiveDate>,
}

/// The fields of one kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Details {
    /// The kind has none.
    #[default]
    General,
    /// Vehicle.
    Vehicle(Vehicle),
    /// Land and rooms.
    RealEstate(RealEstate),
    /// Software.
    Software(Software),
}

impl Details {
    /// What a card of this kind has kept. Unknown members are left out, so an older release reads a newer row.
    #[must_use]
    pub fn of(kind: AssetKind, stored: &Value) -> Self {
        fn read<T: Default + for<'a> Deserialize<'a>>(stored: &Value) -> T {
            T::deserialize(stored).unwrap_or_default()
        }
        match kind {
            AssetKind::General => Self::General,
            AssetKind::Vehicle => Self::Vehicle(read(stored)),
            AssetKind::RealEstate => Self::RealEstate(read(stored)),
            AssetKind::Software => Self::Software(read(stored)),
        }
    }

    /// As it is kept.
    #[must_use]
    pub fn stored(&self) -> Value {
        let value = match self {
            Self::General => Ok(Value::Null),
            Self::Vehicle(fields) => serde_json::to_value(fields),
            Self::RealEstate(fields) => serde_json::to_value(fields),
            Self::Software(fields) => serde_json::to_value(fields),
        };
        match value {
            Ok(value @ Value::Object(_)) => value,
            _ => Value::Object(serde_json::Map::new()),
        }
    }

    /// Kind that these fields belong to.
    #[must_use]
    pub fn kind(&self) -> AssetKind {
        match self {
            Self::General => AssetKind::General,
            Self::Vehicle(_) => AssetKind::Vehicle,
            Self::RealEstate(_) => AssetKind::RealEstate,
            Self::Software(_) => AssetKind::Software,
        }
    }

    /// Name of the input field.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::General => "kind",
            Self::Vehicle(_) => "vehicle",
            Self::RealEstate(_) => "realEstate",
            Self::Software(_) => "software",
        }
    }

    /// The fields as they are kept, with everything that is wrong with them.
    #[must_use]
    pub fn checked(&self, faults: &mut Vec<Rejection>) -> Self {
        match self {
            Self::General => Self::General,
            Self::Vehicle(fields) => Self::Vehicle(fields.checked(faults)),
            Self::RealEstate(fields) => Self::RealEstate(fields.checked(faults)),
            Self::Software(fields) => Self::Software(fields.checked(faults)),
        }
    }
}

impl Vehicle {
    fn checked(&self, faults: &mut Vec<Rejection>) -> Self {
        let plate = self.plate.as_deref().map(fold).filter(|plate| !plate.is_empty());
        if plate.as_ref().is_some_and(|plate| !(5..=10).contains(&plate.chars().count())) {
            faults.push(malformed("vehicle.plate", "车牌号，如 鄂A12345 / a number plate such as 鄂A12345"));
        }
        let vin = self.vin.as_deref().map(fold).filter(|vin| !vin.is_empty());
        if vin.as_ref().is_some_and(|vin| !vin_is_right(vin)) {
            faults.push(malformed(
                "vehicle.vin",
                "车辆识别代号（校验位须正确） / a VIN with the right check digit",
            ));
        }
        if let Some(mileage) = self.mileage_km {
            checks::range(faults, "vehicle.mileageKm", mileage.into(), 0, 5_000_000);
        }
        Self { plate, vin, ..self.clone() }
    }
}

impl RealEstate {
    fn checked(&self, faults: &mut Vec<Rejection>) -> Self {
        let mut area_m2 = self.area_m2;
        if let Some(area) = area_m2 {
            if area > 0.0 && area <= 10_000_000.0 {
                area_m2 = Some((area * 100.0).round() / 100.0);
            } else {
                let fault = Rejection::new(Code::OutOfRange).at("realEstate.areaM2");
                faults.push(fault.with("least", "0.01").with("most", 10_000_000));
            }
        }
        Self {
            certificate: checks::optional_text(
                faults,
                "realEstate.certificate",
                self.certificate.as_deref(),
                100,
            ),
            area_m2,
            address: checks::optional_text(faults, "realEstate.address", self.address.as_deref(), 300),
            title_holder: checks::optional_text(
                faults,
                "realEstate.titleHolder",
                self.title_holder.as_deref(),
                200,
            ),
        }
    }
}

impl Software {
    fn checked(&self, faults: &mut Vec<Rejection>) -> Self {
        if let Some(licences) = self.licences {
            checks::range(faults, "software.licences", licences.into(), 1, 1_000_000);
        }
        let edition = checks::optional_text(faults, "software.edition", self.edition.as_deref(), 100);
        Self { edition, ..self.clone() }
    }
}

fn malformed(field: &str, expected: &str) -> Rejection {
    Rejection::new(Code::Malformed).at(field).with("expected", expected)
}

/// Whether a folded VIN can be one. GB 16735 (ISO 3779): 17 characters without I, O and Q, the ninth a check digit.
/// Vehicles from before have shorter ones, which nothing can check.
fn vin_is_right(vin: &str) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let characters: Vec<char> = vin.chars().collect();
    if characters.len() != 17 {
        return (5..17).contains(&characters.len()) && characters.iter().all(char::is_ascii_alphanumeric);
    }
    let mut sum = 0;
    for (character, weight) in characters.iter().zip(WEIGHTS) {
        let Some(value) = transliterated(*character) else { return false };
        sum += value * weight;
    }
    let digit = match sum % 11 {
        10 => 'X',
        rest => char::from_digit(rest, 10).unwrap_or('?'),
    };
    characters[8] == digit
}

fn transliterated(character: char) -> Option<u32> {
    Some(match character {
        '0'..='9' => return character.to_digit(10),
        'A' | 'J' => 1,
        'B' | 'K' | 'S' => 2,
        'C' | 'L' | 'T' => 3,
        'D' | 'M' | 'U' => 4,
        'E' | 'N' | 'V' => 5,
        'F' | 'W' => 6,
        'G' | 'P' | 'X' => 7,
        'H' | 'Y' => 8,
        'R' | 'Z' => 9,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_of_a_vin_is_checked() {
        // The worked example of the standard, and a number from ISO 3779's annex.
        assert!(vin_is_right("1M8GDM9AXKP042788"));
        assert!(vin_is_right("11111111111111111"));
        assert!(!vin_is_right("1M8GDM9A1KP042788"));
        assert!(!vin_is_right("1M8GDM9AXKP04278O"));
        assert!(vin_is_right("LSVAA1234"), "older ones have no check digit");
    }

    #[test]
    fn what_is_stored_reads_back() {
        let details = Details::Vehicle(Vehicle {
            plate: Some("鄂A12345".into()),
            mileage_km: Some(7),
            ..Vehicle::default()
        });
        assert_eq!(Details::of(AssetKind::Vehicle, &details.stored()), details);
        assert_eq!(
            Details::of(AssetKind::Vehicle, &serde_json::json!({"wheels": 4})),
            Details::Vehicle(Vehicle::default())
        );
        assert_eq!(Details::General.stored(), serde_json::json!({}));
    }

    #[test]
    fn each_fault_names_its_field() {
        let mut faults = Vec::new();
        let vehicle = Vehicle {
            plate: Some("1".into()),
            vin: Some("1M8GDM9A1KP042788".into()),
            mileage_km: Some(-1),
            ..Vehicle::default()
        };
        let _ = Details::Vehicle(vehicle).checked(&mut faults);
        let estate = RealEstate { area_m2: Some(f64::NAN), ..RealEstate::default() };
        let _ = Details::RealEstate(estate).checked(&mut faults);
        let fields: Vec<_> = faults.iter().map(|fault| fault.field.join(".")).collect();
        assert_eq!(fields, ["vehicle.plate", "vehicle.vin", "vehicle.mileageKm", "realEstate.areaM2"]);
    }
}
