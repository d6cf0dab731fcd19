//! Hand-overs (调剂): the asset and its book entry move without payment.
//!
//! - [`release`]: the holder (VIRTUAL) or the warehouse (PHYSICAL) hands over; a smaller number splits the card.
//! - [`receive`]: the receiver's clerk accepts, refuses, reports a loss; the office records a deemed receipt.
//! - [`book`]: each side notes its voucher number; the second closes the hand-over.
//! - `pass_on`: hand-overs under way of a unit that is succeeded.
//! - [`reverse`]: the office takes a hand-over back after a defect, with contra entries.
//! - [`reverse`]: the office takes a hand-over back after a defect, the receiver one that was deemed received; with contra entries.

pub mod book;
pub mod graphql;
pub(crate) mod pass_on;
pub mod read;
pub mod receive;
pub mod release;
pub mod reverse;
mod row;
pub mod rules;
pub mod verify;

#[cfg(test)]
mod card_tests;
#[cfg(test)]
mod rules_tests;
#[cfg(test)]
mod tests;
