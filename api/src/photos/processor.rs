//! Processing of photos off the async threads, and few at a time: one picture may take 200 MB to unpack.

use std::num::NonZeroUsize;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::image::{Declared, Limits, PhotoFault, Processed, process};
use super::store::{PhotoStore, StoreError};

/// Why an upload did not become a photo.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The sender's to mend.
    #[error(transparent)]
    Photo(#[from] PhotoFault),
    /// Ours to mend, or gone.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server is shutting down.
    #[error("the server is shutting down")]
    ShuttingDown,
}

/// Processes photos, a few at a time. Cheap to clone; clones share the same few places.
#[derive(Debug, Clone)]
pub struct PhotoProcessor {
    places: Arc<Semaphore>,
    limits: Limits,
}

impl PhotoProcessor {
    /// Processes at most `at_once` photos at a time; one or two.
    pub fn new(at_once: NonZeroUsize, limits: Limits) -> Self {
        Self { places: Arc::new(Semaphore::new(at_once.get())), limits }
    }

    /// The limits that apply; their `max_bytes` is the limit of an upload.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Reads the upload under `key` and processes it. The upload is left where it is.
    ///
    /// # Errors
    /// [`ProcessError`].
    pub async fn process_stored(
        &self,
        store: &PhotoStore,
        key: &str,
        declared: Declared,
    ) -> Result<Processed, ProcessError> {
        // The place comes first: those who wait must not hold their photo in memory meanwhile.
        let place = self.places.clone().acquire_owned().await.map_err(|_| ProcessError::ShuttingDown)?;
        let bytes = match store.read(key, self.limits.max_bytes).await {
            Err(StoreError::TooLong { limit }) => return Err(PhotoFault::TooLarge { limit }.into()),
            other => other?,
        };
        self.work(bytes, declared, place).await
    }

    /// Processes bytes that are at hand.
    ///
    /// # Errors
    /// [`ProcessError`].
    pub async fn process(&self, bytes: Bytes, declared: Declared) -> Result<Processed, ProcessError> {
        let place = self.places.clone().acquire_owned().await.map_err(|_| ProcessError::ShuttingDown)?;
        self.work(bytes, declared, place).await
    }

    async fn work(
        &self,
        bytes: Bytes,
        declared: Declared,
        place: OwnedSemaphorePermit,
    ) -> Result<Processed, ProcessError> {
        let limits = self.limits;
        let work = move || {
            let result = process(bytes, &declared, &limits);
            // Held to the end of the work, not of the request: a caller who goes away does not stop a decoder.
            drop(place);
            result
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(result) => Ok(result?),
            Err(_) => Err(ProcessError::ShuttingDown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photos::image::{Foreign, PhotoType};
    use crate::photos::store::{DirectoryStore, upload_key};
    use std::time::Duration;
    use uuid::Uuid;

    async fn bench(limits: Limits) -> (tempfile::TempDir, PhotoStore, PhotoProcessor) {
        let folder = tempfile::tempdir().unwrap();
        let store = DirectoryStore::open(folder.path(), chrono::DateTime::UNIX_EPOCH).await.unwrap();
        let processor = PhotoProcessor::new(NonZeroUsize::MIN, limits);
        (folder, PhotoStore::Directory(store), processor)
    }

    #[tokio::test]
    async fn an_upload_becomes_a_photo_or_a_reason() {
        let (_folder, store, processor) = bench(Limits { max_bytes: 1000, ..Limits::default() }).await;
        let key = upload_key(Uuid::nil());
        let run = || processor.process_stored(&store, &key, PhotoType::Jpeg.into());

        assert!(matches!(run().await, Err(ProcessError::Store(StoreError::NotFound { .. }))));
        let jpeg = include_bytes!("image/fixtures/progressive.jpg");
        store.put(&key, Bytes::from_static(jpeg)).await.unwrap();
        assert_eq!(run().await.unwrap().width, 24);
        store.put(&key, Bytes::from_static(b"<html>")).await.unwrap();
        let found = Foreign::Text;
        assert!(
            matches!(run().await, Err(ProcessError::Photo(PhotoFault::WrongType { found: f })) if f == found)
        );
        store.put(&key, vec![0; 1001].into()).await.unwrap();
        let fault = run().await;
        assert!(matches!(fault, Err(ProcessError::Photo(PhotoFault::TooLarge { limit: 1000 }))), "{fault:?}");
        assert!(store.get(&key).await.is_ok(), "the upload is the caller's to delete");
    }

    #[tokio::test]
    async fn who_waits_for_a_place_does_not_start() {
        let (_folder, store, processor) = bench(Limits::default()).await;
        let key = upload_key(Uuid::nil());
        let jpeg = include_bytes!("image/fixtures/progressive.jpg");
        store.put(&key, Bytes::from_static(jpeg)).await.unwrap();
        let place = processor.places.clone().acquire_owned().await.unwrap();
        let waiting = processor.process_stored(&store, &key, PhotoType::Jpeg.into());
        let mut waiting = std::pin::pin!(waiting);
        assert!(tokio::time::timeout(Duration::from_millis(100), &mut waiting).await.is_err());
        drop(place);
        assert!(waiting.await.is_ok());
    }
}
