//! Pages by keyset: a cursor holds the sort key and the id of a row, and a page goes on after it.

use async_graphql::SimpleObject;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fault::{Code, Rejection};

/// Most rows of a page.
pub const MOST: usize = 100;
/// Rows of a page where the caller names no number.
pub const USUAL: usize = 20;

/// A page that was asked for; `K` is the sort key.
#[derive(Clone, Debug)]
pub struct Page<K> {
    /// Rows, 1 to [`MOST`].
    pub first: usize,
    /// Go on after this key.
    pub after: Option<K>,
}

impl<K: DeserializeOwned> Page<K> {
    /// Reads the arguments of a connection.
    ///
    /// # Errors
    /// [`Code::BadPage`] for a number out of range or a cursor that is not one of ours.
    pub fn read(first: Option<i32>, after: Option<&str>) -> Result<Self, Rejection> {
        let bad = || Rejection::new(Code::BadPage).with("most", MOST);
        let first = match first {
            None => USUAL,
            Some(first) => {
                usize::try_from(first).ok().filter(|first| (1..=MOST).contains(first)).ok_or_else(bad)?
            }
        };
        let after = after.map(|cursor| read_cursor(cursor).ok_or_else(bad)).transpose()?;
        Ok(Self { first, after })
    }

    /// Rows to fetch: one more than shown tells whether there is a next page.
    #[must_use]
    pub fn fetch(&self) -> u64 {
        self.first as u64 + 1
    }
}

/// The cursor of a key.
#[must_use]
pub fn cursor<K: Serialize>(key: &K) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

fn read_cursor<K: DeserializeOwned>(text: &str) -> Option<K> {
    if text.len() > 512 {
        return None;
    }
    let key = URL_SAFE_NO_PAD.decode(text).ok()?;
    // None of our keys holds a NUL, and PostgreSQL takes none.
    if key.windows(6).any(|part| part == b"\\u0000") {
        return None;
    }
    serde_json::from_slice(&key).ok()
}

/// Cost of a page: its rows times what is asked of each.
#[must_use]
pub fn page_cost(first: Option<i32>, child_complexity: usize) -> usize {
    let rows = first.and_then(|first| usize::try_from(first).ok()).unwrap_or(USUAL);
    rows.min(MOST).saturating_mul(child_complexity.max(1))
}

/// Where a page lies.
#[derive(Clone, Debug, SimpleObject)]
pub struct PageInfo {
    /// Whether there are rows after this page.
    pub has_next_page: bool,
    /// Cursor of the last row; give it as `after` for the next page.
    pub end_cursor: Option<String>,
}

/// Makes the page of rows fetched by [`Page::fetch`]: drops the one too many, gives each row its cursor.
pub fn page<T, K: Serialize>(
    first: usize,
    mut rows: Vec<T>,
    key: impl Fn(&T) -> K,
) -> (Vec<(String, T)>, PageInfo) {
    let has_next_page = rows.len() > first;
    rows.truncate(first);
    let rows: Vec<(String, T)> = rows.into_iter().map(|row| (cursor(&key(&row)), row)).collect();
    let end_cursor = rows.last().map(|(cursor, _)| cursor.clone());
    (rows, PageInfo { has_next_page, end_cursor })
}

/// Declares a connection and its edge over a node type, with `nodes` as a shorthand.
macro_rules! connection {
    ($connection:ident, $edge:ident, $node:ty) => {
        #[doc = concat!("A page of ", stringify!($node), ".")]
        #[derive(Debug, async_graphql::SimpleObject)]
        pub struct $connection {
            /// Rows with their cursors.
            pub edges: Vec<$edge>,
            /// Where the page lies.
            pub page_info: $crate::graphql::connection::PageInfo,
        }

        #[doc = concat!("One ", stringify!($node), " and its cursor.")]
        #[derive(Debug, async_graphql::SimpleObject)]
        pub struct $edge {
            /// Cursor of this row.
            pub cursor: String,
            /// The row.
            pub node: $node,
        }

        impl $connection {
            /// From rows fetched one more than shown.
            pub fn new<K: serde::Serialize>(
                first: usize,
                rows: Vec<$node>,
                key: impl Fn(&$node) -> K,
            ) -> Self {
                let (rows, page_info) = $crate::graphql::connection::page(first, rows, key);
                let edges = rows.into_iter().map(|(cursor, node)| $edge { cursor, node }).collect();
                Self { edges, page_info }
            }
        }
    };
}
pub(crate) use connection;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_end_where_the_rows_end() {
        let (rows, info) = page(2, vec![1, 2, 3], |n| *n);
        assert_eq!(rows.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [1, 2]);
        assert!(info.has_next_page);
        let next: Page<i32> = Page::read(Some(2), info.end_cursor.as_deref()).unwrap();
        assert_eq!(next.after, Some(2));
        assert!(!page(2, vec![3], |n| *n).1.has_next_page);
    }

    #[test]
    fn numbers_and_cursors_that_are_not_ours_are_refused() {
        for first in [0, -1, 101, i32::MAX] {
            assert!(Page::<i32>::read(Some(first), None).is_err());
        }
        for after in ["", "x", "名", "bm90IGpzb24", &"A".repeat(2000)] {
            assert!(Page::<i32>::read(None, Some(after)).is_err());
        }
    }
}
