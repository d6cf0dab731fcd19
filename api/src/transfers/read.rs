//! Finders that carry the caller's rights in their SQL: both sides of a hand-over see it, and the warehouse it left.

use chrono::{DateTime, Utc};
use entity::transfers::{TransferState, transfer};
use sea_orm::sea_query::{Expr, Order, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::authz::{Operation, Reach};
use crate::graphql::connection::Page;
use crate::identity::Actor;
use crate::keyset::{self, among};

/// What is asked for in a list of hand-overs; none asks nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Given by this unit.
    pub giver_id: Option<Uuid>,
    /// For this unit.
    pub receiver_id: Option<Uuid>,
    /// In one of these states.
    pub states: Vec<TransferState>,
    /// By its number.
    pub number: Option<String>,
    /// Of this listing.
    pub listing_id: Option<Uuid>,
    /// For this line.
    pub line_id: Option<Uuid>,
}

/// Sort key of the list: newest first.
pub type Key = (DateTime<Utc>, Uuid);

/// Hand-overs that the reach covers, side by side: a row is visible that meets one of them.
fn sides(reach: &Reach) -> Vec<Condition> {
    use transfer::Column::{GiverId, ReceiverId, WarehouseId};
    if reach.everywhere {
        return vec![Condition::all()];
    }
    let of_unit = [(GiverId, &reach.giver), (ReceiverId, &reach.receiver)];
    let mut sides: Vec<Condition> = of_unit
        .into_iter()
        .filter(|(_, units)| !units.is_empty())
        .map(|(column, units)| among(column, units))
        .collect();
    if reach.every_warehouse {
        sides.push(Condition::all().add(WarehouseId.is_not_null()));
    } else if !reach.warehouses.is_empty() {
        sides.push(Condition::all().add(WarehouseId.is_in(reach.warehouses.iter().copied())));
    }
    sides
}

fn visible(reach: &Reach) -> Condition {
    // Of no side nothing is seen; an empty "any" would be true.
    sides(reach).into_iter().fold(Condition::any().add(Expr::value(false)), Condition::add)
}

/// A hand-over, where the actor may see it.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    id: Uuid,
) -> Result<Option<transfer::Model>, DbErr> {
    Ok(find_all(conn, actor, &[id]).await?.pop())
}

/// Several hand-overs at once, in no order.
///
/// # Errors
/// When the database does not answer.
pub async fn find_all(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    ids: &[Uuid],
) -> Result<Vec<transfer::Model>, DbErr> {
    let asked = transfer::Column::Id.is_in(ids.iter().copied());
    transfer::Entity::find().filter(asked).filter(visible(&actor.reach(Operation::Transfer))).all(conn).await
}

/// A page of hand-overs, newest first; one more than asked for where there is more.
///
/// # Errors
/// When the database does not answer.
pub async fn page(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    filter: &Filter,
    page: &Page<Key>,
) -> Result<Vec<transfer::Model>, DbErr> {
    use transfer::Column::{GiverId, Id, LineId, ListingId, Number, ReceiverId, ReleasedAt, State};
    let mut like = Condition::all();
    for (column, value) in [
        (GiverId, filter.giver_id),
        (ReceiverId, filter.receiver_id),
        (ListingId, filter.listing_id),
        (LineId, filter.line_id),
    ] {
        like = like.add_option(value.map(|value| column.eq(value)));
    }
    like = like.add_option(filter.number.as_deref().map(|number| Number.eq(number)));
    if !filter.states.is_empty() {
        like = like.add(State.is_in(filter.states.iter().copied()));
    }
    like = like.add_option(page.after.map(|after| keyset::before(ReleasedAt, Id, after)));
    let side = |side: Condition| {
        Query::select()
            .column(Id)
            .from(transfer::Entity)
            .cond_where(side)
            .cond_where(like.clone())
            .order_by((transfer::Entity, ReleasedAt), Order::Desc)
            .order_by((transfer::Entity, Id), Order::Desc)
            .limit(page.fetch())
            .to_owned()
    };
    let pages = sides(&actor.reach(Operation::Transfers)).into_iter().map(side).collect();
    let Some(found) = keyset::merged(pages) else { return Ok(Vec::new()) };
    transfer::Entity::find()
        .filter(Id.in_subquery(found))
        .order_by_desc(ReleasedAt)
        .order_by_desc(Id)
        .limit(page.fetch())
        .all(conn)
        .await
}
