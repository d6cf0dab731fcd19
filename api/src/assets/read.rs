//! Finders of cards, with the caller's rights in their SQL.

use std::collections::{HashMap, HashSet};

use entity::assets::{AssetState, asset, asset_holding, duplicate_case};
use entity::catalogue::AssetKind;
use entity::listings::{ListingState, listing};
use entity::transfers::{TransferState, transfer};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::authz::{Operation, Reach, UnitSet};
use crate::fault::Fault;
use crate::graphql::connection::Page;
use crate::identity::Actor;
use crate::write::Tx;

/// Cards that the person may see: those of the units that a grant covers, those at a warehouse of theirs, those on their
/// way to them or out of that warehouse, what is listed for them, what was handed to them once, and what they held
/// before. Nothing RESTRICTED by the last two, and of what is listed only what is directed to them.
pub(crate) fn visible(actor: &Actor) -> Condition {
    let reach = actor.reach(Operation::Asset);
    if reach.everywhere || reach.giver == UnitSet::All {
        return Condition::all();
    }
    let mut any = managed(&reach);
    if let UnitSet::Only(units) = &reach.giver
        && !units.is_empty()
    {
        let before = Query::select()
            .expr(Expr::value(1))
            .from(asset_holding::Entity)
            .and_where(asset_id_is(asset_holding::Entity, asset_holding::Column::AssetId))
            .and_where(asset_holding::Column::UnitId.is_in(units.iter().copied()))
            .take();
        any = any.add(unrestricted().add(Expr::exists(before)));
    }
    if let Some(handed) = handed_over(actor) {
        let under_way = handed.clone().and_where(transfer::Column::State.eq(TransferState::InTransit)).take();
        any = any.add(Expr::exists(under_way)).add(unrestricted().add(Expr::exists(handed)));
    }
    any.add(Expr::exists(listed_for(actor)))
}

/// Hand-overs of the card to a unit of the person, or out of a warehouse of theirs: a part of a lot has a card of its
/// own there, which no listing names.
fn handed_over(actor: &Actor) -> Option<SelectStatement> {
    let reach = actor.reach(Operation::Transfer);
    let mut theirs = Condition::any();
    match reach.receiver {
        UnitSet::All => theirs = theirs.add(Expr::value(true)),
        UnitSet::Only(units) if units.is_empty() => {}
        UnitSet::Only(units) => theirs = theirs.add(transfer::Column::ReceiverId.is_in(units)),
    }
    if reach.every_warehouse {
        theirs = theirs.add(listing::Column::WarehouseId.is_not_null());
    } else if !reach.warehouses.is_empty() {
        theirs = theirs.add(listing::Column::WarehouseId.is_in(reach.warehouses));
    }
    (!theirs.is_empty()).then(|| {
        Query::select()
            .expr(Expr::value(1))
            .from(transfer::Entity)
            .inner_join(
                listing::Entity,
                Expr::col((listing::Entity, listing::Column::Id))
                    .equals((transfer::Entity, transfer::Column::ListingId)),
            )
            .and_where(asset_id_is(transfer::Entity, transfer::Column::AssetId))
            .cond_where(theirs)
            .take()
    })
}

/// Cards of the reach itself: held by a unit of it, or at a warehouse of it.
fn managed(reach: &Reach) -> Condition {
    let mut any = Condition::any();
    match &reach.giver {
        UnitSet::All => return Condition::all(),
        UnitSet::Only(units) if units.is_empty() => {}
        UnitSet::Only(units) => any = any.add(asset::Column::HolderId.is_in(units.iter().copied())),
    }
    if reach.every_warehouse || !reach.warehouses.is_empty() {
        let mut stored = Query::select()
            .expr(Expr::value(1))
            .from(listing::Entity)
            .and_where(asset_id_is(listing::Entity, listing::Column::AssetId))
            .and_where(offered_by_holder())
            .and_where(listing::Column::WarehouseId.is_not_null())
            .take();
        if !reach.every_warehouse {
            stored.and_where(listing::Column::WarehouseId.is_in(reach.warehouses.iter().copied()));
        }
        any = any.add(Expr::exists(stored));
    }
    if any.is_empty() { Condition::all().add(Expr::value(false)) } else { any }
}

