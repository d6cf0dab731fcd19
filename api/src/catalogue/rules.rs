//! Which standard counts, and what a new revision does to the old ones. Pure.

use chrono::NaiveDate;
use entity::catalogue::{allocation_standard, rental_rate};
use uuid::Uuid;

/// The standard that is in force: of the innermost jurisdiction that has one, there for the nearest category, there the
/// newest revision. `regions` and `categories` are paths, innermost first; central government (no region) comes last.
///
/// Where a paper sets caps by rank and none for all, the lowest cap counts: the rank of whoever gets the thing is not
/// known, and savings must not be told too high.
#[must_use]
pub fn in_force<'a>(
    standards: &'a [allocation_standard::Model],
    regions: &[Uuid],
    categories: &[Uuid],
    day: NaiveDate,
) -> Option<&'a allocation_standard::Model> {
    let jurisdiction = |standard: &allocation_standard::Model| match standard.region_id {
        None => Some(regions.len()),
        Some(id) => regions.iter().position(|region| *region == id),
    };
    standards
        .iter()
        .filter(|standard| covers(standard.valid_from, standard.valid_to, day))
        .filter_map(|standard| {
            let category = categories.iter().position(|category| *category == standard.category_id)?;
            Some(((jurisdiction(standard)?, category), standard))
        })
        .min_by_key(|(place, standard)| {
            (*place, standard.rank.is_some(), standard.price_cap, -standard.revision, standard.id)
        })
        .map(|(_, standard)| standard)
}

/// The rental rates that are in force from `from` to `to`, as [`in_force`] says of standards: each with its first and its
/// last day among them. Days without one have none.
#[must_use]
pub fn rates_in_force<'a>(
    rates: &'a [rental_rate::Model],
    regions: &[Uuid],
    categories: &[Uuid],
    from: NaiveDate,
    to: NaiveDate,
) -> Vec<(Option<&'a rental_rate::Model>, NaiveDate, NaiveDate)> {
    // Another rate can only come in force on a first day of one, or on the day after a last one.
    let ends = rates.iter().filter_map(|rate| rate.valid_to?.succ_opt());
    let mut turns: Vec<NaiveDate> = rates.iter().map(|rate| rate.valid_from).chain(ends).collect();
    turns.push(from);
    turns.retain(|day| (from..=to).contains(day));
    turns.sort_unstable();
    turns.dedup();
    let mut spans: Vec<(Option<&rental_rate::Model>, NaiveDate, NaiveDate)> = Vec::new();
    for day in turns {
        let rate = rate_on(rates, regions, categories, day);
        match spans.last_mut() {
            Some(last) if last.0.map(|rate| rate.id) == rate.map(|rate| rate.id) => {}
            Some(last) => {
                last.2 = day.pred_opt().unwrap_or(day);
                spans.push((rate, day, to));
            }
            None => spans.push((rate, day, to)),
        }
    }
    spans
}

fn rate_on<'a>(
    rates: &'a [rental_rate::Model],
    regions: &[Uuid],
    categories: &[Uuid],
    day: NaiveDate,
) -> Option<&'a rental_rate::Model> {
    let jurisdiction = |rate: &rental_rate::Model| match rate.region_id {
        None => Some(regions.len()),
        Some(id) => regions.iter().position(|region| *region == id),
    };
    rates
        .iter()
        .filter(|rate| covers(rate.valid_from, rate.valid_to, day))
        .filter_map(|rate| {
            let category = categories.iter().position(|category| *category == rate.category_id)?;
            Some(((jurisdiction(rate)?, category, -rate.revision, rate.id), rate))
        })
        .min_by_key(|(place, _)| *place)
        .map(|(_, rate)| rate)
}

/// Whether the day lies in the dates, both inclusive.
#[must_use]
pub fn covers(from: NaiveDate, to: Option<NaiveDate>, day: NaiveDate) -> bool {
    from <= day && to.is_none_or(|to| day <= to)
}

#[cfg(test)]
mod tests {
    use entity::Money;

    use super::*;

    const CITY: Uuid = Uuid::from_u128(1);
    const DISTRICT: Uuid = Uuid::from_u128(2);
    const COMPUTERS: Uuid = Uuid::from_u128(11);
    const LAPTOPS: Uuid = Uuid::from_u128(12);

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn standard(region: Option<Uuid>, category: Uuid, cap: i64) -> allocation_standard::Model {
        allocation_standard::Model {
            id: Uuid::from_u128(u128::try_from(cap).unwrap()),
            region_id: region,
            category_id: category,
            rank: None,
            price_cap: Money(cap),
            min_service_months: 72,
            cap_percent: None,
            source: "财资〔2016〕27号".into(),
            revision: 1,
            valid_from: day("2016-07-01"),
            valid_to: None,
        }
    }

