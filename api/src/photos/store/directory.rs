//! Photos in a folder on a disk: temporary file, fsync, rename, fsync of the folder.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt, stream};
use tokio_util::io::ReaderStream;

use super::spool::{Spool, SpoolFile};
use super::{Content, PhotoBody, StoreError};

/// Unfinished files, on the same disk as the finished ones so that a rename moves them. No key starts with a dot.
const SPOOL: &str = ".unfinished";

/// Bytes read at once when serving.
const CHUNK: usize = 64 * 1024;

/// Photos in a folder. Cheap to clone.
#[derive(Debug, Clone)]
pub struct DirectoryStore {
    root: Arc<Path>,
    spool: Spool,
    /// Folders whose own entry is known to be on the disk, not only in memory.
    durable: Arc<Mutex<HashSet<PathBuf>>>,
}

impl DirectoryStore {
    /// Opens the folder and makes it where it is missing. Unfinished files last written before `sweep_before` (an hour ago
    /// is good) are removed.
    ///
    /// # Errors
    /// The disk's.
    pub async fn open(root: impl Into<PathBuf>, sweep_before: DateTime<Utc>) -> Result<Self, StoreError> {
        let root: PathBuf = root.into();
        let spool = Spool::open(root.join(SPOOL), sweep_before).await?;
        Ok(Self { root: root.into(), spool, durable: Arc::default() })
    }

    pub(super) async fn check(&self) -> Result<(), String> {
        let probe = stream::empty::<Result<Bytes, std::io::Error>>();
        match self.spool.receive(probe, 0).await {
            Ok(_) => Ok(()),
            Err(error) => Err(format!(
                "The photo folder {} cannot be written ({error}). Give this program the right to write there, or name \
                 another folder.",
                self.root.display()
            )),
        }
    }

    pub(super) async fn put(&self, key: &str, bytes: Bytes) -> Result<(), StoreError> {
        let whole = stream::iter([Ok::<_, std::io::Error>(bytes)]);
        let (file, _) = self.spool.receive(whole, u64::MAX).await?;
        self.keep(key, file).await
    }

    pub(super) async fn put_stream<S, E>(
        &self,
        key: &str,
        stream: S,
        announced: Content,
    ) -> Result<(), StoreError>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: std::fmt::Display,
    {
        let file = self.spool.receive_announced(stream, announced).await?;
        self.keep(key, file).await
    }

    async fn keep(&self, key: &str, file: SpoolFile) -> Result<(), StoreError> {
        let this = self.clone();
        let target = self.path(key);
        blocking(move || this.settle(file, &target)).await
    }

    pub(super) async fn get(&self, key: &str) -> Result<PhotoBody, StoreError> {
        let missing = || StoreError::NotFound { key: key.to_owned() };
        let file = match tokio::fs::File::open(self.path(key)).await {
            Ok(file) => file,
            Err(error) if is_missing(&error) => return Err(missing()),
            Err(error) => return Err(error.into()),
        };
        let meta = file.metadata().await?;
        if !meta.is_file() {
            return Err(missing());
        }
        Ok(PhotoBody { length: meta.len(), stream: ReaderStream::with_capacity(file, CHUNK).boxed() })
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let path = self.path(key);
        blocking(move || match std::fs::remove_file(&path) {
            // What was deleted for a reason must not come back after a power cut.
            Ok(()) => path.parent().map_or(Ok(()), sync_folder),
            Err(error) if is_missing(&error) => Ok(()),
            Err(error) => Err(error),
        })
        .await
    }

    pub(super) async fn older_than(
        &self,
        folder: &str,
        cutoff: DateTime<Utc>,
        most: usize,
    ) -> Result<Vec<String>, StoreError> {
        let root = self.root.clone();
        let start = self.path(folder);
        blocking(move || {
            let mut found = Vec::new();
            let mut folders = vec![start];
            while let Some(folder) = folders.pop() {
                let entries = match std::fs::read_dir(&folder) {
                    Ok(entries) => entries,
                    Err(error) if is_missing(&error) => continue,
                    Err(error) => return Err(error),
                };
                for entry in entries {
                    let path = entry?.path();
                    // Deleted since the folder was listed: then there is nothing to clear.
                    let Ok(meta) = std::fs::symlink_metadata(&path) else { continue };
                    if meta.is_dir() {
                        folders.push(path);
                    } else if DateTime::<Utc>::from(meta.modified()?) < cutoff
                        && let Some(key) = path.strip_prefix(&root).ok().and_then(Path::to_str)
                    {
                        if found.len() == most {
                            return Ok(found);
                        }
                        found.push(key.replace(std::path::MAIN_SEPARATOR, "/"));
                    }
                }
            }
            Ok(found)
        })
        .await
    }

    fn path(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    /// Moves a finished file to its place so that it is still there after a power cut (blocking).
    fn settle(&self, file: SpoolFile, target: &Path) -> std::io::Result<()> {
        let folder = target.parent().unwrap_or(&self.root);
        self.make_durable(folder)?;
        file.settle(target)?;
        sync_folder(folder)
    }

    /// Makes the folders down to `folder` and sees that each one's entry is on the disk. Once in the life of a process for
    /// each: also where somebody else made the folder, who may not have come to its fsync yet.
    fn make_durable(&self, folder: &Path) -> std::io::Result<()> {
        let known =
            |folder: &Path| self.durable.lock().unwrap_or_else(PoisonError::into_inner).contains(folder);
        if known(folder) {
            return Ok(());
        }
        std::fs::create_dir_all(folder)?;
        let new: Vec<&Path> = folder
            .ancestors()
            .take_while(|ancestor| ancestor.starts_with(&self.root) && !known(ancestor))
            .collect();
        for made in new.iter().rev() {
            if let Some(parent) = made.parent() {
                sync_folder(parent)?;
            }
        }
        let mut durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        durable.extend(new.into_iter().map(Path::to_path_buf));
        Ok(())
    }
}

/// A missing file, or a key whose folder turns out to be a file.
fn is_missing(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    // The parent of a relative path of one part is the empty path; it means here.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    std::fs::File::open(folder)?.sync_all()
}

/// Windows opens no folders as files, and writes renames through.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}

async fn blocking<T, F>(work: F) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: FnOnce() -> std::io::Result<T> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(StoreError::Io),
        // Only when the runtime shuts down.
        Err(error) => Err(StoreError::Unavailable { reason: error.to_string() }),
    }
}
