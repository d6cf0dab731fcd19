//! Which steps a case has, who sits where, and what a verdict does. Pure.

use entity::approvals::{ApprovalSubject, CaseState, SeatLevel, Side, StepState};
use entity::identity::Role;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::conditions::{Conditions, Facts, Reason};
use crate::checks;
use crate::fault::{Code, Rejection};

/// A rule of a set: a step, and when a case needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Which.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// What is approved.
    pub subject: ApprovalSubject,
    /// When its turn is.
    pub stage: i64,
    /// Whose step it is.
    pub side: Side,
    /// Where on that side.
    pub level: SeatLevel,
    /// Role that decides.
    pub role: Role,
    /// Working days for a decision.
    pub due_days: Option<i64>,
    /// When a case needs it.
    pub conditions: Conditions,
}

/// A step that a case needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// When its turn is: steps of one stage go side by side.
    pub stage: i64,
    /// Whose step it is.
    pub side: Side,
    /// Who decides, if somebody sits there.
    pub seat: Seat,
    /// Working days for a decision.
    pub due_days: Option<i64>,
    /// The rules that ask for it, and why each does.
    pub why: Vec<(Uuid, Vec<Reason>)>,
}

/// The steps that a case with these facts needs, in order. A seat that several rules ask for is asked once, at the earliest of
/// their stages, also where it is one for both sides. A rule for a side that the case does not have (a listing that is for nobody in particular has no receiver) asks
/// for nothing.
#[must_use]
pub fn plan(rules: &[Rule], subject: ApprovalSubject, facts: &Facts) -> Vec<Planned> {
    let mut plan: Vec<Planned> = Vec::new();
    let mut asked: Vec<&Rule> = rules.iter().filter(|rule| rule.subject == subject).collect();
    asked.sort_by_key(|rule| rule.stage);
    for rule in asked {
        let (Some(seat), Some(reasons)) = (seat_of(rule, facts), rule.conditions.met(facts)) else {
            continue;
        };
        match plan.iter_mut().find(|step| step.seat == seat) {
            Some(step) => {
                step.why.push((rule.id, reasons));
                step.due_days = step.due_days.into_iter().chain(rule.due_days).min();
            }
            None => plan.push(Planned {
                stage: rule.stage,
                side: rule.side,
                seat,
                due_days: rule.due_days,
                why: vec![(rule.id, reasons)],
            }),
        }
    }
    plan
}

/// As [`plan`], where the rules ask nobody: then the office decides. A set that is older than what is approved knows nothing of it,
/// and nothing is approved by nobody.
#[must_use]
pub fn plan_or_office(rules: &[Rule], subject: ApprovalSubject, facts: &Facts) -> Vec<Planned> {
    let plan = plan(rules, subject, facts);
    if plan.is_empty() {
        let office =
            Planned { stage: 1, side: Side::Office, seat: Seat::OFFICE, due_days: None, why: Vec::new() };
        return vec![office];
    }
    plan
}

fn seat_of(rule: &Rule, facts: &Facts) -> Option<Seat> {
    let unit = match rule.side {
        Side::Office => None,
        side => {
            let party = facts.party(side)?;
            Some(match rule.level {
                SeatLevel::Unit => party.unit,
                SeatLevel::Department => party.department,
                SeatLevel::Top => party.top,
            })
        }
    };
    Some(Seat { role: rule.role, unit })
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
    /// Others of the same stage are still to decide.
    Beside,
    /// The turn of this stage.
    Stage(i64),
    /// The case ends so.
    End(CaseState),
}

/// The step's and the case's next states. `others` are the other steps of the case that are not decided, each with its stage.
#[must_use]
pub fn outcome(verdict: Verdict, others: &[(StepState, i64)]) -> (StepState, After) {
    match verdict {
        Verdict::Approve => (StepState::Approved, after_approval(others)),
        Verdict::Return => (StepState::Returned, After::End(CaseState::Returned)),
        Verdict::Reject => (StepState::Rejected, After::End(CaseState::Rejected)),
    }
}

