//! Pages by keyset: a cursor holds the sort key and the id of a row, and a page goes on after it.

use async_graphql::{Lookahead, SimpleObject};
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
    /// Whether to look if there is a next page.
    pub look_on: bool,
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
        Ok(Self { first, after, look_on: true })
    }

    /// The same page, without a look beyond it where nobody asks for that: for lists whose pages are asked for most.
    #[must_use]
    pub fn asked_by(self, connection: &Lookahead<'_>) -> Self {
        Self { look_on: connection.field("pageInfo").exists(), ..self }
    }

    /// Rows to fetch: one more than shown tells whether there is a next page.
    #[must_use]
    pub fn fetch(&self) -> u64 {
        self.first as u64 + u64::from(self.look_on)
    }
}

/// The cursor of a key.
#[must_use]
pub fn cursor<K: Serialize>(key: &K) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

fn read_cursor<K: DeserializeOwned>(text: &str) -> Option<K> {
    // That of an inbox has a place for each kind.
    if text.len() > 2_000 {
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

/// Drops the one row too many that [`Page::fetch`] asked for, and says where the page lies.
pub fn page<T, K: Serialize>(first: usize, rows: &mut Vec<T>, key: impl Fn(&T) -> K) -> PageInfo {
    let has_next_page = rows.len() > first;
    rows.truncate(first);
    PageInfo { has_next_page, end_cursor: rows.last().map(|row| cursor(&key(row))) }
}

/// Cursor of a row, written out only where it is asked for.
pub struct Cursor(Box<dyn Fn() -> String + Send + Sync>);

impl Cursor {
    /// Of a row with this key.
    pub fn new(key: impl Serialize + Send + Sync + 'static) -> Self {
        Self(Box::new(move || cursor(&key)))
    }

    /// As the wire has it.
    #[must_use]
    pub fn text(&self) -> String {
        (self.0)()
    }
}

impl std::fmt::Debug for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Cursor").field(&self.text()).finish()
    }
}

/// Declares a connection and its edge over a node type. With `at_hand` its rows are resolved as
/// [`at_hand`](crate::graphql::at_hand) says.
macro_rules! connection {
    ($connection:ident, $edge:ident, $node:ty, at_hand) => {
        $crate::graphql::connection::connection!(
            $connection,
            $edge,
            $node,
            $crate::graphql::at_hand::Rows<$edge>
        );

        impl $crate::graphql::at_hand::AtHand for $edge {
            fn write(
                &self,
                ctx: &async_graphql::ContextSelectionSet<'_>,
                field: &async_graphql::parser::types::Field,
                json: &mut $crate::graphql::json::Json,
            ) -> bool {
                match field.name.node.as_str() {
                    "cursor" => json.put(&self.cursor.text()),
                    "node" => {
                        $crate::graphql::at_hand::object(ctx, &self.node, &field.selection_set.node, json)
                    }
                    _ => false,
                }
            }
        }
    };
    ($connection:ident, $edge:ident, $node:ty) => {
        $crate::graphql::connection::connection!($connection, $edge, $node, Vec<$edge>);
    };
    ($connection:ident, $edge:ident, $node:ty, $rows:ty) => {
        #[doc = concat!("A page of ", stringify!($node), ".")]
        #[derive(Debug, async_graphql::SimpleObject)]
        pub struct $connection {
            /// Rows with their cursors.
            pub edges: $rows,
            /// Where the page lies.
            pub page_info: $crate::graphql::connection::PageInfo,
        }

        #[doc = concat!("One ", stringify!($node), " and its cursor.")]
        #[derive(Debug)]
        pub struct $edge {
            cursor: $crate::graphql::connection::Cursor,
            node: $node,
        }

        #[doc = concat!("One ", stringify!($node), " and its cursor.")]
        #[async_graphql::Object]
        impl $edge {
            /// Cursor of this row.
            async fn cursor(&self) -> String {
                self.cursor.text()
            }

            /// The row.
            async fn node(&self) -> &$node {
                &self.node
            }
        }

        impl $connection {
            /// From rows fetched one more than shown.
            pub fn new<K: serde::Serialize + Send + Sync + 'static>(
                first: usize,
                mut rows: Vec<$node>,
                key: impl Fn(&$node) -> K,
            ) -> Self {
                let page_info = $crate::graphql::connection::page(first, &mut rows, &key);
                let edge = |node| {
                    let cursor = $crate::graphql::connection::Cursor::new(key(&node));
                    $edge { cursor, node }
                };
                Self { edges: rows.into_iter().map(edge).collect(), page_info }
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
        let mut rows = vec![1, 2, 3];
        let info = page(2, &mut rows, |n| *n);
        assert_eq!(rows, [1, 2]);
        assert!(info.has_next_page);
        assert_eq!(info.end_cursor, Some(Cursor::new(2).text()));
        let next: Page<i32> = Page::read(Some(2), info.end_cursor.as_deref()).unwrap();
        assert_eq!(next.after, Some(2));
        assert!(!page(2, &mut vec![3], |n| *n).has_next_page);
    }

    #[test]
    fn numbers_and_cursors_that_are_not_ours_are_refused() {
        for first in [0, -1, 101, i32::MAX] {
            assert!(Page::<i32>::read(Some(first), None).is_err());
        }
        for after in ["", "x", "名", "bm90IGpzb24", &"A".repeat(4_000)] {
            assert!(Page::<i32>::read(None, Some(after)).is_err());
        }
    }
}
