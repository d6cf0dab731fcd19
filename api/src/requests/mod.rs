//! A unit asks (调剂申请), in several lines; each line is for one listing and has a life of its own.
//!
//! - [`draft`]: writes a request down, and changes it while it is a draft.
//! - [`discard`]: throws a draft away.
//! - [`submit`]: checks it as a whole, gives it its number; each line takes a hold or a place in the queue.
//! - [`promise`]: a plan of the office promises pieces to many units at once.
//! - [`resubmit`]: sends a returned line to the approvers again.
//! - [`cancel`]: takes a line back, or what is left of it.
//! - [`fail`]: the giver takes a promise back that it cannot keep.
//! - [`convert`]: a borrower asks to keep what it has on loan.
//! - [`confirm`]: what was asked for was corrected: the asker says whether it still wants it.
//! - [`expire`]: lets holds lapse that the asker's side forgot.
//! - `pass_on`: what a unit that is succeeded asks for, and is asked for.
//! - [`steps`]: decisions of approvers, hand-overs and withdrawals reach the lines here; the queue moves up here.

pub(crate) mod batch;
pub mod cancel;
pub mod confirm;
pub mod convert;
pub mod discard;
pub mod draft;
pub mod expire;
pub mod fail;
mod frozen;
pub mod graphql;
mod line;
pub(crate) mod nodes;
pub(crate) mod pass_on;
pub(crate) mod promise;
pub mod read;
pub mod resubmit;
pub mod rules;
pub mod steps;
pub mod submit;
pub mod verify;

#[cfg(test)]
mod queue_tests;
#[cfg(test)]
mod rules_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod world;
