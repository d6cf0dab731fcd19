//! Plans of the office (调配方案): who gives what to whom, over many units. Whom it concerns hears of it and may object; it is
//! approved as one case, and reserved as a whole: every line in one transaction, or none. From there on each line is a request
//! line like any other, so that release, receipt, booking and savings work as ever.
//!
//! - [`draft`]: the office writes a plan down, and changes it until it is published.
//! - [`publish`]: shows it to the units concerned, who may object until a civil day.
//! - [`object`], [`answer`]: a unit speaks against a line; the office drops it, changes it or upholds it.
//! - [`submit`]: hands it to the approvers. [`steps`]: what they say reaches it here.
//! - [`reserve`]: promises all lines at once.
//! - [`cancel`]: gives it up before that. [`complete`]: nothing of it is under way any more.
//! - [`rules`]: what is possible in which state, and what is wrong with a line. Pure.
//! - [`read`]: finders. [`verify`]: compares plans with the request lines that carry them out.

pub mod answer;
pub mod cancel;
pub(crate) mod caps;
pub mod complete;
pub mod draft;
pub mod graphql;
mod line_nodes;
mod nodes;
pub mod object;
pub(crate) mod pass_on;
pub mod publish;
pub mod read;
pub mod reserve;
mod row;
pub mod rules;
pub mod steps;
pub mod submit;
mod survey;
#[cfg(test)]
mod tests;
pub mod verify;

pub use row::Done;
