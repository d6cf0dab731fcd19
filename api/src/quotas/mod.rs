//! What a unit may ask for: quantity caps from dated headcount (编制内实有人数) and vehicle quotas (车辆编制) against what it holds
//! and has asked for already; and units that have not confirmed what they were handed.
//!
//! - [`rules`]: how a cap is reckoned, and what follows. Pure.
//! - [`steps`]: the check when a request is handed in, under the guard row of its unit.
//! - `set_unit_quota`, `set_unit_cap`, `override_block`: the office enters what is the case, and lets a unit go on.
//! - `pass_on`: headcount of units that are succeeded.
//! - [`read`]: what a unit is entitled to, and what of it is left.

pub mod graphql;
pub mod override_block;
pub(crate) mod pass_on;
pub mod read;
pub mod rules;
pub mod set_unit_cap;
pub mod set_unit_quota;
pub mod steps;
