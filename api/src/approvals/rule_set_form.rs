//! What a set of rules must look like. Pure.

use entity::approvals::{ApprovalSubject, SeatLevel, Side};
use entity::identity::Role;
use sea_orm::Iterable;
use serde::{Deserialize, Serialize};

use super::conditions::Conditions;
use crate::catalogue::calendar;
use crate::checks;
use crate::fault::{Code, Rejection};
use crate::organisation::rules::required;

/// Most rules of a set.
pub const MOST_RULES: usize = 200;
/// Last stage.
pub const LAST_STAGE: i64 = 99;
/// Roles that decide steps.
pub const DECIDERS: [Role; 5] = [Role::Clerk, Role::Head, Role::Supervisor, Role::Office, Role::Finance];

/// All that a set says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleSetForm {
    /// Name.
    pub name: String,
    /// Note.
    pub note: String,
    /// Rules, in the order in which they are shown.
    pub rules: Vec<RuleForm>,
}

/// One rule of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleForm {
    /// What people call it.
    pub name: String,
    /// What is approved.
    pub subject: ApprovalSubject,
    /// When its turn is, 1 to 99: rules of one stage go side by side.
    pub stage: i64,
    /// Whose step it is.
    pub side: Side,
    /// Where on that side.
    pub level: SeatLevel,
    /// Role that decides.
    pub role: Role,
    /// Working days for a decision; none: as the rule book says.
    pub due_days: Option<i64>,
    /// When a case needs it.
    pub conditions: Conditions,
}

impl RuleSetForm {
    /// As it is kept, with everything that is wrong with it alone.
    #[must_use]
    pub fn cleaned(self) -> (Self, Vec<Rejection>) {
        let mut faults = Vec::new();
        let name = required(&mut faults, "name", &self.name, 100);
        let note = checks::text(&mut faults, "note", &self.note, 2_000);
        if self.rules.len() > MOST_RULES {
            let fault = Rejection::new(Code::OutOfRange).at("rules").with("least", 0);
            faults.push(fault.with("most", MOST_RULES));
            return (Self { name, note, rules: Vec::new() }, faults);
        }
        let rules = (0..).zip(self.rules).map(|(n, rule)| rule.cleaned(n, &mut faults)).collect();
        (Self { name, note, rules }, faults)
    }

    /// What must be there before cases can go by it: for everything that is approved, one rule that asks every case, whatever it
    /// is. So no case can be approved by nobody.
    #[must_use]
    pub fn gaps(&self) -> Vec<Rejection> {
        ApprovalSubject::iter()
            // Of a plan that it says nothing of the office decides.
            .filter(|subject| *subject != ApprovalSubject::Plan)
            .filter(|subject| !self.rules.iter().any(|rule| rule.asks_every(*subject)))
            .map(|subject| Rejection::new(Code::NoStepForAll).at("rules").with("subject", subject))
            .collect()
    }
}

impl RuleForm {
    fn cleaned(self, n: usize, faults: &mut Vec<Rejection>) -> Self {
        let at = |field: &str| format!("rules.{n}.{field}");
        let name = required(faults, &at("name"), &self.name, 100);
        checks::range(faults, &at("stage"), self.stage, 1, LAST_STAGE);
        if let Some(days) = self.due_days {
            checks::range(faults, &at("dueDays"), days, 1, calendar::MOST_DAYS);
        }
        if !DECIDERS.contains(&self.role) {
            let expected = DECIDERS.map(|role| role.to_string()).join(", ");
            faults.push(Rejection::new(Code::Malformed).at(at("role")).with("expected", expected));
        }
        if self.side == Side::Office && self.level != SeatLevel::Unit {
            let expected = "UNIT（全市层面没有上级） / UNIT: nothing is above the city";
            faults.push(Rejection::new(Code::Malformed).at(at("level")).with("expected", expected));
        }
        if self.subject == ApprovalSubject::Plan && self.side != Side::Office {
            let expected = "OFFICE（方案涉及多个单位，没有单一的持有或接收方） / OFFICE: a plan has no one giver or receiver";
            faults.push(Rejection::new(Code::Malformed).at(at("side")).with("expected", expected));
        }
        faults.extend(self.conditions.faults(&at("conditions")));
        Self { name, ..self }
    }

    /// Whether every case about `subject` gets this step.
    fn asks_every(&self, subject: ApprovalSubject) -> bool {
        // Most listings are for nobody in particular.
        let there = self.side != Side::Receiver || subject != ApprovalSubject::Listing;
        self.subject == subject && there && self.conditions == Conditions::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(subject: ApprovalSubject, side: Side) -> RuleForm {
        RuleForm {
            name: "负责人".into(),
            subject,
            stage: 1,
            side,
            level: SeatLevel::Unit,
            role: Role::Head,
            due_days: None,
            conditions: Conditions::default(),
        }
    }

    fn set(rules: Vec<RuleForm>) -> RuleSetForm {
        RuleSetForm { name: "试行".into(), note: String::new(), rules }
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_and_where() {
        let bad = RuleForm {
            name: " ".into(),
            stage: 0,
            side: Side::Office,
            level: SeatLevel::Top,
            role: Role::Auditor,
            due_days: Some(0),
            conditions: Conditions { window_days: 5, ..Conditions::default() },
            ..rule(ApprovalSubject::Listing, Side::Office)
        };
        let faults = set(vec![rule(ApprovalSubject::Listing, Side::Giver), bad]).cleaned().1;
        let fields: Vec<String> = faults.iter().map(|fault| fault.field.join(".")).collect();
        let expected = ["name", "stage", "dueDays", "role", "level", "conditions.batchFrom"];
        assert_eq!(fields, expected.map(|field| format!("rules.1.{field}")));
    }

    #[test]
    fn a_set_by_which_some_case_would_be_approved_by_nobody_has_a_gap() {
        let every = |side| ApprovalSubject::iter().map(|subject| rule(subject, side)).collect::<Vec<_>>();
        assert!(set(every(Side::Giver)).gaps().is_empty());
        assert_eq!(set(every(Side::Receiver)).gaps().len(), 1, "a listing has no receiver");
        assert_eq!(
            set(Vec::new()).gaps().len(),
            ApprovalSubject::iter().count() - 1,
            "of plans the office decides anyway"
        );
        let mut some = every(Side::Giver);
        some[0].conditions.item_from = Some(0);
        assert_eq!(set(some).gaps().len(), 1, "a value may be unknown");
    }
}
