//! Finders that carry the caller's rights in their SQL: both sides of a hand-over see it, and the warehouse it left.

use chrono::{DateTime, Utc};
use entity::listings::listing;
use entity::transfers::{TransferState, transfer};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::authz::{Operation, Reach};
use crate::graphql::connection::Page;
use crate::identity::Actor;
use crate::keyset;
use crate::requests::read::{among, gives};

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

fn visible(reach: &Reach) -> Condition {
    if reach.everywhere {
        return Condition::all();
    }
    let mut seen = Condition::any()
        .add(among(transfer::Column::GiverId, &reach.giver))
        .add(among(transfer::Column::ReceiverId, &reach.receiver));
    if reach.every_warehouse || !reach.warehouses.is_empty() {
        let of_warehouse = Query::select()
            .expr(Expr::value(1))
            .from(listing::Entity)
            .and_where(
                Expr::col((listing::Entity, listing::Column::Id))
                    .equals((transfer::Entity, transfer::Column::ListingId)),
            )
            .cond_where(gives(reach))
            .to_owned();
        seen = seen.add(Expr::exists(of_warehouse));
    }
    seen
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
    let mut query = transfer::Entity::find().filter(visible(&actor.reach(Operation::Transfers)));
    for (column, value) in [
        (GiverId, filter.giver_id),
        (ReceiverId, filter.receiver_id),
        (ListingId, filter.listing_id),
        (LineId, filter.line_id),
    ] {
        if let Some(value) = value {
            query = query.filter(column.eq(value));
        }
    }
    if let Some(number) = &filter.number {
        query = query.filter(Number.eq(number.as_str()));
    }
    if !filter.states.is_empty() {
        query = query.filter(State.is_in(filter.states.iter().copied()));
    }
    if let Some(after) = page.after {
        query = query.filter(keyset::before(ReleasedAt, Id, after));
    }
    query.order_by_desc(ReleasedAt).order_by_desc(Id).limit(page.fetch()).all(conn).await
}
