//! Where the bytes of photos lie: a directory or S3, behind one enum.
//!
//! A key is a short path made by our own code ([`upload_key`], [`rendition_key`]); nothing a user types becomes part of
//! one. What is put is there as a whole or not at all, and is durable when `put` returns.

mod directory;
mod s3;
mod spool;
#[cfg(test)]
mod tests;

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;
use futures_util::{Stream, TryStreamExt};
use uuid::Uuid;

pub use directory::DirectoryStore;
pub use s3::{S3Settings, S3Store};

use super::image::PhotoSize;

/// Longest key in bytes.
const MAX_KEY: usize = 200;

/// Where an upload lies until it is processed.
pub fn upload_key(upload: Uuid) -> String {
    format!("{UPLOADS}/{upload}")
}

/// Where the file of an import lies until some days after its end.
pub fn import_key(import: Uuid) -> String {
    format!("{IMPORTS}/{import}")
}

/// The folder of all files of imports, for [`PhotoStore::older_than`].
pub const IMPORTS: &str = "imports";

/// The folder of all uploads, for [`PhotoStore::older_than`].
pub const UPLOADS: &str = "uploads";

/// Where one size of a photo lies. Named by the original's SHA-256, so that the same picture is stored once; spread over
/// 256 folders, because a folder of 100,000 files is slow on some disks.
pub fn rendition_key(original_sha256: &[u8; 32], size: PhotoSize) -> String {
    let name = hex::encode(original_sha256);
    format!("photos/{}/{name}-{}.jpg", &name[..2], size.name())
}

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing lies under this key.
    #[error("there is nothing under the key {key}")]
    NotFound {
        /// The key asked for.
        key: String,
    },
    /// More bytes came than were allowed; nothing was kept.
    #[error("more than the allowed {limit} bytes")]
    TooLong {
        /// Most bytes allowed.
        limit: u64,
    },
    /// Other bytes came than were announced; nothing was kept.
    #[error("other bytes than were announced")]
    Unexpected,
    /// The key is not of the form our own code makes.
    #[error("{key:?} is not a key of the photo store")]
    BadKey {
        /// The key given.
        key: String,
    },
    /// The sender broke off; nothing was kept.
    #[error("the upload broke off: {reason}")]
    Incoming {
        /// What the connection said.
        reason: String,
    },
    /// The store does not answer, or not in time: worth another try later.
    #[error("the photo store does not answer: {reason}")]
    Unavailable {
        /// What went wrong, for the log.
        reason: String,
    },
    /// The store does not let us; an administrator must act.
    #[error("the photo store refuses: {reason}")]
    Refused {
        /// What it said, for the log.
        reason: String,
    },
    /// The disk failed.
    #[error("the photo store's disk: {0}")]
    Io(#[from] std::io::Error),
}

/// Which bytes: those that are announced, or that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// Bytes.
    pub length: u64,
    /// Of these bytes.
    pub sha256: [u8; 32],
}

/// Bytes on their way out of the store.
pub struct PhotoBody {
    /// Bytes in all.
    pub length: u64,
    /// The bytes; `axum::body::Body::from_stream` takes it as it is.
    pub stream: BoxStream<'static, std::io::Result<Bytes>>,
}

impl std::fmt::Debug for PhotoBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PhotoBody").field("length", &self.length).finish_non_exhaustive()
    }
}

/// The store of photos. Cheap to clone.
#[derive(Debug, Clone)]
pub enum PhotoStore {
    /// A folder on a disk: the default, and right for one machine.
    Directory(DirectoryStore),
    /// Any server that speaks S3: for several machines.
    S3(S3Store),
}

impl PhotoStore {
    /// Finds out at start whether the store can be written, read and cleared.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what to change.
    pub async fn check(&self) -> Result<(), String> {
        match self {
            PhotoStore::Directory(store) => store.check().await,
            PhotoStore::S3(store) => store.check().await,
        }
    }

