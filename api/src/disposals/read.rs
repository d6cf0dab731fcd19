//! Finders that carry the caller's rights in their SQL: the holder's side sees a disposal, and the warehouse where the thing
//! stands; while it is shown for objections every unit does, but what is RESTRICTED.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use entity::assets::{Condition as Quality, asset};
use entity::disposals::{DisposalKind, DisposalState, disposal};
use entity::listings::listing;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rules::{Ladder, Rung};
use crate::authz::{Operation, Parties, Reach};
use crate::catalogue;
use crate::clock::Clock;
use crate::fault::Fault;
use crate::graphql::connection::Page;
use crate::identity::Actor;
use crate::keyset::{self, among};

/// The city's ladder on a day.
///
/// # Errors
/// When the database does not answer.
pub async fn ladder(conn: &impl ConnectionTrait, on: NaiveDate) -> Result<Ladder, Fault> {
    let days = async |name: &'static str| catalogue::read::setting(conn, name, on).await;
    Ok(Ladder {
        audience: days("stale_audience_days").await?,
        donation: days("stale_donation_days").await?,
        sale: days("stale_sale_days").await?,
        scrap: days("stale_scrap_days").await?,
    })
}

/// What is asked for in a list of disposals; none asks nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this unit.
    pub unit_id: Option<Uuid>,
    /// Of this listing.
    pub listing_id: Option<Uuid>,
    /// In one of these states.
    pub states: Vec<DisposalState>,
    /// Of one of these kinds.
    pub kinds: Vec<DisposalKind>,
    /// By its number.
    pub number: Option<String>,
}

impl Filter {
    fn condition(&self) -> Condition {
        use disposal::Column::{Kind, ListingId, Number, State, UnitId};
        let mut like = Condition::all()
            .add_option(self.unit_id.map(|unit| UnitId.eq(unit)))
            .add_option(self.listing_id.map(|listing| ListingId.eq(listing)))
            .add_option(self.number.as_deref().map(|number| Number.eq(number)));
        if !self.states.is_empty() {
            like = like.add(State.is_in(self.states.iter().copied()));
        }
        if !self.kinds.is_empty() {
            like = like.add(Kind.is_in(self.kinds.iter().copied()));
        }
        like
    }
}

/// A disposal with what is told of its card.
#[derive(Clone, Debug)]
pub struct DisposalRow {
    /// The disposal.
    pub disposal: disposal::Model,
    /// The card.
    pub card: Option<CardWords>,
}

/// What is told of a card to whoever may see its disposal.
#[derive(Clone, Debug, FromQueryResult)]
pub struct CardWords {
    /// The card.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// Brand.
    pub brand: String,
    /// Model.
    pub model: String,
    /// Measure.
    pub measure: String,
    /// Category.
    pub category_id: Option<Uuid>,
    /// Condition.
    pub condition: Option<Quality>,
}

/// Rows under one column of units and one of warehouses that a reach covers, side by side: a row is visible that meets one of
/// them.
fn sides<C: ColumnTrait>(reach: &Reach, unit: C, warehouse: C) -> Vec<Condition> {
    if reach.everywhere {
        return vec![Condition::all()];
    }
    let mut sides = Vec::new();
    if !reach.giver.is_empty() {
        sides.push(among(unit, &reach.giver));
    }
    if reach.every_warehouse {
        sides.push(Condition::all().add(warehouse.is_not_null()));
    } else if !reach.warehouses.is_empty() {
        sides.push(Condition::all().add(warehouse.is_in(reach.warehouses.iter().copied())));
    }
    sides
}

/// The sides from which the actor sees disposals.
fn seen(actor: &Actor) -> Vec<Condition> {
    let reach = actor.reach(Operation::StaleListings);
    let mut seen = sides(&reach, disposal::Column::UnitId, disposal::Column::WarehouseId);
    if !reach.everywhere && actor.may_somewhere(Operation::Disposals) {
        // Written out, as the partial index has it.
        let open = "disposal.state = 'PUBLICITY' and exists \
            (select 1 from asset a where a.id = disposal.asset_id and not a.restricted)";
        seen.push(Condition::all().add(Expr::cust(open)));
    }
    seen
}

/// Whether the actor sees more of a disposal than what is shown to all.
#[must_use]
pub fn concerns(actor: &Actor, disposal: &disposal::Model) -> bool {
    let parties = Parties { giver: Some(disposal.unit_id), receiver: None, warehouse: disposal.warehouse_id };
    actor.reach(Operation::StaleListings).covers(&parties)
}

/// A disposal, where the actor may see it.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    id: Uuid,
) -> Result<Option<disposal::Model>, DbErr> {
    Ok(find_all(conn, actor, &[id]).await?.pop())
}

/// Several disposals at once, in no order.
///
/// # Errors
/// When the database does not answer.
pub async fn find_all(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    ids: &[Uuid],
) -> Result<Vec<disposal::Model>, DbErr> {
    // Of no side nothing is seen; an empty "any" would be true.
    let visible =
        seen(actor).into_iter().fold(Condition::any().add(Expr::value(false)), |any, side| any.add(side));
    let asked = disposal::Column::Id.is_in(ids.iter().copied());
    disposal::Entity::find().filter(asked).filter(visible).all(conn).await
}

