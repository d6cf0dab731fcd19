//! Finders that carry the caller's rights in their SQL: the asking side sees its requests, drafts included; the giving
//! side and the warehouse see what was submitted for their listings, and only those lines.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::listings::listing;
use entity::requests::{LineState, request, request_line};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::IntoCondition,
};
use uuid::Uuid;

use crate::authz::{Operation, Reach, UnitSet};
use crate::fault::{Code, Fault};
use crate::graphql::connection::Page;
use crate::identity::Actor;
use crate::write::Tx;

/// What is asked for in a list of requests; none asks nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Asked by this unit.
    pub unit_id: Option<Uuid>,
    /// With a line for this listing.
    pub listing_id: Option<Uuid>,
    /// With a line in one of these states.
    pub line_states: Vec<LineState>,
    /// By its number.
    pub number: Option<String>,
}

/// What is asked for in a list of lines; none asks nothing.
#[derive(Clone, Debug, Default)]
pub struct LineFilter {
    /// Asked by this unit.
    pub asking_unit: Option<Uuid>,
    /// For a listing of this unit.
    pub giving_unit: Option<Uuid>,
    /// For this listing.
    pub listing: Option<Uuid>,
    /// In one of these states.
    pub states: Vec<LineState>,
}

/// Sort key of the list: newest first.
pub type Key = (DateTime<Utc>, Uuid);

/// A condition that no row meets.
fn nothing() -> Condition {
    Condition::all().add(Expr::value(1).eq(0))
}

/// `column` is one of the units.
pub(crate) fn among(column: impl ColumnTrait, units: &UnitSet) -> Condition {
    match units {
        UnitSet::All => Condition::all(),
        UnitSet::Only(units) if units.is_empty() => nothing(),
        UnitSet::Only(units) => Condition::all().add(column.is_in(units.iter().copied())),
    }
}

/// The listing (joined) is one that the reach covers from the giver's or the warehouse's side.
pub(crate) fn gives(reach: &Reach) -> Condition {
    let warehouse = if reach.every_warehouse {
        Condition::all().add(listing::Column::WarehouseId.is_not_null())
    } else if reach.warehouses.is_empty() {
        nothing()
    } else {
        Condition::all().add(listing::Column::WarehouseId.is_in(reach.warehouses.iter().copied()))
    };
    Condition::any().add(among(listing::Column::UnitId, &reach.giver)).add(warehouse)
}

/// Requests that the reach covers.
fn visible(reach: &Reach) -> Condition {
    if reach.everywhere {
        return Condition::all();
    }
    let of_listing = Query::select()
        .expr(Expr::value(1))
        .from(request_line::Entity)
        .inner_join(
            listing::Entity,
            Expr::col((listing::Entity, listing::Column::Id))
                .equals((request_line::Entity, request_line::Column::ListingId)),
        )
        .and_where(
            Expr::col((request_line::Entity, request_line::Column::RequestId))
                .equals((request::Entity, request::Column::Id)),
        )
        .cond_where(gives(reach))
        .to_owned();
    Condition::any()
        .add(among(request::Column::UnitId, &reach.receiver))
        .add(Condition::all().add(request::Column::SubmittedAt.is_not_null()).add(Expr::exists(of_listing)))
}

/// A request, where the actor may see it.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    id: Uuid,
) -> Result<Option<request::Model>, DbErr> {
    let reach = actor.reach(Operation::Request);
    request::Entity::find_by_id(id).filter(visible(&reach)).one(conn).await
}

/// A page of requests, newest first; one more than asked for where there is more.
///
/// # Errors
/// When the database does not answer.
pub async fn page(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    filter: &Filter,
    page: &Page<Key>,
) -> Result<Vec<request::Model>, DbErr> {
    use request::Column::{CreatedAt, Id, Number, UnitId};
    let mut query = request::Entity::find().filter(visible(&actor.reach(Operation::Requests)));
    if let Some(unit) = filter.unit_id {
        query = query.filter(UnitId.eq(unit));
    }
    if let Some(number) = &filter.number {
        query = query.filter(Number.eq(number.as_str()));
    }
    if filter.listing_id.is_some() || !filter.line_states.is_empty() {
        query = query.filter(Expr::exists(lines_like(filter)));
    }
    if let Some((at, id)) = page.after {
        let same = Condition::all().add(CreatedAt.eq(at)).add(Id.lt(id));
        query = query.filter(Condition::any().add(CreatedAt.lt(at)).add(same));
    }
    query.order_by_desc(CreatedAt).order_by_desc(Id).limit(page.fetch()).all(conn).await
}

/// Lines of the request at hand that are as the filter wants them.
fn lines_like(filter: &Filter) -> SelectStatement {
    let mut lines = Query::select();
    lines.expr(Expr::value(1)).from(request_line::Entity).and_where(
        Expr::col((request_line::Entity, request_line::Column::RequestId))
            .equals((request::Entity, request::Column::Id)),
    );
    if let Some(listing) = filter.listing_id {
        lines.and_where(request_line::Column::ListingId.eq(listing));
    }
    if !filter.line_states.is_empty() {
        lines.and_where(request_line::Column::State.is_in(filter.line_states.iter().copied()));
    }
    lines
}

