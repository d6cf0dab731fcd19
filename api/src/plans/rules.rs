//! Pure decisions about a plan: what is possible in which state, and what is wrong with its lines.

use std::collections::HashSet;

use chrono::NaiveDate;
use entity::assets::{AssetState, asset};
use entity::listings::{ListingState, Purpose, listing};
use entity::organisation::UnitState;
use entity::plans::{PlanState, plan_line};
use uuid::Uuid;

use crate::fault::{Code, Rejection};

/// Most lines of a plan.
pub const MOST_LINES: usize = 1_000;
/// Longest reason, comment or answer, in characters.
pub const LONGEST_TEXT: usize = 2_000;
/// Longest title or number of a document, in characters.
pub const LONGEST_NAME: usize = 200;

/// What is to happen to a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// It is written anew.
    Edit,
    /// It is shown to whom it concerns.
    Publish,
    /// A unit objects to a line, or the office answers.
    Discuss,
    /// It is handed to the approvers.
    Submit,
    /// They agree.
    Approve,
    /// They want a correction.
    SendBack,
    /// They refuse.
    Reject,
    /// All its lines are promised.
    Reserve,
    /// No line is under way any more.
    Complete,
    /// The office gives it up.
    Cancel,
}

/// The state after a command.
///
/// # Errors
/// [`Code::WrongState`].
pub fn apply(state: PlanState, command: Command) -> Result<PlanState, Rejection> {
    use PlanState::{
        Approved, Cancelled, Completed, Draft, Objections, Rejected, Reserved, Returned, Submitted,
    };
    Ok(match (state, command) {
        (Draft | Returned, Command::Edit) | (Objections, Command::Discuss) => state,
        (Draft | Returned, Command::Publish) => Objections,
        (Objections, Command::Submit) => Submitted,
        (Submitted, Command::Approve) => Approved,
        (Submitted, Command::SendBack) => Returned,
        (Submitted, Command::Reject) => Rejected,
        (Approved, Command::Reserve) => Reserved,
        (Reserved, Command::Complete) => Completed,
        // What is promised to units ends line by line, as every promise does.
        (Draft | Objections | Submitted | Approved | Returned, Command::Cancel) => Cancelled,
        _ => return Err(Rejection::new(Code::WrongState).with("state", state)),
    })
}

/// Whether a line can be objected to on a day.
#[must_use]
pub fn open_for_objections(line: &plan_line::Model, today: NaiveDate) -> bool {
    line.objections_until.is_some_and(|last| today <= last)
}

/// What a line is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The line.
    pub line: &'a plan_line::Model,
    /// Its card.
    pub card: &'a asset::Model,
    /// The offer it takes from, where it names one.
    pub offer: Option<&'a listing::Model>,
    /// State of the giver; none where there is no such unit.
    pub giver: Option<UnitState>,
    /// State of the receiver; none where there is no such unit.
    pub receiver: Option<UnitState>,
}

/// Everything that is wrong with the lines of a plan, at `lines.<n>.<field>`; `place` gives the n of a line.
#[must_use]
pub fn faults(lines: &[Facts<'_>], place: impl Fn(usize) -> i64) -> Vec<Rejection> {
    let mut faults = Vec::new();
    let mut known: HashSet<(Uuid, Option<Uuid>, Uuid)> = HashSet::new();
    for (n, facts) in lines.iter().enumerate() {
        let Facts { line, card, offer, giver, receiver } = *facts;
        let at = |code, field: &str| Rejection::new(code).at(format!("lines.{}.{field}", place(n)));
        if line.quantity < 1 || line.quantity > card.quantity {
            faults.push(at(Code::OutOfRange, "quantity").with("least", 1).with("most", card.quantity.max(1)));
        }
        match receiver {
            None => faults.push(at(Code::NotFound, "receiverId")),
            Some(_) if line.receiver_id == line.giver_id => faults.push(at(Code::OwnHolding, "receiverId")),
            Some(UnitState::Active) => {}
            Some(_) => faults.push(at(Code::UnitNotActive, "receiverId")),
        }
        // A unit that is closing gives all that it has.
        let theirs = card.state == AssetState::Active && card.holder_id == line.giver_id;
        if !theirs || giver == Some(UnitState::Closed) {
            faults.push(at(Code::WrongState, "assetId").with("state", card.state));
        }
        let open = |offer: &listing::Model| {
            offer.state == ListingState::Listed
                && offer.purpose == Purpose::Transfer
                && offer.asset_id == card.id
                && offer.directed_to.is_none_or(|unit| unit == line.receiver_id)
        };
        if offer.is_some_and(|offer| !open(offer)) {
            faults.push(at(Code::NotOpen, "listingId"));
        }
        if !known.insert((line.asset_id, line.listing_id, line.receiver_id)) {
            faults.push(at(Code::Duplicate, "assetId"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sea_orm::Iterable;

    use super::*;

    const COMMANDS: [Command; 10] = [
        Command::Edit,
        Command::Publish,
        Command::Discuss,
        Command::Submit,
        Command::Approve,
        Command::SendBack,
        Command::Reject,
        Command::Reserve,
        Command::Complete,
        Command::Cancel,
    ];

    #[test]
    fn a_plan_is_reserved_by_one_way_only() {
        let to = |wanted: PlanState| {
            PlanState::iter()
                .flat_map(|state| COMMANDS.map(|command| (state, command)))
                .filter(|(state, command)| *state != wanted && apply(*state, *command) == Ok(wanted))
                .collect::<Vec<_>>()
        };
        assert_eq!(to(PlanState::Reserved), [(PlanState::Approved, Command::Reserve)]);
        assert_eq!(to(PlanState::Approved), [(PlanState::Submitted, Command::Approve)]);
        assert_eq!(to(PlanState::Submitted), [(PlanState::Objections, Command::Submit)]);
    }

    #[test]
    fn what_has_ended_or_is_promised_cannot_be_changed_or_given_up() {
        use PlanState::{Cancelled, Completed, Rejected, Reserved};
        for state in [Cancelled, Completed, Rejected, Reserved] {
            for command in [Command::Edit, Command::Publish, Command::Discuss, Command::Cancel] {
                assert!(apply(state, command).is_err(), "{state:?} {command:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn nothing_is_reserved_that_was_not_approved_since_it_was_last_edited(picks in prop::collection::vec(0usize..10, 0..60)) {
            let (mut state, mut approved) = (PlanState::Draft, false);
            for pick in picks {
                let command = COMMANDS[pick];
                let Ok(next) = apply(state, command) else { continue };
                match command {
                    Command::Edit | Command::Publish | Command::Discuss => approved = false,
                    Command::Approve => approved = true,
                    Command::Reserve => prop_assert!(approved),
                    _ => {}
                }
                state = next;
            }
        }
    }
}
