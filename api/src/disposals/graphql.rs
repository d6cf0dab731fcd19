//! Root fields about disposals: they translate and decide nothing.

use std::collections::HashMap;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::NaiveDate;
use uuid::Uuid;

use super::nodes::{self, Disposal, DisposalConnection, StaleListing, StaleListingConnection, failed};
use super::proceeds::{self, GroupBy, Query, Row};
use super::read::{self, Filter, StaleFilter, StaleKey};
use super::row::Done;
use super::rules::Rung;
use super::{appraise, call_off, complete, object, price, propose, submit};
use crate::authz::Operation;
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::graphql::connection::{MOST, Page, PageInfo, cursor, page, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::{DisposalKind, DisposalState};
use crate::graphql::errors::{UserError, payload};
use crate::graphql::ids::{Kind, decode, expect, expect_some};
use crate::graphql::scalars::Money;
use crate::listings;
use crate::organisation::graphql::Unit;
use crate::savings::report::Part;

/// Longest number that can be looked for, in characters.
const LONGEST_NUMBER: usize = 100;

/// Which disposals a list shows; what is not set asks nothing.
#[derive(Debug, Default, InputObject)]
pub struct DisposalFilter {
    /// Of this unit.
    unit_id: Option<ID>,
    /// Of this listing.
    listing_id: Option<ID>,
    /// In one of these states.
    states: Option<Vec<DisposalState>>,
    /// Of one of these kinds.
    kinds: Option<Vec<DisposalKind>>,
    /// With exactly this number.
    number: Option<String>,
}

impl DisposalFilter {
    fn read(self) -> Result<Filter, Fault> {
        let mut faults = Vec::new();
        let number =
            checks::optional_text(&mut faults, "filter.number", self.number.as_deref(), LONGEST_NUMBER);
        Fault::all(faults)?;
        Ok(Filter {
            unit_id: expect_some(Kind::Unit, self.unit_id.as_ref(), "filter.unitId")?,
            listing_id: expect_some(Kind::Listing, self.listing_id.as_ref(), "filter.listingId")?,
            states: self.states.unwrap_or_default().into_iter().map(Into::into).collect(),
            kinds: self.kinds.unwrap_or_default().into_iter().map(Into::into).collect(),
            number,
        })
    }
}

/// Which proceeds count; what is not set asks nothing.
#[derive(Debug, Default, InputObject)]
pub struct DisposalProceedsFilter {
    /// First civil day on which they came in.
    from: Option<NaiveDate>,
    /// Last civil day, inclusive.
    to: Option<NaiveDate>,
    /// Of one of these units.
    unit_ids: Option<Vec<ID>>,
    /// Of one of these kinds.
    kinds: Option<Vec<DisposalKind>>,
}

/// A sum of proceeds.
#[derive(Debug)]
pub struct DisposalProceedsRow(Row);

#[Object]
impl DisposalProceedsRow {
    /// What came in: the treasury's, and no saving.
    async fn amount(&self) -> Money {
        self.0.amount.into()
    }

    /// Disposals that brought something in.
    async fn disposals(&self) -> i64 {
        self.0.disposals
    }

    /// Unit, where the rows are by it.
    async fn unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        match self.0.part(GroupBy::Unit)? {
            Part::Id(id) => Unit::of(&ctx.app().reference(), *id),
            Part::Text(_) => None,
        }
    }

    /// How the things went, where the rows are by it.
    async fn kind(&self) -> Option<DisposalKind> {
        let kind: entity::disposals::DisposalKind = self.text(GroupBy::Kind)?.parse().ok()?;
        Some(kind.into())
    }

    /// Month such as `2026-03`, where the rows are by it.
    async fn month(&self) -> Option<&str> {
        self.text(GroupBy::Month)
    }

    /// Year such as `2026`, where the rows are by it.
    async fn year(&self) -> Option<&str> {
        self.text(GroupBy::Year)
    }
}

impl DisposalProceedsRow {
    fn text(&self, key: GroupBy) -> Option<&str> {
        match self.0.part(key)? {
            Part::Text(text) => Some(text),
            Part::Id(_) => None,
        }
    }
}

/// A page of sums, and the sum of all of them.
#[derive(Debug, SimpleObject)]
pub struct DisposalProceedsConnection {
    /// Rows with their cursors, in the order of their keys.
    edges: Vec<DisposalProceedsEdge>,
    /// Where the page lies.
    page_info: PageInfo,
    /// Over all rows: equal to the sum of the rows.
    total: Money,
}

