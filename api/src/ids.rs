//! Identities and randomness of the service.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use uuid::Uuid;

/// Gives out identities (`UUIDv7`) and random bytes: from the operating system, or repeatable from a seed.
#[derive(Clone, Debug)]
pub struct Ids {
    random: Arc<Mutex<ChaCha20Rng>>,
}

impl Ids {
    /// Seeded by the operating system.
    #[must_use]
    pub fn from_os() -> Self {
        Self { random: Arc::new(Mutex::new(ChaCha20Rng::from_os_rng())) }
    }

    /// The same sequence for the same seed: for tests and generated cities.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self { random: Arc::new(Mutex::new(ChaCha20Rng::seed_from_u64(seed))) }
    }

    /// A new identity that sorts by time.
    #[must_use]
    pub fn next(&self, now: DateTime<Utc>) -> Uuid {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        let bytes = self.bytes::<10>();
        uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
    }

    /// Random bytes fit for secrets.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        bytes
    }

    /// A number below `bound`, for jitter and the like.
    #[must_use]
    pub fn below(&self, bound: u64) -> u64 {
        u64::from_le_bytes(self.bytes()) % bound.max(1)
    }
}
