//! Pure decisions about a hand-over: what a receipt, a booking and a reversal need, and what they make of the row.

use chrono::{DateTime, TimeDelta, Utc};
use entity::transfers::{TransferState, transfer::Model as Transfer};
use uuid::Uuid;

use crate::checks;
use crate::fault::{Code, Rejection};

/// Longest number that is typed in, in characters.
pub const LONGEST_NUMBER: usize = 100;
/// Longest note, reason or evidence, in characters.
pub const LONGEST_TEXT: usize = 2_000;
/// Longest description of a place, in characters.
pub const LONGEST_PLACE: usize = 300;

/// Which of the two books.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, async_graphql::Enum,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[graphql(name = "BookingSide")]
pub enum BookingSide {
    /// The unit that gave.
    Giver,
    /// The unit that received.
    Receiver,
}

/// How a hand-over ended, as reported.
#[derive(Clone, Copy, Debug)]
pub struct Receipt<'a> {
    /// Pieces accepted.
    pub received: i64,
    /// Pieces not accepted: they stay with the giver.
    pub refused: i64,
    /// Pieces lost on the way.
    pub lost: i64,
    /// The receiver's asset number for what was accepted.
    pub asset_number: Option<&'a str>,
    /// Where it stands now.
    pub place: Option<&'a str>,
    /// Evidence of a deemed receipt, or the reason of a refusal.
    pub evidence: Option<&'a str>,
    /// The office records it because the receiver does not.
    pub deemed: bool,
    /// Number of the paper that shows a deemed receipt.
    pub paper_number: Option<&'a str>,
}

/// Everything that is wrong with a receipt, each with its field.
#[must_use]
pub fn receipt_faults(transfer: &Transfer, receipt: &Receipt<'_>, term: Term) -> Vec<Rejection> {
    if transfer.state != TransferState::InTransit {
        return vec![Rejection::new(Code::WrongState).with("state", transfer.state)];
    }
    let mut faults = Vec::new();
    let parts = [("received", receipt.received), ("refused", receipt.refused), ("lost", receipt.lost)];
    for (field, pieces) in parts {
        if !(0..=transfer.quantity).contains(&pieces) {
            let fault = Rejection::new(Code::OutOfRange).at(field);
            faults.push(fault.with("least", 0).with("most", transfer.quantity));
        }
    }
    let sum: i128 = parts.iter().map(|(_, pieces)| i128::from(*pieces)).sum();
    if faults.is_empty() && sum != i128::from(transfer.quantity) {
        let fault = Rejection::new(Code::SumMismatch).at("received");
        faults.push(fault.with("sum", sum).with("quantity", transfer.quantity));
    }
    // The office knows neither the receiver's number nor the room: the receiver's clerk writes them on the card later.
    let taken = receipt.received > 0 && !receipt.deemed;
    typed(&mut faults, "assetNumber", receipt.asset_number, LONGEST_NUMBER, taken);
    typed(&mut faults, "place", receipt.place, LONGEST_PLACE, taken);
    let explained = receipt.deemed || receipt.refused > 0 || receipt.lost > 0;
    typed(&mut faults, "evidence", receipt.evidence, LONGEST_TEXT, explained);
    typed(&mut faults, "paperNumber", receipt.paper_number, LONGEST_NUMBER, false);
    if receipt.deemed && !term.over {
        faults.push(Rejection::new(Code::TooEarly).at("transferId").with("days", term.days));
    }
    faults
}

/// A term in working days, and whether it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// Working days.
    pub days: i64,
    /// Whether its last day has gone by.
    pub over: bool,
}

/// A text as it is kept, or none where it is blank; notes what is wrong with it.
pub fn typed(
    faults: &mut Vec<Rejection>,
    field: &str,
    value: Option<&str>,
    most: usize,
    needed: bool,
) -> Option<String> {
    let kept = checks::optional_text(faults, field, value, most);
    if needed && kept.is_none() {
        faults.push(Rejection::new(Code::Required).at(field));
    }
    kept
}

/// The row after a receipt without faults.
#[must_use]
pub fn receive(transfer: &Transfer, receipt: &Receipt<'_>, by: Uuid, now: DateTime<Utc>) -> Transfer {
    let state = if receipt.received == transfer.quantity {
        TransferState::Received
    } else if receipt.received == 0 && receipt.lost == 0 {
        TransferState::Refused
    } else {
        TransferState::Short
    };
    Transfer {
        state,
        received: receipt.received,
        refused: receipt.refused,
        lost: receipt.lost,
        received_by: Some(by),
        received_at: Some(now),
        evidence: text(receipt.evidence),
        deemed: receipt.deemed,
        paper_number: text(receipt.paper_number).filter(|_| receipt.deemed),
        ..transfer.clone()
    }
}