    /// Stores `bytes` under `key`, replacing what was there.
    ///
    /// # Errors
    /// [`StoreError`], except [`StoreError::NotFound`].
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), StoreError> {
        check_key(key)?;
        match self {
            PhotoStore::Directory(store) => store.put(key, bytes).await,
            PhotoStore::S3(store) => store.put(key, bytes).await,
        }
    }

    /// Stores what comes over `stream` under `key`, in constant memory, if it is what was announced. Refused as soon as
    /// more bytes have come, also where the sender never said how many it would be.
    ///
    /// # Errors
    /// [`StoreError::TooLong`], [`StoreError::Unexpected`], [`StoreError::Incoming`] (the stream's own error), or the
    /// store's. Nothing is kept then, and what lay under the key before stays.
    pub async fn put_stream<S, E>(&self, key: &str, stream: S, announced: Content) -> Result<(), StoreError>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: std::fmt::Display,
    {
        check_key(key)?;
        match self {
            PhotoStore::Directory(store) => store.put_stream(key, stream, announced).await,
            PhotoStore::S3(store) => store.put_stream(key, stream, announced).await,
        }
    }

    /// Starts reading what lies under `key`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or the store's.
    pub async fn get(&self, key: &str) -> Result<PhotoBody, StoreError> {
        check_key(key)?;
        match self {
            PhotoStore::Directory(store) => store.get(key).await,
            PhotoStore::S3(store) => store.get(key).await,
        }
    }

    /// Reads what lies under `key` as a whole, if it is at most `limit` bytes.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::TooLong`], or the store's.
    pub async fn read(&self, key: &str, limit: u64) -> Result<Bytes, StoreError> {
        let mut body = self.get(key).await?;
        let too_long = || StoreError::TooLong { limit };
        if body.length > limit {
            return Err(too_long());
        }
        let mut bytes = BytesMut::with_capacity(usize::try_from(body.length).map_err(|_| too_long())?);
        while let Some(chunk) = body.stream.try_next().await? {
            if (bytes.len() + chunk.len()) as u64 > limit {
                return Err(too_long());
            }
            bytes.extend_from_slice(&chunk);
        }
        // A connection that ends early without an error must not pass for the whole.
        if bytes.len() as u64 != body.length {
            let reason = format!("{} of {} bytes came", bytes.len(), body.length);
            return Err(StoreError::Unavailable { reason });
        }
        Ok(bytes.freeze())
    }

    /// Removes what lies under `key`; nothing there is no error.
    ///
    /// # Errors
    /// The store's.
    pub async fn delete(&self, key: &str) -> Result<(), StoreError> {
        check_key(key)?;
        match self {
            PhotoStore::Directory(store) => store.delete(key).await,
            PhotoStore::S3(store) => store.delete(key).await,
        }
    }

    /// Keys below `folder` (such as [`UPLOADS`]) last written before `cutoff`, at most `most` of them, in no order: for a
    /// job that clears what was started and never finished.
    ///
    /// # Errors
    /// The store's.
    pub async fn older_than(
        &self,
        folder: &str,
        cutoff: DateTime<Utc>,
        most: usize,
    ) -> Result<Vec<String>, StoreError> {
        check_key(folder)?;
        match self {
            PhotoStore::Directory(store) => store.older_than(folder, cutoff, most).await,
            PhotoStore::S3(store) => store.older_than(folder, cutoff, most).await,
        }
    }
}

/// Keys come from our own code; this is the second lock on the door. Parts of `a-z 0-9 _ - .`, joined by `/`; no part
/// starts with a dot, so that none is `..` or one of the store's own hidden folders.
fn check_key(key: &str) -> Result<(), StoreError> {
    let part_is_good = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.'))
    };
    match key.len() <= MAX_KEY && key.split('/').all(part_is_good) {
        true => Ok(()),
        false => Err(StoreError::BadKey { key: key.chars().take(MAX_KEY).collect() }),
    }
}
