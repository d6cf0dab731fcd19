//! What other slices may ask of the rule book inside their transaction.

use chrono::NaiveDate;
use entity::catalogue::{
    AssetKind, AssetSource, RequiredStep, allocation_standard, city_setting, required_field,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::rules;
use super::settings::known_setting;
use crate::fault::Fault;
use crate::organisation::Reference;
use crate::write::Tx;

/// Names of the fields that must be filled before `step` today: as in the schema, such as `categoryId` or
/// `vehicle.plate`; sorted, none twice.
///
/// # Errors
/// When the database does not answer.
pub async fn required_fields(
    tx: &Tx,
    kind: AssetKind,
    source: AssetSource,
    step: RequiredStep,
) -> Result<Vec<String>, Fault> {
    let rows: Vec<String> = required_field::Entity::find()
        .select_only()
        .column(required_field::Column::Field)
        .filter(required_field::Column::Step.eq(step))
        .filter(
            Condition::any()
                .add(required_field::Column::Kind.is_null())
                .add(required_field::Column::Kind.eq(kind)),
        )
        .filter(
            Condition::any()
                .add(required_field::Column::Source.is_null())
                .add(required_field::Column::Source.eq(source)),
        )
        .filter(required_field::Column::ValidFrom.lte(tx.today()))
        .filter(
            Condition::any()
                .add(required_field::Column::ValidTo.is_null())
                .add(required_field::Column::ValidTo.gte(tx.today())),
        )
        .distinct()
        .order_by_asc(required_field::Column::Field)
        .into_tuple()
        .all(tx.conn())
        .await?;
    Ok(rows)
}

/// The standard in force for the category on the civil day: [`rules::in_force`] says which. `fiscal_region_id` is the
/// region whose budget pays.
///
/// # Errors
/// When the database does not answer.
pub async fn standard_in_force(
    tx: &Tx,
    category_id: Uuid,
    fiscal_region_id: Uuid,
    civil_day: NaiveDate,
) -> Result<Option<allocation_standard::Model>, Fault> {
    Ok(standard_at(tx.conn(), &tx.reference(), category_id, fiscal_region_id, civil_day).await?)
}

/// As [`standard_in_force`], outside of a transaction.
///
/// # Errors
/// When the database does not answer.
pub async fn standard_at(
    conn: &impl ConnectionTrait,
    reference: &Reference,
    category_id: Uuid,
    fiscal_region_id: Uuid,
    civil_day: NaiveDate,
) -> Result<Option<allocation_standard::Model>, DbErr> {
    use allocation_standard::Column;
    let categories = reference.category_path(category_id);
    let regions = reference.region_path(fiscal_region_id);
    let candidates = allocation_standard::Entity::find()
        .filter(Column::CategoryId.is_in(categories.iter().copied()))
        .filter(
            Condition::any()
                .add(Column::RegionId.is_null())
                .add(Column::RegionId.is_in(regions.iter().copied())),
        )
        .filter(Column::ValidFrom.lte(civil_day))
        .filter(Condition::any().add(Column::ValidTo.is_null()).add(Column::ValidTo.gte(civil_day)))
        .all(conn)
        .await?;
    Ok(rules::in_force(&candidates, &regions, &categories, civil_day).cloned())
}

/// A number of the city's rule book as of today; the built-in default where the city has set none. Names, units and
/// defaults stand in [`super::settings::SETTINGS`].
///
/// # Errors
/// When there is no such setting, which is a mistake in the code, or the database does not answer.
pub async fn setting(tx: &Tx, name: &'static str) -> Result<i64, Fault> {
    let known = known_setting(name).ok_or_else(|| anyhow::anyhow!("there is no setting {name}"))?;
    let value: Option<i64> = city_setting::Entity::find()
        .select_only()
        .column(city_setting::Column::Value)
        .filter(city_setting::Column::Name.eq(name))
        .filter(city_setting::Column::ValidFrom.lte(tx.today()))
        .order_by_desc(city_setting::Column::ValidFrom)
        .limit(1)
        .into_tuple()
        .one(tx.conn())
        .await?;
    Ok(value.unwrap_or(known.default))
}
