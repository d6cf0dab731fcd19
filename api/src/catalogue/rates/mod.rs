//! Rental rates: what a piece of a category would cost to rent for a day, by jurisdiction and date. What a loan saves is
//! reckoned by them. Kept as the allocation standards are: a new revision ends the one before, and no row is ever changed but
//! for its last day.

pub mod graphql;

use chrono::NaiveDate;
use entity::Money;
use entity::catalogue::{category, rental_rate};
use entity::events::Subject;
use entity::organisation::region;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};
use serde::Serialize;
use uuid::Uuid;

use super::rules;
use crate::app::App;
use crate::audit::read::{told, unpaired};
use crate::authz::{Operation, Parties};
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::{Actor, session};
use crate::organisation::rules::{required, year};
use crate::write::{Command, Tx};

/// Highest rate of one piece for one day, in minor units.
const HIGHEST: i64 = 100_000_000;

/// All that is said about a revision of a rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RateForm {
    /// Jurisdiction; none means everywhere.
    pub region_id: Option<Uuid>,
    /// The category.
    pub category_id: Uuid,
    /// Of one piece for one day.
    pub fen_per_day: Money,
    /// Document or market survey it comes from.
    pub source: String,
    /// First day.
    pub valid_from: NaiveDate,
}

impl From<&rental_rate::Model> for RateForm {
    fn from(row: &rental_rate::Model) -> Self {
        Self {
            region_id: row.region_id,
            category_id: row.category_id,
            fen_per_day: row.fen_per_day,
            source: row.source.clone(),
            valid_from: row.valid_from,
        }
    }
}

impl RateForm {
    /// As it is kept, with everything that is wrong with it alone.
    fn cleaned(self) -> (Self, Vec<Rejection>) {
        let mut faults = Vec::new();
        let form = Self { source: required(&mut faults, "source", &self.source, 200), ..self };
        checks::range(&mut faults, "fenPerDay", form.fen_per_day.0, 1, HIGHEST);
        year(&mut faults, "validFrom", form.valid_from);
        (form, faults)
    }
}

/// A rate as the audit trail keeps it: the whole form, and its revision.
#[must_use]
pub fn record(row: &rental_rate::Model) -> serde_json::Value {
    let mut record = serde_json::json!(RateForm::from(row));
    record["revision"] = row.revision.into();
    record
}

/// Puts a revision of a rate into force, and gives its id.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::NotFound`], [`Code::NewerStandard`], and what is wrong with the form.
pub async fn set_rental_rate(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    form: &RateForm,
) -> Result<Uuid, Fault> {
    actor.allow(Operation::SetRentalRate, &Parties::default())?;
    app.write(actor, Command::new("setRentalRate", key, form), |tx| async move {
        // For its lock: two revisions of one rate must not both follow the same one.
        session::rights_changed(&tx).await?;
        Ok(put(&tx, form.clone()).await?.id)
    })
    .await
}

