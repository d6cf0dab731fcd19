//! Accounts, what they may do, and who is asking.
//!
//! - [`sign_in`]: account and password become a session.
//! - [`session`]: a token becomes an [`Actor`], checked against the database on every request.
//! - [`password`]: hashing, change and reset.

mod actor;
pub mod graphql;
pub mod password;
pub mod session;
pub mod sign_in;

pub use actor::{Actor, Grant};
