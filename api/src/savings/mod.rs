//! The ledger of savings (节约财政资金): what the reuse spared the budget, recognised at receipt and never edited.
//!
//! - [`steps`]: a receipt posts one entry a method, a reversal the contra entries.
//! - `loans`: days of use post one entry a rental rate, month by month and at the return.
//! - [`report`]: sums by any grouping. [`read`]: the entries themselves. [`explain`]: how one came about.
//! - [`verify`]: recomputes all of it from the frozen inputs.

pub(crate) mod entry;
pub mod explain;
pub mod graphql;
pub(crate) mod loans;
pub mod read;
pub mod report;
pub mod rules;
pub mod steps;
pub mod verify;

#[cfg(test)]
mod rules_tests;
#[cfg(test)]
mod tests;
