mod approvals;
mod cards;
mod listings;
mod reconfirm;
mod rule_sets;
mod stock;
mod world;
