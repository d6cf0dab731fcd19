//! What of a kit can be had, as the split wants it: read with the asker's rights, and cut to what is worth a look.

use std::collections::HashMap;

use entity::assets::{Condition, asset};
use entity::listings::{Custody, listing, listing_stock};
use entity::organisation::unit;
use entity::warehouses::warehouse;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, Order, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, Iterable, QueryFilter};
use uuid::Uuid;

use super::form::ItemForm;
use super::rules::{Need, Offer, Problem, pieces_for};
use crate::fault::Fault;
use crate::identity::Actor;
use crate::listings::read::{takeable, visible};
use crate::organisation::Reference;

/// Listings of one item that are looked at: those in the asker's region first, and greater lots first.
const OFFERS: u64 = 500;
/// Pick-up points that are looked at.
const POINTS: usize = 80;

/// What a split weighs, in points.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights {
    /// One place more to fetch things from.
    pub(super) pickup: i64,
    /// A piece from another department of the same region.
    pub(super) region: i64,
    /// A piece from another region.
    pub(super) city: i64,
    /// Each grade that a piece is worse than new.
    pub(super) condition: i64,
}

/// Where pieces are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Point {
    /// VIRTUAL: at their holder's.
    Unit(Uuid),
    /// PHYSICAL: at a warehouse.
    Warehouse(Uuid),
}

/// What is to be split, and which point is which.
pub(super) struct Gathered {
    pub(super) problem: Problem,
    pub(super) needs: Vec<Need>,
    pub(super) points: Vec<Point>,
}

struct Found {
    item: usize,
    listing: Uuid,
    point: Point,
    available: i64,
    grade: i64,
}

/// Reads what `unit` can have of the items for so many places.
pub(super) async fn gather(
    conn: &impl ConnectionTrait,
    reference: &Reference,
    actor: &Actor,
    unit: Uuid,
    (items, places): (&[ItemForm], i64),
    weights: Weights,
) -> Result<Gathered, Fault> {
    let needs: Vec<Need> = items
        .iter()
        .map(|item| Need {
            pieces: pieces_for(places, item.pieces, item.per_places),
            required: item.required,
        })
        .collect();
    let mut found = Vec::new();
    for (n, item) in items.iter().enumerate() {
        found.extend(offers_of(conn, reference, actor, unit, (n, item)).await?);
    }
    let far = distances(conn, reference, unit, &found, weights).await?;
    // What a point has of all that is needed, in thousandths of each need: many things at one place are worth the drive.
    let mut use_of: HashMap<Point, i64> = HashMap::new();
    let mut had: HashMap<(Point, usize), i64> = HashMap::new();
    for one in &found {
        *had.entry((one.point, one.item)).or_default() += one.available;
    }
    for ((point, item), pieces) in had {
        let wanted = needs[item].pieces;
        *use_of.entry(point).or_default() += Ord::min(pieces, wanted) * 1_000 / Ord::max(wanted, 1);
    }
    let mut points: Vec<Point> = use_of.keys().copied().collect();
    points.sort_by_key(|point| (std::cmp::Reverse(use_of[point]), far[point], *point));
    points.truncate(POINTS);
    let number: HashMap<Point, usize> = points.iter().enumerate().map(|(n, point)| (*point, n)).collect();
    let offers = found.iter().filter_map(|one| {
        Some(Offer {
            item: one.item,
            listing: one.listing,
            point: *number.get(&one.point)?,
            available: one.available,
            cost: far[&one.point] + one.grade * weights.condition,
        })
    });
    let problem = Problem::new(needs.clone(), offers.collect(), points.len(), weights.pickup);
    Ok(Gathered { problem, needs, points })
}

