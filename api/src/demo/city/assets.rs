//! The cards of the assets.

use std::fmt::Write as _;

use chrono::{Datelike, Days, Months, NaiveDate};
use entity::Money;
use entity::assets::{Condition, ValueBasis};
use entity::catalogue::{AssetKind, AssetSource};
use entity::organisation::{UnitKind, UnitState};
use serde::Serialize;

use super::City;
use super::dice::{Dice, base34, scatter};
use super::families::{FAMILIES, Family, Group};
use super::fleet::{self, RealEstate, Software, Vehicle};
use super::phrases;
use super::picture::Shape;
use super::standards;
use super::warehouse::ZonePurpose;

/// A card, as its holder wrote it when the asset was first offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Kind.
    pub kind: AssetKind,
    /// How it came to be available.
    pub source: AssetSource,
    /// Index of the unit that holds it.
    pub holder: u32,
    /// The asset number, unique per holder (and in the city).
    pub number: String,
    /// Category code in [`standards::SYSTEM`], [`standards::EDITION`].
    pub category: &'static str,
    /// Brand and what it is, as a clerk writes it.
    pub name: String,
    /// Brand; empty where there is none.
    pub brand: &'static str,
    /// Model; empty where there is none.
    pub model: &'static str,
    /// Serial number, unique per brand, or the placeholder 无; none for lots and for what has no such number.
    pub serial: Option<String>,
    /// One or two sentences.
    pub description: String,
    /// How good it is.
    pub condition: Condition,
    /// Where it stands at its holder.
    pub place: String,
    /// Pieces on the card: more than one for a lot.
    pub quantity: u32,
    /// Unit of measure, such as 台.
    pub measure: &'static str,
    /// Of the whole quantity and a multiple of it; none where the basis is `UNKNOWN`.
    pub value: Option<Money>,
    /// What the value is.
    pub value_basis: ValueBasis,
    /// The day it was acquired.
    pub acquired_on: NaiveDate,
    /// Where the money came from.
    pub funding_source: &'static str,
    /// In no list of those without the right.
    pub restricted: bool,
    /// Whether it has a disk, so that an erasure record is needed before it is listed.
    pub has_disk: bool,
    /// The erasure or disk-removal record, once it is written.
    pub erasure_record: Option<String>,
    /// Fields of its kind.
    pub details: Details,
    /// What its picture shows.
    pub shape: Shape,
    /// Where it belongs in a warehouse.
    pub zone: ZonePurpose,
}

/// Fields of the kind of an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Details {
    /// None of its own.
    General {},
    /// Of a vehicle.
    Vehicle(Vehicle),
    /// Of a room or building.
    RealEstate(RealEstate),
    /// Of a licence.
    Software(Software),
}

/// What is known before the kind's own fields are drawn.
pub(super) struct Frame {
    pub(super) index: u64,
    pub(super) holder: u32,
    /// The day the clerk writes the card.
    pub(super) on: NaiveDate,
}

/// The kind of listing number `index`: of every hundred, four vehicles, one room, two licences, in mixed order. Returns
/// the ordinal of the vehicle or room too, so that plates and certificates are unique without being remembered.
pub(super) fn kind_of(seed: u64, index: u64) -> (AssetKind, u64) {
    let block = index / 100;
    let shift = seed.wrapping_add(block.wrapping_mul(0x9E37_79B9_7F4A_7C15)) >> 33;
    match (index % 100 * 37 + shift) % 100 {
        slot @ 0..4 => (AssetKind::Vehicle, block * 4 + slot),
        4 => (AssetKind::RealEstate, block),
        5 | 6 => (AssetKind::Software, block),
        _ => (AssetKind::General, block),
    }
}

/// The card of listing number `frame.index`, which is `kind`.
pub(super) fn asset(city: &City, (kind, ordinal): (AssetKind, u64), frame: &Frame, dice: &mut Dice) -> Asset {
    let mut asset = match kind {
        AssetKind::General => general(city, frame, dice),
        AssetKind::Vehicle => vehicle(city, ordinal, frame, dice),
        AssetKind::RealEstate => real_estate(city, ordinal, frame, dice),
        AssetKind::Software => software(city, frame, dice),
    };
    match dice.below(1000) {
        // Donated and inherited things are booked at one yuan.
        0..18 => {
            asset.value = Some(Money(100 * i64::from(asset.quantity)));
            asset.value_basis = ValueBasis::Nominal;
        }
        18..42 => {
            asset.value = None;
            asset.value_basis = ValueBasis::Unknown;
        }
        _ => {}
    }
    asset
}

