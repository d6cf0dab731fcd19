use std::collections::HashSet;
use std::sync::Arc;

use entity::identity::{Locale, Role, Scope, account, role_grant};
use uuid::Uuid;

use crate::authz::{self, Operation, Parties, Reach, Relation, UnitSet};
use crate::fault::{Code, Rejection};
use crate::organisation::Reference;

/// Who asks: a signed-in person with grants, or the service itself. A cheap clone.
#[derive(Clone, Debug)]
pub struct Actor(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    account: Option<account::Model>,
    grants: Vec<Grant>,
    stands_in: Vec<StandIn>,
    audiences: HashSet<Uuid>,
    everything: bool,
}

/// Somebody who is away, and what is held in their stead: to decide steps, and to see what is decided.
#[derive(Clone, Debug)]
pub struct StandIn {
    /// Account of who is away.
    pub instead_of: Uuid,
    /// What that person holds. What others have delegated to them does not pass on.
    pub grants: Vec<Grant>,
}

/// A role and the place where it is held, spelled out into units.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Role.
    pub role: Role,
    /// Units it covers.
    pub units: UnitSet,
    /// Warehouses it covers; none means only those its scope names.
    pub warehouses: Warehouses,
}

impl Grant {
    /// Whether it is this role, at this unit.
    #[must_use]
    pub fn is(&self, role: Role, unit: Uuid) -> bool {
        self.role == role && self.units.contains(unit)
    }
}

/// Warehouses that a grant covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warehouses {
    /// Every one.
    All,
    /// These.
    Only(HashSet<Uuid>),
}

impl Actor {
    /// The service itself: jobs, imports at the command line, the demo. May do everything.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(Inner {
            account: None,
            grants: Vec::new(),
            stands_in: Vec::new(),
            audiences: HashSet::new(),
            everything: true,
        }))
    }

    /// A person with the grants that are valid today, and those of whom the person stands in for.
    #[must_use]
    pub fn person(
        account: account::Model,
        grants: &[role_grant::Model],
        absent: &[(Uuid, Vec<role_grant::Model>)],
        reference: &Reference,
    ) -> Self {
        let stands_in = absent
            .iter()
            .map(|(account, grants)| StandIn { instead_of: *account, grants: spelled_out(grants, reference) })
            .collect();
        let grants = spelled_out(grants, reference);
        let audiences = audiences_of(&grants, reference);
        Self(Arc::new(Inner { account: Some(account), grants, stands_in, audiences, everything: false }))
    }

    /// Account of a person; none for the service itself.
    #[must_use]
    pub fn account_id(&self) -> Option<Uuid> {
        self.0.account.as_ref().map(|account| account.id)
    }

    /// Account row of a person.
    #[must_use]
    pub fn account(&self) -> Option<&account::Model> {
        self.0.account.as_ref()
    }

    /// Grants valid today.
    #[must_use]
    pub fn grants(&self) -> &[Grant] {
        &self.0.grants
    }

    /// Whom the person stands in for today.
    #[must_use]
    pub fn stands_in(&self) -> &[StandIn] {
        &self.0.stands_in
    }

    /// Departments and regions that the person's units belong to: what is offered to one of these is offered to the person.
    #[must_use]
    pub fn audiences(&self) -> &HashSet<Uuid> {
        &self.0.audiences
    }

    /// Grants by which the operation may be done: the person's own, and those of absent ones where it belongs to deciding for
    /// them.
    fn grants_for(&self, operation: Operation) -> impl Iterator<Item = &Grant> {
        let absent = self.0.stands_in.iter().filter(move |_| authz::delegable(operation));
        self.0.grants.iter().chain(absent.flat_map(|stand_in| &stand_in.grants))
    }

    /// Language for messages.
    #[must_use]
    pub fn locale(&self) -> Locale {
        self.0.account.as_ref().map_or(Locale::Zh, |account| account.locale)
    }

    /// Whether it is the service itself.
    #[must_use]
    pub fn is_system(&self) -> bool {
        self.0.everything
    }

    /// Whether the person holds the role anywhere.
    #[must_use]
    pub fn has_role(&self, role: Role) -> bool {
        self.0.everything || self.0.grants.iter().any(|grant| grant.role == role)
    }

    /// Whether the person holds the role at the unit.
    #[must_use]
    pub fn holds(&self, role: Role, unit: Uuid) -> bool {
        self.0.everything || self.0.grants.iter().any(|grant| grant.is(role, unit))
    }

    /// Whether some grant of the person may do `operation` at all, wherever.
    #[must_use]
    pub fn may_somewhere(&self, operation: Operation) -> bool {
        // Whoever is signed in may see that they hold no role (yet, or any more) and change their password.
        matches!(operation, Operation::Me | Operation::ChangePassword)
            || self.0.everything
            || authz::rules(operation).iter().any(|(role, relation)| {
                self.grants_for(operation).any(|grant| {
                    grant.role == *role && (*relation != Relation::City || grant.units == UnitSet::All)
                })
            })
    }

    /// Lets the operation pass where the policy has a row for it.
    ///
    /// # Errors
    /// [`Code::NotAllowed`].
    pub fn allow(&self, operation: Operation, parties: &Parties) -> Result<(), Rejection> {
        if self.0.everything || self.reach(operation).covers(parties) {
            Ok(())
        } else {
            Err(Rejection::new(Code::NotAllowed))
        }
    }

    /// Everything the operation reaches for this person.
    #[must_use]
    pub fn reach(&self, operation: Operation) -> Reach {
        self.reach_by(authz::rules(operation), || self.grants_for(operation))
    }

    /// What the person's own grants of these roles reach: for what awaits a role, which may be less than what it may do.
    #[must_use]
    pub fn reach_of(&self, rules: &[(Role, Relation)]) -> Reach {
        self.reach_by(rules, || self.0.grants.iter())
    }

    fn reach_by<'a, I>(&'a self, rules: &[(Role, Relation)], grants: impl Fn() -> I) -> Reach
    where
        I: Iterator<Item = &'a Grant>,
    {
        let mut reach = Reach { everywhere: self.0.everything, ..Reach::default() };
        for (role, relation) in rules {
            for grant in grants().filter(|grant| grant.role == *role) {
                match relation {
                    Relation::Anywhere => reach.everywhere = true,
                    Relation::City => reach.everywhere |= grant.units == UnitSet::All,
                    Relation::Giver => reach.giver.join(&grant.units),
                    Relation::Receiver => reach.receiver.join(&grant.units),
                    Relation::Warehouse => match &grant.warehouses {
                        Warehouses::All => reach.every_warehouse = true,
                        Warehouses::Only(ids) => reach.warehouses.extend(ids),
                    },
                }
            }
        }
        reach
    }
}

