//! What a unit is entitled to, in the schema.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::NaiveDate;
use uuid::Uuid;

use super::override_block::{OverrideBlock, override_block};
use super::read::{self, Capped};
use super::rules::Allowance;
use super::set_unit_cap::{SetUnitCap, set_unit_cap};
use super::set_unit_quota::{SetUnitQuota, set_unit_quota};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::catalogue;
use crate::catalogue::graphql::Category;
use crate::fault::Fault;
use crate::graphql::context::Given;
use crate::graphql::enums::QuotaKind;
use crate::graphql::errors::{self, UserError};
use crate::graphql::ids::{Kind, expect};

/// A quantity cap of a unit, and what of it is left.
#[derive(Debug)]
pub struct QuantityCap {
    capped: Capped,
    allowance: Allowance,
}

#[Object]
impl QuantityCap {
    /// What is capped, with all below it; null for vehicles.
    async fn category(&self, ctx: &Context<'_>) -> Option<Category> {
        let standard = self.capped.standard.as_ref()?;
        Category::of(&ctx.app().reference(), standard.category_id)
    }

    /// Document that sets the cap; null for vehicles.
    async fn source(&self) -> Option<&str> {
        self.capped.standard.as_ref().map(|standard| standard.source.as_str())
    }

    /// Staff that counts; null where nobody has entered it.
    async fn staff(&self) -> Option<i64> {
        self.capped.staff
    }

    /// In per cent of staff; null for vehicles.
    async fn percent(&self) -> Option<i64> {
        self.capped.percent
    }

    /// Most pieces; null where what it is reckoned from was not entered: then a request says why it is needed.
    async fn cap(&self) -> Option<i64> {
        self.allowance.cap
    }

    /// Pieces the unit holds.
    async fn held(&self) -> i64 {
        self.allowance.held
    }

    /// Pieces it has asked for and not got.
    async fn pending(&self) -> i64 {
        self.allowance.pending
    }

    /// Pieces that may still be asked for.
    async fn left(&self) -> Option<i64> {
        self.allowance.left()
    }
}

/// What a unit may ask for.
#[derive(Debug, SimpleObject)]
pub struct UnitAllowance {
    /// Caps by category.
    caps: Vec<QuantityCap>,
    /// Vehicles.
    vehicles: QuantityCap,
    /// Numbers of the hand-overs that it should have confirmed, the oldest first, up to 100: with one it asks for nothing more.
    overdue_receipts: Vec<String>,
    /// Until when the office lets it go on all the same.
    overridden_until: Option<NaiveDate>,
    /// Why it does.
    override_reason: Option<String>,
}

impl UnitAllowance {
    async fn load(app: &App, unit: Uuid) -> Result<Self, Fault> {
        let (conn, reference) = (app.db().read(), app.reference());
        let today = app.clock().today();
        let days = catalogue::read::setting(conn, "deemed_receipt_days", today).await?;
        let mut caps = Vec::new();
        for capped in read::caps(conn, &reference, unit, today).await? {
            caps.push(QuantityCap { allowance: capped.allowance(conn, unit).await?, capped });
        }
        let capped = read::vehicles(conn, unit, today).await?;
        let overridden = read::block_override(conn, unit, today).await?;
        Ok(Self {
            caps,
            vehicles: QuantityCap { allowance: capped.allowance(conn, unit).await?, capped },
            overdue_receipts: read::overdue_receipts(conn, app.clock(), unit, days).await?,
            overridden_until: overridden.as_ref().map(|row| row.until_day),
            override_reason: overridden.map(|row| row.reason),
        })
    }
}

/// Root queries of what units are entitled to.
#[derive(Debug, Default)]
pub struct QuotasQuery;

#[Object]
impl QuotasQuery {
    /// What a unit may ask for: its caps, what is left of them, and whether something keeps it from asking. Null where there is no
    /// such unit, or not for the caller.
    #[graphql(complexity = "50 + 10 * child_complexity")]
    async fn unit_allowance(
        &self,
        ctx: &Context<'_>,
        unit_id: ID,
    ) -> async_graphql::Result<Option<UnitAllowance>> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = async {
            let unit = expect(Kind::Unit, &unit_id, "unitId")?;
            let known = app.reference().unit(unit).is_some();
            if !known || actor.allow(Operation::UnitAllowance, &Parties::receiver(unit)).is_err() {
                return Ok(None);
            }
            UnitAllowance::load(app, unit).await.map(Some)
        };
        outcome.await.map_err(|fault: Fault| errors::query_error(fault, actor.locale()))
    }
}

