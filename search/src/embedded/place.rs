//! The directory of the index on disk. Everything here blocks.
//!
//! ```text
//! LOCK        held by the one process that has the index open
//! CURRENT     {"format":1,"directory":"index-7"}: which of the directories below is live
//! index-7/    a tantivy index
//! index-8/    one being built; or, at open, what a crash left over
//! ```

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::generation::Generation;
use super::schema::FORMAT;
use crate::error::{Error, Result};

const PREFIX: &str = "index-";

/// Why an index that was opened does not hold what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RebuildReason {
    /// There was none.
    Missing,
    /// It was never built to the end.
    Unfinished,
    /// It was written by a release with other fields.
    Outdated,
    /// Its files are damaged or lost; with what was found.
    Damaged(String),
}

#[derive(Serialize, Deserialize)]
struct Pointer {
    format: u32,
    directory: String,
}

/// The locked directory.
pub(super) struct Place {
    root: PathBuf,
    /// Released by the operating system when the process ends, however it ends.
    _lock: File,
}

impl Place {
    /// Creates the directory where needed, and takes its lock.
    pub fn take(root: &Path) -> Result<Self> {
        fs::create_dir_all(root).map_err(Error::io(root))?;
        let path = root.join("LOCK");
        let lock =
            File::options().create(true).truncate(false).write(true).open(&path).map_err(Error::io(&path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { root: root.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Error::Locked { path: root.to_owned() }),
            Err(TryLockError::Error(source)) => Err(Error::Io { path, source }),
        }
    }

    /// The live index, or why there is none to use.
    pub fn live(&self) -> Result<Generation, RebuildReason> {
        let text = match fs::read(self.pointer()) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(RebuildReason::Missing),
            Err(error) => return Err(RebuildReason::Damaged(error.to_string())),
        };
        let damaged = |reason: String| RebuildReason::Damaged(reason);
        let pointer: Pointer =
            serde_json::from_slice(&text).map_err(|error| damaged(format!("CURRENT: {error}")))?;
        if pointer.format != FORMAT {
            return Err(RebuildReason::Outdated);
        }
        if number(&pointer.directory).is_none() {
            return Err(damaged(format!("CURRENT names {:?}", pointer.directory)));
        }
        let generation = Generation::open(&self.root.join(pointer.directory))
            .map_err(|error| damaged(error.to_string()))?;
        match generation.damaged() {
            Ok(files) if files.is_empty() => Ok(generation),
            Ok(files) => Err(damaged(format!("wrong checksum: {files:?}"))),
            Err(error) => Err(damaged(error.to_string())),
        }
    }

    /// Puts an empty index in the live place.
    pub fn start_anew(&self) -> Result<Generation> {
        let directory = self.next()?;
        Generation::create(&directory)?;
        self.point_to(&directory)?;
        Generation::open(&directory)
    }

    /// A directory that does not exist yet, after all that do.
    pub fn next(&self) -> Result<PathBuf> {
        let last = self.numbered()?.into_iter().map(|(number, _)| number).max().unwrap_or(0);
        Ok(self.root.join(format!("{PREFIX}{}", last + 1)))
    }

    /// Makes an index the live one: a rename, so that a crash leaves the old one or the new one.
    pub fn point_to(&self, directory: &Path) -> Result<()> {
        let name = directory.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let pointer = Pointer { format: FORMAT, directory: name };
        let fresh = self.root.join("CURRENT.new");
        let text = serde_json::to_vec(&pointer).map_err(|error| Error::io(&fresh)(error.into()))?;
        let mut file = File::create(&fresh).map_err(Error::io(&fresh))?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(Error::io(&fresh))?;
        fs::rename(&fresh, self.pointer()).map_err(Error::io(&fresh))?;
        // A rename is on disk once its directory is; other systems cannot open one, and need not.
        if cfg!(unix) {
            File::open(&self.root).and_then(|root| root.sync_all()).map_err(Error::io(&self.root))?;
        }
        Ok(())
    }

    /// Removes what a crash left over: every index but the live one.
    pub fn clean(&self, live: &Path) -> Result<()> {
        for (_, directory) in self.numbered()? {
            if directory != live {
                tracing::info!(directory = %directory.display(), "removing what is left of another search index");
                remove(&directory);
            }
        }
        Ok(())
    }

    fn pointer(&self) -> PathBuf {
        self.root.join("CURRENT")
    }

    fn numbered(&self) -> Result<Vec<(u64, PathBuf)>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.root).map_err(Error::io(&self.root))? {
            let entry = entry.map_err(Error::io(&self.root))?;
            if let Some(number) = entry.file_name().to_str().and_then(number) {
                all.push((number, entry.path()));
            }
        }
        Ok(all)
    }
}

/// Removes an index that nobody needs; one that cannot be removed now goes at the next start.
pub(super) fn remove(directory: &Path) {
    if let Err(error) = fs::remove_dir_all(directory) {
        tracing::warn!(directory = %directory.display(), %error, "an old search index could not be removed");
    }
}

fn number(name: &str) -> Option<u64> {
    name.strip_prefix(PREFIX)?.parse().ok()
}