fn audiences_of(grants: &[Grant], reference: &Reference) -> HashSet<Uuid> {
    let mut audiences = HashSet::new();
    for grant in grants {
        let UnitSet::Only(units) = &grant.units else { continue };
        for unit in units {
            audiences.insert(reference.department(*unit));
            if let Some(unit) = reference.unit(*unit) {
                audiences.extend(reference.region_path(unit.place_region_id));
            }
        }
    }
    audiences
}

fn spelled_out(grants: &[role_grant::Model], reference: &Reference) -> Vec<Grant> {
    grants
        .iter()
        .map(|grant| Grant {
            role: grant.role,
            units: units_of(grant.scope, grant.scope_id, reference),
            warehouses: match (grant.scope, grant.scope_id) {
                (Scope::City, _) => Warehouses::All,
                (Scope::Warehouse, Some(id)) => Warehouses::Only(HashSet::from([id])),
                _ => Warehouses::Only(HashSet::new()),
            },
        })
        .collect()
}

fn units_of(scope: Scope, scope_id: Option<Uuid>, reference: &Reference) -> UnitSet {
    match (scope, scope_id) {
        (Scope::City, _) => UnitSet::All,
        // A unit stands in for those whose place it has taken: their history is its own.
        (Scope::Unit, Some(id)) => UnitSet::Only(reference.with_predecessors(HashSet::from([id]))),
        (Scope::Subtree, Some(id)) => UnitSet::Only(reference.with_predecessors(reference.unit_subtree(id))),
        (Scope::Region, Some(id)) => UnitSet::Only(reference.units_in_region(id)),
        _ => UnitSet::default(),
    }
}
