//! Units, the regions they are in, and the snapshot of reference data that every process keeps in memory.
//!
//! - The use cases are `save_unit` and `save_region`. [`rules`]: what both must look like. [`tree`]: no circles.
//! - [`credit_code`]: the check of 统一社会信用代码.
//! - `pass_on`: what a succession does to the units themselves.
//! - [`steps`]: the same inside the transaction of another slice. [`read`]: finders over the snapshot.

pub mod credit_code;
pub mod graphql;
pub(crate) mod pass_on;
pub mod read;
mod reference;
pub mod rules;
pub mod save_region;
pub mod save_unit;
#[cfg(test)]
mod schema_tests;
pub mod steps;
#[cfg(test)]
mod tests;
pub mod tree;

pub use reference::Reference;
