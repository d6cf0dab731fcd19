//! Plans in which a unit that is succeeded gives or receives: what is not promised yet is proposed to its successor, or dropped where
//! giver and receiver have become one. What is promised stands under the names of that day; its request lines pass by themselves.

use entity::assets::asset;
use entity::plans::{PlanLineState, PlanState, allocation_plan, plan_line};
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::row;
use crate::fault::Fault;
use crate::write::Tx;

/// Plans of which nothing is promised yet.
const OPEN: [PlanState; 5] =
    [PlanState::Draft, PlanState::Objections, PlanState::Submitted, PlanState::Approved, PlanState::Returned];

/// Gives the lines of open plans to those who hold the cards now, and to the successor.
///
/// # Errors
/// `Stale`; the database's.
pub(crate) async fn lines(tx: &Tx, from: Uuid, to: Uuid) -> Result<(), Fault> {
    let concerned =
        Condition::any().add(plan_line::Column::GiverId.eq(from)).add(plan_line::Column::ReceiverId.eq(from));
    let open = Query::select()
        .column(allocation_plan::Column::Id)
        .from(allocation_plan::Entity)
        .and_where(allocation_plan::Column::State.is_in(OPEN))
        .take();
    let lines = plan_line::Entity::find()
        .filter(concerned)
        .filter(plan_line::Column::State.eq(PlanLineState::Proposed))
        .filter(plan_line::Column::PlanId.in_subquery(open))
        .order_by_asc(plan_line::Column::Id)
        .all(tx.conn())
        .await?;
    for line in lines {
        let holder: Option<Uuid> = asset::Entity::find_by_id(line.asset_id)
            .select_only()
            .column(asset::Column::HolderId)
            .into_tuple()
            .one(tx.conn())
            .await?;
        let giver = if line.giver_id == from { holder.unwrap_or(to) } else { line.giver_id };
        let receiver = if line.receiver_id == from { to } else { line.receiver_id };
        let plan = allocation_plan::Entity::find_by_id(line.plan_id).one(tx.conn()).await?;
        let plan = plan.ok_or_else(|| anyhow::anyhow!("line {} has no plan", line.id))?;
        let next = if giver == receiver {
            plan_line::Model { state: PlanLineState::Dropped, ..line }
        } else {
            plan_line::Model { giver_id: giver, receiver_id: receiver, ..line }
        };
        let saved = row::save_line(tx, next).await?;
        row::record(tx, &plan, "plan.line_passed_on", row::told(&saved));
    }
    Ok(())
}