/// A number to be entered; the one before it ends the day before.
#[derive(Debug, InputObject)]
pub struct SetUnitQuotaInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// The unit.
    unit_id: ID,
    /// What is counted.
    kind: QuotaKind,
    /// Rank of staff; all of them where it is left out.
    rank: Option<String>,
    /// How many.
    count: i64,
    /// Document it comes from, up to 200 characters.
    source: String,
    /// First day; today where it is left out.
    valid_from: Option<NaiveDate>,
}

/// A cap of one unit that is other than the standard says; the one before it ends the day before.
#[derive(Debug, InputObject)]
pub struct SetUnitCapInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// The unit.
    unit_id: ID,
    /// The category, and all below it.
    category_id: ID,
    /// In per cent of staff; as the standard says where it is left out.
    cap_percent: Option<i64>,
    /// Why, up to 500 characters.
    reason: String,
    /// First day; today where it is left out.
    valid_from: Option<NaiveDate>,
}

/// A unit to be let go on.
#[derive(Debug, InputObject)]
pub struct OverrideBlockInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// The unit.
    unit_id: ID,
    /// Why, up to 500 characters.
    reason: String,
    /// Last day, inclusive; a year at most.
    until_day: NaiveDate,
}

/// What the unit may ask for now, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct UnitAllowancePayload {
    /// As it is now.
    allowance: Option<UnitAllowance>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// Root mutations of what units are entitled to.
#[derive(Debug, Default)]
pub struct QuotasMutation;

#[Object]
impl QuotasMutation {
    /// Enters how many people or vehicles a unit is entitled to from a day on.
    async fn set_unit_quota(
        &self,
        ctx: &Context<'_>,
        input: SetUnitQuotaInput,
    ) -> async_graphql::Result<UnitAllowancePayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = async {
            let unit_id = expect(Kind::Unit, &input.unit_id, "unitId")?;
            let order = SetUnitQuota {
                unit_id,
                kind: input.kind.into(),
                rank: input.rank,
                count: input.count,
                source: input.source,
                valid_from: input.valid_from.unwrap_or_else(|| app.clock().today()),
            };
            set_unit_quota(app, actor, Some(&input.idempotency_key), &order).await?;
            Ok(unit_id)
        };
        answer(ctx, outcome.await).await
    }

    /// Sets a unit a quantity cap of its own from a day on, or takes it away.
    async fn set_unit_cap(
        &self,
        ctx: &Context<'_>,
        input: SetUnitCapInput,
    ) -> async_graphql::Result<UnitAllowancePayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = async {
            let unit_id = expect(Kind::Unit, &input.unit_id, "unitId")?;
            let order = SetUnitCap {
                unit_id,
                category_id: expect(Kind::Category, &input.category_id, "categoryId")?,
                cap_percent: input.cap_percent,
                reason: input.reason,
                valid_from: input.valid_from.unwrap_or_else(|| app.clock().today()),
            };
            set_unit_cap(app, actor, Some(&input.idempotency_key), &order).await?;
            Ok(unit_id)
        };
        answer(ctx, outcome.await).await
    }

    /// Lets a unit ask for more although it has not confirmed what it was handed.
    async fn override_block(
        &self,
        ctx: &Context<'_>,
        input: OverrideBlockInput,
    ) -> async_graphql::Result<UnitAllowancePayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = async {
            let unit_id = expect(Kind::Unit, &input.unit_id, "unitId")?;
            let order = OverrideBlock { unit_id, reason: input.reason, until_day: input.until_day };
            override_block(app, actor, Some(&input.idempotency_key), &order).await?;
            Ok(unit_id)
        };
        answer(ctx, outcome.await).await
    }
}

async fn answer(
    ctx: &Context<'_>,
    outcome: Result<Uuid, Fault>,
) -> async_graphql::Result<UnitAllowancePayload> {
    let (unit, errors) = errors::payload(outcome, ctx.actor()?.locale())?;
    let allowance = match unit {
        Some(unit) => Some(UnitAllowance::load(ctx.app(), unit).await.map_err(errors::to_error)?),
        None => None,
    };
    Ok(UnitAllowancePayload { allowance, errors })
}
