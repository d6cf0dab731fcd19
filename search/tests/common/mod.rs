//! Listings and indexes for tests.
#![allow(dead_code, reason = "each test binary uses its own part of these")]
#![allow(clippy::unwrap_used, reason = "clippy excuses only the functions marked as tests")]

use chrono::{DateTime, TimeDelta};
use search::{Change, Cursor, Embedded, Hits, ListingDocument, Opened, Options, Query, Rights, Step};
use tempfile::TempDir;
use uuid::Uuid;

/// An id that reads as its number.
pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// A place in the log.
pub fn place(seq: i64) -> Cursor {
    Cursor { seq, event: id(7_000_000 + u128::try_from(seq).unwrap()) }
}

/// The step to there.
pub fn to(seq: i64) -> Step {
    Step::To(place(seq))
}

/// A listing that everyone sees, with nothing in it but a name.
pub fn listing(number: u128, name: &str) -> ListingDocument {
    ListingDocument {
        id: id(number),
        version: 1,
        name: name.to_owned(),
        brand: String::new(),
        model: String::new(),
        description: String::new(),
        serial: None,
        asset_number: None,
        category_path: vec![id(900)],
        kind: "GENERAL".to_owned(),
        custody: "VIRTUAL".to_owned(),
        condition: "GOOD".to_owned(),
        state: "LISTED".to_owned(),
        available: 1,
        unit: id(500),
        warehouse: None,
        regions: vec![id(600)],
        value_minor: 10_000,
        listed_at: DateTime::UNIX_EPOCH + TimeDelta::seconds(i64::try_from(number).unwrap()),
        restricted: false,
        audience: Vec::new(),
    }
}

/// A query of an auditor, for the first 100.
pub fn everything() -> Query {
    Query { rights: Rights::Everything, limit: 100, ..Query::default() }
}

/// The same for a text.
pub fn text(text: &str) -> Query {
    Query { text: Some(text.to_owned()), ..everything() }
}

/// An empty index in a directory that goes with the test.
pub async fn empty() -> (TempDir, Embedded) {
    let directory = tempfile::tempdir().unwrap();
    let opened = open(&directory).await;
    (directory, opened.index)
}

/// Opens the index of a directory.
pub async fn open(directory: &TempDir) -> Opened {
    Embedded::open(directory.path(), Options::default()).await.unwrap()
}

/// An index of these listings.
pub async fn index_of(listings: Vec<ListingDocument>) -> (TempDir, Embedded) {
    let (directory, index) = empty().await;
    index.apply(listings.into_iter().map(Change::Put).collect(), to(1)).await.unwrap();
    (directory, index)
}

/// The numbers of the hits, in order; the total must agree.
pub fn numbers(hits: &Hits) -> Vec<u128> {
    assert!(hits.total >= hits.ids.len() as u64, "{hits:?}");
    hits.ids.iter().map(|(id, _)| id.as_u128()).collect()
}

/// What a query finds, by number.
pub async fn find(index: &Embedded, query: Query) -> Vec<u128> {
    numbers(&index.search(query).await.unwrap())
}