/// One sum and its cursor.
#[derive(Debug, SimpleObject)]
pub struct DisposalProceedsEdge {
    /// Cursor of this row.
    cursor: String,
    /// The row.
    node: DisposalProceedsRow,
}

/// That a thing cannot be repaired.
#[derive(Debug, InputObject)]
pub struct BeyondRepairInput {
    /// What is broken, up to 2,000 characters.
    note: String,
    /// Who found so, up to 300 characters.
    by: String,
}

/// A disposal that is proposed.
#[derive(Debug, InputObject)]
pub struct ProposeDisposalInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// What was offered in vain.
    listing_id: ID,
    /// How it is to go.
    kind: DisposalKind,
    /// Pieces; not set, all that are offered.
    quantity: Option<i32>,
    /// Why, up to 2,000 characters.
    justification: String,
    /// That it cannot be repaired: lets it be scrapped at any age, without waiting.
    beyond_repair: Option<BeyondRepairInput>,
}

/// An appraisal.
#[derive(Debug, InputObject)]
pub struct AppraiseDisposalInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Of which disposal.
    disposal_id: ID,
    /// By whom, up to 300 characters.
    by: String,
    /// Value of all pieces.
    value: Money,
    /// Day of the appraisal.
    on: NaiveDate,
    /// Last day on which it is good.
    valid_until: NaiveDate,
    /// Number or place of the report, up to 300 characters.
    report: String,
}

/// A disposal that is handed to its approvers.
#[derive(Debug, InputObject)]
pub struct SubmitDisposalInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Which.
    disposal_id: ID,
}

/// A price below the threshold that is asked for.
#[derive(Debug, InputObject)]
pub struct AskDisposalPriceInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Of which sale.
    disposal_id: ID,
    /// The least that it may go for.
    price: Money,
    /// Why, up to 2,000 characters.
    reason: String,
}

/// A unit that wants what is shown for disposal.
#[derive(Debug, InputObject)]
pub struct ObjectToDisposalInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Which.
    disposal_id: ID,
    /// The unit that wants it.
    unit_id: ID,
    /// What for, up to 2,000 characters.
    reason: String,
}

/// A disposal that was carried out.
#[derive(Debug, InputObject)]
pub struct CompleteDisposalInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Which.
    disposal_id: ID,
    /// Who got it; needed unless it was scrapped or written off.
    receiver: Option<String>,
    /// Proof: contract, receipt, record of destruction; up to 2,000 characters.
    evidence: String,
    /// What it brought in.
    proceeds: Money,
}

/// A disposal that is given up.
#[derive(Debug, InputObject)]
pub struct CallOffDisposalInput {
    /// The same key gives the same answer, once.
    idempotency_key: String,
    /// Which.
    disposal_id: ID,
    /// Why, up to 2,000 characters.
    reason: String,
}

/// Answer about a disposal.
#[derive(Debug, SimpleObject)]
pub struct DisposalPayload {
    /// The disposal as it is now; null where there are errors, or the caller does not see it any more.
    disposal: Option<Disposal>,
    /// What to put right.
    errors: Vec<UserError>,
}

/// Questions about disposals.
#[derive(Debug, Default)]
pub struct DisposalQuery;

