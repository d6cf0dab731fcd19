//! Writes a request down, and changes it while it is a draft.

use chrono::NaiveDate;
use entity::events::Subject;
use entity::listings::listing;
use entity::organisation::UnitState;
use entity::requests::{LineState, NeedClass, request, request_line};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{read, rules};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::listings;
use crate::write::{Command, Tx};

/// A line as it is typed in.
#[derive(Clone, Debug, Serialize)]
pub struct LineInput {
    /// What is asked for.
    pub listing_id: Uuid,
    /// Pieces. Anything is kept in a draft; submission judges it.
    pub quantity: i64,
}

/// A new request.
#[derive(Clone, Debug, Serialize)]
pub struct Draft {
    /// Who asks.
    pub unit_id: Uuid,
    /// Why.
    pub justification: String,
    /// When it is needed at the latest, a civil day.
    pub needed_by: Option<NaiveDate>,
    /// How badly; ORDINARY where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need: Option<NeedClass>,
    /// Lines, in the order shown.
    pub lines: Vec<LineInput>,
}

/// A change of a draft; what is none stays.
#[derive(Clone, Debug, Serialize)]
pub struct Update {
    /// Which.
    pub request_id: Uuid,
    /// The version that was looked at.
    pub version: i64,
    /// Why.
    pub justification: Option<String>,
    /// When it is needed at the latest; the inner none clears it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed_by: Option<Option<NaiveDate>>,
    /// How badly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need: Option<NeedClass>,
    /// All lines anew.
    pub lines: Option<Vec<LineInput>>,
}

/// Which request it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Done {
    /// Its identity.
    pub request_id: Uuid,
}

/// Writes a request down.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::NotFound`] for units and listings that the actor cannot see, [`Code::TooLong`].
pub async fn draft(app: &App, actor: &Actor, key: Option<&str>, input: &Draft) -> Result<Done, Fault> {
    app.write(actor, Command::new("draftRequest", key, input), |tx: Tx| async move {
        write_down(&tx, Operation::DraftRequest, input).await
    })
    .await
}

/// As [`draft`], inside a transaction.
pub(super) async fn write_down(tx: &Tx, operation: Operation, input: &Draft) -> Result<Done, Fault> {
    let unit = tx.reference().unit(input.unit_id).map(|unit| unit.state);
    let unit = unit.ok_or_else(|| Rejection::new(Code::NotFound).at("unitId"))?;
    tx.actor().allow(operation, &Parties::receiver(input.unit_id))?;
    if unit != UnitState::Active {
        return Err(Rejection::new(Code::UnitNotActive).at("unitId").into());
    }
    let created_by = tx.actor().account_id().ok_or(Code::NotAllowed)?;
    let offers = check(tx, tx.actor(), &input.justification, &input.lines).await?;
    let request = request::Model {
        id: tx.id(),
        number: None,
        unit_id: input.unit_id,
        justification: input.justification.trim().to_owned(),
        needed_by: input.needed_by,
        need: input.need.unwrap_or(NeedClass::Ordinary),
        created_by,
        created_at: tx.now(),
        submitted_by: None,
        submitted_at: None,
        over_cap_reason: None,
        version: 1,
    };
    request.clone().into_active_model().reset_all().insert(tx.conn()).await?;
    insert_lines(tx, &request, &input.lines, &offers).await?;
    note(tx, &request, &input.lines, "request.drafted");
    Ok(Done { request_id: request.id })
}

