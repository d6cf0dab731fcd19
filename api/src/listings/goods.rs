//! What approvers go by: what an offer, or some pieces of it, is worth. Pure.

use entity::assets::{ValueBasis, asset};
use entity::listings::listing;

use crate::approvals::steps::Goods;

/// What so many pieces of a listing are to those who approve. Values are rounded up: a threshold is not missed by a fen. What is
/// not known, or nominal, has no value of an item and adds nothing to a batch.
#[must_use]
pub fn goods(listing: &listing::Model, card: &asset::Model, pieces: i64) -> Goods {
    Goods {
        custody: listing.custody,
        purpose: listing.purpose,
        kind: card.kind,
        category: card.category_id,
        item: item_value(card),
        value: value(card, pieces),
    }
}

/// Value of so many pieces of a card; 0 where it is not known, or nominal.
#[must_use]
pub fn value(card: &asset::Model, pieces: i64) -> i64 {
    known_value(card).map_or(0, |value| share(value, pieces, card.quantity))
}

/// Value of one piece of a card; none where it is not known, or nominal.
#[must_use]
pub fn item_value(card: &asset::Model) -> Option<i64> {
    known_value(card).map(|value| share(value, 1, card.quantity))
}

fn known_value(card: &asset::Model) -> Option<i64> {
    let known = matches!(card.value_basis, ValueBasis::Original | ValueBasis::Appraised);
    card.value.filter(|_| known).map(|value| value.0)
}

/// `pieces` of `of`, rounded up.
fn share(value: i64, pieces: i64, of: i64) -> i64 {
    let of = i128::from(of.max(1));
    let share = (i128::from(value) * i128::from(pieces) + of - 1) / of;
    i64::try_from(share).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn a_share_is_rounded_up() {
        assert_eq!(share(100, 1, 3), 34);
        assert_eq!(share(100, 3, 3), 100);
        assert_eq!(share(0, 1, 3), 0);
        assert_eq!(share(100, 1, 0), 100, "a card without pieces is no reason to divide by nothing");
        assert_eq!(share(i64::MAX, 2, 1), i64::MAX);
    }
}
