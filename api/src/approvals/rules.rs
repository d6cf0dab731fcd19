//! Which steps a case has, who sits where, and what a verdict does. Pure.

use chrono::NaiveDate;
use entity::approvals::{ApprovalSubject, CaseState, Side, StepState, approval_rule};
use entity::identity::Role;
use entity::listings::Custody;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::checks;
use crate::fault::{Code, Rejection};

/// The rules of a case on a day, in order. Rows for one custody alone go together with those for both.
#[must_use]
pub fn plan(
    rows: &[approval_rule::Model],
    subject: ApprovalSubject,
    custody: Custody,
    today: NaiveDate,
) -> Vec<(Side, Role)> {
    let mut rows: Vec<_> = rows
        .iter()
        .filter(|row| row.subject == subject && row.custody.is_none_or(|only| only == custody))
        .filter(|row| row.valid_from <= today && row.valid_to.is_none_or(|to| today <= to))
        .collect();
    rows.sort_by_key(|row| (row.position, row.id));
    rows.into_iter().map(|row| (row.side, row.role)).collect()
}

/// Who decides a step: a role at a unit, or the office.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seat {
    /// Role.
    pub role: Role,
    /// At whom it must be held; none for a body of the whole city, such as the office.
    pub unit: Option<Uuid>,
}

impl Seat {
    /// The office's seat.
    pub const OFFICE: Self = Self { role: Role::Office, unit: None };
}

/// The seats that may decide a step, best first: as the rule says, then the head of each unit above, at last the office.
#[must_use]
pub fn seats(role: Role, unit: Option<Uuid>, parents: &[Uuid]) -> Vec<Seat> {
    let mut seats = vec![Seat { role, unit }];
    if unit.is_some() {
        seats.extend(parents.iter().map(|parent| Seat { role: Role::Head, unit: Some(*parent) }));
    }
    if seats[0] != Seat::OFFICE {
        seats.push(Seat::OFFICE);
    }
    seats
}

/// What somebody says to a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, async_graphql::Enum)]
pub enum Verdict {
    /// Agreed.
    Approve,
    /// To be corrected and handed in again.
    Return,
    /// Refused.
    Reject,
}

/// What becomes of the case once this step is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// The next step's turn.
    Next,
    /// The case ends so.
    End(CaseState),
}

/// The step's and the case's next states.
#[must_use]
pub fn outcome(verdict: Verdict, last: bool) -> (StepState, After) {
    match verdict {
        Verdict::Approve if last => (StepState::Approved, After::End(CaseState::Approved)),
        Verdict::Approve => (StepState::Approved, After::Next),
        Verdict::Return => (StepState::Returned, After::End(CaseState::Returned)),
        Verdict::Reject => (StepState::Rejected, After::End(CaseState::Rejected)),
    }
}

/// What a verdict is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Sitting<'a> {
    /// State of the step.
    pub state: StepState,
    /// What is said.
    pub verdict: Verdict,
    /// With which words.
    pub comment: Option<&'a str>,
    /// Lowered quantity.
    pub quantity: Option<i64>,
    /// What the case is about.
    pub subject: ApprovalSubject,
    /// Whether the person holds the seat.
    pub seated: bool,
    /// Whether the person applied.
    pub applicant: bool,
}

