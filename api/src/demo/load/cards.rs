//! What became of a card: split, handed over, refused, lost, in order of time, by the rules of the use cases.

use chrono::{DateTime, Utc};
use entity::assets::{AssetState, asset, asset_holding};
use uuid::Uuid;

use super::ids::Stream;
use crate::assets::rules::pro_rata;

/// The cards that began as one.
#[derive(Debug)]
pub(super) struct Cards {
    cards: Vec<asset::Model>,
    holdings: Vec<asset_holding::Model>,
    /// The one that the listing offers.
    main: usize,
    away: Vec<usize>,
}

/// A receipt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Receipt<'a> {
    pub(super) at: DateTime<Utc>,
    pub(super) transfer: Uuid,
    pub(super) receiver: Uuid,
    pub(super) number: Option<&'a str>,
    pub(super) place: &'a str,
    pub(super) received: i64,
    pub(super) refused: i64,
    pub(super) lost: i64,
}

impl Cards {
    /// The card as it was first written.
    pub(super) fn new(card: asset::Model, ids: &mut Stream) -> Self {
        let mut cards = Self { cards: vec![card], holdings: Vec::new(), main: 0, away: Vec::new() };
        let at = cards.cards[0].created_at;
        cards.hold(0, None, at, ids);
        cards
    }

    /// Hands `pieces` over; gives the index of the card that is on its way.
    pub(super) fn release(&mut self, pieces: i64, at: DateTime<Utc>, ids: &mut Stream) -> usize {
        let card = if self.cards[self.main].quantity == pieces {
            self.main
        } else {
            self.split(self.main, pieces, at, ids)
        };
        self.away.push(card);
        card
    }

    /// Ends a hand-over; gives the card that is the receiver's now.
    pub(super) fn receive(
        &mut self,
        card: usize,
        receipt: &Receipt<'_>,
        ids: &mut Stream,
    ) -> Option<&asset::Model> {
        self.away.retain(|away| *away != card);
        let at = receipt.at;
        if receipt.lost > 0 {
            let lost = if receipt.lost < self.cards[card].quantity {
                self.split(card, receipt.lost, at, ids)
            } else {
                card
            };
            self.end(lost, AssetState::Lost, at);
        }
        if receipt.received == 0 {
            if receipt.refused > 0 {
                self.take_back(card, at);
            }
            return None;
        }
        if receipt.refused > 0 {
            let refused = self.split(card, receipt.refused, at, ids);
            self.take_back(refused, at);
        }
        self.close(card, at);
        let row = &mut self.cards[card];
        row.holder_id = receipt.receiver;
        row.number = receipt.number.map(str::to_owned);
        row.place = receipt.place.to_owned();
        row.bin_id = None;
        row.updated_at = at;
        row.version += 1;
        self.hold(card, Some(receipt.transfer), at, ids);
        Some(&self.cards[card])
    }

    /// A card comes back to its giver after a defect, under no number yet.
    pub(super) fn give_back(
        &mut self,
        card: usize,
        (giver, place, transfer): (Uuid, &str, Uuid),
        at: DateTime<Utc>,
        ids: &mut Stream,
    ) {
        self.close(card, at);
        let row = &mut self.cards[card];
        row.holder_id = giver;
        row.number = None;
        row.place = place.to_owned();
        row.updated_at = at;
        row.version += 1;
        self.hold(card, Some(transfer), at, ids);
    }

    /// Identity of a card.
    pub(super) fn id(&self, card: usize) -> Uuid {
        self.cards[card].id
    }

    /// Identity of the card that the listing offers.
    pub(super) fn main(&self) -> Uuid {
        self.cards[self.main].id
    }

    /// The rows, parents first.
    pub(super) fn into_rows(self) -> (Vec<asset::Model>, Vec<asset_holding::Model>) {
        (self.cards, self.holdings)
    }

    /// Splits `pieces` off; the value is shared in fen and always sums.
    fn split(&mut self, card: usize, pieces: i64, at: DateTime<Utc>, ids: &mut Stream) -> usize {
        let rest = &mut self.cards[card];
        let shares = rest.value.map(|value| pro_rata(value, pieces, rest.quantity));
        let child = asset::Model {
            id: ids.next(at),
            number: None,
            serial: None,
            serial_key: None,
            quantity: pieces,
            value: shares.map(|(share, _)| share),
            parent_id: Some(rest.id),
            created_at: at,
            updated_at: at,
            version: 1,
            ..rest.clone()
        };
        rest.quantity -= pieces;
        rest.value = shares.map(|(_, rest)| rest);
        rest.updated_at = at;
        rest.version += 1;
        self.cards.push(child);
        let child = self.cards.len() - 1;
        self.hold(child, None, at, ids);
        child
    }

    /// What was refused stays, joins the card it came from, or is what the listing offers from now on.
    fn take_back(&mut self, card: usize, at: DateTime<Utc>) {
        if card == self.main {
            return;
        }
        let main = &self.cards[self.main];
        let there = main.state == AssetState::Active
            && main.holder_id == self.cards[card].holder_id
            && !self.away.contains(&self.main);
        if !there {
            self.main = card;
            return;
        }
        let (quantity, value) = (self.cards[card].quantity, self.cards[card].value);
        self.end(card, AssetState::Merged, at);
        let main = &mut self.cards[self.main];
        main.quantity += quantity;
        main.value = main.value.zip(value).map(|(main, value)| entity::Money(main.0 + value.0));
        main.updated_at = at;
        main.version += 1;
    }

    fn end(&mut self, card: usize, state: AssetState, at: DateTime<Utc>) {
        self.close(card, at);
        let row = &mut self.cards[card];
        row.state = state;
        row.updated_at = at;
        row.version += 1;
    }

    fn hold(&mut self, card: usize, transfer_id: Option<Uuid>, at: DateTime<Utc>, ids: &mut Stream) {
        let card = &self.cards[card];
        self.holdings.push(asset_holding::Model {
            id: ids.next(at),
            asset_id: card.id,
            unit_id: card.holder_id,
            number: card.number.clone(),
            transfer_id,
            succession_id: None,
            from_at: at,
            to_at: None,
        });
    }

    fn close(&mut self, card: usize, at: DateTime<Utc>) {
        let id = self.cards[card].id;
        for holding in
            self.holdings.iter_mut().filter(|holding| holding.asset_id == id && holding.to_at.is_none())
        {
            holding.to_at = Some(at);
        }
    }
}
