//! Corrections (更正): a card on which others count says something that is not so. Whoever keeps the thing puts it right, with a
//! reason, and nothing changes silently under a promise.
//!
//! - [`correct`]: changes the card and keeps what it said before. Where what differs is material by the rule book, every line that
//!   waits, holds pieces or was promised them is to be confirmed; where it is worth more, approvals are planned again.
//! - [`read`]: the corrections of a card. [`steps`]: for a purge. [`verify`]: compares them with the trail of their cards.
//!
//! The answer of an asker, and what becomes of a line without one, is in [`crate::requests::confirm`].

pub mod correct;
pub mod graphql;
pub mod read;
pub mod steps;
pub mod verify;

#[cfg(test)]
mod tests;
