//! What is indexed of a listing, what can be asked, and the engines that answer. Knows no database and no GraphQL.
//!
//! - [`document`]: [`ListingDocument`], what the index knows of a listing, [`Change`], how it is told, and [`Cursor`],
//!   the place in the log.
//! - [`query`]: [`Query`] with its [`Filters`], [`Rights`] and [`Sort`], and the answer, [`Hits`].
//! - [`embedded`]: the engine that needs no server, a tantivy directory.
//! - [`error`]: what can go wrong, [`Error`].
//!
//! The index is derived and may be thrown away at any time. It finds ids and counts; what is shown of a hit is read
//! from the database under the caller's rights, once more. It is fed from the event log: [`SearchIndex::apply`]
//! stores the log position together with the changes, so a follower goes on exactly where the index stands.
//!
//! [`SearchIndex`] is the seam: an enum, as the engines are few, known, and all ours. Every method is async and may
//! fail, so that an engine behind a network fits in as the second variant.

pub mod document;
pub mod embedded;
pub mod error;
pub mod query;

pub use document::{Change, Cursor, Indexed, ListingDocument, Step};
pub use embedded::{Embedded, Opened, Options, RebuildReason};
pub use error::{Error, Result};
pub use query::{Filters, Hits, Query, Rights, Sort, Warehouses};

use uuid::Uuid;

/// What an index is and holds, for metrics and the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Listings that can be found by somebody (removed ones do not count).
    pub documents: u64,
    /// The log position up to which every change is in the index.
    pub cursor: Cursor,
    /// Size on disk, in bytes.
    pub bytes: u64,
}

/// The search engine in use.
#[derive(Clone, Debug)]
pub enum SearchIndex {
    /// A tantivy directory in this process.
    Embedded(Embedded),
}

impl SearchIndex {
    /// Finds the listings of a query that the caller may see, best first.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a query out of its limits; otherwise a fault of the engine.
    pub async fn search(&self, query: Query) -> Result<Hits> {
        match self {
            Self::Embedded(index) => index.search(query).await,
        }
    }

    /// Applies changes and moves the cursor, both or neither; a search that starts afterwards sees them.
    ///
    /// See [`Embedded::apply`] for how versions decide.
    ///
    /// # Errors
    /// A fault of the engine; nothing was applied then, and the same call may be made again.
    pub async fn apply(&self, changes: Vec<Change>, step: Step) -> Result<()> {
        match self {
            Self::Embedded(index) => index.apply(changes, step).await,
        }
    }

    /// The log position up to which every change is in the index; the default for one that was never fed.
    ///
    /// # Errors
    /// A fault of the engine.
    pub async fn cursor(&self) -> Result<Cursor> {
        match self {
            Self::Embedded(index) => Ok(index.cursor()),
        }
    }

    /// Whether it was never built to the end, or became unfit since: see [`Step::Outdated`].
    ///
    /// # Errors
    /// A fault of the engine.
    pub async fn needs_rebuild(&self) -> Result<bool> {
        match self {
            Self::Embedded(index) => Ok(index.needs_rebuild()),
        }
    }

    /// Throws away all that is in the index, and goes on at a place in the log; a rebuild is needed then.
    ///
    /// # Errors
    /// [`Error::RebuildRunning`] when one is under way; otherwise a fault of the engine.
    pub async fn reset(&self, cursor: Cursor) -> Result<()> {
        match self {
            Self::Embedded(index) => index.reset(cursor).await,
        }
    }

    /// Loads what the first search would otherwise wait for: a server calls this in the background once it answers.
    ///
    /// # Errors
    /// A fault of the engine.
    pub async fn warm_up(&self) -> Result<()> {
        match self {
            Self::Embedded(index) => index.warm_up().await,
        }
    }

    /// Starts to build a new index beside the live one, which goes on answering and taking changes.
    ///
    /// # Errors
    /// [`Error::RebuildRunning`] when one is under way; otherwise a fault of the engine.
    pub async fn begin_rebuild(&self) -> Result<Rebuild> {
        match self {
            Self::Embedded(index) => Ok(Rebuild::Embedded(index.begin_rebuild().await?)),
        }
    }

    /// The indexed listings, in order of id, those after `after`, at most `limit`: what the reconciler compares with the
    /// database. Fewer than `limit` means that the end is reached.
    ///
    /// # Errors
    /// A fault of the engine.
    pub async fn versions(&self, after: Option<Uuid>, limit: usize) -> Result<Vec<Indexed>> {
        match self {
            Self::Embedded(index) => index.versions(after, limit).await,
        }
    }

    /// Size and position of the index.
    ///
    /// # Errors
    /// A fault of the engine.
    pub async fn stats(&self) -> Result<Stats> {
        match self {
            Self::Embedded(index) => index.stats().await,
        }
    }
}

impl From<Embedded> for SearchIndex {
    fn from(index: Embedded) -> Self {
        Self::Embedded(index)
    }
}

/// A new index being built beside the live one. Dropped without [`Rebuild::finish`], it leaves nothing behind.
#[derive(Debug)]
pub enum Rebuild {
    /// In a new directory of the embedded engine.
    Embedded(embedded::Rebuild),
}

impl Rebuild {
    /// Adds rows, in strictly ascending order of id over all calls (as a keyset scan gives them).
    ///
    /// # Errors
    /// [`Error::Invalid`] when the order is broken; otherwise a fault of the engine. The rebuild is lost then.
    pub async fn add(&self, documents: Vec<ListingDocument>) -> Result<()> {
        match self {
            Self::Embedded(rebuild) => rebuild.add(documents).await,
        }
    }

    /// Puts the new index in the place of the live one, with every change that was applied meanwhile.
    ///
    /// `cursor` is the log position that was read **before** the first row was: what changed later was applied to
    /// the live index in the meantime and is carried over, or will still come from the log.
    ///
    /// # Errors
    /// A fault of the engine; the old index stays live.
    pub async fn finish(self, cursor: Cursor) -> Result<()> {
        match self {
            Self::Embedded(rebuild) => rebuild.finish(cursor).await,
        }
    }
}
