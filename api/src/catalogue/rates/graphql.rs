//! Rental rates in the schema.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::NaiveDate;
use entity::catalogue::rental_rate;
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::{RateForm, rates, set_rental_rate};
use crate::catalogue::graphql::Category;
use crate::fault::Fault;
use crate::graphql::connection::{Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::errors::{self, UserError};
use crate::graphql::ids::{Kind, encode, expect, expect_some};
use crate::graphql::scalars::Money;
use crate::organisation::graphql::Region;

/// What a piece of a category would cost to rent for a day, by jurisdiction and date.
#[derive(Clone, Debug)]
pub struct RentalRate(rental_rate::Model);

#[Object]
impl RentalRate {
    /// Global id.
    async fn id(&self) -> ID {
        encode(Kind::RentalRate, self.0.id)
    }

    /// Jurisdiction; none means everywhere.
    async fn region(&self, ctx: &Context<'_>) -> Option<Region> {
        self.0.region_id.and_then(|id| Region::of(&ctx.app().reference(), id))
    }

    /// The category; the rate holds of those below it too.
    async fn category(&self, ctx: &Context<'_>) -> Option<Category> {
        Category::of(&ctx.app().reference(), self.0.category_id)
    }

    /// Of one piece for one day.
    async fn per_day(&self) -> Money {
        self.0.fen_per_day.into()
    }

    /// Document or market survey it comes from.
    async fn source(&self) -> &str {
        &self.0.source
    }

    /// 1, 2, 3 … of the same jurisdiction and category.
    async fn revision(&self) -> i64 {
        self.0.revision
    }

    /// First day.
    async fn valid_from(&self) -> NaiveDate {
        self.0.valid_from
    }

    /// Last day, inclusive; none while it is open.
    async fn valid_to(&self) -> Option<NaiveDate> {
        self.0.valid_to
    }
}

connection!(RentalRateConnection, RentalRateEdge, RentalRate);

/// Which rates are asked for; all conditions must hold.
#[derive(Debug, Default, InputObject)]
pub struct RentalRateFilter {
    /// Of this category.
    category_id: Option<ID>,
    /// Of this jurisdiction.
    region_id: Option<ID>,
    /// In force on this day.
    on: Option<NaiveDate>,
}

/// A revision of a rate; the one before it of the same jurisdiction and category ends the day before.
#[derive(Debug, InputObject)]
pub struct SetRentalRateInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// Jurisdiction; none means everywhere.
    region_id: Option<ID>,
    /// The category.
    category_id: ID,
    /// Of one piece for one day.
    per_day: Money,
    /// Document or market survey it comes from.
    source: String,
    /// First day.
    valid_from: NaiveDate,
}

impl SetRentalRateInput {
    fn read(&self) -> Result<RateForm, Fault> {
        Ok(RateForm {
            region_id: expect_some(Kind::Region, self.region_id.as_ref(), "regionId")?,
            category_id: expect(Kind::Category, &self.category_id, "categoryId")?,
            fen_per_day: self.per_day.0,
            source: self.source.clone(),
            valid_from: self.valid_from,
        })
    }
}

/// The revision, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct SetRentalRatePayload {
    /// The revision that says so.
    rental_rate: Option<RentalRate>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// Questions about rental rates.
#[derive(Debug, Default)]
pub struct RatesQuery;

#[Object]
impl RatesQuery {
    /// Rental rates in the order they were made.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn rental_rates(
        &self,
        ctx: &Context<'_>,
        #[graphql(default)] filter: RentalRateFilter,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<RentalRateConnection> {
        let locale = ctx.actor()?.locale();
        let outcome = async {
            let page: Page<Uuid> = Page::read(first, after.as_deref())?;
            let category = expect_some(Kind::Category, filter.category_id.as_ref(), "filter.categoryId")?;
            let region = expect_some(Kind::Region, filter.region_id.as_ref(), "filter.regionId")?;
            let conn = ctx.app().db().read();
            Ok((page.first, rates(conn, category, region, filter.on, page.after, page.fetch()).await?))
        };
        let (first, rows) = outcome.await.map_err(|fault: Fault| errors::query_error(fault, locale))?;
        let nodes = rows.into_iter().map(RentalRate).collect();
        Ok(RentalRateConnection::new(first, nodes, |rate: &RentalRate| rate.0.id))
    }
}

/// Changes of rental rates.
#[derive(Debug, Default)]
pub struct RatesMutation;

#[Object]
impl RatesMutation {
    /// Puts a revision of a rental rate into force.
    async fn set_rental_rate(
        &self,
        ctx: &Context<'_>,
        input: SetRentalRateInput,
    ) -> async_graphql::Result<SetRentalRatePayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = match input.read() {
            Ok(form) => set_rental_rate(app, actor, Some(&input.idempotency_key), &form).await,
            Err(fault) => Err(fault),
        };
        let (id, errors) = errors::payload(outcome, actor.locale())?;
        let rental_rate = match id {
            Some(id) => {
                let found = rental_rate::Entity::find_by_id(id).one(app.db().read()).await;
                found.map_err(|error| errors::to_error(error.into()))?.map(RentalRate)
            }
            None => None,
        };
        Ok(SetRentalRatePayload { rental_rate, errors })
    }
}
