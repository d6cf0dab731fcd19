//! What other slices may ask of the rule book inside their transaction, and what the import may write.

use chrono::NaiveDate;
use entity::catalogue::{
    AssetKind, AssetSource, RequiredStep, allocation_standard, category, required_field,
};
use entity::events::Subject;
use entity::organisation::region;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::forms::{CategoryForm, StandardForm, standard_record};
use super::{read, rules};
use crate::fault::{Code, Fault, Rejection};
use crate::organisation::Reference;
use crate::organisation::steps::{Target, stale_unless_one};
use crate::organisation::tree;
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
    read::setting(tx.conn(), name, tx.today()).await
}

/// Makes a category, or changes the one named by `target`. The caller has called
/// [`rights_changed`](crate::identity::session::rights_changed) first, as for [units](crate::organisation::steps).
///
/// # Errors
/// [`Code::Stale`], [`Code::NotFound`], and everything that is wrong with the form.
pub async fn put_category(
    tx: &Tx,
    target: Option<Target>,
    form: CategoryForm,
) -> Result<category::Model, Fault> {
    let (form, mut faults) = form.cleaned();
    let id = target.map(|(id, _)| id);
    if let Some(id) = id {
        find_category(tx, id).await?.ok_or(Code::NotFound)?;
    }
    if let Some(parent) = form.parent_id {
        match find_category(tx, parent).await? {
            Some(found) if (&found.system, &found.edition) == (&form.system, &form.edition) => {
                let above = tree::path_up(parent, async |id| {
                    Ok(find_category(tx, id).await?.and_then(|row| row.parent_id))
                })
                .await?;
                faults.extend(tree::fits(id, &above, "parentId").err());
            }
            _ => faults.push(Rejection::new(Code::NotFound).at("parentId")),
        }
    }
    let same = category::Entity::find()
        .filter(category::Column::System.eq(&form.system))
        .filter(category::Column::Edition.eq(&form.edition))
        .filter(category::Column::Code.eq(&form.code))
        .one(tx.conn())
        .await?;
    if same.is_some_and(|same| Some(same.id) != id) {
        faults.push(Rejection::new(Code::Duplicate).at("code"));
    }
    Fault::all(faults)?;
    let row = category::Model {
        id: id.unwrap_or_else(|| tx.id()),
        system: form.system.clone(),
        edition: form.edition.clone(),
        code: form.code.clone(),
        name: form.name.clone(),
        parent_id: form.parent_id,
        kind: form.kind,
        depreciation_months: form.depreciation_months,
        has_disk: form.has_disk,
        valid_from: form.valid_from,
        valid_to: form.valid_to,
        version: target.map_or(1, |(_, version)| version + 1),
    };
    if let Some((id, version)) = target {
        let changed = category::Entity::update_many()
            .set(row.clone().into_active_model().reset_all())
            .filter(category::Column::Id.eq(id))
            .filter(category::Column::Version.eq(version))
            .exec(tx.conn())
            .await?;
        stale_unless_one(changed.rows_affected)?;
    } else {
        category::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx.conn()).await?;
    }
    let kind = if id.is_some() { "category.changed" } else { "category.created" };
    tx.record(Subject::Category, row.id, row.version, kind, &form);
    Ok(row)
}

/// Puts a revision of a standard into force: the one before ends the day before. A revision that says what is in force
/// anyway is not made (then the second value is false). Rows are never changed but for their last day, because savings
/// point at them.
///
/// # Errors
/// [`Code::NotFound`], [`Code::NewerStandard`], and everything that is wrong with the form.
pub async fn put_standard(tx: &Tx, form: StandardForm) -> Result<(allocation_standard::Model, bool), Fault> {
    use allocation_standard::Column;
    let (form, mut faults) = form.cleaned();
    if find_category(tx, form.category_id).await?.is_none() {
        faults.push(Rejection::new(Code::NotFound).at("categoryId"));
    }
    if let Some(region) = form.region_id
        && region::Entity::find_by_id(region).one(tx.conn()).await?.is_none()
    {
        faults.push(Rejection::new(Code::NotFound).at("regionId"));
    }
    let mut same = allocation_standard::Entity::find().filter(Column::CategoryId.eq(form.category_id));
    same = match form.region_id {
        Some(region) => same.filter(Column::RegionId.eq(region)),
        None => same.filter(Column::RegionId.is_null()),
    };
    same = match &form.rank {
        Some(rank) => same.filter(Column::Rank.eq(rank)),
        None => same.filter(Column::Rank.is_null()),
    };
    let revisions = same.order_by_desc(Column::Revision).all(tx.conn()).await?;
    // One that was replaced on its first day was never in force, and says nothing of what is.
    let in_force = |revision: &&allocation_standard::Model| {
        revision.valid_to.is_none_or(|to| to >= revision.valid_from) && StandardForm::from(*revision) == form
    };
    if let Some(same) = revisions.iter().find(in_force) {
        return Ok((same.clone(), false));
    }
    let last = revisions.into_iter().next();
    if let Some(last) = last.as_ref().filter(|last| last.valid_from > form.valid_from) {
        faults.push(Rejection::new(Code::NewerStandard).at("validFrom").with("day", last.valid_from));
    }
    Fault::all(faults)?;
    let end = form.valid_from.pred_opt();
    if let Some(last) = &last
        && last.valid_to.is_none_or(|to| end.is_some_and(|end| to > end))
    {
        allocation_standard::Entity::update_many()
            .col_expr(Column::ValidTo, Expr::value(end))
            .filter(Column::Id.eq(last.id))
            .exec(tx.conn())
            .await?;
        let payload = serde_json::json!({ "validTo": end });
        tx.record(Subject::Standard, last.id, last.revision, "standard.ended", &payload);
    }
    let row = allocation_standard::Model {
        id: tx.id(),
        region_id: form.region_id,
        category_id: form.category_id,
        rank: form.rank.clone(),
        price_cap: form.price_cap,
        min_service_months: form.min_service_months,
        cap_percent: form.cap_percent,
        source: form.source.clone(),
        revision: last.map_or(1, |last| last.revision + 1),
        valid_from: form.valid_from,
        valid_to: None,
    };
    allocation_standard::Entity::insert(row.clone().into_active_model())
        .exec_without_returning(tx.conn())
        .await?;
    tx.record(Subject::Standard, row.id, row.revision, "standard.set", &standard_record(&row));
    Ok((row, true))
}

async fn find_category(tx: &Tx, id: Uuid) -> Result<Option<category::Model>, Fault> {
    Ok(category::Entity::find_by_id(id).one(tx.conn()).await?)
}
