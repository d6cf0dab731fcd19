//! Listings as the search index knows them. Whole rows, whoever asks: the index keeps them with what its filters need
//! to apply the caller's rights.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use entity::Money;
use entity::assets::{Condition, asset};
use entity::catalogue::AssetKind;
use entity::listings::{Custody, ListingState, listing, listing_stock};
use entity::photos::photo;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Order, Query, SelectStatement, SubQueryStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryResult};
use search::ListingDocument;
use uuid::Uuid;

use crate::app::App;
use crate::cells::Cells;
use crate::fault::Fault;
use crate::organisation::Reference;

/// Which listings to read.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    /// The next ones in order of id, at most so many: to build an index from nothing, or to compare it.
    After(Option<Uuid>, u64),
    /// These.
    Ids(&'a [Uuid]),
    /// Those of these cards.
    Assets(&'a [Uuid]),
}

/// Documents of listings, in order of id. An id that is not there is left out: listings are never deleted.
///
/// # Errors
/// The database's.
pub async fn documents(app: &App, which: Which<'_>) -> Result<Vec<ListingDocument>, Fault> {
    let mut select = select();
    match which {
        Which::After(after, limit) => {
            if let Some(after) = after {
                select.and_where(listing::Column::Id.gt(after));
            }
            select.limit(limit);
        }
        Which::Ids(ids) => {
            select.and_where(listing::Column::Id.is_in(ids.iter().copied()));
        }
        Which::Assets(ids) => {
            select.and_where(listing::Column::AssetId.is_in(ids.iter().copied()));
        }
    }
    let rows = app.db().read().query_all(&select).await?;
    let reference = app.reference();
    Ok(rows.iter().map(|row| read(row, &reference)).collect::<Result<_, _>>()?)
}

fn select() -> SelectStatement {
    let photos = Query::select()
        .expr(Func::count(Expr::col((photo::Entity, photo::Column::Id))))
        .from(photo::Entity)
        .and_where(Expr::col((photo::Entity, photo::Column::AssetId)).equals((asset::Entity, asset::Column::Id)))
        .take();
    Query::select()
        .columns(
            [
                listing::Column::Id,
                listing::Column::Version,
                listing::Column::Custody,
                listing::Column::State,
                listing::Column::UnitId,
                listing::Column::DirectedTo,
                listing::Column::ListedAt,
                listing::Column::CreatedAt,
            ]
            .map(|column| (listing::Entity, column)),
        )
        .columns(
            [
                asset::Column::Name,
                asset::Column::Brand,
                asset::Column::Model,
                asset::Column::Description,
                asset::Column::Serial,
                asset::Column::Number,
                asset::Column::CategoryId,
                asset::Column::Kind,
                asset::Column::Condition,
                asset::Column::Value,
                asset::Column::Quantity,
                asset::Column::AcquiredOn,
                asset::Column::Restricted,
            ]
            .map(|column| (asset::Entity, column)),
        )
        .column((listing_stock::Entity, listing_stock::Column::Available))
        .expr(Expr::SubQuery(None, Box::new(SubQueryStatement::SelectStatement(photos))))
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
        .order_by((listing::Entity, listing::Column::Id), Order::Asc)
        .take()
}

fn read(row: &QueryResult, reference: &Reference) -> Result<ListingDocument, DbErr> {
    let mut cells = Cells::new(row);
    let id: Uuid = cells.get()?;
    let version: i64 = cells.get()?;
    let custody: Custody = cells.get()?;
    let state: ListingState = cells.get()?;
    let unit: Uuid = cells.get()?;
    let directed_to: Option<Uuid> = cells.get()?;
    let listed_at: Option<DateTime<Utc>> = cells.get()?;
    let created_at: DateTime<Utc> = cells.get()?;
    let (name, brand, model, description) = (cells.get()?, cells.get()?, cells.get()?, cells.get()?);
    let (serial, asset_number) = (cells.get()?, cells.get()?);
    let category: Option<Uuid> = cells.get()?;
    let kind: AssetKind = cells.get()?;
    let condition: Option<Condition> = cells.get()?;
    let value: Option<Money> = cells.get()?;
    let quantity: i64 = cells.get()?;
    let acquired_on: Option<NaiveDate> = cells.get()?;
    let restricted: bool = cells.get()?;
    let available: i64 = cells.get()?;
    let photos: i64 = cells.get()?;
    let root_first = |mut path: Vec<Uuid>| {
        path.reverse();
        path
    };
    let place = reference.unit(unit).map(|unit| unit.place_region_id);
    Ok(ListingDocument {
        id,
        version,
        name,
        brand,
        model,
        description,
        serial,
        asset_number,
        category_path: root_first(category.map(|id| reference.category_path(id)).unwrap_or_default()),
        kind: kind.to_string(),
        custody: custody.to_string(),
        condition: condition.map(|condition| condition.to_string()).unwrap_or_default(),
        state: state.to_string(),
        available,
        unit,
        regions: root_first(place.map(|id| reference.region_path(id)).unwrap_or_default()),
        value_minor: value.unwrap_or_default().0 / std::cmp::Ord::max(quantity, 1),
        year: acquired_on.map(|day| day.year()),
        photos,
        listed_at: listed_at.unwrap_or(created_at),
        restricted,
        audience_units: directed_to.into_iter().collect(),
    })
}