fn unrestricted() -> Condition {
    Condition::all().add(asset::Column::Restricted.eq(false))
}

fn listed_for(actor: &Actor) -> SelectStatement {
    let mut open = Condition::any();
    match actor.reach(Operation::Requests).receiver {
        UnitSet::All => open = open.add(unrestricted()),
        UnitSet::Only(units) => {
            let everyone = unrestricted().add(listing::Column::DirectedTo.is_null());
            // Who is named may see what is hidden from others: it could not ask otherwise.
            open = open.add(everyone).add(listing::Column::DirectedTo.is_in(units));
        }
    }
    Query::select()
        .expr(Expr::value(1))
        .from(listing::Entity)
        .and_where(asset_id_is(listing::Entity, listing::Column::AssetId))
        .and_where(offered_by_holder())
        .and_where(listing::Column::State.eq(ListingState::Listed))
        .cond_where(open)
        .take()
}

/// A former holder's listing that is sold out still names the card, and shows it to nobody any more.
fn offered_by_holder() -> Expr {
    Expr::col((listing::Entity, listing::Column::UnitId)).equals((asset::Entity, asset::Column::HolderId))
}

fn asset_id_is<E, C>(entity: E, column: C) -> Expr
where
    E: sea_orm::sea_query::IntoIden + 'static,
    C: ColumnTrait,
{
    Expr::col((entity, column)).equals((asset::Entity, asset::Column::Id))
}

/// One card.
///
/// # Errors
/// The database's.
pub async fn find(app: &App, actor: &Actor, id: Uuid) -> Result<Option<asset::Model>, Fault> {
    Ok(by_id(app.db().read(), actor, id).await?)
}

/// One card, within a transaction.
pub(crate) async fn find_in(tx: &Tx, id: Uuid) -> Result<Option<asset::Model>, Fault> {
    Ok(by_id(tx.conn(), tx.actor(), id).await?)
}

async fn by_id(conn: &impl ConnectionTrait, actor: &Actor, id: Uuid) -> Result<Option<asset::Model>, DbErr> {
    asset::Entity::find_by_id(id).filter(visible(actor)).one(conn).await
}

/// Several cards at once, in no order.
///
/// # Errors
/// The database's.
pub async fn find_all(app: &App, actor: &Actor, ids: &[Uuid]) -> Result<Vec<asset::Model>, Fault> {
    let found =
        asset::Entity::find().filter(asset::Column::Id.is_in(ids.iter().copied())).filter(visible(actor));
    Ok(found.all(app.db().read()).await?)
}

/// Which of the cards the person may see.
///
/// # Errors
/// The database's.
pub async fn seen(app: &App, actor: &Actor, ids: &[Uuid]) -> Result<HashSet<Uuid>, Fault> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let found = asset::Entity::find()
        .select_only()
        .column(asset::Column::Id)
        .filter(asset::Column::Id.is_in(ids.iter().copied()))
        .filter(visible(actor));
    Ok(found.into_tuple::<Uuid>().all(app.db().read()).await?.into_iter().collect())
}

/// Which cards a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Held by this unit.
    pub holder_id: Option<Uuid>,
    /// In this category or below it.
    pub category_id: Option<Uuid>,
    /// Of this kind.
    pub kind: Option<AssetKind>,
    /// In this state.
    pub state: Option<AssetState>,
    /// With exactly this number.
    pub number: Option<String>,
}

/// Where a page of cards goes on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Key(pub Uuid);

