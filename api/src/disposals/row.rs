//! Rows of disposals: loaded with their lock, decided by the rules, written with what happened.

use entity::approvals::ApprovalSubject;
use entity::assets::asset;
use entity::disposals::{DisposalState, disposal};
use entity::events::Subject;
use entity::listings::listing;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::read;
use super::rules::{self, Command, Moment};
use crate::approvals;
use crate::approvals::steps::{NewCase, Question};
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault};
use crate::listings;
use crate::write::Tx;

/// States in which pieces are set aside.
pub(crate) const OPEN: [DisposalState; 4] =
    [DisposalState::Proposed, DisposalState::Appraised, DisposalState::Submitted, DisposalState::Publicity];

/// Which disposal it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Done {
    /// Its identity.
    pub disposal_id: Uuid,
}

/// When the transaction runs, and who does it.
pub(super) fn moment(tx: &Tx) -> Moment {
    Moment { now: tx.now(), today: tx.today(), by: tx.actor().account_id() }
}

/// A disposal that the caller may see and do this to, locked with its listing's stock.
///
/// # Errors
/// [`Code::NotFound`], [`Code::NotAllowed`].
pub(super) async fn locked(tx: &Tx, id: Uuid, operation: Operation) -> Result<disposal::Model, Fault> {
    let seen = read::find(tx.conn(), tx.actor(), id).await?.ok_or(Code::NotFound)?;
    tx.actor().allow(operation, &Parties::giver(seen.unit_id))?;
    lock(tx, id).await
}

/// Locks the stock of the disposal's listing, then the disposal, and gives it as it is now.
///
/// # Errors
/// [`Code::NotFound`] where there is no such disposal.
pub(super) async fn lock(tx: &Tx, id: Uuid) -> Result<disposal::Model, Fault> {
    listings::steps::lock(tx, listing_of(tx, id).await?).await?;
    let found = disposal::Entity::find_by_id(id).lock_exclusive().one(tx.conn()).await?;
    found.ok_or_else(|| Code::NotFound.into())
}

/// The listing that a disposal is of: it never changes.
///
/// # Errors
/// [`Code::NotFound`] where there is no such disposal.
pub(super) async fn listing_of(tx: &Tx, id: Uuid) -> Result<Uuid, Fault> {
    let listing: Option<Uuid> = disposal::Entity::find_by_id(id)
        .select_only()
        .column(disposal::Column::ListingId)
        .into_tuple()
        .one(tx.conn())
        .await?;
    listing.ok_or_else(|| Code::NotFound.into())
}

/// The listing of a disposal.
pub(super) async fn listing(tx: &Tx, disposal: &disposal::Model) -> Result<listing::Model, Fault> {
    let found = listings::steps::load(tx, disposal.listing_id).await?;
    Ok(found.ok_or_else(|| anyhow::anyhow!("disposal {} has no listing", disposal.id))?)
}

/// All disposals that have pieces of a listing set aside; its stock must be locked.
pub(super) async fn open_of(tx: &Tx, listing: Uuid) -> Result<Vec<disposal::Model>, Fault> {
    Ok(disposal::Entity::find()
        .filter(disposal::Column::ListingId.eq(listing))
        .filter(disposal::Column::State.is_in(OPEN))
        .order_by_asc(disposal::Column::Id)
        .all(tx.conn())
        .await?)
}

/// Decides by the rules, then writes the row and notes what happened.
pub(super) async fn carry_out(
    tx: &Tx,
    before: &disposal::Model,
    command: Command,
) -> Result<disposal::Model, Fault> {
    let (next, event) = rules::apply(before, command, &moment(tx)).map_err(Fault::Rejected)?;
    save(tx, before, next, event).await
}

/// Writes a disposal that was read in its present version, and notes what happened.
pub(super) async fn save(
    tx: &Tx,
    before: &disposal::Model,
    mut next: disposal::Model,
    event: &'static str,
) -> Result<disposal::Model, Fault> {
    next.version = before.version + 1;
    next.updated_at = tx.now();
    let outcome = disposal::Entity::update_many()
        .set(next.clone().into_active_model().reset_all())
        .filter(disposal::Column::Id.eq(before.id))
        .filter(disposal::Column::Version.eq(before.version))
        .exec(tx.conn())
        .await?;
    if outcome.rows_affected != 1 {
        return Err(Code::Stale.into());
    }
    record(tx, &next, event);
    Ok(next)
}

/// Notes what happened to a disposal.
pub(super) fn record(tx: &Tx, disposal: &disposal::Model, event: &'static str) {
    tx.record(Subject::Disposal, disposal.id, disposal.version, event, &told(disposal));
}

/// Opens a case about a disposal, or about its price.
pub(super) async fn open_case(
    tx: &Tx,
    disposal: &disposal::Model,
    subject: ApprovalSubject,
    applicant: Uuid,
) -> Result<(), Fault> {
    let offer = listing(tx, disposal).await?;
    let card = asset::Entity::find_by_id(offer.asset_id).one(tx.conn()).await?;
    let card = card.ok_or_else(|| anyhow::anyhow!("listing {} has no card", offer.id))?;
    let case = NewCase {
        question: Question {
            subject,
            goods: listings::goods::goods(&offer, &card, disposal.quantity),
            together: None,
            giver: Some(disposal.unit_id),
            receiver: None,
        },
        subject_id: disposal.id,
        applicant,
        drafter: disposal.created_by,
        corrector: None,
    };
    approvals::steps::open(tx, case).await?;
    Ok(())
}

/// Ends what approvers have open about it.
pub(super) async fn close_cases(tx: &Tx, disposal: Uuid) -> Result<(), Fault> {
    for subject in [ApprovalSubject::Disposal, ApprovalSubject::DisposalPrice] {
        approvals::steps::close(tx, subject, disposal).await?;
    }
    Ok(())
}

/// A disposal as the trail keeps it.
pub(crate) fn told(disposal: &disposal::Model) -> Value {
    json!({
        "number": disposal.number, "listingId": disposal.listing_id, "assetId": disposal.asset_id,
        "unitId": disposal.unit_id, "kind": disposal.kind, "state": disposal.state, "quantity": disposal.quantity,
        "justification": disposal.justification, "beyondRepair": disposal.beyond_repair,
        "beyondRepairBy": disposal.beyond_repair_by, "appraiser": disposal.appraiser,
        "appraisedValue": disposal.appraised_value, "appraisedOn": disposal.appraised_on,
        "appraisalUntil": disposal.appraisal_until, "appraisalReport": disposal.appraisal_report,
        "publicityFrom": disposal.publicity_from, "publicityUntil": disposal.publicity_until,
        "askedPrice": disposal.asked_price, "leastPrice": disposal.least_price, "reason": disposal.reason,
        "comment": disposal.comment, "objectorId": disposal.objector_id, "receiver": disposal.receiver,
        "evidence": disposal.evidence, "proceeds": disposal.proceeds,
    })
}
