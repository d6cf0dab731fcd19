//! A borrower asks to keep what it has on loan. That is a request like any other, with one line that names the loan: it takes
//! its hold, is approved, handed over and received in the usual way, and saves what a transfer saves. What the days of the
//! loan have saved stays.

use entity::requests::{LineState, NeedClass, request, request_line};
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::rules;
use super::submit;
use crate::app::App;
use crate::authz::Operation;
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::loans;
use crate::write::{self, Tx};

/// What is kept.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Loan.
    pub loan_id: Uuid,
    /// Pieces; all that the borrower has where it is none.
    pub quantity: Option<i64>,
    /// Why.
    pub justification: String,
}

/// Which loan, and the request that was made.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Done {
    /// The loan.
    pub loan_id: Uuid,
    /// The request.
    pub request_id: Uuid,
}

/// Asks to keep pieces that are on loan.
///
/// # Errors
/// [`Code::WrongState`] where nothing is on loan, [`Code::LoanTaken`] where others were promised the pieces, with the first
/// such day, [`Code::NotOpen`] where the offer has ended, [`Code::Frozen`].
pub async fn convert(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("convertLoan", key, input), |tx: Tx| async move {
        let (loan, pieces) = loans::steps::to_keep(&tx, input.loan_id, input.quantity).await?;
        let author = actor.account_id().ok_or(Code::NotAllowed)?;
        let mut faults = Vec::new();
        let why = checks::text(&mut faults, "justification", &input.justification, rules::LONGEST_TEXT);
        if why.is_empty() {
            faults.push(Rejection::new(Code::Required).at("justification"));
        }
        Fault::all(faults)?;
        let request = request::Model {
            id: tx.id(),
            number: None,
            unit_id: loan.unit_id,
            justification: why,
            needed_by: None,
            need: NeedClass::Essential,
            created_by: author,
            created_at: tx.now(),
            submitted_by: None,
            submitted_at: None,
            over_cap_reason: None,
            version: 1,
        };
        let line = request_line::Model {
            id: tx.id(),
            request_id: request.id,
            listing_id: loan.listing_id,
            unit_id: loan.unit_id,
            giver_id: loan.giver_id,
            warehouse_id: loan.warehouse_id,
            loan_id: Some(loan.id),
            plan_line_id: None,
            position: 0,
            quantity_asked: pieces,
            quantity: pieces,
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
        };
        let request_id = request.id;
        let payload = json!({
            "unitId": request.unit_id, "justification": request.justification, "loanId": loan.id,
            "lines": [{ "listing_id": line.listing_id, "quantity": pieces }],
        });
        let subject = entity::events::Subject::Request;
        tx.record(subject, request_id, request.version, "request.drafted", &payload);
        request.clone().into_active_model().reset_all().insert(tx.conn()).await?;
        line.into_active_model().reset_all().insert(tx.conn()).await?;
        // Why it is needed for good is said already.
        let over_cap_reason = Some(request.justification.clone());
        let handed_in = submit::Input { request_id, version: None, over_cap_reason };
        let short = submit::Short::Refuses;
        submit::hand_in(&tx, Operation::ConvertLoan, &handed_in, short).await.map_err(at_the_loan)?;
        Ok(Done { loan_id: loan.id, request_id })
    })
    .await
}

/// What is wrong with the only line is told where it was typed in.
fn at_the_loan(fault: Fault) -> Fault {
    let Fault::Rejected(mut rejections) = fault else { return fault };
    for rejection in &mut rejections {
        if let [lines, position, ..] = rejection.field.as_slice()
            && lines == "lines"
            && position == "0"
        {
            rejection.field.drain(..2);
            if rejection.field == ["listingId"] {
                rejection.field = vec!["loanId".to_owned()];
            }
        }
    }
    Fault::Rejected(rejections)
}
