//! What may happen to a listing, and what must be there before it does. Pure.

use entity::assets::{AssetState, asset};
use entity::catalogue::AssetKind;
use entity::listings::{Custody, ListingState, listing};
use entity::organisation::{UnitState, unit};

use crate::assets::rules as card_rules;
use crate::fault::{Code, Rejection};

/// The counters of a listing: pieces, always `offered` in sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// All that were ever offered.
    pub offered: i64,
    /// Free to ask for; of an offer for loan, in its pool, lent or not.
    pub available: i64,
    /// Asked for, approvals under way.
    pub held: i64,
    /// Promised.
    pub reserved: i64,
    /// Handed over, not received.
    pub in_transit: i64,
    /// Received.
    pub delivered: i64,
    /// Taken back.
    pub withdrawn: i64,
    /// Lost on the way.
    pub lost: i64,
}

impl Stock {
    /// A new offer.
    #[must_use]
    pub fn of(pieces: i64) -> Self {
        Self { offered: pieces, available: pieces, ..Self::default() }
    }

    /// The quantities rule.
    #[must_use]
    pub fn holds_true(&self) -> bool {
        let parts = [
            self.available,
            self.held,
            self.reserved,
            self.in_transit,
            self.delivered,
            self.withdrawn,
            self.lost,
        ];
        parts.iter().all(|part| *part >= 0) && parts.iter().sum::<i64>() == self.offered
    }

    /// Pieces that an asker may still get, some day. At 0 whoever waits, waits in vain.
    #[must_use]
    pub fn can_still_come(&self) -> i64 {
        self.available + self.held + self.reserved + self.in_transit
    }

    /// Pieces that nobody was promised.
    #[must_use]
    pub fn unreserved(&self) -> i64 {
        self.available + self.held
    }

    /// After the move; none where there are not that many.
    #[must_use]
    pub fn after(mut self, step: Move, n: i64) -> Option<Self> {
        let (from, to) = step.ends();
        let source = self.counter(from);
        if n <= 0 || *source < n {
            return None;
        }
        *source -= n;
        *self.counter(to) += n;
        Some(self)
    }

    fn counter(&mut self, counter: Counter) -> &mut i64 {
        match counter {
            Counter::Available => &mut self.available,
            Counter::Held => &mut self.held,
            Counter::Reserved => &mut self.reserved,
            Counter::InTransit => &mut self.in_transit,
            Counter::Delivered => &mut self.delivered,
            Counter::Withdrawn => &mut self.withdrawn,
            Counter::Lost => &mut self.lost,
        }
    }
}

/// A counter of the stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// Free to ask for.
    Available,
    /// Asked for.
    Held,
    /// Promised.
    Reserved,
    /// Handed over.
    InTransit,
    /// Received.
    Delivered,
    /// Taken back.
    Withdrawn,
    /// Lost.
    Lost,
}

impl Counter {
    /// Column of `listing_stock`.
    #[must_use]
    pub const fn column(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Held => "held",
            Self::Reserved => "reserved",
            Self::InTransit => "in_transit",
            Self::Delivered => "delivered",
            Self::Withdrawn => "withdrawn",
            Self::Lost => "lost",
        }
    }
}

/// Every way a piece may go. There is no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// An asker takes it, for the time of the approvals.
    Hold,
    /// The hold ends without a promise.
    ReleaseHold,
    /// The hold of a withdrawn listing ends.
    WithdrawHeld,
    /// All approved.
    Reserve,
    /// A promise is decided anew.
    Reopen,
    /// A promise ends.
    Unreserve,
    /// A promise of a withdrawn listing ends, or one that the holder cannot keep.
    WithdrawReserved,
    /// Handed over.
    ToTransit,
    /// Received.
    Deliver,
    /// Refused at receipt.
    GiveBack,
    /// Refused at receipt, of a withdrawn listing.
    WithdrawReturned,
    /// Lost on the way.
    Lose,
    /// Taken back by the holder.
    Withdraw,
    /// Given back after a defect: with the giver again, not offered.
    Reverse,
    /// Did not come back from a loan.
    LoseLent,
    /// Set aside for a disposal that was given up.
    PutBack,
}