/// A page of disposals, newest first; one more than asked for where there is more.
///
/// # Errors
/// When the database does not answer.
pub async fn page(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    filter: &Filter,
    page: &Page<Uuid>,
) -> Result<Vec<disposal::Model>, DbErr> {
    use disposal::Column::Id;
    let like = filter.condition().add_option(page.after.map(|id| Id.lt(id)));
    let side = |side: Condition| {
        Query::select()
            .column((disposal::Entity, Id))
            .from(disposal::Entity)
            .cond_where(side.add(like.clone()))
            .order_by((disposal::Entity, Id), Order::Desc)
            .limit(page.fetch())
            .to_owned()
    };
    let Some(found) = keyset::merged(seen(actor).into_iter().map(side).collect()) else {
        return Ok(Vec::new());
    };
    let rows = disposal::Entity::find().filter(Id.in_subquery(found)).order_by_desc(Id);
    rows.limit(page.fetch()).all(conn).await
}

/// Disposals with what is told of their cards, in the same order. The caller has asked for the right to each.
///
/// # Errors
/// When the database does not answer.
pub async fn with_cards(
    conn: &impl ConnectionTrait,
    rows: Vec<disposal::Model>,
) -> Result<Vec<DisposalRow>, DbErr> {
    use asset::Column as C;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let cards: HashMap<Uuid, CardWords> = asset::Entity::find()
        .select_only()
        .columns([C::Id, C::Name, C::Brand, C::Model, C::Measure, C::CategoryId, C::Condition])
        .filter(C::Id.is_in(rows.iter().map(|row| row.asset_id)))
        .into_model::<CardWords>()
        .all(conn)
        .await?
        .into_iter()
        .map(|card| (card.id, card))
        .collect();
    let with = |disposal: disposal::Model| {
        let card = cards.get(&disposal.asset_id).cloned();
        DisposalRow { disposal, card }
    };
    Ok(rows.into_iter().map(with).collect())
}

/// What nobody takes: which of it is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct StaleFilter {
    /// Offered by this unit.
    pub unit_id: Option<Uuid>,
    /// Of which this is to be done next.
    pub rung: Option<Rung>,
}

/// Where a page of stale listings goes on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct StaleKey(pub DateTime<Utc>, pub Uuid);

/// A listing that nobody takes, and since when it is offered.
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub struct Stale {
    /// The listing.
    pub id: Uuid,
    /// When it was listed, or offered again.
    pub listed_at: DateTime<Utc>,
}

/// Pieces are offered and nobody has asked for any, was promised any, or has any.
const UNWANTED: &str = "listing.state = 'LISTED' \
    and exists (select 1 from listing_stock s where s.listing_id = listing.id and s.available > 0 \
    and s.held + s.reserved + s.in_transit = 0) \
    and not exists (select 1 from request_line q where q.listing_id = listing.id and q.state = 'QUEUED') \
    and not exists (select 1 from loan n where n.listing_id = listing.id \
    and n.state in ('REQUESTED', 'APPROVED', 'HANDED_OVER', 'ON_LOAN', 'RETURNED'))";

/// A page of listings that have reached some rung of the ladder, the oldest first; one more than asked for where there is more.
///
/// # Errors
/// When the database does not answer.
pub async fn stale(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    clock: &Clock,
    ladder: &Ladder,
    filter: StaleFilter,
    page: &Page<StaleKey>,
) -> Result<Vec<Stale>, DbErr> {
    use listing::Column::{Id, ListedAt, UnitId, WarehouseId};
    let mut like = Condition::all()
        .add(Expr::cust(UNWANTED))
        .add_option(filter.unit_id.map(|unit| UnitId.eq(unit)))
        .add_option(page.after.map(|StaleKey(at, id)| {
            let key = Expr::tuple([Expr::col(ListedAt), Expr::col(Id)]);
            key.gt(Expr::tuple([Expr::value(at), Expr::value(id)]))
        }));
    let least = filter.rung.map_or_else(|| ladder.first(), |rung| ladder.after(rung));
    like = like.add(ListedAt.lt(since(clock, least)));
    let higher = Rung::ALL.into_iter().filter(|rung| filter.rung.is_some_and(|asked| *rung > asked));
    if let Some(most) = higher.map(|rung| ladder.after(rung)).min() {
        like = like.add(ListedAt.gte(since(clock, most)));
    }
    let side = |side: Condition| -> SelectStatement {
        Query::select()
            .column((listing::Entity, Id))
            .from(listing::Entity)
            .cond_where(side.add(like.clone()))
            .order_by((listing::Entity, ListedAt), Order::Asc)
            .order_by((listing::Entity, Id), Order::Asc)
            .limit(page.fetch())
            .to_owned()
    };
    let sides = sides(&actor.reach(Operation::StaleListings), UnitId, WarehouseId);
    let Some(found) = keyset::merged(sides.into_iter().map(side).collect()) else { return Ok(Vec::new()) };
    listing::Entity::find()
        .select_only()
        .columns([Id, ListedAt])
        .filter(Id.in_subquery(found))
        .order_by_asc(ListedAt)
        .order_by_asc(Id)
        .limit(page.fetch())
        .into_model::<Stale>()
        .all(conn)
        .await
}

/// What was listed before this instant is so many days old today.
fn since(clock: &Clock, days: i64) -> DateTime<Utc> {
    let back = TimeDelta::try_days(days - 1).unwrap_or_default();
    let day = clock.today().checked_sub_signed(back).unwrap_or(NaiveDate::MIN);
    clock.instant(day.and_time(NaiveTime::MIN))
}
