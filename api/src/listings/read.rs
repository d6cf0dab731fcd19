//! Finders of listings, with the caller's rights in their SQL. A page is one statement that selects the columns asked
//! for; units, regions and categories come from the snapshot in memory.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use entity::assets::{Condition as Quality, asset};
use entity::catalogue::AssetKind;
use entity::listings::{Custody, ListingState, Purpose, listing, listing_stock};
use entity::loans::loan;
use entity::requests::{request, request_line};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{
    ActiveEnum, ColumnTrait, Condition, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QuerySelect,
    RelationDef,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::row::{Counters, ListingRow, Wants};
use crate::app::App;
use crate::authz::{Operation, Reach, UnitSet};
use crate::fault::Fault;
use crate::graphql::connection::Page;
use crate::identity::Actor;
use crate::keyset;
use crate::write::Tx;

/// The way from a listing to its card.
pub(crate) fn card() -> RelationDef {
    listing::Entity::belongs_to(asset::Entity).from(listing::Column::AssetId).to(asset::Column::Id).into()
}

/// Listings that the person may see, over `listing` joined with `asset`: those of the units that a grant covers and
/// those at a warehouse of theirs in any state, what others offer to everyone or to a unit of theirs, and what a unit
/// of theirs has asked for or borrowed. What is RESTRICTED is offered to nobody but the unit that it is directed to, which could
/// not ask for it otherwise.
pub(crate) fn visible(actor: &Actor) -> Condition {
    let Some(any) = offered_or_managed(actor, true) else { return Condition::all() };
    match actor.reach(Operation::Requests).receiver {
        UnitSet::All => any,
        UnitSet::Only(units) if units.is_empty() => any,
        UnitSet::Only(units) => any.add(borrowed(&units)).add(Expr::exists(
            Query::select()
                .expr(Expr::value(1))
                .from(request_line::Entity)
                .inner_join(
                    request::Entity,
                    Expr::col((request::Entity, request::Column::Id))
                        .equals((request_line::Entity, request_line::Column::RequestId)),
                )
                .and_where(
                    Expr::col((request_line::Entity, request_line::Column::ListingId))
                        .equals((listing::Entity, listing::Column::Id)),
                )
                .and_where(request::Column::SubmittedAt.is_not_null())
                .and_where(request::Column::UnitId.is_in(units))
                .take(),
        )),
    }
}

/// The listing is one that a unit borrows or has borrowed of.
fn borrowed(units: &HashSet<Uuid>) -> Expr {
    Expr::exists(
        Query::select()
            .expr(Expr::value(1))
            .from(loan::Entity)
            .and_where(
                Expr::col((loan::Entity, loan::Column::ListingId))
                    .equals((listing::Entity, listing::Column::Id)),
            )
            .and_where(loan::Column::UnitId.is_in(units.iter().copied()))
            .take(),
    )
}

/// As [`visible`], without what was asked for: none where nothing is hidden. What others offer is LISTED: it is left out
/// where that state is not `shown`, so that an index of the person's own units serves.
fn offered_or_managed(actor: &Actor, shown: bool) -> Option<Condition> {
    let reach = actor.reach(Operation::Asset);
    if reach.everywhere || reach.giver == UnitSet::All {
        return None;
    }
    if actor.grants().is_empty() {
        return Some(Condition::any().add(Expr::value(false)));
    }
    if !shown {
        return Some(managed(&reach, Condition::any().add(Expr::value(false))));
    }
    // Written out: parts of a statement that is always the same need not be put together anew for each page.
    let mut audience = Condition::any().add(Expr::cust(
        "listing.directed_to is null and listing.audience_id is null and not asset.restricted",
    ));
    if !actor.audiences().is_empty() {
        let narrow = listing::Column::AudienceId.is_in(actor.audiences().iter().copied());
        let open = Expr::cust("listing.directed_to is null and not asset.restricted");
        audience = audience.add(Condition::all().add(narrow).add(open));
    }
    if let UnitSet::Only(units) = actor.reach(Operation::Requests).receiver
        && !units.is_empty()
    {
        audience = audience.add(listing::Column::DirectedTo.is_in(units));
    }
    // What pauses because its holder did not answer is shown to nobody new.
    let shown = Expr::cust("listing.paused_at is null");
    let offered = Condition::all().add(is_in(ListingState::Listed)).add(shown).add(at_hand()).add(audience);
    Some(managed(&reach, Condition::any().add(offered)))
}

/// The state as a word of the statement, not as a value bound to it: there are few, and the planner knows how many rows
/// each has.
fn is_in(state: ListingState) -> Expr {
    Expr::cust(format!("listing.state = '{}'", state.to_value()))
}

/// The card is its holder's still. A listing that is sold out names a card that is another unit's by now.
///
/// As a case, because PostgreSQL takes a plain comparison of the two columns for a rare coincidence (one unit of many), and
/// then reads and sorts the whole table for a page that it thinks it would not fill.
fn at_hand() -> Expr {
    Expr::cust("case when asset.holder_id = listing.unit_id then true else false end")
}

fn managed(reach: &Reach, mut any: Condition) -> Condition {
    if let UnitSet::Only(units) = &reach.giver
        && !units.is_empty()
    {
        any = any.add(listing::Column::UnitId.is_in(units.iter().copied()));
    }
    if reach.every_warehouse {
        any = any.add(listing::Column::WarehouseId.is_not_null());
    } else if !reach.warehouses.is_empty() {
        any = any.add(listing::Column::WarehouseId.is_in(reach.warehouses.iter().copied()));
    }
    any
}

/// A unit can have pieces of the listing at once, over `listing` joined with `asset` and `listing_stock`: it is offered to the
/// unit for good, nothing of it is frozen, and nobody waits for it.
pub(crate) fn takeable(unit: Uuid) -> Condition {
    Condition::all()
        .add(is_in(ListingState::Listed))
        .add(at_hand())
        .add(listing::Column::Purpose.eq(Purpose::Transfer))
        .add(listing::Column::UnitId.ne(unit))
        .add(Condition::any().add(listing::Column::DirectedTo.is_null()).add(listing::Column::DirectedTo.eq(unit)))
        .add(listing_stock::Column::Available.gt(0))
        .add(Expr::cust(
            "listing.paused_at is null \
             and not exists (select 1 from request_line q where q.listing_id = listing.id and q.state = 'QUEUED') \
             and not exists (select 1 from claim_window w where w.listing_id = listing.id and w.state in ('OPEN', 'CLOSED'))",
        ))
        .add(Expr::cust(
            "not exists (select 1 from asset_freeze f left join storage_place bin on bin.id = asset.bin_id \
             left join storage_place rack on rack.id = bin.parent_id where f.until_at is null \
             and f.scope_id in (listing.id, asset.id, listing.unit_id, bin.id, rack.id, rack.parent_id))",
        ))
}

/// Which listings a list shows. An empty set asks nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// In one of these states; LISTED where none is named.
    pub states: Vec<ListingState>,
    /// Offered by one of these.
    pub units: Vec<Uuid>,
    /// Offered by a unit placed in one of these regions, at any depth.
    pub regions: Vec<Uuid>,
    /// In one of these categories or below it.
    pub categories: Vec<Uuid>,
    /// Of one of these kinds.
    pub kinds: Vec<AssetKind>,
    /// Where it is.
    pub custody: Option<Custody>,
    /// What is offered: to be kept, or to be borrowed.
    pub purpose: Option<Purpose>,
    /// In one of these conditions.
    pub conditions: Vec<Quality>,
    /// With a piece to ask for now.
    pub available_only: bool,
}

