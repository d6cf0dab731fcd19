//! What awaits a person (待办), of every kind, with due days, the oldest due first.
//!
//! - [`kinds`]: each kind in one place: where its rows are, who it awaits, and when it is due. A new kind is a new entry there.
//! - [`read`]: a page is merged from one page of each kind and side, each along an index of its own; counts are bounded.
//!
//! The inbox reads what the slices below keep and changes nothing: a thing leaves it when it is done. Steps to approve are among
//! it; `tasks` shows them with all that an approver decides by.

pub mod graphql;
pub mod kinds;
pub mod read;

#[cfg(test)]
mod tests;
