//! Awards (择优分配): who gets what several want, where an offer has a claim window.
//!
//! While the window is open every line that is handed in is a claim: a place in the queue, without a hold, without a case. What is
//! approved is the award, not the claim: a claim that gets nothing has cost nobody a signature. When the window is over the claims
//! are ranked by the rules that were in force when it opened, and the queue moves up in that order, by the same steps as ever.
//!
//! - [`close`]: ends windows, and ranks their claims as soon as the draw can be known; run by a job.
//! - [`preview`]: how the claims would be ranked as things stand now.
//! - [`read`]: where each claim came, for those who may know.
//! - [`verify`]: makes every ranking again.

mod award;
pub mod close;
mod facts;
pub mod graphql;
pub mod preview;
pub mod read;
pub mod steps;
pub mod verify;

#[cfg(test)]
mod tests;
