//! Who asked for a listing, and what became of it; told by [`super::teller`].

use chrono::{NaiveDate, NaiveDateTime};
use entity::approvals::{Side, StepState};
use entity::identity::Role;
use entity::requests::{LineReason, LineState};
use entity::transfers::TransferState;

/// Everything asked about one listing, in the order of asking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// One line of a request of its own each.
    pub lines: Vec<Line>,
}

/// A request with its one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The unit that asks.
    pub asker: u32,
    /// Its clerk.
    pub asked_by: u32,
    /// Pieces asked for.
    pub asked: u32,
    /// Pieces left after a cut.
    pub quantity: u32,
    /// Why the unit needs it.
    pub justification: String,
    /// By when.
    pub needed_by: NaiveDate,
    /// Where it stands.
    pub state: LineState,
    /// Why it ended, or waits.
    pub reason: Option<LineReason>,
    /// What a person wrote about it.
    pub comment: Option<&'static str>,
    /// Ticket in the queue of the listing, from 1, while it waits.
    pub queue_place: Option<u32>,
    /// When it was drafted.
    pub created_at: NaiveDateTime,
    /// When it was submitted.
    pub submitted_at: Option<NaiveDateTime>,
    /// When its hold lapses, while it holds and its own side is to act.
    pub hold_expires_at: Option<NaiveDateTime>,
    /// When it last moved.
    pub updated_at: NaiveDateTime,
    /// All steps of its approval, decided or not; empty for drafts and for those that never had a hold.
    pub steps: Vec<Step>,
    /// The hand-over, once released.
    pub movement: Option<Move>,
}

/// One step of an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Whose step it is.
    pub side: Side,
    /// Who decides.
    pub role: Role,
    /// At which unit the role must be held; none for the office.
    pub unit: Option<u32>,
    /// Where it stands.
    pub state: StepState,
    /// The account that decided.
    pub by: Option<u32>,
    /// When.
    pub at: Option<NaiveDateTime>,
    /// What it wrote.
    pub comment: Option<&'static str>,
}

impl Step {
    /// A step whose turn has not come.
    pub(super) const fn open(side: Side, role: Role, unit: Option<u32>) -> Self {
        Self { side, role, unit, state: StepState::Waiting, by: None, at: None, comment: None }
    }

    pub(super) fn decide(
        &mut self,
        state: StepState,
        by: u32,
        at: NaiveDateTime,
        comment: Option<&'static str>,
    ) {
        self.state = state;
        self.by = Some(by);
        self.at = Some(at);
        self.comment = comment;
    }
}

/// A hand-over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Where it stands.
    pub state: TransferState,
    /// Pieces released.
    pub quantity: u32,
    /// Pieces accepted.
    pub received: u32,
    /// Pieces sent back.
    pub refused: u32,
    /// Pieces that never arrived.
    pub lost: u32,
    /// 批复文号.
    pub approval_number: String,
    /// The account that released: warehouse staff, or the holder's clerk.
    pub released_by: u32,
    /// When.
    pub released_at: NaiveDateTime,
    /// The account that received: the asker's clerk, or the office for a deemed receipt.
    pub received_by: Option<u32>,
    /// When: a saving is recognised at this moment.
    pub received_at: Option<NaiveDateTime>,
    /// Whether the office recorded it.
    pub deemed: bool,
    /// Reason of a refusal or shortage, or evidence of a deemed receipt.
    pub evidence: Option<&'static str>,
    /// Voucher of the giver.
    pub booked_out: Option<String>,
    /// Voucher of the receiver.
    pub booked_in: Option<String>,
    /// When it was taken back after a defect: its savings are taken back at this moment.
    pub reversed_at: Option<NaiveDateTime>,
    /// Asset number at the receiver, once received: unique per holder (and in the city).
    pub new_number: Option<String>,
    /// Where it stands at the receiver, once received.
    pub new_place: Option<String>,
}
