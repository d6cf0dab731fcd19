//! Ranking rules (择优规则): by what claims to one offer are put in order, as numbered sets of data that are drafted, published
//! from a day on, and never changed then. What they are applied to is up to [`crate::awards`].
//!
//! - [`rules`]: points, order and draw, from facts alone.
//! - [`rule_sets`]: which set is in force, and what it says.
//! - [`save_rules`], [`publish_rules`]: a set is drafted and put into force.

mod form;
pub mod graphql;
pub mod publish_rules;
pub mod rule_sets;
pub mod rules;
pub mod save_rules;

#[cfg(test)]
mod rules_tests;

pub use form::{RuleForm, RulesForm};
