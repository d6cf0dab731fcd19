//! Listings in the schema.

use std::collections::HashSet;

use async_graphql::parser::types::Field;
use async_graphql::{Context, ContextSelectionSet, Enum, ID, Lookahead, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use entity::approvals::ApprovalSubject;
use entity::listings::asset_freeze;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::draft::{Draft, draft_listing};
use super::freezes;
use super::inputs::{
    DraftListingInput, InspectListingInput, ListingFilter, SubmitListingInput, UpdateListingInput,
};
use super::inspect::{Inspect, inspect_listing};
use super::read;
use super::row::{Counted, Counters, ListingRow, Standing, Wants};
use super::rules::Stock;
use super::submit::{Submit, submit_listing};
use super::update::{Update, update_listing};
use crate::approvals::graphql::ApprovalCase;
use crate::approvals::read::cases_of;
use crate::assets;
use crate::assets::graphql::{Asset, Attached};
use crate::assets::row::CardRow;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault};
use crate::graphql::at_hand::{AtHand, Row, object};
use crate::graphql::connection::{Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::{Custody, FreezeCause, FreezeScope, ListingState, Purpose};
use crate::graphql::errors::{UserError, payload, query_error};
use crate::graphql::ids::{Kind, decode, encode, expect, expect_some};
use crate::graphql::json::Json;
use crate::organisation::graphql::Unit;

/// An offer (上架) of an asset, or of a lot, to other units.
#[derive(Debug)]
pub struct Listing {
    row: ListingRow,
    full: OnceCell<Box<ListingRow>>,
    approvals: OnceCell<Vec<ApprovalCase>>,
    asset: OnceCell<Option<Row<Asset>>>,
}

impl From<ListingRow> for Listing {
    fn from(row: ListingRow) -> Self {
        Self { row, full: OnceCell::new(), approvals: OnceCell::new(), asset: OnceCell::new() }
    }
}

/// Fields of [`Listing`] that tell where it stands, or are told by where it does.
const STANDING_FIELDS: [&str; 5] = ["state", "warehouseId", "createdAt", "reason", "approvals"];

/// Fields of [`Listing`] that a list does not read.
const WORD_FIELDS: [&str; 11] = [
    "version",
    "purpose",
    "directedTo",
    "note",
    "approvalNumber",
    "reason",
    "submittedAt",
    "updatedAt",
    "confirmedAt",
    "reconfirmBy",
    "pausedAt",
];

/// Fields of [`ListingStock`] that a shop window does not show.
const OTHER_COUNTERS: [&str; 7] =
    ["offered", "held", "reserved", "inTransit", "delivered", "withdrawn", "lost"];

/// What to read for the selection below a field that hands out a listing.
#[must_use]
pub fn wants(listing: &Lookahead<'_>) -> Wants {
    let asset = listing.field("asset");
    let stock = listing.field("stock");
    let more = OTHER_COUNTERS.iter().any(|counter| stock.field(counter).exists());
    Wants {
        standing: STANDING_FIELDS.iter().any(|field| listing.field(field).exists()),
        stock: match (stock.exists(), more) {
            (false, _) => Counters::None,
            (true, false) => Counters::Available,
            (true, true) => Counters::All,
        },
        words: WORD_FIELDS.iter().any(|field| listing.field(field).exists()),
        card: asset.exists().then(|| assets::graphql::depth(&asset)),
    }
}

/// Listings for a resolver that hands out several: what is asked of them beyond their rows is read at once.
///
/// # Errors
/// Faults, as GraphQL errors.
pub async fn listings(
    ctx: &Context<'_>,
    rows: Vec<ListingRow>,
    selection: &Lookahead<'_>,
) -> async_graphql::Result<Vec<Listing>> {
    let mut nodes: Vec<Listing> = rows.into_iter().map(Listing::from).collect();
    let seen = seen(ctx, nodes.iter().map(|node| &node.row)).await?;
    let cards: Vec<Uuid> =
        nodes.iter().filter_map(|node| node.row.card.as_ref()).map(|card| card.id).collect();
    let attached = Attached::read(ctx, &[selection.field("asset")], &cards).await?;
    for node in &mut nodes {
        if let Some(card) = node.row.card.take() {
            let card = Some(card).filter(|card| seen.shows(node.row.unit_id, card));
            node.asset = OnceCell::new_with(Some(card.map(|card| Row(attached.to(card)))));
        }
    }
    if selection.field("approvals").exists() {
        let actor = ctx.actor()?;
        let ids: Vec<Uuid> = nodes
            .iter()
            .filter(|node| {
                node.row.standing.is_some_and(|standing| {
                    let parties = parties(&node.row, standing.warehouse_id);
                    actor.allow(Operation::Asset, &parties).is_ok()
                })
            })
            .map(|node| node.row.id)
            .collect();
        let found = cases_of(ctx.app(), ApprovalSubject::Listing, &ids).await;
        let mut found = found.map_err(|fault| query_error(fault, actor.locale()))?;
        for node in &mut nodes {
            let cases = found.remove(&node.row.id).unwrap_or_default();
            node.approvals = OnceCell::new_with(Some(cases.into_iter().map(ApprovalCase).collect()));
        }
    }
    Ok(nodes)
}

/// Which cards the caller may see of those that are another unit's by now: a listing that is sold out still names its
/// card, and the unit that has it may have hidden it.
struct Seen(HashSet<Uuid>);

impl Seen {
    fn shows(&self, offered_by: Uuid, card: &CardRow) -> bool {
        offered_by == card.holder_id || self.0.contains(&card.id)
    }
}

async fn seen(ctx: &Context<'_>, rows: impl Iterator<Item = &ListingRow>) -> async_graphql::Result<Seen> {
    let gone =
        |row: &ListingRow| row.card.as_ref().filter(|card| card.holder_id != row.unit_id).map(|card| card.id);
    let gone: Vec<Uuid> = rows.filter_map(gone).collect();
    if gone.is_empty() {
        return Ok(Seen(HashSet::new()));
    }
    let actor = ctx.actor()?;
    let seen = assets::read::seen(ctx.app(), actor, &gone).await;
    Ok(Seen(seen.map_err(|fault| query_error(fault, actor.locale()))?))
}

impl Listing {
    /// The whole row, where the resolver that handed it out did not look ahead.
    async fn full(&self, ctx: &Context<'_>) -> async_graphql::Result<&ListingRow> {
        let load = || async {
            let actor = ctx.actor()?;
            let found = read::find(ctx.app(), actor, self.row.id, Wants::ALL).await;
            let found = found.map_err(|fault| query_error(fault, actor.locale()))?;
            found.map(Box::new).ok_or_else(|| query_error(Code::NotFound.into(), actor.locale()))
        };
        // On the heap, as it is rarely taken: the future of every field would be as large.
        Ok(Box::pin(self.full.get_or_try_init(load)).await?)
    }

    async fn words(&self, ctx: &Context<'_>) -> async_graphql::Result<&super::row::Words> {
        if let Some(words) = &self.row.words {
            return Ok(words);
        }
        self.full(ctx).await?.words.as_deref().ok_or_else(|| async_graphql::Error::new("not read"))
    }

    async fn standing(&self, ctx: &Context<'_>) -> async_graphql::Result<Standing> {
        let standing = match self.row.standing {
            Some(standing) => Some(standing),
            None => self.full(ctx).await?.standing,
        };
        standing.ok_or_else(|| async_graphql::Error::new("not read"))
    }

    /// Whether the caller is on the giver's side, or stands above it.
    async fn managed(&self, ctx: &Context<'_>) -> async_graphql::Result<bool> {
        let parties = parties(&self.row, self.standing(ctx).await?.warehouse_id);
        Ok(ctx.actor()?.allow(Operation::Asset, &parties).is_ok())
    }
}

fn parties(row: &ListingRow, warehouse: Option<Uuid>) -> Parties {
    Parties { giver: Some(row.unit_id), receiver: None, warehouse }
}

#[Object]
impl Listing {
    /// Global id.
    pub async fn id(&self) -> ID {
        encode(Kind::Listing, self.row.id)
    }

    /// Row version; give it back when you change the listing.
    async fn version(&self, ctx: &Context<'_>) -> async_graphql::Result<i64> {
        Ok(self.words(ctx).await?.version)
    }

    /// Workflow. Whether there is something to ask for is told by `stock`.
    async fn state(&self, ctx: &Context<'_>) -> async_graphql::Result<ListingState> {
        Ok(self.standing(ctx).await?.state.into())
    }

    /// Where it is while it is listed.
    async fn custody(&self) -> Custody {
        self.row.custody.into()
    }

    /// What is offered.
    async fn purpose(&self, ctx: &Context<'_>) -> async_graphql::Result<Purpose> {
        Ok(self.words(ctx).await?.purpose.into())
    }

    /// The card; null where it is another unit's by now, and not for the caller.
    async fn asset(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&Row<Asset>>> {
        let load = || async {
            let row = if self.row.card.is_some() { &self.row } else { self.full(ctx).await? };
            let seen = seen(ctx, std::iter::once(row)).await?;
            let card = row.card.clone().filter(|card| seen.shows(row.unit_id, card));
            Ok::<_, async_graphql::Error>(card.map(|card| Row(Asset::from(card))))
        };
        Ok(Box::pin(self.asset.get_or_try_init(load)).await?.as_ref())
    }

    /// Who offers it.
    async fn unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.row.unit_id)
    }

    /// 协议调剂: the one unit that may ask.
    async fn directed_to(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Unit>> {
        Ok(self.words(ctx).await?.directed_to.and_then(|id| Unit::of(&ctx.app().reference(), id)))
    }

    /// PHYSICAL: global id of the warehouse.
    async fn warehouse_id(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ID>> {
        Ok(self.standing(ctx).await?.warehouse_id.map(|id| encode(Kind::Warehouse, id)))
    }

    /// The counters.
    async fn stock(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ListingStock>> {
        let stock = match self.row.stock {
            Some(stock) => Some(stock),
            None => self.full(ctx).await?.stock,
        };
        Ok(stock.map(ListingStock))
    }

    /// What askers should know.
    async fn note(&self, ctx: &Context<'_>) -> async_graphql::Result<&str> {
        Ok(&self.words(ctx).await?.note)
    }

    /// 批复文号 of the giver.
    async fn approval_number(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&str>> {
        Ok(self.words(ctx).await?.approval_number.as_deref())
    }

    /// Why it was returned, rejected or withdrawn. For the giver's side; null for others.
    async fn reason(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&str>> {
        if !self.managed(ctx).await? {
            return Ok(None);
        }
        Ok(self.words(ctx).await?.reason.as_deref())
    }

    /// When it was drafted.
    async fn created_at(&self, ctx: &Context<'_>) -> async_graphql::Result<DateTime<Utc>> {
        Ok(self.standing(ctx).await?.created_at)
    }

    /// When it was handed in.
    async fn submitted_at(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<DateTime<Utc>>> {
        Ok(self.words(ctx).await?.submitted_at)
    }

    /// When it was listed.
    async fn listed_at(&self) -> Option<DateTime<Utc>> {
        self.row.listed_at
    }

    /// When its holder last said that it is there.
    async fn confirmed_at(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<DateTime<Utc>>> {
        Ok(self.words(ctx).await?.confirmed_at)
    }

    /// By which day its holder is to say so again (`reconfirmListings`); null where nobody has asked.
    async fn reconfirm_by(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<NaiveDate>> {
        Ok(self.words(ctx).await?.reconfirm_by)
    }

    /// Since when nobody new sees it, because its holder has not answered; null where it does not pause.
    async fn paused_at(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<DateTime<Utc>>> {
        Ok(self.words(ctx).await?.paused_at)
    }

    /// When it changed last; its counters apart.
    async fn updated_at(&self, ctx: &Context<'_>) -> async_graphql::Result<DateTime<Utc>> {
        Ok(self.words(ctx).await?.updated_at)
    }

    /// Its approvals, newest first. For the giver's side; empty for others.
    async fn approvals(&self, ctx: &Context<'_>) -> async_graphql::Result<&[ApprovalCase]> {
        let load = || async {
            if !self.managed(ctx).await? {
                return Ok(Vec::new());
            }
            let found = cases_of(ctx.app(), ApprovalSubject::Listing, &[self.row.id]).await;
            let mut found = found.map_err(|fault| query_error(fault, entity::identity::Locale::Zh))?;
            let cases = found.remove(&self.row.id).unwrap_or_default();
            Ok::<_, async_graphql::Error>(cases.into_iter().map(ApprovalCase).collect())
        };
        Ok(Box::pin(self.approvals.get_or_try_init(load)).await?)
    }
}

impl AtHand for Listing {
    fn write(&self, ctx: &ContextSelectionSet<'_>, field: &Field, json: &mut Json) -> bool {
        let below = &field.selection_set.node;
        match field.name.node.as_str() {
            "id" => json.id(Kind::Listing, self.row.id),
            "state" => {
                self.row.standing.is_some_and(|standing| json.word(ListingState::from(standing.state)))
            }
            "custody" => json.word(Custody::from(self.row.custody)),
            "listedAt" => json.some(self.row.listed_at, Json::instant),
            "createdAt" => self.row.standing.is_some_and(|standing| json.instant(standing.created_at)),
            "unit" => {
                let unit = Unit::of(&ctx.app().reference(), self.row.unit_id);
                json.some(unit, |json, unit| object(ctx, &unit, below, json))
            }
            "asset" => self
                .asset
                .get()
                .is_some_and(|card| json.some(card.as_ref(), |json, card| object(ctx, &card.0, below, json))),
            "stock" => self.row.stock.is_some_and(|stock| object(ctx, &ListingStock(stock), below, json)),
            _ => false,
        }
    }
}

/// The counters of a listing: `offered` is always the sum of the others.
#[derive(Clone, Copy, Debug)]
pub struct ListingStock(Counted);

impl ListingStock {
    /// A counter that a shop window does not show: whoever hands out the listing looked ahead for it.
    fn count(&self, of: impl Fn(&Stock) -> i64) -> async_graphql::Result<i64> {
        self.0.all().map(of).ok_or_else(|| async_graphql::Error::new("not read"))
    }
}

#[Object]
impl ListingStock {
    /// All that were ever offered.
    async fn offered(&self) -> async_graphql::Result<i64> {
        self.count(|stock| stock.offered)
    }

    /// Free to ask for.
    async fn available(&self) -> i64 {
        self.0.available()
    }

    /// Asked for, approvals under way.
    async fn held(&self) -> async_graphql::Result<i64> {
        self.count(|stock| stock.held)
    }

    /// Promised.
    async fn reserved(&self) -> async_graphql::Result<i64> {
        self.count(|stock| stock.reserved)
    }

    /// Handed over, not received.
    async fn in_transit(&self) -> async_graphql::Result<i64> {
        self.count(|stock| stock.in_transit)
    }

    /// Received.
    async fn delivered(&self) -> async_graphql::Result<i64> {
        self.count(|stock| stock.delivered)
    }

    /// Taken back.
    async fn withdrawn(&self) -> async_graphql::Result<i64> {
        self.count(|stock| stock.withdrawn)
    }

    /// Lost on the way.
    async fn lost(&self) -> async_graphql::Result<i64> {
        self.count(|stock| stock.lost)
    }
}

impl AtHand for ListingStock {
    fn write(&self, _: &ContextSelectionSet<'_>, field: &Field, json: &mut Json) -> bool {
        let counters = self.0.all();
        let count = match field.name.node.as_str() {
            "available" => Some(self.0.available()),
            "offered" => counters.map(|stock| stock.offered),
            "held" => counters.map(|stock| stock.held),
            "reserved" => counters.map(|stock| stock.reserved),
            "inTransit" => counters.map(|stock| stock.in_transit),
            "delivered" => counters.map(|stock| stock.delivered),
            "withdrawn" => counters.map(|stock| stock.withdrawn),
            "lost" => counters.map(|stock| stock.lost),
            _ => None,
        };
        count.is_some_and(|count| json.put(&count))
    }
}

/// A freeze (stocktake, dispute, secrecy check): while it is there nothing of what it covers can be asked for.
#[derive(Debug)]
pub struct Freeze(pub asset_freeze::Model);

#[Object]
impl Freeze {
    /// Global id.
    async fn id(&self) -> ID {
        encode(Kind::Freeze, self.0.id)
    }

    /// What it covers.
    async fn scope(&self) -> FreezeScope {
        self.0.scope.into()
    }

    /// Global id of what it covers.
    async fn scope_id(&self) -> ID {
        encode(scope_kind(self.0.scope), self.0.scope_id)
    }

    /// Why.
    async fn cause(&self) -> FreezeCause {
        self.0.cause.into()
    }

    /// In words.
    async fn note(&self) -> &str {
        &self.0.note
    }

    /// Since when.
    async fn from_at(&self) -> DateTime<Utc> {
        self.0.from_at
    }

    /// When it was lifted.
    async fn until_at(&self) -> Option<DateTime<Utc>> {
        self.0.until_at
    }
}

/// Of what a freeze's scope is the id.
#[must_use]
pub fn scope_kind(scope: entity::listings::FreezeScope) -> Kind {
    match scope {
        entity::listings::FreezeScope::Asset => Kind::Asset,
        entity::listings::FreezeScope::Listing => Kind::Listing,
        entity::listings::FreezeScope::Unit => Kind::Unit,
        entity::listings::FreezeScope::Place => Kind::Place,
    }
}

connection!(ListingConnection, ListingEdge, Listing, at_hand);
connection!(FreezeConnection, FreezeEdge, Freeze);

/// Order of a list of listings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum ListingSort {
    /// Listed last, first; where the states asked for are not LISTED alone, drafted last, first.
    #[default]
    Newest,
}

/// Questions about listings.
#[derive(Debug, Default)]
pub struct ListingQuery;

#[Object]
impl ListingQuery {
    /// One listing; null where there is none for the caller.
    async fn listing(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<Option<Listing>> {
        let actor = ctx.actor()?;
        let Some(id) = decode(Kind::Listing, &id) else { return Ok(None) };
        let found = read::find(ctx.app(), actor, id, wants(&ctx.look_ahead())).await;
        Ok(found.map_err(|fault| query_error(fault, actor.locale()))?.map(Into::into))
    }

    /// Listings, newest first: those that others offer and, in any state, those of the caller's units. To find things by
    /// words, ask `search`.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn listings(
        &self,
        ctx: &Context<'_>,
        filter: Option<ListingFilter>,
        #[graphql(default)] sort: ListingSort,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<ListingConnection> {
        let ListingSort::Newest = sort;
        let actor = ctx.actor()?;
        let connection = ctx.look_ahead();
        let node = connection.field("edges").field("node");
        let outcome = async {
            let page = Page::<read::Key>::read(first, after.as_deref())?.asked_by(&connection);
            let filter = filter.unwrap_or_default().read()?;
            let rows = read::list(ctx.app(), actor, &filter, &page, wants(&node)).await?;
            Ok((page.first, filter, rows))
        };
        let (first, filter, rows) =
            outcome.await.map_err(|fault: Fault| query_error(fault, actor.locale()))?;
        let nodes = listings(ctx, rows, &node).await?;
        Ok(ListingConnection::new(first, nodes, |listing| read::key(&filter, &listing.row)))
    }

    /// Freezes over what the caller manages, newest first.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn freezes(
        &self,
        ctx: &Context<'_>,
        #[graphql(default, desc = "Also those that are lifted.")] lifted: bool,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<FreezeConnection> {
        let actor = ctx.actor()?;
        let outcome = async {
            let page: Page<freezes::Key> = Page::read(first, after.as_deref())?;
            Ok((page.first, freezes::list(ctx.app(), actor, lifted, &page).await?))
        };
        let (first, rows) = outcome.await.map_err(|fault: Fault| query_error(fault, actor.locale()))?;
        let nodes = rows.into_iter().map(Freeze).collect();
        Ok(FreezeConnection::new(first, nodes, |freeze| freezes::Key(freeze.0.id)))
    }
}

macro_rules! listing_payload {
    ($($(#[$meta:meta])* $name:ident)+) => {$(
        $(#[$meta])*
        #[derive(Debug, SimpleObject)]
        pub struct $name {
            /// The listing.
            pub listing: Option<Listing>,
            /// What to put right.
            pub errors: Vec<UserError>,
        }
    )+};
}

listing_payload! {
    /// What came of drafting an offer.
    DraftListingPayload
    /// What came of changing an offer.
    UpdateListingPayload
    /// What came of handing in an offer.
    SubmitListingPayload
    /// What came of an inspection.
    InspectListingPayload
    /// What came of taking an offer back.
    WithdrawListingPayload
}

/// Changes of listings.
#[derive(Debug, Default)]
pub struct ListingMutation;

#[Object]
impl ListingMutation {
    /// Drafts an offer of a card.
    async fn draft_listing(
        &self,
        ctx: &Context<'_>,
        input: DraftListingInput,
    ) -> async_graphql::Result<DraftListingPayload> {
        let actor = ctx.actor()?;
        let outcome = async {
            let draft = Draft {
                asset_id: expect(Kind::Asset, &input.asset_id, "assetId")?,
                terms: input.terms.read()?,
            };
            Ok(draft_listing(ctx.app(), actor, Some(&input.idempotency_key), &draft).await?.id)
        };
        let (listing, errors) = answer(ctx, outcome.await).await?;
        Ok(DraftListingPayload { listing, errors })
    }

    /// Changes a draft, or what was sent back.
    async fn update_listing(
        &self,
        ctx: &Context<'_>,
        input: UpdateListingInput,
    ) -> async_graphql::Result<UpdateListingPayload> {
        let actor = ctx.actor()?;
        let outcome = async {
            let update = Update {
                id: expect(Kind::Listing, &input.id, "id")?,
                version: input.version.into(),
                terms: input.terms.read()?,
            };
            Ok(update_listing(ctx.app(), actor, Some(&input.idempotency_key), &update).await?.id)
        };
        let (listing, errors) = answer(ctx, outcome.await).await?;
        Ok(UpdateListingPayload { listing, errors })
    }

    /// Hands an offer to the approvers. Everything that is missing is told at once, each with its field.
    async fn submit_listing(
        &self,
        ctx: &Context<'_>,
        input: SubmitListingInput,
    ) -> async_graphql::Result<SubmitListingPayload> {
        let actor = ctx.actor()?;
        let outcome = async {
            let submit =
                Submit { id: expect(Kind::Listing, &input.id, "id")?, version: input.version.into() };
            Ok(submit_listing(ctx.app(), actor, Some(&input.idempotency_key), &submit).await?.id)
        };
        let (listing, errors) = answer(ctx, outcome.await).await?;
        Ok(SubmitListingPayload { listing, errors })
    }

    /// Notes what warehouse staff found: accepted in full or in part, to be repaired, or not taken.
    async fn inspect_listing(
        &self,
        ctx: &Context<'_>,
        input: InspectListingInput,
    ) -> async_graphql::Result<InspectListingPayload> {
        let actor = ctx.actor()?;
        let outcome = async {
            let inspect = Inspect {
                id: expect(Kind::Listing, &input.id, "id")?,
                version: input.version.into(),
                verdict: input.verdict,
                accepted: input.accepted.map(Into::into),
                place_id: expect_some(Kind::Place, input.place_id.as_ref(), "placeId")?,
                note: input.note,
            };
            Ok(inspect_listing(ctx.app(), actor, Some(&input.idempotency_key), &inspect).await?.id)
        };
        let (listing, errors) = answer(ctx, outcome.await).await?;
        Ok(InspectListingPayload { listing, errors })
    }
}

/// The listing that a mutation answers with, or the caller's errors.
///
/// # Errors
/// Faults, as GraphQL errors.
pub async fn answer(
    ctx: &Context<'_>,
    outcome: Result<Uuid, Fault>,
) -> async_graphql::Result<(Option<Listing>, Vec<UserError>)> {
    let actor = ctx.actor()?;
    let (id, errors) = payload(outcome, actor.locale())?;
    let Some(id) = id else { return Ok((None, errors)) };
    let wants = wants(&ctx.look_ahead().field("listing"));
    let found = read::find(ctx.app(), actor, id, wants).await;
    let found = found.map_err(|fault| query_error(fault, actor.locale()))?;
    Ok((found.map(Into::into), errors))
}
