//! Disposals of a unit that is succeeded: what is open is its successor's to complete or to call off.

use entity::approvals::ApprovalSubject;
use entity::disposals::disposal;
use uuid::Uuid;

use super::row;
use crate::approvals;
use crate::fault::Fault;
use crate::write::Tx;

/// The open disposals of an offer are its new holder's. Its stock must be locked.
///
/// # Errors
/// `Stale`; the database's.
pub(crate) async fn of(tx: &Tx, listing: Uuid, from: Uuid, to: Uuid) -> Result<(), Fault> {
    for before in row::open_of(tx, listing).await? {
        let next = disposal::Model { unit_id: to, ..before.clone() };
        row::save(tx, &before, next, "disposal.passed_on").await?;
        for about in [ApprovalSubject::Disposal, ApprovalSubject::DisposalPrice] {
            approvals::pass_on::case(tx, about, before.id, from, to).await?;
        }
    }
    Ok(())
}
