//! Sets a unit a quantity cap of its own, such as one that handles secrets and needs a second computer for that.

use chrono::NaiveDate;
use entity::events::Subject;
use entity::quotas::unit_cap;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::organisation::rules::required;
use crate::organisation::steps::touch_guard;
use crate::write::Command;

/// A cap to be set.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetUnitCap {
    /// The unit.
    pub unit_id: Uuid,
    /// The category, and all below it.
    pub category_id: Uuid,
    /// In per cent of staff; none: as the standard says.
    pub cap_percent: Option<i64>,
    /// Why.
    pub reason: String,
    /// First day.
    pub valid_from: NaiveDate,
}

/// Sets a cap from a day on, or ends it the day before.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::NotFound`], [`Code::NewerStandard`] where one begins later, and what is wrong with the form.
pub async fn set_unit_cap(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &SetUnitCap,
) -> Result<(), Fault> {
    use unit_cap::Column;
    actor.allow(Operation::SetUnitCap, &Parties::default())?;
    app.write(actor, Command::new("setUnitCap", key, input), |tx| async move {
        let mut faults = Vec::new();
        let reason = required(&mut faults, "reason", &input.reason, 500);
        if let Some(percent) = input.cap_percent {
            checks::range(&mut faults, "capPercent", percent, 0, 10_000);
        }
        let reference = tx.reference();
        if reference.unit(input.unit_id).is_none() {
            faults.push(Rejection::new(Code::NotFound).at("unitId"));
        }
        if reference.category(input.category_id).is_none() {
            faults.push(Rejection::new(Code::NotFound).at("categoryId"));
        }
        Fault::all(faults)?;
        touch_guard(&tx, input.unit_id).await?;
        let last = unit_cap::Entity::find()
            .filter(Column::UnitId.eq(input.unit_id))
            .filter(Column::CategoryId.eq(input.category_id))
            .order_by_desc(Column::ValidFrom)
            .order_by_desc(Column::Id)
            .one(tx.conn())
            .await?;
        if let Some(last) = &last {
            if last.valid_from > input.valid_from {
                let fault = Rejection::new(Code::NewerStandard).at("validFrom");
                return Err(fault.with("day", last.valid_from).into());
            }
            unit_cap::Entity::update_many()
                .col_expr(Column::ValidTo, Expr::value(input.valid_from.pred_opt()))
                .filter(Column::Id.eq(last.id))
                .exec(tx.conn())
                .await?;
        }
        let id = tx.id();
        if let Some(cap_percent) = input.cap_percent {
            let row = unit_cap::Model {
                id,
                unit_id: input.unit_id,
                category_id: input.category_id,
                cap_percent,
                reason,
                valid_from: input.valid_from,
                valid_to: None,
                created_by: tx.actor().account_id(),
                created_at: tx.now(),
            };
            row.into_active_model().reset_all().insert(tx.conn()).await?;
        }
        tx.record(Subject::Setting, id, 1, "unit_cap.set", input);
        Ok(())
    })
    .await
}
