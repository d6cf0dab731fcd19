//! Under which conditions a case needs a step, and why: the conditions of a rule against the facts of a case. Pure.
//!
//! All conditions of a rule must hold; an empty one asks for nothing. Those about value hold together where any of them does:
//! "from ¥50,000 an item or a batch, or where the value is not known".

use entity::approvals::{Border, Side};
use entity::catalogue::AssetKind;
use entity::listings::{Custody, Purpose};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::fault::{Code, Rejection};

/// Longest window, in days: ten years.
pub const LONGEST_WINDOW: i64 = 3_660;
/// Most values that one condition lists.
const MOST_VALUES: usize = 50;

/// When a case needs a step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Conditions {
    /// Only where it stands so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custody: Option<Custody>,
    /// Only where it is offered so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// Only these kinds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<AssetKind>,
    /// Only these categories and all below them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<Uuid>,
    /// From this value of one item, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_from: Option<i64>,
    /// From this value of the batch, in minor units: what is handed in together, and what the unit of `batch_side` handed in
    /// within `window_days` before it and was not refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_from: Option<i64>,
    /// Days before today that count into the batch; 0: only what is handed in together.
    #[serde(skip_serializing_if = "is_zero")]
    pub window_days: i64,
    /// Whose batch it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_side: Option<Side>,
    /// Also where the value is not known.
    #[serde(skip_serializing_if = "is_false")]
    pub or_unknown: bool,
    /// Only where one of these borders lies between giver and receiver.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub crosses: Vec<Border>,
    /// Only where none of these borders lies between them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<Border>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(n: &i64) -> bool {
    *n == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// What a plan is made from, as it was when the case was opened. It is kept with the case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// Where it stands.
    pub custody: Custody,
    /// How it is offered.
    pub purpose: Purpose,
    /// Kind of the asset.
    pub kind: AssetKind,
    /// Kinds of the other things, where it is about several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<AssetKind>,
    /// Its category and those above it, innermost first; of all things, where it is about several.
    pub categories: Vec<Uuid>,
    /// Value of one item in minor units; none where it is not known.
    pub item: Option<i64>,
    /// Of some of several things the value is not known; `item` is the greatest of the others.
    #[serde(default, skip_serializing_if = "is_false")]
    pub some_unknown: bool,
    /// Batches, one for each side and window that some rule asks for.
    pub batches: Vec<Batch>,
    /// Borders between giver and receiver; none where there is no receiver yet.
    pub crossed: Vec<Border>,
    /// The giver.
    pub giver: Option<Party>,
    /// The receiver.
    pub receiver: Option<Party>,
}

/// The value of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Batch {
    /// Whose.
    pub side: Side,
    /// Days that count.
    pub days: i64,
    /// Its value in minor units.
    pub value: i64,
}

/// A unit, and where it hangs in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Party {
    /// The unit.
    pub unit: Uuid,
    /// Its supervising department; itself where it has none.
    pub department: Uuid,
    /// The top of its tree.
    pub top: Uuid,
}

/// Why a rule asks for a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", tag = "code")]
pub enum Reason {
    /// Every case needs it.
    Always,
    /// Where it stands.
    Custody {
        /// So.
        custody: Custody,
    },
    /// How it is offered.
    Purpose {
        /// So.
        purpose: Purpose,
    },
    /// What kind it is.
    Kind {
        /// This one.
        kind: AssetKind,
    },
    /// In which category it is.
    Category {
        /// The one that the rule names.
        category: Uuid,
    },
    /// What one item is worth.
    Item {
        /// In minor units.
        value: i64,
        /// The rule's threshold.
        from: i64,
    },
    /// What the batch is worth.
    Batch {
        /// Whose.
        side: Side,
        /// Days that count.
        days: i64,
        /// In minor units.
        value: i64,
        /// The rule's threshold.
        from: i64,
    },
    /// Nobody knows what it is worth.
    Unknown,
    /// A border lies between giver and receiver.
    Crosses {
        /// This one.
        border: Border,
    },
    /// It stays on this side of a border.
    Within {
        /// This one.
        border: Border,
    },
}

