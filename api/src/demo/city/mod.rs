//! A whole city made from a seed: no database, no clock, no randomness but the seed's.
//!
//! [`City::generate`] makes what is small (units, accounts, the warehouse) at once. Listings are made one at a time by
//! [`City::listing`], each from its own stream, so that a million of them need no memory, any of them can be made alone,
//! and a loader that was interrupted goes on where it stopped. Units, accounts, regions and bins are named by their
//! index in the city's lists; a loader gives them ids.
//!
//! Times are civil times of the city: a loader turns them into instants by `CIVIL_TZ`. All of them lie before
//! [`Plan::today`].

mod accounts;
mod assets;
mod bodies;
mod calendar;
mod dice;
mod families;
mod fleet;
mod listings;
mod people;
mod phrases;
pub mod picture;
pub mod regions;
pub mod standards;
mod story;
mod teller;
mod units;
mod warehouse;

use std::ops::Range;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use entity::organisation::{UnitKind, UnitState};

pub use accounts::{Account, Scope, demo_password, role_word};
pub use assets::{Asset, Details};
pub use fleet::{Energy, RealEstate, Software, Vehicle};
pub use listings::{Freeze, GeneratedListing, Stock};
pub use story::{Line, Move, Step, Story};
pub use units::Unit;
pub use warehouse::{Bin, Rack, Warehouse, Zone, ZonePurpose};

use dice::{Dice, Part};
use picture::{Picture, Shape};
use regions::Region;
use standards::{Category, Standard};

/// What to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Everything follows from it.
    pub seed: u64,
    /// Units of every sort, the pool account included; fewer than 16 become 16.
    pub units: usize,
    /// Listings, each with its asset.
    pub listings: u64,
    /// The day on which the city is seen: what it tells happened before.
    pub today: NaiveDate,
    /// How many different pictures there may be, at most [`picture::MOST`].
    pub pictures: usize,
}

impl Plan {
    /// The city of the demo: 461 units, 5,000 listings, 2,000 pictures.
    pub const fn demo(seed: u64, today: NaiveDate) -> Self {
        Self { seed, units: 461, listings: 5_000, today, pictures: picture::MOST }
    }
}

/// The city.
#[derive(Clone, Debug)]
pub struct City {
    /// The city and its districts; see [`regions::parent`].
    pub regions: &'static [Region],
    /// Categories, parents before children.
    pub categories: &'static [Category],
    /// Allocation standards.
    pub standards: &'static [Standard],
    /// Units, parents before children.
    pub units: Vec<Unit>,
    /// Persons.
    pub accounts: Vec<Account>,
    /// The hub.
    pub warehouse: Warehouse,
    /// The unit that runs the warehouse: 市机关事务管理局.
    pub office_unit: u32,
    /// The pool account: 公物仓资产池.
    pub pool: u32,
    seed: u64,
    listings: u64,
    today: NaiveDate,
    variations: u32,
    clerks: Vec<Option<u32>>,
    heads: Vec<Option<u32>>,
    office: Vec<u32>,
    staff: Vec<u32>,
    /// Units that may offer, with the sum of the weights up to each.
    givers: Vec<(u32, u32)>,
    /// Units that may ask.
    askers: Vec<u32>,
    bins: Vec<Range<u32>>,
    families: u32,
}