    fn cap(standards: &[allocation_standard::Model], on: &str) -> Option<i64> {
        in_force(standards, &[DISTRICT, CITY], &[LAPTOPS, COMPUTERS], day(on)).map(|found| found.price_cap.0)
    }

    #[test]
    fn the_nearest_jurisdiction_rules_over_the_nearest_category() {
        let mut standards = vec![standard(None, LAPTOPS, 7000)];
        assert_eq!(cap(&standards, "2026-01-01"), Some(7000));
        standards.push(standard(Some(CITY), COMPUTERS, 6000));
        assert_eq!(cap(&standards, "2026-01-01"), Some(6000));
        standards.push(standard(Some(CITY), LAPTOPS, 6500));
        assert_eq!(cap(&standards, "2026-01-01"), Some(6500));
        standards.push(standard(Some(DISTRICT), COMPUTERS, 5000));
        assert_eq!(cap(&standards, "2026-01-01"), Some(5000));
        standards.push(standard(Some(Uuid::from_u128(3)), LAPTOPS, 1));
        assert_eq!(cap(&standards, "2026-01-01"), Some(5000), "another district's does not count");
    }

    #[test]
    fn only_what_is_valid_on_the_day_counts() {
        let mut old = standard(None, LAPTOPS, 7000);
        old.valid_to = Some(day("2025-12-31"));
        let mut new = standard(None, LAPTOPS, 8000);
        (new.valid_from, new.revision) = (day("2026-01-01"), 2);
        let standards = [old, new];
        assert_eq!(cap(&standards, "2016-06-30"), None);
        assert_eq!(cap(&standards, "2025-12-31"), Some(7000));
        assert_eq!(cap(&standards, "2026-01-01"), Some(8000));
    }

    #[test]
    fn a_range_of_days_is_cut_where_another_rate_comes_in_force() {
        let rate = |n: u128, region, category, from: &str, to: Option<&str>| rental_rate::Model {
            id: Uuid::from_u128(n),
            region_id: region,
            category_id: category,
            fen_per_day: Money(100),
            source: "市场询价".into(),
            revision: 1,
            valid_from: day(from),
            valid_to: to.map(day),
        };
        let rates = [
            rate(1, None, COMPUTERS, "2026-01-10", Some("2026-01-19")),
            rate(2, None, COMPUTERS, "2026-01-20", None),
            rate(3, Some(DISTRICT), LAPTOPS, "2026-01-25", Some("2026-01-26")),
        ];
        let spans = |from: &str, to: &str| {
            rates_in_force(&rates, &[DISTRICT, CITY], &[LAPTOPS, COMPUTERS], day(from), day(to))
                .into_iter()
                .map(|(rate, from, to)| {
                    (rate.map(|rate| rate.id.as_u128()), from.to_string(), to.to_string())
                })
                .collect::<Vec<_>>()
        };
        let expected = [
            (None, "2026-01-01", "2026-01-09"),
            (Some(1), "2026-01-10", "2026-01-19"),
            (Some(2), "2026-01-20", "2026-01-24"),
            (Some(3), "2026-01-25", "2026-01-26"),
            (Some(2), "2026-01-27", "2026-01-31"),
        ]
        .map(|(rate, from, to)| (rate, from.to_owned(), to.to_owned()));
        assert_eq!(spans("2026-01-01", "2026-01-31"), expected);
        assert_eq!(spans("2026-01-12", "2026-01-12"), [(Some(1), "2026-01-12".into(), "2026-01-12".into())]);
    }

    #[test]
    fn of_several_ranks_the_lowest_cap_counts_unless_one_is_for_all() {
        let ranked = |rank: &str, cap| allocation_standard::Model {
            rank: Some(rank.into()),
            ..standard(None, LAPTOPS, cap)
        };
        let mut standards = vec![ranked("司局级", 4500), ranked("处级及以下", 3000)];
        assert_eq!(cap(&standards, "2026-01-01"), Some(3000));
        standards.push(standard(None, LAPTOPS, 4000));
        assert_eq!(cap(&standards, "2026-01-01"), Some(4000));
    }
}
