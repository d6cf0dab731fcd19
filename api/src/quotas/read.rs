//! What a unit is entitled to, holds, and has asked for.

use std::collections::HashMap;

use chrono::NaiveDate;
use entity::assets::asset;
use entity::catalogue::{AssetKind, allocation_standard};
use entity::listings::listing;
use entity::quotas::{QuotaKind, block_override, unit_cap, unit_quota};
use entity::requests::{LineState, request_line};
use entity::transfers::{TransferState, transfer};
use sea_orm::sea_query::{Alias, Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::rules::{Allowance, cap};
use crate::catalogue;
use crate::catalogue::calendar;
use crate::catalogue::rules::covers;
use crate::clock::Clock;
use crate::fault::Fault;
use crate::listings;
use crate::organisation::Reference;

/// States of lines that may still bring pieces.
const PENDING: [LineState; 6] = [
    LineState::Submitted,
    LineState::Returned,
    LineState::Queued,
    LineState::Reserved,
    LineState::Releasing,
    LineState::InTransit,
];

/// What is counted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Things of these categories.
    Categories(Vec<Uuid>),
    /// Vehicles.
    Vehicles,
}

impl Counted {
    fn cards(&self) -> Condition {
        match self {
            Self::Categories(ids) => {
                Condition::all().add(asset::Column::CategoryId.is_in(ids.iter().copied()))
            }
            Self::Vehicles => Condition::all().add(asset::Column::Kind.eq(AssetKind::Vehicle)),
        }
    }
}

/// A cap that holds for a unit, and what is counted under it.
#[derive(Clone, Debug)]
pub struct Capped {
    /// The standard it comes from; none for vehicles.
    pub standard: Option<allocation_standard::Model>,
    /// In per cent of staff, where it is reckoned so.
    pub percent: Option<i64>,
    /// Staff that counts; none where nobody has entered it.
    pub staff: Option<i64>,
    /// What is counted.
    pub counted: Counted,
    /// Most pieces; none where that is not known.
    pub cap: Option<i64>,
}

impl Capped {
    /// What is gone of it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn allowance(&self, conn: &impl ConnectionTrait, unit: Uuid) -> Result<Allowance, Fault> {
        Ok(Allowance {
            cap: self.cap,
            held: held(conn, unit, &self.counted).await?,
            pending: pending(conn, unit, &self.counted).await?,
        })
    }
}

/// The cap under which an asset comes at a unit on a day; none where nothing caps it.
///
/// # Errors
/// When the database does not answer.
pub async fn cap_of(
    conn: &impl ConnectionTrait,
    reference: &Reference,
    unit: Uuid,
    kind: AssetKind,
    category: Option<Uuid>,
    day: NaiveDate,
) -> Result<Option<Capped>, Fault> {
    if kind == AssetKind::Vehicle {
        return Ok(Some(vehicles(conn, unit, day).await?));
    }
    let (Some(category), Some(fiscal)) = (category, reference.unit(unit).map(|unit| unit.fiscal_region_id))
    else {
        return Ok(None);
    };
    let standard = catalogue::steps::standard_at(conn, reference, category, fiscal, day).await?;
    match standard {
        Some(standard) => capped(conn, reference, unit, standard, day).await,
        None => Ok(None),
    }
}

/// The vehicle quota of a unit on a day.
///
/// # Errors
/// When the database does not answer.
pub async fn vehicles(conn: &impl ConnectionTrait, unit: Uuid, day: NaiveDate) -> Result<Capped, Fault> {
    let cap = quota(conn, unit, QuotaKind::Vehicles, None, day).await?;
    Ok(Capped { standard: None, percent: None, staff: None, counted: Counted::Vehicles, cap })
}

/// The cap that a standard sets a unit; none where it sets none.
///
/// # Errors
/// When the database does not answer.
pub async fn capped(
    conn: &impl ConnectionTrait,
    reference: &Reference,
    unit: Uuid,
    standard: allocation_standard::Model,
    day: NaiveDate,
) -> Result<Option<Capped>, Fault> {
    let Some(usual) = standard.cap_percent else { return Ok(None) };
    let percent = own_percent(conn, reference, unit, standard.category_id, day).await?.unwrap_or(usual);
    let staff = quota(conn, unit, QuotaKind::Staff, standard.rank.as_deref(), day).await?;
    let mut categories: Vec<Uuid> = reference.category_subtree(standard.category_id).into_iter().collect();
    categories.sort_unstable();
    Ok(Some(Capped {
        percent: Some(percent),
        staff,
        cap: staff.map(|staff| cap(staff, percent)),
        counted: Counted::Categories(categories),
        standard: Some(standard),
    }))
}

