//! A clerk offers a card, in draft: what is missing is asked for at submission.

use entity::events::Subject;
use entity::listings::{Audience, AwardMode, Custody, ListingState, Purpose, listing, listing_stock};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::rules;
use super::terms::{self, TermsPatch};
use crate::app::App;
use crate::assets;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::{self, Tx};

/// An offer to be drafted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Draft {
    /// The card.
    pub asset_id: Uuid,
    /// Its terms. Without a quantity, all that the card has.
    pub terms: TermsPatch,
}

/// An offer that was drafted.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Drafted {
    /// The listing.
    pub id: Uuid,
}

/// Drafts an offer.
///
/// # Errors
/// [`Code::NotFound`] for a card that the caller may not see, or everything that is wrong with the terms.
pub async fn draft_listing(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Draft,
) -> Result<Drafted, Fault> {
    app.write(actor, write::Command::new("draftListing", key, input), |tx| async move {
        Ok(Drafted { id: enter(&tx, input).await? })
    })
    .await
}

async fn enter(tx: &Tx, input: &Draft) -> Result<Uuid, Fault> {
    let card = assets::read::find_in(tx, input.asset_id).await?;
    let card = card.ok_or_else(|| Rejection::new(Code::NotFound).at("assetId"))?;
    tx.actor().allow(Operation::DraftListing, &Parties::giver(card.holder_id))?;
    let author = tx.actor().account_id().ok_or_else(|| anyhow::anyhow!("a listing needs an author"))?;
    let mut faults = Vec::new();
    let mut draft = listing::Model {
        id: tx.id(),
        asset_id: card.id,
        unit_id: card.holder_id,
        custody: Custody::Virtual,
        state: ListingState::Draft,
        purpose: Purpose::Transfer,
        directed_to: None,
        award_mode: AwardMode::FirstCome,
        claim_window_days: None,
        audience: Audience::City,
        audience_id: None,
        audience_until: None,
        warehouse_id: None,
        note: String::new(),
        approval_number: None,
        reason: None,
        created_by: author,
        created_at: tx.now(),
        submitted_at: None,
        listed_at: None,
        confirmed_at: None,
        reconfirm_by: None,
        reconfirm_counted_to: None,
        paused_at: None,
        updated_at: tx.now(),
        version: 1,
    };
    input.terms.write_on(&mut draft, &mut faults);
    let offered = input.terms.quantity.unwrap_or(card.quantity);
    let reference = tx.reference();
    let found = terms::look_up(tx, &reference, &draft).await?;
    faults.extend(rules::terms(&found.terms(&draft, &card, offered)));
    faults.extend(terms::window(tx, &draft).await?);
    Fault::all(faults)?;

    listing::Entity::insert(draft.clone().into_active_model().reset_all())
        .exec_without_returning(tx.conn())
        .await?;
    let stock = listing_stock::Model {
        listing_id: draft.id,
        offered,
        available: offered,
        held: 0,
        reserved: 0,
        in_transit: 0,
        delivered: 0,
        withdrawn: 0,
        lost: 0,
        queue_next: 1,
    };
    listing_stock::Entity::insert(stock.into_active_model().reset_all())
        .exec_without_returning(tx.conn())
        .await?;
    let payload = json!({
        "assetId": card.id, "unitId": draft.unit_id, "quantity": offered, "custody": draft.custody,
        "directedTo": draft.directed_to, "warehouseId": draft.warehouse_id, "awardMode": draft.award_mode,
    });
    tx.record(Subject::Listing, draft.id, draft.version, "listing.drafted", &payload);
    Ok(draft.id)
}
