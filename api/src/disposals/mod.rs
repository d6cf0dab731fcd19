//! Disposals (处置): what was offered in vain long enough is given away, sold or scrapped, by the book, and reuse goes first up
//! to the last day. Pieces are set aside from their listing; approvals by the city's rules; shown to all units; carried out
//! with proof. What it brings in is the treasury's and no saving.
//!
//! - [`propose`]: pieces of a stale listing are set aside. [`appraise`]: what they are worth, and who says so.
//! - [`submit`]: to the approvers. [`object`]: a unit wants it, and it is offered again. [`price`]: less than the threshold.
//! - [`complete`]: carried out; the card leaves the books. [`call_off`]: given up.
//! - [`rules`]: the ladder, and what each command makes of a disposal. Pure. [`steps`]: for other slices.
//! - [`read`]: finders; what is stale. [`proceeds`]: sums of what came in. [`verify`]: nothing went without its papers.

pub mod appraise;
pub mod call_off;
pub mod complete;
pub mod graphql;
pub mod nodes;
pub mod object;
pub(crate) mod pass_on;
pub mod price;
pub mod proceeds;
pub mod propose;
pub mod read;
mod row;
pub mod rules;
#[cfg(test)]
mod rules_tests;
pub mod steps;
pub mod submit;
#[cfg(test)]
mod tests;
pub mod verify;
