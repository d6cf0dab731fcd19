//! Makes or changes a zone, rack or bin.

use entity::events::Subject;
use entity::warehouses::{storage_place, warehouse};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use super::rules::{PlaceForm, may_hang, wrong_parent};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::{Actor, session};
use crate::organisation::steps::stale_unless_one;
use crate::write::Command;

/// A place to be made, or changed where `id` is given.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Which; none for a new one.
    pub id: Option<Uuid>,
    /// The version that the caller has seen; needed with `id`.
    pub version: Option<i64>,
    /// All that is said about it. A place never changes its warehouse or its kind.
    pub form: PlaceForm,
}

/// Makes or changes a zone, rack or bin, and gives its id.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::Stale`], and what is wrong with the form.
pub async fn save_place(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Uuid, Fault> {
    let parties = Parties { warehouse: Some(input.form.warehouse_id), ..Parties::default() };
    actor.allow(Operation::SavePlace, &parties)?;
    app.write(actor, Command::new("savePlace", key, input), |tx| async move {
        // For its lock: two places must not take one code at the same moment.
        session::rights_changed(&tx).await?;
        let (form, mut faults) = input.form.clone().cleaned();
        if warehouse::Entity::find_by_id(form.warehouse_id).one(tx.conn()).await?.is_none() {
            faults.push(Rejection::new(Code::NotFound).at("warehouseId"));
        }
        if let Some(id) = input.id {
            let before = storage_place::Entity::find_by_id(id).one(tx.conn()).await?;
            // One of another warehouse does not exist for whoever may change only this one.
            let before =
                before.filter(|before| before.warehouse_id == form.warehouse_id).ok_or(Code::NotFound)?;
            if before.kind != form.kind {
                faults.push(Rejection::new(Code::WrongState).at("kind").with("state", before.kind));
            }
            if input.version.is_none() {
                faults.push(Rejection::new(Code::Required).at("version"));
            }
        }
        let parent = match form.parent_id {
            Some(parent) => {
                storage_place::Entity::find_by_id(parent)
                    .filter(storage_place::Column::WarehouseId.eq(form.warehouse_id))
                    .one(tx.conn())
                    .await?
            }
            None => None,
        };
        if form.parent_id.is_some() && parent.is_none() {
            faults.push(Rejection::new(Code::NotFound).at("parentId"));
        } else if !may_hang(form.kind, parent.map(|parent| parent.kind)) {
            faults.push(wrong_parent());
        }
        let same = storage_place::Entity::find()
            .filter(storage_place::Column::WarehouseId.eq(form.warehouse_id))
            .filter(storage_place::Column::Code.eq(&form.code))
            .one(tx.conn())
            .await?;
        if same.is_some_and(|same| Some(same.id) != input.id) {
            faults.push(Rejection::new(Code::Duplicate).at("code"));
        }
        Fault::all(faults)?;
        let row = storage_place::Model {
            id: input.id.unwrap_or_else(|| tx.id()),
            warehouse_id: form.warehouse_id,
            parent_id: form.parent_id,
            kind: form.kind,
            code: form.code.clone(),
            name: form.name.clone(),
            area_dm2: form.area_dm2,
            version: input.id.and(input.version).map_or(1, |version| version + 1),
        };
        if input.id.is_some() {
            let changed = storage_place::Entity::update_many()
                .set(row.clone().into_active_model().reset_all())
                .filter(storage_place::Column::Id.eq(row.id))
                .filter(storage_place::Column::Version.eq(row.version - 1))
                .exec(tx.conn())
                .await?;
            stale_unless_one(changed.rows_affected)?;
        } else {
            storage_place::Entity::insert(row.clone().into_active_model())
                .exec_without_returning(tx.conn())
                .await?;
        }
        tx.record(Subject::Warehouse, row.id, row.version, "place.saved", &form);
        Ok(row.id)
    })
    .await
}