fn general(city: &City, frame: &Frame, dice: &mut Dice) -> Asset {
    let family = city.family(dice);
    let make = dice.pick(family.makes);
    let (model, noun, yuan) = *dice.pick(make.models);
    let pool = city.units[frame.holder as usize].kind == UnitKind::Pool;
    let quantity = if dice.chance(family.lot.0 * if pool { 2 } else { 1 }) {
        // Small lots are common, large ones rare.
        let (a, b) = (dice.range(2, family.lot.1.max(2)), dice.range(2, family.lot.1.max(2)));
        a.min(b)
    } else {
        1
    };
    let acquired_on = acquired(life_months(family.category), frame.on, dice);
    let condition = condition(life_months(family.category), acquired_on, frame.on, dice);
    let serial = if quantity == 1 && family.group != Group::Furniture {
        Some(if dice.chance(6) {
            "无".to_owned()
        } else {
            let mut serial = String::with_capacity(12);
            serial.push_str(make.serial);
            serial.push(char::from(b'0' + (acquired_on.year() % 10) as u8));
            base34(scatter(frame.index, SERIALS, city.seed), 6, &mut serial);
            serial
        })
    } else {
        None
    };
    let mut asset = frame.start(city, AssetKind::General, family.category, acquired_on, dice);
    asset.name = format!("{}{noun}", make.brand);
    asset.brand = make.brand;
    asset.model = model;
    asset.serial = serial;
    asset.condition = condition;
    asset.quantity = quantity;
    asset.measure = family.measure;
    asset.has_disk = family.group == Group::Computer;
    // One family, two shapes.
    asset.shape = if noun.starts_with("柜式") { Shape::AirTower } else { family.shape };
    asset.zone = family.zone;
    asset.set_price(yuan, dice);
    asset.description = describe(&asset, family, dice);
    asset
}

/// Serial numbers in six characters of 34.
const SERIALS: u64 = 34 * 34 * 34 * 34 * 34 * 34;

fn vehicle(city: &City, ordinal: u64, frame: &Frame, dice: &mut Dice) -> Asset {
    let car = dice.pick(if fleet::has_plug(ordinal) { fleet::PLUG_CARS } else { fleet::FUEL_CARS });
    // Cars with a plug have been bought for a few years only.
    let life = if fleet::has_plug(ordinal) { 48 } else { 96 };
    let acquired_on = acquired(life, frame.on, dice);
    let vehicle = fleet::vehicle(car, (city.seed, ordinal), acquired_on, frame.on, dice);
    let mut asset = frame.start(city, AssetKind::Vehicle, car.category, acquired_on, dice);
    asset.name = format!("{}{}{}", car.brand, car.model, car.noun);
    asset.brand = car.brand;
    asset.model = car.model;
    asset.condition = condition(96, acquired_on, frame.on, dice);
    asset.place = dice.word(phrases::PARKING).to_owned();
    asset.measure = "辆";
    asset.shape = car.shape;
    asset.zone = ZonePurpose::Large;
    asset.set_price(car.yuan, dice);
    asset.description = format!(
        "{}，行驶{}公里，{}。{}，{}。",
        dice.word(phrases::VEHICLE_REASONS),
        vehicle.mileage_km,
        phrases::condition(Group::Appliance, asset.condition, dice),
        dice.word(phrases::VEHICLE_TRAITS),
        dice.word(phrases::VEHICLE_TERMS),
    );
    asset.details = Details::Vehicle(vehicle);
    asset
}

