//! Units, the regions they are in, and the snapshot of reference data that every process keeps in memory.

pub mod graphql;
pub mod credit_code;
mod reference;

pub use reference::Reference;
