//! public-warehouse: units post what stands idle, others find it, ask for it, receive it, and every receipt becomes a
//! line of savings.
//!
//! The map. A call goes one way: `http | graphql | jobs | command line → use case → steps, rules → entity → database`.
//!
//! The frame:
//! - [`app`]: what every use case is given. [`mod@write`]: one transaction a use case. [`db`], [`clock`], [`ids`], [`keys`].
//! - [`cli`]: the command line. [`config`]: flags, environment and files. [`serve`]: the life of a serving process.
//! - [`fault`]: what can go wrong, in Chinese and English. [`checks`]: of single values. [`authz`]: who may do what.
//! - [`graphql`]: assembly of the schema. [`http`]: routes.
//!
//! The slices:
//! - [`identity`]: accounts, grants, sessions. [`organisation`]: units and regions.
//! - [`catalogue`]: categories, standards and the rule book of the city. [`warehouses`]: zones, racks and bins.
//! - [`import`]: files of cards, photos and reference data, as background jobs. [`export`]: lists as streamed CSV.
//! - [`assets`]: cards and their history. [`listings`]: offers, their stock, freezes. [`photos`]: pictures of assets.
//! - [`corrections`]: what a card on which others count said before and says now.
//! - [`requests`]: what units ask for. [`quotas`]: what they may ask for. [`transfers`]: hand-overs. [`loans`]: what is lent for
//!   days. [`kits`]: what furnishes a work place, from whoever has it. [`plans`]: who gives what to whom, by the office.
//!   [`savings`]: the ledger. [`disposals`]: what nobody took leaves the books.
//! - [`approvals`]: cases and steps. [`decisions`]: what is decided over listings and requests.
//! - [`successions`]: units that are merged, split or closed.
//! - [`ranking`]: by what claims to one offer are ranked. [`awards`]: claim windows, and who gets what when they are over.
//! - [`inbox`]: what awaits a person. [`finding`]: search and its index.
//! - [`audit`]: the chained and sealed trail. [`events`]: the retained log. [`jobs`]: work that goes on by itself; [`work`]: what it is.
//! - [`deliveries`]: events on their way to other systems (webhooks).
//! - [`verify`]: recomputes what must agree.
//! - [`demo`]: a generated city.

// A root type that is merged from the parts of all slices is as deep as there are slices.
#![recursion_limit = "256"]

pub mod app;
pub mod approvals;
pub mod assets;
pub mod audit;
pub mod authz;
pub mod awards;
mod bulk;
pub mod catalogue;
mod cells;
pub mod checks;
pub mod cli;
pub mod clock;
pub mod config;
pub mod corrections;
pub mod db;
pub mod decisions;
pub mod deliveries;
pub mod demo;
pub mod disposals;
pub mod events;
pub mod export;
pub mod fault;
pub mod finding;
pub mod graphql;
pub mod http;
pub mod identity;
pub mod ids;
pub mod import;
pub mod inbox;
pub mod jobs;
pub mod keys;
mod keyset;
pub mod kits;
pub mod listings;
pub mod loans;
pub mod organisation;
pub mod photos;
pub mod plans;
pub mod quotas;
pub mod ranking;
pub mod requests;
pub mod savings;
pub mod serve;
mod sheet;
pub mod successions;
#[cfg(test)]
mod testing;
pub mod transfers;
pub mod verify;
pub mod warehouses;
pub mod work;
pub mod write;
