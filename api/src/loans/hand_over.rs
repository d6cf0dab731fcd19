//! The holder (VIRTUAL) or the warehouse (PHYSICAL) hands the pieces of an approved loan over. Their condition is noted;
//! pictures of it are those of the card.

use entity::loans::loan;
use serde::Serialize;
use uuid::Uuid;

use super::row::{self, Done};
use super::rules::{self, Command};
use crate::app::App;
use crate::authz::Operation;
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::listings;
use crate::write::{self, Tx};

/// What is handed over.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Loan.
    pub loan_id: Uuid,
    /// Condition, as far as anything is to be said of it.
    pub condition: Option<String>,
}

/// Hands all pieces of a loan over.
///
/// # Errors
/// `WrongState` where it is not approved, [`Code::LoanDayWrong`] before its first or after its last day, [`Code::Frozen`],
/// [`Code::NotBackYet`] where pieces of an earlier loan are still out.
pub async fn hand_over(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("handOverLoan", key, input), |tx: Tx| async move {
        let before = row::locked(&tx, input.loan_id, Operation::HandOverLoan, row::keeper).await?;
        actor.account_id().ok_or(Code::NotAllowed)?;
        let mut faults = Vec::new();
        let note =
            checks::optional_text(&mut faults, "condition", input.condition.as_deref(), rules::LONGEST_TEXT);
        Fault::all(faults)?;
        let after = row::carry_out(&tx, &before, Command::HandOver { note }).await?;
        // What is counted, disputed or checked for secrets does not leave the house.
        if listings::steps::frozen(&tx, after.listing_id).await? {
            return Err(Code::Frozen.into());
        }
        at_hand(&tx, &after).await?;
        Ok(Done { loan_id: after.id })
    })
    .await
}

/// Whether the pieces are there, with those of all loans that are out: `loan` is one of them by now.
async fn at_hand(tx: &Tx, loan: &loan::Model) -> Result<(), Fault> {
    let pool = listings::steps::lock(tx, loan.listing_id).await?.available;
    let open = row::open_of(tx, loan.listing_id).await?;
    let out: i64 =
        open.iter().filter(|loan| rules::is_out(loan.state)).map(|loan| loan.lent + loan.returned).sum();
    if out > pool {
        return Err(Rejection::new(Code::NotBackYet).with("missing", out - pool).into());
    }
    Ok(())
}
