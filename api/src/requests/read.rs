//! Finders that carry the caller's rights in their SQL: the asking side sees its requests, drafts included; the giving
//! side and the warehouse see what was submitted for their listings, and only those lines.

use std::collections::HashMap;

use entity::requests::{LineState, request, request_line};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::authz::{Operation, Reach, UnitSet};
use crate::fault::{Code, Fault};
use crate::graphql::connection::Page;
use crate::identity::Actor;
use crate::keyset::{self, among, nothing};
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

/// Sort key of the list: newest first, as identities are in order of time.
pub type Key = Uuid;

/// Lines for listings that the reach covers, one condition for the giver's side and one for the warehouse's.
fn given(reach: &Reach) -> Vec<Condition> {
    use request_line::Column::{GiverId, State, WarehouseId};
    let mut sides = Vec::new();
    if !is_empty(&reach.giver) {
        sides.push(among(GiverId, &reach.giver));
    }
    if reach.every_warehouse {
        sides.push(Condition::all().add(WarehouseId.is_not_null()));
    } else if !reach.warehouses.is_empty() {
        sides.push(Condition::all().add(WarehouseId.is_in(reach.warehouses.iter().copied())));
    }
    // Drafts are nobody's business but the asker's.
    sides.into_iter().map(|side| side.add(State.ne(LineState::Draft))).collect()
}

fn is_empty(units: &UnitSet) -> bool {
    matches!(units, UnitSet::Only(units) if units.is_empty())
}

/// Lines that the reach covers, side by side: a row is visible that meets one of them.
fn line_sides(reach: &Reach) -> Vec<Condition> {
    if reach.everywhere {
        return vec![Condition::all()];
    }
    let mut sides = given(reach);
    if !is_empty(&reach.receiver) {
        sides.push(among(request_line::Column::UnitId, &reach.receiver));
    }
    sides
}

/// A row meets one of these; none of them none does.
fn one_of(sides: Vec<Condition>) -> Condition {
    if sides.is_empty() { nothing() } else { sides.into_iter().fold(Condition::any(), Condition::add) }
}

/// A line at hand is one that the reach covers.
pub(crate) fn covered(reach: &Reach) -> Condition {
    one_of(line_sides(reach))
}

/// A request at hand is one that the reach covers.
fn visible(reach: &Reach) -> Condition {
    if reach.everywhere {
        return Condition::all();
    }
    let lines = Query::select()
        .expr(Expr::value(1))
        .from(request_line::Entity)
        .and_where(
            Expr::col((request_line::Entity, request_line::Column::RequestId))
                .equals((request::Entity, request::Column::Id)),
        )
        .cond_where(one_of(given(reach)))
        .to_owned();
    Condition::any()
        .add(among(request::Column::UnitId, &reach.receiver))
        .add(Condition::all().add(request::Column::SubmittedAt.is_not_null()).add(Expr::exists(lines)))
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
    Ok(find_all(conn, actor, &[id]).await?.pop())
}

