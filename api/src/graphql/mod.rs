//! The frame of the schema: assembly, errors as data, ids, connections, enums, limits.
//!
//! Each slice has a `graphql.rs` with its own types and root fields; this frame merges them and decides nothing.

pub mod at_hand;
pub mod connection;
pub mod context;
pub mod documents;
pub mod enums;
pub mod errors;
pub mod ids;
pub mod json;
pub mod limits;
pub mod nodes;
pub mod scalars;
mod schema;

pub use schema::{Schema, schema, sdl};
