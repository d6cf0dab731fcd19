//! The units of the city: a forest of bureaus, their subordinate bodies, districts, bodies for an occasion, the pool.

use std::collections::HashSet;

use chrono::{Days, NaiveDate};
use entity::organisation::{FiscalLevel, UnitKind, UnitState};

use super::bodies::{self, Line};

use super::dice::{Dice, Part};
use super::regions::{CITY, REGIONS};
use crate::organisation::credit_code;

/// A unit; other units, regions and accounts are named by their index in the city.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The full name, unique in the city.
    pub name: String,
    /// An ordinary unit, or the pool account of the warehouse.
    pub kind: UnitKind,
    /// 统一社会信用代码; none for bodies made for an occasion and for the pool account.
    pub credit_code: Option<String>,
    /// The unit above in the tree.
    pub parent: Option<u32>,
    /// 主管部门.
    pub supervisor: Option<u32>,
    /// Whose budget pays.
    pub fiscal_level: FiscalLevel,
    /// The region whose budget pays.
    pub fiscal_region: u32,
    /// The region it stands in: a city-level school stands in a district.
    pub place_region: u32,
    /// Street and number.
    pub address: String,
    /// Its life.
    pub state: UnitState,
    /// To whom its assets pass; set for all that are closing or closed.
    pub successor: Option<u32>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day; set for the closed.
    pub valid_to: Option<NaiveDate>,
    /// Staff in post (编制内实有人数).
    pub staff: u32,
}

/// All units with the few that the rest of the generator needs by name.
pub(super) struct Organisation {
    pub(super) units: Vec<Unit>,
    pub(super) office: u32,
    pub(super) finance: u32,
    pub(super) audit: u32,
    pub(super) pool: u32,
}

struct Builder {
    dice: Dice,
    units: Vec<Unit>,
    names: HashSet<String>,
    today: NaiveDate,
}

/// Fewest units a city has: the core bureaus, one district body, the pool.
pub(super) const FEWEST: usize = 16;

/// `count` units, at least [`FEWEST`].
pub(super) fn generate(seed: u64, count: usize, today: NaiveDate) -> Organisation {
    let count = count.max(FEWEST);
    let mut builder =
        Builder { dice: Dice::new(seed, Part::Units, 0), units: Vec::new(), names: HashSet::new(), today };

    let bureaus = (count * 13 / 100).clamp(8, bodies::BUREAUS.len());
    for at in 0..bureaus {
        builder.bureau(at);
    }
    let pool = builder.pool(0);
    for at in 0..(count / 77).clamp(1, bodies::TEMPORARY.len()) {
        builder.temporary(at);
    }
    let left = count - builder.units.len();
    let city = left * 48 / 100;
    for at in 0..city {
        builder.subordinate(at, bureaus);
    }
    builder.districts(left - city);
    builder.closures(bureaus, count);
    Organisation { units: builder.units, office: 0, finance: 1, audit: 2, pool }
}

impl Builder {
    fn bureau(&mut self, at: usize) {
        let bureau = &bodies::BUREAUS[at];
        // 市委 bodies are written without the second 市: 武汉市委组织部, and 中共武汉市委员会办公厅.
        let name = if bureau.name == "委员会办公厅" {
            "中共武汉市委员会办公厅".to_owned()
        } else {
            format!("武汉市{}", bureau.name)
        };
        let place = self.district();
        self.add(name, FiscalLevel::City, CITY, place, None, "11");
    }

    fn pool(&mut self, office: u32) -> u32 {
        let place = self.units[office as usize].place_region;
        let at = self.add("武汉市公物仓资产池".to_owned(), FiscalLevel::City, CITY, place, Some(office), "");
        let unit = &mut self.units[at as usize];
        unit.kind = UnitKind::Pool;
        unit.credit_code = None;
        unit.staff = 0;
        at
    }

    fn temporary(&mut self, at: usize) {
        let place = self.district();
        let unit =
            self.add(format!("武汉市{}", bodies::TEMPORARY[at]), FiscalLevel::City, CITY, place, Some(0), "");
        let started = self.today - Days::new(u64::from(self.dice.range(300, 1400)));
        let unit = &mut self.units[unit as usize];
        unit.credit_code = None;
        unit.valid_from = started;
        unit.staff = unit.staff.min(25);
    }

    fn subordinate(&mut self, at: usize, bureaus: usize) {
        // Schools and hospitals are most of a city's bodies, so their bureaus come up more often.
        let parent = match at % 5 {
            0 => 3,
            2 => 4,
            _ => self.dice.below(bureaus as u32) as usize,
        };
        let bureau = &bodies::BUREAUS[parent];
        let place = self.district();
        let quarter = self.dice.word(bodies::QUARTERS);
        let topic = self.dice.word(bureau.topics);
        let (fixed, suffixes): (&[&str], &[&str]) = match bureau.line {
            Line::Schools => (bodies::SCHOOLS, bodies::SERVICES),
            Line::Hospitals => (bodies::HOSPITALS, bodies::SERVICES),
            Line::Culture => (if parent == 7 { bodies::HOUSES } else { &[] }, bodies::CULTURE),
            Line::Order => (&[], bodies::ORDER),
            Line::Services => (&[], bodies::SERVICES),
        };
        let free = fixed.iter().find(|name| !self.names.contains(&format!("武汉市{name}")));
        let name = match free {
            Some(name) => format!("武汉市{name}"),
            None => {
                let suffix = self.dice.word(suffixes);
                let plain = format!("武汉市{topic}{suffix}");
                if self.names.contains(&plain) { format!("武汉市{quarter}{topic}{suffix}") } else { plain }
            }
        };
        self.add(name, FiscalLevel::City, CITY, place, Some(parent as u32), "12");
    }

