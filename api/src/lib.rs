//! public-warehouse: units post what stands idle, others find it, ask for it, receive it, and every receipt becomes a
//! line of savings.
//!
//! The map. A call goes one way: `http | graphql | jobs | command line → use case → steps, rules → entity → database`.
//!
//! The frame:
//! - [`app`]: what every use case is given. [`write`]: one transaction a use case. [`db`], [`clock`], [`ids`], [`keys`].
//! - [`cli`]: the command line. [`config`]: flags, environment and files. [`serve`]: the life of a serving process.
//! - [`fault`]: what can go wrong, in Chinese and English. [`authz`]: who may do what.
//! - [`graphql`]: assembly of the schema. [`http`]: routes.
//!
//! The slices:
//! - [`identity`]: accounts, grants, sessions. [`organisation`]: units and regions.
//! - [`assets`]: cards. [`listings`]: what is offered, and its stock. [`approvals`]: steps and seats. [`decisions`]: what one
//!   side decides and the other feels; above listings and requests.
//! - [`requests`]: a unit asks. [`transfers`]: the asset moves. [`savings`]: the ledger of what that spared.
//! - [`catalogue`]: categories, standards and the rule book of the city. [`jobs`]: work that goes on by itself, numbers of
//!   papers.
//! - [`audit`]: the chained and sealed trail. [`events`]: the retained log.

pub mod app;
pub mod approvals;
pub mod assets;
pub mod audit;
pub mod authz;
pub mod cli;
mod cells;
mod checks;
pub mod catalogue;
pub mod clock;
pub mod config;
pub mod db;
pub mod decisions;
pub mod events;
pub mod fault;
pub mod graphql;
pub mod http;
pub mod identity;
pub mod ids;
pub mod jobs;
pub mod keys;
pub mod listings;
pub mod organisation;
pub mod requests;
pub mod savings;
pub mod serve;
#[cfg(test)]
mod testing;
pub mod transfers;
pub mod write;