impl City {
    /// The city of `plan`.
    pub fn generate(plan: &Plan) -> Self {
        let organisation = units::generate(plan.seed, plan.units, plan.today);
        // 1,017 accounts for 461 units, as in Wuhan, and in that proportion.
        let wanted = organisation.units.len() * 1017 / 461;
        let staffing = accounts::generate(plan.seed, &organisation, wanted);
        let place = organisation.units[organisation.office as usize].place_region;
        let warehouse = warehouse::generate(organisation.office, place);

        let mut givers = Vec::new();
        let mut askers = Vec::new();
        let mut sum = 0;
        for (at, unit) in organisation.units.iter().enumerate() {
            if unit.state == UnitState::Closed || unit.kind == UnitKind::Pool {
                continue;
            }
            // What is being dissolved has much to give.
            sum += unit.staff.max(1) * if unit.state == UnitState::Closing { 4 } else { 1 };
            givers.push((sum, at as u32));
            if unit.state == UnitState::Active {
                askers.push(at as u32);
            }
        }
        // The pool offers about one listing in twenty-five.
        givers.push((sum + sum / 25 + 1, organisation.pool));

        let bins = ZonePurpose::ALL.iter().map(|purpose| warehouse.bins_for(*purpose)).collect();
        Self {
            regions: regions::REGIONS,
            categories: standards::CATEGORIES,
            standards: standards::STANDARDS,
            units: organisation.units,
            accounts: staffing.accounts,
            warehouse,
            office_unit: organisation.office,
            pool: organisation.pool,
            seed: plan.seed,
            listings: plan.listings,
            today: plan.today,
            variations: picture::variations(plan.pictures),
            clerks: staffing.clerks,
            heads: staffing.heads,
            office: staffing.office,
            staff: staffing.staff,
            givers,
            askers,
            bins,
            families: families::FAMILIES.iter().map(|family| family.weight).sum(),
        }
    }

    /// How many listings the city has.
    pub const fn listing_count(&self) -> u64 {
        self.listings
    }

    /// Listing number `index`, from 0; the same whatever was made before.
    pub fn listing(&self, index: u64) -> GeneratedListing {
        listings::generate(self, index)
    }

    /// All listings, made as they are asked for.
    pub fn listings(&self) -> impl ExactSizeIterator<Item = GeneratedListing> + '_ {
        // A machine of 32 bits could not hold that many rows either.
        (0..usize::try_from(self.listings).unwrap_or(usize::MAX)).map(|index| self.listing(index as u64))
    }

    /// The account that asks and offers for `unit`; none for the closed.
    pub fn clerk(&self, unit: u32) -> Option<u32> {
        self.clerks.get(unit as usize).copied().flatten()
    }

    /// The account that approves for `unit`, another person than its clerk; none for the closed.
    pub fn head(&self, unit: u32) -> Option<u32> {
        self.heads.get(unit as usize).copied().flatten()
    }

    /// All pictures that listings may refer to, each once.
    pub fn pictures(&self) -> impl Iterator<Item = Picture> + '_ {
        Shape::ALL
            .iter()
            .flat_map(|shape| (0..self.variations).map(|variation| Picture { shape: *shape, variation }))
    }

    /// The seed, which also colours the pictures.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The first moment that has not happened yet.
    fn now(&self) -> NaiveDateTime {
        self.today.and_time(NaiveTime::MIN)
    }

    fn dice(&self, index: u64) -> Dice {
        Dice::new(self.seed, Part::Listings, index)
    }

    fn family(&self, dice: &mut Dice) -> &'static families::Family {
        assets::family(dice, self.families)
    }

    fn giver(&self, dice: &mut Dice) -> u32 {
        let total = self.givers.last().map_or(1, |(sum, _)| *sum);
        let drawn = dice.below(total);
        let at = self.givers.partition_point(|(sum, _)| *sum <= drawn);
        self.givers[at.min(self.givers.len() - 1)].1
    }

    /// A unit that asks for what `giver` offers.
    fn asker(&self, giver: u32, dice: &mut Dice) -> u32 {
        let at = dice.below(self.askers.len() as u32) as usize;
        match self.askers[at] {
            same if same == giver => self.askers[(at + 1) % self.askers.len()],
            other => other,
        }
    }

    fn bin(&self, purpose: ZonePurpose, dice: &mut Dice) -> u32 {
        let bins = &self.bins[purpose as usize];
        bins.start + dice.below(bins.end - bins.start)
    }
}

#[cfg(test)]
mod tests;
