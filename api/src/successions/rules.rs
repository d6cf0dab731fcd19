//! What a succession must say, and whose a card becomes. Pure.

use std::collections::HashSet;

use chrono::NaiveDate;
use entity::successions::{SuccessionKind, SuccessionState};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::checks;
use crate::fault::{Code, Rejection};

/// Most units that are merged at once.
pub const MOST_UNITS: usize = 50;
/// Most shares of a split.
pub const MOST_SHARES: usize = 100;
/// Most cards that one share names.
pub const MOST_CARDS: usize = 2_000;
/// Longest reason, in characters.
pub const LONGEST_REASON: usize = 2_000;
/// Longest number of a paper, in characters.
pub const LONGEST_PAPER: usize = 100;

/// Cards that go to another successor: all that is said of them must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShareForm {
    /// Who takes them.
    pub unit_id: Uuid,
    /// These cards; empty: any.
    pub asset_ids: Vec<Uuid>,
    /// Stored in this place or in what lies in it.
    pub place_id: Option<Uuid>,
    /// Of this category or one below it.
    pub category_id: Option<Uuid>,
}

/// All that is said about a succession.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SuccessionForm {
    /// What happens.
    pub kind: SuccessionKind,
    /// The units that are succeeded.
    pub unit_ids: Vec<Uuid>,
    /// Takes everything that no share names.
    pub successor_id: Uuid,
    /// Of a split: which cards go elsewhere; the first that fits counts.
    pub shares: Vec<ShareForm>,
    /// Why.
    pub reason: String,
    /// Number of the deciding paper.
    pub paper: String,
    /// First day of the new order.
    pub effective_on: NaiveDate,
}

impl SuccessionForm {
    /// As it is kept, with everything that is wrong with it alone.
    #[must_use]
    pub fn cleaned(self, today: NaiveDate) -> (Self, Vec<Rejection>) {
        let mut faults = Vec::new();
        let reason = required(&mut faults, "reason", &self.reason, LONGEST_REASON);
        let paper = required(&mut faults, "paper", &self.paper, LONGEST_PAPER);
        let form = Self { reason, paper, ..self };
        if form.effective_on < today {
            faults.push(Rejection::new(Code::InThePast).at("effectiveOn").with("today", today));
        }
        let (least, most) = if form.kind == SuccessionKind::Merge { (2, MOST_UNITS) } else { (1, 1) };
        if !(least..=most).contains(&form.unit_ids.len()) {
            faults
                .push(Rejection::new(Code::OutOfRange).at("unitIds").with("least", least).with("most", most));
        }
        for (n, unit) in form.unit_ids.iter().enumerate() {
            if form.unit_ids[..n].contains(unit) {
                faults.push(Rejection::new(Code::Duplicate).at(format!("unitIds.{n}")));
            }
        }
        let mut own = vec![("successorId".to_owned(), form.successor_id)];
        own.extend(
            form.shares.iter().enumerate().map(|(n, share)| (format!("shares.{n}.unitId"), share.unit_id)),
        );
        for (field, unit) in own {
            if form.unit_ids.contains(&unit) {
                let expected = "承接单位不能是被撤并单位 / a unit other than those that close";
                faults.push(Rejection::new(Code::Malformed).at(field).with("expected", expected));
            }
        }
        form.share_faults(&mut faults);
        (form, faults)
    }

    fn share_faults(&self, faults: &mut Vec<Rejection>) {
        let split = self.kind == SuccessionKind::Split;
        let (least, most) = if split { (1, MOST_SHARES) } else { (0, 0) };
        if !(least..=most).contains(&self.shares.len()) {
            faults
                .push(Rejection::new(Code::OutOfRange).at("shares").with("least", least).with("most", most));
        }
        for (n, share) in self.shares.iter().enumerate() {
            if share.asset_ids.is_empty() && share.place_id.is_none() && share.category_id.is_none() {
                faults.push(Rejection::new(Code::Required).at(format!("shares.{n}")));
            }
            if share.asset_ids.len() > MOST_CARDS {
                let fault = Rejection::new(Code::OutOfRange).at(format!("shares.{n}.assetIds"));
                faults.push(fault.with("least", 0).with("most", MOST_CARDS));
            }
        }
        if split && self.shares.iter().all(|share| share.unit_id == self.successor_id) {
            let expected = "至少一项划归其他承接单位 / at least one share for another successor";
            faults.push(Rejection::new(Code::Malformed).at("shares").with("expected", expected));
        }
    }
}

fn required(faults: &mut Vec<Rejection>, field: &str, value: &str, most: usize) -> String {
    let kept = checks::text(faults, field, value, most);
    if kept.is_empty() {
        faults.push(Rejection::new(Code::Required).at(field));
    }
    kept
}

/// What is to happen to a succession.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// It is written anew.
    Change,
    /// It is made known, and the units close.
    Announce,
    /// It is given up.
    CallOff,
    /// Its day has come.
    Start,
    /// All has passed.
    Finish,
}

/// The state after a command.
///
/// # Errors
/// [`Code::WrongState`]: what has begun to pass is not called off.
pub fn apply(state: SuccessionState, command: Command) -> Result<SuccessionState, Rejection> {
    use SuccessionState::{Announced, CalledOff, Done, Draft, Running};
    match (state, command) {
        (Draft, Command::Change) => Ok(Draft),
        (Draft, Command::Announce) => Ok(Announced),
        (Draft | Announced, Command::CallOff) => Ok(CalledOff),
        (Announced, Command::Start) => Ok(Running),
        (Running, Command::Finish) => Ok(Done),
        _ => Err(Rejection::new(Code::WrongState).with("state", state)),
    }
}

