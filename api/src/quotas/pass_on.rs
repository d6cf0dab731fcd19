//! Headcount and vehicle quotas of units that are succeeded. Those of a merger add up, by rank, from its day on; how those of a unit
//! that is split are shared is in the deciding paper, and entered by the office. A cap of its own ends with its unit: it was
//! granted for that unit's people.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use entity::events::Subject;
use entity::quotas::{QuotaKind, block_override, unit_cap, unit_quota};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};
use serde_json::json;
use uuid::Uuid;

use crate::fault::Fault;
use crate::organisation::steps::touch_guard;
use crate::write::Tx;

/// Ends what the units were entitled to, and adds it to what their successor is, where `adds_up`. What the office has entered for
/// the successor from the day on stays as it is.
///
/// # Errors
/// The database's.
pub(crate) async fn headcount(
    tx: &Tx,
    units: &[Uuid],
    to: Uuid,
    day: NaiveDate,
    source: &str,
    adds_up: bool,
) -> Result<(), Fault> {
    use unit_quota::Column;
    touch_guard(tx, to).await?;
    let mut sums: BTreeMap<(QuotaKind, Option<String>), i64> = BTreeMap::new();
    let lasting = Condition::any().add(Column::ValidTo.is_null()).add(Column::ValidTo.gte(day));
    let rows = unit_quota::Entity::find()
        .filter(Column::UnitId.is_in(units.iter().copied()))
        .filter(lasting)
        .order_by_asc(Column::Id)
        .all(tx.conn())
        .await?;
    for row in rows {
        if row.valid_from <= day {
            *sums.entry((row.kind, row.rank.clone())).or_default() += row.count;
        }
        end(tx, row.id, day).await?;
    }
    let caps = unit_cap::Entity::update_many()
        .col_expr(unit_cap::Column::ValidTo, Expr::value(day.pred_opt()))
        .filter(unit_cap::Column::UnitId.is_in(units.iter().copied()))
        .filter(
            Condition::any().add(unit_cap::Column::ValidTo.is_null()).add(unit_cap::Column::ValidTo.gte(day)),
        );
    caps.exec(tx.conn()).await?;
    if !adds_up {
        return Ok(());
    }
    for ((kind, rank), count) in sums {
        let same = unit_quota::Entity::find().filter(Column::UnitId.eq(to)).filter(Column::Kind.eq(kind));
        let same = match &rank {
            Some(rank) => same.filter(Column::Rank.eq(rank)),
            None => same.filter(Column::Rank.is_null()),
        };
        let last = same.order_by_desc(Column::ValidFrom).order_by_desc(Column::Id).one(tx.conn()).await?;
        if last.as_ref().is_some_and(|last| last.valid_from >= day) {
            continue;
        }
        let last = last.filter(|last| last.valid_to.is_none_or(|to| to >= day));
        if let Some(last) = &last {
            end(tx, last.id, day).await?;
        }
        let row = unit_quota::Model {
            id: tx.id(),
            unit_id: to,
            kind,
            rank,
            count: count + last.map_or(0, |last| last.count),
            source: source.to_owned(),
            valid_from: day,
            valid_to: None,
            created_by: tx.actor().account_id(),
            created_at: tx.now(),
        };
        let payload = json!({
            "unitId": to, "kind": row.kind, "rank": row.rank, "count": row.count, "source": row.source,
            "validFrom": row.valid_from,
        });
        tx.record(Subject::Setting, row.id, 1, "unit_quota.set", &payload);
        row.into_active_model().reset_all().insert(tx.conn()).await?;
    }
    Ok(())
}

/// A number ends the day before.
async fn end(tx: &Tx, id: Uuid, day: NaiveDate) -> Result<(), Fault> {
    unit_quota::Entity::update_many()
        .col_expr(unit_quota::Column::ValidTo, Expr::value(day.pred_opt()))
        .filter(unit_quota::Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// The office has let a unit go on: it lets go on who has to confirm the receipts now.
///
/// # Errors
/// The database's.
pub(crate) async fn overrides(tx: &Tx, from: Uuid, to: Uuid) -> Result<(), Fault> {
    let lasting = block_override::Entity::find()
        .filter(block_override::Column::UnitId.eq(from))
        .filter(block_override::Column::UntilDay.gte(tx.today()))
        .order_by_asc(block_override::Column::Id)
        .all(tx.conn())
        .await?;
    for row in lasting {
        block_override::Entity::update_many()
            .col_expr(block_override::Column::UnitId, Expr::value(to))
            .filter(block_override::Column::Id.eq(row.id))
            .exec(tx.conn())
            .await?;
        let payload = json!({ "fromId": from, "toId": to, "untilDay": row.until_day });
        tx.record(Subject::Setting, row.id, 2, "block.passed_on", &payload);
    }
    Ok(())
}
