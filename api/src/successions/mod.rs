//! Units that are merged, split or closed (单位撤并): what they have and do passes to others, and nothing is left without an owner.
//!
//! **What passes.** What is open goes on with the successor: cards, offers, what is asked, approved, handed over or lent at that
//! moment, people, warehouses, units below. What is over keeps the names of its day: a hand-over that was received, an entry of
//! the ledger, a closed request. [`passes`] is that list, column by column; a test holds it against the schema, so that no table is
//! forgotten. Who holds a role at a unit holds it over those whose place it has taken, too (`Reference::with_predecessors`): so the
//! successor books, reads and explains what was theirs.
//!
//! **How.** `DRAFT → ANNOUNCED` (the units are CLOSING: they ask for nothing more, what runs goes on) `→ RUNNING` (from the effective
//! day on, by a job) `→ DONE` (they are CLOSED); called off before it runs. [`run`] does it in small transactions: each looks for what
//! is left of the units and passes a parcel on, so there is no place to remember, and a process that is killed has passed a parcel
//! or not. A parcel is a card with all that hangs on it, so that the claims on a card are never of two units.
//!
//! **Of a split** the cards go where the first share that fits says, and their offers with them; all else, people too, goes to the
//! one successor that is named for it: who works where is decided by people, and more roles can be granted before and after. Of a body
//! that is dissolved into the pool account the roles end: the pool has no people.
//!
//! - [`draft`], [`announce`], [`call_off`], [`start`]: what the office does. [`rules`]: what must be said; whose a card becomes.
//! - [`read`]: finders, and the preview: how much of what passes. [`verify`]: nothing is left at a closed unit.

pub mod announce;
pub mod call_off;
pub mod draft;
pub mod graphql;
pub mod passes;
pub mod read;
mod row;
pub mod rules;
pub mod run;
pub mod start;
#[cfg(test)]
mod tests;
pub mod verify;
