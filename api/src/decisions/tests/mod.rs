mod approvals;
mod cards;
mod listings;
mod stock;
mod world;