impl Move {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Hold,
        Self::ReleaseHold,
        Self::WithdrawHeld,
        Self::Reserve,
        Self::Reopen,
        Self::Unreserve,
        Self::WithdrawReserved,
        Self::ToTransit,
        Self::Deliver,
        Self::GiveBack,
        Self::WithdrawReturned,
        Self::Lose,
        Self::Withdraw,
        Self::Reverse,
        Self::LoseLent,
        Self::PutBack,
    ];

    /// From which counter to which.
    #[must_use]
    pub const fn ends(self) -> (Counter, Counter) {
        match self {
            Self::Hold => (Counter::Available, Counter::Held),
            Self::ReleaseHold => (Counter::Held, Counter::Available),
            Self::WithdrawHeld => (Counter::Held, Counter::Withdrawn),
            Self::Reserve => (Counter::Held, Counter::Reserved),
            Self::Reopen => (Counter::Reserved, Counter::Held),
            Self::Unreserve => (Counter::Reserved, Counter::Available),
            Self::WithdrawReserved => (Counter::Reserved, Counter::Withdrawn),
            Self::ToTransit => (Counter::Reserved, Counter::InTransit),
            Self::Deliver => (Counter::InTransit, Counter::Delivered),
            Self::GiveBack => (Counter::InTransit, Counter::Available),
            Self::WithdrawReturned => (Counter::InTransit, Counter::Withdrawn),
            Self::Lose => (Counter::InTransit, Counter::Lost),
            Self::Withdraw => (Counter::Available, Counter::Withdrawn),
            Self::Reverse => (Counter::Delivered, Counter::Withdrawn),
            Self::LoseLent => (Counter::Available, Counter::Lost),
            Self::PutBack => (Counter::Withdrawn, Counter::Available),
        }
    }
}

/// What happens to the workflow of a listing. Nothing leads into PUBLICITY yet, and only a withdrawal out of it: the
/// city's rule book, which says what is shown for objections and how long, brings its commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// The clerk changes it.
    Edit,
    /// The clerk hands it in.
    Submit,
    /// The last step approved.
    Approve,
    /// A step sent it back.
    SendBack,
    /// A step refused it.
    Reject,
    /// Staff found it in order, in full or in part.
    Accept,
    /// Staff sends it to repair.
    ToRepair,
    /// Staff does not take it.
    SendHome,
    /// The holder takes all of it back.
    Withdraw,
    /// All of it is to be disposed of.
    SetAside,
    /// It is not, and is offered again.
    OfferAgain,
}

/// The state after the command.
///
/// # Errors
/// [`Code::WrongState`] with the present one.
pub fn apply(state: ListingState, custody: Custody, command: Command) -> Result<ListingState, Rejection> {
    use ListingState as S;
    match (command, state) {
        (Command::Edit, S::Draft | S::Returned) => Ok(state),
        (Command::Submit, S::Draft | S::Returned) => Ok(S::Submitted),
        (Command::Approve, S::Submitted) if custody == Custody::Physical => Ok(S::AwaitingInspection),
        (Command::Approve, S::Submitted) => Ok(S::Listed),
        (Command::SendBack, S::Submitted) => Ok(S::Returned),
        (Command::Reject, S::Submitted) => Ok(S::Rejected),
        (Command::Accept, S::AwaitingInspection | S::Repair) => Ok(S::Listed),
        (Command::ToRepair, S::AwaitingInspection) => Ok(S::Repair),
        (Command::SendHome, S::AwaitingInspection | S::Repair) => Ok(S::ReturnedToHolder),
        (Command::SetAside, S::Listed) => Ok(S::Disposal),
        (Command::OfferAgain, S::Disposal) => Ok(S::Listed),
        (
            Command::Withdraw,
            S::Draft
            | S::Returned
            | S::Submitted
            | S::AwaitingInspection
            | S::Repair
            | S::Publicity
            | S::Listed,
        ) => Ok(S::Withdrawn),
        _ => Err(Rejection::new(Code::WrongState).with("state", state)),
    }
}

/// What the terms of an offer are judged by.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// Pieces offered.
    pub offered: i64,
    /// Where it is while it is listed.
    pub custody: Custody,
    /// Named receiver, as asked and as found.
    pub directed_to: Option<Option<&'a unit::Model>>,
    /// Warehouse: whether one is named, and whether it is there.
    pub warehouse: Option<bool>,
    /// The card.
    pub card: &'a asset::Model,
}

/// What is wrong with an offer whatever its state: a draft is refused for these too.
#[must_use]
pub fn terms(terms: &Terms<'_>) -> Vec<Rejection> {
    let mut faults = Vec::new();
    if terms.offered < 1 || terms.offered > card_rules::MOST_PIECES {
        let fault = Rejection::new(Code::OutOfRange).at("quantity").with("least", 1);
        faults.push(fault.with("most", card_rules::MOST_PIECES));
    }
    if terms.card.kind == AssetKind::RealEstate && terms.custody == Custody::Physical {
        faults.push(Rejection::new(Code::VirtualOnly).at("custody"));
    }
    if terms.warehouse == Some(false) {
        faults.push(Rejection::new(Code::NotFound).at("warehouseId"));
    }
    match terms.directed_to {
        Some(None) => faults.push(Rejection::new(Code::NotFound).at("directedToId")),
        Some(Some(unit)) if unit.id == terms.card.holder_id => {
            faults.push(Rejection::new(Code::OwnHolding).at("directedToId"));
        }
        Some(Some(unit)) if unit.state != UnitState::Active => {
            faults.push(Rejection::new(Code::UnitNotActive).at("directedToId"));
        }
        _ => {}
    }
    faults
}

