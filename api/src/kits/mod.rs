//! Kits (成套配置): "furnish 40 work places by May". What a place needs is data; the best split over those who have it is reckoned
//! from what the asker may see, by distance, condition and number of pick-ups.
//!
//! - [`save`]: the office makes or changes a kit.
//! - [`propose`]: the split that would be asked for now; nothing is written.
//! - [`order`]: asks for it in one request that holds every piece at once.
//! - `rules`: the split. `candidates`: what can be had. [`form`]: what a kit must look like.

mod candidates;
pub mod form;
pub mod graphql;
pub mod order;
pub mod propose;
pub mod read;
pub mod rules;
pub mod save;
