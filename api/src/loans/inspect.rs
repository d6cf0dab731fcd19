//! Who keeps the things looks at what came back: in order, it can be lent again; damaged, it leaves the offer and is its
//! holder's to repair; lost, it leaves the stock and the books.

use entity::Money;
use entity::assets::AssetState;
use entity::loans::{loan, loan_inspection};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::row::{self, Done};
use super::rules::{self, Command, Found};
use super::steps;
use crate::app::App;
use crate::assets;
use crate::authz::Operation;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::listings;
use crate::write::{self, Tx};

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Loan.
    pub loan_id: Uuid,
    /// Pieces in order.
    pub good: i64,
    /// Pieces damaged.
    pub damaged: i64,
    /// Pieces that are not there.
    pub lost: i64,
    /// What is wrong; needed where something is.
    pub note: Option<String>,
    /// What it costs.
    pub cost: Option<Money>,
}

/// Notes an inspection.
///
/// # Errors
/// `WrongState` where nothing waits for an inspection, [`Code::OutOfRange`] for more pieces than came back,
/// [`Code::Required`] at `note`.
pub async fn inspect(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("inspectLoan", key, input), |tx: Tx| async move {
        let before = row::locked(&tx, input.loan_id, Operation::InspectLoan, row::keeper).await?;
        let by = actor.account_id().ok_or(Code::NotAllowed)?;
        if before.returned == 0 || !rules::is_out(before.state) {
            return Err(Rejection::new(Code::WrongState).with("state", before.state).into());
        }
        let Input { good, damaged, lost, cost, .. } = *input;
        let note = input.note.as_deref();
        let (faults, note) = rules::found_faults(&before, &Found { good, damaged, lost, note, cost });
        Fault::all(faults)?;
        let command = Command::Inspect { good, damaged, lost, cost: cost.unwrap_or_default() };
        let (next, kind) = rules::apply(&before, command, &row::moment(&tx))?;
        let found = loan_inspection::Model {
            id: tx.id(),
            loan_id: before.id,
            good,
            damaged,
            lost,
            note,
            cost,
            created_by: by,
            created_at: tx.now(),
        };
        let more = json!({
            "good": good, "damaged": damaged, "lost": lost, "note": found.note, "cost": found.cost,
        });
        loan_inspection::Entity::insert(found.into_active_model().reset_all())
            .exec_without_returning(tx.conn())
            .await?;
        let after = row::save(&tx, &before, next, kind, more).await?;
        if damaged > 0 {
            listings::steps::withdraw(&tx, after.listing_id, damaged).await?;
        }
        if lost > 0 {
            lose(&tx, &after, lost).await?;
        }
        steps::settle(&tx, after.listing_id).await?;
        Ok(Done { loan_id: after.id })
    })
    .await
}

/// Pieces are gone: from the offer, and from the card, as one of their own that is lost.
async fn lose(tx: &Tx, loan: &loan::Model, pieces: i64) -> Result<(), Fault> {
    listings::steps::lose_lent(tx, loan.listing_id, pieces).await?;
    let listing = row::listing(tx, loan).await?;
    let card = assets::steps::load_for_update(tx, listing.asset_id).await?;
    if card.state != AssetState::Active || card.holder_id != loan.giver_id || card.quantity < pieces {
        return Err(Rejection::new(Code::WrongState).at("lost").with("state", "CARD_AWAY").into());
    }
    let gone = if card.quantity == pieces { card } else { assets::steps::split(tx, card, pieces).await?.1 };
    assets::steps::mark_lost(tx, gone).await?;
    Ok(())
}
