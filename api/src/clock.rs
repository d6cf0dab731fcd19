//! The clock of the service: real, or set by a test.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;

/// Tells the time, in whole microseconds: what PostgreSQL keeps, so that both databases give back what was put in.
#[derive(Clone, Debug)]
pub struct Clock {
    zone: Tz,
    set: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The machine's time; civil dates in `zone`.
    #[must_use]
    pub fn real(zone: Tz) -> Self {
        Self { zone, set: None }
    }

    /// A time that stands still until [`Clock::set`] moves it.
    #[must_use]
    pub fn fixed(zone: Tz, at: DateTime<Utc>) -> Self {
        Self { zone, set: Some(Arc::new(AtomicI64::new(at.timestamp_micros()))) }
    }

    /// One with the same civil days that stands still at an instant.
    #[must_use]
    pub fn standing_at(&self, at: DateTime<Utc>) -> Self {
        Self::fixed(self.zone, at)
    }

    /// Now, in UTC.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    pub fn now(&self) -> DateTime<Utc> {
        let micros = match &self.set {
            Some(set) => set.load(Ordering::Acquire),
            None => Utc::now().timestamp_micros(),
        };
        DateTime::from_timestamp_micros(micros).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// Moves a fixed clock; the real one stays as it is.
    pub fn set(&self, at: DateTime<Utc>) {
        if let Some(set) = &self.set {
            set.store(at.timestamp_micros(), Ordering::Release);
        }
    }

    /// The civil day of an instant: standards, fiscal years and paper numbers go by it.
    #[must_use]
    pub fn civil_day(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    /// An instant as the clocks of the city show it.
    #[must_use]
    pub fn civil(&self, at: DateTime<Utc>) -> NaiveDateTime {
        at.with_timezone(&self.zone).naive_local()
    }

    /// The instant of a civil time: the earlier where a change of the clocks makes it twice. A time that such a change
    /// skips is taken as UTC.
    #[must_use]
    pub fn instant(&self, civil: NaiveDateTime) -> DateTime<Utc> {
        match self.zone.from_local_datetime(&civil).earliest() {
            Some(at) => at.with_timezone(&Utc),
            None => civil.and_utc(),
        }
    }

    /// The civil day of now.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        self.civil_day(self.now())
    }
}