/// What becomes of the cards: the one in transit goes with the accepted pieces where there are any, so that it keeps
/// its identity; the other parts are split off it first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Pieces to split off for the giver.
    pub split_refused: i64,
    /// Pieces to split off as lost.
    pub split_lost: i64,
    /// Where the card itself goes then.
    pub rest: Rest,
}

/// Where the card in transit goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// To the receiver.
    Moves,
    /// Back to the giver's offer.
    Stays,
    /// It is lost.
    Lost,
}

/// Divides the card in transit.
#[must_use]
pub fn parts(received: i64, refused: i64, lost: i64) -> Parts {
    if received > 0 {
        Parts { split_refused: refused, split_lost: lost, rest: Rest::Moves }
    } else if refused > 0 {
        Parts { split_refused: 0, split_lost: lost, rest: Rest::Stays }
    } else {
        Parts { split_refused: 0, split_lost: 0, rest: Rest::Lost }
    }
}

/// Notes a voucher number; the second of the two closes the hand-over.
///
/// # Errors
/// [`Code::WrongState`] where nothing was received or the side has booked already.
pub fn book(transfer: &Transfer, side: BookingSide, number: &str) -> Result<Transfer, Rejection> {
    let wrong = || Rejection::new(Code::WrongState).with("state", transfer.state);
    if !matches!(transfer.state, TransferState::Received | TransferState::Short) || transfer.received == 0 {
        return Err(wrong());
    }
    let mut next = transfer.clone();
    let slot = match side {
        BookingSide::Giver => &mut next.booked_out,
        BookingSide::Receiver => &mut next.booked_in,
    };
    if slot.is_some() {
        return Err(Rejection::new(Code::AlreadyBooked).at("number"));
    }
    *slot = Some(number.trim().to_owned());
    if next.booked_out.is_some() && next.booked_in.is_some() {
        next.state = TransferState::Closed;
    }
    Ok(next)
}

/// Who takes a hand-over back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reverser {
    /// The office, after a defect, so long after the receipt.
    Office(TimeDelta),
    /// The receiver, who objects to a receipt that the office recorded in its place, within a term.
    Receiver(Term),
}

/// Takes a hand-over back after a defect, or an objection.
///
/// # Errors
/// [`Code::WrongState`] where nothing was received or it was taken back already, [`Code::NotAllowed`] for a receiver who has
/// confirmed it, [`Code::TooLate`] after the days that the rule book gives for it.
pub fn reverse(
    transfer: &Transfer,
    by: Reverser,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Transfer, Rejection> {
    use TransferState::{Closed, Received, Short};
    let received_at = match (transfer.state, transfer.received_at) {
        (Received | Short | Closed, Some(at)) if transfer.received > 0 => at,
        _ => return Err(Rejection::new(Code::WrongState).with("state", transfer.state)),
    };
    let (late, days) = match by {
        Reverser::Office(within) => (now > received_at + within, within.num_days()),
        Reverser::Receiver(_) if !transfer.deemed => return Err(Rejection::new(Code::NotAllowed)),
        Reverser::Receiver(term) => (term.over, term.days),
    };
    if late {
        return Err(Rejection::new(Code::TooLate).with("days", days));
    }
    Ok(Transfer {
        state: TransferState::Reversed,
        reversed_at: Some(now),
        reversal_reason: text(Some(reason)),
        ..transfer.clone()
    })
}

/// Whether what is noted about the pieces fits the quantity and the state.
#[must_use]
pub fn parts_fit(transfer: &Transfer) -> bool {
    use TransferState::{Closed, InTransit, Received, Refused, Reversed, Short};
    let Transfer { state, quantity, received, refused, lost, .. } = *transfer;
    if received < 0 || refused < 0 || lost < 0 || quantity < 1 {
        return false;
    }
    if state == InTransit {
        return received + refused + lost == 0;
    }
    let booked = transfer.booked_out.is_some() && transfer.booked_in.is_some();
    received + refused + lost == quantity
        && match state {
            InTransit => false,
            Received => received == quantity && !booked,
            Refused => refused == quantity,
            Short => received < quantity && refused < quantity && !booked,
            Closed => received > 0 && booked,
            Reversed => received > 0,
        }
}

/// Text without blank ends, or none.
#[must_use]
pub fn text(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}
