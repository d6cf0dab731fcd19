//! Categories, allocation standards, and the rule book of the city: what is data and never code.
//!
//! - [`rules`]: which standard counts. [`settings`]: the numbers a city may set.
//! - [`steps`]: what other slices ask inside their transaction.

pub mod graphql;
pub mod rules;
pub mod settings;
pub mod steps;
