//! The embedded engine: a tantivy directory, written by this process alone and read by memory map.
//!
//! - [`place`]: the directory: lock, pointer to the live index, left-overs.
//! - [`generation`]: one index in it: commit with cursor, versions.
//! - [`schema`], [`analysis`]: fields, and how text becomes terms.
//! - [`plan`], [`find`]: from a query to hits.
//! - [`rebuild`]: a new index beside the live one, and the swap.
//!
//! Every call does its work on a blocking thread; one that was begun goes on to its end when its future is dropped.

mod analysis;
mod find;
mod generation;
mod place;
mod plan;
mod rebuild;
mod schema;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use tantivy::IndexWriter;
use uuid::Uuid;

use crate::document::{self, Change, Cursor, Indexed, Step};
use crate::error::{Error, Result};
use crate::query::{Hits, Query};
use crate::{ListingDocument, Stats};

pub use place::RebuildReason;
pub use rebuild::Rebuild;

use generation::Generation;
use place::Place;

/// How the embedded engine is run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Bytes of documents that a rebuild holds in memory before it writes them out. More makes fewer, larger
    /// pieces. What [`Embedded::apply`] writes is small, and takes the least the engine allows, 15 MB.
    pub rebuild_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { rebuild_bytes: 50_000_000 }
    }
}

/// An index that was opened.
#[derive(Debug)]
pub struct Opened {
    /// The index. It can be used at once, also when it needs a rebuild: it is empty then.
    pub index: Embedded,
    /// Why it does not hold what it should; `None` when it does.
    pub rebuild: Option<RebuildReason>,
}

impl Opened {
    /// Whether the index has to be rebuilt before what it finds can be trusted to be all.
    #[must_use]
    pub fn needs_rebuild(&self) -> bool {
        self.rebuild.is_some()
    }
}

/// The embedded index; clones share it. The last one to go releases the directory.
#[derive(Clone)]
pub struct Embedded {
    shared: Arc<Shared>,
}

struct Shared {
    /// The index that answers.
    live: ArcSwap<Generation>,
    /// What changes it; locked for the whole of a change and of a swap.
    desk: Mutex<Desk>,
    options: Options,
    place: Place,
}

#[derive(Default)]
struct Desk {
    /// The writer of the live index; `None` until the first change, and after a failed one.
    writer: Option<IndexWriter>,
    /// While a rebuild is under way: what was applied since it began.
    since: Option<Since>,
}

/// What a rebuild has to carry over.
#[derive(Default)]
struct Since {
    changes: BTreeMap<Uuid, Change>,
    step: Step,
}

impl Embedded {
    /// Opens the index in a directory, which is created where it is missing.
    ///
    /// An index that is missing, unfinished, damaged (every file's checksum is tried) or of another format is
    /// replaced by an empty one and reported in [`Opened::rebuild`]; what a crashed rebuild left is removed.
    ///
    /// # Errors
    /// [`Error::Locked`] when it is open elsewhere; [`Error::Io`] when the directory cannot be used.
    pub async fn open(directory: impl Into<PathBuf>, options: Options) -> Result<Opened> {
        let root = directory.into();
        let place = Arc::new(blocking(move || Place::take(&root)).await?);
        // On a thread of its own, as the engine may panic over what it reads: that is damage too.
        let found = blocking({
            let place = Arc::clone(&place);
            move || Ok(place.live())
        })
        .await
        .unwrap_or_else(|error| Err(RebuildReason::Damaged(error.to_string())));
        blocking(move || {
            let (live, rebuild) = match found {
                Ok(live) if live.complete() => (live, None),
                Ok(live) => (live, Some(RebuildReason::Unfinished)),
                Err(reason) => (place.start_anew()?, Some(reason)),
            };
            if let Some(reason) = &rebuild {
                tracing::warn!(?reason, "the search index must be rebuilt");
            }
            place.clean(&live.directory)?;
            let place = Arc::into_inner(place)
                .ok_or_else(|| Error::Lost("the directory is still in use".to_owned()))?;
            let shared = Shared { live: ArcSwap::from_pointee(live), desk: Mutex::default(), options, place };
            Ok(Opened { index: Self { shared: Arc::new(shared) }, rebuild })
        })
        .await
    }

    /// Finds the listings of a query that the caller may see.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a query out of its limits; otherwise a fault of the engine.
    pub async fn search(&self, query: Query) -> Result<Hits> {
        let live = self.shared.live.load_full();
        blocking(move || find::find(&live, &query)).await
    }

