//! A new index beside the live one.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tantivy::IndexWriter;
use uuid::Uuid;

use super::generation::Generation;
use super::{Shared, Since, ascending, blocking, place};
use crate::document::{Cursor, ListingDocument};
use crate::error::{Error, Result};

/// An index being built in a new directory, while the live one answers and takes changes. What is applied meanwhile
/// is kept, the newest of each listing, and written over the new index before it takes the place of the old one: so
/// no search sees an older state after the swap, and the follower of the log need not know that there was one.
///
/// Dropped without [`Rebuild::finish`], it leaves nothing behind.
pub struct Rebuild {
    state: Arc<Mutex<State>>,
}

impl std::fmt::Debug for Rebuild {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Rebuild").finish_non_exhaustive()
    }
}

/// In order of dropping: the writer's threads end before their directory goes.
struct State {
    /// `None` once something failed.
    writer: Option<IndexWriter>,
    fresh: Option<Generation>,
    last: Option<Uuid>,
    slot: Slot,
}

/// The right to the one rebuild.
struct Slot {
    shared: Arc<Shared>,
    directory: PathBuf,
    finished: bool,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.shared.desk().since = None;
        if !self.finished {
            place::remove(&self.directory);
        }
    }
}

impl Rebuild {
    pub(super) fn begin(shared: Arc<Shared>) -> Result<Self> {
        let slot = {
            let mut desk = shared.desk();
            if desk.since.is_some() {
                return Err(Error::RebuildRunning);
            }
            let directory = shared.place.next()?;
            desk.since = Some(Since::default());
            drop(desk);
            Slot { shared, directory, finished: false }
        };
        Generation::create(&slot.directory)?;
        let fresh = Generation::open(&slot.directory)?;
        let writer = fresh.writer(slot.shared.options.rebuild_bytes)?;
        let state = State { writer: Some(writer), fresh: Some(fresh), last: None, slot };
        Ok(Self { state: Arc::new(Mutex::new(state)) })
    }

    /// Adds rows, in strictly ascending order of id over all calls (as a keyset scan gives them): so no row is in
    /// the index twice, without looking each one up.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the order is broken, and nothing of the batch was added; otherwise a fault of the
    /// engine or the disk, and the rebuild must be started again.
    pub async fn add(&self, documents: Vec<ListingDocument>) -> Result<()> {
        let state = Arc::clone(&self.state);
        blocking(move || {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            let state = &mut *state;
            let last = ascending(state.last, &documents)?;
            let (fields, writer) = match (&state.fresh, state.writer.take()) {
                (Some(fresh), Some(writer)) => (fresh.fields, writer),
                _ => return Err(failed()),
            };
            for document in &documents {
                writer.add_document(fields.document(document))?;
            }
            state.writer = Some(writer);
            state.last = last;
            Ok(())
        })
        .await
    }

    /// Puts the new index in the place of the live one. `cursor` is the log position that was read before the first
    /// row was.
    ///
    /// # Errors
    /// A fault of the engine or the disk; the old index stays live.
    pub async fn finish(self, cursor: Cursor) -> Result<()> {
        blocking(move || {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let (Some(fresh), Some(mut writer)) = (state.fresh.take(), state.writer.take()) else {
                return Err(failed());
            };
            fresh.complete_at(&mut writer, cursor)?;
            writer.wait_merging_threads()?;
            // From here on with the small writer of every day, which the live index keeps.
            let mut writer = fresh.writer(0)?;

            let shared = Arc::clone(&state.slot.shared);
            let mut desk = shared.desk();
            // Emptied and not taken: as long as it is there, no other rebuild can begin.
            let since = desk.since.as_mut().map(std::mem::take).unwrap_or_default();
            let carried = since.changes.len();
            // Where the follower stands now, be it behind `cursor`: it goes on from there, and reads some events twice.
            fresh.write(&mut writer, &since.changes, since.step)?;
            shared.place.point_to(&fresh.directory)?;
            state.slot.finished = true;
            let (directory, documents) = (fresh.directory.clone(), fresh.documents());
            let old = shared.live.swap(Arc::new(fresh));
            desk.writer = Some(writer);
            drop(desk);
            // Searches that still read the old files have them mapped: removing the names does not disturb them.
            place::remove(&old.directory);
            tracing::info!(
                directory = %directory.display(), documents = documents.unwrap_or_default(), carried,
                "the search index was rebuilt"
            );
            Ok(())
        })
        .await
    }
}

fn failed() -> Error {
    Error::Lost("an earlier batch of the rebuild failed".to_owned())
}
