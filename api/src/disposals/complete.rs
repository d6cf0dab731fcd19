//! A disposal is carried out: the card leaves its holder's books and keeps its history; what came in is entered apart.

use entity::Money;
use entity::assets::AssetState;
use entity::disposals::{disposal, disposal_proceeds};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde::Serialize;
use uuid::Uuid;

use super::row::{self, Done};
use super::rules::{self, Command, Outcome};
use crate::app::App;
use crate::assets;
use crate::authz::Operation;
use crate::catalogue;
use crate::fault::{Code, Fault};
use crate::identity::Actor;
use crate::listings;
use crate::write::{self, Tx};

/// How it was carried out.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Which disposal.
    pub disposal_id: Uuid,
    /// Who got it.
    pub receiver: Option<String>,
    /// Proof: contract, receipt, record of destruction.
    pub evidence: String,
    /// What it brought in.
    pub proceeds: Money,
}

/// Carries a disposal out.
///
/// # Errors
/// [`Code::PublicityRuns`], [`Code::BelowAppraisal`], [`Code::AppraisalOver`], [`Code::Frozen`], [`Code::Claimed`], and what
/// is missing.
pub async fn complete(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("completeDisposal", key, input), |tx: Tx| async move {
        let before = row::locked(&tx, input.disposal_id, Operation::CompleteDisposal).await?;
        if listings::steps::frozen(&tx, before.listing_id).await? {
            return Err(Code::Frozen.into());
        }
        let outcome = Outcome {
            receiver: input.receiver.clone(),
            evidence: input.evidence.clone(),
            proceeds: input.proceeds,
            least_percent: catalogue::steps::setting(&tx, "disposal_price_percent").await?,
        };
        let decided = rules::apply(&before, Command::Complete(outcome), &row::moment(&tx));
        let (next, event) = decided.map_err(Fault::Rejected)?;
        let asset_id = write_off(&tx, &before).await?;
        let after = row::save(&tx, &before, disposal::Model { asset_id, ..next }, event).await?;
        row::close_cases(&tx, after.id).await?;
        enter(&tx, &after).await?;
        Ok(Done { disposal_id: after.id })
    })
    .await
}

/// Takes the pieces out of the books, split from their card where they are not all of it; answers the card that went.
async fn write_off(tx: &Tx, disposal: &disposal::Model) -> Result<Uuid, Fault> {
    let offer = row::listing(tx, disposal).await?;
    let card = assets::steps::load_for_update(tx, offer.asset_id).await?;
    let (n, of) = (disposal.quantity, card.quantity);
    if card.state != AssetState::Active || card.holder_id != disposal.unit_id || of < n {
        return Err(Fault::Internal(anyhow::anyhow!("card {} has not the {n} pieces set aside", card.id)));
    }
    // Others may have claims on the rest of a lot, and to none of these pieces; where the card goes as a whole there is no rest,
    // and nothing may be on its way that could come back to it.
    let claims = assets::claims::of(tx, &card, None).await?;
    if claims.taken() > of || (of == n && claims.beside(n)) {
        return Err(Code::Claimed.into());
    }
    let card = if of == n { card } else { assets::steps::split(tx, card, n).await?.1 };
    Ok(assets::steps::dispose(tx, card, disposal.id).await?.id)
}

/// Enters what came in: for the treasury, never as a saving.
async fn enter(tx: &Tx, disposal: &disposal::Model) -> Result<(), Fault> {
    let Some(amount) = disposal.proceeds.filter(|amount| *amount > Money::ZERO) else { return Ok(()) };
    let entry = disposal_proceeds::Model {
        id: tx.id(),
        disposal_id: disposal.id,
        unit_id: disposal.unit_id,
        kind: disposal.kind,
        amount,
        civil_day: tx.today(),
        created_at: tx.now(),
    };
    disposal_proceeds::Entity::insert(entry.into_active_model().reset_all())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}
