//! Asset cards (资产卡片): what a unit holds, with value, condition and place. A card keeps its identity over every
//! transfer; a lot splits and joins again, always to the fen.
//!
//! - [`draft`]: a clerk enters a card, which may be incomplete. Secret things are refused and nothing of them is kept.
//! - [`batch`]: many cards at once, judged by the same rules, with few statements.
//! - [`update`]: a clerk completes or corrects it; what others count on is corrected in [`crate::corrections`].
//! - [`changes`]: what differs between two states of a card, and which of it others count on.
//! - [`duplicates`]: the office settles suspected duplicates that the clerk may not see.
//! - `pass_on`: cards of a unit that is succeeded.
//! - [`verify`]: compares the cards with their audit trail.

pub mod batch;
pub mod card;
pub mod changes;
pub(crate) mod claims;
pub mod details;
pub mod draft;
pub mod duplicates;
pub mod graphql;
pub(crate) mod inputs;
pub(crate) mod pass_on;
pub mod read;
pub mod row;
pub mod rules;
pub mod serial;
pub mod steps;
mod unique;
pub mod update;
pub mod verify;
