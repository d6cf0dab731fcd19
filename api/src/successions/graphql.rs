//! Successions of units in the schema.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use entity::successions::succession;
use uuid::Uuid;

use super::passes::Thing;
use super::read::{self, Counted, Which};
use super::row::Done;
use super::rules::{ShareForm, SuccessionForm};
use super::{announce, call_off, draft, start};
use crate::catalogue::graphql::Category;
use crate::fault::{Code, Fault, Rejection};
use crate::graphql::connection::{Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::{SuccessionKind, SuccessionState};
use crate::graphql::errors::{self, UserError};
use crate::graphql::ids::{Kind, encode, expect, expect_some};
use crate::organisation::graphql::Unit;

/// Units are merged, split or closed (单位撤并), and what they have and do passes to others.
#[derive(Clone, Debug)]
pub struct Succession(succession::Model);

#[Object]
impl Succession {
    /// Global id.
    pub async fn id(&self) -> ID {
        encode(Kind::Succession, self.0.id)
    }
    /// Number.
    async fn number(&self) -> &str {
        &self.0.number
    }
    /// What happens.
    async fn kind(&self) -> SuccessionKind {
        self.0.kind.into()
    }
    /// Its life.
    async fn state(&self) -> SuccessionState {
        self.0.state.into()
    }
    /// Why.
    async fn reason(&self) -> &str {
        &self.0.reason
    }
    /// Number of the deciding paper (批文号).
    async fn paper(&self) -> &str {
        &self.0.paper
    }
    /// First day of the new order: from then on things pass.
    async fn effective_on(&self) -> NaiveDate {
        self.0.effective_on
    }
    /// The units that are succeeded.
    #[graphql(complexity = "10 + child_complexity")]
    async fn units(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Unit>> {
        let (units, _) = read::details(ctx.app(), self.0.id).await.map_err(errors::to_error)?;
        let reference = ctx.app().reference();
        Ok(units.into_iter().filter_map(|id| Unit::of(&reference, id)).collect())
    }
    /// Takes everything that no share names.
    async fn successor(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.0.successor_id)
    }
    /// Of a split: which cards go elsewhere; the first that fits counts.
    #[graphql(complexity = "10 + child_complexity")]
    async fn shares(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<SuccessionShare>> {
        let (_, shares) = read::details(ctx.app(), self.0.id).await.map_err(errors::to_error)?;
        Ok(shares.into_iter().map(SuccessionShare).collect())
    }
    /// How much of what passes from whom to whom, as things stand now.
    #[graphql(complexity = "200 + child_complexity")]
    async fn preview(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<SuccessionCount>> {
        let counted = read::preview(ctx.app(), &self.0).await.map_err(errors::to_error)?;
        Ok(counted.into_iter().map(SuccessionCount).collect())
    }
    /// How far it is.
    async fn progress(&self) -> SuccessionProgress {
        SuccessionProgress {
            cards: self.0.cards,
            renumbered: self.0.renumbered,
            listings: self.0.listings,
            lines: self.0.lines,
            transfers: self.0.transfers,
            loans: self.0.loans,
            ended: self.0.ended_lines,
        }
    }
    /// When it was written down.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
    /// When it was made known.
    async fn announced_at(&self) -> Option<DateTime<Utc>> {
        self.0.announced_at
    }
    /// When things began to pass.
    async fn started_at(&self) -> Option<DateTime<Utc>> {
        self.0.started_at
    }
    /// When all had passed, or it was called off.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at
    }
    /// Give it back with the next command.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// Cards that go to another successor: all that is said of them must hold.
#[derive(Clone, Debug)]
pub struct SuccessionShare(ShareForm);

#[Object]
impl SuccessionShare {
    /// Who takes them.
    async fn unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.0.unit_id)
    }
    /// These cards; empty: any.
    async fn asset_ids(&self) -> Vec<ID> {
        self.0.asset_ids.iter().map(|id| encode(Kind::Asset, *id)).collect()
    }
    /// Stored in this place or in what lies in it.
    async fn place_id(&self) -> Option<ID> {
        self.0.place_id.map(|id| encode(Kind::Place, id))
    }
    /// Of this category or one below it.
    async fn category(&self, ctx: &Context<'_>) -> Option<Category> {
        self.0.category_id.and_then(|id| Category::of(&ctx.app().reference(), id))
    }
}

/// So much of a thing passes from one unit to another.
#[derive(Clone, Copy, Debug)]
pub struct SuccessionCount(Counted);

#[Object]
impl SuccessionCount {
    /// Whose it is.
    async fn from(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.0.from)
    }
    /// Whose it becomes.
    async fn to(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.0.to)
    }
    /// What.
    async fn thing(&self) -> Thing {
        self.0.thing
    }
    /// How many.
    async fn count(&self) -> i64 {
        self.0.count
    }
}

