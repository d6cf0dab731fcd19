//! Tells who asked for a listing: a fate is drawn for each line, and the line walks towards it as far as time allows.

use std::fmt::Write as _;

use chrono::{Datelike, Days, NaiveDateTime};
use entity::approvals::{Side, StepState};
use entity::catalogue::AssetKind;
use entity::identity::Role;
use entity::listings::Custody;
use entity::requests::{LineReason, LineState};
use entity::transfers::TransferState;

use super::City;
use super::assets;
use super::calendar::Hand;
use super::dice::{Dice, scatter};
use super::listings::{GeneratedListing, Stock};
use super::phrases;
use super::story::{Line, Move, Step};

/// What is to become of a line, if time allows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Draft,
    Pending,
    Queued,
    Outranked,
    Returned,
    Rejected,
    Cut,
    Cancelled,
    Expired,
    Reserved,
    Releasing,
    InTransit,
    Received,
    Closed,
    Short,
    Refused,
    Reversed,
    GiverFailed,
}

/// Days a hold lasts.
const HOLD_DAYS: u64 = 10;

/// Fates that end without a piece and need no competitor.
const FAILURES: &[(u32, Fate)] = &[
    (3, Fate::Draft),
    (3, Fate::Returned),
    (5, Fate::Rejected),
    (2, Fate::Cut),
    (5, Fate::Cancelled),
    (4, Fate::Expired),
];

/// Adds the lines of `listing`, which is listed, and books their pieces.
pub(super) fn tell(city: &City, listing: &mut GeneratedListing, dice: &mut Dice) {
    let Some(listed_at) = listing.listed_at else { return };
    if listing.asset.restricted {
        // Other units do not see it, so none of them can have asked.
        return;
    }
    let offered = listing.stock.offered;
    let days = (city.now() - listed_at).num_days().clamp(0, 3650) as u32;
    let mut teller = Teller { city, listing, listed_at };
    let later = |dice: &mut Dice| dice.range(1, (days / 2).clamp(2, 90));
    match dice.below(1000) {
        // Nobody has asked yet.
        0..560 => {}
        560..800 => {
            let mut left = offered;
            let mut wait = later(dice);
            // A lot goes to one unit or to several after each other.
            for _ in 0..if offered > 4 { dice.range(1, 3) } else { 1 } {
                if left == 0 {
                    break;
                }
                let wanted = if dice.chance(500) { left } else { dice.range(1, left) };
                // Now and then something turns out to be broken.
                let fate = if dice.chance(60) { Fate::Reversed } else { Fate::Closed };
                teller.add(fate, wanted, wait, dice);
                left -= wanted;
                wait += dice.range(1, 30);
            }
        }
        800..845 => {
            let wait = later(dice);
            let failure = *dice.weighted(FAILURES);
            teller.add(
                if failure == Fate::Draft { Fate::Cancelled } else { failure },
                offered,
                wait / 2,
                dice,
            );
            teller.add(Fate::Closed, offered, wait, dice);
            for _ in 0..dice.range(1, 2) {
                teller.add(Fate::Outranked, dice.range(1, offered), wait + 1, dice);
            }
        }
        845..905 => {
            let (back, fate) = *dice.weighted(&[
                (26, ((1, 5), Fate::Pending)),
                (6, ((4, 8), Fate::Returned)),
                (16, ((8, 16), Fate::Reserved)),
                (36, ((12, 24), Fate::InTransit)),
                (18, ((18, 40), Fate::Received)),
            ]);
            let back = dice.range(back.0, back.1);
            // A whole lot is rarely carried away at once.
            let in_parts = offered > 2 && fate == Fate::InTransit;
            let (fate, wanted) =
                if in_parts { (Fate::Releasing, offered) } else { (fate, part(offered, dice)) };
            teller.add(fate, wanted, days.saturating_sub(back), dice);
        }
        905..925 => {
            // A hold on everything, and others who wait for it.
            let back = dice.range(3, 7);
            teller.add(Fate::Pending, offered, days.saturating_sub(back), dice);
            for turn in 0..dice.range(1, 4) {
                teller.add(
                    Fate::Queued,
                    dice.range(1, offered),
                    days.saturating_sub(back - turn.min(2)),
                    dice,
                );
            }
        }
        925..955 => {
            let fate = *dice.weighted(&[
                (10, Fate::Short),
                (12, Fate::Refused),
                (8, Fate::GiverFailed),
                (16, Fate::Reversed),
            ]);
            teller.add(fate, part(offered, dice), later(dice), dice);
        }
        _ => {
            for _ in 0..dice.range(1, 2) {
                let fate = *dice.weighted(FAILURES);
                teller.add(fate, part(offered, dice), later(dice), dice);
            }
        }
    }
    let stock = &mut listing.stock;
    stock.available = offered - taken(stock);
}

