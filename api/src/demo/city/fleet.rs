//! Vehicles, rooms and licences: the kinds of assets that have fields of their own.

use std::fmt::Write as _;

use chrono::{Datelike, Months, NaiveDate};
use serde::Serialize;

use super::dice::{Dice, base34, scatter};
use super::picture::Shape;
use super::regions::REGIONS;

/// What a vehicle runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Energy {
    /// 汽油.
    Petrol,
    /// 柴油.
    Diesel,
    /// 插电式混合动力.
    Hybrid,
    /// 纯电动.
    Electric,
}

impl Energy {
    /// Whether it carries the green plate of 新能源.
    pub const fn is_new_energy(self) -> bool {
        matches!(self, Self::Hybrid | Self::Electric)
    }
}

/// Fields of a vehicle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Vehicle {
    /// 鄂A and five characters, or 鄂AD and five for new energy; unique.
    pub plate: String,
    /// 17 characters with a valid check digit in position 9; unique.
    pub vin: String,
    /// Odometer in kilometres.
    pub mileage_km: u32,
    /// What it runs on.
    pub energy: Energy,
    /// Seats, the driver's included.
    pub seats: u32,
    /// Colour in Chinese.
    pub colour: &'static str,
    /// Day of first registration.
    pub registered_on: NaiveDate,
    /// Last day of the present inspection.
    pub inspection_until: NaiveDate,
    /// Last day of the present compulsory insurance.
    pub insurance_until: NaiveDate,
}

/// Fields of a room or building.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RealEstate {
    /// 不动产权证号; unique.
    pub certificate: String,
    /// Floor area in square decimetres (1 m² = 100).
    pub area_dm2: u32,
    /// Street, number and floor.
    pub address: String,
    /// What it was used for.
    pub usage: &'static str,
    /// The ways it may be given: allocated for use, or leased.
    pub modes: &'static [&'static str],
}

/// Fields of a software licence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Software {
    /// How many may use it.
    pub licences: u32,
    /// The edition.
    pub edition: &'static str,
    /// Last day; none for a perpetual licence.
    pub expires_on: Option<NaiveDate>,
}

/// A model of a vehicle.
pub(super) struct Car {
    pub(super) category: &'static str,
    pub(super) shape: Shape,
    pub(super) brand: &'static str,
    pub(super) model: &'static str,
    pub(super) noun: &'static str,
    /// World manufacturer identifier, the first three characters of a VIN.
    wmi: &'static str,
    energy: Energy,
    seats: u32,
    /// Price in yuan.
    pub(super) yuan: u32,
}