/// What has passed so far.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct SuccessionProgress {
    /// Asset cards.
    cards: i64,
    /// Of those, cards whose number was in use at the successor and got an ending.
    renumbered: i64,
    /// Listings.
    listings: i64,
    /// Request lines, asking or giving.
    lines: i64,
    /// Hand-overs on their way.
    transfers: i64,
    /// Loans.
    loans: i64,
    /// Lines and loans that ended because asker and giver became one unit.
    ended: i64,
}

connection!(SuccessionConnection, SuccessionEdge, Succession);

/// Which successions are asked for; all conditions must hold.
#[derive(Debug, Default, InputObject)]
pub struct SuccessionFilterInput {
    /// In this state.
    state: Option<SuccessionState>,
    /// Of this unit, which is succeeded.
    unit_id: Option<ID>,
}

/// Root queries of successions.
#[derive(Debug, Default)]
pub struct SuccessionQuery;

#[Object]
impl SuccessionQuery {
    /// A succession; null where there is none for the caller.
    async fn succession(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<Option<Succession>> {
        let Ok(id) = expect(Kind::Succession, &id, "id") else { return Ok(None) };
        load(ctx, id).await
    }

    /// Successions, the newest first.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn successions(
        &self,
        ctx: &Context<'_>,
        #[graphql(default)] filter: SuccessionFilterInput,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<SuccessionConnection> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = async {
            let page: Page<Uuid> = Page::read(first, after.as_deref())?;
            let unit = expect_some(Kind::Unit, filter.unit_id.as_ref(), "filter.unitId")?;
            let rows = read::list(app, actor, filter.state.map(Into::into), unit, &page).await?;
            Ok((page.first, rows))
        };
        let (first, rows) =
            outcome.await.map_err(|fault: Fault| errors::query_error(fault, actor.locale()))?;
        let nodes = rows.into_iter().map(Succession).collect();
        Ok(SuccessionConnection::new(first, nodes, |row: &Succession| row.0.id))
    }
}

async fn load(ctx: &Context<'_>, id: Uuid) -> async_graphql::Result<Option<Succession>> {
    let found = read::find(ctx.app(), ctx.actor()?, id).await.map_err(errors::to_error)?;
    Ok(found.map(Succession))
}

/// Cards that go to another successor: all that is said of them must hold, and something must be said.
#[derive(Debug, InputObject)]
pub struct SuccessionShareInput {
    /// Who takes them.
    unit_id: ID,
    /// These cards, up to 2,000; any where it is left out.
    #[graphql(default)]
    asset_ids: Vec<ID>,
    /// Stored in this place or in what lies in it.
    place_id: Option<ID>,
    /// Of this category or one below it.
    category_id: Option<ID>,
}

/// A succession to be written down, or a draft to be written anew where `id` is given: all fields are replaced.
#[derive(Debug, InputObject)]
pub struct DraftSuccessionInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// Which; none for a new one.
    id: Option<ID>,
    /// The version you have seen; needed with `id`.
    version: Option<i64>,
    /// What happens.
    kind: SuccessionKind,
    /// The units that are succeeded: two to fifty that are merged, or the one that is split or closed.
    unit_ids: Vec<ID>,
    /// Takes everything that no share names. It may have been made for this, by `saveUnit`.
    successor_id: ID,
    /// Of a split: which cards go elsewhere; the first that fits counts. Up to 100.
    #[graphql(default)]
    shares: Vec<SuccessionShareInput>,
    /// Why, up to 2,000 characters.
    reason: String,
    /// Number of the deciding paper (批文号), up to 100 characters.
    paper: String,
    /// First day of the new order, today or later.
    effective_on: NaiveDate,
}

