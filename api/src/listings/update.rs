//! A clerk changes a draft, or what was sent back.

use entity::events::Subject;
use entity::listings::{listing, listing_stock};
use sea_orm::EntityTrait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::rules::{self, Command};
use super::terms::{self, TermsPatch};
use super::{read, steps, stock};
use crate::app::App;
use crate::assets;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::{self, Tx};

/// A change of an offer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Update {
    /// The listing.
    pub id: Uuid,
    /// The version that the caller has seen.
    pub version: i64,
    /// What changes.
    pub terms: TermsPatch,
}

/// An offer that was changed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Updated {
    /// The listing.
    pub id: Uuid,
}

/// Changes an offer that is with its clerk.
///
/// # Errors
/// [`Code::NotFound`], [`Code::Stale`], [`Code::WrongState`], or everything that is wrong with the terms.
pub async fn update_listing(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Update,
) -> Result<Updated, Fault> {
    app.write(actor, write::Command::new("updateListing", key, input), |tx| async move {
        let listing = changeable(&tx, input.id, input.version, Operation::UpdateListing).await?;
        rules::apply(listing.state, listing.custody, Command::Edit)?;
        let card = assets::steps::load_for_update(&tx, listing.asset_id).await?;
        let stock =
            listing_stock::Entity::find_by_id(listing.id).one(tx.conn()).await?.ok_or(Code::NotFound)?;

        let mut faults = Vec::new();
        let mut next = listing;
        input.terms.write_on(&mut next, &mut faults);
        let offered = input.terms.quantity.unwrap_or(stock.available);
        let reference = tx.reference();
        let found = terms::look_up(&tx, &reference, &next).await?;
        faults.extend(rules::terms(&found.terms(&next, &card, offered)));
        faults.extend(terms::window(&tx, &next).await?);
        Fault::all(faults)?;

        if offered != stock.available {
            stock::offer(&tx, next.id, offered).await?;
        }
        let saved = steps::save(&tx, next).await?;
        let payload = json!({
            "quantity": offered, "custody": saved.custody, "directedTo": saved.directed_to,
            "warehouseId": saved.warehouse_id, "awardMode": saved.award_mode,
        });
        tx.record(Subject::Listing, saved.id, saved.version, "listing.updated", &payload);
        Ok(Updated { id: saved.id })
    })
    .await
}

/// A listing that the caller may see and do this to, in the version that the caller has seen.
pub(crate) async fn changeable(
    tx: &Tx,
    id: Uuid,
    version: i64,
    operation: Operation,
) -> Result<listing::Model, Fault> {
    let listing = read::find_in(tx, id).await?.ok_or_else(|| Rejection::new(Code::NotFound).at("id"))?;
    let parties = Parties { giver: Some(listing.unit_id), receiver: None, warehouse: listing.warehouse_id };
    tx.actor().allow(operation, &parties)?;
    if listing.version != version {
        return Err(Rejection::new(Code::Stale).at("version").into());
    }
    Ok(listing)
}
