//! A page of the inbox, merged from one page of each kind, which is merged from one page of each side.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use entity::approvals::{approval_case, approval_step};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Order, Query, SelectStatement, Value};
use sea_orm::{Condition, ConnectionTrait};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::kinds::{Due, Kind, SOURCES, Side, Source};
use crate::app::App;
use crate::approvals;
use crate::authz::UnitSet;
use crate::catalogue;
use crate::catalogue::calendar::Calendar;
use crate::fault::Fault;
use crate::graphql::connection::Page;
use crate::graphql::ids;
use crate::identity::Actor;
use crate::keyset;

/// Most rows of a kind that are counted: more are told as "more".
pub const MOST_COUNTED: u64 = 99;

/// Where a page goes on: for each kind of which something was shown, the row shown last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key(BTreeMap<Kind, Place>);

/// A row of a kind: what it is sorted by, and its identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place(i64, Uuid);

/// Something that awaits a person.
#[derive(Clone, Debug)]
pub struct Awaiting {
    /// What is to be done.
    pub kind: Kind,
    /// What it is about.
    pub of: ids::Kind,
    /// Which.
    pub id: Uuid,
    /// The civil day on which it is due.
    pub due_on: NaiveDate,
    /// Working days that have gone by since; 0 where it is not overdue.
    pub days_late: i64,
    /// The step and its case, of one to be approved.
    pub step: Option<(approval_step::Model, approval_case::Model)>,
    /// Where a page goes on behind it.
    pub key: Key,
    place: Place,
}

/// What awaits the person, the oldest due first; one more than shown where there is more.
///
/// # Errors
/// The database's.
pub async fn page(
    app: &App,
    actor: &Actor,
    only: Option<Kind>,
    page: &Page<Key>,
) -> Result<Vec<Awaiting>, Fault> {
    let begun = page.after.clone().unwrap_or_default();
    let mut found = Vec::new();
    if only.is_none_or(|kind| kind == Kind::Approve) {
        found.extend(steps(app, actor, begun.0.get(&Kind::Approve).copied(), page.fetch()).await?);
    }
    for source in SOURCES.iter().filter(|source| only.is_none_or(|kind| kind == source.kind)) {
        let places = places(app, actor, source, begun.0.get(&source.kind).copied(), page.fetch()).await?;
        let due = dues(app, source, &places).await?;
        found.extend(places.into_iter().zip(due).map(|(place, due_on)| Awaiting {
            kind: source.kind,
            of: source.of,
            id: place.1,
            due_on,
            days_late: 0,
            step: None,
            key: Key::default(),
            place,
        }));
    }
    // Of one kind the rows are in the order of what they are sorted by, and so are their due days.
    found.sort_by_key(|row| (row.due_on, row.kind, row.place));
    found.truncate(usize::try_from(page.fetch()).unwrap_or(usize::MAX));
    let mut key = begun;
    for row in &mut found {
        key.0.insert(row.kind, row.place);
        row.key = key.clone();
    }
    late(app, &mut found).await?;
    Ok(found)
}

/// How many of each kind await the person, up to one more than [`MOST_COUNTED`]; kinds of which there are none are left out.
///
/// # Errors
/// The database's.
pub async fn counts(app: &App, actor: &Actor) -> Result<Vec<(Kind, u64)>, Fault> {
    let mut counts = vec![(
        Kind::Approve,
        approvals::read::awaiting(app, actor, None, MOST_COUNTED + 1).await?.len() as u64,
    )];
    for source in SOURCES {
        let Some(ids) = ids_of(app, actor, source, None, MOST_COUNTED + 1) else { continue };
        let mut bounded = Query::select();
        bounded.column(Alias::new("id")).from_subquery(ids, Alias::new("found")).limit(MOST_COUNTED + 1);
        let mut count = Query::select();
        count.expr(Expr::cust("count(*)")).from_subquery(bounded, Alias::new("bounded"));
        let row = app.db().read().query_one(&count).await?;
        let n: i64 = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
        counts.push((source.kind, u64::try_from(n).unwrap_or_default()));
    }
    counts.retain(|(_, n)| *n > 0);
    Ok(counts)
}

async fn steps(app: &App, actor: &Actor, after: Option<Place>, limit: u64) -> Result<Vec<Awaiting>, Fault> {
    let after = after.and_then(|Place(key, id)| Some((day_of(key)?, id)));
    let rows = approvals::read::awaiting(app, actor, after, limit).await?;
    let waiting = rows.into_iter().filter_map(|(step, case)| {
        let due_on = step.due_on?;
        Some(Awaiting {
            kind: Kind::Approve,
            of: ids::Kind::Step,
            id: step.id,
            due_on,
            days_late: 0,
            place: Place(number_of(due_on), step.id),
            step: Some((step, case)),
            key: Key::default(),
        })
    });
    Ok(waiting.collect())
}

