//! What of a card others count on: pieces that its holder offers, has promised or has handed over. Who asks holds the
//! card's row, so that a submission or a hand-over of it under way has ended.

use std::collections::HashSet;

use entity::assets::asset;
use entity::disposals::{DisposalState, disposal};
use entity::listings::{ListingState, Purpose, listing, listing_stock};
use entity::transfers::{TransferState, transfer};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::rules::LIVE;
use crate::fault::Fault;
use crate::write::Tx;

/// Pieces of a card that others count on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Claims {
    /// Offered, held or promised out of this very card.
    pub listed: i64,
    /// Handed over from a listing that names this card: the receiver may refuse them, and they join it again.
    pub away: i64,
    /// The card itself is on its way.
    pub moving: i64,
    /// Set aside for a disposal.
    pub disposing: i64,
}

impl Claims {
    /// Pieces that cannot be offered a second time.
    pub(crate) fn taken(self) -> i64 {
        self.listed + self.moving + self.disposing
    }

    /// Whether somebody counts on what the card says.
    pub(crate) fn any(self) -> bool {
        self.beside(0)
    }

    /// Whether somebody counts on anything but `pieces` that are set aside.
    pub(crate) fn beside(self, pieces: i64) -> bool {
        self.listed + self.away + self.moving + self.disposing > pieces
    }
}

/// The claims on a card: those of hand-overs, and of its holder's listings except one. A former holder's listing that
/// is sold out still names the card and claims nothing of it.
pub(crate) async fn of(tx: &Tx, card: &asset::Model, except: Option<Uuid>) -> Result<Claims, Fault> {
    let listings: Vec<(Uuid, ListingState, Purpose)> = listing::Entity::find()
        .select_only()
        .columns([listing::Column::Id, listing::Column::State, listing::Column::Purpose])
        .filter(listing::Column::AssetId.eq(card.id))
        .filter(listing::Column::UnitId.eq(card.holder_id))
        .into_tuple()
        .all(tx.conn())
        .await?;
    let ids = listings.iter().map(|(id, ..)| *id).filter(|id| Some(*id) != except);
    let stocks = listing_stock::Entity::find()
        .filter(listing_stock::Column::ListingId.is_in(ids))
        .all(tx.conn())
        .await?;
    let live: HashSet<Uuid> = listings
        .iter()
        .filter(|(_, state, purpose)| keeps_pool(*state, *purpose))
        .map(|(id, ..)| *id)
        .collect();
    let mut claims = Claims::default();
    for stock in stocks {
        // What a draft would offer is nobody's yet; what was promised stays promised after a withdrawal.
        let offered = if live.contains(&stock.listing_id) { stock.available } else { 0 };
        claims.listed += offered + stock.held + stock.reserved;
        claims.away += stock.in_transit;
    }
    let moving: Vec<i64> = transfer::Entity::find()
        .select_only()
        .column(transfer::Column::Quantity)
        .filter(transfer::Column::AssetId.eq(card.id))
        .filter(transfer::Column::State.eq(TransferState::InTransit))
        .into_tuple()
        .all(tx.conn())
        .await?;
    claims.moving = moving.into_iter().sum();
    let disposing: Vec<i64> = disposal::Entity::find()
        .select_only()
        .column(disposal::Column::Quantity)
        .filter(disposal::Column::ListingId.is_in(listings.iter().map(|(id, ..)| *id)))
        .filter(disposal::Column::State.is_not_in([DisposalState::Done, DisposalState::CalledOff]))
        .into_tuple()
        .all(tx.conn())
        .await?;
    claims.disposing = disposing.into_iter().sum();
    Ok(claims)
}

/// Whether what is available in a listing is taken out of its card: while it is live, and what an ended offer for loan still
/// has out or promised.
fn keeps_pool(state: ListingState, purpose: Purpose) -> bool {
    LIVE.contains(&state) || (purpose == Purpose::Loan && state == ListingState::Withdrawn)
}