/// Cards that a grant of the person covers, newest first.
///
/// # Errors
/// The database's.
pub async fn list(
    app: &App,
    actor: &Actor,
    filter: &Filter,
    page: &Page<Key>,
) -> Result<Vec<asset::Model>, Fault> {
    let mut select = asset::Entity::find().filter(managed_by(actor)).order_by_desc(asset::Column::Id);
    if let Some(holder) = filter.holder_id {
        select = select.filter(asset::Column::HolderId.eq(holder));
    }
    if let Some(category) = filter.category_id {
        select = select.filter(asset::Column::CategoryId.is_in(app.reference().category_subtree(category)));
    }
    if let Some(kind) = filter.kind {
        select = select.filter(asset::Column::Kind.eq(kind));
    }
    if let Some(state) = filter.state {
        select = select.filter(asset::Column::State.eq(state));
    }
    if let Some(number) = &filter.number {
        select = select.filter(asset::Column::Number.eq(number));
    }
    if let Some(Key(after)) = page.after {
        select = select.filter(asset::Column::Id.lt(after));
    }
    Ok(select.limit(page.fetch()).all(app.db().read()).await?)
}

fn managed_by(actor: &Actor) -> Condition {
    let reach = actor.reach(Operation::Assets);
    if reach.everywhere { Condition::all() } else { managed(&reach) }
}

/// Most holdings of one card that are shown.
const MOST_HOLDINGS: usize = 100;

/// Who held each of the cards, newest first. The caller manages them.
///
/// # Errors
/// The database's.
pub async fn histories(app: &App, cards: &[Uuid]) -> Result<HashMap<Uuid, Vec<asset_holding::Model>>, Fault> {
    let mut found: HashMap<Uuid, Vec<asset_holding::Model>> = HashMap::new();
    if cards.is_empty() {
        return Ok(found);
    }
    let rows = asset_holding::Entity::find()
        .filter(asset_holding::Column::AssetId.is_in(cards.iter().copied()))
        .order_by_desc(asset_holding::Column::FromAt)
        // Two of one instant: the one that ended came before the one that goes on.
        .order_by_desc(Expr::col(asset_holding::Column::ToAt).is_null())
        .order_by_desc(asset_holding::Column::Id)
        .all(app.db().read())
        .await?;
    for row in rows {
        let held = found.entry(row.asset_id).or_default();
        if held.len() < MOST_HOLDINGS {
            held.push(row);
        }
    }
    Ok(found)
}

/// Suspected duplicates that nobody has settled, oldest first. For the office, whose reach covers the card's holder.
///
/// # Errors
/// The database's.
pub async fn duplicates(
    app: &App,
    actor: &Actor,
    page: &Page<Key>,
) -> Result<Vec<(duplicate_case::Model, asset::Model, asset::Model)>, Fault> {
    let reach = actor.reach(Operation::DuplicateCases);
    let mut select = duplicate_case::Entity::find()
        .filter(duplicate_case::Column::ResolvedAt.is_null())
        .order_by_asc(duplicate_case::Column::Id);
    if !reach.everywhere {
        // Case by case: what the reach covers may be a third of all cards.
        let covered = Query::select()
            .expr(Expr::value(1))
            .from(asset::Entity)
            .and_where(asset_id_is(duplicate_case::Entity, duplicate_case::Column::AssetId))
            .cond_where(managed(&reach))
            .take();
        select = select.filter(Expr::exists(covered));
    }
    if let Some(Key(after)) = page.after {
        select = select.filter(duplicate_case::Column::Id.gt(after));
    }
    let cases = select.limit(page.fetch()).all(app.db().read()).await?;
    let ids: Vec<Uuid> = cases.iter().flat_map(|case| [case.asset_id, case.other_id]).collect();
    let cards = asset::Entity::find().filter(asset::Column::Id.is_in(ids)).all(app.db().read()).await?;
    let card = |id: Uuid| cards.iter().find(|card| card.id == id).cloned();
    Ok(cases
        .into_iter()
        .filter_map(|case| {
            let (left, right) = (card(case.asset_id)?, card(case.other_id)?);
            Some((case, left, right))
        })
        .collect())
}
