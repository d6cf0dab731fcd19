//! What of a card others count on: pieces that its holder offers, has promised or has handed over. Who asks holds the
//! card's row, so that a submission or a hand-over of it under way has ended.

use std::collections::HashMap;

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
    Ok(of_all(tx, &[card], except).await?.remove(&card.id).unwrap_or_default())
}

/// As [`of`], for many cards with four statements; a card without an entry has no claims.
pub(crate) async fn of_all(
    tx: &Tx,
    cards: &[&asset::Model],
    except: Option<Uuid>,
) -> Result<HashMap<Uuid, Claims>, Fault> {
    let holders: HashMap<Uuid, Uuid> = cards.iter().map(|card| (card.id, card.holder_id)).collect();
    let listings: Vec<(Uuid, Uuid, Uuid, ListingState, Purpose)> = listing::Entity::find()
        .select_only()
        .columns([listing::Column::Id, listing::Column::AssetId, listing::Column::UnitId])
        .columns([listing::Column::State, listing::Column::Purpose])
        .filter(listing::Column::AssetId.is_in(holders.keys().copied()))
        .into_tuple()
        .all(tx.conn())
        .await?;
    let theirs: HashMap<Uuid, (Uuid, bool)> = listings
        .into_iter()
        .filter(|(id, card, unit, ..)| Some(*id) != except && holders.get(card) == Some(unit))
        .map(|(id, card, _, state, purpose)| (id, (card, keeps_pool(state, purpose))))
        .collect();
    let stocks = listing_stock::Entity::find()
        .filter(listing_stock::Column::ListingId.is_in(theirs.keys().copied()))
        .all(tx.conn())
        .await?;
    let mut found: HashMap<Uuid, Claims> = HashMap::new();
    for stock in stocks {
        let Some((card, live)) = theirs.get(&stock.listing_id) else { continue };
        let claims = found.entry(*card).or_default();
        // What a draft would offer is nobody's yet; what was promised stays promised after a withdrawal.
        let offered = if *live { stock.available } else { 0 };
        claims.listed += offered + stock.held + stock.reserved;
        claims.away += stock.in_transit;
    }
    let moving: Vec<(Uuid, i64)> = transfer::Entity::find()
        .select_only()
        .columns([transfer::Column::AssetId, transfer::Column::Quantity])
        .filter(transfer::Column::AssetId.is_in(holders.keys().copied()))
        .filter(transfer::Column::State.eq(TransferState::InTransit))
        .into_tuple()
        .all(tx.conn())
        .await?;
    for (card, pieces) in moving {
        found.entry(card).or_default().moving += pieces;
    }
    let disposing: Vec<(Uuid, i64)> = disposal::Entity::find()
        .select_only()
        .columns([disposal::Column::ListingId, disposal::Column::Quantity])
        .filter(disposal::Column::ListingId.is_in(theirs.keys().copied()))
        .filter(disposal::Column::State.is_not_in([DisposalState::Done, DisposalState::CalledOff]))
        .into_tuple()
        .all(tx.conn())
        .await?;
    for (listing, pieces) in disposing {
        if let Some((card, _)) = theirs.get(&listing) {
            found.entry(*card).or_default().disposing += pieces;
        }
    }
    Ok(found)
}

/// Whether what is available in a listing is taken out of its card: while it is live, and what an ended offer for loan still
/// has out or promised.
fn keeps_pool(state: ListingState, purpose: Purpose) -> bool {
    LIVE.contains(&state) || (purpose == Purpose::Loan && state == ListingState::Withdrawn)
}