async fn offers_of(
    conn: &impl ConnectionTrait,
    reference: &Reference,
    actor: &Actor,
    unit_id: Uuid,
    (n, item): (usize, &ItemForm),
) -> Result<Vec<Found>, Fault> {
    let categories = item.categories.iter().flat_map(|category| reference.category_subtree(*category));
    let good = Condition::iter().filter(|condition| *condition <= item.least_condition);
    let region = reference.unit(unit_id).map(|unit| unit.place_region_id).unwrap_or_default();
    let here = Expr::col((unit::Entity, unit::Column::PlaceRegionId)).eq(region);
    let mut select = Query::select();
    select
        .columns([
            (listing::Entity, listing::Column::Id),
            (listing::Entity, listing::Column::UnitId),
            (listing::Entity, listing::Column::Custody),
            (listing::Entity, listing::Column::WarehouseId),
        ])
        .column((listing_stock::Entity, listing_stock::Column::Available))
        .column((asset::Entity, asset::Column::Condition))
        .from(listing::Entity)
        .inner_join(
            asset::Entity,
            Expr::col((asset::Entity, asset::Column::Id)).equals((listing::Entity, listing::Column::AssetId)),
        )
        .inner_join(
            listing_stock::Entity,
            Expr::col((listing_stock::Entity, listing_stock::Column::ListingId))
                .equals((listing::Entity, listing::Column::Id)),
        )
        .inner_join(
            unit::Entity,
            Expr::col((unit::Entity, unit::Column::Id)).equals((listing::Entity, listing::Column::UnitId)),
        )
        .cond_where(visible(actor))
        .cond_where(takeable(unit_id))
        .and_where(asset::Column::CategoryId.is_in(categories))
        .and_where(asset::Column::Condition.is_in(good))
        .order_by_expr(CaseStatement::new().case(here, 0).finally(1).into(), Order::Asc)
        .order_by((listing_stock::Entity, listing_stock::Column::Available), Order::Desc)
        .order_by((listing::Entity, listing::Column::Id), Order::Asc)
        .limit(OFFERS);
    let rows = conn.query_all(&select).await?;
    let read = |row: &sea_orm::QueryResult| {
        let custody: Custody = row.try_get_by_index(2)?;
        let warehouse: Option<Uuid> = row.try_get_by_index(3)?;
        let condition: Condition = row.try_get_by_index(5)?;
        Ok(Found {
            item: n,
            listing: row.try_get_by_index(0)?,
            point: match warehouse.filter(|_| custody == Custody::Physical) {
                Some(warehouse) => Point::Warehouse(warehouse),
                None => Point::Unit(row.try_get_by_index(1)?),
            },
            available: row.try_get_by_index(4)?,
            grade: Condition::iter().position(|other| other == condition).unwrap_or_default() as i64,
        })
    };
    rows.iter().map(read).collect::<Result<_, sea_orm::DbErr>>().map_err(Fault::from)
}

/// How far each point is from the unit, in points a piece.
async fn distances(
    conn: &impl ConnectionTrait,
    reference: &Reference,
    unit: Uuid,
    found: &[Found],
    weights: Weights,
) -> Result<HashMap<Point, i64>, Fault> {
    let own = (reference.department(unit), reference.unit(unit).map(|unit| unit.place_region_id));
    let far = |department: Uuid, region: Option<Uuid>| match (department, region) {
        (department, _) if department == own.0 => 0,
        (_, region) if region == own.1 => weights.region,
        _ => weights.city,
    };
    let mut distances = HashMap::new();
    let mut stores = Vec::new();
    for one in found {
        match one.point {
            Point::Unit(id) => {
                let region = || reference.unit(id).map(|unit| unit.place_region_id);
                distances.entry(one.point).or_insert_with(|| far(reference.department(id), region()));
            }
            Point::Warehouse(id) => stores.push(id),
        }
    }
    stores.sort_unstable();
    stores.dedup();
    for store in warehouse::Entity::find().filter(warehouse::Column::Id.is_in(stores)).all(conn).await? {
        let department = reference.department(store.unit_id);
        distances.insert(Point::Warehouse(store.id), far(department, Some(store.region_id)));
    }
    Ok(distances)
}