impl Filter {
    fn shows(&self, state: ListingState) -> bool {
        self.states.contains(&state) || (self.states.is_empty() && state == ListingState::Listed)
    }

    /// The shop window: what is listed goes by when it was listed, everything else by when it was drafted.
    fn shop_window(&self) -> bool {
        self.states.is_empty() || self.states == [ListingState::Listed]
    }
}

/// Where a page goes on: the time it is sorted by, and the id.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Key(pub DateTime<Utc>, pub Uuid);

/// A page of listings, newest first, one row more than shown.
///
/// # Errors
/// The database's.
pub async fn list(
    app: &App,
    actor: &Actor,
    filter: &Filter,
    page: &Page<Key>,
    wants: Wants,
) -> Result<Vec<ListingRow>, Fault> {
    // What is not the shop window is sorted by when it was drafted.
    let wants = Wants { standing: wants.standing || !filter.shop_window(), ..wants };
    let mut select = select(wants, filter.available_only);
    let few = few_cards(app, filter).await?;
    narrow(&mut select, app, filter, few.as_deref());
    if let Some(rights) = offered_or_managed(actor, filter.shows(ListingState::Listed)) {
        select.cond_where(rights);
    }
    let sort = if filter.shop_window() { listing::Column::ListedAt } else { listing::Column::CreatedAt };
    if let Some(Key(at, id)) = page.after {
        select.and_where(keyset::before(sort, listing::Column::Id, (at, id)));
    }
    if few.is_some() {
        // The listings of few cards are sorted.
        select.order_by_expr(unindexed(sort), Order::Desc);
    } else {
        select.order_by((listing::Entity, sort), Order::Desc);
    }
    select.order_by((listing::Entity, listing::Column::Id), Order::Desc);
    rows(app.db().read(), &select, Some(page.fetch()), wants).await
}