/// The words to keep.
///
/// # Errors
/// Everything that is wrong with the verdict.
pub fn judge(sitting: &Sitting<'_>) -> Result<Option<String>, Vec<Rejection>> {
    if !sitting.seated {
        return Err(vec![Rejection::new(Code::NotAllowed).at("stepId")]);
    }
    let mut faults = Vec::new();
    if sitting.applicant {
        faults.push(Rejection::new(Code::OwnCase).at("stepId"));
    }
    if sitting.state != StepState::Pending {
        faults.push(Rejection::new(Code::WrongState).at("stepId").with("state", sitting.state));
    }
    let comment = checks::optional_text(&mut faults, "comment", sitting.comment, 2000);
    if sitting.verdict != Verdict::Approve && comment.is_none() {
        // Whoever is refused learns why.
        faults.push(Rejection::new(Code::Required).at("comment"));
    }
    if let Some(quantity) = sitting.quantity {
        if sitting.subject == ApprovalSubject::RequestLine && sitting.verdict == Verdict::Approve {
            checks::range(&mut faults, "quantity", quantity, 0, i32::MAX.into());
        } else {
            faults.push(
                Rejection::new(Code::Malformed)
                    .at("quantity")
                    .with("expected", "仅在同意申请行时可核减数量 / only where a request line is approved"),
            );
        }
    }
    if faults.is_empty() { Ok(comment) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(
        position: i64,
        side: Side,
        role: Role,
        custody: Option<Custody>,
        days: (i32, Option<i32>),
    ) -> approval_rule::Model {
        let day = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
        approval_rule::Model {
            id: Uuid::from_u128(position as u128),
            subject: ApprovalSubject::RequestLine,
            custody,
            position,
            side,
            role,
            valid_from: day(days.0),
            valid_to: days.1.map(day),
        }
    }

    #[test]
    fn the_steps_are_those_in_force_in_order() {
        let rows = [
            rule(3, Side::Office, Role::Office, None, (2020, None)),
            rule(1, Side::Receiver, Role::Head, None, (2020, None)),
            rule(2, Side::Giver, Role::Head, Some(Custody::Virtual), (2020, None)),
            rule(4, Side::Giver, Role::Finance, None, (2030, None)),
            rule(5, Side::Giver, Role::Supervisor, None, (2020, Some(2021))),
        ];
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let sides = |custody| {
            plan(&rows, ApprovalSubject::RequestLine, custody, today)
                .into_iter()
                .map(|(side, _)| side)
                .collect::<Vec<_>>()
        };
        assert_eq!(sides(Custody::Virtual), [Side::Receiver, Side::Giver, Side::Office]);
        assert_eq!(sides(Custody::Physical), [Side::Receiver, Side::Office]);
        assert!(plan(&rows, ApprovalSubject::Listing, Custody::Virtual, today).is_empty());
    }

    #[test]
    fn an_empty_seat_goes_up_and_ends_at_the_office() {
        let [unit, parent, root] = [1, 2, 3].map(Uuid::from_u128);
        let seats_of = seats(Role::Clerk, Some(unit), &[parent, root]);
        let expected = [
            (Role::Clerk, Some(unit)),
            (Role::Head, Some(parent)),
            (Role::Head, Some(root)),
            (Role::Office, None),
        ];
        assert_eq!(seats_of.iter().map(|seat| (seat.role, seat.unit)).collect::<Vec<_>>(), expected);
        assert_eq!(seats(Role::Office, None, &[parent]), [Seat::OFFICE]);
    }

    #[test]
    fn a_verdict_is_heard_only_from_the_seat_and_never_from_the_applicant() {
        let good = Sitting {
            state: StepState::Pending,
            verdict: Verdict::Approve,
            comment: None,
            quantity: None,
            subject: ApprovalSubject::RequestLine,
            seated: true,
            applicant: false,
        };
        assert_eq!(judge(&good), Ok(None));
        let codes = |sitting: &Sitting<'_>| {
            judge(sitting).unwrap_err().iter().map(|fault| fault.code).collect::<Vec<_>>()
        };
        assert_eq!(codes(&Sitting { seated: false, applicant: true, ..good }), [Code::NotAllowed]);
        assert_eq!(codes(&Sitting { applicant: true, ..good }), [Code::OwnCase]);
        assert_eq!(codes(&Sitting { state: StepState::Approved, ..good }), [Code::WrongState]);
        assert_eq!(
            codes(&Sitting { verdict: Verdict::Reject, comment: Some("  "), ..good }),
            [Code::Required]
        );
        assert_eq!(codes(&Sitting { quantity: Some(-1), ..good }), [Code::OutOfRange]);
        assert_eq!(
            codes(&Sitting { quantity: Some(1), subject: ApprovalSubject::Listing, ..good }),
            [Code::Malformed]
        );
        assert_eq!(
            judge(&Sitting { comment: Some(" 好 "), quantity: Some(0), ..good }),
            Ok(Some("好".into()))
        );
    }

    #[test]
    fn one_refusal_ends_the_case() {
        assert_eq!(outcome(Verdict::Approve, false), (StepState::Approved, After::Next));
        assert_eq!(outcome(Verdict::Approve, true).1, After::End(CaseState::Approved));
        assert_eq!(outcome(Verdict::Reject, false).1, After::End(CaseState::Rejected));
        assert_eq!(outcome(Verdict::Return, true).1, After::End(CaseState::Returned));
    }
}