impl Conditions {
    /// Why a case with these facts needs the step; none where it does not.
    #[must_use]
    pub fn met(&self, facts: &Facts) -> Option<Vec<Reason>> {
        let mut reasons = Vec::new();
        if let Some(custody) = self.custody {
            (facts.custody == custody).then_some(())?;
            reasons.push(Reason::Custody { custody });
        }
        if let Some(purpose) = self.purpose {
            (facts.purpose == purpose).then_some(())?;
            reasons.push(Reason::Purpose { purpose });
        }
        if !self.kinds.is_empty() {
            let all = std::iter::once(&facts.kind).chain(&facts.kinds);
            let kind = *all.into_iter().find(|kind| self.kinds.contains(kind))?;
            reasons.push(Reason::Kind { kind });
        }
        if !self.categories.is_empty() {
            let category = *self.categories.iter().find(|named| facts.categories.contains(named))?;
            reasons.push(Reason::Category { category });
        }
        if !self.crosses.is_empty() {
            let border = *self.crosses.iter().find(|border| facts.crossed.contains(border))?;
            reasons.push(Reason::Crosses { border });
        }
        for border in &self.within {
            (!facts.crossed.contains(border)).then_some(())?;
            reasons.push(Reason::Within { border: *border });
        }
        if self.asks_for_value() {
            let because = self.value_met(facts);
            (!because.is_empty()).then_some(())?;
            reasons.extend(because);
        }
        if reasons.is_empty() {
            reasons.push(Reason::Always);
        }
        Some(reasons)
    }

    fn asks_for_value(&self) -> bool {
        self.item_from.is_some() || self.batch_from.is_some() || self.or_unknown
    }

    fn value_met(&self, facts: &Facts) -> Vec<Reason> {
        let item = self.item_from.zip(facts.item).filter(|(from, value)| value >= from);
        let batch = self.batch_from.zip(self.batch()).and_then(|(from, (side, days))| {
            let value = facts.batch(side, days)?;
            (value >= from).then_some(Reason::Batch { side, days, value, from })
        });
        let unknown =
            (self.or_unknown && (facts.item.is_none() || facts.some_unknown)).then_some(Reason::Unknown);
        let item = item.map(|(from, value)| Reason::Item { value, from });
        item.into_iter().chain(batch).chain(unknown).collect()
    }

    /// Side and days of the batch that this asks for.
    #[must_use]
    pub fn batch(&self) -> Option<(Side, i64)> {
        self.batch_from.map(|_| (self.batch_side.unwrap_or(Side::Giver), self.window_days))
    }

    /// Everything that is wrong with the conditions, at `at`.
    #[must_use]
    pub fn faults(&self, at: &str) -> Vec<Rejection> {
        let mut faults = Vec::new();
        let field = |name: &str| format!("{at}.{name}");
        let lists = [
            ("kinds", self.kinds.len()),
            ("categoryIds", self.categories.len()),
            ("crosses", self.crosses.len()),
            ("within", self.within.len()),
        ];
        for (name, count) in lists.into_iter().filter(|(_, count)| *count > MOST_VALUES) {
            let fault = Rejection::new(Code::OutOfRange).at(field(name)).with("least", 0);
            faults.push(fault.with("most", MOST_VALUES).with("count", count));
        }
        for (name, from) in [("itemFrom", self.item_from), ("batchFrom", self.batch_from)] {
            if from.is_some_and(|from| from < 0) {
                faults.push(
                    Rejection::new(Code::OutOfRange).at(field(name)).with("least", 0).with("most", i64::MAX),
                );
            }
        }
        if !(0..=LONGEST_WINDOW).contains(&self.window_days) {
            let fault = Rejection::new(Code::OutOfRange).at(field("windowDays")).with("least", 0);
            faults.push(fault.with("most", LONGEST_WINDOW));
        }
        if self.batch_from.is_none() && (self.window_days != 0 || self.batch_side.is_some()) {
            faults.push(Rejection::new(Code::Required).at(field("batchFrom")));
        }
        if self.batch_side == Some(Side::Office) {
            let expected = "GIVER（持有单位）或 RECEIVER（申请单位） / GIVER or RECEIVER";
            faults.push(Rejection::new(Code::Malformed).at(field("batchSide")).with("expected", expected));
        }
        if let Some(border) = self.within.iter().find(|border| self.crosses.contains(border)) {
            let expected = format!("不同时要求跨越与不跨越 {border} / not both across and within {border}");
            faults.push(Rejection::new(Code::Malformed).at(field("within")).with("expected", expected));
        }
        faults
    }
}

