//! Who did what: chained by hash per subject, sealed every minute over all subjects.
//!
//! - [`chain`]: the pure hashes.
//! - `append`: writes the records of a use case, in its transaction.
//! - [`seal`]: a Merkle root over the heads that changed, chained to the last root.
//! - [`verify`]: recomputes all of it. [`read`]: finders for auditors.

mod append;
pub mod chain;
pub mod graphql;
pub mod read;
pub mod seal;
#[cfg(test)]
mod tests;
pub mod verify;

pub(crate) use append::{append, destroy_key};
