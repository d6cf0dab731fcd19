//! How a cap is reckoned, and what follows. Pure.

use crate::fault::{Code, Rejection};

/// What a unit is entitled to of one thing, and what of it is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Most pieces; none where what it is reckoned from is not known.
    pub cap: Option<i64>,
    /// Pieces the unit holds.
    pub held: i64,
    /// Pieces it has asked for and not got, in this request and before.
    pub pending: i64,
}

/// Pieces for so much staff: a part of a piece is none.
#[must_use]
pub fn cap(staff: i64, percent: i64) -> i64 {
    i64::try_from(i128::from(staff) * i128::from(percent) / 100).unwrap_or(i64::MAX)
}

impl Allowance {
    /// Pieces that may still be asked for; none where that is not known.
    #[must_use]
    pub fn left(&self) -> Option<i64> {
        self.cap.map(|cap| (cap - self.held - self.pending).max(0))
    }

    /// What stands against `pieces` more, told at these fields. Over the cap the unit is stopped, or, where the city lets a reason
    /// do, asked for one; what is not known asks for a reason and never stops.
    ///
    /// # Errors
    /// [`Code::OverCap`] at `quantity`, [`Code::Required`] at `overCapReason`.
    pub fn check(
        &self,
        pieces: i64,
        reason: Option<&str>,
        reason_does: bool,
        quantity: &str,
    ) -> Result<(), Rejection> {
        let asked_for = || {
            if reason.is_some_and(|reason| !reason.trim().is_empty()) {
                Ok(())
            } else {
                Err(Rejection::new(Code::Required).at("overCapReason"))
            }
        };
        match self.left() {
            None => asked_for(),
            Some(left) if pieces <= left => Ok(()),
            Some(_) if reason_does => asked_for(),
            Some(left) => Err(Rejection::new(Code::OverCap)
                .at(quantity)
                .with("cap", self.cap.unwrap_or_default())
                .with("taken", self.held + self.pending)
                .with("left", left)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_piece_is_none() {
        assert_eq!(cap(43, 100), 43);
        assert_eq!(cap(43, 50), 21);
        assert_eq!(cap(43, 150), 64);
        assert_eq!(cap(0, 100), 0);
        assert_eq!(cap(i64::MAX, 200), i64::MAX);
    }

    #[test]
    fn over_the_cap_is_stopped_or_asked_why_and_what_is_not_known_never_stops() {
        let some = Allowance { cap: Some(10), held: 6, pending: 3 };
        let code = |allowance: Allowance, pieces, reason, does| {
            allowance.check(pieces, reason, does, "quantity").err().map(|rejection| rejection.code)
        };
        assert_eq!(code(some, 1, None, false), None);
        assert_eq!(code(some, 2, Some("扩编"), false), Some(Code::OverCap));
        assert_eq!(code(some, 2, None, true), Some(Code::Required));
        assert_eq!(code(some, 2, Some(" "), true), Some(Code::Required));
        assert_eq!(code(some, 2, Some("扩编"), true), None);
        let unknown = Allowance { cap: None, ..some };
        assert_eq!(code(unknown, 99, None, false), Some(Code::Required));
        assert_eq!(code(unknown, 99, Some("新设"), false), None);
        assert_eq!(
            Allowance { held: 50, ..some }.left(),
            Some(0),
            "it holds more than it may: nothing is left"
        );
    }
}
