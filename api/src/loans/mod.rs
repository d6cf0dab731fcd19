//! Loans (借用): use moves for a range of civil days, ownership does not. A meeting needs 60 chairs from the 3rd to the 7th;
//! a vehicle is lent for three months; a unit keeps a pool of laptops.
//!
//! **What can be borrowed.** A listing is offered for transfer or for loan (its `purpose`), never for both: a card of 100
//! chairs may have 40 in one listing and 60 in another, and no piece is in two. Pieces go from one pool to the other by a
//! withdrawal and a new offer. The pieces in the pool of a listing for loan are its counter `available`; lending moves no
//! counter, because a lent piece comes back. Only what leaves the pool for good does: withdrawn or damaged pieces go to
//! `withdrawn`, lost ones to `lost`, and those that the borrower keeps go the way of every request line.
//!
//! **No day is promised twice.** A loan is its own booking: `lent + returned` pieces on every day from `day_from` to `day_to`,
//! both counted, and up to `asked_to` while an extension is with the approvers. Who asks, extends or keeps holds the
//! listing's stock row, so that nobody else books meanwhile, and finds on every day enough pieces that are free. A loan that
//! is not back in time takes its pieces on every day to come: nobody is promised what nobody knows to come back. What was
//! promised before stays promised, and is handed over when the pieces are there.
//!
//! **States.** `REQUESTED → APPROVED → HANDED_OVER → ON_LOAN → RETURNED → INSPECTED | DAMAGED | LOST | CONVERTED`, or before the
//! hand-over `REJECTED | CANCELLED | EXPIRED | GIVER_FAILED`. Pieces come back in parts, so counters say how many are where, and
//! the state follows from them. That a loan is overdue or was extended is told by its days, not by a state: a clock that
//! turns midnight changes no row.
//!
//! - [`request`], [`cancel`], [`fail`]: a unit asks for pieces and days; it or the giver takes that back.
//! - [`hand_over`], [`receive`]: out, with the condition noted, and confirmed.
//! - [`extend`]: more days, if nobody else has them; the giver's side agrees again.
//! - [`give_back`], [`inspect`]: back, in part too; in order, damaged or lost.
//! - [`days`]: what the jobs do: ends what was not collected, tells of what is overdue, enters what months have saved.
//! - `pass_on`: what a unit that is succeeded has lent and borrowed.
//! - [`steps`]: approvals, request lines and withdrawals reach loans here. Keeping for good is [`crate::requests::convert`].

pub mod cancel;
pub mod days;
pub mod extend;
pub mod fail;
pub mod give_back;
pub mod graphql;
pub mod hand_over;
pub mod inspect;
pub(crate) mod nodes;
pub(crate) mod pass_on;
pub mod read;
pub mod receive;
pub mod request;
mod row;
pub mod rules;
pub mod steps;
pub mod verify;

#[cfg(test)]
mod rules_tests;
#[cfg(test)]
mod tests;
