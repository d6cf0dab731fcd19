//! A thing that was found to be secret after it was entered is purged: nothing of its words, pictures and numbers stays, and
//! nobody is offered it any more. That there was a card, how many pieces of what value, and what was done, stays: the audit
//! and the ledger still verify.

use entity::approvals::ApprovalSubject;
use entity::events::Subject;
use entity::listings::{ListingState, listing};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::disposals::steps as disposals;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::listings::{rules, steps as listings, window};
use crate::loans::steps as loans;
use crate::requests::steps as requests;
use crate::write::{Command, Tx};
use crate::{approvals, assets, audit, corrections, photos};

/// What is purged.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PurgeAsset {
    /// The card. All that it was split from or into goes with it: they say the same of the same things.
    pub id: Uuid,
}

/// A card that was purged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Purged {
    /// The card.
    pub id: Uuid,
    /// Pictures that it showed: content hashes, hex.
    pictures: Vec<String>,
}

/// Purges a card. What was promised or is on its way goes on, without its words.
///
/// # Errors
/// [`Code::NotFound`], [`Code::NotAllowed`].
pub async fn purge_asset(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &PurgeAsset,
) -> Result<Purged, Fault> {
    actor.allow(Operation::PurgeAsset, &Parties::default())?;
    let purged = app
        .write(actor, Command::new("purgeAsset", key, input), |tx| async move {
            let cards = assets::steps::family(&tx, input.id).await?;
            if cards.is_empty() {
                return Err(Rejection::new(Code::NotFound).at("assetId").into());
            }
            // Listings before cards, in the order of their ids: as everybody takes them.
            for id in listings_of(&tx, &cards).await? {
                take_down(&tx, id).await?;
            }
            for card in &cards {
                assets::steps::purge(&tx, *card).await?;
                corrections::steps::purge(&tx, *card).await?;
                audit::destroy_key(&tx, *card).await?;
            }
            let pictures = photos::purge::take_off(&tx, &cards).await?;
            Ok(Purged { id: input.id, pictures })
        })
        .await?;
    // Files are no part of a transaction; a second call with the same key goes on here where the first was cut short.
    photos::purge::forget(app, &purged.pictures, app.clock().now()).await?;
    Ok(purged)
}

async fn listings_of(tx: &Tx, cards: &[Uuid]) -> Result<Vec<Uuid>, Fault> {
    Ok(listing::Entity::find()
        .select_only()
        .column(listing::Column::Id)
        .filter(listing::Column::AssetId.is_in(cards.iter().copied()))
        .order_by_asc(listing::Column::Id)
        .into_tuple()
        .all(tx.conn())
        .await?)
}

/// As a holder withdraws it, whether it is frozen or not; and its words go.
async fn take_down(tx: &Tx, id: Uuid) -> Result<(), Fault> {
    listings::lock(tx, id).await?;
    disposals::on_purged(tx, id).await?;
    let stock = listings::lock(tx, id).await?;
    let before = listings::load(tx, id).await?.ok_or(Code::NotFound)?;
    let was = before.state;
    let blank = listing::Model { note: String::new(), reason: None, ..before };
    let Ok(state) = rules::apply(was, blank.custody, rules::Command::Withdraw) else {
        // It is over.
        let saved = listings::save(tx, blank).await?;
        tx.record(Subject::Listing, saved.id, saved.version, "listing.purged", &json!({}));
        return Ok(());
    };
    let n = loans::unpromised(tx, &blank, &stock).await?;
    if n > stock.available {
        requests::give_up_holds(tx, id, n - stock.available).await?;
    }
    if n > 0 {
        listings::withdraw(tx, id, n).await?;
    }
    let saved = listings::save(tx, listing::Model { state, ..blank }).await?;
    approvals::steps::close(tx, ApprovalSubject::Listing, id).await?;
    let payload = json!({ "quantity": n, "state": saved.state, "reason": serde_json::Value::Null });
    tx.record(Subject::Listing, id, saved.version, "listing.withdrawn", &payload);
    if was == ListingState::Listed {
        window::cancel(tx, &saved).await?;
        requests::on_withdrawn(tx, id).await?;
        loans::on_withdrawn(tx, &saved, true).await?;
    }
    Ok(())
}
