//! What other slices may do to disposals inside their own transaction.

use entity::approvals::ApprovalSubject;
use entity::disposals::{DisposalReason, disposal};
use uuid::Uuid;

use super::row;
pub(crate) use super::row::told;
use super::rules::Command;
use crate::approvals::steps::{Decided, Progress};
use crate::catalogue;
use crate::catalogue::calendar::Calendar;
use crate::fault::Fault;
use crate::listings;
use crate::requests;
use crate::requests::steps::Change;
use crate::write::Tx;

/// The listing that a disposal is of; lock its stock first.
///
/// # Errors
/// `NotFound` where there is no such disposal.
pub(crate) async fn listing_of(tx: &Tx, id: Uuid) -> Result<Uuid, Fault> {
    row::listing_of(tx, id).await
}

/// A step of a disposal's case, or of one about its price, was decided. The listing's stock must be locked.
///
/// # Errors
/// `WrongState` where the disposal is not with the approvers; the database's.
pub(crate) async fn on_decided(tx: &Tx, decided: &Decided) -> Result<(), Fault> {
    let before = row::lock(tx, decided.subject_id).await?;
    let comment = decided.comment.clone();
    let price = decided.subject == ApprovalSubject::DisposalPrice;
    let command = match decided.progress {
        Progress::Next(_) => return Ok(()),
        Progress::Approved if price => Command::AllowPrice,
        Progress::Returned | Progress::Rejected if price => Command::KeepPrice { comment },
        Progress::Approved => {
            let days = catalogue::steps::setting(tx, "disposal_publicity_days").await?;
            let calendar = Calendar::load(tx.conn(), tx.today(), days).await?;
            Command::Publish { until: calendar.after(tx.today(), days) }
        }
        Progress::Returned => Command::SendBack { comment },
        Progress::Rejected => Command::Refuse { comment },
    };
    let after = row::carry_out(tx, &before, command).await?;
    if after.reason == Some(DisposalReason::Refused) {
        offer_again(tx, &after).await?;
    }
    Ok(())
}

/// The card of a listing is purged: what was to be disposed of of it is not. The listing's stock must be locked.
///
/// # Errors
/// The database's.
pub(crate) async fn on_purged(tx: &Tx, listing: Uuid) -> Result<(), Fault> {
    for before in row::open_of(tx, listing).await? {
        let after = row::carry_out(tx, &before, Command::Purge).await?;
        row::close_cases(tx, after.id).await?;
        offer_again(tx, &after).await?;
    }
    Ok(())
}

/// A disposal was given up: its pieces are offered again, to everybody where another unit wants them; those who wait move up.
/// Where the offer has ended meanwhile they are its holder's. The listing's stock must be locked.
pub(super) async fn offer_again(tx: &Tx, disposal: &disposal::Model) -> Result<(), Fault> {
    let wanted = disposal.reason == Some(DisposalReason::Wanted);
    if listings::steps::offer_again(tx, disposal.listing_id, disposal.quantity, wanted).await? {
        requests::steps::settle_queue(tx, disposal.listing_id, Change::Freed).await?;
    }
    Ok(())
}
