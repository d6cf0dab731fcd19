//! Filters and rights: against a plain filter over a vector, and the cases that matter by name.
#![allow(clippy::unwrap_used, reason = "clippy excuses only the functions marked as tests")]

mod common;

use common::{everything, find, id, index_of, listing, text};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use search::{Filters, ListingDocument, Query, Rights, Warehouses};
use uuid::Uuid;

/// The meaning of a query without text, as plain as it can be said.
fn matches(listing: &ListingDocument, filters: &Filters, rights: &Rights) -> bool {
    let any = |wanted: &[Uuid], has: &[Uuid]| wanted.is_empty() || has.iter().any(|id| wanted.contains(id));
    let one = |wanted: &[String], has: &String| wanted.is_empty() || wanted.contains(has);
    let seen = match rights {
        Rights::Everything => true,
        Rights::Of { units, audiences, warehouses, listed } => {
            let at_work = |warehouse: &Uuid| match warehouses {
                Warehouses::All => true,
                Warehouses::Only(ids) => ids.contains(warehouse),
            };
            units.contains(&listing.unit)
                || listing.warehouse.as_ref().is_some_and(at_work)
                || (*listed
                    && listing.state == "LISTED"
                    && !listing.restricted
                    && (listing.audience.is_empty()
                        || listing.audience.iter().any(|id| units.contains(id) || audiences.contains(id))))
        }
    };
    seen && any(&filters.regions, &listing.regions)
        && any(&filters.units, &[listing.unit])
        && any(&filters.categories, &listing.category_path)
        && one(&filters.kinds, &listing.kind)
        && one(&filters.custodies, &listing.custody)
        && one(&filters.conditions, &listing.condition)
        && one(&filters.states, &listing.state)
        && filters.value_from.is_none_or(|from| listing.value_minor >= from)
        && filters.value_to.is_none_or(|to| listing.value_minor <= to)
        && (!filters.available_only || listing.available > 0)
}

const KINDS: [&str; 3] = ["GENERAL", "VEHICLE", "REAL_ESTATE"];
const CUSTODIES: [&str; 2] = ["VIRTUAL", "PHYSICAL"];
const CONDITIONS: [&str; 3] = ["NEW", "GOOD", "WORN"];
const STATES: [&str; 3] = ["DRAFT", "LISTED", "WITHDRAWN"];

fn ids(from: u128, count: u128) -> Vec<Uuid> {
    (from..from + count).map(id).collect()
}

/// A path of one to three nodes in a small tree whose node's children are its double and that plus one.
fn path(root: u128) -> impl Strategy<Value = Vec<Uuid>> {
    (1_u128..8).prop_map(move |leaf| {
        let mut path: Vec<_> =
            std::iter::successors(Some(leaf), |node| (*node > 1).then_some(node / 2)).collect();
        path.reverse();
        path.into_iter().map(|node| id(root + node)).collect()
    })
}

fn listings() -> impl Strategy<Value = Vec<ListingDocument>> {
    let one = (
        (select(&KINDS[..]), select(&CUSTODIES[..]), select(&CONDITIONS[..]), select(&STATES[..])),
        (path(600), path(900), select(ids(500, 5)), subsequence(ids(500, 5), 0..3)),
        (-3_i64..10, 0_i64..3, any::<bool>(), prop::option::of(select(ids(400, 3)))),
    );
    prop::collection::vec(one, 0..40).prop_map(|all| {
        all.into_iter()
            .enumerate()
            .map(|(at, (codes, places, (value, available, restricted, warehouse)))| ListingDocument {
                warehouse,
                kind: codes.0.to_owned(),
                custody: codes.1.to_owned(),
                condition: codes.2.to_owned(),
                state: codes.3.to_owned(),
                regions: places.0,
                category_path: places.1,
                unit: places.2,
                audience: places.3,
                value_minor: value,
                available,
                restricted,
                ..listing(at as u128 + 1, "办公椅")
            })
            .collect()
    })
}

fn some(values: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    // Half of the filters ask nothing, or hardly any listing would be left.
    prop_oneof![Just(Vec::new()), subsequence(values, 1..=values.len())]
        .prop_map(|values| values.into_iter().map(str::to_owned).collect())
}

fn some_ids(from: u128, count: u128) -> impl Strategy<Value = Vec<Uuid>> {
    prop_oneof![Just(Vec::new()), subsequence(ids(from, count), 1..4)]
}

fn filters() -> impl Strategy<Value = Filters> {
    (
        (some_ids(601, 7), some_ids(500, 5), some_ids(901, 7)),
        (some(&KINDS), some(&CUSTODIES), some(&CONDITIONS), some(&STATES)),
        (prop::option::of(-3_i64..10), prop::option::of(-3_i64..10), any::<bool>()),
    )
        .prop_map(|((regions, units, categories), (kinds, custodies, conditions, states), numbers)| {
            Filters {
                regions,
                units,
                categories,
                kinds,
                custodies,
                conditions,
                states,
                value_from: numbers.0,
                value_to: numbers.1,
                available_only: numbers.2,
            }
        })
}

fn warehouses() -> impl Strategy<Value = Warehouses> {
    prop_oneof![
        1 => Just(Warehouses::All),
        4 => subsequence(ids(400, 3), 0..3).prop_map(Warehouses::Only),
    ]
}

