//! Events on their way to shared sinks: to whom other systems of the city listen. The first kind of sink is a webhook.
//!
//! An *endpoint* has a place of its own in the log. What is beyond it becomes *deliveries*, a row each, in the transaction
//! that moves the place: so an event is fanned out once, whoever does it. Of the deliveries about one subject only the head
//! is sent; the others stand behind it. A dead letter stays the head: its subject stands still at this endpoint, and no
//! other does.
//!
//! - [`worker`]: the loop of a process. [`fan_out`]: from the log into rows. [`store`]: claims and what becomes of them.
//! - `sink`: what kinds of sinks there are. `webhook`: one message over HTTP. [`outbound`]: which addresses may be called.
//! - `withheld`: what is not told. [`address`], [`rules`]: pure.
//! - [`save_webhook`], [`renew_secret`], [`remove_webhook`], [`retry_delivery`]: the use cases. [`read`]: finders.

pub mod address;
pub mod fan_out;
pub mod graphql;
pub mod outbound;
pub mod purge;
pub mod read;
pub mod remove_webhook;
pub mod renew_secret;
pub mod retry_delivery;
pub mod rules;
pub mod save_webhook;
mod secret;
mod sink;
pub mod store;
#[cfg(test)]
mod tests;
mod webhook;
mod withheld;
pub mod worker;

pub use outbound::Outbound;