    fn districts(&mut self, count: usize) {
        let districts = REGIONS.len() - 1;
        let bureaus = (count * 31 / 100 / districts).clamp(1, bodies::DISTRICT_BUREAUS.len());
        let mut heads = vec![Vec::new(); REGIONS.len()];
        for at in 0..count {
            let region = (1 + at % districts) as u32;
            let prefix = REGIONS[region as usize].body_prefix;
            let own = &heads[region as usize];
            if own.len() < bureaus {
                let title = bodies::DISTRICT_BUREAUS[own.len()];
                // The seat of a functional zone is an administrative committee, not a government.
                let title = if region as usize > 13 {
                    title.replace("人民政府", "管理委员会")
                } else {
                    title.into()
                };
                let parent = own.first().copied();
                let unit =
                    self.add(format!("{prefix}{title}"), FiscalLevel::District, region, region, parent, "11");
                // District bureaus hang below the government office without being supervised by it.
                self.units[unit as usize].supervisor = None;
                heads[region as usize].push(unit);
            } else {
                let (bureau, what) =
                    bodies::DISTRICT_BODIES[(at / districts) % bodies::DISTRICT_BODIES.len()];
                let parent = own.get(bureau).or(own.first()).copied();
                let quarter = self.dice.word(bodies::QUARTERS);
                self.add(
                    format!("{prefix}{quarter}{what}"),
                    FiscalLevel::District,
                    region,
                    region,
                    parent,
                    "12",
                );
            }
        }
    }

    /// A few bodies are being dissolved or are gone; who supervised them takes over.
    fn closures(&mut self, bureaus: usize, count: usize) {
        let parents: HashSet<u32> = self.units.iter().filter_map(|unit| unit.parent).collect();
        let candidates: Vec<usize> = (bureaus + 1..self.units.len())
            .filter(|at| self.units[*at].supervisor.is_some() && !parents.contains(&(*at as u32)))
            .collect();
        let (closing, closed) = ((count / 115).max(1), (count / 154).max(1));
        let step = (candidates.len() / (closing + closed + 1)).max(1);
        for (turn, at) in candidates.iter().step_by(step).take(closing + closed).enumerate() {
            let ended = self.today - Days::new(u64::from(self.dice.range(60, 500)));
            let unit = &mut self.units[*at];
            unit.successor = unit.supervisor;
            if turn < closing {
                unit.state = UnitState::Closing;
            } else {
                unit.state = UnitState::Closed;
                unit.valid_to = Some(ended);
                unit.valid_from = unit.valid_from.min(ended - Days::new(400));
                unit.staff = 0;
            }
        }
    }

    fn district(&mut self) -> u32 {
        1 + self.dice.below(REGIONS.len() as u32 - 1)
    }

    fn add(
        &mut self,
        name: String,
        fiscal_level: FiscalLevel,
        fiscal_region: u32,
        place_region: u32,
        parent: Option<u32>,
        class: &str,
    ) -> u32 {
        let name = self.unique(name);
        let at = self.units.len() as u32;
        let founded = self.dice.range(1985, 2019) as i32;
        let place = &REGIONS[place_region as usize];
        let address = format!(
            "{}{}{}号",
            if place.namespace == super::regions::LOCAL {
                place.body_prefix.into()
            } else {
                format!("武汉市{}", place.name)
            },
            self.dice.word(bodies::STREETS),
            self.dice.range(1, 880),
        );
        let unit = Unit {
            name,
            kind: UnitKind::Unit,
            credit_code: code(class, REGIONS[fiscal_region as usize].code, at),
            parent,
            supervisor: parent,
            fiscal_level,
            fiscal_region,
            place_region,
            address,
            state: UnitState::Active,
            successor: None,
            valid_from: NaiveDate::from_ymd_opt(founded, self.dice.range(1, 12), 1).unwrap_or(self.today),
            valid_to: None,
            staff: if class == "11" { self.dice.range(18, 120) } else { self.dice.range(8, 260) },
        };
        self.units.push(unit);
        at
    }

    /// The name itself, or with the next ordinal before it would be there twice.
    fn unique(&mut self, name: String) -> String {
        let mut candidate = name.clone();
        let mut turn = 2_u32;
        while !self.names.insert(candidate.clone()) {
            candidate = format!("{name}（{turn}分部）");
            turn += 1;
        }
        candidate
    }
}

/// A valid code: class of registration (11 organ, 12 public institution), region, organisation code, check character.
/// Functional zones register with the city. Organisation codes begin with `WH`, which no registry has handed out.
fn code(class: &str, region: &str, at: u32) -> Option<String> {
    let region =
        if region.bytes().all(|byte| byte.is_ascii_digit()) { region } else { REGIONS[CITY as usize].code };
    let number = super::dice::scatter(u64::from(at), 1_000_000, 271_828);
    let organisation = format!("WH{number:06}");
    let organisation_check = credit_code::organisation_check(&organisation)?;
    let body = format!("{class}{region}{organisation}{organisation_check}");
    let check = credit_code::check_character(&body).ok()?;
    Some(format!("{body}{check}"))
}
