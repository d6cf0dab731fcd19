//! Listings (上架): a unit offers an asset, or part of a lot, to other units. The workflow is a state; what is left to
//! take is derived from the counters of its stock, which change by one conditional update each.
//!
//! - [`draft`]: a clerk offers a card, in draft.
//! - [`direct`]: offers of cards to one unit each, as a plan of the office has them.
//! - [`update`]: changes a draft, or what was sent back.
//! - [`submit`]: hands it to the approvers; tells everything that is missing at once.
//! - [`goods`]: what approvers go by.
//! - [`audience`]: who sees an offer, step by step.
//! - [`window`]: the time in which claims are gathered, where an offer is given by ranking.
//! - [`inspect`]: warehouse staff accepts a PHYSICAL one, in full or in part, or sends it to repair or back.
//! - `pass_on`: offers and freezes of a unit that is succeeded.
//! - [`verify`]: compares what is offered with the audit trail.
//!
//! Withdrawals and freezes end or pause the lines of askers, so they live above, in [`crate::decisions`].

pub mod audience;
pub(crate) mod direct;
pub mod draft;
pub mod freezes;
pub mod goods;
pub mod graphql;
mod inputs;
pub mod inspect;
pub(crate) mod pass_on;
pub mod read;
pub mod row;
pub mod rules;
pub mod steps;
pub mod stock;
pub mod submit;
pub mod terms;
pub mod update;
pub mod verify;
pub mod window;
pub mod window_graphql;
