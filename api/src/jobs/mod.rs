//! Work that goes on by itself, and the numbers of papers.
//!
//! - [`steps`]: numbers, for other slices.

pub mod steps;
