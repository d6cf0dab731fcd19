//! `units`: name, credit_code, kind, parent, supervisor, fiscal_level, fiscal_region, place_region, state, successor,
//! valid_from, valid_to.

use chrono::NaiveDate;
use entity::organisation::{FiscalLevel, UnitKind, UnitState, unit};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::columns::{Header, may, must};
use super::regions;
use super::run::Kept;
use super::table::Cells;
use crate::fault::{Code, Fault, Rejection};
use crate::organisation::rules::UnitForm;
use crate::organisation::steps::put_unit;
use crate::write::Tx;

pub(super) const HEADERS: &[Header] = &[
    must("name"),
    may("credit_code"),
    may("kind"),
    may("parent"),
    may("supervisor"),
    must("fiscal_level"),
    must("fiscal_region"),
    must("place_region"),
    may("state"),
    may("successor"),
    may("valid_from"),
    may("valid_to"),
];

#[derive(Clone, Debug)]
pub(super) struct Row {
    name: String,
    credit_code: Option<String>,
    kind: Option<UnitKind>,
    parent: Option<String>,
    supervisor: Option<String>,
    fiscal_level: FiscalLevel,
    fiscal_region: String,
    place_region: String,
    state: Option<UnitState>,
    successor: Option<String>,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
}

impl Row {
    pub(super) fn read(cells: &mut Cells) -> Self {
        let levels = [("CITY", "市本级"), ("DISTRICT", "区")];
        let kinds = [("UNIT", "单位"), ("POOL", "公物仓资产池")];
        let states = [("ACTIVE", "正常"), ("CLOSING", "撤并中"), ("CLOSED", "已撤销")];
        Self {
            name: cells.required("name"),
            credit_code: cells.text("credit_code").map(|code| code.to_ascii_uppercase()),
            kind: cells.one_of("kind", &kinds),
            parent: cells.text("parent"),
            supervisor: cells.text("supervisor"),
            // A cell that was not understood has made the row a bad one already.
            fiscal_level: cells.one_of("fiscal_level", &levels).unwrap_or(FiscalLevel::City),
            fiscal_region: cells.required("fiscal_region"),
            place_region: cells.required("place_region"),
            state: cells.one_of("state", &states),
            successor: cells.text("successor"),
            valid_from: cells.day("valid_from"),
            valid_to: cells.day("valid_to"),
        }
    }

    /// The first one names the row.
    pub(super) fn keys(&self) -> Vec<String> {
        self.credit_code.iter().cloned().chain([self.name.clone()]).collect()
    }

    pub(super) fn needs(&self) -> Vec<String> {
        let names = [&self.parent, &self.supervisor, &self.successor].into_iter().flatten();
        // Codes are kept in capitals; a name stays as it is written.
        let code = |name: &String| name.len() == 18 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        names.map(|name| if code(name) { name.to_ascii_uppercase() } else { name.clone() }).collect()
    }

    pub(super) async fn put(&self, tx: &Tx) -> Result<Kept, Fault> {
        let mut faults = Vec::new();
        let mut found = [None, None, None];
        let names = [
            ("parentId", &self.parent),
            ("supervisorId", &self.supervisor),
            ("successorId", &self.successor),
        ];
        for (slot, (field, name)) in found.iter_mut().zip(names) {
            if let Some(name) = name {
                *slot = noted(&mut faults, named(tx, name, field).await)?;
            }
        }
        let fiscal = noted(&mut faults, regions::named(tx, &self.fiscal_region, "fiscalRegionId").await)?;
        let place = noted(&mut faults, regions::named(tx, &self.place_region, "placeRegionId").await)?;
        let before = self.before(tx).await?;
        let (Some(fiscal_region_id), Some(place_region_id), true) = (fiscal, place, faults.is_empty()) else {
            return Err(Fault::Rejected(faults));
        };
        let [parent_id, supervisor_id, successor_id] = found;
        let kept = before.as_ref();
        let form = UnitForm {
            name: self.name.clone(),
            kind: self.kind.or(kept.map(|row| row.kind)).unwrap_or(UnitKind::Unit),
            credit_code: self.credit_code.clone().or(kept.and_then(|row| row.credit_code.clone())),
            parent_id: parent_id.or(kept.and_then(|row| row.parent_id)),
            supervisor_id: supervisor_id.or(kept.and_then(|row| row.supervisor_id)),
            fiscal_level: self.fiscal_level,
            fiscal_region_id,
            place_region_id,
            state: self.state.or(kept.map(|row| row.state)).unwrap_or(UnitState::Active),
            successor_id: successor_id.or(kept.and_then(|row| row.successor_id)),
            valid_from: self.valid_from.or(kept.map(|row| row.valid_from)).unwrap_or(tx.today()),
            valid_to: self.valid_to.or(kept.and_then(|row| row.valid_to)),
        };
        match before {
            Some(row) if UnitForm::from(&row) == form => Ok(Kept::Unchanged),
            Some(row) => put_unit(tx, Some((row.id, row.version)), form).await.map(|_| Kept::Changed),
            None => put_unit(tx, None, form).await.map(|_| Kept::Created),
        }
    }

    /// The unit this row is about: by credit code, else by name; one that got its code since it was first loaded, too.
    async fn before(&self, tx: &Tx) -> Result<Option<unit::Model>, Fault> {
        if let Some(code) = &self.credit_code {
            let found = unit::Entity::find().filter(unit::Column::CreditCode.eq(code)).one(tx.conn()).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        let mut same = unit::Entity::find().filter(unit::Column::Name.eq(&self.name));
        if self.credit_code.is_some() {
            same = same.filter(unit::Column::CreditCode.is_null());
        }
        let same = same.all(tx.conn()).await?;
        Ok(only_one(same, "name")?)
    }
}

/// A unit by credit code or name.
async fn named(tx: &Tx, name: &str, field: &str) -> Result<Uuid, Fault> {
    let either = Condition::any()
        .add(unit::Column::CreditCode.eq(name.to_ascii_uppercase()))
        .add(unit::Column::Name.eq(name));
    let found = unit::Entity::find().filter(either).all(tx.conn()).await?;
    let found = only_one(found, field)?;
    found.map(|row| row.id).ok_or_else(|| Rejection::new(Code::NotFound).at(field).into())
}

/// A name that a closed unit left to another means the other.
fn only_one(mut found: Vec<unit::Model>, field: &str) -> Result<Option<unit::Model>, Rejection> {
    if found.len() > 1 {
        found.retain(|row| row.state != UnitState::Closed);
    }
    if found.len() > 1 {
        let expected = "唯一的单位，请改用统一社会信用代码 / one unit: use its credit code";
        return Err(Rejection::new(Code::Malformed).at(field).with("expected", expected));
    }
    Ok(found.pop())
}

/// Collects rejections, so that a row is told all of them at once.
fn noted<T>(faults: &mut Vec<Rejection>, outcome: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(Fault::Rejected(list)) => {
            faults.extend(list);
            Ok(None)
        }
        Err(fault) => Err(fault),
    }
}
