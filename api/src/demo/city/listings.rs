//! Listings with the way they went so far.

use chrono::{Days, NaiveDateTime};
use entity::approvals::{Side, StepState};
use entity::assets::Condition;
use entity::catalogue::AssetKind;
use entity::identity::Role;
use entity::listings::{Custody, FreezeCause, ListingState};
use entity::organisation::UnitKind;

use super::City;
use super::assets::{self, Asset, Frame};
use super::calendar::Hand;
use super::dice::Dice;
use super::phrases;
use super::picture::Picture;
use super::story::{Step, Story};
use super::teller;
use super::warehouse::ZonePurpose;

/// A listing with its asset and its story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratedListing {
    /// Its number in the city.
    pub index: u64,
    /// The card as it was when offered: what was delivered since has moved to the receivers of [`Story::lines`].
    pub asset: Asset,
    /// Whether it stays with its holder.
    pub custody: Custody,
    /// Where its workflow stands.
    pub state: ListingState,
    /// 协议调剂: the unit it is meant for.
    pub directed_to: Option<u32>,
    /// PHYSICAL, once it is there: the bin it stands in.
    pub bin: Option<u32>,
    /// The account that drafted it.
    pub created_by: u32,
    /// When it was drafted.
    pub created_at: NaiveDateTime,
    /// When it went to the approvers.
    pub submitted_at: Option<NaiveDateTime>,
    /// When others could see it.
    pub listed_at: Option<NaiveDateTime>,
    /// When its workflow last moved.
    pub updated_at: NaiveDateTime,
    /// All steps of its approval, decided or not; empty for drafts.
    pub steps: Vec<Step>,
    /// 批复文号 of the giver, once approved.
    pub approval_number: Option<String>,
    /// Why it was returned, rejected, withdrawn or not accepted.
    pub reason: Option<&'static str>,
    /// Where the pieces are.
    pub stock: Stock,
    /// A freeze that stands today.
    pub freeze: Option<Freeze>,
    /// One to three pictures; a draft may have none.
    pub pictures: Vec<Picture>,
    /// Who asked for it.
    pub story: Story,
}

/// The quantities of a listing: the others always sum to `offered`. Before a listing is listed all is `available`; of
/// one that was withdrawn, rejected, returned to its holder or sent to disposal all is `withdrawn`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// Pieces offered.
    pub offered: u32,
    /// Free to ask for.
    pub available: u32,
    /// Under an expiring hold.
    pub held: u32,
    /// Promised.
    pub reserved: u32,
    /// Handed out, not received.
    pub in_transit: u32,
    /// Received.
    pub delivered: u32,
    /// Taken back.
    pub withdrawn: u32,
    /// Gone.
    pub lost: u32,
}

/// A freeze of one listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// Why.
    pub cause: FreezeCause,
    /// The account that set it.
    pub by: u32,
    /// Since when.
    pub from_at: NaiveDateTime,
}

/// Where listings stand: weights in a thousand.
const TARGETS: &[(u32, ListingState)] = &[
    (755, ListingState::Listed),
    (32, ListingState::Draft),
    (42, ListingState::Submitted),
    (24, ListingState::AwaitingInspection),
    (12, ListingState::Repair),
    (10, ListingState::ReturnedToHolder),
    (20, ListingState::Publicity),
    (18, ListingState::Returned),
    (17, ListingState::Rejected),
    (42, ListingState::Withdrawn),
    (28, ListingState::Disposal),
];

