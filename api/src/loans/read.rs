//! Finders that carry the caller's rights in their SQL: both sides of a loan see it, and the warehouse where its things
//! stand.

use std::collections::HashMap;

use chrono::{NaiveDate, TimeDelta};
use entity::loans::{LoanState, loan, loan_inspection};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    Statement,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rules::{self, Booking};
use crate::app::App;
use crate::authz::{Operation, Reach};
use crate::fault::{Code, Fault, Rejection};
use crate::graphql::connection::Page;
use crate::identity::Actor;
use crate::keyset::{self, among};
use crate::listings;

/// What is asked for in a list of loans; none asks nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Borrowed by this unit.
    pub unit_id: Option<Uuid>,
    /// Lent by this unit.
    pub giver_id: Option<Uuid>,
    /// Of this listing.
    pub listing_id: Option<Uuid>,
    /// In one of these states.
    pub states: Vec<LoanState>,
    /// By its number.
    pub number: Option<String>,
}

impl Filter {
    fn condition(&self) -> Condition {
        use loan::Column::{GiverId, ListingId, Number, State, UnitId};
        let mut like = Condition::all();
        for (column, value) in
            [(UnitId, self.unit_id), (GiverId, self.giver_id), (ListingId, self.listing_id)]
        {
            like = like.add_option(value.map(|value| column.eq(value)));
        }
        like = like.add_option(self.number.as_deref().map(|number| Number.eq(number)));
        if !self.states.is_empty() {
            like = like.add(State.is_in(self.states.iter().copied()));
        }
        like
    }
}

/// Where a page of overdue loans goes on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct DueKey(pub NaiveDate, pub Uuid);

/// Loans that the reach covers, side by side: a row is visible that meets one of them.
fn sides(reach: &Reach) -> Vec<Condition> {
    use loan::Column::{GiverId, UnitId, WarehouseId};
    if reach.everywhere {
        return vec![Condition::all()];
    }
    let of_unit = [(GiverId, &reach.giver), (UnitId, &reach.receiver)];
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

/// A loan, where the actor may see it.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    id: Uuid,
) -> Result<Option<loan::Model>, DbErr> {
    Ok(find_all(conn, actor, &[id]).await?.pop())
}

/// Several loans at once, in no order.
///
/// # Errors
/// When the database does not answer.
pub async fn find_all(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    ids: &[Uuid],
) -> Result<Vec<loan::Model>, DbErr> {
    let asked = loan::Column::Id.is_in(ids.iter().copied());
    loan::Entity::find().filter(asked).filter(visible(&actor.reach(Operation::Loan))).all(conn).await
}

/// A page of loans, newest first; one more than asked for where there is more.
///
/// # Errors
/// When the database does not answer.
pub async fn page(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    filter: &Filter,
    page: &Page<Uuid>,
) -> Result<Vec<loan::Model>, DbErr> {
    use loan::Column::Id;
    let like = filter.condition().add_option(page.after.map(|id| Id.lt(id)));
    let side = |side: Condition| {
        one_side(side.add(like.clone()), page.fetch()).order_by((loan::Entity, Id), Order::Desc).to_owned()
    };
    let pages = sides(&actor.reach(Operation::Loans)).into_iter().map(side).collect();
    let Some(found) = keyset::merged(pages) else { return Ok(Vec::new()) };
    loan::Entity::find().filter(Id.in_subquery(found)).order_by_desc(Id).all(conn).await
}

/// A page of loans with pieces that are out beyond their last day, the longest due first; one more than asked for where
/// there is more.
///
/// # Errors
/// When the database does not answer.
pub async fn overdue(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    today: NaiveDate,
    page: &Page<DueKey>,
) -> Result<Vec<loan::Model>, DbErr> {
    use loan::Column::{DayTo, Id};
    let mut like = late(today);
    if let Some(DueKey(day, id)) = page.after {
        let key = Expr::tuple([Expr::col(DayTo), Expr::col(Id)]);
        like = like.add(key.gt(Expr::tuple([Expr::value(day), Expr::value(id)])));
    }
    let side = |side: Condition| {
        one_side(side.add(like.clone()), page.fetch())
            .order_by((loan::Entity, DayTo), Order::Asc)
            .order_by((loan::Entity, Id), Order::Asc)
            .to_owned()
    };
    let pages = sides(&actor.reach(Operation::OverdueLoans)).into_iter().map(side).collect();
    let Some(found) = keyset::merged(pages) else { return Ok(Vec::new()) };
    loan::Entity::find().filter(Id.in_subquery(found)).order_by_asc(DayTo).order_by_asc(Id).all(conn).await
}

