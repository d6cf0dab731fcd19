//! What other slices may do to claim windows inside their transaction.

use chrono::TimeDelta;
use entity::awards::{WindowState, claim_window};
use entity::events::Subject;
use entity::listings::listing;
use serde_json::json;
use uuid::Uuid;

use crate::fault::Fault;
use crate::listings::{steps as listings, window};
use crate::requests::steps as requests;
use crate::write::Tx;

/// A freeze over these listings was lifted: their windows end later by the time that it took. Their stocks must be locked.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn on_thawed(tx: &Tx, thawed: &[Uuid]) -> Result<(), Fault> {
    for id in thawed {
        let open = |window: &claim_window::Model| window.state == WindowState::Open;
        let Some(window) = window::of(tx, *id).await?.filter(open) else { continue };
        if let Some(listing) = listings::load(tx, *id).await? {
            count_frozen_time(tx, window, &listing).await?;
        }
    }
    Ok(())
}

/// Adds frozen time that was not counted yet to a window that is open; gives it as it is then. Each moment of a freeze counts
/// once, however many freezes overlap and however often this is run.
pub(super) async fn count_frozen_time(
    tx: &Tx,
    window: claim_window::Model,
    listing: &listing::Model,
) -> Result<claim_window::Model, Fault> {
    let pause = requests::frozen_since(tx, listing, window.counted_to).await?;
    if pause <= TimeDelta::zero() {
        return Ok(window);
    }
    let longer = claim_window::Model { closes_at: window.closes_at + pause, counted_to: tx.now(), ..window };
    let saved = window::save(tx, longer).await?;
    let payload = json!({ "closesAt": saved.closes_at });
    tx.record(Subject::Listing, listing.id, listing.version, "listing.windowExtended", &payload);
    Ok(saved)
}
