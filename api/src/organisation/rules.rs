//! What a unit and a region must look like, and which lives a unit may lead. Pure.

use chrono::{Datelike, NaiveDate};
use entity::organisation::{FiscalLevel, UnitKind, UnitState, region, unit};
use serde::Serialize;
use uuid::Uuid;

use super::credit_code::{self, CreditCodeFault};
use crate::checks;
use crate::fault::{Code, Rejection};

/// All that is said about a region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegionForm {
    /// `GB/T 2260`, or the city's own for functional zones that have no code.
    pub namespace: String,
    /// Code within the namespace.
    pub code: String,
    /// Name.
    pub name: String,
    /// The region it lies in.
    pub parent_id: Option<Uuid>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day, inclusive.
    pub valid_to: Option<NaiveDate>,
}

impl From<&region::Model> for RegionForm {
    fn from(row: &region::Model) -> Self {
        Self {
            namespace: row.namespace.clone(),
            code: row.code.clone(),
            name: row.name.clone(),
            parent_id: row.parent_id,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
        }
    }
}

impl RegionForm {
    /// As it is kept, with everything that is wrong with it alone.
    #[must_use]
    pub fn cleaned(self) -> (Self, Vec<Rejection>) {
        let mut faults = Vec::new();
        let form = Self {
            namespace: required(&mut faults, "namespace", &self.namespace, 40),
            code: required(&mut faults, "code", &self.code, 40),
            name: required(&mut faults, "name", &self.name, 100),
            ..self
        };
        dates(&mut faults, form.valid_from, form.valid_to);
        (form, faults)
    }
}

/// All that is said about a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnitForm {
    /// Full name.
    pub name: String,
    /// An ordinary unit or the pool account.
    pub kind: UnitKind,
    /// 统一社会信用代码; temporary bodies have none.
    pub credit_code: Option<String>,
    /// The unit above.
    pub parent_id: Option<Uuid>,
    /// 主管部门.
    pub supervisor_id: Option<Uuid>,
    /// Whose budget pays: level.
    pub fiscal_level: FiscalLevel,
    /// Whose budget pays: region.
    pub fiscal_region_id: Uuid,
    /// Where it is.
    pub place_region_id: Uuid,
    /// Its life.
    pub state: UnitState,
    /// To whom assets, listings, cases and tasks pass.
    pub successor_id: Option<Uuid>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day, inclusive.
    pub valid_to: Option<NaiveDate>,
}

impl From<&unit::Model> for UnitForm {
    fn from(row: &unit::Model) -> Self {
        Self {
            name: row.name.clone(),
            kind: row.kind,
            credit_code: row.credit_code.clone(),
            parent_id: row.parent_id,
            supervisor_id: row.supervisor_id,
            fiscal_level: row.fiscal_level,
            fiscal_region_id: row.fiscal_region_id,
            place_region_id: row.place_region_id,
            state: row.state,
            successor_id: row.successor_id,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
        }
    }
}

impl UnitForm {
    /// As it is kept, with everything that is wrong with it alone. `before` is the state it has, none for a new unit: a
    /// unit that is loaded from old books may be closed from the start.
    #[must_use]
    pub fn cleaned(self, id: Option<Uuid>, before: Option<UnitState>) -> (Self, Vec<Rejection>) {
        let mut faults = Vec::new();
        let credit_code = checks::optional_text(&mut faults, "creditCode", self.credit_code.as_deref(), 40)
            .map(|code| code.to_ascii_uppercase());
        if let Some(Err(fault)) = credit_code.as_deref().map(credit_code::validate) {
            faults.push(credit_code_rejection(fault));
        }
        let form = Self { name: required(&mut faults, "name", &self.name, 200), credit_code, ..self };
        dates(&mut faults, form.valid_from, form.valid_to);
        if let Some(before) = before.filter(|before| !may_become(*before, form.state)) {
            // What it has and does must go somewhere.
            faults.push(match form.state {
                UnitState::Closed => Rejection::new(Code::ClosedBySuccession).at("state"),
                _ => Rejection::new(Code::WrongState).at("state").with("state", before),
            });
        }
        if form.state == UnitState::Closed {
            // Whoever looks for what it held must be led on, and must know since when.
            if form.successor_id.is_none() {
                faults.push(Rejection::new(Code::Required).at("successorId"));
            }
            if form.valid_to.is_none() {
                faults.push(Rejection::new(Code::Required).at("validTo"));
            }
        }
        if id.is_some() && form.successor_id == id {
            faults.push(Rejection::new(Code::Circle).at("successorId").with("deepest", super::tree::DEEPEST));
        }
        (form, faults)
    }
}

