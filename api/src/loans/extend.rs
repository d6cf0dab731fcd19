//! The borrower asks for more days. They are taken at once, where nobody else has them; the giver's side agrees again.

use chrono::{NaiveDate, TimeDelta};
use entity::approvals::ApprovalSubject;
use entity::loans::loan;
use serde::Serialize;
use uuid::Uuid;

use super::row::{self, About, Done};
use super::rules::{self, Booking, Command};
use crate::app::App;
use crate::authz::Operation;
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::listings;
use crate::write::{self, Tx};

/// More days for a loan.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Loan.
    pub loan_id: Uuid,
    /// Last civil day, inclusive.
    pub to: NaiveDate,
    /// Why.
    pub justification: String,
}

/// Asks for more days.
///
/// # Errors
/// `WrongState` where nothing is on loan or an extension is asked for already, [`Code::LoanDayWrong`],
/// [`Code::LoanTaken`] with the first day that others have.
pub async fn extend(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("extendLoan", key, input), |tx: Tx| async move {
        let before = row::locked(&tx, input.loan_id, Operation::ExtendLoan, row::borrower).await?;
        let author = actor.account_id().ok_or(Code::NotAllowed)?;
        let mut faults = Vec::new();
        let why = checks::text(&mut faults, "justification", &input.justification, rules::LONGEST_TEXT);
        if why.is_empty() {
            faults.push(Rejection::new(Code::Required).at("justification"));
        }
        Fault::all(faults)?;
        let longest = row::setting(&tx, "loan_length_days").await?;
        let latest = before.day_from + TimeDelta::try_days(longest - 1).unwrap_or_default();
        let command = Command::AskLonger { to: input.to, latest, comment: Some(why) };
        rules::apply(&before, command.clone(), &row::moment(&tx))?;
        free(&tx, &before, input.to).await?;
        let asked = row::carry_out(&tx, &before, command).await?;
        let about = About {
            id: asked.id,
            subject: ApprovalSubject::LoanExtension,
            borrower: asked.unit_id,
            pieces: asked.lent,
        };
        let offer = row::listing(&tx, &asked).await?;
        row::open_case(&tx, &offer, &about, author).await?;
        Ok(Done { loan_id: asked.id })
    })
    .await
}

/// Whether nobody else has the pieces on the days that are asked for.
async fn free(tx: &Tx, loan: &loan::Model, to: NaiveDate) -> Result<(), Fault> {
    let pool = listings::steps::lock(tx, loan.listing_id).await?.available;
    let others = row::open_of(tx, loan.listing_id).await?;
    let bookings: Vec<Booking> = others
        .iter()
        .filter(|other| other.id != loan.id)
        .filter_map(|other| rules::taken(other, tx.today()))
        .collect();
    // Days that are over cannot be taken from anybody.
    let from = loan.day_to.succ_opt().unwrap_or(loan.day_to).max(tx.today());
    let pieces = loan.lent + loan.returned;
    match rules::short(pool, &bookings, pieces, from, Some(to)) {
        Some(short) => Err(short.at("to").into()),
        None => Ok(()),
    }
}