/// The newest row of those that hold on a day, of all staff or of one rank. Where only ranks are entered, all staff is their sum.
async fn quota(
    conn: &impl ConnectionTrait,
    unit: Uuid,
    kind: QuotaKind,
    rank: Option<&str>,
    day: NaiveDate,
) -> Result<Option<i64>, Fault> {
    let rows = unit_quota::Entity::find()
        .filter(unit_quota::Column::UnitId.eq(unit))
        .filter(unit_quota::Column::Kind.eq(kind))
        .filter(unit_quota::Column::ValidFrom.lte(day))
        .order_by_desc(unit_quota::Column::ValidFrom)
        .order_by_desc(unit_quota::Column::Id)
        .all(conn)
        .await?;
    Ok(count(&rows, rank, day))
}

/// How many the rows, the newest first, say on a day.
fn count(rows: &[unit_quota::Model], rank: Option<&str>, day: NaiveDate) -> Option<i64> {
    let valid: Vec<_> = rows.iter().filter(|row| covers(row.valid_from, row.valid_to, day)).collect();
    if let Some(row) = valid.iter().find(|row| row.rank.as_deref() == rank) {
        return Some(row.count);
    }
    match rank {
        Some(_) => None,
        None if valid.is_empty() => None,
        None => Some(valid.iter().map(|row| row.count).sum()),
    }
}

/// All staff of several units on a day, of those for which somebody has entered it.
///
/// # Errors
/// When the database does not answer.
pub async fn staff_of(
    conn: &impl ConnectionTrait,
    units: &[Uuid],
    day: NaiveDate,
) -> Result<HashMap<Uuid, i64>, Fault> {
    let rows = unit_quota::Entity::find()
        .filter(unit_quota::Column::UnitId.is_in(units.iter().copied()))
        .filter(unit_quota::Column::Kind.eq(QuotaKind::Staff))
        .filter(unit_quota::Column::ValidFrom.lte(day))
        .order_by_desc(unit_quota::Column::ValidFrom)
        .order_by_desc(unit_quota::Column::Id)
        .all(conn)
        .await?;
    let mut by_unit: HashMap<Uuid, Vec<unit_quota::Model>> = HashMap::new();
    for row in rows {
        by_unit.entry(row.unit_id).or_default().push(row);
    }
    Ok(by_unit.into_iter().filter_map(|(unit, rows)| Some((unit, count(&rows, None, day)?))).collect())
}

/// The unit's own cap for a category, where it has one: that of the nearest category above it.
async fn own_percent(
    conn: &impl ConnectionTrait,
    reference: &Reference,
    unit: Uuid,
    category: Uuid,
    day: NaiveDate,
) -> Result<Option<i64>, Fault> {
    let path = reference.category_path(category);
    let rows = unit_cap::Entity::find()
        .filter(unit_cap::Column::UnitId.eq(unit))
        .filter(unit_cap::Column::CategoryId.is_in(path.iter().copied()))
        .filter(unit_cap::Column::ValidFrom.lte(day))
        .order_by_desc(unit_cap::Column::ValidFrom)
        .all(conn)
        .await?;
    let nearest = |row: &&unit_cap::Model| path.iter().position(|category| *category == row.category_id);
    let valid = rows.iter().filter(|row| covers(row.valid_from, row.valid_to, day));
    Ok(valid.min_by_key(nearest).map(|row| row.cap_percent))
}

/// Pieces that a unit holds.
async fn held(conn: &impl ConnectionTrait, unit: Uuid, counted: &Counted) -> Result<i64, Fault> {
    let sum: Option<Option<i64>> = asset::Entity::find()
        .select_only()
        // The sum of bigints is a numeric on PostgreSQL.
        .expr(Expr::col(asset::Column::Quantity).sum().cast_as(Alias::new("bigint")))
        .filter(asset::Column::HolderId.eq(unit))
        .filter(Expr::col((asset::Entity, asset::Column::State)).eq(Expr::cust("'ACTIVE'")))
        .filter(counted.cards())
        .into_tuple()
        .one(conn)
        .await?;
    Ok(sum.flatten().unwrap_or(0))
}

