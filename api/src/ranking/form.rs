//! What a set of ranking rules must look like. Pure.

use std::collections::BTreeSet;

use entity::awards::RankingCriterion;
use serde::{Deserialize, Serialize};

use super::rules::{MOST_POINTS, MOST_WEIGHT, Terms};
use crate::checks;
use crate::fault::{Code, Rejection};
use crate::organisation::rules::required;

/// Longest time that is looked back, in months.
const MOST_MONTHS: i64 = 120;
/// Steps of a criterion that goes by steps.
const STEPS: usize = 3;
/// Greatest end of a scale: days or minor units per head.
const MOST_SCALE: i64 = 1_000_000_000_000;

/// All that a set says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RulesForm {
    /// Name.
    pub name: String,
    /// Note.
    pub note: String,
    /// Criteria, in the order in which they are shown.
    pub rules: Vec<RuleForm>,
}

/// One criterion of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleForm {
    /// What is looked at.
    pub criterion: RankingCriterion,
    /// What its points are multiplied by.
    pub weight: i64,
    /// How its points are reckoned.
    pub terms: Terms,
}

impl RulesForm {
    /// As it is kept, with everything that is wrong with it.
    #[must_use]
    pub fn cleaned(self) -> (Self, Vec<Rejection>) {
        let mut faults = Vec::new();
        let name = required(&mut faults, "name", &self.name, 100);
        let note = checks::text(&mut faults, "note", &self.note, 2_000);
        let mut known = BTreeSet::new();
        if self.rules.is_empty() {
            faults.push(Rejection::new(Code::Required).at("rules"));
        }
        for (n, rule) in self.rules.iter().enumerate() {
            if !known.insert(rule.criterion) {
                faults.push(Rejection::new(Code::Duplicate).at(format!("rules.{n}.criterion")));
                // A caller who sends thousands gets one answer, not thousands.
                if known.len() < n {
                    break;
                }
            }
            rule.judge(n, &mut faults);
        }
        (Self { name, note, ..self }, faults)
    }
}

impl RuleForm {
    fn judge(&self, n: usize, faults: &mut Vec<Rejection>) {
        let at = |field: &str| format!("rules.{n}.{field}");
        checks::range(faults, &at("weight"), self.weight, 1, MOST_WEIGHT);
        let Terms { points, best, worst, months } = &self.terms;
        let (steps, scaled, looks_back) = match self.criterion {
            RankingCriterion::NeedClass | RankingCriterion::Distance => (true, false, false),
            RankingCriterion::NeededBy => (false, true, false),
            RankingCriterion::PastShare => (false, true, true),
            RankingCriterion::Seniority => (false, false, false),
        };
        let mut unused = |given: bool, field: &str| {
            if given {
                let expected = format!("{} 不用此项 / nothing for {}", self.criterion, self.criterion);
                faults.push(Rejection::new(Code::Malformed).at(at(field)).with("expected", expected));
            }
        };
        unused(!steps && !points.is_empty(), "points");
        unused(!scaled && best.is_some(), "best");
        unused(!scaled && worst.is_some(), "worst");
        unused(!looks_back && months.is_some(), "months");
        if steps && points.len() != STEPS {
            faults.push(
                Rejection::new(Code::OutOfRange).at(at("points")).with("least", STEPS).with("most", STEPS),
            );
        } else if steps {
            for (step, given) in points.iter().enumerate() {
                checks::range(faults, &at(&format!("points.{step}")), *given, 0, MOST_POINTS);
            }
        }
        if scaled {
            match (best, worst) {
                (Some(best), Some(worst)) => {
                    checks::range(faults, &at("best"), *best, 0, MOST_SCALE);
                    checks::range(faults, &at("worst"), *worst, best.saturating_add(1), MOST_SCALE);
                }
                (best, worst) => {
                    let lacking = [(best.is_none(), "best"), (worst.is_none(), "worst")];
                    for (_, field) in lacking.into_iter().filter(|(lacks, _)| *lacks) {
                        faults.push(Rejection::new(Code::Required).at(at(field)));
                    }
                }
            }
        }
        if looks_back {
            match months {
                Some(months) => checks::range(faults, &at("months"), *months, 1, MOST_MONTHS),
                None => faults.push(Rejection::new(Code::Required).at(at("months"))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(rules: Vec<RuleForm>) -> Vec<(Code, String)> {
        let form = RulesForm { name: "择优规则".into(), note: String::new(), rules };
        let fault = |fault: Rejection| (fault.code, fault.field.join("."));
        form.cleaned().1.into_iter().map(fault).collect()
    }

    fn rule(criterion: RankingCriterion, terms: Terms) -> RuleForm {
        RuleForm { criterion, weight: 10, terms }
    }

    #[test]
    fn a_set_tells_everything_that_is_wrong_with_it_at_once() {
        assert_eq!(form(Vec::new()), [(Code::Required, "rules".to_owned())]);
        let share = Terms { best: Some(5), worst: Some(5), ..Terms::default() };
        let told = form(vec![
            RuleForm { weight: 0, ..rule(RankingCriterion::Seniority, Terms::default()) },
            rule(RankingCriterion::Distance, Terms { points: vec![100, 50], ..Terms::default() }),
            rule(RankingCriterion::PastShare, share),
            rule(RankingCriterion::Seniority, Terms { months: Some(3), ..Terms::default() }),
        ]);
        let expected = [
            (Code::OutOfRange, "rules.0.weight"),
            (Code::OutOfRange, "rules.1.points"),
            (Code::OutOfRange, "rules.2.worst"),
            (Code::Required, "rules.2.months"),
            (Code::Duplicate, "rules.3.criterion"),
            (Code::Malformed, "rules.3.months"),
        ];
        assert_eq!(told, expected.map(|(code, field)| (code, field.to_owned())));
    }
}
