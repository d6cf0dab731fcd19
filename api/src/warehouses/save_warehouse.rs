//! Makes or changes a warehouse.

use entity::events::Subject;
use entity::organisation::{region, unit};
use entity::warehouses::warehouse;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use super::rules::WarehouseForm;
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::{Actor, session};
use crate::organisation::steps::stale_unless_one;
use crate::write::Command;

/// A warehouse to be made, or changed where `id` is given.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Which; none for a new one.
    pub id: Option<Uuid>,
    /// The version that the caller has seen; needed with `id`.
    pub version: Option<i64>,
    /// All that is said about it.
    pub form: WarehouseForm,
}

/// Makes or changes a warehouse, and gives its id.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::Stale`], and what is wrong with the form.
pub async fn save_warehouse(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Input,
) -> Result<Uuid, Fault> {
    actor.allow(Operation::SaveWarehouse, &Parties::default())?;
    app.write(actor, Command::new("saveWarehouse", key, input), |tx| async move {
        // For its lock: two warehouses must not take one code at the same moment.
        session::rights_changed(&tx).await?;
        let (form, mut faults) = input.form.clone().cleaned();
        if let Some(id) = input.id {
            warehouse::Entity::find_by_id(id).one(tx.conn()).await?.ok_or(Code::NotFound)?;
        }
        if unit::Entity::find_by_id(form.unit_id).one(tx.conn()).await?.is_none() {
            faults.push(Rejection::new(Code::NotFound).at("unitId"));
        }
        if region::Entity::find_by_id(form.region_id).one(tx.conn()).await?.is_none() {
            faults.push(Rejection::new(Code::NotFound).at("regionId"));
        }
        let same =
            warehouse::Entity::find().filter(warehouse::Column::Code.eq(&form.code)).one(tx.conn()).await?;
        if same.is_some_and(|same| Some(same.id) != input.id) {
            faults.push(Rejection::new(Code::Duplicate).at("code"));
        }
        if input.id.is_some() && input.version.is_none() {
            faults.push(Rejection::new(Code::Required).at("version"));
        }
        Fault::all(faults)?;
        let row = warehouse::Model {
            id: input.id.unwrap_or_else(|| tx.id()),
            code: form.code.clone(),
            name: form.name.clone(),
            unit_id: form.unit_id,
            region_id: form.region_id,
            area_m2: form.area_m2,
            version: input.id.and(input.version).map_or(1, |version| version + 1),
        };
        if input.id.is_some() {
            let changed = warehouse::Entity::update_many()
                .set(row.clone().into_active_model().reset_all())
                .filter(warehouse::Column::Id.eq(row.id))
                .filter(warehouse::Column::Version.eq(row.version - 1))
                .exec(tx.conn())
                .await?;
            stale_unless_one(changed.rows_affected)?;
        } else {
            warehouse::Entity::insert(row.clone().into_active_model())
                .exec_without_returning(tx.conn())
                .await?;
        }
        tx.record(Subject::Warehouse, row.id, row.version, "warehouse.saved", &form);
        Ok(row.id)
    })
    .await
}
