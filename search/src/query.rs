//! What can be asked, and the answer.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{Error, Result};

/// How deep a search may be paged: [`Query::offset`] at most. Beyond it nobody looks, and it costs more each page.
pub const MAX_OFFSET: usize = 10_000;
/// [`Query::limit`] at most.
pub const MAX_LIMIT: usize = 100;
/// Characters of [`Query::text`] at most: nobody types more, and every word costs.
pub const MAX_TEXT: usize = 200;
/// Values of one filter at most.
pub const MAX_VALUES: usize = 2_000;

/// A search.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// What was typed. Every word must be found somewhere in the listing. `None` or blank asks for all; text
    /// without any letter or digit finds nothing.
    pub text: Option<String>,
    /// What the hits must be.
    pub filters: Filters,
    /// What the caller may see; the default is nothing.
    pub rights: Rights,
    /// The order.
    pub sort: Sort,
    /// Hits to skip, up to [`MAX_OFFSET`].
    pub offset: usize,
    /// Hits wanted, up to [`MAX_LIMIT`]; 0 asks for the total alone.
    pub limit: usize,
}

/// What the hits must be: any of the values within a filter, and all filters at once. An empty one asks nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filters {
    /// The unit's place lies in one of these, at any depth.
    pub regions: Vec<Uuid>,
    /// Offered by one of these.
    pub units: Vec<Uuid>,
    /// In one of these categories or below it.
    pub categories: Vec<Uuid>,
    /// GENERAL, VEHICLE, …
    pub kinds: Vec<String>,
    /// VIRTUAL, PHYSICAL.
    pub custodies: Vec<String>,
    /// Conditions.
    pub conditions: Vec<String>,
    /// States of the workflow.
    pub states: Vec<String>,
    /// Value of one piece at least, in minor units.
    pub value_from: Option<i64>,
    /// Value of one piece at most (inclusive), in minor units.
    pub value_to: Option<i64>,
    /// Only what has a piece to ask for now.
    pub available_only: bool,
}

/// What the caller may see, built by the server from the caller's roles, never from the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rights {
    /// All states, and what is restricted: auditor, office of the city.
    Everything,
    /// The listings of some units, and maybe what is on offer.
    Of {
        /// The caller's own units: all states and the restricted ones are seen there.
        units: Vec<Uuid>,
        /// Departments and regions that the caller's units belong to: what is listed for one of these is seen.
        audiences: Vec<Uuid>,
        /// The warehouses the caller works at: all states and the restricted ones are seen there, too.
        warehouses: Warehouses,
        /// Whether what others list may be seen: in state LISTED, not restricted, and for everyone or for one of
        /// `units` or `audiences`.
        listed: bool,
    },
}

/// Warehouses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warehouses {
    /// Every one.
    All,
    /// These.
    Only(Vec<Uuid>),
}

impl Default for Warehouses {
    /// None.
    fn default() -> Self {
        Self::Only(Vec::new())
    }
}

impl Default for Rights {
    /// Nothing.
    fn default() -> Self {
        Self::Of {
            units: Vec::new(),
            audiences: Vec::new(),
            warehouses: Warehouses::default(),
            listed: false,
        }
    }
}

/// The order of hits. Ties are broken by id, so that pages neither repeat nor skip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sort {
    /// Best match first; without text the same as [`Sort::Newest`].
    #[default]
    Relevance,
    /// Listed last, first.
    Newest,
    /// Cheapest first.
    ValueAsc,
    /// Dearest first.
    ValueDesc,
}

/// The answer to a [`Query`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// The page: listings with the row version that the index knows, in order.
    pub ids: Vec<(Uuid, i64)>,
    /// How many there are on all pages.
    pub total: u64,
}

impl Query {
    /// Whether the query is within the limits that are part of every engine's interface.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the field.
    pub fn check(&self) -> Result<()> {
        let invalid = |field, reason: String| Err(Error::Invalid { field, reason });
        if self.offset > MAX_OFFSET {
            return invalid("offset", format!("at most {MAX_OFFSET}; narrow the search instead"));
        }
        if self.limit > MAX_LIMIT {
            return invalid("limit", format!("at most {MAX_LIMIT}"));
        }
        if self.text.as_ref().is_some_and(|text| text.chars().nth(MAX_TEXT).is_some()) {
            return invalid("text", format!("at most {MAX_TEXT} characters"));
        }
        let Filters { regions, units, categories, kinds, custodies, conditions, states, .. } = &self.filters;
        for (field, count) in [
            ("filters.regions", regions.len()),
            ("filters.units", units.len()),
            ("filters.categories", categories.len()),
            ("filters.kinds", kinds.len()),
            ("filters.custodies", custodies.len()),
            ("filters.conditions", conditions.len()),
            ("filters.states", states.len()),
        ] {
            if count > MAX_VALUES {
                return invalid(field, format!("at most {MAX_VALUES} values"));
            }
        }
        Ok(())
    }

    /// The text, unless it is blank.
    pub(crate) fn typed(&self) -> Option<&str> {
        self.text.as_deref().map(str::trim).filter(|text| !text.is_empty())
    }
}
