//! Files that are still being written: in a folder of their own, gone when their writer gives up.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

use super::{Content, StoreError};

/// A folder of unfinished files. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Spool {
    folder: Arc<Path>,
    next: Arc<AtomicU64>,
}

impl Spool {
    /// Opens the folder, makes it where it is missing, and removes what was last written before `sweep_before`: left
    /// there by a process that was killed. Younger files may belong to another process that uses the same folder.
    pub(super) async fn open(folder: PathBuf, sweep_before: DateTime<Utc>) -> std::io::Result<Self> {
        tokio::fs::create_dir_all(&folder).await?;
        let mut entries = tokio::fs::read_dir(&folder).await?;
        while let Some(entry) = entries.next_entry().await? {
            // Another process may sweep at the same moment: what is gone is gone.
            let Ok(written) = entry.metadata().await.and_then(|meta| meta.modified()) else { continue };
            if DateTime::<Utc>::from(written) < sweep_before {
                tracing::info!(file = %entry.path().display(), "removed an unfinished upload left by an earlier run");
                let _ = tokio::fs::remove_file(entry.path()).await;
            }
        }
        Ok(Self { folder: folder.into(), next: Arc::default() })
    }

    /// Writes what comes over `stream` to a new file; not durable before [`SpoolFile::settle`].
    pub(super) async fn receive<S, E>(
        &self,
        stream: S,
        limit: u64,
    ) -> Result<(SpoolFile, Content), StoreError>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: std::fmt::Display,
    {
        let (mut file, spooled) = self.create().await?;
        let mut stream = pin!(stream);
        let mut length = 0_u64;
        let mut hash = Sha256::new();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| StoreError::Incoming { reason: error.to_string() })?;
            length += chunk.len() as u64;
            if length > limit {
                return Err(StoreError::TooLong { limit });
            }
            hash.update(&chunk);
            file.write_all(&chunk).await?;
        }
        // Waits for the writes still on their way to the disk's cache.
        file.flush().await?;
        Ok((spooled, Content { length, sha256: hash.finalize().into() }))
    }

    /// As [`Spool::receive`], for bytes that were announced.
    pub(super) async fn receive_announced<S, E>(
        &self,
        stream: S,
        announced: Content,
    ) -> Result<SpoolFile, StoreError>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: std::fmt::Display,
    {
        let (file, came) = self.receive(stream, announced.length).await?;
        if came == announced { Ok(file) } else { Err(StoreError::Unexpected) }
    }

    /// A new empty file. Numbered, not random: `create_new` makes sure that no two writers share one, also of several
    /// processes with the same number (every container has a process 1).
    async fn create(&self) -> std::io::Result<(tokio::fs::File, SpoolFile)> {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let path = self.folder.join(format!("{}-{number}.part", std::process::id()));
            match tokio::fs::File::options().write(true).create_new(true).open(&path).await {
                Ok(file) => return Ok((file, SpoolFile { path, moved: false })),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            }
        }
    }
}

/// An unfinished file; removed when dropped, also when the request that wrote it was dropped half way.
#[derive(Debug)]
pub(super) struct SpoolFile {
    path: PathBuf,
    moved: bool,
}

impl SpoolFile {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the content durable and gives the file its final place (blocking). In this order: after a power cut there
    /// is never a name without its content. The place must be on the same disk.
    pub(super) fn settle(mut self, target: &Path) -> std::io::Result<()> {
        std::fs::File::options().write(true).open(&self.path)?.sync_all()?;
        std::fs::rename(&self.path, target)?;
        self.moved = true;
        Ok(())
    }
}

impl Drop for SpoolFile {
    fn drop(&mut self) {
        if !self.moved {
            // One unlink; what fails here is swept at the next start.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
