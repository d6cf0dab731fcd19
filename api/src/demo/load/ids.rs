//! Identities that follow from the seed, so that a load that was broken off goes on without reading what it wrote.

use chrono::{DateTime, Utc};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use uuid::Uuid;

/// What the identities are for: each has streams of its own.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of {
    Region = 1,
    Category = 2,
    Standard = 3,
    Unit = 4,
    Account = 5,
    Warehouse = 6,
    Listing = 7,
}

/// A stream of identities: always the same for the same seed, purpose and index.
#[derive(Debug)]
pub(super) struct Stream(ChaCha8Rng);

impl Stream {
    pub(super) fn new(seed: u64, of: Of, index: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8] = of as u8;
        key[16..24].copy_from_slice(&index.to_le_bytes());
        // Apart from the streams that draw the city, whose keys have zeros here.
        key[24..].copy_from_slice(b"identity");
        Self(ChaCha8Rng::from_seed(key))
    }

    /// The next one (`UUIDv7`), for something that came to be at `at`: order by id is order by time.
    pub(super) fn next(&mut self, at: DateTime<Utc>) -> Uuid {
        let mut bytes = [0; 10];
        self.0.fill_bytes(&mut bytes);
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
    }
}

/// Identities of a list of things that came to be at `at`, by their index.
pub(super) fn list(seed: u64, of: Of, count: usize, at: DateTime<Utc>) -> Vec<Uuid> {
    (0..count).map(|index| Stream::new(seed, of, index as u64).next(at)).collect()
}