/// What else a submission is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Submission<'a> {
    /// The listing.
    pub listing: &'a listing::Model,
    /// State of the unit that offers.
    pub holder: UnitState,
    /// Pieces of the card that other live listings and hand-overs lay claim to.
    pub claimed: i64,
    /// Photos of the card.
    pub photos: u64,
    /// Fields that the rule book asks for before this step.
    pub required: &'a [String],
}

/// Everything that keeps a listing from being submitted, each with its field.
#[must_use]
pub fn submission(terms_of: &Terms<'_>, facts: &Submission<'_>) -> Vec<Rejection> {
    let card = terms_of.card;
    let mut faults = card_rules::missing(card, facts.photos, facts.required);
    faults.extend(terms(terms_of));
    if card.category_id.is_none() && !faults.iter().any(|fault| fault.field.concat().starts_with("category"))
    {
        // Whatever the rule book says: no savings can be computed without it.
        faults.push(Rejection::new(Code::Required).at("category"));
    }
    if card.name.is_empty() && !faults.iter().any(|fault| fault.field == ["name"]) {
        faults.push(Rejection::new(Code::Required).at("name"));
    }
    if card.state != AssetState::Active || card.holder_id != facts.listing.unit_id {
        faults.push(Rejection::new(Code::WrongState).at("assetId").with("state", card.state));
    }
    if facts.holder == UnitState::Closed {
        faults.push(Rejection::new(Code::UnitNotActive).at("assetId"));
    }
    if terms_of.custody == Custody::Physical && terms_of.warehouse.is_none() {
        faults.push(Rejection::new(Code::Required).at("warehouseId"));
    }
    let free = card.quantity - facts.claimed;
    if terms_of.offered > free {
        let fault = Rejection::new(Code::NotEnough).at("quantity").with("asked", terms_of.offered);
        faults.push(fault.with("available", free.max(0)));
    }
    faults
}

/// Everything that keeps an approved listing from being shown. A photo, and the erasure record of anything with a
/// disk, are asked for whatever the rule book says.
#[must_use]
pub fn before_listed(
    card: &asset::Model,
    has_disk: bool,
    photos: u64,
    required: &[String],
) -> Vec<Rejection> {
    let mut required = required.to_vec();
    required.push("photos".to_owned());
    let mut faults = card_rules::missing(card, photos, &required);
    if has_disk && card.erasure_record.is_none() {
        faults.retain(|fault| fault.field != ["erasureRecord"]);
        faults.push(Rejection::new(Code::ErasureRequired).at("erasureRecord"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_listing_comes_to_the_shelf_by_one_way_only() {
        use ListingState as S;
        let all = [
            S::Draft,
            S::Submitted,
            S::AwaitingInspection,
            S::Repair,
            S::ReturnedToHolder,
            S::Publicity,
            S::Listed,
            S::Returned,
            S::Rejected,
            S::Withdrawn,
            S::Disposal,
        ];
        let commands = [
            Command::Edit,
            Command::Submit,
            Command::Approve,
            Command::SendBack,
            Command::Reject,
            Command::Accept,
            Command::ToRepair,
            Command::SendHome,
            Command::Withdraw,
        ];
        for state in all {
            for command in commands {
                for custody in [Custody::Virtual, Custody::Physical] {
                    let listed = apply(state, custody, command) == Ok(S::Listed);
                    let expected = match custody {
                        Custody::Virtual => state == S::Submitted && command == Command::Approve,
                        Custody::Physical => false,
                    } || matches!(state, S::AwaitingInspection | S::Repair)
                        && command == Command::Accept;
                    assert_eq!(listed, expected, "{state} {command:?} {custody}");
                }
            }
        }
        for end in [S::Rejected, S::Withdrawn, S::ReturnedToHolder, S::Disposal] {
            for command in commands {
                assert!(apply(end, Custody::Virtual, command).is_err(), "{end} is the end");
            }
        }
    }

    proptest! {
        #[test]
        fn the_quantities_rule_holds_at_every_step(
            offered in 1..200i64,
            steps in prop::collection::vec((0..Move::ALL.len(), 0..60i64), 0..200),
        ) {
            let mut stock = Stock::of(offered);
            for (which, n) in steps {
                if let Some(next) = stock.after(Move::ALL[which], n) {
                    prop_assert_ne!(next, stock);
                    stock = next;
                }
                prop_assert!(stock.holds_true(), "{:?}", stock);
                prop_assert_eq!(stock.offered, offered);
            }
        }
    }
}
