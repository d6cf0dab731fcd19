//! Database rows (SeaORM) and value types: ids, enums, money. No GraphQL, no logic; files are named as the slices.

mod money;
#[macro_use]
mod text_enum;

pub mod approvals;
pub mod assets;
pub mod audit;
pub mod awards;
pub mod catalogue;
pub mod corrections;
pub mod deliveries;
pub mod demo;
pub mod disposals;
pub mod events;
pub mod identity;
pub mod imports;
pub mod jobs;
pub mod kits;
pub mod listings;
pub mod loans;
pub mod organisation;
pub mod photos;
pub mod plans;
pub mod quotas;
pub mod requests;
pub mod savings;
pub mod successions;
pub mod transfers;
pub mod warehouses;

pub use money::Money;