/// The sort key of a row in a list by this filter.
#[must_use]
pub fn key(filter: &Filter, row: &ListingRow) -> Key {
    let drafted = row.standing.map(|standing| standing.created_at);
    // What is LISTED has been listed at some time, and what is not the shop window is read with its standing.
    let at = if filter.shop_window() { row.listed_at.or(drafted) } else { drafted };
    Key(at.unwrap_or_default(), row.id)
}

/// Cards from which on a list is walked in its own order: as rare as this, one page is found among few thousand rows.
const MANY: u64 = 4_000;

/// The cards that a filter by category, kind or condition leaves, where they are few: those are looked up, where walking
/// the list in its own order would read all of it to fill a page. None where they are many, or where the filter names
/// units, whose listings are few.
async fn few_cards(app: &App, filter: &Filter) -> Result<Option<Vec<Uuid>>, Fault> {
    let Some(cards) = like(app, filter).filter(|_| filter.units.is_empty()) else { return Ok(None) };
    let mut select = Query::select();
    select.column((asset::Entity, asset::Column::Id)).from(asset::Entity).cond_where(cards).limit(MANY);
    let rows = app.db().read().query_all(&select).await?;
    if rows.len() as u64 == MANY {
        return Ok(None);
    }
    Ok(Some(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?))
}

/// What the filter asks of the card, where it asks anything.
fn like(app: &App, filter: &Filter) -> Option<Condition> {
    let mut all = Condition::all();
    if !filter.categories.is_empty() {
        let reference = app.reference();
        let categories = filter.categories.iter().flat_map(|category| reference.category_subtree(*category));
        all = all.add(asset::Column::CategoryId.is_in(categories));
    }
    if !filter.kinds.is_empty() {
        all = all.add(asset::Column::Kind.is_in(filter.kinds.iter().copied()));
    }
    if !filter.conditions.is_empty() {
        all = all.add(asset::Column::Condition.is_in(filter.conditions.iter().copied()));
    }
    (!all.is_empty()).then_some(all)
}

/// A column of the listing as it is, which no index serves: so that the planner looks up what the other conditions name,
/// also where it knows nothing of the tables (SQLite that never counted them).
fn unindexed(column: listing::Column) -> Expr {
    Expr::case(Expr::cust("true"), Expr::col((listing::Entity, column))).into()
}

