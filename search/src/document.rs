//! What the index knows of a listing, and how it is told.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The state in which a listing is offered to others than its own unit.
pub const LISTED: &str = "LISTED";

/// A listing as it is indexed. It is read from the database as one consistent row: the index never merges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListingDocument {
    /// The listing.
    pub id: Uuid,
    /// Its row version: newer is never overwritten by older. An equal version replaces, as stock counters and the
    /// places of units change without a new version of the listing.
    pub version: i64,
    /// What it is called.
    pub name: String,
    /// Maker; empty where unknown.
    pub brand: String,
    /// Model; empty where unknown.
    pub model: String,
    /// Free text.
    pub description: String,
    /// Serial number of a single piece.
    pub serial: Option<String>,
    /// The holder's number of the asset card.
    pub asset_number: Option<String>,
    /// The category and all above it, root first: a filter on any of them finds the listing.
    pub category_path: Vec<Uuid>,
    /// GENERAL, VEHICLE, REAL_ESTATE, SOFTWARE.
    pub kind: String,
    /// VIRTUAL or PHYSICAL.
    pub custody: String,
    /// Condition, as the code of the database.
    pub condition: String,
    /// State of the workflow; [`LISTED`] is the one that others may see.
    pub state: String,
    /// Pieces that can be asked for now.
    pub available: i64,
    /// The unit that offers it.
    pub unit: Uuid,
    /// The region of the unit's place and all above it, root first.
    pub regions: Vec<Uuid>,
    /// Value of one piece, in minor units of the instance's currency.
    pub value_minor: i64,
    /// Year of making or acquiring.
    pub year: Option<i32>,
    /// How many photos it has.
    pub photos: i64,
    /// When it was listed; for what is not listed yet, when it was drafted.
    pub listed_at: DateTime<Utc>,
    /// Hidden but lawful: seen by its own unit and by those who see everything, in no list or count of others.
    pub restricted: bool,
    /// Who may see it once listed: these units only (a directed listing, a narrow audience); empty is everyone.
    pub audience_units: Vec<Uuid>,
}

/// A change to the index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "nearly all are puts: boxing them would cost and save nothing")]
pub enum Change {
    /// The listing is, as of its version, as in the document.
    Put(ListingDocument),
    /// The listing is gone. A later [`Change::Put`] needs a newer version than this: an event that comes late does
    /// not bring back what was removed.
    Remove {
        /// The listing.
        id: Uuid,
        /// Its last row version.
        version: i64,
    },
}

impl Change {
    /// The listing that changed.
    #[must_use]
    pub fn id(&self) -> Uuid {
        match self {
            Self::Put(document) => document.id,
            Self::Remove { id, .. } => *id,
        }
    }

    /// The row version that the change brings.
    #[must_use]
    pub fn version(&self) -> i64 {
        match self {
            Self::Put(document) => document.version,
            Self::Remove { version, .. } => *version,
        }
    }

    /// Whether this change wins over what is known of the same listing.
    pub(crate) fn supersedes(&self, version: i64, removed: bool) -> bool {
        match self {
            Self::Put(document) if removed => document.version > version,
            _ => self.version() >= version,
        }
    }
}

/// One change a listing, the newest; in order of id, so that the same batch gives the same index.
pub(crate) fn newest(changes: Vec<Change>) -> std::collections::BTreeMap<Uuid, Change> {
    let mut newest = std::collections::BTreeMap::new();
    for change in changes {
        merge(&mut newest, change);
    }
    newest
}

/// Takes a change into the newest ones, unless it is older than the one that is there.
pub(crate) fn merge(newest: &mut std::collections::BTreeMap<Uuid, Change>, change: Change) {
    match newest.entry(change.id()) {
        std::collections::btree_map::Entry::Vacant(entry) => {
            entry.insert(change);
        }
        std::collections::btree_map::Entry::Occupied(mut entry) => {
            let removed = matches!(entry.get(), Change::Remove { .. });
            if change.supersedes(entry.get().version(), removed) {
                entry.insert(change);
            }
        }
    }
}