async fn put(tx: &Tx, form: RateForm) -> Result<rental_rate::Model, Fault> {
    use rental_rate::Column;
    let (form, mut faults) = form.cleaned();
    if category::Entity::find_by_id(form.category_id).one(tx.conn()).await?.is_none() {
        faults.push(Rejection::new(Code::NotFound).at("categoryId"));
    }
    if let Some(region) = form.region_id
        && region::Entity::find_by_id(region).one(tx.conn()).await?.is_none()
    {
        faults.push(Rejection::new(Code::NotFound).at("regionId"));
    }
    let same = rental_rate::Entity::find().filter(Column::CategoryId.eq(form.category_id));
    let same = match form.region_id {
        Some(region) => same.filter(Column::RegionId.eq(region)),
        None => same.filter(Column::RegionId.is_null()),
    };
    let last = same.order_by_desc(Column::Revision).one(tx.conn()).await?;
    if let Some(last) = last.as_ref().filter(|last| last.valid_from > form.valid_from) {
        faults.push(Rejection::new(Code::NewerStandard).at("validFrom").with("day", last.valid_from));
    }
    // What is in the ledger was reckoned by what was in force: that is not changed behind its back.
    if form.valid_from < tx.today() && last.is_some() {
        faults.push(Rejection::new(Code::InThePast).at("validFrom").with("today", tx.today()));
    }
    Fault::all(faults)?;
    if let Some(last) = &last {
        if RateForm::from(last) == form && last.valid_to.is_none() {
            return Ok(last.clone());
        }
        let end = form.valid_from.pred_opt();
        rental_rate::Entity::update_many()
            .col_expr(Column::ValidTo, Expr::value(end))
            .filter(Column::Id.eq(last.id))
            .exec(tx.conn())
            .await?;
        let payload = serde_json::json!({ "validTo": end });
        tx.record(Subject::RentalRate, last.id, last.revision, "rentalRate.ended", &payload);
    }
    let row = rental_rate::Model {
        id: tx.id(),
        region_id: form.region_id,
        category_id: form.category_id,
        fen_per_day: form.fen_per_day,
        source: form.source,
        revision: last.map_or(1, |last| last.revision + 1),
        valid_from: form.valid_from,
        valid_to: None,
    };
    rental_rate::Entity::insert(row.clone().into_active_model().reset_all())
        .exec_without_returning(tx.conn())
        .await?;
    tx.record(Subject::RentalRate, row.id, row.revision, "rentalRate.set", &record(&row));
    Ok(row)
}

/// The rates that are in force on days from `from` to `to`, for a category and the region whose budget pays: each with its
/// first and last day among them; days without a rate have none.
///
/// # Errors
/// When the database does not answer.
pub async fn in_force(
    tx: &Tx,
    category_id: Uuid,
    fiscal_region_id: Uuid,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<(Option<rental_rate::Model>, NaiveDate, NaiveDate)>, Fault> {
    use rental_rate::Column;
    let reference = tx.reference();
    let categories = reference.category_path(category_id);
    let regions = reference.region_path(fiscal_region_id);
    let of_region =
        Condition::any().add(Column::RegionId.is_null()).add(Column::RegionId.is_in(regions.iter().copied()));
    let candidates = rental_rate::Entity::find()
        .filter(Column::CategoryId.is_in(categories.iter().copied()))
        .filter(of_region)
        .filter(Column::ValidFrom.lte(to))
        .filter(Condition::any().add(Column::ValidTo.is_null()).add(Column::ValidTo.gte(from)))
        .all(tx.conn())
        .await?;
    let spans = rules::rates_in_force(&candidates, &regions, &categories, from, to);
    Ok(spans.into_iter().map(|(rate, from, to)| (rate.cloned(), from, to)).collect())
}

/// Rates in the order they were made, after `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn rates(
    conn: &impl ConnectionTrait,
    category: Option<Uuid>,
    region: Option<Uuid>,
    on: Option<NaiveDate>,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<rental_rate::Model>, DbErr> {
    use rental_rate::Column;
    let mut query = rental_rate::Entity::find();
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

/// Checks all rates against their trails; gives what does not agree (empty: all is well) and how many were read.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(app: &App, conn: &impl ConnectionTrait) -> Result<(Vec<String>, u64), DbErr> {
    let mut faults = unpaired(conn, Subject::RentalRate, "rental_rate").await?;
    // A city has some hundreds.
    let rates = rental_rate::Entity::find().all(conn).await?;
    let told = told(app, conn, Subject::RentalRate, (Uuid::nil(), Uuid::max())).await?;
    for row in &rates {
        let (mut set, mut ended) = (None, serde_json::Value::Null);
        for (action, payload) in told.of(row.id) {
            match (action.as_str(), payload) {
                ("rentalRate.set" | "rentalRate.loaded", Some(payload)) => set = Some(payload.clone()),
                ("rentalRate.ended", Some(payload)) => ended = payload["validTo"].clone(),
                _ => {}
            }
        }
        if set.as_ref() != Some(&record(row)) || ended != serde_json::json!(row.valid_to) {
            faults.push(format!("rental rate {}: it is not what was set", row.id));
        }
    }
    Ok((faults, rates.len() as u64))
}
