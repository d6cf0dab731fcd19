//! How a case moves through working hours.

use chrono::{Datelike, Days, NaiveDateTime, NaiveTime, TimeDelta};

use super::dice::Dice;

/// The hand that moves a case forward, until now.
pub(super) struct Hand {
    at: NaiveDateTime,
    now: NaiveDateTime,
}

impl Hand {
    /// A hand at `at`; nothing happens at `now` or later.
    pub(super) const fn new(at: NaiveDateTime, now: NaiveDateTime) -> Self {
        Self { at, now }
    }

    /// Where it stands.
    pub(super) const fn at(&self) -> NaiveDateTime {
        self.at
    }

    /// Moves it to `at`, where that is later.
    pub(super) fn move_to(&mut self, at: NaiveDateTime) {
        self.at = self.at.max(at);
    }

    /// A moment in working hours, `days.0` to `days.1` days later and always after the last one; none, and the hand stays,
    /// when that has not come yet. Weekends move to Monday; holidays are left out, the real calendar is data.
    pub(super) fn step(&mut self, days: (u32, u32), dice: &mut Dice) -> Option<NaiveDateTime> {
        let mut day = self.at.date() + Days::new(u64::from(dice.range(days.0, days.1)));
        // 08:30 to 17:29, without the noon break.
        let mut minute = dice.range(0, 449);
        minute += if minute < 210 { 510 } else { 630 };
        let mut at = moment(skip_weekend(day), minute);
        if at <= self.at {
            let soon = self.at + TimeDelta::minutes(i64::from(dice.range(6, 110)));
            if soon.time() < EVENING
                && soon.date() == self.at.date()
                && soon.weekday().num_days_from_monday() < 5
            {
                at = soon;
            } else {
                day = self.at.date() + Days::new(1);
                at = moment(skip_weekend(day), minute);
            }
        }
        if at >= self.now {
            return None;
        }
        self.at = at;
        Some(at)
    }
}

const EVENING: NaiveTime = match NaiveTime::from_hms_opt(18, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

fn skip_weekend(day: chrono::NaiveDate) -> chrono::NaiveDate {
    match day.weekday().num_days_from_monday() {
        5 => day + Days::new(2),
        6 => day + Days::new(1),
        _ => day,
    }
}

fn moment(day: chrono::NaiveDate, minute: u32) -> NaiveDateTime {
    day.and_time(NaiveTime::MIN) + TimeDelta::minutes(i64::from(minute))
}

#[cfg(test)]
mod tests {
    use super::super::dice::Part;
    use super::*;

    #[test]
    fn time_only_moves_forward_in_working_hours_and_stops_at_now() {
        let start = chrono::NaiveDate::from_ymd_opt(2025, 1, 1).unwrap().and_time(NaiveTime::MIN);
        let now = start + TimeDelta::days(300);
        let mut dice = Dice::new(3, Part::Listings, 0);
        let mut hand = Hand::new(start, now);
        let mut last = start;
        let mut steps = 0;
        while let Some(at) = hand.step((0, 3), &mut dice) {
            assert!(at > last && at < now);
            assert!(at.weekday().num_days_from_monday() < 5, "{at}");
            assert!(at.time() >= NaiveTime::from_hms_opt(8, 30, 0).unwrap() && at.time() < EVENING, "{at}");
            last = at;
            steps += 1;
        }
        assert!(steps > 100, "{steps}");
        assert_eq!(hand.at(), last);
    }
}