/// Listing number `index`.
pub(super) fn generate(city: &City, index: u64) -> GeneratedListing {
    let dice = &mut city.dice(index);
    let kind = assets::kind_of(city.seed, index);
    let holder = city.giver(dice);
    let target = target(kind.0, dice);
    let custody = custody(city, kind.0, holder, target, dice);
    let age = match target {
        ListingState::Draft => dice.range(1, 40),
        ListingState::Submitted => dice.range(2, 6),
        ListingState::AwaitingInspection => dice.range(9, 18),
        ListingState::Repair => dice.range(16, 45),
        ListingState::Publicity => dice.range(14, 24),
        ListingState::Returned | ListingState::Rejected => dice.range(10, 200),
        // The warehouse fills up over the two years: twice as many come in at the end as at the beginning.
        _ => {
            let (a, b) = (dice.range(18, 730), dice.range(18, 730));
            if dice.chance(500) { a.min(b) } else { a }
        }
    };
    let opened = city.now() - Days::new(u64::from(age));
    let mut hand = Hand::new(opened, city.now());
    // An age of at least a day that falls on a Saturday may leave no working day before now.
    let created_at = hand.step((0, 0), dice).unwrap_or(opened);

    let frame = Frame { index, holder, on: created_at.date() };
    let asset = assets::asset(city, kind, &frame, dice);
    let offered = asset.quantity;
    let mut listing = GeneratedListing {
        index,
        custody,
        state: ListingState::Draft,
        directed_to: None,
        bin: None,
        created_by: city.clerk(holder).unwrap_or_default(),
        created_at,
        submitted_at: None,
        listed_at: None,
        updated_at: created_at,
        steps: Vec::new(),
        approval_number: None,
        reason: None,
        stock: Stock { offered, available: offered, ..Stock::default() },
        freeze: None,
        pictures: Vec::new(),
        story: Story::default(),
        asset,
    };
    if dice.chance(25) {
        listing.directed_to = Some(city.asker(holder, dice));
    }
    listing.advance(city, target, &mut hand, dice);
    listing.updated_at = hand.at().max(created_at);
    listing.furnish(city, dice);
    if listing.state == ListingState::Listed {
        teller::tell(city, &mut listing, dice);
        if listing.story.lines.is_empty() && dice.chance(9) {
            listing.freeze = Some(freeze(city, &listing, dice));
        }
    }
    listing
}

fn target(kind: AssetKind, dice: &mut Dice) -> ListingState {
    use ListingState::{AwaitingInspection, Publicity, Repair, ReturnedToHolder};
    match *dice.weighted(TARGETS) {
        // What cannot be carried is not inspected at the gate.
        AwaitingInspection | Repair | ReturnedToHolder
            if matches!(kind, AssetKind::RealEstate | AssetKind::Software) =>
        {
            Publicity
        }
        state => state,
    }
}

fn custody(city: &City, kind: AssetKind, holder: u32, target: ListingState, dice: &mut Dice) -> Custody {
    use ListingState::{AwaitingInspection, Repair, ReturnedToHolder};
    let per_mille = match (kind, city.units[holder as usize].kind) {
        (AssetKind::RealEstate | AssetKind::Software, _) => 0,
        _ if matches!(target, AwaitingInspection | Repair | ReturnedToHolder) => 1000,
        (AssetKind::Vehicle, _) => 120,
        (_, UnitKind::Pool) => 850,
        _ => 340,
    };
    if dice.chance(per_mille) { Custody::Physical } else { Custody::Virtual }
}

