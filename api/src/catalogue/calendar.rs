//! The working calendar: weekdays but for holidays, and the days worked in their stead (调休). Rows, because the State Council
//! announces them year by year.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc, Weekday};
use entity::catalogue::calendar_day;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::clock::Clock;

/// Days that are other than their weekday says: whether each is worked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar(BTreeMap<NaiveDate, bool>);

/// Most days that a term may have: some years.
pub const MOST_DAYS: i64 = 1_000;

impl Calendar {
    /// With these exceptions.
    #[must_use]
    pub fn new(exceptions: impl IntoIterator<Item = (NaiveDate, bool)>) -> Self {
        Self(exceptions.into_iter().collect())
    }

    /// The exceptions that terms of at most `days` working days that begin on `from` can meet.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn load(conn: &impl ConnectionTrait, from: NaiveDate, days: i64) -> Result<Self, DbErr> {
        use calendar_day::Column;
        // Five of seven days are worked; the rest is holidays enough.
        let reach = u64::try_from(days).unwrap_or(0) * 2 + 60;
        let to = from.checked_add_days(Days::new(reach)).unwrap_or(NaiveDate::MAX);
        let rows: Vec<(NaiveDate, bool)> = calendar_day::Entity::find()
            .select_only()
            .columns([Column::Day, Column::Working])
            .filter(Column::Day.between(from, to))
            .order_by_asc(Column::Day)
            .into_tuple()
            .all(conn)
            .await?;
        Ok(Self::new(rows))
    }

    /// Whether the day is worked.
    #[must_use]
    pub fn works(&self, day: NaiveDate) -> bool {
        self.0.get(&day).copied().unwrap_or_else(|| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun))
    }

    /// The last day of a term of so many working days that begins the day after `from`: 0 is `from` itself, worked or not.
    #[must_use]
    pub fn after(&self, from: NaiveDate, days: i64) -> NaiveDate {
        let mut day = from;
        let mut left = days.clamp(0, MOST_DAYS);
        while left > 0 {
            let Some(next) = day.succ_opt() else { return day };
            day = next;
            left -= i64::from(self.works(day));
        }
        day
    }

    /// The last day of which a term of so many working days is over before `today`. The calendar must reach back so far: see
    /// [`Calendar::back`].
    #[must_use]
    pub fn over_since(&self, today: NaiveDate, days: i64) -> NaiveDate {
        let Some(mut day) = today.pred_opt() else { return today };
        let mut left = days.clamp(0, MOST_DAYS);
        while left > 0 {
            left -= i64::from(self.works(day));
            let Some(before) = day.pred_opt() else { return day };
            day = before;
        }
        day
    }

    /// The exceptions that terms of `days` working days which end by `today` can meet.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn back(conn: &impl ConnectionTrait, today: NaiveDate, days: i64) -> Result<Self, DbErr> {
        let reach = u64::try_from(days).unwrap_or(0) * 2 + 60;
        let from = today.checked_sub_days(Days::new(reach)).unwrap_or(NaiveDate::MIN);
        Self::load(conn, from, days).await
    }

    /// Working days after `from`, up to and with `to`.
    #[must_use]
    pub fn between(&self, from: NaiveDate, to: NaiveDate) -> i64 {
        from.iter_days().skip(1).take_while(|day| *day <= to).map(|day| i64::from(self.works(day))).sum()
    }
}

/// The instant before which a term of so many working days began that is over by now.
///
/// # Errors
/// When the database does not answer.
pub async fn over_before(
    conn: &impl ConnectionTrait,
    clock: &Clock,
    days: i64,
) -> Result<DateTime<Utc>, DbErr> {
    let today = clock.today();
    let last = Calendar::back(conn, today, days).await?.over_since(today, days);
    let next = last.succ_opt().unwrap_or(last);
    Ok(clock.instant(next.and_time(NaiveTime::MIN)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, month, day).unwrap()
    }

    #[test]
    fn a_term_jumps_over_holidays_and_counts_the_days_worked_in_their_stead() {
        // The National Day of 2026: 1 to 7 October is free, Sunday 20 September and Saturday 10 October are worked.
        let free = (1..=7).map(|n| (day(10, n), false));
        let calendar = Calendar::new(free.chain([(day(9, 20), true), (day(10, 10), true)]));
        assert!(calendar.works(day(9, 20)) && !calendar.works(day(10, 1)) && !calendar.works(day(10, 11)));
        assert_eq!(calendar.after(day(9, 30), 1), day(10, 8));
        assert_eq!(calendar.after(day(9, 30), 3), day(10, 10), "a Saturday that is worked");
        assert_eq!(calendar.after(day(9, 30), 4), day(10, 12));
        assert_eq!(calendar.after(day(10, 3), 0), day(10, 3));
        assert_eq!(calendar.between(day(9, 30), day(10, 12)), 4);
        for today in (1..=20).map(|n| day(10, n)) {
            for term in [0, 1, 5] {
                let over = |begun: NaiveDate| calendar.after(begun, term) < today;
                let last = calendar.over_since(today, term);
                assert!(over(last) && !over(last.succ_opt().unwrap()), "{today}, {term} days: {last}");
            }
        }
        assert_eq!(Calendar::default().after(day(11, 27), 5), day(12, 4), "a Friday and five days");
    }
}
