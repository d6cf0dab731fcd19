//! Which standard counts, and what a new revision does to the old ones. Pure.

use chrono::NaiveDate;
use entity::catalogue::allocation_standard;
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
