//! Loading, locking and writing a loan: the hands of the slice's use cases and steps.
//!
//! Order of locks everywhere: the listing's stock row, then the loan. Whoever changes what is booked of a listing holds its
//! stock row, so that bookings never change under the eyes of one who holds it.

use chrono::NaiveDate;
use entity::approvals::{ApprovalSubject, Side};
use entity::assets::asset;
use entity::events::Subject;
use entity::listings::{Custody, listing};
use entity::loans::{LoanState, loan};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::read;
use super::rules::{self, Command, Moment};
use crate::approvals::steps::{self as approvals, NewCase, Question};
use crate::authz::{Operation, Parties};
use crate::catalogue;
use crate::fault::{Code, Fault};
use crate::listings;
use crate::savings;
use crate::savings::steps::Posted;
use crate::write::Tx;

/// States in which pieces are booked.
pub(crate) const OPEN: [LoanState; 5] = [
    LoanState::Requested,
    LoanState::Approved,
    LoanState::HandedOver,
    LoanState::OnLoan,
    LoanState::Returned,
];

/// Which loan it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Done {
    /// Its identity.
    pub loan_id: Uuid,
}

/// When the transaction runs, and who does it.
pub(crate) fn moment(tx: &Tx) -> Moment {
    Moment { now: tx.now(), today: tx.today(), by: tx.actor().account_id() }
}

/// A loan that the caller may see and do this to, locked with its listing's stock.
///
/// # Errors
/// [`Code::NotFound`], [`Code::NotAllowed`].
pub(crate) async fn locked(
    tx: &Tx,
    id: Uuid,
    operation: Operation,
    parties: impl Fn(&loan::Model) -> Parties,
) -> Result<loan::Model, Fault> {
    let seen = read::find(tx.conn(), tx.actor(), id).await?.ok_or(Code::NotFound)?;
    tx.actor().allow(operation, &parties(&seen))?;
    lock(tx, id).await
}

/// The unit that borrows.
pub(crate) fn borrower(loan: &loan::Model) -> Parties {
    Parties::receiver(loan.unit_id)
}

/// Who has the thing when it is not lent: a shelf is emptied and filled by who keeps it, a virtual offer by who holds it.
pub(crate) fn keeper(loan: &loan::Model) -> Parties {
    match loan.custody {
        Custody::Virtual => Parties::giver(loan.giver_id),
        Custody::Physical => Parties { warehouse: loan.warehouse_id, ..Parties::default() },
    }
}

/// Locks the stock of the loan's listing, then the loan, and gives it as it is now.
///
/// # Errors
/// [`Code::NotFound`] where there is no such loan.
pub(crate) async fn lock(tx: &Tx, id: Uuid) -> Result<loan::Model, Fault> {
    listings::steps::lock(tx, listing_of(tx, id).await?).await?;
    let found = loan::Entity::find_by_id(id).lock_exclusive().one(tx.conn()).await?;
    found.ok_or_else(|| Code::NotFound.into())
}

/// The listing that a loan is of: it never changes.
///
/// # Errors
/// [`Code::NotFound`] where there is no such loan.
pub(crate) async fn listing_of(tx: &Tx, id: Uuid) -> Result<Uuid, Fault> {
    let listing: Option<Uuid> = loan::Entity::find_by_id(id)
        .select_only()
        .column(loan::Column::ListingId)
        .into_tuple()
        .one(tx.conn())
        .await?;
    listing.ok_or_else(|| Code::NotFound.into())
}

/// The listing of a loan.
pub(crate) async fn listing(tx: &Tx, loan: &loan::Model) -> Result<listing::Model, Fault> {
    let found = listings::steps::load(tx, loan.listing_id).await?;
    Ok(found.ok_or_else(|| anyhow::anyhow!("loan {} has no listing", loan.id))?)
}

/// All loans that have pieces of a listing booked; its stock must be locked.
pub(crate) async fn open_of(tx: &Tx, listing: Uuid) -> Result<Vec<loan::Model>, Fault> {
    Ok(loan::Entity::find()
        .filter(loan::Column::ListingId.eq(listing))
        .filter(loan::Column::State.is_in(OPEN))
        .order_by_asc(loan::Column::Id)
        .all(tx.conn())
        .await?)
}

