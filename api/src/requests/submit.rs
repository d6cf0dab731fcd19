//! Submits a request: checks it as a whole, gives it its number; each line takes a hold or a place in the queue.

use std::collections::HashSet;

use entity::events::Subject;
use entity::listings::{ListingState, Purpose, listing};
use entity::organisation::UnitState;
use entity::requests::{LineReason, LineState, request, request_line};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::batch::Batch;
use super::draft::Done;
use super::rules::{self, Asked, Command};
use super::{line, read};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::jobs;
use crate::listings;
use crate::listings::steps::{Asker, Hold};
use crate::organisation;
use crate::quotas;
use crate::quotas::steps::Wanted;
use crate::write::{self, Tx};

/// Series of the numbers of a 调剂申请.
pub(super) const SERIES: &str = "DJ";

/// Which request, as it was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Which.
    pub request_id: Uuid,
    /// The version that was looked at; none submits it as it is.
    pub version: Option<i64>,
    /// Why more is asked for than the unit's cap lets, or what its cap is reckoned from was not entered.
    pub over_cap_reason: Option<String>,
}

/// Submits a request.
///
/// # Errors
/// Every fault of the request at once, with field paths such as `lines.0.quantity`; [`Code::WrongState`] where it was
/// submitted already.
pub async fn submit(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("submitRequest", key, input), |tx: Tx| async move {
        hand_in(&tx, Operation::SubmitRequest, input, Short::Waits).await?;
        Ok(Done { request_id: input.request_id })
    })
    .await
}

/// What becomes of a line whose pieces are not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Short {
    /// It takes its place in the queue.
    Waits,
    /// The request is refused as a whole.
    Refuses,
}

/// As [`submit`], inside a transaction.
pub(super) async fn hand_in(tx: &Tx, operation: Operation, input: &Input, short: Short) -> Result<(), Fault> {
    let seen = lines_of(tx, input.request_id).await?;
    let mut listings: Vec<Uuid> = seen.iter().map(|line| line.listing_id).collect();
    listings.sort_unstable();
    listings.dedup();
    let mut obtainable = std::collections::HashMap::new();
    for listing in listings {
        let stock = listings::steps::lock(tx, listing).await?;
        obtainable.insert(listing, stock.can_still_come());
    }
    let request = read::locked(tx, input.request_id).await?;
    tx.actor().allow(operation, &Parties::receiver(request.unit_id))?;
    if request.submitted_at.is_some() {
        return Err(Rejection::new(Code::WrongState).with("state", "SUBMITTED").into());
    }
    let lines = lines_of(tx, request.id).await?;
    // The lines may have been exchanged before the request was locked: then other stocks should be.
    if input.version.is_some_and(|version| version != request.version) || lines != seen {
        return Err(Code::Stale.into());
    }
    organisation::steps::touch_guard(tx, request.unit_id).await?;
    let mut offers = Vec::with_capacity(lines.len());
    let mut cards = Vec::with_capacity(lines.len());
    let mut asked = Vec::with_capacity(lines.len());
    let mut known = HashSet::new();
    let claimed = claimed(tx, request.unit_id, &lines).await?;
    for line in &lines {
        let visible = listings::steps::load_visible(tx, tx.actor(), line.listing_id).await?;
        let (offer, card) = visible.map(|visible| (visible.listing, visible.asset)).unzip();
        asked.push(Asked {
            quantity: line.quantity,
            obtainable: obtainable.get(&line.listing_id).copied().unwrap_or_default(),
            open: offer.as_ref().is_some_and(|offer| is_open(offer, request.unit_id, line.loan_id)),
            for_loan: line.loan_id.is_none()
                && offer.as_ref().is_some_and(|offer| offer.purpose == Purpose::Loan),
            own: offer.as_ref().is_some_and(|offer| offer.unit_id == request.unit_id),
            repeated: !known.insert(line.listing_id),
            claimed: claimed.contains(&line.listing_id),
        });
        offers.push(offer);
        cards.push(card);
    }
    let unit = tx.reference().unit(request.unit_id).map(|unit| unit.state);
    let mut faults = rules::faults(
        unit == Some(UnitState::Active),
        &request.justification,
        request.needed_by,
        tx.today(),
        &asked,
    );
    let over_cap = input.over_cap_reason.as_deref();
    let reason = checks::optional_text(&mut faults, "overCapReason", over_cap, rules::LONGEST_TEXT);
    let wanted: Vec<Option<Wanted<'_>>> = lines
        .iter()
        .zip(&cards)
        .map(|(line, card)| card.as_ref().map(|card| Wanted { card, pieces: line.quantity.max(0) }))
        .collect();
    faults.extend(quotas::steps::faults(tx, request.unit_id, &wanted, reason.as_deref()).await?);
    Fault::all(faults)?;

    // Known to the cases that the lines open.
    let request = request::Model { submitted_by: tx.actor().account_id(), ..request };
    let batch = Batch::of(tx.conn(), request.id).await?;
    let hold_time = line::hold_time(tx).await?;
    let mut pairs: Vec<_> = lines.into_iter().zip(offers).collect();
    pairs.sort_by_key(|(line, _)| line.listing_id);
    for (line, offer) in pairs {
        let offer = offer.ok_or_else(|| anyhow::anyhow!("line {} has no listing", line.id))?;
        // A draft may be older than the terms of the offer.
        let line = request_line::Model { giver_id: offer.unit_id, warehouse_id: offer.warehouse_id, ..line };
        let ask = line::Ask { request: &request, listing: &offer, batch: &batch, hold_time };
        place(tx, &ask, &line, short).await?;
    }
    // Last, because everybody who submits waits for the series.
    let submitted = request::Model {
        number: Some(jobs::steps::next_number(tx, SERIES).await?),
        submitted_at: Some(tx.now()),
        over_cap_reason: reason,
        version: request.version + 1,
        ..request
    };
    submitted.clone().into_active_model().reset_all().update(tx.conn()).await?;
    let payload = json!({
        "number": submitted.number, "unitId": submitted.unit_id, "overCapReason": submitted.over_cap_reason,
    });
    tx.record(Subject::Request, submitted.id, submitted.version, "request.submitted", &payload);
    Ok(())
}

