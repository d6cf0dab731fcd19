//! What other slices, such as the import, may do inside their transaction.
//!
//! Whoever puts something has called [`rights_changed`](crate::identity::session::rights_changed) first: it locks the one
//! row that all changes of reference data take, so that two of them never check against each other's old state (a circle
//! of two moves, a name taken twice).

use entity::events::Subject;
use entity::organisation::{UnitState, region, unit, unit_guard};
use entity::successions::{SuccessionState, succession, succession_unit};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};
use uuid::Uuid;

use super::rules::{RegionForm, UnitForm};
use super::tree;
use crate::fault::{Code, Fault, Rejection};
use crate::write::Tx;

/// A row to be changed, with the version that the caller has seen.
pub type Target = (Uuid, i64);

/// Makes a region, or changes the one named by `target`.
///
/// # Errors
/// [`Code::Stale`], [`Code::NotFound`], and everything that is wrong with the form.
pub async fn put_region(tx: &Tx, target: Option<Target>, form: RegionForm) -> Result<region::Model, Fault> {
    let (form, mut faults) = form.cleaned();
    let before = match target {
        Some((id, _)) => Some(find_region(tx, id).await?.ok_or(Code::NotFound)?),
        None => None,
    };
    let id = target.map(|(id, _)| id);
    if let Some(parent) = form.parent_id {
        match find_region(tx, parent).await? {
            None => faults.push(Rejection::new(Code::NotFound).at("parentId")),
            Some(_) => {
                let above = tree::path_up(parent, async |id| {
                    Ok(find_region(tx, id).await?.and_then(|row| row.parent_id))
                })
                .await?;
                faults.extend(tree::fits(id, &above, "parentId").err());
            }
        }
    }
    let same = region::Entity::find()
        .filter(region::Column::Namespace.eq(&form.namespace))
        .filter(region::Column::Code.eq(&form.code))
        .one(tx.conn())
        .await?;
    if same.is_some_and(|same| Some(same.id) != id) {
        faults.push(Rejection::new(Code::Duplicate).at("code"));
    }
    Fault::all(faults)?;
    let version = target.map_or(1, |(_, version)| version + 1);
    let row = region::Model {
        id: id.unwrap_or_else(|| tx.id()),
        namespace: form.namespace.clone(),
        code: form.code.clone(),
        name: form.name.clone(),
        parent_id: form.parent_id,
        valid_from: form.valid_from,
        valid_to: form.valid_to,
        version,
    };
    if let Some((id, version)) = target {
        let changed = region::Entity::update_many()
            .set(row.clone().into_active_model().reset_all())
            .filter(region::Column::Id.eq(id))
            .filter(region::Column::Version.eq(version))
            .exec(tx.conn())
            .await?;
        stale_unless_one(changed.rows_affected)?;
    } else {
        region::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx.conn()).await?;
    }
    let kind = if before.is_some() { "region.changed" } else { "region.created" };
    tx.record(Subject::Region, row.id, row.version, kind, &form);
    Ok(row)
}