fn rights() -> impl Strategy<Value = Rights> {
    prop_oneof![
        1 => Just(Rights::Everything),
        4 => (subsequence(ids(500, 5), 0..4), subsequence(ids(500, 5), 0..3), warehouses(), any::<bool>())
            .prop_map(|(units, audiences, warehouses, listed)| Rights::Of { units, audiences, warehouses, listed }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// One index, many queries: opening an index costs more than asking it.
    #[test]
    fn filters_under_rights_equal_a_plain_filter(
        listings in listings(),
        queries in prop::collection::vec((filters(), rights(), any::<bool>()), 30),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (_directory, index) = index_of(listings.clone()).await;
            for (filters, rights, typed) in queries {
                let expected: std::collections::BTreeSet<_> = listings
                    .iter()
                    .filter(|listing| matches(listing, &filters, &rights))
                    .map(|listing| listing.id.as_u128())
                    .collect();
                let text = typed.then(|| "办公椅".to_owned());
                let query = Query { text, filters, rights, ..everything() };
                let hits = index.search(query.clone()).await.unwrap();
                assert_eq!(hits.total, expected.len() as u64, "{query:?}");
                let found: std::collections::BTreeSet<_> = common::numbers(&hits).into_iter().collect();
                assert_eq!(found, expected, "{query:?}");
            }
        });
    }
}

fn of(units: &[u128], listed: bool) -> Rights {
    let units = units.iter().copied().map(id).collect();
    Rights::Of { units, audiences: Vec::new(), warehouses: Warehouses::default(), listed }
}

async fn seen(index: &search::Embedded, rights: Rights) -> Vec<u128> {
    let mut found = find(index, Query { rights, ..text("沙发") }).await;
    found.sort_unstable();
    found
}

#[tokio::test]
async fn nothing_is_seen_without_a_right() {
    let (_directory, index) = index_of(vec![listing(1, "沙发")]).await;
    for rights in [Rights::default(), of(&[], false), of(&[501], false)] {
        let hits = index.search(Query { rights, ..everything() }).await.unwrap();
        assert_eq!(hits, search::Hits::default());
    }
    assert_eq!(seen(&index, of(&[], true)).await, [1]);
}

#[tokio::test]
async fn what_is_restricted_or_not_listed_is_seen_by_its_unit_alone() {
    let (_directory, index) = index_of(vec![
        listing(1, "沙发"),
        ListingDocument { restricted: true, ..listing(2, "沙发") },
        ListingDocument { state: "DRAFT".to_owned(), ..listing(3, "沙发") },
        ListingDocument { restricted: true, audience: vec![id(501)], ..listing(4, "沙发") },
    ])
    .await;
    assert_eq!(seen(&index, of(&[501], true)).await, [1], "an audience does not lift a restriction");
    assert_eq!(seen(&index, of(&[500], true)).await, [1, 2, 3, 4]);
    assert_eq!(seen(&index, of(&[500], false)).await, [1, 2, 3, 4]);
    assert_eq!(seen(&index, Rights::Everything).await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn what_lies_in_a_warehouse_is_seen_by_those_who_work_there() {
    let stored = |number, warehouse| ListingDocument {
        state: "AWAITING_INSPECTION".to_owned(),
        restricted: true,
        warehouse: Some(id(warehouse)),
        ..listing(number, "沙发")
    };
    let (_directory, index) = index_of(vec![
        stored(1, 400),
        stored(2, 401),
        ListingDocument { state: "DRAFT".to_owned(), ..listing(3, "沙发") },
    ])
    .await;
    let staff =
        |warehouses| Rights::Of { units: Vec::new(), audiences: Vec::new(), warehouses, listed: false };
    assert_eq!(seen(&index, staff(Warehouses::Only(vec![id(400)]))).await, [1]);
    assert_eq!(seen(&index, staff(Warehouses::All)).await, [1, 2]);
    assert_eq!(seen(&index, staff(Warehouses::default())).await, [0; 0]);
}

#[tokio::test]
async fn a_directed_listing_is_seen_by_those_it_names() {
    let (_directory, index) = index_of(vec![
        ListingDocument { audience: vec![id(501), id(502)], ..listing(1, "沙发") },
        ListingDocument { audience: vec![id(501)], state: "DRAFT".to_owned(), ..listing(2, "沙发") },
    ])
    .await;
    assert_eq!(seen(&index, of(&[502], true)).await, [1]);
    assert_eq!(seen(&index, of(&[502], false)).await, [0; 0]);
    assert_eq!(seen(&index, of(&[503], true)).await, [0; 0]);
    assert_eq!(seen(&index, of(&[], true)).await, [0; 0]);
}

#[tokio::test]
async fn a_right_over_a_city_of_units_is_one_query() {
    let listings = (1..=40)
        .map(|number| ListingDocument {
            unit: id(1_000 + number),
            state: "DRAFT".to_owned(),
            ..listing(number, "沙发")
        })
        .collect();
    let (_directory, index) = index_of(listings).await;
    let units: Vec<_> = (1_001..1_021).chain(5_000..6_500).collect();
    assert_eq!(seen(&index, of(&units, true)).await, (1..=20).collect::<Vec<_>>());
}
