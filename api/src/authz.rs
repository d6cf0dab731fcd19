//! Who may do what: one table, default deny. A root field without a row here is open to nobody.

use std::collections::HashSet;

use entity::identity::Role;
use uuid::Uuid;

mod policy;

pub use policy::{Operation, POLICY, delegable};

/// How the place of a grant must relate to the subject of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Relation {
    /// No relation is asked: the role, held anywhere, is enough.
    Anywhere,
    /// The grant is for the whole city: what is asked for belongs to no one place.
    City,
    /// The grant covers the unit that holds or gives.
    Giver,
    /// The grant covers the unit that asks or receives.
    Receiver,
    /// The grant covers the warehouse.
    Warehouse,
}

/// The units that a person's grants of some roles cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitSet {
    /// Every unit.
    All,
    /// These and no others.
    Only(HashSet<Uuid>),
}

impl Default for UnitSet {
    fn default() -> Self {
        Self::Only(HashSet::new())
    }
}

impl UnitSet {
    /// Whether the unit is among them.
    #[must_use]
    pub fn contains(&self, unit: Uuid) -> bool {
        match self {
            Self::All => true,
            Self::Only(units) => units.contains(&unit),
        }
    }

    /// Whether no unit is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Only(units) if units.is_empty())
    }

    /// Adds the other's units.
    pub fn join(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::All, _) => {}
            (_, Self::All) => *self = Self::All,
            (Self::Only(mine), Self::Only(theirs)) => mine.extend(theirs),
        }
    }
}

/// Where the subject of an operation stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parties {
    /// Unit that holds or gives.
    pub giver: Option<Uuid>,
    /// Unit that asks or receives.
    pub receiver: Option<Uuid>,
    /// Warehouse.
    pub warehouse: Option<Uuid>,
}

impl Parties {
    /// Only a giver.
    #[must_use]
    pub fn giver(unit: Uuid) -> Self {
        Self { giver: Some(unit), ..Self::default() }
    }

    /// Only a receiver.
    #[must_use]
    pub fn receiver(unit: Uuid) -> Self {
        Self { receiver: Some(unit), ..Self::default() }
    }
}

/// What a person's grants reach under one operation, for finders to put into their SQL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Some role reaches everything.
    pub everywhere: bool,
    /// Subjects whose giver (or holder) is one of these.
    pub giver: UnitSet,
    /// Subjects whose receiver (or asker) is one of these.
    pub receiver: UnitSet,
    /// Subjects at one of these warehouses.
    pub warehouses: HashSet<Uuid>,
    /// Subjects at any warehouse.
    pub every_warehouse: bool,
}

impl Reach {
    /// Whether it reaches nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.everywhere
            && !self.every_warehouse
            && self.giver.is_empty()
            && self.receiver.is_empty()
            && self.warehouses.is_empty()
    }

    /// Whether a subject with these parties is reached.
    #[must_use]
    pub fn covers(&self, parties: &Parties) -> bool {
        self.everywhere
            || parties.giver.is_some_and(|unit| self.giver.contains(unit))
            || parties.receiver.is_some_and(|unit| self.receiver.contains(unit))
            || parties.warehouse.is_some_and(|id| self.every_warehouse || self.warehouses.contains(&id))
    }
}

/// The roles, with their relation, that may do `operation`.
#[must_use]
pub fn rules(operation: Operation) -> &'static [(Role, Relation)] {
    POLICY.iter().find(|(candidate, _)| *candidate == operation).map_or(&[], |(_, rules)| rules)
}