/// Makes a unit, or changes the one named by `target`.
///
/// # Errors
/// [`Code::Stale`], [`Code::NotFound`], and everything that is wrong with the form.
pub async fn put_unit(tx: &Tx, target: Option<Target>, form: UnitForm) -> Result<unit::Model, Fault> {
    let id = target.map(|(id, _)| id);
    let before = match id {
        Some(id) => Some(find_unit(tx, id).await?.ok_or(Code::NotFound)?),
        None => None,
    };
    let (form, mut faults) = form.cleaned(id, before.as_ref().map(|before| before.state));
    for (field, other) in [
        ("parentId", form.parent_id),
        ("supervisorId", form.supervisor_id),
        ("successorId", form.successor_id),
    ] {
        let Some(other) = other else { continue };
        let Some(found) = find_unit(tx, other).await? else {
            faults.push(Rejection::new(Code::NotFound).at(field));
            continue;
        };
        if field == "parentId" {
            let above =
                tree::path_up(other, async |id| Ok(find_unit(tx, id).await?.and_then(|row| row.parent_id)))
                    .await?;
            faults.extend(tree::fits(id, &above, field).err());
        }
        // Only what changes is asked: a successor may itself be closed later, and hand on.
        let changed = before.as_ref().is_none_or(|before| before.successor_id != Some(other));
        if field == "successorId" && changed && id.is_some() && Some(other) != id {
            let onward = tree::path_up(other, async |id| {
                Ok(find_unit(tx, id).await?.and_then(|row| row.successor_id))
            })
            .await?;
            faults.extend(tree::fits(id, &onward, field).err());
            if found.state == UnitState::Closed {
                faults.push(Rejection::new(Code::UnitNotActive).at(field));
            }
        }
    }
    if let Some(before) = &before {
        faults.extend(beside_succession(tx, before, &form).await?);
    }
    for (field, region) in
        [("fiscalRegionId", form.fiscal_region_id), ("placeRegionId", form.place_region_id)]
    {
        if find_region(tx, region).await?.is_none() {
            faults.push(Rejection::new(Code::NotFound).at(field));
        }
    }
    if let Some(code) = &form.credit_code {
        let same = unit::Entity::find().filter(unit::Column::CreditCode.eq(code)).one(tx.conn()).await?;
        if same.is_some_and(|same| Some(same.id) != id) {
            faults.push(Rejection::new(Code::Duplicate).at("creditCode"));
        }
    }
    let same = unit::Entity::find()
        .filter(unit::Column::Name.eq(&form.name))
        .filter(unit::Column::State.ne(UnitState::Closed))
        .all(tx.conn())
        .await?;
    // A dissolved body may leave its name to a new one.
    if form.state != UnitState::Closed && same.iter().any(|same| Some(same.id) != id) {
        faults.push(Rejection::new(Code::Duplicate).at("name"));
    }
    Fault::all(faults)?;
    let row = unit::Model {
        id: id.unwrap_or_else(|| tx.id()),
        name: form.name.clone(),
        kind: form.kind,
        credit_code: form.credit_code.clone(),
        parent_id: form.parent_id,
        supervisor_id: form.supervisor_id,
        fiscal_level: form.fiscal_level,
        fiscal_region_id: form.fiscal_region_id,
        place_region_id: form.place_region_id,
        state: form.state,
        successor_id: form.successor_id,
        valid_from: form.valid_from,
        valid_to: form.valid_to,
        version: target.map_or(1, |(_, version)| version + 1),
    };
    if let Some((id, version)) = target {
        let changed = unit::Entity::update_many()
            .set(row.clone().into_active_model().reset_all())
            .filter(unit::Column::Id.eq(id))
            .filter(unit::Column::Version.eq(version))
            .exec(tx.conn())
            .await?;
        stale_unless_one(changed.rows_affected)?;
    } else {
        unit::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx.conn()).await?;
    }
    let kind = if before.is_some() { "unit.changed" } else { "unit.created" };
    tx.record(Subject::Unit, row.id, row.version, kind, &form);
    Ok(row)
}

/// State and successor of a unit are a succession's as long as one is under way, and for good when the unit is closed.
async fn beside_succession(
    tx: &Tx,
    before: &unit::Model,
    form: &UnitForm,
) -> Result<Option<Rejection>, Fault> {
    if (before.state, before.successor_id) == (form.state, form.successor_id) {
        return Ok(None);
    }
    let field = if before.state == form.state { "successorId" } else { "state" };
    if before.state == UnitState::Closed {
        return Ok(Some(Rejection::new(Code::WrongState).at(field).with("state", before.state)));
    }
    let number = under_succession(tx, before.id, None).await?;
    Ok(number.map(|number| Rejection::new(Code::UnderSuccession).at(field).with("number", number)))
}

/// Number of the succession that is under way for a unit, which it would be succeeded by, other than `but`.
pub(crate) async fn under_succession(
    tx: &Tx,
    unit: Uuid,
    but: Option<Uuid>,
) -> Result<Option<String>, Fault> {
    let found = succession::Entity::find()
        .select_only()
        .columns([succession::Column::Id, succession::Column::Number])
        .filter(succession::Column::State.is_in([SuccessionState::Announced, SuccessionState::Running]))
        .filter(
            succession::Column::Id.in_subquery(
                Query::select()
                    .column(succession_unit::Column::SuccessionId)
                    .from(succession_unit::Entity)
                    .and_where(Expr::col(succession_unit::Column::UnitId).eq(unit))
                    .take(),
            ),
        )
        .into_tuple::<(Uuid, String)>()
        .all(tx.conn())
        .await?;
    Ok(found.into_iter().find(|(id, _)| Some(*id) != but).map(|(_, number)| number))
}

/// A row was changed by its version, or somebody else was faster.
///
/// # Errors
/// [`Code::Stale`].
pub fn stale_unless_one(rows_affected: u64) -> Result<(), Fault> {
    if rows_affected == 1 { Ok(()) } else { Err(Code::Stale.into()) }
}

async fn find_region(tx: &Tx, id: Uuid) -> Result<Option<region::Model>, Fault> {
    Ok(region::Entity::find_by_id(id).one(tx.conn()).await?)
}

async fn find_unit(tx: &Tx, id: Uuid) -> Result<Option<unit::Model>, Fault> {
    Ok(unit::Entity::find_by_id(id).one(tx.conn()).await?)
}

/// Touches the guard row of a unit: a decision that reads several of its rows waits for every other such decision.
/// Row versions do not stop write skew.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn touch_guard(tx: &Tx, unit: Uuid) -> Result<(), Fault> {
    let row = unit_guard::ActiveModel { unit_id: Set(unit), n: Set(1) };
    let raise = Expr::col((unit_guard::Entity, unit_guard::Column::N)).add(1);
    unit_guard::Entity::insert(row)
        .on_conflict(
            OnConflict::column(unit_guard::Column::UnitId).value(unit_guard::Column::N, raise).to_owned(),
        )
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}