fn after_approval(others: &[(StepState, i64)]) -> After {
    if others.iter().any(|(state, _)| *state == StepState::Pending) {
        return After::Beside;
    }
    let waiting = others.iter().filter(|(state, _)| *state == StepState::Waiting);
    waiting.map(|(_, stage)| *stage).min().map_or(After::End(CaseState::Approved), After::Stage)
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
    use entity::catalogue::AssetKind;
    use entity::listings::{Custody, Purpose};

    use super::super::conditions::Party;
    use super::*;

    fn rule(n: u128, stage: i64, side: Side, role: Role, conditions: Conditions) -> Rule {
        Rule {
            id: Uuid::from_u128(n),
            name: n.to_string(),
            subject: ApprovalSubject::RequestLine,
            stage,
            side,
            level: SeatLevel::Unit,
            role,
            due_days: None,
            conditions,
        }
    }

    fn facts(custody: Custody) -> Facts {
        let party = |n| {
            let id = Uuid::from_u128(n);
            Some(Party { unit: id, department: Uuid::from_u128(n + 10), top: Uuid::from_u128(n + 20) })
        };
        Facts {
            custody,
            purpose: Purpose::Transfer,
            kind: AssetKind::General,
            kinds: Vec::new(),
            categories: Vec::new(),
            item: None,
            some_unknown: false,
            batches: Vec::new(),
            crossed: Vec::new(),
            giver: party(1),
            receiver: party(2),
        }
    }

    fn only(custody: Custody) -> Conditions {
        Conditions { custody: Some(custody), ..Conditions::default() }
    }

    #[test]
    fn a_plan_has_the_steps_whose_conditions_hold_in_order_of_their_stages() {
        let rules = [
            rule(3, 3, Side::Office, Role::Office, Conditions::default()),
            rule(1, 1, Side::Receiver, Role::Head, Conditions::default()),
            rule(2, 2, Side::Giver, Role::Head, only(Custody::Virtual)),
        ];
        let sides = |custody| {
            let plan = plan(&rules, ApprovalSubject::RequestLine, &facts(custody));
            plan.into_iter()
                .map(|step| (step.side, step.seat.unit.map(|id| id.as_u128())))
                .collect::<Vec<_>>()
        };
        let office = (Side::Office, None);
        assert_eq!(sides(Custody::Virtual), [(Side::Receiver, Some(2)), (Side::Giver, Some(1)), office]);
        assert_eq!(sides(Custody::Physical), [(Side::Receiver, Some(2)), office]);
        assert!(plan(&rules, ApprovalSubject::Listing, &facts(Custody::Virtual)).is_empty());
        let nobody = Facts { receiver: None, ..facts(Custody::Physical) };
        assert_eq!(
            plan(&rules, ApprovalSubject::RequestLine, &nobody).len(),
            1,
            "there is no receiver's side"
        );
    }

    #[test]
    fn where_the_rules_ask_nobody_the_office_decides() {
        let plan = plan_or_office(&[], ApprovalSubject::Listing, &facts(Custody::Virtual));
        assert_eq!((plan.len(), plan[0].seat, plan[0].side), (1, Seat::OFFICE, Side::Office));
    }

    #[test]
    fn a_seat_is_asked_once_at_its_earliest_stage_and_by_its_shortest_time() {
        let department = |n, stage, due_days| Rule {
            level: SeatLevel::Department,
            due_days,
            ..rule(n, stage, Side::Giver, Role::Head, Conditions::default())
        };
        let rules = [
            department(1, 4, Some(3)),
            department(2, 2, Some(5)),
            department(3, 9, None),
            rule(4, 2, Side::Giver, Role::Head, Conditions::default()),
        ];
        let plan = plan(&rules, ApprovalSubject::RequestLine, &facts(Custody::Virtual));
        let (asked, own) = (&plan[0], &plan[1]);
        assert_eq!((asked.stage, asked.due_days, asked.seat.unit), (2, Some(3), Some(Uuid::from_u128(11))));
        assert_eq!(asked.why.iter().map(|(id, _)| id.as_u128()).collect::<Vec<_>>(), [2, 1, 3]);
        assert_eq!((own.stage, own.seat.unit, plan.len()), (2, Some(Uuid::from_u128(1)), 2), "side by side");
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
    fn one_refusal_ends_the_case_and_only_the_last_consent_approves_it() {
        use StepState::{Pending, Waiting};
        let after = |verdict, others: &[_]| outcome(verdict, others).1;
        assert_eq!(after(Verdict::Approve, &[(Pending, 1), (Waiting, 2)]), After::Beside);
        assert_eq!(after(Verdict::Approve, &[(Waiting, 3), (Waiting, 2)]), After::Stage(2));
        assert_eq!(after(Verdict::Approve, &[]), After::End(CaseState::Approved));
        assert_eq!(after(Verdict::Reject, &[(Pending, 1)]), After::End(CaseState::Rejected));
        assert_eq!(after(Verdict::Return, &[]), After::End(CaseState::Returned));
    }
}
