//! Enters how many people or vehicles a unit is entitled to from a day on.

use chrono::NaiveDate;
use entity::events::Subject;
use entity::quotas::{QuotaKind, unit_quota};
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

/// Most people or vehicles.
const MOST: i64 = 1_000_000;

/// A number to be entered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetUnitQuota {
    /// The unit.
    pub unit_id: Uuid,
    /// What is counted.
    pub kind: QuotaKind,
    /// Rank of staff; none: all of them.
    pub rank: Option<String>,
    /// How many.
    pub count: i64,
    /// Document it comes from.
    pub source: String,
    /// First day.
    pub valid_from: NaiveDate,
}

/// Enters a number, and gives its id: the one before it ends the day before.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::NotFound`], [`Code::NewerStandard`] where one begins later, and what is wrong with the form.
pub async fn set_unit_quota(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &SetUnitQuota,
) -> Result<Uuid, Fault> {
    use unit_quota::Column;
    actor.allow(Operation::SetUnitQuota, &Parties::default())?;
    app.write(actor, Command::new("setUnitQuota", key, input), |tx| async move {
        let mut faults = Vec::new();
        let source = required(&mut faults, "source", &input.source, 200);
        let rank = checks::optional_text(&mut faults, "rank", input.rank.as_deref(), 100);
        checks::range(&mut faults, "count", input.count, 0, MOST);
        if rank.is_some() && input.kind == QuotaKind::Vehicles {
            let expected = "仅人员编制分职级 / only staff has ranks";
            faults.push(Rejection::new(Code::Malformed).at("rank").with("expected", expected));
        }
        if tx.reference().unit(input.unit_id).is_none() {
            faults.push(Rejection::new(Code::NotFound).at("unitId"));
            return Err(Fault::Rejected(faults));
        }
        touch_guard(&tx, input.unit_id).await?;
        let mut same = unit_quota::Entity::find()
            .filter(Column::UnitId.eq(input.unit_id))
            .filter(Column::Kind.eq(input.kind));
        same = match &rank {
            Some(rank) => same.filter(Column::Rank.eq(rank)),
            None => same.filter(Column::Rank.is_null()),
        };
        let last = same.order_by_desc(Column::ValidFrom).order_by_desc(Column::Id).one(tx.conn()).await?;
        if let Some(last) = last.as_ref().filter(|last| last.valid_from > input.valid_from) {
            faults.push(Rejection::new(Code::NewerStandard).at("validFrom").with("day", last.valid_from));
        }
        Fault::all(faults)?;
        if let Some(last) = last {
            unit_quota::Entity::update_many()
                .col_expr(Column::ValidTo, Expr::value(input.valid_from.pred_opt()))
                .filter(Column::Id.eq(last.id))
                .exec(tx.conn())
                .await?;
        }
        let row = unit_quota::Model {
            id: tx.id(),
            unit_id: input.unit_id,
            kind: input.kind,
            rank,
            count: input.count,
            source,
            valid_from: input.valid_from,
            valid_to: None,
            created_by: tx.actor().account_id(),
            created_at: tx.now(),
        };
        let id = row.id;
        row.into_active_model().reset_all().insert(tx.conn()).await?;
        tx.record(Subject::Setting, id, 1, "unit_quota.set", input);
        Ok(id)
    })
    .await
}
