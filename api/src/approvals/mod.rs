//! Approvals: which steps a case needs is data; who decides a step is worked out when its turn comes. Whoever applies never
//! approves the same case, and a step without an eligible person goes one level up.
//!
//! - [`conditions`], [`rules`]: which steps a case needs and why, and what a verdict does. Pure.
//! - [`rule_sets`]: versions of the rules; `rule_set_form`, `save_rule_set`, `publish_rule_set`: the office edits them.
//! - [`open`]: a case is opened. `facts`: what its plan is made from. `turn`, `seats`: whose turn it is. [`steps`]: for other slices.
//! - `delegate`: somebody decides for somebody who is away. [`reseat`]: seats that became empty. [`supervise`]: what is overdue.
//! - `pass_on`: cases of a unit that is succeeded.
//! - [`preview`]: a dry run. [`read`]: finders. [`verify`]: no case went past a step that it needed.
//! - `replan`: what a case is about was corrected. [`preview`]: a dry run. [`read`]: finders. [`verify`]: no case went past a step that it needed.
//!
//! This slice knows nothing of what is approved. What follows from a decision belongs to the subjects' slices and is put
//! together above them, in [`crate::decisions`].

pub mod conditions;
pub mod delegate;
pub(crate) mod facts;
pub mod graphql;
pub mod open;
pub(crate) mod pass_on;
pub mod preview;
pub mod publish_rule_set;
pub mod read;
mod replan;
pub mod reseat;
pub mod rule_set_form;
pub mod rule_sets;
pub mod rules;
pub mod save_rule_set;
mod seats;
pub mod steps;
pub mod supervise;
mod turn;
pub mod verify;
