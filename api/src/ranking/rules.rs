//! Points, order and draw: pure, so that anybody who has the facts and the seed comes to the same order.
//!
//! Each criterion gives 0 to 100 points, a whole number; the score is the sum of points times weights. Equal scores go by
//! [`draw`], which nobody could know while claims were taken: half of it is a seed that was committed to when the window
//! opened, half the root of the first seal of the audit after it was over.

use entity::awards::{Nearness, RankingCriterion};
use entity::requests::NeedClass;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Most points of a criterion.
pub const MOST_POINTS: i64 = 100;
/// Greatest weight.
pub const MOST_WEIGHT: i64 = 1_000;

/// How the points of a criterion are reckoned: by steps, or along a scale from `best` to `worst`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Terms {
    /// Points of each step: URGENT, ESSENTIAL, ORDINARY; or department, region, city.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<i64>,
    /// Up to here all points are given: days, or minor units per head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best: Option<i64>,
    /// From here on none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst: Option<i64>,
    /// Months before the end of the window that are looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub months: Option<i64>,
}

/// One criterion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What is looked at.
    pub criterion: RankingCriterion,
    /// What its points are multiplied by.
    pub weight: i64,
    /// How its points are reckoned.
    pub terms: Terms,
}

/// What a claim is judged by, kept with its rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// How badly it is needed.
    pub need: NeedClass,
    /// Civil days from the end of the window to the day when it is needed; none where no day is named.
    pub needed_in_days: Option<i64>,
    /// How near the asker is.
    pub nearness: Nearness,
    /// What the unit received within the months that the rules name, in minor units of original value.
    pub received: i64,
    /// Its staff; none where nobody has entered it.
    pub staff: Option<i64>,
    /// Civil days from the opening of the window to the claim.
    pub claimed_after_days: i64,
    /// Civil days from the opening of the window to its end.
    pub window_days: i64,
}

/// A claim to be ranked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The line.
    pub line: Uuid,
    /// Pieces.
    pub quantity: i64,
    /// What it is judged by.
    pub facts: Facts,
}

/// A claim with its score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// The claim.
    pub claim: Claim,
    /// Points times weights, in sum.
    pub score: i64,
    /// What decides between equal scores; the lower goes first.
    pub draw: String,
}

/// The number that a criterion is reckoned from, where it is one: days, minor units per head, or the step.
#[must_use]
pub fn measure(criterion: RankingCriterion, facts: &Facts) -> Option<i64> {
    Some(match criterion {
        RankingCriterion::NeedClass => match facts.need {
            NeedClass::Urgent => 0,
            NeedClass::Essential => 1,
            NeedClass::Ordinary => 2,
        },
        RankingCriterion::NeededBy => return facts.needed_in_days,
        RankingCriterion::Distance => match facts.nearness {
            Nearness::Department => 0,
            Nearness::Region => 1,
            Nearness::City => 2,
        },
        // Whoever received nothing has no share, whoever they are; staff that nobody entered counts as one.
        RankingCriterion::PastShare => facts.received.max(0) / facts.staff.unwrap_or(1).max(1),
        RankingCriterion::Seniority => facts.claimed_after_days,
    })
}

/// Points of a claim by a criterion, 0 to [`MOST_POINTS`].
#[must_use]
pub fn points(rule: &Rule, facts: &Facts) -> i64 {
    let Some(measured) = measure(rule.criterion, facts) else { return 0 };
    match rule.criterion {
        RankingCriterion::NeedClass | RankingCriterion::Distance => {
            usize::try_from(measured).ok().and_then(|step| rule.terms.points.get(step)).copied().unwrap_or(0)
        }
        // Whole days: nobody wins by a second, and a day of the window is worth the same in each window.
        RankingCriterion::Seniority => scale(0, facts.window_days.max(1), measured),
        RankingCriterion::NeededBy | RankingCriterion::PastShare => {
            scale(rule.terms.best.unwrap_or(0), rule.terms.worst.unwrap_or(0), measured)
        }
    }
}

/// All points up to `best`, none from `worst` on, evenly between them and rounded down.
fn scale(best: i64, worst: i64, measured: i64) -> i64 {
    if measured <= best {
        return MOST_POINTS;
    }
    if measured >= worst {
        return 0;
    }
    let (left, width) = (i128::from(worst) - i128::from(measured), i128::from(worst) - i128::from(best));
    i64::try_from(i128::from(MOST_POINTS) * left / width).unwrap_or(0)
}

/// Points times weights, in sum.
#[must_use]
pub fn score(rules: &[Rule], facts: &Facts) -> i64 {
    rules.iter().map(|rule| rule.weight * points(rule, facts)).sum()
}

/// The claims in order: the highest score first, equal ones by the draw.
#[must_use]
pub fn rank(rules: &[Rule], claims: Vec<Claim>, draw: impl Fn(Uuid) -> String) -> Vec<Ranked> {
    let mut ranked: Vec<Ranked> = claims
        .into_iter()
        .map(|claim| Ranked { score: score(rules, &claim.facts), draw: draw(claim.line), claim })
        .collect();
    ranked.sort_by(|one, other| other.score.cmp(&one.score).then_with(|| one.draw.cmp(&other.draw)));
    ranked
}

/// How many of the first get their pieces: each all that it claims, in order; the first that does not fit stops those behind
/// it, as it does in every queue here.
#[must_use]
pub fn winners(quantities: impl IntoIterator<Item = i64>, available: i64) -> usize {
    let mut left = available;
    quantities
        .into_iter()
        .take_while(|quantity| {
            left -= quantity;
            left >= 0
        })
        .count()
}

/// What is published when a window opens: SHA-256 of the seed, which nobody can turn back.
#[must_use]
pub fn commitment(seed: &str) -> String {
    hex::encode(Sha256::digest(seed))
}

/// The lot of a line: SHA-256 of the seed, the root of the seal, and the line's identity, in hexadecimal digits, one after the
/// other.
#[must_use]
pub fn draw(seed: &str, root: &str, line: Uuid) -> String {
    hex::encode(Sha256::digest(format!("{seed}{root}{}", line.simple())))
}