/// By hand: a unit that is to be closed is CLOSING, which may be called off. It becomes CLOSED by a succession alone, and stays so.
#[must_use]
pub fn may_become(before: UnitState, after: UnitState) -> bool {
    use UnitState::{Active, Closed, Closing};
    matches!((before, after), (Active | Closing, Active | Closing) | (Closed, Closed))
}

/// A text that must not be empty.
pub(crate) fn required(faults: &mut Vec<Rejection>, field: &str, value: &str, most: usize) -> String {
    let kept = checks::text(faults, field, value, most);
    if kept.is_empty() {
        faults.push(Rejection::new(Code::Required).at(field));
    }
    kept
}

/// First and last day in their order.
pub(crate) fn dates(faults: &mut Vec<Rejection>, from: NaiveDate, to: Option<NaiveDate>) {
    for (field, day) in [("validFrom", Some(from)), ("validTo", to)] {
        if let Some(day) = day {
            year(faults, field, day);
        }
    }
    if to.is_some_and(|to| to < from) {
        let expected = "不早于生效日期 / not before its first day";
        faults.push(Rejection::new(Code::Malformed).at("validTo").with("expected", expected));
    }
}

/// A day that both databases keep and sort alike.
pub(crate) fn year(faults: &mut Vec<Rejection>, field: &str, day: NaiveDate) {
    if !(1900..=9999).contains(&day.year()) {
        let expected = "1900 至 9999 年 / a year from 1900 to 9999";
        faults.push(Rejection::new(Code::Malformed).at(field).with("expected", expected));
    }
}

fn credit_code_rejection(fault: CreditCodeFault) -> Rejection {
    let expected = match fault {
        CreditCodeFault::Length { found } => {
            format!("统一社会信用代码共 18 位，现为 {found} 位 / 18 characters, not {found}")
        }
        CreditCodeFault::Character { at, found } => {
            let at = at + 1;
            format!("第 {at} 位“{found}”不是统一社会信用代码的字符 / character {at} cannot be {found:?}")
        }
        CreditCodeFault::Check { expected } => {
            format!("校验位应为 {expected} / the check character should be {expected}")
        }
    };
    Rejection::new(Code::Malformed).at("creditCode").with("expected", expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> UnitForm {
        let day = "2020-01-01".parse().unwrap();
        UnitForm {
            name: " 武汉市教育局 ".into(),
            kind: UnitKind::Unit,
            credit_code: Some("1242000042000186x2".into()),
            parent_id: None,
            supervisor_id: None,
            fiscal_level: FiscalLevel::City,
            fiscal_region_id: Uuid::from_u128(1),
            place_region_id: Uuid::from_u128(2),
            state: UnitState::Active,
            successor_id: None,
            valid_from: day,
            valid_to: None,
        }
    }

    fn fields(form: UnitForm, before: Option<UnitState>) -> Vec<String> {
        let (_, faults) = form.cleaned(Some(Uuid::from_u128(9)), before);
        faults.into_iter().map(|fault| fault.field.join(".")).collect()
    }

    #[test]
    fn a_good_form_is_kept_clean() {
        let (form, faults) = form().cleaned(None, None);
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(
            (form.name.as_str(), form.credit_code.as_deref()),
            ("武汉市教育局", Some("1242000042000186X2"))
        );
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let wrong = UnitForm {
            name: " ".into(),
            credit_code: Some("1242000042000186X3".into()),
            state: UnitState::Closed,
            valid_to: Some("2019-12-31".parse().unwrap()),
            ..form()
        };
        assert_eq!(fields(wrong, None), ["creditCode", "name", "validTo", "successorId"]);
        let own = UnitForm { successor_id: Some(Uuid::from_u128(9)), ..form() };
        assert_eq!(fields(own, None), ["successorId"]);
    }

    #[test]
    fn nobody_closes_a_unit_by_hand_and_a_closed_one_stays_closed() {
        use UnitState::{Active, Closed, Closing};
        let all = [Active, Closing, Closed];
        let allowed: Vec<_> = all
            .into_iter()
            .flat_map(|before| all.into_iter().map(move |after| (before, after)))
            .filter(|(before, after)| before != after && may_become(*before, *after))
            .collect();
        assert_eq!(allowed, [(Active, Closing), (Closing, Active)]);
        let closed = UnitForm {
            state: Closed,
            successor_id: Some(Uuid::from_u128(3)),
            valid_to: "2026-02-28".parse().ok(),
            ..form()
        };
        let (_, faults) = closed.clone().cleaned(Some(Uuid::from_u128(9)), Some(Closing));
        assert_eq!(faults.iter().map(|fault| fault.code).collect::<Vec<_>>(), [Code::ClosedBySuccession]);
        // Old books may have units that are closed from the start.
        assert!(closed.cleaned(None, None).1.is_empty());
    }
}
