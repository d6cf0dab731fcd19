//! Finders. Everybody who is signed in may see the rule book.

use std::collections::HashMap;

use chrono::NaiveDate;
use entity::catalogue::{
    AssetKind, allocation_standard, calendar_day, category, city_setting, required_field,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::settings::{SETTINGS, Setting, known_setting};
use crate::fault::Fault;
use crate::organisation::Reference;
use crate::organisation::read::first_sorted;

/// Which categories are asked for; all conditions must hold.
#[derive(Clone, Debug, Default)]
pub struct CategoryFilter {
    /// Part of the name, or beginning of the code.
    pub text: Option<String>,
    /// Right below this category.
    pub parent: Option<Uuid>,
    /// Without one above.
    pub roots: bool,
    /// Of this kind.
    pub kind: Option<AssetKind>,
}

/// Sort key of categories: code, then id (one code occurs in several editions).
pub type CategoryKey = (String, Uuid);

/// Categories by code, after `after`, at most `limit`; from the snapshot in memory.
#[must_use]
pub fn categories<'a>(
    reference: &'a Reference,
    filter: &CategoryFilter,
    after: Option<&CategoryKey>,
    limit: usize,
) -> Vec<&'a category::Model> {
    let text = filter.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let mut found: Vec<&category::Model> = reference
        .categories()
        .filter(|row| filter.kind.is_none_or(|kind| row.kind == kind))
        .filter(|row| filter.parent.is_none_or(|parent| row.parent_id == Some(parent)))
        .filter(|row| !filter.roots || row.parent_id.is_none())
        .filter(|row| {
            text.is_none_or(|text| {
                row.name.contains(text) || row.code.starts_with(&text.to_ascii_uppercase())
            })
        })
        .filter(|row| after.is_none_or(|(code, id)| (row.code.as_str(), row.id) > (code.as_str(), *id)))
        .collect();
    first_sorted(&mut found, limit, |row| (row.code.as_str(), row.id));
    found
}

/// Standards in the order they were made, after `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn standards(
    conn: &impl ConnectionTrait,
    category: Option<Uuid>,
    region: Option<Uuid>,
    on: Option<NaiveDate>,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<allocation_standard::Model>, DbErr> {
    use allocation_standard::Column;
    let mut query = allocation_standard::Entity::find();
    if let Some(category) = category {
        query = query.filter(Column::CategoryId.eq(category));
    }
    if let Some(region) = region {
        query = query.filter(Column::RegionId.eq(region));
    }
    if let Some(on) = on {
        let open = Condition::any().add(Column::ValidTo.is_null()).add(Column::ValidTo.gte(on));
        query = query.filter(Column::ValidFrom.lte(on)).filter(open);
    }
    if let Some(after) = after {
        query = query.filter(Column::Id.gt(after));
    }
    query.order_by_asc(Column::Id).limit(limit).all(conn).await
}

/// Fields required on a day, in the order they were made, after `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn required_fields(
    conn: &impl ConnectionTrait,
    on: NaiveDate,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<required_field::Model>, DbErr> {
    use required_field::Column;
    let mut query = required_field::Entity::find()
        .filter(Column::ValidFrom.lte(on))
        .filter(Condition::any().add(Column::ValidTo.is_null()).add(Column::ValidTo.gte(on)));
    if let Some(after) = after {
        query = query.filter(Column::Id.gt(after));
    }
    query.order_by_asc(Column::Id).limit(limit).all(conn).await
}

/// Every setting with its value on a day, and since when the city has it so (none: the default).
///
/// # Errors
/// When the database does not answer.
pub async fn settings(
    conn: &impl ConnectionTrait,
    on: NaiveDate,
) -> Result<Vec<(&'static Setting, i64, Option<NaiveDate>)>, DbErr> {
    let rows = city_setting::Entity::find()
        .filter(city_setting::Column::ValidFrom.lte(on))
        .order_by_asc(city_setting::Column::ValidFrom)
        .all(conn)
        .await?;
    let latest: HashMap<String, (i64, NaiveDate)> =
        rows.into_iter().map(|row| (row.name, (row.value, row.valid_from))).collect();
    Ok(SETTINGS
        .iter()
        .map(|setting| match latest.get(setting.name) {
            Some((value, from)) => (setting, *value, Some(*from)),
            None => (setting, setting.default, None),
        })
        .collect())
}

/// A number of the city's rule book as of a day; the built-in default where the city has set none.
///
/// # Errors
/// When there is no such setting, which is a mistake in the code, or the database does not answer.
pub async fn setting(conn: &impl ConnectionTrait, name: &'static str, on: NaiveDate) -> Result<i64, Fault> {
    let known = known_setting(name).ok_or_else(|| anyhow::anyhow!("there is no setting {name}"))?;
    let value: Option<i64> = city_setting::Entity::find()
        .select_only()
        .column(city_setting::Column::Value)
        .filter(city_setting::Column::Name.eq(name))
        .filter(city_setting::Column::ValidFrom.lte(on))
        .order_by_desc(city_setting::Column::ValidFrom)
        .limit(1)
        .into_tuple()
        .one(conn)
        .await?;
    Ok(value.unwrap_or(known.default))
}

/// The days of a year that are other than their weekday says.
///
/// # Errors
/// When the database does not answer.
pub async fn calendar_days(
    conn: &impl ConnectionTrait,
    year: i32,
) -> Result<Vec<calendar_day::Model>, DbErr> {
    use calendar_day::Column;
    let ends = NaiveDate::from_ymd_opt(year, 1, 1).zip(NaiveDate::from_ymd_opt(year, 12, 31));
    let Some((first, last)) = ends else { return Ok(Vec::new()) };
    let of_year = Column::Day.between(first, last);
    calendar_day::Entity::find().filter(of_year).order_by_asc(Column::Day).all(conn).await
}

/// One revision of a standard.
///
/// # Errors
/// When the database does not answer.
pub async fn standard(
    conn: &impl ConnectionTrait,
    id: Uuid,
) -> Result<Option<allocation_standard::Model>, DbErr> {
    allocation_standard::Entity::find_by_id(id).one(conn).await
}