impl GeneratedListing {
    /// Walks towards `target`, as far as time allows.
    fn advance(&mut self, city: &City, target: ListingState, hand: &mut Hand, dice: &mut Dice) {
        use ListingState as S;
        if target == S::Draft {
            return;
        }
        let Some(at) = hand.step((0, 2), dice) else { return };
        self.state = S::Submitted;
        self.submitted_at = Some(at);
        self.steps = vec![
            Step::open(Side::Giver, Role::Head, Some(self.asset.holder)),
            Step::open(Side::Office, Role::Office, None),
        ];
        let deciders = [city.head(self.asset.holder).unwrap_or_default(), *dice.pick(&city.office[..3])];
        let stop = match target {
            S::Submitted => dice.below(2) as usize,
            _ => self.steps.len(),
        };
        // A head sends back a third of what is sent back, the office the rest.
        let refuses = usize::from(!dice.chance(330));
        for (at_step, by) in deciders.into_iter().enumerate() {
            self.steps[at_step].state = StepState::Pending;
            if at_step == stop {
                return;
            }
            let Some(at) = hand.step((0, 3), dice) else { return };
            if at_step == refuses && matches!(target, S::Returned | S::Rejected) {
                let (state, words) = if target == S::Returned {
                    (StepState::Returned, phrases::LISTING_RETURNS)
                } else {
                    (StepState::Rejected, phrases::LISTING_REJECTIONS)
                };
                let reason = dice.word(words);
                self.steps[at_step].decide(state, by, at, Some(reason));
                self.skip_from(at_step + 1);
                self.state = target;
                self.reason = Some(reason);
                if target == S::Rejected {
                    self.withdraw();
                }
                return;
            }
            self.steps[at_step].decide(StepState::Approved, by, at, None);
        }
        self.approval_number = Some(format!(
            "武机管资〔{}〕{}号",
            hand.at().format("%Y"),
            super::dice::scatter(self.index, 100_000_000, 11),
        ));
        if self.custody == Custody::Physical {
            self.state = S::AwaitingInspection;
            if target == S::AwaitingInspection || hand.step((2, 7), dice).is_none() {
                return;
            }
            match target {
                S::ReturnedToHolder => {
                    self.state = target;
                    self.reason = Some(dice.word(phrases::INSPECTION_FAILURES));
                    self.withdraw();
                    return;
                }
                S::Repair => {
                    self.state = target;
                    return;
                }
                _ => {}
            }
        }
        self.state = S::Publicity;
        if target == S::Publicity {
            return;
        }
        let Some(at) = hand.step((3, 7), dice) else { return };
        self.state = S::Listed;
        self.listed_at = Some(at);
        if matches!(target, S::Withdrawn | S::Disposal) {
            let waits = if target == S::Withdrawn { (5, 150) } else { (90, 300) };
            if hand.step(waits, dice).is_none() {
                return;
            }
            self.state = target;
            self.withdraw();
            self.reason = Some(if target == S::Withdrawn {
                dice.word(phrases::WITHDRAWALS)
            } else {
                "多次公示无单位申请，转入处置"
            });
        }
    }

    fn withdraw(&mut self) {
        self.stock.withdrawn = self.stock.available;
        self.stock.available = 0;
    }

    fn skip_from(&mut self, first: usize) {
        for step in &mut self.steps[first..] {
            step.state = StepState::Skipped;
        }
    }

    /// What the state asks for: pictures, erasure record, bin.
    fn furnish(&mut self, city: &City, dice: &mut Dice) {
        use ListingState as S;
        let pictures = match self.state {
            S::Draft => dice.below(2),
            _ => *dice.weighted(&[(60, 1), (28, 2), (12, 3)]),
        };
        let shape = self.asset.shape;
        let first = dice.below(city.variations);
        self.pictures = (0..pictures.min(city.variations))
            .map(|turn| Picture { shape, variation: (first + turn) % city.variations })
            .collect();
        // A few drafts have theirs already.
        if self.asset.has_disk && (self.state != S::Draft || dice.chance(300)) {
            self.asset.erasure_record =
                Some(format!("{}（{}）", dice.word(phrases::ERASURES), self.created_at.format("%Y-%m-%d")));
        }
        if self.custody == Custody::Physical {
            let purpose = match self.state {
                S::AwaitingInspection if dice.chance(500) => Some(ZonePurpose::Inspection),
                S::Repair => Some(ZonePurpose::Repair),
                S::Publicity | S::Listed | S::Disposal => Some(self.asset.zone),
                _ => None,
            };
            self.bin = purpose.map(|purpose| city.bin(purpose, dice));
        }
        if self.state == S::Repair && self.asset.condition < Condition::Fair {
            self.asset.condition = Condition::Fair;
        }
    }
}

fn freeze(city: &City, listing: &GeneratedListing, dice: &mut Dice) -> Freeze {
    let listed = listing.listed_at.unwrap_or(listing.created_at);
    let recent = city.now() - Days::new(u64::from(dice.range(1, 14)));
    Freeze {
        cause: *dice.weighted(&[
            (6, FreezeCause::Stocktake),
            (3, FreezeCause::Dispute),
            (1, FreezeCause::Secrecy),
        ]),
        by: *dice.pick(&city.office[..3]),
        from_at: recent.max(listed),
    }
}
