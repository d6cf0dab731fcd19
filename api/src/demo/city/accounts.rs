//! Who signs in: persons with roles, each role held at a unit, its subtree, a region or a warehouse.

use std::collections::{BTreeSet, HashMap};

use entity::identity::Role;
use entity::organisation::{FiscalLevel, UnitState};

use super::dice::{Dice, Part};
use super::people;
use super::regions::{CITY, REGIONS};
use super::units::Organisation;

/// Where a role is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everywhere.
    City,
    /// At one unit.
    Unit(u32),
    /// At a unit and all below it.
    Subtree(u32),
    /// At all units placed in a region.
    Region(u32),
    /// At one warehouse.
    Warehouse(u32),
}

/// A person who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Lower-case ASCII letters and digits, unique.
    pub login: String,
    /// The Chinese name; two persons may share one.
    pub name: String,
    /// The unit the person works at.
    pub unit: u32,
    /// Roles and where they are held; the first is the person's main one.
    pub roles: Vec<(Role, Scope)>,
}

impl Account {
    /// The role that decides which demo password the account has.
    pub fn main_role(&self) -> Role {
        self.roles.first().map_or(Role::Clerk, |(role, _)| *role)
    }

    /// Whether the person holds `role` at exactly `scope`.
    pub fn holds(&self, role: Role, scope: Scope) -> bool {
        self.roles.contains(&(role, scope))
    }
}

/// The demo password of all whose main role is `role`: the secret, a hyphen and the role in lower case.
///
/// One password a role, so that a loader hashes eight times at full cost instead of a thousand times: an argon2id hash
/// takes tens of milliseconds, and a cheaper one would teach the verifier to accept cheap ones. All accounts of a role
/// share the stored hash; nothing else about a demo city is secret either.
pub fn demo_password(secret: &str, role: Role) -> String {
    format!("{secret}-{}", role_word(role))
}

/// A role in lower case, as `demo-accounts.json` spells it.
pub const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Clerk => "clerk",
        Role::Head => "head",
        Role::Supervisor => "supervisor",
        Role::Office => "office",
        Role::Staff => "staff",
        Role::Finance => "finance",
        Role::Auditor => "auditor",
        Role::Administrator => "administrator",
    }
}

/// All accounts, and who acts for whom.
pub(super) struct Staffing {
    pub(super) accounts: Vec<Account>,
    /// Of each unit; none for the closed.
    pub(super) clerks: Vec<Option<u32>>,
    pub(super) heads: Vec<Option<u32>>,
    pub(super) office: Vec<u32>,
    pub(super) staff: Vec<u32>,
}

struct Builder {
    dice: Dice,
    accounts: Vec<Account>,
    logins: HashMap<String, u32>,
}

/// About `wanted` accounts; never fewer than every unit needs.
pub(super) fn generate(seed: u64, organisation: &Organisation, wanted: usize) -> Staffing {
    let mut builder =
        Builder { dice: Dice::new(seed, Part::Accounts, 0), accounts: Vec::new(), logins: HashMap::new() };
    let units = &organisation.units;

    builder.add(organisation.office, Role::Administrator, Scope::City);
    builder.add(organisation.office, Role::Administrator, Scope::City);
    let mut office: Vec<u32> =
        (0..3).map(|_| builder.add(organisation.office, Role::Office, Scope::City)).collect();
    let staff: Vec<u32> =
        (0..8).map(|_| builder.add(organisation.office, Role::Staff, Scope::Warehouse(0))).collect();
    for _ in 0..3 {
        builder.add(organisation.finance, Role::Finance, Scope::City);
    }
    for _ in 0..2 {
        builder.add(organisation.audit, Role::Auditor, Scope::City);
    }

    let mut clerks = vec![None; units.len()];
    let mut heads = vec![None; units.len()];
    for (at, unit) in units.iter().enumerate() {
        let place = at as u32;
        if unit.state == UnitState::Closed {
            continue;
        }
        // The pool has no people of its own: the bureau that runs the warehouse acts for it.
        let home = if place == organisation.pool { organisation.office } else { place };
        clerks[at] = Some(builder.add(home, Role::Clerk, Scope::Unit(place)));
        heads[at] = Some(builder.add(home, Role::Head, Scope::Unit(place)));
    }

    // Who is above others approves for them; first a person of its own while there are some to give, then its head.
    let supervisors: BTreeSet<u32> = units.iter().filter_map(|unit| unit.supervisor).collect();
    for at in supervisors {
        if builder.accounts.len() + REGIONS.len() * 2 < wanted {
            builder.add(at, Role::Supervisor, Scope::Subtree(at));
        } else if let Some(head) = heads[at as usize] {
            builder.accounts[head as usize].roles.push((Role::Supervisor, Scope::Subtree(at)));
        }
    }
    for region in CITY + 1..REGIONS.len() as u32 {
        let seat =
            units.iter().position(|u| u.fiscal_level == FiscalLevel::District && u.fiscal_region == region);
        if let (Some(seat), true) = (seat, builder.accounts.len() + 2 <= wanted) {
            office.push(builder.add(seat as u32, Role::Office, Scope::Region(region)));
            builder.add(seat as u32, Role::Finance, Scope::Region(region));
        }
    }
    // The rest are second clerks of the largest units.
    let mut by_size: Vec<u32> = (0..units.len() as u32).filter(|at| clerks[*at as usize].is_some()).collect();
    by_size.sort_by_key(|at| (std::cmp::Reverse(units[*at as usize].staff), *at));
    by_size.retain(|at| *at != organisation.pool);
    for at in by_size.into_iter().cycle() {
        if builder.accounts.len() >= wanted {
            break;
        }
        builder.add(at, Role::Clerk, Scope::Unit(at));
    }
    Staffing { accounts: builder.accounts, clerks, heads, office, staff }
}

impl Builder {
    fn add(&mut self, unit: u32, role: Role, scope: Scope) -> u32 {
        let person = people::person(&mut self.dice);
        let count = self.logins.entry(person.login.clone()).or_insert(0);
        *count += 1;
        // No spelling of a name ends in a digit, so a numbered login cannot meet another's.
        let login = if *count == 1 { person.login } else { format!("{}{count}", person.login) };
        self.accounts.push(Account { login, name: person.name, unit, roles: vec![(role, scope)] });
        self.accounts.len() as u32 - 1
    }
}