/// Pieces that nobody can ask for.
fn taken(stock: &Stock) -> u32 {
    stock.held + stock.reserved + stock.in_transit + stock.delivered + stock.withdrawn + stock.lost
}

/// All or a part of a lot.
fn part(offered: u32, dice: &mut Dice) -> u32 {
    if dice.chance(400) { offered } else { dice.range(1, offered) }
}

struct Teller<'a> {
    city: &'a City,
    listing: &'a mut GeneratedListing,
    listed_at: NaiveDateTime,
}

impl Teller<'_> {
    /// Adds a line drafted `wait` days after the listing, and books where its pieces are today.
    fn add(&mut self, fate: Fate, wanted: u32, wait: u32, dice: &mut Dice) {
        let stock = &self.listing.stock;
        let free = stock.offered - taken(stock);
        // A second line of a lot may find less than it hoped for; what truncation of time left open counts too.
        let wanted = match fate {
            // Nobody queues while there is something to hold: a cut may have left some.
            Fate::Queued | Fate::Outranked if free > 0 => return,
            Fate::Queued | Fate::Outranked => wanted,
            _ if free == 0 => return,
            _ => wanted.min(free),
        };
        let mut hand = Hand::new(self.listed_at + Days::new(u64::from(wait)), self.city.now());
        let Some(created_at) = hand.step((0, 1), dice) else { return };
        let giver = self.listing.asset.holder;
        let asker = match self.listing.directed_to {
            // Others do not see it.
            Some(_) if matches!(fate, Fate::Queued | Fate::Outranked) => return,
            Some(unit) => unit,
            None => self.city.asker(giver, dice),
        };
        let mut line = Line {
            asker,
            asked_by: self.city.clerk(asker).unwrap_or_default(),
            asked: wanted,
            quantity: wanted,
            justification: self.justification(wanted, dice),
            needed_by: created_at.date() + Days::new(u64::from(dice.range(20, 90))),
            state: LineState::Draft,
            reason: None,
            comment: None,
            queue_place: None,
            created_at,
            submitted_at: None,
            hold_expires_at: None,
            updated_at: created_at,
            steps: Vec::new(),
            movement: None,
        };
        self.walk(&mut line, fate, &mut hand, dice);
        if let Some(lapses) = line.hold_expires_at.filter(|at| *at < self.city.now()) {
            // Whose side did nothing in time loses the pieces.
            hand.move_to(lapses);
            line.skip_open_steps();
            line.end(LineState::Expired, LineReason::HoldLapsed, line.comment);
        }
        line.updated_at = hand.at();
        self.book(&line);
        self.listing.story.lines.push(line);
    }

    fn walk(&self, line: &mut Line, fate: Fate, hand: &mut Hand, dice: &mut Dice) {
        if fate == Fate::Draft {
            return;
        }
        let Some(submitted_at) = hand.step((0, 2), dice) else { return };
        line.submitted_at = Some(submitted_at);
        if matches!(fate, Fate::Queued | Fate::Outranked) {
            self.queue(line, submitted_at, hand);
            return;
        }
        line.state = LineState::Submitted;
        self.open_steps(line);
        line.steps[0].state = StepState::Pending;
        line.hold_expires_at = Some(submitted_at + Days::new(HOLD_DAYS));
        if !self.decide(line, fate, hand, dice) {
            return;
        }
        line.hold_expires_at = None;
        line.state = LineState::Reserved;
        if fate != Fate::Reserved {
            self.hand_over(line, fate, hand, dice);
        }
    }

    /// Waits for pieces that others hold; when those were delivered meanwhile, it is told so at that moment.
    fn queue(&self, line: &mut Line, submitted_at: NaiveDateTime, hand: &mut Hand) {
        let stock = &self.listing.stock;
        let lines = &self.listing.story.lines;
        let delivered = stock.delivered + stock.lost == stock.offered;
        let last = lines.iter().filter_map(|other| other.movement.as_ref()?.received_at).max();
        match last.filter(|_| delivered) {
            Some(last) => {
                hand.move_to(last.max(submitted_at));
                line.end(LineState::Outranked, LineReason::AlreadyDelivered, None);
            }
            None => {
                let waiting = lines.iter().filter(|other| other.queue_place.is_some()).count();
                line.queue_place = Some(1 + waiting as u32);
                line.state = LineState::Queued;
                line.reason = Some(LineReason::HeldByOthers);
            }
        }
    }

    /// The straight way: the receiver's head, of a VIRTUAL listing the giver's, who confirms that it is still there, and
    /// the office.
    fn open_steps(&self, line: &mut Line) {
        line.steps.push(Step::open(Side::Receiver, Role::Head, Some(line.asker)));
        if self.listing.custody == Custody::Virtual {
            line.steps.push(Step::open(Side::Giver, Role::Head, Some(self.listing.asset.holder)));
        }
        line.steps.push(Step::open(Side::Office, Role::Office, None));
    }

    /// Decides the steps one after the other; false when the line stops there.
    fn decide(&self, line: &mut Line, fate: Fate, hand: &mut Hand, dice: &mut Dice) -> bool {
        let last = line.steps.len() - 1;
        let stop = match fate {
            Fate::Pending | Fate::Cancelled => dice.below(last as u32 + 1) as usize,
            Fate::Expired => 0,
            // A giver who refuses has not judged the asker, so it is the asker's head or the office.
            Fate::Returned | Fate::Rejected => {
                if dice.chance(600) {
                    last
                } else {
                    0
                }
            }
            Fate::Cut => last,
            Fate::GiverFailed if last == 2 => 1,
            // What is in the warehouse is there: its giver cannot fail.
            Fate::GiverFailed => last,
            _ => usize::MAX,
        };
        for at_step in 0..=last {
            let by = match line.steps[at_step].side {
                Side::Receiver => self.city.head(line.asker).unwrap_or_default(),
                Side::Giver => self.city.head(self.listing.asset.holder).unwrap_or_default(),
                Side::Office => *dice.pick(&self.city.office[..3]),
            };
            line.steps[at_step].state = StepState::Pending;
            if line.steps[at_step].side != Side::Receiver {
                // The asker's side has done its part: the hold waits for the others without an end.
                line.hold_expires_at = None;
            }
            if at_step == stop {
                if matches!(fate, Fate::Pending | Fate::Expired) {
                    return false;
                }
                let Some(at) = hand.step((0, 3), dice) else { return false };
                line.stop(fate, at_step, (by, at), dice);
                if line.state == LineState::Returned {
                    line.hold_expires_at = Some(at + Days::new(HOLD_DAYS));
                }
                return false;
            }
            let Some(at) = hand.step((0, 2), dice) else { return false };
            line.steps[at_step].decide(StepState::Approved, by, at, None);
            if line.steps[at_step].side == Side::Office && line.quantity > 3 && dice.chance(130) {
                line.quantity -= dice.range(1, line.quantity / 2);
                line.steps[at_step].comment = Some(dice.word(phrases::CUTS));
            }
        }
        true
    }

    fn hand_over(&self, line: &mut Line, fate: Fate, hand: &mut Hand, dice: &mut Dice) {
        // One piece cannot be released in part.
        if fate == Fate::Releasing && line.quantity == 1 {
            return;
        }
        let Some(released_at) = hand.step((1, 5), dice) else { return };
        let quantity = if fate == Fate::Releasing { dice.range(1, line.quantity - 1) } else { line.quantity };
        let mut movement = Move {
            state: TransferState::InTransit,
            quantity,
            received: 0,
            refused: 0,
            lost: 0,
            approval_number: format!("武机管调〔{}〕{}号", released_at.year(), self.serial()),
            released_by: match self.listing.custody {
                Custody::Physical => *dice.pick(&self.city.staff),
                Custody::Virtual => self.city.clerk(self.listing.asset.holder).unwrap_or_default(),
            },
            released_at,
            received_by: None,
            received_at: None,
            deemed: false,
            evidence: None,
            booked_out: None,
            booked_in: None,
            reversed_at: None,
            new_number: None,
            new_place: None,
        };
        line.state = if fate == Fate::Releasing { LineState::Releasing } else { LineState::InTransit };
        if !matches!(fate, Fate::Releasing | Fate::InTransit) {
            self.receive(line, &mut movement, fate, hand, dice);
        }
        line.movement = Some(movement);
    }

    fn receive(&self, line: &mut Line, movement: &mut Move, fate: Fate, hand: &mut Hand, dice: &mut Dice) {
        let deemed = fate == Fate::Closed && dice.chance(20);
        let Some(at) = hand.step(if deemed { (15, 20) } else { (0, 4) }, dice) else { return };
        movement.received_at = Some(at);
        movement.received_by = Some(if deemed { *dice.pick(&self.city.office[..3]) } else { line.asked_by });
        movement.deemed = deemed;
        if deemed {
            movement.evidence = Some("逾期未确认，凭出库单签字和现场照片视同接收");
        }
        movement.received = movement.quantity;
        (line.state, movement.state) = (LineState::Received, TransferState::Received);
        match fate {
            Fate::Short => {
                movement.lost = dice.range(1, movement.quantity);
                movement.received -= movement.lost;
                movement.evidence = Some(dice.word(phrases::SHORTAGES));
                (line.state, movement.state) = (LineState::Short, TransferState::Short);
            }
            Fate::Refused => {
                movement.refused = movement.quantity;
                movement.received = 0;
                movement.evidence = Some(dice.word(phrases::REFUSALS));
                line.comment = movement.evidence;
                (line.state, movement.state) = (LineState::Refused, TransferState::Refused);
            }
            _ => {}
        }
        if movement.received > 0 {
            let prefix = &self.listing.asset.number[..2];
            movement.new_number = Some(format!("{prefix}{}D{}", at.year(), self.serial()));
            movement.new_place = Some(assets::new_place(&self.listing.asset, dice));
        }
        if fate == Fate::Reversed {
            // Nothing of it is booked: the line is over.
            let Some(at) = hand.step((2, 20), dice) else { return };
            movement.reversed_at = Some(at);
            (line.state, movement.state) = (LineState::Closed, TransferState::Reversed);
        }
        if fate != Fate::Closed {
            return;
        }
        let Some(out_at) = hand.step((2, 8), dice) else { return };
        movement.booked_out = Some(voucher(out_at, dice));
        let Some(in_at) = hand.step((1, 7), dice) else { return };
        movement.booked_in = Some(voucher(in_at, dice));
        (line.state, movement.state) = (LineState::Closed, TransferState::Closed);
    }

    /// Books where the pieces of `line` are.
    fn book(&mut self, line: &Line) {
        let stock = &mut self.listing.stock;
        match line.state {
            LineState::Submitted | LineState::Returned => stock.held += line.quantity,
            LineState::Reserved => stock.reserved += line.quantity,
            _ => {}
        }
        if let Some(movement) = &line.movement {
            if movement.received_at.is_none() {
                stock.in_transit += movement.quantity;
                stock.reserved += line.quantity - movement.quantity;
            }
            // What comes back after a defect is with its holder, and not offered again.
            if movement.reversed_at.is_some() {
                stock.withdrawn += movement.received;
            } else {
                stock.delivered += movement.received;
            }
            stock.lost += movement.lost;
        }
        stock.available = stock.offered - taken(stock);
    }

    /// Unique in the city for each line of each listing; at most nine lines a listing.
    fn serial(&self) -> String {
        let line = self.listing.story.lines.len() + 1;
        format!("{:08}{line}", scatter(self.listing.index, 100_000_000, 77))
    }

    fn justification(&self, wanted: u32, dice: &mut Dice) -> String {
        let asset = &self.listing.asset;
        let mut text = String::with_capacity(192);
        let thing = if asset.kind == AssetKind::RealEstate { "该处用房" } else { asset.name.as_str() };
        let _ = write!(text, "{}，需{thing}", dice.word(phrases::NEEDS));
        if asset.kind != AssetKind::RealEstate {
            let _ = write!(text, "{wanted}{}", asset.measure);
        }
        let _ = write!(text, "。{}。", dice.word(phrases::WHYS));
        text
    }
}

