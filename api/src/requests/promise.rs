//! A plan of the office promises pieces to many units at once: requests whose lines are approved by the plan's case and have
//! their pieces from the beginning. From here on they go the way of every other line.

use std::collections::BTreeMap;

use entity::events::Subject;
use entity::requests::{LineState, NeedClass, request, request_line};
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use serde_json::json;
use uuid::Uuid;

use super::line;
use super::rules::{self, Command};
use super::submit::SERIES;
use crate::bulk;
use crate::fault::{Code, Fault};
use crate::jobs;
use crate::write::Tx;

/// A line of which the pieces are reserved already.
#[derive(Clone, Debug)]
pub(crate) struct Promised {
    /// Who receives.
    pub(crate) unit: Uuid,
    /// The listing.
    pub(crate) listing: Uuid,
    /// Who gives.
    pub(crate) giver: Uuid,
    /// Where it lies.
    pub(crate) warehouse: Option<Uuid>,
    /// Pieces.
    pub(crate) quantity: i64,
    /// Why it is more than the unit's cap.
    pub(crate) over_cap_reason: Option<String>,
    /// The line of the plan.
    pub(crate) plan_line: Uuid,
}

/// Writes one request a unit, or more where it has more than [`rules::MOST_LINES`] lines. `drafter` is who wrote the plan.
///
/// # Errors
/// The database's.
pub(crate) async fn promise(
    tx: &Tx,
    drafter: Uuid,
    justification: &str,
    lines: Vec<Promised>,
) -> Result<(), Fault> {
    let submitter = tx.actor().account_id().ok_or(Code::NotAllowed)?;
    let mut by_unit: BTreeMap<Uuid, Vec<Promised>> = BTreeMap::new();
    for line in lines {
        by_unit.entry(line.unit).or_default().push(line);
    }
    let parts: Vec<(Uuid, &[Promised])> = by_unit
        .iter()
        .flat_map(|(unit, lines)| lines.chunks(rules::MOST_LINES).map(|part| (*unit, part)))
        .collect();
    let (mut requests, mut written) = (Vec::new(), Vec::new());
    for (unit, part) in &parts {
        let reasons: Vec<&str> = part.iter().filter_map(|line| line.over_cap_reason.as_deref()).collect();
        let request = request::Model {
            id: tx.id(),
            number: None,
            unit_id: *unit,
            justification: justification.to_owned(),
            needed_by: None,
            need: NeedClass::Ordinary,
            created_by: drafter,
            created_at: tx.now(),
            submitted_by: Some(submitter),
            submitted_at: Some(tx.now()),
            over_cap_reason: reasons.first().map(|reason| (*reason).to_owned()),
            version: 1,
        };
        for (position, promised) in (0..).zip(*part) {
            let draft = draft(tx, &request, position, promised);
            let (next, event) = rules::apply(&draft, Command::Promise, tx.now())?;
            line::record(tx, draft.state, &next, event.kind);
            written.push(next.into_active_model().reset_all());
        }
        requests.push(request);
    }
    // Last, because everybody who submits waits for the series.
    let numbers =
        jobs::steps::next_numbers(tx, SERIES, i64::try_from(requests.len()).unwrap_or_default()).await?;
    for (request, number) in requests.iter_mut().zip(numbers) {
        let payload = json!({
            "number": number, "unitId": request.unit_id, "overCapReason": request.over_cap_reason,
        });
        tx.record(Subject::Request, request.id, request.version, "request.submitted", &payload);
        request.number = Some(number);
    }
    bulk::insert(tx.conn(), requests.into_iter().map(|row| row.into_active_model().reset_all())).await?;
    bulk::insert(tx.conn(), written).await?;
    Ok(())
}

fn draft(tx: &Tx, request: &request::Model, position: i64, promised: &Promised) -> request_line::Model {
    request_line::Model {
        id: tx.id(),
        request_id: request.id,
        listing_id: promised.listing,
        unit_id: request.unit_id,
        giver_id: promised.giver,
        warehouse_id: promised.warehouse,
        loan_id: None,
        plan_line_id: Some(promised.plan_line),
        position,
        quantity_asked: promised.quantity,
        quantity: promised.quantity,
        state: LineState::Draft,
        reason: None,
        comment: None,
        held_at: None,
        hold_expires_at: None,
        hold_counted_to: None,
        queue_place: None,
        correction_id: None,
        confirm_until: None,
        confirm_counted_to: None,
        released: 0,
        received: 0,
        refused: 0,
        lost: 0,
        updated_at: tx.now(),
        version: 1,
    }
}