/// Pieces that a unit has asked for and not got.
async fn pending(conn: &impl ConnectionTrait, unit: Uuid, counted: &Counted) -> Result<i64, Fault> {
    use request_line::Column::{Lost, Quantity, Received, Refused};
    let column = |column| Expr::col((request_line::Entity, column));
    let rest = column(Quantity).sub(column(Received)).sub(column(Refused)).sub(column(Lost));
    let sum: Option<Option<i64>> = request_line::Entity::find()
        .select_only()
        .expr(rest.sum().cast_as(Alias::new("bigint")))
        .join(
            JoinType::InnerJoin,
            request_line::Entity::belongs_to(listing::Entity)
                .from(request_line::Column::ListingId)
                .to(listing::Column::Id)
                .into(),
        )
        .join(JoinType::InnerJoin, listings::read::card())
        .filter(request_line::Column::UnitId.eq(unit))
        .filter(request_line::Column::State.is_in(PENDING))
        .filter(counted.cards())
        .into_tuple()
        .one(conn)
        .await?;
    Ok(sum.flatten().unwrap_or(0))
}

/// Hand-overs that a unit should have confirmed: those whose so many working days after the day of their release are over. What waits for its title, a vehicle
/// or a room, is not late by that.
///
/// # Errors
/// When the database does not answer.
pub async fn overdue_receipts(
    conn: &impl ConnectionTrait,
    clock: &Clock,
    unit: Uuid,
    days: i64,
) -> Result<Vec<String>, Fault> {
    let before = calendar::over_before(conn, clock, days).await?;
    let late = transfer::Entity::find()
        .select_only()
        .column(transfer::Column::Number)
        .join(
            JoinType::InnerJoin,
            transfer::Entity::belongs_to(asset::Entity)
                .from(transfer::Column::AssetId)
                .to(asset::Column::Id)
                .into(),
        )
        .filter(transfer::Column::ReceiverId.eq(unit))
        .filter(transfer::Column::State.eq(TransferState::InTransit))
        .filter(transfer::Column::ReleasedAt.lt(before))
        .filter(asset::Column::Kind.is_not_in([AssetKind::Vehicle, AssetKind::RealEstate]))
        .order_by_asc(transfer::Column::ReleasedAt)
        .limit(100)
        .into_tuple()
        .all(conn)
        .await?;
    Ok(late)
}

/// The override that lets a unit go on, on a day: the one that lasts longest.
///
/// # Errors
/// When the database does not answer.
pub async fn block_override(
    conn: &impl ConnectionTrait,
    unit: Uuid,
    day: NaiveDate,
) -> Result<Option<block_override::Model>, Fault> {
    let found = block_override::Entity::find()
        .filter(block_override::Column::UnitId.eq(unit))
        .filter(block_override::Column::UntilDay.gte(day))
        .order_by_desc(block_override::Column::UntilDay)
        .one(conn)
        .await?;
    Ok(found)
}

/// The caps that standards set a unit on a day, by category: one for each category that some standard caps.
///
/// # Errors
/// When the database does not answer.
pub async fn caps(
    conn: &impl ConnectionTrait,
    reference: &Reference,
    unit: Uuid,
    day: NaiveDate,
) -> Result<Vec<Capped>, Fault> {
    let Some(fiscal) = reference.unit(unit).map(|unit| unit.fiscal_region_id) else { return Ok(Vec::new()) };
    let mut categories: Vec<Uuid> = allocation_standard::Entity::find()
        .select_only()
        .column(allocation_standard::Column::CategoryId)
        .filter(allocation_standard::Column::CapPercent.is_not_null())
        .distinct()
        .into_tuple()
        .all(conn)
        .await?;
    categories.sort_unstable();
    let mut found = Vec::new();
    for category in categories {
        let standard = catalogue::steps::standard_at(conn, reference, category, fiscal, day).await?;
        // One of a category above counts there.
        if let Some(standard) = standard.filter(|standard| standard.category_id == category) {
            found.extend(capped(conn, reference, unit, standard, day).await?);
        }
    }
    Ok(found)
}
