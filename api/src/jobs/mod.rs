//! Work that goes on by itself, and the numbers of papers.
//!
//! - [`runner`]: the workers of a process; [`Handlers`] is filled by whoever assembles the service.
//! - [`store`]: the leased table. [`steps`]: queueing and numbers, for other slices.
//! - [`mod@purge`]: removes what is past its time.

pub mod graphql;
pub mod purge;
pub mod runner;
pub mod steps;
pub mod store;
#[cfg(test)]
mod tests;

pub use runner::{Handlers, Work, run};
pub use store::NewJob;
