//! Decisions of one side that the other side feels: verdicts of approvers, withdrawals, freezes. Each changes a listing
//! or the lines and loans that are of it, often both, so it stands above them: a listing needs to know neither.
//!
//! - [`decide`]: approvers decide steps, many at once if they like.
//! - [`preview`]: a dry run of the approval rules.
//! - [`withdraw`]: a holder takes pieces back that nobody was promised.
//! - [`purge`]: an administrator purges what was found to be secret.
//! - [`reconfirm`]: a holder says that what it offers is still there, or no more; [`reconfirm_days`] asks it.
//! - [`freeze`]: a count, a dispute or a secrecy check pauses what it covers, until it is lifted.

pub mod decide;
pub mod freeze;
pub mod graphql;
pub mod preview;
pub mod purge;
pub mod reconfirm;
pub mod reconfirm_days;
#[cfg(test)]
mod tests;
pub mod withdraw;
