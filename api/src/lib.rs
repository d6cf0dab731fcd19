//! public-warehouse: units post what stands idle, others find it, ask for it, receive it, and every receipt becomes a
//! line of savings.
//!
//! The map. A call goes one way: `http | graphql | jobs | command line → use case → steps, rules → entity → database`.
//!
//! The frame:
//! - [`app`]: what every use case is given. [`write`]: one transaction a use case. [`db`], [`clock`], [`ids`], [`keys`].
//! - [`fault`]: what can go wrong, in Chinese and English. [`checks`]: of single values. [`authz`]: who may do what.
//! - [`graphql`]: assembly of the schema. [`http`]: routes.
//!
//! The slices:
//! - [`identity`]: accounts, grants, sessions. [`organisation`]: units and regions.
//! - [`catalogue`]: categories, standards and the rule book of the city. [`jobs`]: work that goes on by itself, numbers of
//!   papers.
//! - [`warehouses`]: zones, racks and bins.
//! - [`audit`]: the chained and sealed trail. [`events`]: the retained log.

pub mod app;
pub mod audit;
pub mod authz;
pub mod catalogue;
pub mod checks;
pub mod clock;
pub mod db;
pub mod events;
pub mod fault;
pub mod graphql;
pub mod http;
pub mod identity;
pub mod ids;
pub mod jobs;
pub mod keys;
pub mod organisation;
#[cfg(test)]
mod testing;
pub mod warehouses;
pub mod write;