fn real_estate(city: &City, ordinal: u64, frame: &Frame, dice: &mut Dice) -> Asset {
    let region = city.units[frame.holder as usize].place_region;
    let acquired_on = acquired(360, frame.on, dice);
    let room = fleet::real_estate(region, ordinal, acquired_on, dice);
    let category = if room.usage == "办公用房" { "A01010100" } else { "A01010200" };
    let mut asset = frame.start(city, AssetKind::RealEstate, category, acquired_on, dice);
    asset.name = format!("{}{}", dice.word(super::bodies::STREETS), room.usage);
    asset.condition = *dice.weighted(&[(2, Condition::Good), (5, Condition::Fair), (1, Condition::Poor)]);
    asset.place = room.address.clone();
    asset.measure = "处";
    asset.shape = if room.area_dm2 > 40_000 { Shape::Building } else { Shape::House };
    asset.zone = ZonePurpose::Large;
    let price_m2 = i64::from(dice.range(52, 168)) * 10_000;
    asset.value = Some(Money(price_m2 * i64::from(room.area_dm2) / 100));
    asset.description = format!(
        "{}，建筑面积{}平方米。{}，{}。",
        dice.word(phrases::ROOM_REASONS),
        room.area_dm2 / 100,
        dice.word(phrases::ROOM_TRAITS),
        dice.word(phrases::ROOM_TERMS),
    );
    asset.details = Details::RealEstate(room);
    asset
}

fn software(city: &City, frame: &Frame, dice: &mut Dice) -> Asset {
    let (brand, product, category, edition, yuan) = *dice.pick(fleet::PRODUCTS);
    let licences = if yuan > 20_000 { dice.range(1, 2) } else { dice.range(2, 60) };
    let acquired_on = acquired(60, frame.on, dice);
    let mut asset = frame.start(city, AssetKind::Software, category, acquired_on, dice);
    asset.name = format!("{brand}{product}");
    asset.brand = brand;
    asset.model = edition;
    asset.condition = Condition::Good;
    asset.place = "授权账户管理平台".to_owned();
    asset.quantity = licences;
    asset.measure = "套";
    asset.shape = Shape::Software;
    asset.zone = ZonePurpose::Electronics;
    asset.set_price(yuan, dice);
    asset.description = format!(
        "{}，结余授权{licences}套。{}，{}。",
        dice.word(phrases::SOFTWARE_REASONS),
        dice.word(phrases::SOFTWARE_TRAITS),
        dice.word(phrases::SOFTWARE_TERMS),
    );
    asset.details = Details::Software(fleet::software(edition, licences, frame.on, dice));
    asset
}

impl Frame {
    /// A card with what every kind has.
    fn start(
        &self,
        city: &City,
        kind: AssetKind,
        category: &'static str,
        acquired_on: NaiveDate,
        dice: &mut Dice,
    ) -> Asset {
        let unit = &city.units[self.holder as usize];
        let source = match (unit.kind, unit.state, unit.credit_code.is_some()) {
            (UnitKind::Pool, ..) => *dice.weighted(&[
                (4, AssetSource::Confiscated),
                (3, AssetSource::Reserve),
                (2, AssetSource::Surplus),
                (3, AssetSource::Dissolved),
            ]),
            (_, UnitState::Active, true) => *dice.weighted(&[
                (60, AssetSource::Idle),
                (14, AssetSource::OverStandard),
                (20, AssetSource::UnderUsed),
                (6, AssetSource::Event),
            ]),
            (_, UnitState::Active, false) => AssetSource::Event,
            _ => AssetSource::Dissolved,
        };
        let funding_source = if source == AssetSource::Confiscated {
            "罚没"
        } else {
            dice.weighted(&[(70, "财政拨款"), (16, "自有资金"), (10, "专项资金"), (4, "捐赠")])
        };
        let letters = match kind {
            AssetKind::General if category.starts_with("A05") => "JJ",
            AssetKind::General => "TY",
            AssetKind::Vehicle => "CL",
            AssetKind::RealEstate => "FW",
            AssetKind::Software => "RJ",
        };
        Asset {
            kind,
            source,
            holder: self.holder,
            number: format!(
                "{letters}{}{:08}",
                acquired_on.year(),
                scatter(self.index, 100_000_000, city.seed)
            ),
            category,
            name: String::new(),
            brand: "",
            model: "",
            serial: None,
            description: String::new(),
            condition: Condition::Good,
            place: place(dice),
            quantity: 1,
            measure: "件",
            value: None,
            value_basis: if source == AssetSource::Confiscated {
                ValueBasis::Appraised
            } else {
                ValueBasis::Original
            },
            acquired_on,
            funding_source,
            restricted: dice.chance(8),
            has_disk: false,
            erasure_record: None,
            details: Details::General {},
            shape: Shape::Desk,
            zone: ZonePurpose::Large,
        }
    }
}

