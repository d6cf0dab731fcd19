mod approvals;
mod cards;
mod listings;
mod rule_sets;
mod stock;
mod world;
