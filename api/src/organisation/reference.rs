use std::collections::{HashMap, HashSet};

use entity::catalogue::category;
use entity::organisation::{UnitState, region, unit};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait};
use uuid::Uuid;

/// Units, regions and categories in memory: lists show their names without a join. It is loaded anew before the
/// next request is answered when `rights_generation` has moved, which every change of these tables does.
#[derive(Debug, Default)]
pub struct Reference {
    units: HashMap<Uuid, unit::Model>,
    regions: HashMap<Uuid, region::Model>,
    categories: HashMap<Uuid, category::Model>,
    unit_children: HashMap<Uuid, Vec<Uuid>>,
    /// Closed units, by the one that took their place.
    predecessors: HashMap<Uuid, Vec<Uuid>>,
    region_children: HashMap<Uuid, Vec<Uuid>>,
    region_units: HashMap<Uuid, Vec<Uuid>>,
    supervisors: HashSet<Uuid>,
    category_children: HashMap<Uuid, Vec<Uuid>>,
}

impl Reference {
    /// Reads all of it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn load(conn: &impl ConnectionTrait) -> Result<Self, DbErr> {
        let mut reference = Self::default();
        for unit in unit::Entity::find().all(conn).await? {
            if let Some(parent) = unit.parent_id {
                reference.unit_children.entry(parent).or_default().push(unit.id);
            }
            if let Some(successor) = unit.successor_id.filter(|_| unit.state == UnitState::Closed) {
                reference.predecessors.entry(successor).or_default().push(unit.id);
            }
            reference.supervisors.extend(unit.supervisor_id);
            reference.region_units.entry(unit.place_region_id).or_default().push(unit.id);
            reference.units.insert(unit.id, unit);
        }
        for region in region::Entity::find().all(conn).await? {
            if let Some(parent) = region.parent_id {
                reference.region_children.entry(parent).or_default().push(region.id);
            }
            reference.regions.insert(region.id, region);
        }
        for category in category::Entity::find().all(conn).await? {
            if let Some(parent) = category.parent_id {
                reference.category_children.entry(parent).or_default().push(category.id);
            }
            reference.categories.insert(category.id, category);
        }
        Ok(reference)
    }

    /// A unit.
    #[must_use]
    pub fn unit(&self, id: Uuid) -> Option<&unit::Model> {
        self.units.get(&id)
    }

    /// A region.
    #[must_use]
    pub fn region(&self, id: Uuid) -> Option<&region::Model> {
        self.regions.get(&id)
    }

    /// A category.
    #[must_use]
    pub fn category(&self, id: Uuid) -> Option<&category::Model> {
        self.categories.get(&id)
    }

    /// All units, in no order.
    pub fn units(&self) -> impl Iterator<Item = &unit::Model> {
        self.units.values()
    }

    /// All regions, in no order.
    pub fn regions(&self) -> impl Iterator<Item = &region::Model> {
        self.regions.values()
    }

    /// All categories, in no order.
    pub fn categories(&self) -> impl Iterator<Item = &category::Model> {
        self.categories.values()
    }

    /// The unit and all below it.
    #[must_use]
    pub fn unit_subtree(&self, id: Uuid) -> HashSet<Uuid> {
        subtree(&self.unit_children, id)
    }

    /// The units and all whose place they have taken, also by way of others.
    #[must_use]
    pub fn with_predecessors(&self, units: HashSet<Uuid>) -> HashSet<Uuid> {
        if self.predecessors.is_empty() {
            return units;
        }
        units.into_iter().flat_map(|id| subtree(&self.predecessors, id)).collect()
    }

    /// The unit that stands in for a closed one today; an open one stands for itself.
    #[must_use]
    pub fn living(&self, id: Uuid) -> Uuid {
        let next = |id: &Uuid| {
            self.units
                .get(id)
                .filter(|unit| unit.state == UnitState::Closed)
                .and_then(|unit| unit.successor_id)
        };
        std::iter::successors(Some(id), next).take(DEEPEST).last().unwrap_or(id)
    }

    /// The category and all below it.
    #[must_use]
    pub fn category_subtree(&self, id: Uuid) -> HashSet<Uuid> {
        subtree(&self.category_children, id)
    }

    /// The units placed in the region or below it.
    #[must_use]
    pub fn units_in_region(&self, id: Uuid) -> HashSet<Uuid> {
        subtree(&self.region_children, id)
            .iter()
            .filter_map(|region| self.region_units.get(region))
            .flatten()
            .copied()
            .collect()
    }

    /// The region and all below it.
    #[must_use]
    pub fn region_subtree(&self, id: Uuid) -> HashSet<Uuid> {
        subtree(&self.region_children, id)
    }

    /// Parents of the unit, nearest first.
    #[must_use]
    pub fn unit_parents(&self, id: Uuid) -> Vec<Uuid> {
        parents(id, |id| self.units.get(&id).and_then(|unit| unit.parent_id))
    }

    /// The supervising department (主管部门) of a unit: the one that is named for it or for the nearest one above it. A unit that
    /// supervises others is its own; at last the top of the tree is.
    #[must_use]
    pub fn department(&self, unit: Uuid) -> Uuid {
        let mut path = vec![unit];
        path.extend(self.unit_parents(unit));
        let named = path.iter().find_map(|id| {
            let named = self.unit(*id)?.supervisor_id;
            named.or_else(|| self.supervisors.contains(id).then_some(*id))
        });
        named.or(path.last().copied()).unwrap_or(unit)
    }

    /// The region and what it lies in, innermost first.
    #[must_use]
    pub fn region_path(&self, id: Uuid) -> Vec<Uuid> {
        let mut path = vec![id];
        path.extend(parents(id, |id| self.regions.get(&id).and_then(|region| region.parent_id)));
        path
    }

    /// The category and those above it, innermost first.
    #[must_use]
    pub fn category_path(&self, id: Uuid) -> Vec<Uuid> {
        let mut path = vec![id];
        path.extend(parents(id, |id| self.categories.get(&id).and_then(|category| category.parent_id)));
        path
    }
}

/// A tree deeper than this is a circle.
const DEEPEST: usize = 64;

fn parents(id: Uuid, parent: impl Fn(Uuid) -> Option<Uuid>) -> Vec<Uuid> {
    std::iter::successors(parent(id), |id| parent(*id)).take(DEEPEST).collect()
}

fn subtree(children: &HashMap<Uuid, Vec<Uuid>>, root: Uuid) -> HashSet<Uuid> {
    let mut found = HashSet::from([root]);
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        for child in children.get(&id).into_iter().flatten() {
            if found.insert(*child) {
                open.push(*child);
            }
        }
    }
    found
}