impl Asset {
    /// The price paid: near the list price, in whole ten yuan, times the pieces; an appraisal is well below.
    fn set_price(&mut self, yuan: u32, dice: &mut Dice) {
        let per_cent =
            if self.value_basis == ValueBasis::Appraised { dice.range(30, 70) } else { dice.range(90, 106) };
        let ten_yuan = (u64::from(yuan) * u64::from(per_cent) / 1000).max(1) as i64;
        self.value = Some(Money(ten_yuan * 1000 * i64::from(self.quantity)));
    }
}

/// Months the holder expects a thing of `category` to serve.
fn life_months(category: &str) -> u32 {
    standards::category(category).and_then(|category| category.depreciation_months).map_or(72, u32::from)
}

/// A working day before `on`: most things are offered after two thirds of their life.
fn acquired(life: u32, on: NaiveDate, dice: &mut Dice) -> NaiveDate {
    let (a, b) = (dice.range(3, life + life / 3), dice.range(3, life + life / 3));
    let age = (a + b) / 2;
    let day = on.checked_sub_months(Months::new(age)).unwrap_or(on) - Days::new(u64::from(dice.below(28)));
    let weekend = u64::from(day.weekday().num_days_from_monday().saturating_sub(4));
    day - Days::new(weekend)
}

fn condition(life: u32, acquired: NaiveDate, on: NaiveDate, dice: &mut Dice) -> Condition {
    use Condition::{Broken, Fair, Good, New, Poor};
    let used = fleet::months_between(acquired, on) * 100 / life.max(1);
    *match used {
        0..15 => dice.weighted(&[(45, New), (50, Good), (5, Fair)]),
        15..50 => dice.weighted(&[(4, New), (72, Good), (22, Fair), (2, Poor)]),
        50..90 => dice.weighted(&[(1, New), (42, Good), (48, Fair), (8, Poor), (1, Broken)]),
        _ => dice.weighted(&[(14, Good), (56, Fair), (24, Poor), (6, Broken)]),
    }
}

/// Where a receiver puts it.
pub(super) fn new_place(asset: &Asset, dice: &mut Dice) -> String {
    match asset.kind {
        AssetKind::General => place(dice),
        AssetKind::Vehicle => dice.word(phrases::PARKING).to_owned(),
        // What cannot be carried stays where it is.
        AssetKind::RealEstate | AssetKind::Software => asset.place.clone(),
    }
}

fn place(dice: &mut Dice) -> String {
    let floor = dice.range(1, 16);
    let mut place = String::with_capacity(48);
    let _ = write!(place, "{}{floor}楼", dice.word(phrases::BUILDINGS));
    if dice.chance(700) {
        let _ = write!(place, "{floor}{:02}室", dice.range(1, 24));
    } else {
        place.push_str(dice.word(phrases::ROOMS));
    }
    place
}

fn describe(asset: &Asset, family: &Family, dice: &mut Dice) -> String {
    let reason = phrases::reason(asset.source, dice);
    let state = phrases::condition(family.group, asset.condition, dice);
    let mut text = String::with_capacity(256);
    let _ = write!(text, "{reason}，");
    if asset.quantity > 1 {
        let _ = write!(text, "共{}{}，", asset.quantity, asset.measure);
    }
    let _ = write!(text, "{state}。");
    if dice.chance(780) {
        let _ = write!(text, "{}，{}。", dice.word(family.traits), dice.word(phrases::TERMS));
    }
    text
}

/// A family by weight.
pub(super) fn family(dice: &mut Dice, total: u32) -> &'static Family {
    let mut left = dice.below(total);
    for family in FAMILIES {
        if left < family.weight {
            return family;
        }
        left -= family.weight;
    }
    &FAMILIES[0]
}
