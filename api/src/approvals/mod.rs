//! Approvals: which steps a case needs is data (rows by subject, custody and date); who decides a step is worked out when
//! its turn comes. Whoever applies never approves the same case, and a step without an eligible person goes one level up.
//!
//! This slice knows nothing of what is approved. What follows from a decision belongs to the subjects' slices and is put
//! together above them, in [`crate::decisions`].

pub mod graphql;
pub mod read;
pub mod reseat;
pub mod rules;
mod seats;
pub mod steps;
