//! What a unit that is succeeded has lent and borrowed goes on with its successor. The days of use until then are entered under the
//! old names. Where borrower and giver become one unit, what is not out ends; what is out comes back as from anybody else, and
//! saves nothing from that day on.

use entity::approvals::ApprovalSubject;
use entity::loans::{LoanState, loan};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;
use uuid::Uuid;

use super::rules::Command;
use super::{row, steps};
use crate::approvals;
use crate::fault::Fault;
use crate::write::Tx;

/// States of loans that pass on.
pub(crate) use super::row::OPEN;

/// What became of some loans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passed {
    /// Loans that passed.
    pub(crate) loans: i64,
    /// Of those, loans that ended because borrower and giver are one unit now.
    pub(crate) ended: i64,
}

/// The open loans of an offer are its new holder's to grant and to take back. Its stock must be locked.
///
/// # Errors
/// `Stale`; the database's.
pub(crate) async fn lent(tx: &Tx, listing: Uuid, from: Uuid, to: Uuid) -> Result<Passed, Fault> {
    let loans = loan::Entity::find()
        .filter(loan::Column::ListingId.eq(listing))
        .filter(loan::Column::GiverId.eq(from))
        .filter(loan::Column::State.is_in(row::OPEN))
        .order_by_asc(loan::Column::Id)
        .all(tx.conn())
        .await?;
    let mut passed = Passed::default();
    for before in loans {
        passed.loans += 1;
        passed.ended += i64::from(pass(tx, &before, |next| next.giver_id = to, (from, to)).await?);
    }
    Ok(passed)
}

/// An open loan is another unit's to use and to bring back. Locks the stock of its offer.
///
/// # Errors
/// `Stale`; the database's.
pub(crate) async fn borrowed(tx: &Tx, id: Uuid, from: Uuid, to: Uuid) -> Result<Passed, Fault> {
    let before = row::lock(tx, id).await?;
    if before.unit_id != from || !row::OPEN.contains(&before.state) {
        return Ok(Passed::default());
    }
    let ended = pass(tx, &before, |next| next.unit_id = to, (from, to)).await?;
    Ok(Passed { loans: 1, ended: i64::from(ended) })
}

/// Writes a loan with its new unit and gives its cases to that unit; answers whether it ended.
async fn pass(
    tx: &Tx,
    before: &loan::Model,
    change: impl FnOnce(&mut loan::Model),
    (from, to): (Uuid, Uuid),
) -> Result<bool, Fault> {
    let (mut next, posted) = match tx.today().pred_opt() {
        Some(yesterday) => row::accrue(tx, before, yesterday).await?,
        None => (before.clone(), Vec::new()),
    };
    change(&mut next);
    let more = json!({ "fromId": from, "toId": to, "savings": posted });
    let next = row::save(tx, before, next, "loan.passed_on", more).await?;
    for about in [ApprovalSubject::Loan, ApprovalSubject::LoanExtension] {
        approvals::pass_on::case(tx, about, next.id, from, to).await?;
    }
    let not_out = matches!(next.state, LoanState::Requested | LoanState::Approved);
    if next.unit_id != next.giver_id || !not_out {
        return Ok(false);
    }
    let after = row::carry_out(tx, &next, Command::Unite).await?;
    approvals::steps::close(tx, ApprovalSubject::Loan, after.id).await?;
    steps::settle(tx, after.listing_id).await?;
    Ok(true)
}
