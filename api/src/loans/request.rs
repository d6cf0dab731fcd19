//! A unit asks for pieces of a listing on a range of days. They are taken from this moment on.

use chrono::NaiveDate;
use entity::Money;
use entity::approvals::ApprovalSubject;
use entity::listings::{ListingState, Purpose, listing};
use entity::loans::{LoanState, loan};
use entity::organisation::UnitState;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::row::{self, About, Done};
use super::rules::{self, Asked, Booking};
use super::steps;
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::jobs;
use crate::listings;
use crate::write::{self, Tx};

/// Series of the numbers of a 借用单.
const SERIES: &str = "JY";

/// A loan that is asked for.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Who borrows.
    pub unit_id: Uuid,
    /// What.
    pub listing_id: Uuid,
    /// Pieces.
    pub quantity: i64,
    /// First civil day.
    pub from: NaiveDate,
    /// Last civil day, inclusive.
    pub to: NaiveDate,
    /// Why.
    pub justification: String,
}

/// Asks for a loan.
///
/// # Errors
/// Everything that is wrong with it at once; [`Code::LoanTaken`] with the first day on which too few pieces are free.
pub async fn request(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("requestLoan", key, input), |tx: Tx| async move {
        let unknown = |field: &str| Fault::from(Rejection::new(Code::NotFound).at(field));
        let unit = tx.reference().unit(input.unit_id).map(|unit| unit.state);
        let unit = unit.ok_or_else(|| unknown("unitId"))?;
        actor.allow(Operation::RequestLoan, &Parties::receiver(input.unit_id))?;
        let author = actor.account_id().ok_or(Code::NotAllowed)?;
        let seen = listings::steps::load_visible(&tx, actor, input.listing_id).await?;
        seen.ok_or_else(|| unknown("listingId"))?;
        let stock = listings::steps::lock(&tx, input.listing_id).await?;
        // Again, for what was committed while the lock was waited for.
        let seen = listings::steps::load_visible(&tx, actor, input.listing_id).await?;
        let offer = seen.ok_or_else(|| unknown("listingId"))?.listing;
        if offer.purpose == Purpose::Transfer {
            return Err(Rejection::new(Code::NotOpen).at("listingId").into());
        }
        let others = row::open_of(&tx, offer.id).await?;
        let bookings: Vec<Booking> =
            others.iter().filter_map(|loan| rules::taken(loan, tx.today())).collect();
        Fault::all(rules::faults(&Asked {
            quantity: input.quantity,
            from: input.from,
            to: input.to,
            justification: &input.justification,
            today: tx.today(),
            unit_active: unit == UnitState::Active,
            open: is_open(&offer, input.unit_id),
            own: offer.unit_id == input.unit_id,
            frozen: listings::steps::frozen(&tx, offer.id).await?,
            pool: stock.available,
            bookings: &bookings,
            longest: row::setting(&tx, "loan_length_days").await?,
            ahead: row::setting(&tx, "loan_ahead_days").await?,
        }))?;
        let loan = begin(&tx, input, &offer, author).await?;
        Ok(Done { loan_id: loan.id })
    })
    .await
}

/// Whether the unit may borrow of it now.
fn is_open(offer: &listing::Model, unit: Uuid) -> bool {
    offer.state == ListingState::Listed
        && offer.paused_at.is_none()
        && offer.purpose == Purpose::Loan
        && offer.directed_to.is_none_or(|receiver| receiver == unit)
}

/// Writes the loan down and opens its case.
async fn begin(tx: &Tx, input: &Input, offer: &listing::Model, author: Uuid) -> Result<loan::Model, Fault> {
    let id = tx.id();
    let about = About { id, subject: ApprovalSubject::Loan, borrower: input.unit_id, pieces: input.quantity };
    let side = row::open_case(tx, offer, &about, author).await?;
    let until = steps::hold_until(tx, side).await?;
    let new = loan::Model {
        id,
        // Last, because everybody who asks waits for the series.
        number: jobs::steps::next_number(tx, SERIES).await?,
        listing_id: offer.id,
        unit_id: input.unit_id,
        giver_id: offer.unit_id,
        warehouse_id: offer.warehouse_id,
        custody: offer.custody,
        quantity: input.quantity,
        day_from: input.from,
        day_to: input.to,
        first_day_to: input.to,
        asked_to: None,
        justification: input.justification.trim().to_owned(),
        state: LoanState::Requested,
        reason: None,
        comment: None,
        lent: input.quantity,
        returned: 0,
        good: 0,
        damaged: 0,
        lost: 0,
        converting: 0,
        converted: 0,
        damage_cost: Money::ZERO,
        hold_expires_at: until,
        created_by: author,
        created_at: tx.now(),
        handed_over_by: None,
        handed_over_at: None,
        handed_over_note: None,
        received_by: None,
        received_at: None,
        received_note: None,
        received_on: None,
        changed_on: None,
        returned_on: None,
        accrued_to: None,
        overdue_told_on: None,
        updated_at: tx.now(),
        version: 1,
    };
    loan::Entity::insert(new.clone().into_active_model().reset_all())
        .exec_without_returning(tx.conn())
        .await?;
    row::record(tx, &new, "loan.requested", json!({ "justification": new.justification }));
    Ok(new)
}
