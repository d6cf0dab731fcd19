//! Ends claim windows that are over. Run again and again by a job, in any number of processes: each window is a transaction of
//! its own under the lock of its offer's stock, and one that another process was faster with is left alone.
//!
//! It ends in two turns. First no claim is taken any more, and that is written into the audit. When a seal covers it the draw can
//! be known, and the claims are ranked: nobody knew the root of that seal while there were claims to be made.

use entity::awards::{WindowState, claim_window};
use entity::events::Subject;
use entity::listings::{ListingState, listing, listing_stock};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{award, steps};
use crate::app::App;
use crate::fault::{Code, Fault};
use crate::identity::Actor;
use crate::listings::{steps as listings, window};
use crate::requests::steps as requests;
use crate::write::{Command, Tx};

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Windows looked at; as many as the limit means that there may be more.
    pub looked_at: u64,
    /// Windows that went on: ended, or ranked.
    pub changed: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    changed: bool,
}

/// Ends at most `limit` windows that are due, and ranks the claims of at most as many.
///
/// # Errors
/// When the database does not answer.
pub async fn close_windows(app: &App, limit: u64) -> Result<Done, Fault> {
    use claim_window::Column;
    let due = claim_window::Entity::find()
        .filter(Column::State.eq(WindowState::Open))
        .filter(Column::ClosesAt.lte(app.clock().now()))
        .order_by_asc(Column::ClosesAt);
    let closed = claim_window::Entity::find()
        .filter(Column::State.eq(WindowState::Closed))
        .order_by_asc(Column::ClosedAt);
    let mut done = Done::default();
    for select in [due, closed] {
        let ids: Vec<Uuid> = select
            .select_only()
            .column(Column::ListingId)
            .limit(limit)
            .into_tuple()
            .all(app.db().read())
            .await?;
        done.looked_at = done.looked_at.max(ids.len() as u64);
        for id in ids {
            match go_on(app, id).await {
                Ok(changed) => done.changed += u64::from(changed),
                // One window that cannot end must not keep all later ones open.
                Err(fault) => {
                    tracing::error!(listing = %id, ?fault, "a claim window that is due did not end")
                }
            }
        }
    }
    Ok(done)
}

async fn go_on(app: &App, id: Uuid) -> Result<bool, Fault> {
    let command = Command::new("closeClaimWindow", None, &id);
    let system = Actor::system();
    let answer = app.write(&system, command, |tx: Tx| async move {
        listings::lock(&tx, id).await?;
        let window = window::of(&tx, id).await?.ok_or(Code::NotFound)?;
        let listing = listings::load(&tx, id).await?.ok_or(Code::NotFound)?;
        if listing.state != ListingState::Listed {
            window::cancel(&tx, &listing).await?;
            return Ok(Answer { changed: true });
        }
        let changed = match window.state {
            WindowState::Open if window.closes_at <= tx.now() => end(&tx, window, &listing).await?,
            WindowState::Closed => award::award(&tx, window, &listing).await?,
            _ => false,
        };
        Ok(Answer { changed })
    });
    Ok(answer.await?.changed)
}

/// No claim is taken any more; a window that a freeze has paused goes on.
async fn end(tx: &Tx, window: claim_window::Model, listing: &listing::Model) -> Result<bool, Fault> {
    let window = steps::count_frozen_time(tx, window, listing).await?;
    if window.closes_at > tx.now() {
        return Ok(false);
    }
    let claims = requests::waiting(tx, listing.id).await?.len();
    if claims == 0 {
        return empty(tx, window, listing).await;
    }
    let stock = listing_stock::Entity::find_by_id(listing.id).one(tx.conn()).await?.ok_or(Code::NotFound)?;
    let closed = claim_window::Model {
        state: WindowState::Closed,
        closed_at: Some(tx.now()),
        first_late: Some(stock.queue_next),
        ..window
    };
    window::save(tx, closed).await?;
    let payload = json!({ "claims": claims });
    tx.record(Subject::Listing, listing.id, listing.version, award::CLOSED, &payload);
    Ok(true)
}

/// Nobody claims anything: from here on it goes to who comes first.
pub(super) async fn empty(
    tx: &Tx,
    window: claim_window::Model,
    listing: &listing::Model,
) -> Result<bool, Fault> {
    let closed_at = window.closed_at.or(Some(tx.now()));
    let ended = claim_window::Model { state: WindowState::Empty, closed_at, ..window };
    window::save(tx, ended).await?;
    tx.record(Subject::Listing, listing.id, listing.version, "listing.windowEmpty", &json!({}));
    Ok(true)
}
