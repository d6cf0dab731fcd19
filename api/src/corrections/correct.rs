//! The holder, the office or the warehouse that keeps the thing corrects its card.

use entity::approvals::ApprovalSubject;
use entity::assets::asset;
use entity::corrections::correction;
use entity::events::Subject;
use entity::listings::{ListingState, listing};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::approvals;
use crate::assets;
use crate::assets::card::CardPatch;
use crate::authz::{Operation, Parties};
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::listings;
use crate::listings::goods::goods;
use crate::requests;
use crate::write::{Command, Tx};

/// Longest reason, in characters.
const LONGEST_REASON: usize = 2_000;

/// What is corrected.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// The card.
    pub asset_id: Uuid,
    /// The version that the caller has seen.
    pub version: i64,
    /// What is so.
    pub card: CardPatch,
    /// Why; everybody reads it who sees the card.
    pub reason: String,
}

/// A card that was corrected.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Done {
    /// The card.
    pub asset_id: Uuid,
}

/// Corrects a card.
///
/// # Errors
/// Everything that is wrong with it at once; [`Code::NotFound`], [`Code::NotAllowed`], [`Code::Stale`].
pub async fn correct(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, Command::new("correctAsset", key, input), |tx: Tx| async move {
        let seen = assets::read::find_in(&tx, input.asset_id).await?;
        let seen = seen.ok_or_else(|| Rejection::new(Code::NotFound).at("assetId"))?;
        // The stocks of all that offers it before the card, in the order of their ids, as everybody takes them.
        let known = offers(&tx, &seen).await?;
        for offer in &known {
            listings::steps::lock(&tx, offer.id).await?;
        }
        let card = assets::steps::load_for_update(&tx, seen.id).await?;
        let offers = offers(&tx, &card).await?;
        allow(&tx, &card, &offers)?;
        if card.version != input.version || offers.len() != known.len() {
            return Err(Rejection::new(Code::Stale).at("version").into());
        }
        let author = actor.account_id().ok_or(Code::NotAllowed)?;
        let mut faults = Vec::new();
        let reason = checks::text(&mut faults, "reason", &input.reason, LONGEST_REASON);
        if reason.is_empty() {
            faults.push(Rejection::new(Code::Required).at("reason"));
        }
        let corrected = match assets::steps::correct(&tx, &card, &input.card).await {
            Ok(corrected) if faults.is_empty() => corrected,
            Ok(_) => return Err(Fault::Rejected(faults)),
            Err(Fault::Rejected(more)) => return Err(Fault::Rejected([faults, more].concat())),
            Err(fault) => return Err(fault),
        };
        let correction = correction::Model {
            id: tx.id(),
            asset_id: card.id,
            reason,
            changes: serde_json::to_value(&corrected.changes)?,
            material: corrected.material,
            created_by: author,
            created_at: tx.now(),
        };
        correction.clone().into_active_model().reset_all().insert(tx.conn()).await?;
        note(&tx, &corrected.card, &correction, &input.card)?;
        for offer in &offers {
            follow(&tx, offer, (&card, &corrected.card), corrected.material.then_some(correction.id)).await?;
        }
        Ok(Done { asset_id: card.id })
    })
    .await
}

/// What its holder has offered of a card, in the order of their ids.
async fn offers(tx: &Tx, card: &asset::Model) -> Result<Vec<listing::Model>, Fault> {
    Ok(listing::Entity::find()
        .filter(listing::Column::AssetId.eq(card.id))
        .filter(listing::Column::UnitId.eq(card.holder_id))
        .order_by_asc(listing::Column::Id)
        .all(tx.conn())
        .await?)
}

/// The holder's side may, and the warehouse in which the thing lies.
fn allow(tx: &Tx, card: &asset::Model, offers: &[listing::Model]) -> Result<(), Rejection> {
    let live = |offer: &&listing::Model| assets::rules::LIVE.contains(&offer.state);
    let warehouse = offers.iter().filter(live).find_map(|offer| offer.warehouse_id);
    let parties = Parties { giver: Some(card.holder_id), receiver: None, warehouse };
    tx.actor().allow(Operation::CorrectAsset, &parties)
}

/// On the card's chain, readable as long as its key: what it said goes when it is purged.
fn note(
    tx: &Tx,
    card: &asset::Model,
    correction: &correction::Model,
    patch: &CardPatch,
) -> Result<(), Fault> {
    let mut payload = serde_json::to_value(patch)?;
    payload["correction"] = json!({
        "id": correction.id, "reason": correction.reason, "changes": correction.changes,
        "material": correction.material,
    });
    tx.record_private(Subject::Asset, card.id, card.version, "asset.corrected", &payload);
    Ok(())
}

/// What follows for one offer: who approves by what it is worth, and who counts on how it is.
async fn follow(
    tx: &Tx,
    offer: &listing::Model,
    (before, after): (&asset::Model, &asset::Model),
    ask: Option<Uuid>,
) -> Result<(), Fault> {
    let worth = |card: &asset::Model| (card.value, card.value_basis, card.quantity, card.category_id);
    if worth(before) != worth(after) {
        // What is listed stays so: each hand-over of it is approved by what it is worth now.
        if offer.state == ListingState::Submitted {
            let offered = listings::steps::lock(tx, offer.id).await?.available;
            let goods = goods(offer, after, offered);
            approvals::steps::replan(tx, ApprovalSubject::Listing, offer.id, &goods).await?;
        }
        requests::steps::replan(tx, offer, after).await?;
    }
    if let Some(correction) = ask {
        requests::steps::ask_again(tx, offer.id, correction).await?;
    }
    Ok(())
}