/// Decides by the rules, then writes the row and notes what happened.
pub(crate) async fn carry_out(tx: &Tx, before: &loan::Model, command: Command) -> Result<loan::Model, Fault> {
    let (next, kind) = rules::apply(before, command, &moment(tx))?;
    save(tx, before, next, kind, json!({})).await
}

/// Writes a loan that was read in its present version, and notes what happened.
pub(crate) async fn save(
    tx: &Tx,
    before: &loan::Model,
    mut next: loan::Model,
    kind: &'static str,
    more: serde_json::Value,
) -> Result<loan::Model, Fault> {
    next.version = before.version + 1;
    next.updated_at = tx.now();
    let outcome = loan::Entity::update_many()
        .set(next.clone().into_active_model().reset_all())
        .filter(loan::Column::Id.eq(before.id))
        .filter(loan::Column::Version.eq(before.version))
        .exec(tx.conn())
        .await?;
    if outcome.rows_affected != 1 {
        return Err(Code::Stale.into());
    }
    record(tx, &next, kind, more);
    Ok(next)
}

/// Notes what happened to a loan.
pub(crate) fn record(tx: &Tx, loan: &loan::Model, kind: &'static str, more: serde_json::Value) {
    let payload = json!({
        "number": loan.number, "listingId": loan.listing_id, "unitId": loan.unit_id, "giverId": loan.giver_id,
        "state": loan.state, "reason": loan.reason, "comment": loan.comment, "quantity": loan.quantity,
        "from": loan.day_from, "to": loan.day_to, "askedTo": loan.asked_to, "lent": loan.lent,
        "returned": loan.returned, "good": loan.good, "damaged": loan.damaged, "lost": loan.lost,
        "converting": loan.converting, "converted": loan.converted, "accruedTo": loan.accrued_to, "more": more,
    });
    tx.record(Subject::Loan, loan.id, loan.version, kind, &payload);
}

/// Enters the use up to a day, as far as it is not in the ledger; answers the loan and what was posted. The caller writes
/// the loan.
pub(crate) async fn accrue(
    tx: &Tx,
    loan: &loan::Model,
    up_to: NaiveDate,
) -> Result<(loan::Model, Vec<Posted>), Fault> {
    let Some((pieces, from, to)) = rules::to_accrue(loan, up_to) else {
        return Ok((loan.clone(), Vec::new()));
    };
    let listing = listing(tx, loan).await?;
    let used = savings::loans::Used {
        loan_id: loan.id,
        asset_id: listing.asset_id,
        giver_id: loan.giver_id,
        receiver_id: loan.unit_id,
        custody: loan.custody,
        pieces,
        from,
        to,
    };
    let posted = savings::loans::recognise(tx, &used).await?;
    Ok((loan::Model { accrued_to: Some(to), ..loan.clone() }, posted))
}

/// A number of the rule book.
pub(crate) async fn setting(tx: &Tx, name: &'static str) -> Result<i64, Fault> {
    catalogue::steps::setting(tx, name).await
}

/// What is approved about a loan.
pub(crate) struct About {
    /// The loan.
    pub(crate) id: Uuid,
    /// The loan itself, or more days.
    pub(crate) subject: ApprovalSubject,
    /// Who borrows.
    pub(crate) borrower: Uuid,
    /// Pieces.
    pub(crate) pieces: i64,
}

/// Opens a case; gives the side whose turn it is.
pub(crate) async fn open_case(
    tx: &Tx,
    offer: &listing::Model,
    about: &About,
    author: Uuid,
) -> Result<Side, Fault> {
    let card = asset::Entity::find_by_id(offer.asset_id).one(tx.conn()).await?;
    let card = card.ok_or_else(|| anyhow::anyhow!("listing {} has no card", offer.id))?;
    let case = NewCase {
        question: Question {
            subject: about.subject,
            goods: listings::goods::goods(offer, &card, about.pieces),
            together: None,
            giver: Some(offer.unit_id),
            receiver: Some(about.borrower),
        },
        subject_id: about.id,
        applicant: author,
        drafter: author,
        corrector: None,
    };
    Ok(approvals::open(tx, case).await?.side)
}