    /// Applies changes and moves the cursor in one commit; a search that starts afterwards sees them.
    ///
    /// Of several changes to a listing, and against what the index holds, the newest version wins; an older one is
    /// passed over without an error.
    ///
    /// A commit costs some tens of milliseconds and a dozen syncs whatever it holds, also when it only moves the
    /// cursor: so a follower hands over all that has gathered since its last call, not event by event.
    ///
    /// # Errors
    /// A fault of the engine or the disk; nothing was applied then, and the same call may be made again.
    pub async fn apply(&self, changes: Vec<Change>, step: Step) -> Result<()> {
        let shared = Arc::clone(&self.shared);
        blocking(move || shared.apply(document::newest(changes), step)).await
    }

    /// The log position up to which every change is in the index; the default for one that was never fed.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.shared.live.load().cursor()
    }

    /// Whether it was never built to the end, or became unfit since: see [`Step::Outdated`].
    #[must_use]
    pub fn needs_rebuild(&self) -> bool {
        !self.shared.live.load().complete()
    }

    /// Puts an empty index that goes on at `cursor` in the place of this one, which is of another log.
    ///
    /// # Errors
    /// [`Error::RebuildRunning`] when one is under way; otherwise a fault of the engine or the disk.
    pub async fn reset(&self, cursor: Cursor) -> Result<()> {
        let shared = Arc::clone(&self.shared);
        blocking(move || shared.reset(cursor)).await
    }

    /// Loads the dictionary (30 MB, about 0.2 s), which the first Han text would otherwise wait for.
    ///
    /// # Errors
    /// [`Error::Lost`] when the thread was.
    pub async fn warm_up(&self) -> Result<()> {
        blocking(|| {
            analysis::warm_up();
            Ok(())
        })
        .await
    }

    /// Starts a rebuild. See [`Rebuild`].
    ///
    /// # Errors
    /// [`Error::RebuildRunning`] when one is under way; otherwise a fault of the disk.
    pub async fn begin_rebuild(&self) -> Result<Rebuild> {
        let shared = Arc::clone(&self.shared);
        blocking(move || Rebuild::begin(shared)).await
    }

    /// The indexed listings, in order of id, those after `after`, at most `limit`.
    ///
    /// # Errors
    /// A fault of the engine.
    pub async fn versions(&self, after: Option<Uuid>, limit: usize) -> Result<Vec<Indexed>> {
        let live = self.shared.live.load_full();
        blocking(move || live.versions(after, limit)).await
    }

    /// Size and position.
    ///
    /// # Errors
    /// A fault of the engine or the disk.
    pub async fn stats(&self) -> Result<Stats> {
        let live = self.shared.live.load_full();
        blocking(move || {
            Ok(Stats { documents: live.documents()?, cursor: live.cursor(), bytes: live.bytes()? })
        })
        .await
    }
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let live = self.shared.live.load();
        formatter
            .debug_struct("Embedded")
            .field("directory", &live.directory)
            .field("cursor", &live.cursor())
            .finish()
    }
}

impl Shared {
    fn apply(&self, changes: BTreeMap<Uuid, Change>, step: Step) -> Result<()> {
        let mut desk = self.desk();
        let live = self.live.load_full();
        // Taken out, so that a writer in which something failed, and which may hold half a batch, is dropped.
        let mut writer = match desk.writer.take() {
            Some(writer) => writer,
            None => live.writer(0)?,
        };
        live.write(&mut writer, &changes, step)?;
        desk.writer = Some(writer);
        if let Some(since) = &mut desk.since {
            since.step = since.step.then(step);
            changes.into_values().for_each(|change| document::merge(&mut since.changes, change));
        }
        Ok(())
    }

    fn reset(&self, cursor: Cursor) -> Result<()> {
        let mut desk = self.desk();
        if desk.since.is_some() {
            return Err(Error::RebuildRunning);
        }
        let fresh = self.place.start_anew()?;
        let mut writer = fresh.writer(0)?;
        fresh.write(&mut writer, &BTreeMap::new(), Step::To(cursor))?;
        let old = self.live.swap(Arc::new(fresh));
        desk.writer = Some(writer);
        drop(desk);
        place::remove(&old.directory);
        Ok(())
    }

    /// A thread that panicked at the desk left the writer behind as it takes it: out of the desk. So the desk is
    /// sound, and one fault must not end all writing.
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does work that blocks where blocking is allowed.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::Lost(error.to_string())),
    }
}

/// Strictly ascending ids, going on from the last of the batch before.
fn ascending(after: Option<Uuid>, documents: &[ListingDocument]) -> Result<Option<Uuid>> {
    let mut last = after;
    for document in documents {
        if last.is_some_and(|last| document.id <= last) {
            return Err(Error::Invalid {
                field: "id",
                reason: format!("{} does not come after the row before it", document.id),
            });
        }
        last = Some(document.id);
    }
    Ok(last)
}
