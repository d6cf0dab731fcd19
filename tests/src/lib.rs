//! What the black-box tests and the benchmarks stand on: the service, really started, on a database of its own; a small
//! city in it; and what people do there, through GraphQL over HTTP.

pub mod child;
pub mod city;
pub mod client;
pub mod database;
pub mod moves;
pub mod pictures;
pub mod registry;
pub mod server;
pub mod tables;

pub use client::Client;
pub use database::Backend;
pub use registry::{ALONE, Registry};
pub use server::Server;

/// Outcome of a test.
pub type Outcome = anyhow::Result<()>;