impl Facts {
    /// Value of a batch.
    #[must_use]
    pub fn batch(&self, side: Side, days: i64) -> Option<i64> {
        self.batches.iter().find(|batch| batch.side == side && batch.days == days).map(|batch| batch.value)
    }

    /// The unit of a side.
    #[must_use]
    pub fn party(&self, side: Side) -> Option<&Party> {
        match side {
            Side::Giver => self.giver.as_ref(),
            Side::Receiver => self.receiver.as_ref(),
            Side::Office => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            custody: Custody::Virtual,
            purpose: Purpose::Transfer,
            kind: AssetKind::General,
            kinds: Vec::new(),
            categories: vec![Uuid::from_u128(2), Uuid::from_u128(1)],
            item: Some(4_999_999),
            some_unknown: false,
            batches: vec![Batch { side: Side::Giver, days: 90, value: 20_000_000 }],
            crossed: vec![Border::Region],
            giver: None,
            receiver: None,
        }
    }

    #[test]
    fn a_rule_without_conditions_is_for_every_case() {
        assert_eq!(Conditions::default().met(&facts()), Some(vec![Reason::Always]));
    }

    #[test]
    fn values_count_alternatively_and_everything_else_together() {
        let rule = Conditions {
            item_from: Some(5_000_000),
            batch_from: Some(20_000_000),
            batch_side: Some(Side::Giver),
            window_days: 90,
            ..Conditions::default()
        };
        let batch = Reason::Batch { side: Side::Giver, days: 90, value: 20_000_000, from: 20_000_000 };
        assert_eq!(rule.met(&facts()), Some(vec![batch]));
        let dear = Facts { item: Some(5_000_000), ..facts() };
        assert_eq!(rule.met(&dear).map(|reasons| reasons.len()), Some(2));
        let small = Facts { batches: vec![], ..facts() };
        assert_eq!(rule.met(&small), None, "below both");
        let unknown = Facts { item: None, ..small };
        assert_eq!(rule.met(&unknown), None);
        assert_eq!(
            Conditions { or_unknown: true, ..rule.clone() }.met(&unknown),
            Some(vec![Reason::Unknown])
        );
        let both = Conditions { kinds: vec![AssetKind::Vehicle], ..rule };
        assert_eq!(both.met(&dear), None, "dear, but no vehicle");
    }

    #[test]
    fn categories_count_with_all_below_them_and_borders_from_both_sides() {
        let top = Conditions { categories: vec![Uuid::from_u128(1)], ..Conditions::default() };
        assert!(top.met(&facts()).is_some());
        let other = Conditions { categories: vec![Uuid::from_u128(3)], ..Conditions::default() };
        assert!(other.met(&facts()).is_none());
        let across = |borders: &[Border]| Conditions { crosses: borders.to_vec(), ..Conditions::default() };
        assert!(across(&[Border::Department, Border::Region]).met(&facts()).is_some(), "any of them");
        assert!(across(&[Border::Department]).met(&facts()).is_none());
        let within = |borders: &[Border]| Conditions { within: borders.to_vec(), ..Conditions::default() };
        assert!(within(&[Border::Department]).met(&facts()).is_some());
        assert!(within(&[Border::Department, Border::Region]).met(&facts()).is_none(), "none of them");
    }

    #[test]
    fn what_contradicts_itself_or_means_nothing_is_told() {
        let wrong = Conditions {
            window_days: -1,
            batch_side: Some(Side::Office),
            item_from: Some(-5),
            crosses: vec![Border::Region],
            within: vec![Border::Region],
            ..Conditions::default()
        };
        let fields: Vec<String> = wrong.faults("c").iter().map(|fault| fault.field.join(".")).collect();
        assert_eq!(fields, ["c.itemFrom", "c.windowDays", "c.batchFrom", "c.batchSide", "c.within"]);
    }

    #[test]
    fn an_unknown_condition_is_no_condition_that_is_met() {
        assert!(serde_json::from_str::<Conditions>(r#"{"moonPhase":"FULL"}"#).is_err());
        assert_eq!(serde_json::from_str::<Conditions>("{}").unwrap(), Conditions::default());
        assert_eq!(serde_json::to_string(&Conditions::default()).unwrap(), "{}");
    }
}