impl DraftSuccessionInput {
    fn read(&self) -> Result<draft::Input, Fault> {
        let mut faults = Vec::new();
        let mut one = |kind, id: &ID, field: String| {
            expect(kind, id, &field).unwrap_or_else(|fault| {
                faults.push(fault);
                Uuid::nil()
            })
        };
        let id = self.id.as_ref().map(|id| one(Kind::Succession, id, "id".to_owned()));
        let unit_ids = self.unit_ids.iter().enumerate();
        let unit_ids = unit_ids.map(|(n, id)| one(Kind::Unit, id, format!("unitIds.{n}"))).collect();
        let successor_id = one(Kind::Unit, &self.successor_id, "successorId".to_owned());
        let mut shares = Vec::with_capacity(self.shares.len());
        for (n, share) in self.shares.iter().enumerate() {
            let cards = share.asset_ids.iter();
            shares.push(ShareForm {
                unit_id: one(Kind::Unit, &share.unit_id, format!("shares.{n}.unitId")),
                asset_ids: cards.map(|id| one(Kind::Asset, id, format!("shares.{n}.assetIds"))).collect(),
                place_id: share
                    .place_id
                    .as_ref()
                    .map(|id| one(Kind::Place, id, format!("shares.{n}.placeId"))),
                category_id: share
                    .category_id
                    .as_ref()
                    .map(|id| one(Kind::Category, id, format!("shares.{n}.categoryId"))),
            });
        }
        if id.is_some() && self.version.is_none() {
            faults.push(Rejection::new(Code::Required).at("version"));
        }
        Fault::all(faults)?;
        let which = id.zip(self.version).map(|(id, version)| Which { id, version });
        let form = SuccessionForm {
            kind: self.kind.into(),
            unit_ids,
            successor_id,
            shares,
            reason: self.reason.clone(),
            paper: self.paper.clone(),
            effective_on: self.effective_on,
        };
        Ok(draft::Input { which, form })
    }
}

/// Declares the input of a command over one succession.
macro_rules! commands {
    ($($(#[$meta:meta])* $name:ident)+) => {$(
        $(#[$meta])*
        #[derive(Debug, InputObject)]
        pub struct $name {
            /// The same key with the same input gives the same answer.
            idempotency_key: String,
            /// The succession.
            id: ID,
            /// The version you have seen.
            version: i64,
        }

        impl $name {
            fn which(&self) -> Result<Which, Fault> {
                Ok(Which { id: expect(Kind::Succession, &self.id, "id")?, version: self.version })
            }
        }
    )+};
}

commands! {
    /// A succession to be made known.
    AnnounceSuccessionInput
    /// A succession to be given up.
    CallOffSuccessionInput
    /// A succession to be started.
    StartSuccessionInput
}

/// The succession, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct SuccessionPayload {
    /// As it is now.
    succession: Option<Succession>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// Root mutations of successions.
#[derive(Debug, Default)]
pub struct SuccessionMutation;

#[Object]
impl SuccessionMutation {
    /// Writes down that units are to be merged, split or closed.
    async fn draft_succession(
        &self,
        ctx: &Context<'_>,
        input: DraftSuccessionInput,
    ) -> async_graphql::Result<SuccessionPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = match input.read() {
            Ok(order) => draft::draft(app, actor, Some(&input.idempotency_key), &order).await,
            Err(fault) => Err(fault),
        };
        answer(ctx, outcome).await
    }

    /// Makes it known: from then on its units ask for nothing more, and what runs goes on.
    async fn announce_succession(
        &self,
        ctx: &Context<'_>,
        input: AnnounceSuccessionInput,
    ) -> async_graphql::Result<SuccessionPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = match input.which() {
            Ok(which) => announce::announce(app, actor, Some(&input.idempotency_key), &which).await,
            Err(fault) => Err(fault),
        };
        answer(ctx, outcome).await
    }

    /// Gives it up, before anything has passed.
    async fn call_off_succession(
        &self,
        ctx: &Context<'_>,
        input: CallOffSuccessionInput,
    ) -> async_graphql::Result<SuccessionPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = match input.which() {
            Ok(which) => call_off::call_off(app, actor, Some(&input.idempotency_key), &which).await,
            Err(fault) => Err(fault),
        };
        answer(ctx, outcome).await
    }

    /// Starts it on its day, without waiting for the service to do so.
    async fn start_succession(
        &self,
        ctx: &Context<'_>,
        input: StartSuccessionInput,
    ) -> async_graphql::Result<SuccessionPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = match input.which() {
            Ok(which) => start::start(app, actor, Some(&input.idempotency_key), &which).await,
            Err(fault) => Err(fault),
        };
        answer(ctx, outcome).await
    }
}

async fn answer(ctx: &Context<'_>, outcome: Result<Done, Fault>) -> async_graphql::Result<SuccessionPayload> {
    let (done, errors) = errors::payload(outcome, ctx.actor()?.locale())?;
    let succession = match done {
        Some(done) => {
            crate::organisation::graphql::fresh(ctx).await?;
            load(ctx, done.succession_id).await?
        }
        None => None,
    };
    Ok(SuccessionPayload { succession, errors })
}
