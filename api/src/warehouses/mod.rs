//! Physical warehouses (实体仓) and the zones, racks and bins in them.
//!
//! - `save_warehouse`, `save_place`: the use cases. [`rules`]: what hangs below what. [`read`]: finders.

pub mod graphql;
pub(crate) mod pass_on;
pub mod read;
pub mod rules;
pub mod save_place;
pub mod save_warehouse;
#[cfg(test)]
mod tests;
