//! What the index knows of a listing, and how it is told.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
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
    /// The warehouse that keeps it, or is about to.
    pub warehouse: Option<Uuid>,
    /// The region of the unit's place and all above it, root first.
    pub regions: Vec<Uuid>,
    /// Value of one piece, in minor units of the instance's currency.
    pub value_minor: i64,
    /// When it was listed; for what is not listed yet, when it was drafted.
    pub listed_at: DateTime<Utc>,
    /// Hidden but lawful: seen by its own unit and by those who see everything, in no list or count of others.
    pub restricted: bool,
    /// Who may see it once listed: these units (a directed listing), or the units of these departments and regions (a narrow
    /// audience); empty is everyone.
    // Under its old name, so that documents from before are told from changed ones as ever.
    #[serde(rename = "audience_units")]
    pub audience: Vec<Uuid>,
}

impl ListingDocument {
    /// A number of all that it says: two that differ anywhere have different ones. The version of the row is not enough
    /// to compare by, as stock, card, unit and trees change without it.
    pub(crate) fn content(&self) -> u64 {
        let text = serde_json::to_vec(self).unwrap_or_default();
        let hash = Sha256::digest(&text);
        hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// Whether the index holds exactly this.
    #[must_use]
    pub fn is(&self, indexed: &Indexed) -> bool {
        (self.id, self.version, self.content()) == (indexed.id, indexed.version, indexed.content)
    }
}

/// What the index holds of a listing, as far as it can be compared with the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Indexed {
    /// The listing.
    pub id: Uuid,
    /// Its row version.
    pub version: i64,
    /// A number of everything else; see [`ListingDocument::is`].
    pub content: u64,
}

/// A place in the event log: that of the last event whose changes are in the index. Places are not compared by their
/// numbers, which need not rise from one to the next; the log knows its own order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Number of the event; 0 before the first.
    pub seq: i64,
    /// Its id, by which the log of another database is told from this one. Nil before the first.
    pub event: Uuid,
}

/// Where a batch of changes leaves the index in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Step {
    /// Where it was: single listings were mended.
    #[default]
    Stay,
    /// Every change up to here is in the index.
    To(Cursor),
    /// The same, and somewhere up to here the index became unfit: it must be rebuilt. That is kept until a rebuild that
    /// began later is finished.
    Outdated(Cursor),
}

impl Step {
    /// This step and the next one as one.
    pub(crate) fn then(self, next: Self) -> Self {
        match (self, next) {
            (step, Self::Stay) => step,
            (Self::Outdated(_), Self::To(cursor)) => Self::Outdated(cursor),
            (_, next) => next,
        }
    }

    pub(crate) fn cursor(self) -> Option<Cursor> {
        match self {
            Self::Stay => None,
            Self::To(cursor) | Self::Outdated(cursor) => Some(cursor),
        }
    }
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