/// Changes a draft.
///
/// # Errors
/// As [`draft`]; [`Code::Stale`] where somebody else changed it, [`Code::WrongState`] where it was submitted.
pub async fn update(app: &App, actor: &Actor, key: Option<&str>, input: &Update) -> Result<Done, Fault> {
    app.write(actor, Command::new("updateRequest", key, input), |tx: Tx| async move {
        let before = read::locked(&tx, input.request_id).await?;
        actor.allow(Operation::UpdateRequest, &Parties::receiver(before.unit_id))?;
        if before.submitted_at.is_some() {
            return Err(Rejection::new(Code::WrongState).with("state", LineState::Submitted).into());
        }
        if before.version != input.version {
            return Err(Code::Stale.into());
        }
        let next = request::Model {
            justification: input
                .justification
                .as_ref()
                .map_or_else(|| before.justification.clone(), |text| text.trim().to_owned()),
            needed_by: input.needed_by.unwrap_or(before.needed_by),
            need: input.need.unwrap_or(before.need),
            version: before.version + 1,
            ..before
        };
        let lines = input.lines.as_deref().unwrap_or_default();
        let offers = check(&tx, actor, &next.justification, lines).await?;
        next.clone().into_active_model().reset_all().update(tx.conn()).await?;
        if input.lines.is_some() {
            // Nothing has happened to the lines of a draft yet, so they leave no trace.
            request_line::Entity::delete_many()
                .filter(request_line::Column::RequestId.eq(next.id))
                .exec(tx.conn())
                .await?;
            insert_lines(&tx, &next, lines, &offers).await?;
        }
        note(&tx, &next, lines, "request.updated");
        Ok(Done { request_id: next.id })
    })
    .await
}

/// What even a draft must keep to: it is stored and shown. Gives what is asked for, line by line.
async fn check(
    tx: &Tx,
    actor: &Actor,
    justification: &str,
    lines: &[LineInput],
) -> Result<Vec<listing::Model>, Fault> {
    let mut faults = Vec::new();
    checks::text(&mut faults, "justification", justification, rules::LONGEST_TEXT);
    if lines.len() > rules::MOST_LINES {
        let fault = Rejection::new(Code::OutOfRange).at("lines");
        return Err(fault.with("least", 1).with("most", rules::MOST_LINES).into());
    }
    let mut offers = Vec::with_capacity(lines.len());
    for (position, line) in lines.iter().enumerate() {
        match listings::steps::load_visible(tx, actor, line.listing_id).await? {
            Some(visible) => offers.push(visible.listing),
            None => faults.push(Rejection::new(Code::NotFound).at(format!("lines.{position}.listingId"))),
        }
    }
    Fault::all(faults)?;
    Ok(offers)
}

async fn insert_lines(
    tx: &Tx,
    request: &request::Model,
    lines: &[LineInput],
    offers: &[listing::Model],
) -> Result<(), Fault> {
    if lines.is_empty() {
        return Ok(());
    }
    let rows =
        lines.iter().zip(offers).zip(0i64..).map(|((line, offer), position)| request_line::ActiveModel {
            id: Set(tx.id()),
            request_id: Set(request.id),
            listing_id: Set(line.listing_id),
            unit_id: Set(request.unit_id),
            giver_id: Set(offer.unit_id),
            warehouse_id: Set(offer.warehouse_id),
            loan_id: Set(None),
            plan_line_id: Set(None),
            position: Set(position),
            quantity_asked: Set(line.quantity),
            quantity: Set(line.quantity),
            state: Set(LineState::Draft),
            reason: Set(None),
            comment: Set(None),
            held_at: Set(None),
            hold_expires_at: Set(None),
            hold_counted_to: Set(None),
            queue_place: Set(None),
            correction_id: Set(None),
            confirm_until: Set(None),
            confirm_counted_to: Set(None),
            released: Set(0),
            received: Set(0),
            refused: Set(0),
            lost: Set(0),
            updated_at: Set(tx.now()),
            version: Set(1),
        });
    request_line::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(())
}

fn note(tx: &Tx, request: &request::Model, lines: &[LineInput], kind: &'static str) {
    let payload = json!({
        "unitId": request.unit_id, "justification": request.justification, "neededBy": request.needed_by,
        "need": request.need,
        "lines": lines,
    });
    tx.record(Subject::Request, request.id, request.version, kind, &payload);
}