fn narrow(select: &mut SelectStatement, app: &App, filter: &Filter, few: Option<&[Uuid]>) {
    let reference = app.reference();
    let states = if filter.states.is_empty() { &[ListingState::Listed][..] } else { &filter.states };
    if let Some(cards) = few {
        select.and_where(listing::Column::AssetId.is_in(cards.iter().copied()));
    }
    match states {
        some if few.is_some() => {
            let words = some.iter().map(ListingState::to_value);
            select.and_where(unindexed(listing::Column::State).is_in(words))
        }
        [one] => select.and_where(is_in(*one)),
        several => select.and_where(listing::Column::State.is_in(several.iter().copied())),
    };
    if !filter.units.is_empty() {
        select.and_where(listing::Column::UnitId.is_in(filter.units.iter().copied()));
    }
    if !filter.regions.is_empty() {
        let units = filter.regions.iter().flat_map(|region| reference.units_in_region(*region));
        select.and_where(listing::Column::UnitId.is_in(units));
    }
    if let Some(cards) = like(app, filter) {
        select.cond_where(cards);
    }
    if let Some(custody) = filter.custody {
        select.and_where(listing::Column::Custody.eq(custody));
    }
    match filter.purpose {
        // Written out, as the index of what can be borrowed has it.
        Some(Purpose::Loan) => {
            select.and_where(Expr::cust("listing.purpose = 'LOAN'"));
        }
        Some(Purpose::Transfer) => {
            select.and_where(Expr::cust("listing.purpose = 'TRANSFER'"));
        }
        None => {}
    }
    if filter.available_only {
        select.and_where(listing_stock::Column::Available.gt(0));
        select.and_where(Expr::cust("listing.paused_at is null"));
    }
}

/// One listing.
///
/// # Errors
/// The database's.
pub async fn find(app: &App, actor: &Actor, id: Uuid, wants: Wants) -> Result<Option<ListingRow>, Fault> {
    Ok(find_all(app, actor, &[id], wants).await?.pop())
}

/// Listings that a search found, in the order given and with the caller's rights asked again: an index may be late.
///
/// # Errors
/// The database's.
pub async fn hydrate(app: &App, actor: &Actor, ids: &[Uuid], wants: Wants) -> Result<Vec<ListingRow>, Fault> {
    let found = find_all(app, actor, ids, wants).await?;
    let mut by_id: HashMap<Uuid, ListingRow> = found.into_iter().map(|row| (row.id, row)).collect();
    Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
}

/// Several listings at once, in no order.
///
/// # Errors
/// The database's.
pub async fn find_all(
    app: &App,
    actor: &Actor,
    ids: &[Uuid],
    wants: Wants,
) -> Result<Vec<ListingRow>, Fault> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut select = select(wants, false);
    select.and_where(listing::Column::Id.is_in(ids.iter().copied())).cond_where(visible(actor));
    rows(app.db().read(), &select, None, wants).await
}

/// One listing, within a transaction.
pub(crate) async fn find_in(tx: &Tx, id: Uuid) -> Result<Option<listing::Model>, Fault> {
    let select = listing::Entity::find_by_id(id).join(JoinType::InnerJoin, card());
    Ok(select.filter(visible(tx.actor())).one(tx.conn()).await?)
}

fn select(wants: Wants, stock: bool) -> SelectStatement {
    let mut select = Query::select();
    wants.columns(&mut select);
    select.from(listing::Entity).inner_join(
        asset::Entity,
        Expr::col((asset::Entity, asset::Column::Id)).equals((listing::Entity, listing::Column::AssetId)),
    );
    if stock || wants.stock != Counters::None {
        select.inner_join(
            listing_stock::Entity,
            Expr::col((listing_stock::Entity, listing_stock::Column::ListingId))
                .equals((listing::Entity, listing::Column::Id)),
        );
    }
    select
}

async fn rows(
    conn: &impl ConnectionTrait,
    select: &SelectStatement,
    limit: Option<u64>,
    wants: Wants,
) -> Result<Vec<ListingRow>, Fault> {
    let mut statement = conn.get_database_backend().build(select);
    if let Some(limit) = limit {
        // A word of the statement too: of a bound limit the planner thinks that it is a tenth of the table, and plans
        // every execution anew.
        statement.sql.push_str(&format!(" LIMIT {limit}"));
    }
    let found = conn.query_all_raw(statement).await?;
    Ok(found.iter().map(|row| ListingRow::read(row, wants)).collect::<Result<_, _>>()?)
}