/// Several requests at once, in no order.
///
/// # Errors
/// When the database does not answer.
pub async fn find_all(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    ids: &[Uuid],
) -> Result<Vec<request::Model>, DbErr> {
    let reach = actor.reach(Operation::Request);
    let asked = request::Column::Id.is_in(ids.iter().copied());
    request::Entity::find().filter(asked).filter(visible(&reach)).all(conn).await
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
    use request::Column::{Id, Number, SubmittedAt, UnitId};
    let reach = actor.reach(Operation::Requests);
    let mut like = Condition::all();
    if let Some(unit) = filter.unit_id {
        like = like.add(UnitId.eq(unit));
    }
    if let Some(number) = &filter.number {
        like = like.add(Number.eq(number.as_str()));
    }
    if filter.listing_id.is_some() || !filter.line_states.is_empty() {
        like = like.add(Expr::exists(lines_like(filter, &reach)));
    }
    if let Some(id) = page.after {
        like = like.add(Id.lt(id));
    }
    let asked = |side: Condition| {
        Query::select()
            .column(Id)
            .from(request::Entity)
            .cond_where(side)
            .cond_where(like.clone())
            .order_by((request::Entity, Id), Order::Desc)
            .limit(page.fetch())
            .to_owned()
    };
    // Along the lines' index: from the requests one would try each of them for a line.
    let of_line = (request_line::Entity, request_line::Column::RequestId);
    let given_to = |side: Condition| {
        Query::select()
            .distinct()
            .expr_as(Expr::col(of_line), Alias::new("id"))
            .from(request_line::Entity)
            .inner_join(request::Entity, Expr::col((request::Entity, Id)).equals(of_line))
            .cond_where(side)
            .cond_where(SubmittedAt.is_not_null())
            .cond_where(like.clone())
            .order_by(of_line, Order::Desc)
            .limit(page.fetch())
            .to_owned()
    };
    let mut pages = Vec::new();
    if reach.everywhere {
        pages.push(asked(Condition::all()));
    } else {
        pages.extend(given(&reach).into_iter().map(given_to));
        if !is_empty(&reach.receiver) {
            pages.push(asked(among(UnitId, &reach.receiver)));
        }
    }
    let Some(found) = keyset::merged(pages) else { return Ok(Vec::new()) };
    request::Entity::find()
        .filter(Id.in_subquery(found))
        .order_by_desc(Id)
        .limit(page.fetch())
        .all(conn)
        .await
}

/// Lines of the request at hand that are as the filter wants them, and that the reach covers: a filter over others
/// would tell what they are.
fn lines_like(filter: &Filter, reach: &Reach) -> SelectStatement {
    let mut lines = Query::select();
    lines
        .expr(Expr::value(1))
        .from(request_line::Entity)
        .and_where(
            Expr::col((request_line::Entity, request_line::Column::RequestId))
                .equals((request::Entity, request::Column::Id)),
        )
        .cond_where(one_of(line_sides(reach)));
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

/// Several lines at once, in no order.
///
/// # Errors
/// When the database does not answer.
pub async fn find_lines(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    ids: &[Uuid],
) -> Result<Vec<request_line::Model>, DbErr> {
    let reach = actor.reach(Operation::Request);
    visible_lines(&reach).filter(request_line::Column::Id.is_in(ids.iter().copied())).all(conn).await
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
    use request_line::Column::{GiverId, Id, ListingId, State, UnitId};
    let mut like = Condition::all();
    if let Some(unit) = filter.asking_unit {
        like = like.add(UnitId.eq(unit));
    }
    if let Some(unit) = filter.giving_unit {
        like = like.add(GiverId.eq(unit));
    }
    if let Some(listing) = filter.listing {
        like = like.add(ListingId.eq(listing));
    }
    if !filter.states.is_empty() {
        like = like.add(State.is_in(filter.states.iter().copied()));
    }
    if let Some(id) = page.after {
        like = like.add(Id.lt(id));
    }
    let side = |side: Condition| {
        Query::select()
            .column(Id)
            .from(request_line::Entity)
            .cond_where(side)
            .cond_where(like.clone())
            .order_by((request_line::Entity, Id), Order::Desc)
            .limit(page.fetch())
            .to_owned()
    };
    let sides = line_sides(&actor.reach(Operation::RequestLines));
    let Some(found) = keyset::merged(sides.into_iter().map(side).collect()) else { return Ok(Vec::new()) };
    request_line::Entity::find()
        .filter(Id.in_subquery(found))
        .order_by_desc(Id)
        .limit(page.fetch())
        .all(conn)
        .await
}

fn visible_lines(reach: &Reach) -> sea_orm::Select<request_line::Entity> {
    request_line::Entity::find().filter(one_of(line_sides(reach)))
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
    Ok(line.unit_id)
}