/// A page of one kind, in its order.
async fn places(
    app: &App,
    actor: &Actor,
    source: &Source,
    after: Option<Place>,
    limit: u64,
) -> Result<Vec<Place>, Fault> {
    let Some(ids) = ids_of(app, actor, source, after, limit) else { return Ok(Vec::new()) };
    let (id, key) = (Alias::new("id"), Alias::new(source.key));
    let mut select = Query::select();
    select
        .columns([id.clone(), key.clone()])
        .from(Alias::new(source.table))
        .and_where(Expr::col(id.clone()).in_subquery(ids))
        .order_by(key, Order::Asc)
        .order_by(id, Order::Asc)
        .limit(limit);
    let rows = app.db().read().query_all(&select).await?;
    let mut places = Vec::with_capacity(rows.len());
    for row in rows {
        let id: Uuid = row.try_get_by_index(0)?;
        let key = match source.due {
            Due::Day => number_of(row.try_get_by_index(1)?),
            Due::Until | Due::After(_) => row.try_get_by_index::<DateTime<Utc>>(1)?.timestamp_micros(),
        };
        places.push(Place(key, id));
    }
    Ok(places)
}

/// The identities on a page of one kind; none where it awaits the person nowhere.
fn ids_of(
    app: &App,
    actor: &Actor,
    source: &Source,
    after: Option<Place>,
    limit: u64,
) -> Option<SelectStatement> {
    let (id, key) = (Alias::new("id"), Alias::new(source.key));
    let pages = source.sides.iter().filter_map(|side| {
        let mut page = Query::select();
        page.column(id.clone())
            .from(Alias::new(source.table))
            .cond_where(awaits(actor, side)?)
            .order_by(key.clone(), Order::Asc)
            .order_by(id.clone(), Order::Asc)
            .limit(limit);
        if let Some(Place(at, last)) = after {
            let here = Expr::tuple([Expr::col(key.clone()), Expr::col(id.clone())]);
            page.and_where(here.gt(Expr::tuple([Expr::value(value(source, at)), Expr::value(last)])));
        }
        if source.only_due {
            page.and_where(Expr::col(key.clone()).lte(app.clock().today()));
        }
        Some(page)
    });
    keyset::merged(pages.collect())
}

/// The rows of a side that await the person; none where it has nothing to do with them.
fn awaits(actor: &Actor, side: &Side) -> Option<Condition> {
    let reach = actor.reach_of(side.who);
    let rows = Condition::all().add(Expr::cust(side.rows));
    let column = || Expr::col(Alias::new(side.column));
    let mut units = UnitSet::default();
    units.join(&reach.giver);
    units.join(&reach.receiver);
    match units {
        _ if reach.everywhere || reach.every_warehouse => Some(rows),
        UnitSet::All => Some(rows),
        UnitSet::Only(units) if !units.is_empty() => Some(rows.add(column().is_in(units))),
        UnitSet::Only(_) if !reach.warehouses.is_empty() => Some(rows.add(column().is_in(reach.warehouses))),
        UnitSet::Only(_) => None,
    }
}

fn value(source: &Source, key: i64) -> Value {
    match source.due {
        Due::Day => day_of(key).into(),
        Due::Until | Due::After(_) => DateTime::from_timestamp_micros(key).into(),
    }
}

fn number_of(day: NaiveDate) -> i64 {
    day.num_days_from_ce().into()
}

fn day_of(number: i64) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(number).ok()?)
}

/// The due days of a page of one kind.
async fn dues(app: &App, source: &Source, places: &[Place]) -> Result<Vec<NaiveDate>, Fault> {
    let civil = |Place(key, _): &Place| {
        let at = DateTime::from_timestamp_micros(*key).unwrap_or_default();
        app.clock().civil_day(if source.due == Due::Until { at - TimeDelta::microseconds(1) } else { at })
    };
    Ok(match source.due {
        Due::Day => places.iter().filter_map(|Place(key, _)| day_of(*key)).collect(),
        Due::Until => places.iter().map(civil).collect(),
        Due::After(setting) => {
            let Some(first) = places.first().map(civil) else { return Ok(Vec::new()) };
            let today = app.clock().today();
            let days = catalogue::read::setting(app.db().read(), setting, today).await?;
            let calendar = calendar(app, first, days).await?;
            places.iter().map(|place| calendar.after(civil(place), days)).collect()
        }
    })
}

/// The calendar from a day on, as far as terms reach that begin by today.
async fn calendar(app: &App, from: NaiveDate, days: i64) -> Result<Calendar, Fault> {
    let gone = Ord::max((app.clock().today() - from).num_days(), 0);
    Ok(Calendar::load(app.db().read(), from, gone + days).await?)
}

async fn late(app: &App, rows: &mut [Awaiting]) -> Result<(), Fault> {
    let today = app.clock().today();
    let Some(first) = rows.first().map(|row| row.due_on).filter(|day| *day < today) else { return Ok(()) };
    let calendar = calendar(app, first, 0).await?;
    for row in rows.iter_mut().filter(|row| row.due_on < today) {
        row.days_late = calendar.between(row.due_on, today);
    }
    Ok(())
}