/// Loans with pieces that are with their borrower beyond the last day.
fn late(today: NaiveDate) -> Condition {
    // Written out, as the partial indexes have it.
    Condition::all()
        .add(Expr::cust("loan.state in ('HANDED_OVER', 'ON_LOAN')"))
        .add(loan::Column::DayTo.lt(today))
        .add(loan::Column::Lent.gt(0))
}

fn one_side(condition: Condition, limit: u64) -> SelectStatement {
    Query::select()
        .column((loan::Entity, loan::Column::Id))
        .from(loan::Entity)
        .cond_where(condition)
        .limit(limit)
        .to_owned()
}

/// How many loans of a unit are overdue on a day: a fact that others decide by.
///
/// # Errors
/// When the database does not answer.
pub async fn overdue_of(conn: &impl ConnectionTrait, unit: Uuid, today: NaiveDate) -> Result<u64, DbErr> {
    loan::Entity::find().filter(late(today)).filter(loan::Column::UnitId.eq(unit)).count(conn).await
}

/// What was found when pieces of several loans came back, oldest first, by loan. The caller has asked for the right to each.
///
/// # Errors
/// When the database does not answer.
pub async fn inspections_of(
    conn: &impl ConnectionTrait,
    loans: &[Uuid],
) -> Result<HashMap<Uuid, Vec<loan_inspection::Model>>, DbErr> {
    let rows = loan_inspection::Entity::find()
        .filter(loan_inspection::Column::LoanId.is_in(loans.iter().copied()))
        .order_by_asc(loan_inspection::Column::Id)
        .all(conn)
        .await?;
    let mut found: HashMap<Uuid, Vec<_>> = HashMap::new();
    for row in rows {
        found.entry(row.loan_id).or_default().push(row);
    }
    Ok(found)
}

/// Pieces that are free on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreeDay {
    /// The day.
    pub day: NaiveDate,
    /// Pieces that can be borrowed.
    pub free: i64,
}

/// The pool of a listing, and what is taken of it: one row with the pool alone, and one a booking. Of what has its days
/// behind it only that counts which is not back.
const BOOKED: &str = "select s.available, n.lent + n.returned, n.day_from, \
    case when n.asked_to > n.day_to then n.asked_to else n.day_to end, \
    n.state in ('HANDED_OVER', 'ON_LOAN', 'RETURNED') \
    from listing l join listing_stock s on s.listing_id = l.id \
    left join loan n on n.listing_id = l.id and n.state in ('REQUESTED', 'APPROVED', 'HANDED_OVER', 'ON_LOAN', 'RETURNED') \
    where l.id = $1 and l.purpose = 'LOAN' and l.state = 'LISTED'";

/// How many pieces of a listing are free on each day from `from` to `to`; nothing of days that are over. None where there is
/// no such listing for the caller, or it is not offered for loan.
///
/// # Errors
/// [`Code::OutOfRange`] for more than [`rules::LONGEST_CALENDAR`] days; the database's.
pub async fn calendar(
    app: &App,
    actor: &Actor,
    listing: Uuid,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Option<Vec<FreeDay>>, Fault> {
    if to < from || (to - from).num_days() >= rules::LONGEST_CALENDAR {
        let fault = Rejection::new(Code::OutOfRange).at("to");
        return Err(fault.with("least", from).with("most", last_day(from)).into());
    }
    let conn = app.db().read();
    let wants = listings::row::Wants {
        standing: false,
        stock: listings::row::Counters::None,
        words: false,
        card: None,
    };
    if listings::read::find(app, actor, listing, wants).await?.is_none() {
        return Ok(None);
    }
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), BOOKED, [listing.into()]);
    let rows = conn.query_all_raw(statement).await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let pool: i64 = first.try_get_by_index(0)?;
    let today = app.clock().today();
    let mut bookings = Vec::with_capacity(rows.len());
    for row in &rows {
        let Some(pieces) = row.try_get_by_index::<Option<i64>>(1)? else { continue };
        let last: NaiveDate = row.try_get_by_index(3)?;
        let late = last < today && row.try_get_by_index(4)?;
        let to = (!late).then_some(last);
        bookings.push(Booking { pieces, from: row.try_get_by_index(2)?, to });
    }
    let days = Ord::max(from, today).iter_days().take_while(|day| *day <= to);
    let free = |day| FreeDay { day, free: Ord::max(pool - rules::on(&bookings, day), 0) };
    Ok(Some(days.map(free).collect()))
}

fn last_day(from: NaiveDate) -> NaiveDate {
    let days = TimeDelta::try_days(rules::LONGEST_CALENDAR - 1).unwrap_or_default();
    from.checked_add_signed(days).unwrap_or(NaiveDate::MAX)
}
