//! Accounts, what they may do, and who is asking.
//!
//! - [`sign_in`]: account and password become a session. [`session`]: a token becomes an [`Actor`], checked against the
//!   database on every request. [`password`]: hashing.
//! - [`first_administrator`]: the way in while nobody can sign in.
//! - [`create_account`], [`reset_password`], [`change_password`], [`set_account_active`], [`grant_role`],
//!   [`revoke_role`]: administration. [`rules`]: what accounts and grants must look like. [`read`]: finders.
//! - `pass_on`: the people of a unit go on at its successor.
//! - [`mod@purge`]: removes what is past its time.

mod actor;
pub mod change_password;
pub mod create_account;
pub mod first_administrator;
pub mod grant_role;
pub mod graphql;
pub(crate) mod pass_on;
pub mod password;
pub mod purge;
pub mod read;
pub mod reset_password;
pub mod revoke_role;
pub mod rules;
pub mod session;
pub mod set_account_active;
pub mod sign_in;
mod steps;
#[cfg(test)]
mod tests;

pub use actor::{Actor, Grant};
