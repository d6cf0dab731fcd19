//! Search over listings: the index of this process is fed from the event log, asked under the caller's rights, and what
//! it finds is read from the database once more.
//!
//! - [`documents`]: listings as the index knows them.
//! - [`follow`]: the follower that feeds the index, builds it anew and mends its drift.
//! - [`read`]: the search itself.
//! - [`start_reindex`]: asks every process to build its index anew.

pub mod documents;
pub mod follow;
pub mod graphql;
pub mod read;
pub mod start_reindex;

#[cfg(test)]
mod tests;
