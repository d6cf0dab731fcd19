//! Categories, allocation standards, and the rule book of the city: what is data and never code.
//!
//! - `save_category`, `set_standard`, `set_required_field`, `set_city_setting`, `set_calendar_days`: the use cases.
//! - [`calendar`]: working days. [`forms`]: what each must look like. [`rules`]: which standard counts. [`settings`]: the numbers a city may set.
//! - [`rates`]: what renting would cost, which loans spare.
//! - [`steps`]: what other slices ask inside their transaction. [`read`]: finders. [`verify`]: standards against their audit.

pub mod calendar;
pub mod calendar_graphql;
pub mod forms;
pub mod graphql;
pub mod rates;
pub mod read;
pub mod rules;
pub mod save_category;
pub mod set_calendar_days;
pub mod set_city_setting;
pub mod set_required_field;
pub mod set_standard;
pub mod settings;
pub mod steps;
#[cfg(test)]
mod tests;
pub mod verify;