impl Line {
    /// Ends before anything was promised, at step `at_step`, decided by `by` where somebody decided.
    fn stop(&mut self, fate: Fate, at_step: usize, (by, at): (u32, NaiveDateTime), dice: &mut Dice) {
        let (state, reason, step, words) = match fate {
            Fate::Returned => {
                (LineState::Returned, LineReason::Corrected, StepState::Returned, phrases::RETURNS)
            }
            Fate::Cut => (LineState::Cut, LineReason::CutByApprover, StepState::Approved, phrases::CUTS),
            Fate::Cancelled => (
                LineState::Cancelled,
                LineReason::CancelledByAsker,
                StepState::Skipped,
                phrases::CANCELLATIONS,
            ),
            Fate::GiverFailed if self.steps[at_step].side == Side::Giver => {
                (LineState::GiverFailed, LineReason::Refused, StepState::Rejected, phrases::GIVER_FAILURES)
            }
            _ => (LineState::Rejected, LineReason::Refused, StepState::Rejected, phrases::REJECTIONS),
        };
        let comment = Some(dice.word(words));
        if step != StepState::Skipped {
            self.steps[at_step].decide(step, by, at, comment);
        }
        self.skip_open_steps();
        if fate == Fate::Cut {
            self.quantity = 0;
        }
        self.end(state, reason, comment);
    }

    fn skip_open_steps(&mut self) {
        for step in self.steps.iter_mut().filter(|step| step.by.is_none()) {
            step.state = StepState::Skipped;
        }
    }

    fn end(&mut self, state: LineState, reason: LineReason, comment: Option<&'static str>) {
        self.state = state;
        self.reason = Some(reason);
        self.comment = comment;
        self.hold_expires_at = None;
    }
}

/// A voucher number (凭证号) of the month.
fn voucher(at: NaiveDateTime, dice: &mut Dice) -> String {
    format!("记-{}{:02}-{:04}", at.year(), at.month(), dice.range(1, 900))
}