/// A share as it is applied: places and categories spelled out into all that lies in them.
#[derive(Clone, Debug, Default)]
pub struct Share {
    /// Who takes.
    pub unit: Uuid,
    /// These cards; empty: any.
    pub cards: HashSet<Uuid>,
    /// In one of these places; none: anywhere.
    pub places: Option<HashSet<Uuid>>,
    /// Of one of these categories; none: any.
    pub categories: Option<HashSet<Uuid>>,
}

/// Where cards go.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// In order.
    pub shares: Vec<Share>,
    /// Takes the rest.
    pub rest: Uuid,
}

impl Assignment {
    /// Whose a card becomes: what the first share that fits says.
    #[must_use]
    pub fn of(&self, card: Uuid, place: Option<Uuid>, category: Option<Uuid>) -> Uuid {
        let among = |set: &Option<HashSet<Uuid>>, id: Option<Uuid>| {
            set.as_ref().is_none_or(|set| id.is_some_and(|id| set.contains(&id)))
        };
        let fits = |share: &&Share| {
            (share.cards.is_empty() || share.cards.contains(&card))
                && among(&share.places, place)
                && among(&share.categories, category)
        };
        self.shares.iter().find(fits).map_or(self.rest, |share| share.unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn form(kind: SuccessionKind, units: &[u128], shares: Vec<ShareForm>) -> SuccessionForm {
        SuccessionForm {
            kind,
            unit_ids: units.iter().map(|n| id(*n)).collect(),
            successor_id: id(9),
            shares,
            reason: "机构改革".into(),
            paper: "武编〔2026〕12号".into(),
            effective_on: "2026-04-01".parse().unwrap(),
        }
    }

    fn fields(form: SuccessionForm) -> Vec<String> {
        let (_, faults) = form.cleaned("2026-03-02".parse().unwrap());
        faults.iter().map(|fault| fault.field.join(".")).collect()
    }

    fn share(unit: u128, cards: &[u128]) -> ShareForm {
        ShareForm {
            unit_id: id(unit),
            asset_ids: cards.iter().map(|n| id(*n)).collect(),
            place_id: None,
            category_id: None,
        }
    }

    #[test]
    fn each_kind_names_as_many_units_and_shares_as_it_needs() {
        use SuccessionKind::{Close, Merge, Split};
        for good in
            [form(Merge, &[1, 2], vec![]), form(Close, &[1], vec![]), form(Split, &[1], vec![share(8, &[5])])]
        {
            assert!(fields(good.clone()).is_empty(), "{good:?}");
        }
        assert_eq!(fields(form(Merge, &[1], vec![])), ["unitIds"]);
        assert_eq!(fields(form(Merge, &[1, 1], vec![])), ["unitIds.1"]);
        assert_eq!(fields(form(Close, &[9], vec![])), ["successorId"]);
        assert_eq!(fields(form(Close, &[1], vec![share(8, &[5])])), ["shares"]);
        assert_eq!(fields(form(Split, &[1], vec![])), ["shares", "shares"]);
        assert_eq!(fields(form(Split, &[1], vec![share(9, &[5])])), ["shares"]);
        assert_eq!(fields(form(Split, &[1], vec![share(1, &[])])), ["shares.0.unitId", "shares.0"]);
        let late =
            SuccessionForm { effective_on: "2026-03-01".parse().unwrap(), ..form(Close, &[1], vec![]) };
        assert_eq!(fields(SuccessionForm { paper: " ".into(), ..late }), ["paper", "effectiveOn"]);
    }

    #[test]
    fn a_card_goes_where_the_first_share_that_fits_says() {
        let set = |ids: &[u128]| ids.iter().map(|n| id(*n)).collect::<HashSet<_>>();
        let assignment = Assignment {
            shares: vec![
                Share { unit: id(7), cards: set(&[1, 2]), ..Share::default() },
                Share {
                    unit: id(8),
                    places: Some(set(&[50])),
                    categories: Some(set(&[60, 61])),
                    ..Share::default()
                },
            ],
            rest: id(9),
        };
        assert_eq!(assignment.of(id(1), Some(id(50)), Some(id(60))), id(7));
        assert_eq!(assignment.of(id(3), Some(id(50)), Some(id(61))), id(8));
        assert_eq!(assignment.of(id(3), Some(id(50)), Some(id(62))), id(9));
        assert_eq!(assignment.of(id(3), None, Some(id(61))), id(9));
    }

    #[test]
    fn what_has_begun_is_not_called_off_and_what_is_over_stays_so() {
        use SuccessionState::{Announced, CalledOff, Done, Draft, Running};
        let commands =
            [Command::Change, Command::Announce, Command::CallOff, Command::Start, Command::Finish];
        let allowed: Vec<_> = [Draft, Announced, Running, Done, CalledOff]
            .into_iter()
            .flat_map(|state| commands.into_iter().map(move |command| (state, command)))
            .filter_map(|(state, command)| Some((state, apply(state, command).ok()?)))
            .collect();
        assert_eq!(
            allowed,
            [
                (Draft, Draft),
                (Draft, Announced),
                (Draft, CalledOff),
                (Announced, CalledOff),
                (Announced, Running),
                (Running, Done)
            ]
        );
    }
}