/// The lines of several requests that the actor may see, in their order, by request: one statement for a whole page.
///
/// # Errors
/// When the database does not answer.
pub async fn lines_of(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    requests: &[Uuid],
) -> Result<HashMap<Uuid, Vec<request_line::Model>>, DbErr> {
    let reach = actor.reach(Operation::Request);
    let lines = visible_lines(&reach)
        .filter(request_line::Column::RequestId.is_in(requests.iter().copied()))
        .order_by_asc(request_line::Column::RequestId)
        .order_by_asc(request_line::Column::Position)
        .all(conn)
        .await?;
    let mut found: HashMap<Uuid, Vec<_>> = HashMap::new();
    for line in lines {
        found.entry(line.request_id).or_default().push(line);
    }
    Ok(found)
}

/// A line, where the actor may see it.
///
/// # Errors
/// When the database does not answer.
pub async fn find_line(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    id: Uuid,
) -> Result<Option<request_line::Model>, DbErr> {
    let reach = actor.reach(Operation::Request);
    visible_lines(&reach).filter(request_line::Column::Id.eq(id)).one(conn).await
}

/// A page of lines, newest first; one more than asked for where there is more.
///
/// # Errors
/// When the database does not answer.
pub async fn line_page(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    filter: &LineFilter,
    page: &Page<Uuid>,
) -> Result<Vec<request_line::Model>, DbErr> {
    use request_line::Column::{Id, ListingId, State};
    let mut query = visible_lines(&actor.reach(Operation::RequestLines));
    if let Some(unit) = filter.asking_unit {
        query =
            query.filter(Expr::exists(request_of_line(request::Column::UnitId.eq(unit).into_condition())));
    }
    if let Some(unit) = filter.giving_unit {
        query =
            query.filter(Expr::exists(listing_of_line(listing::Column::UnitId.eq(unit).into_condition())));
    }
    if let Some(listing) = filter.listing {
        query = query.filter(ListingId.eq(listing));
    }
    if !filter.states.is_empty() {
        query = query.filter(State.is_in(filter.states.iter().copied()));
    }
    if let Some(id) = page.after {
        query = query.filter(Id.lt(id));
    }
    query.order_by_desc(Id).limit(page.fetch()).all(conn).await
}

fn request_of_line(like: Condition) -> SelectStatement {
    Query::select()
        .expr(Expr::value(1))
        .from(request::Entity)
        .and_where(
            Expr::col((request::Entity, request::Column::Id))
                .equals((request_line::Entity, request_line::Column::RequestId)),
        )
        .cond_where(like)
        .to_owned()
}

fn listing_of_line(like: Condition) -> SelectStatement {
    Query::select()
        .expr(Expr::value(1))
        .from(listing::Entity)
        .and_where(
            Expr::col((listing::Entity, listing::Column::Id))
                .equals((request_line::Entity, request_line::Column::ListingId)),
        )
        .cond_where(like)
        .to_owned()
}

fn visible_lines(reach: &Reach) -> sea_orm::Select<request_line::Entity> {
    let lines = request_line::Entity::find();
    if reach.everywhere {
        return lines;
    }
    let request = request_of_line(among(request::Column::UnitId, &reach.receiver));
    let listing = listing_of_line(gives(reach));
    lines.filter(Condition::any().add(Expr::exists(request)).add(
        Condition::all().add(request_line::Column::State.ne(LineState::Draft)).add(Expr::exists(listing)),
    ))
}

/// Visible places in the queue of the lines that wait: the count of lower tickets still waiting, and one.
///
/// # Errors
/// When the database does not answer.
pub async fn queue_places(
    conn: &impl ConnectionTrait,
    lines: &[request_line::Model],
) -> Result<HashMap<Uuid, i64>, DbErr> {
    let waiting = lines.iter().filter(|line| line.state == LineState::Queued).map(|line| line.id);
    let waiting: Vec<Uuid> = waiting.collect();
    if waiting.is_empty() {
        return Ok(HashMap::new());
    }
    let other = Alias::new("other");
    let ahead = Query::select()
        .expr(Expr::col((other.clone(), request_line::Column::Id)).count())
        .from_as(request_line::Entity, other.clone())
        .and_where(
            Expr::col((other.clone(), request_line::Column::ListingId))
                .equals((request_line::Entity, request_line::Column::ListingId)),
        )
        .and_where(Expr::col((other.clone(), request_line::Column::State)).eq(LineState::Queued))
        .and_where(
            Expr::col((other, request_line::Column::QueuePlace))
                .lt(Expr::col((request_line::Entity, request_line::Column::QueuePlace))),
        )
        .to_owned();
    let rows: Vec<(Uuid, i64)> = request_line::Entity::find()
        .select_only()
        .column(request_line::Column::Id)
        .expr_as(Expr::SubQuery(None, Box::new(ahead.into())), "ahead")
        .filter(request_line::Column::Id.is_in(waiting))
        .into_tuple()
        .all(conn)
        .await?;
    Ok(rows.into_iter().map(|(id, ahead)| (id, ahead + 1)).collect())
}

/// A request for change, where the actor may see it.
pub(crate) async fn locked(tx: &Tx, id: Uuid) -> Result<request::Model, Fault> {
    let reach = tx.actor().reach(Operation::Request);
    let found =
        request::Entity::find_by_id(id).filter(visible(&reach)).lock_exclusive().one(tx.conn()).await?;
    found.ok_or_else(|| Code::NotFound.into())
}

/// The unit that asks with a line, where the actor may see the line.
pub(crate) async fn unit_of_line(tx: &Tx, actor: &Actor, line: Uuid) -> Result<Uuid, Fault> {
    let line = find_line(tx.conn(), actor, line).await?.ok_or(Code::NotFound)?;
    let request = request::Entity::find_by_id(line.request_id).one(tx.conn()).await?;
    Ok(request.ok_or(Code::NotFound)?.unit_id)
}