#[Object]
impl DisposalQuery {
    /// A disposal; null where there is none for the caller.
    async fn disposal(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<Option<Disposal>> {
        let Some(id) = decode(Kind::Disposal, &id) else { return Ok(None) };
        one(ctx, id).await
    }

    /// Disposals of the caller's units and warehouses, and those that are shown to all, newest first.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn disposals(
        &self,
        ctx: &Context<'_>,
        filter: Option<DisposalFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<DisposalConnection> {
        let actor = ctx.actor()?;
        let outcome = async {
            let page: Page<Uuid> = Page::read(first, after.as_deref())?;
            let filter = filter.unwrap_or_default().read()?;
            Ok((page.first, read::page(ctx.app().db().read(), actor, &filter, &page).await?))
        };
        let (first, rows) = outcome.await.map_err(|fault: Fault| failed(ctx, fault))?;
        let nodes = nodes::disposals(ctx, rows, &ctx.look_ahead().field("edges").field("node")).await?;
        Ok(DisposalConnection::new(first, nodes, |node| node.row.disposal.id))
    }

    /// Offers that nobody asks for, by the days and rungs of the city's ladder (`stale_…_days`), the oldest first.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn stale_listings(
        &self,
        ctx: &Context<'_>,
        unit_id: Option<ID>,
        next_rung: Option<Rung>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<StaleListingConnection> {
        let (actor, app) = (ctx.actor()?, ctx.app());
        let selection = ctx.look_ahead().field("edges").field("node").field("listing");
        let outcome = async {
            let page: Page<StaleKey> = Page::read(first, after.as_deref())?;
            let unit_id = expect_some(Kind::Unit, unit_id.as_ref(), "unitId")?;
            let filter = StaleFilter { unit_id, rung: next_rung };
            let conn = app.db().read();
            let ladder = read::ladder(conn, app.clock().today()).await?;
            let stale = read::stale(conn, actor, app.clock(), &ladder, filter, &page).await?;
            let ids: Vec<Uuid> = stale.iter().filter(|_| selection.exists()).map(|stale| stale.id).collect();
            let wants = listings::graphql::wants(&selection);
            Ok((page.first, ladder, stale, listings::read::find_all(app, actor, &ids, wants).await?))
        };
        let (first, ladder, stale, rows) = outcome.await.map_err(|fault: Fault| failed(ctx, fault))?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let found = listings::graphql::listings(ctx, rows, &selection).await?;
        let mut by_id: HashMap<Uuid, _> = ids.into_iter().zip(found).collect();
        let nodes = stale
            .into_iter()
            .map(|stale| StaleListing {
                days: nodes::days_of(ctx, &stale),
                listing: by_id.remove(&stale.id),
                stale,
                ladder,
            })
            .collect();
        Ok(StaleListingConnection::new(first, nodes, |node| StaleKey(node.stale.listed_at, node.stale.id)))
    }

    /// What disposals brought in, summed by any grouping. It is the treasury's and never part of `savings`.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn disposal_proceeds(
        &self,
        ctx: &Context<'_>,
        #[graphql(default)] group_by: Vec<GroupBy>,
        filter: Option<DisposalProceedsFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<DisposalProceedsConnection> {
        let actor = ctx.actor()?;
        let outcome = async {
            let asked: Page<Vec<Part>> = Page::read(first, after.as_deref())?;
            let filter = filter.unwrap_or_default();
            let units = filter.unit_ids.unwrap_or_default();
            let unit = |id: &ID| expect(Kind::Unit, id, "filter.unitIds");
            let query = Query {
                group_by: distinct(group_by),
                from: filter.from,
                to: filter.to,
                units: units.iter().map(unit).collect::<Result<_, _>>()?,
                kinds: filter.kinds.unwrap_or_default().into_iter().map(Into::into).collect(),
                reach: actor.reach(Operation::DisposalProceeds),
            };
            if asked.after.as_ref().is_some_and(|after| !proceeds::fits(&query.group_by, after)) {
                return Err(Rejection::new(Code::BadPage).with("most", MOST).into());
            }
            // The rows and their sum are of one moment.
            let snapshot = ctx.app().db().snapshot().await?;
            let total = proceeds::total(&snapshot, &query).await?;
            let rows = proceeds::rows(&snapshot, &query, asked.after.as_deref(), asked.fetch()).await?;
            Ok((asked.first, rows, total))
        };
        let (first, mut rows, total) = outcome.await.map_err(|fault: Fault| failed(ctx, fault))?;
        let page_info = page(first, &mut rows, Row::key);
        let edge =
            |row: Row| DisposalProceedsEdge { cursor: cursor(&row.key()), node: DisposalProceedsRow(row) };
        Ok(DisposalProceedsConnection {
            edges: rows.into_iter().map(edge).collect(),
            page_info,
            total: total.map(|row| row.amount).unwrap_or_default().into(),
        })
    }
}

fn distinct(keys: Vec<GroupBy>) -> Vec<GroupBy> {
    let mut found = Vec::with_capacity(keys.len());
    for key in keys {
        if !found.contains(&key) {
            found.push(key);
        }
    }
    found
}

/// Changes of disposals.
#[derive(Debug, Default)]
pub struct DisposalMutation;

#[Object]
impl DisposalMutation {
    /// Proposes to dispose of what nobody took: its pieces are set aside at once, and offered again where it is given up.
    async fn propose_disposal(
        &self,
        ctx: &Context<'_>,
        input: ProposeDisposalInput,
    ) -> async_graphql::Result<DisposalPayload> {
        let outcome = async {
            let proposed = propose::Input {
                listing_id: expect(Kind::Listing, &input.listing_id, "listingId")?,
                kind: input.kind.into(),
                quantity: input.quantity.map(i64::from),
                justification: input.justification,
                beyond_repair: input
                    .beyond_repair
                    .map(|it| propose::BeyondRepair { note: it.note, by: it.by }),
            };
            propose::propose(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &proposed).await
        };
        answer(ctx, outcome.await).await
    }