const fn car(
    (category, shape, noun): (&'static str, Shape, &'static str),
    (brand, model, wmi): (&'static str, &'static str, &'static str),
    energy: Energy,
    seats: u32,
    yuan: u32,
) -> Car {
    Car { category, shape, brand, model, noun, wmi, energy, seats, yuan }
}

const SEDAN: (&str, Shape, &str) = ("A02030501", Shape::Sedan, "轿车");
const SUV: (&str, Shape, &str) = ("A02030502", Shape::Suv, "越野车");
const VAN: (&str, Shape, &str) = ("A02030503", Shape::Van, "商务车");
const BUS: (&str, Shape, &str) = ("A02030600", Shape::Bus, "客车");

/// Vehicles without a plug.
pub(super) const FUEL_CARS: &[Car] = &[
    car(SEDAN, ("大众", "帕萨特 280TSI", "LSV"), Energy::Petrol, 5, 178_000),
    car(SEDAN, ("大众", "朗逸 1.5L", "LSV"), Energy::Petrol, 5, 119_800),
    car(SEDAN, ("别克", "君威 20T", "LSG"), Energy::Petrol, 5, 169_800),
    car(SEDAN, ("东风日产", "天籁 2.0L", "LGB"), Energy::Petrol, 5, 176_800),
    car(SEDAN, ("东风雪铁龙", "C5 1.8T", "LDC"), Energy::Petrol, 5, 159_900),
    car(SEDAN, ("红旗", "H5 1.8T", "LFP"), Energy::Petrol, 5, 179_800),
    car(SUV, ("东风本田", "CR-V 240TURBO", "LVH"), Energy::Petrol, 5, 186_800),
    car(SUV, ("丰田", "普拉多 3.5L", "LFM"), Energy::Petrol, 7, 468_000),
    car(SUV, ("哈弗", "H6 1.5T", "LGW"), Energy::Petrol, 5, 118_900),
    car(VAN, ("别克", "GL8 25S", "LSG"), Energy::Petrol, 7, 239_900),
    car(VAN, ("江铃福特", "全顺 2.0T", "LJX"), Energy::Diesel, 9, 168_800),
    car(VAN, ("江淮", "瑞风M4", "LJ1"), Energy::Petrol, 7, 129_800),
    car(BUS, ("宇通", "ZK6115", "LZY"), Energy::Diesel, 48, 586_000),
    car(BUS, ("丰田", "柯斯达 23座", "LFM"), Energy::Petrol, 23, 498_000),
];

/// Vehicles with a plug.
pub(super) const PLUG_CARS: &[Car] = &[
    car(SEDAN, ("比亚迪", "秦PLUS EV", "LC0"), Energy::Electric, 5, 139_800),
    car(SEDAN, ("比亚迪", "汉DM-i", "LC0"), Energy::Hybrid, 5, 179_800),
    car(SEDAN, ("广汽埃安", "AION S", "LMW"), Energy::Electric, 5, 149_800),
    car(SUV, ("岚图", "FREE", "LDP"), Energy::Hybrid, 5, 266_900),
    car(SUV, ("比亚迪", "宋PLUS DM-i", "LGX"), Energy::Hybrid, 5, 159_800),
    car(VAN, ("岚图", "梦想家 PHEV", "LDP"), Energy::Hybrid, 7, 369_900),
    car(BUS, ("宇通", "ZK6816BEVQ", "LZY"), Energy::Electric, 30, 728_000),
];

/// Whether vehicle number `ordinal` has a plug: three in ten.
pub(super) const fn has_plug(ordinal: u64) -> bool {
    ordinal % 10 < 3
}

/// The fields of vehicle number `ordinal` of the city, seen on `seen`.
pub(super) fn vehicle(
    car: &Car,
    (seed, ordinal): (u64, u64),
    acquired: NaiveDate,
    seen: NaiveDate,
    dice: &mut Dice,
) -> Vehicle {
    let months = months_between(acquired, seen);
    let inspection = dice.range(0, 23);
    let insurance = dice.range(0, 11);
    Vehicle {
        plate: plate(car.energy, seed, ordinal),
        vin: vin(car.wmi, acquired.year(), ordinal, dice),
        mileage_km: 200 + months * dice.range(450, 1900) + dice.below(1000),
        energy: car.energy,
        seats: car.seats,
        colour: dice.word(&["黑色", "白色", "银灰色", "深蓝色", "香槟色"]),
        registered_on: acquired,
        inspection_until: later(seen, inspection),
        insurance_until: later(seen, insurance),
    }
}

fn later(day: NaiveDate, months: u32) -> NaiveDate {
    day.checked_add_months(Months::new(months)).unwrap_or(day)
}

/// Plates are drawn without return from 24 · 34 · 1000 usual and 34 · 10,000 green ones: unique up to 1.1 million
/// vehicles, which is more than a city's units own.
fn plate(energy: Energy, seed: u64, ordinal: u64) -> String {
    // Letters after 鄂A; D and F open green plates.
    const LETTERS: &[u8] = b"ABCEGHJKLMNPQRSTUVWXYZ";
    let (tens, rest) = (ordinal / 10, ordinal % 10);
    let mut plate = String::with_capacity(16);
    if energy.is_new_energy() {
        let number = scatter(tens * 3 + rest, 340_000, seed);
        plate.push_str("鄂AD");
        base34(number / 10_000, 1, &mut plate);
        let _ = write!(plate, "{:04}", number % 10_000);
    } else {
        let space = LETTERS.len() as u64 * 34 * 1000;
        let number = scatter(tens * 7 + rest - 3, space, seed);
        plate.push_str("鄂A");
        plate.push(char::from(LETTERS[(number / 34_000) as usize]));
        base34(number / 1000 % 34, 1, &mut plate);
        let _ = write!(plate, "{:03}", number % 1000);
    }
    plate
}

/// A vehicle identification number (GB 16735): maker, description, check digit, year, plant, serial number.
fn vin(wmi: &str, year: i32, ordinal: u64, dice: &mut Dice) -> String {
    const BODY: &[u8] = b"ABCDEFGHJKLMNPRSTUVWXYZ0123456789";
    // 30 characters in turn from 1980 = A; I, O, Q, U, Z and 0 are not years.
    const YEARS: &[u8; 30] = b"ABCDEFGHJKLMNPRSTVWXY123456789";
    let mut vin = [b'0'; 17];
    for (slot, byte) in vin.iter_mut().zip(wmi.bytes()) {
        *slot = byte;
    }
    for slot in &mut vin[3..8] {
        *slot = *dice.pick(BODY);
    }
    vin[9] = YEARS[(year - 1980).rem_euclid(30) as usize];
    vin[10] = *dice.pick(b"AHSWX");
    let mut serial = ordinal;
    for slot in vin[11..].iter_mut().rev() {
        *slot = b'0' + (serial % 10) as u8;
        serial /= 10;
    }
    vin[8] = vin_check(&vin);
    vin.iter().map(|byte| char::from(*byte)).collect()
}

/// The check digit of GB 16735 (ISO 3779): Σ value · weight mod 11, X for 10; position 9 itself weighs nothing.
fn vin_check(vin: &[u8; 17]) -> u8 {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let sum: u32 = vin.iter().zip(WEIGHTS).map(|(byte, weight)| vin_value(*byte) * weight).sum();
    match sum % 11 {
        10 => b'X',
        digit => b'0' + digit as u8,
    }
}

const fn vin_value(byte: u8) -> u32 {
    match byte {
        b'0'..=b'9' => (byte - b'0') as u32,
        b'A'..=b'H' => (byte - b'A') as u32 + 1,
        b'J'..=b'N' => (byte - b'J') as u32 + 1,
        b'P' => 7,
        b'R' => 9,
        b'S'..=b'Z' => (byte - b'S') as u32 + 2,
        _ => 0,
    }
}

/// The fields of room number `ordinal`, in `region`.
pub(super) fn real_estate(region: u32, ordinal: u64, acquired: NaiveDate, dice: &mut Dice) -> RealEstate {
    let place = &REGIONS[region as usize];
    let usage = dice.word(&["办公用房", "业务用房", "档案库房", "会议用房", "食堂", "值班用房"]);
    let area_dm2 = dice.range(4500, 120_000) / 10 * 10;
    RealEstate {
        certificate: format!(
            "鄂({})武汉市{}不动产权第{:07}号",
            acquired.year().max(2016),
            place.name.trim_start_matches("武汉市"),
            scatter(ordinal, 10_000_000, 31_337),
        ),
        area_dm2,
        address: format!(
            "{}{}{}号{}楼",
            place.body_prefix,
            dice.word(super::bodies::STREETS),
            dice.range(1, 880),
            dice.range(1, 18),
        ),
        usage,
        modes: if dice.chance(600) { &["调配使用"] } else { &["调配使用", "出租"] },
    }
}

/// A piece of software: (brand, product, category, edition, yuan for one licence).
pub(super) const PRODUCTS: &[(&str, &str, &str, &str, u32)] = &[
    ("金山", "WPS Office 办公软件", "A08060303", "专业版", 398),
    ("统信", "UOS 桌面操作系统", "A08060301", "专业版V20", 580),
    ("麒麟软件", "银河麒麟桌面操作系统", "A08060301", "V10", 560),
    ("微软", "Windows 10 操作系统", "A08060301", "企业版", 1180),
    ("用友", "政务财务管理软件", "A08060303", "GRP-U8", 3800),
    ("久其", "资产管理软件", "A08060303", "网络版", 2600),
    ("奇安信", "终端安全管理系统", "A08060303", "V10", 168),
    ("达梦", "DM8 数据库", "A08060301", "标准版", 28_000),
    ("人大金仓", "KingbaseES 数据库", "A08060301", "V8专业版", 26_500),
    ("Adobe", "Acrobat Pro", "A08060303", "2020专业版", 3280),
    ("广联达", "工程造价软件", "A08060303", "GTJ2021", 5800),
    ("中望", "CAD 制图软件", "A08060303", "2023专业版", 4980),
];

/// The fields of a licence of `edition` for `licences` users, seen on `seen`.
pub(super) fn software(edition: &'static str, licences: u32, seen: NaiveDate, dice: &mut Dice) -> Software {
    let expires_on = if dice.chance(550) { None } else { Some(later(seen, dice.range(3, 36))) };
    Software { licences, edition, expires_on }
}

/// Whole months from `from` to `to`; 0 when `to` is not later.
pub(super) fn months_between(from: NaiveDate, to: NaiveDate) -> u32 {
    let months = (to.year() - from.year()) * 12 + to.month() as i32 - from.month() as i32;
    months.max(0) as u32
}

#[cfg(test)]
mod tests {
    use super::super::dice::Part;
    use super::*;

    #[test]
    fn the_check_digit_is_that_of_the_standard() {
        // The example that every description of ISO 3779 computes.
        assert_eq!(vin_check(b"1M8GDM9AXKP042788"), b'X');
        assert_eq!(vin_check(b"11111111111111111"), b'1');
    }

    #[test]
    fn plates_are_unique_and_look_right() {
        let mut seen = std::collections::HashSet::new();
        for ordinal in 0..100_000 {
            let energy = if has_plug(ordinal) { Energy::Electric } else { Energy::Petrol };
            let plate = plate(energy, 99, ordinal);
            assert_eq!(plate.chars().count(), if energy.is_new_energy() { 8 } else { 7 }, "{plate}");
            assert!(plate.starts_with("鄂AD") == energy.is_new_energy(), "{plate}");
            assert!(seen.insert(plate));
        }
    }

    #[test]
    fn a_vin_has_seventeen_characters_and_its_check_digit() {
        let mut dice = Dice::new(1, Part::Listings, 0);
        for ordinal in 0..1000 {
            let vin = vin("LSV", 2010 + (ordinal % 15) as i32, ordinal, &mut dice);
            let bytes: [u8; 17] = vin.as_bytes().try_into().unwrap();
            assert_eq!(vin_check(&bytes), bytes[8], "{vin}");
            assert!(!vin.contains(['I', 'O', 'Q']), "{vin}");
        }
    }
}