/// Gives a line its pieces, or its place in the queue.
async fn place(tx: &Tx, ask: &line::Ask<'_>, line: &request_line::Model, short: Short) -> Result<(), Fault> {
    let hold = listings::steps::hold(tx, line.listing_id, line.quantity, Asker::New).await?;
    if line.loan_id.is_some() {
        return keep(tx, ask, line, hold, ["quantity".into(), "loanId".into()]).await;
    }
    if short == Short::Refuses {
        let at = |field| format!("lines.{}.{field}", line.position);
        return keep(tx, ask, line, hold, [at("quantity"), at("listingId")]).await;
    }
    let reason = match hold {
        Hold::Held(_) => {
            line::start_approvals(tx, ask, line, line.quantity, |until| Command::Hold { until }).await?;
            return Ok(());
        }
        Hold::Short(_) => LineReason::HeldByOthers,
        Hold::Window(_) => LineReason::ClaimWindow,
        Hold::Frozen(_) => LineReason::Frozen,
        Hold::Closed(_) | Hold::Paused(_) => {
            let field = format!("lines.{}.listingId", line.position);
            return Err(Rejection::new(Code::NotOpen).at(field).into());
        }
    };
    // The stock row is locked since before the hold was tried: no piece can have come free between the two.
    let place = listings::steps::ticket(tx, line.listing_id).await?.place;
    line::carry_out(tx, line, Command::Queue { place, reason }).await?;
    Ok(())
}

/// A line gets its pieces or is refused: whoever has a thing on loan does not wait for it, and a whole is not asked for in parts.
/// `fields` are those for the pieces and for what they are of.
async fn keep(
    tx: &Tx,
    ask: &line::Ask<'_>,
    line: &request_line::Model,
    hold: Hold,
    [pieces, what]: [String; 2],
) -> Result<(), Fault> {
    let refused = match hold {
        Hold::Held(_) => {
            line::start_approvals(tx, ask, line, line.quantity, |until| Command::Hold { until }).await?;
            return Ok(());
        }
        Hold::Short(stock) => Rejection::new(Code::NotEnough)
            .at(pieces)
            .with("asked", line.quantity)
            .with("available", stock.available),
        Hold::Frozen(_) => Rejection::new(Code::Frozen).at(what),
        Hold::Closed(_) | Hold::Window(_) | Hold::Paused(_) => Rejection::new(Code::NotOpen).at(what),
    };
    Err(refused.into())
}

/// Whether the unit may ask for it now: what is offered for transfer, or what it has on loan.
fn is_open(offer: &listing::Model, unit: Uuid, loan: Option<Uuid>) -> bool {
    let purpose = if loan.is_some() { Purpose::Loan } else { Purpose::Transfer };
    offer.state == ListingState::Listed
        // Whoever has a thing on loan knows that it is there.
        && (offer.paused_at.is_none() || loan.is_some())
        && offer.purpose == purpose
        && offer.directed_to.is_none_or(|receiver| receiver == unit)
}

/// Those of the listings that the unit has claimed in a window that is not over. Their stocks must be locked.
async fn claimed(tx: &Tx, unit: Uuid, lines: &[request_line::Model]) -> Result<HashSet<Uuid>, Fault> {
    let claimed: Vec<Uuid> = request_line::Entity::find()
        .select_only()
        .column(request_line::Column::ListingId)
        .filter(request_line::Column::UnitId.eq(unit))
        .filter(request_line::Column::State.eq(LineState::Queued))
        .filter(request_line::Column::Reason.eq(LineReason::ClaimWindow))
        .filter(request_line::Column::ListingId.is_in(lines.iter().map(|line| line.listing_id)))
        .into_tuple()
        .all(tx.conn())
        .await?;
    Ok(claimed.into_iter().collect())
}

async fn lines_of(tx: &Tx, request: Uuid) -> Result<Vec<request_line::Model>, Fault> {
    let lines = request_line::Entity::find()
        .filter(request_line::Column::RequestId.eq(request))
        .order_by_asc(request_line::Column::Position)
        .all(tx.conn())
        .await?;
    Ok(lines)
}