    /// Enters an appraisal. A new one of what was approved already begins anew: approvals and publicity were for another value.
    async fn appraise_disposal(
        &self,
        ctx: &Context<'_>,
        input: AppraiseDisposalInput,
    ) -> async_graphql::Result<DisposalPayload> {
        let outcome = async {
            let appraised = appraise::Input {
                disposal_id: disposal(&input.disposal_id)?,
                by: input.by,
                value: input.value.0,
                on: input.on,
                valid_until: input.valid_until,
                report: input.report,
            };
            appraise::appraise(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &appraised).await
        };
        answer(ctx, outcome.await).await
    }

    /// Hands a disposal to its approvers; what is sold or exchanged is appraised first.
    async fn submit_disposal(
        &self,
        ctx: &Context<'_>,
        input: SubmitDisposalInput,
    ) -> async_graphql::Result<DisposalPayload> {
        let outcome = async {
            let submitted = submit::Input { disposal_id: disposal(&input.disposal_id)? };
            submit::submit(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &submitted).await
        };
        answer(ctx, outcome.await).await
    }

    /// Asks the approvers to let a sale go for less than the threshold (`disposal_price_percent` of its appraisal).
    async fn ask_disposal_price(
        &self,
        ctx: &Context<'_>,
        input: AskDisposalPriceInput,
    ) -> async_graphql::Result<DisposalPayload> {
        let outcome = async {
            let asked = price::Input {
                disposal_id: disposal(&input.disposal_id)?,
                price: input.price.0,
                reason: input.reason,
            };
            price::ask(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &asked).await
        };
        answer(ctx, outcome.await).await
    }

    /// While it is shown: a unit wants the thing. Reuse goes first: the disposal is given up, and the thing offered again to all.
    async fn object_to_disposal(
        &self,
        ctx: &Context<'_>,
        input: ObjectToDisposalInput,
    ) -> async_graphql::Result<DisposalPayload> {
        let outcome = async {
            let objection = object::Input {
                disposal_id: disposal(&input.disposal_id)?,
                unit_id: expect(Kind::Unit, &input.unit_id, "unitId")?,
                reason: input.reason,
            };
            object::object(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &objection).await
        };
        answer(ctx, outcome.await).await
    }

    /// Notes that a disposal was carried out, after its publicity: the card leaves the books and keeps its history.
    async fn complete_disposal(
        &self,
        ctx: &Context<'_>,
        input: CompleteDisposalInput,
    ) -> async_graphql::Result<DisposalPayload> {
        let outcome = async {
            let completed = complete::Input {
                disposal_id: disposal(&input.disposal_id)?,
                receiver: input.receiver,
                evidence: input.evidence,
                proceeds: input.proceeds.0,
            };
            complete::complete(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &completed).await
        };
        answer(ctx, outcome.await).await
    }

    /// Gives a disposal up: what it was about is offered again.
    async fn call_off_disposal(
        &self,
        ctx: &Context<'_>,
        input: CallOffDisposalInput,
    ) -> async_graphql::Result<DisposalPayload> {
        let outcome = async {
            let called_off =
                call_off::Input { disposal_id: disposal(&input.disposal_id)?, reason: input.reason };
            call_off::call_off(ctx.app(), actor(ctx)?, Some(&input.idempotency_key), &called_off).await
        };
        answer(ctx, outcome.await).await
    }
}

fn disposal(id: &ID) -> Result<Uuid, Fault> {
    Ok(expect(Kind::Disposal, id, "disposalId")?)
}

fn actor<'a>(ctx: &Context<'a>) -> Result<&'a crate::identity::Actor, Fault> {
    ctx.actor().map_err(|_| Fault::Unauthenticated)
}

async fn one(ctx: &Context<'_>, id: Uuid) -> async_graphql::Result<Option<Disposal>> {
    let conn = ctx.app().db().read();
    let actor = ctx.actor()?;
    let found = async { read::with_cards(conn, read::find_all(conn, actor, &[id]).await?).await };
    let found = found.await.map_err(|error| failed(ctx, error.into()))?;
    Ok(found.into_iter().next().map(Disposal::from))
}

async fn answer(ctx: &Context<'_>, outcome: Result<Done, Fault>) -> async_graphql::Result<DisposalPayload> {
    let (done, errors) = payload(outcome, ctx.actor()?.locale())?;
    let disposal = match done {
        None => None,
        Some(done) => one(ctx, done.disposal_id).await?,
    };
    Ok(DisposalPayload { disposal, errors })
}
