//! Cards in the schema.

use std::collections::HashMap;

use async_graphql::parser::types::Field;
use async_graphql::{
    ComplexObject, Context, ContextSelectionSet, Enum, ID, InputObject, Lookahead, Object, SimpleObject,
};
use chrono::{DateTime, NaiveDate, Utc};
use entity::assets::{asset_holding, duplicate_case};
use entity::identity::Locale;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::details::{Details, RealEstate, Software, Vehicle};
use super::draft::{Draft, draft_asset};
use super::duplicates::{Resolve, resolve_duplicate};
use super::inputs::{DraftAssetInput, ResolveDuplicateInput, UpdateAssetInput};
use super::read::{self, Filter, Key};
use super::row::{CardRow, Class, Depth, Rest};
use super::update::{Update, update_asset};
use crate::authz::{Operation, Parties};
use crate::catalogue::graphql::Category;
use crate::checks;
use crate::fault::{Code, Fault};
use crate::graphql::at_hand::{AtHand, object};
use crate::graphql::connection::{Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::{AssetKind, AssetSource, AssetState, Condition, ValueBasis};
use crate::graphql::errors::{UserError, payload, query_error};
use crate::graphql::ids::{Kind, encode, expect, expect_some};
use crate::graphql::json::Json;
use crate::graphql::scalars::Money;
use crate::identity::Actor;
use crate::organisation::graphql::Unit;
use crate::photos;
use crate::photos::graphql::Photo;
use crate::photos::read::PhotoRow;

/// An asset card (资产卡片): keeps its identity over every transfer.
#[derive(Debug)]
pub struct Asset {
    card: CardRow,
    full: OnceCell<Box<CardRow>>,
    photos: OnceCell<Vec<Photo>>,
    history: OnceCell<Vec<AssetHolding>>,
}

impl From<CardRow> for Asset {
    fn from(card: CardRow) -> Self {
        Self { card, full: OnceCell::new(), photos: OnceCell::new(), history: OnceCell::new() }
    }
}

impl From<entity::assets::asset::Model> for Asset {
    fn from(card: entity::assets::asset::Model) -> Self {
        CardRow::from(card).into()
    }
}

/// What hangs on several cards, read at once for a resolver that hands out a list of them; nothing of what is not asked
/// for.
#[derive(Debug, Default)]
pub(crate) struct Attached {
    photos: Option<HashMap<Uuid, Vec<PhotoRow>>>,
    histories: Option<HashMap<Uuid, Vec<asset_holding::Model>>>,
}

impl Attached {
    /// Reads what `selections`, each below a field that hands out one of the cards, ask for.
    ///
    /// # Errors
    /// Faults, as GraphQL errors.
    pub(crate) async fn read(
        ctx: &Context<'_>,
        selections: &[Lookahead<'_>],
        cards: &[Uuid],
    ) -> async_graphql::Result<Self> {
        let asked = |field| selections.iter().any(|selection| selection.field(field).exists());
        let failed = |fault| query_error(fault, ctx.actor().map_or(Locale::Zh, Actor::locale));
        let mut attached = Self::default();
        if asked("photos") {
            attached.photos = Some(photos::read::of(ctx.app(), cards).await.map_err(failed)?);
        }
        if asked("history") {
            attached.histories = Some(read::histories(ctx.app(), cards).await.map_err(failed)?);
        }
        Ok(attached)
    }

    /// A card with what was read for it.
    pub(crate) fn to(&self, card: impl Into<Asset>) -> Asset {
        let mut asset: Asset = card.into();
        let id = asset.card.id;
        if let Some(photos) = &self.photos {
            let own = photos.get(&id).cloned().unwrap_or_default();
            asset.photos = OnceCell::new_with(Some(own.into_iter().map(Photo).collect()));
        }
        if let Some(histories) = &self.histories {
            let own = histories.get(&id).cloned().unwrap_or_default();
            asset.history = OnceCell::new_with(Some(own.into_iter().map(AssetHolding).collect()));
        }
        asset
    }
}

impl Asset {
    /// The whole card. A resolver that hands out briefly read cards looks ahead, so that nobody asks for it.
    async fn full(&self, ctx: &Context<'_>) -> async_graphql::Result<&CardRow> {
        let load = || async {
            let actor = ctx.actor()?;
            let found = read::find(ctx.app(), actor, self.card.id).await;
            let found = found.map_err(|fault| query_error(fault, actor.locale()))?;
            let card = found.map(|card| Box::new(CardRow::from(card)));
            card.ok_or_else(|| query_error(Code::NotFound.into(), actor.locale()))
        };
        // On the heap, as it is rarely taken: the future of every field would be as large.
        Ok(Box::pin(self.full.get_or_try_init(load)).await?)
    }

    async fn class(&self, ctx: &Context<'_>) -> async_graphql::Result<Class> {
        let class = match self.card.class {
            Some(class) => Some(class),
            None => self.full(ctx).await?.class,
        };
        class.ok_or_else(|| async_graphql::Error::new("not read"))
    }

    async fn rest(&self, ctx: &Context<'_>) -> async_graphql::Result<&Rest> {
        let rest = match &self.card.rest {
            Some(rest) => Some(rest),
            None => self.full(ctx).await?.rest.as_ref(),
        };
        rest.map(AsRef::as_ref).ok_or_else(|| async_graphql::Error::new("not read"))
    }
}

#[Object]
impl Asset {
    /// Global id.
    pub async fn id(&self) -> ID {
        encode(Kind::Asset, self.card.id)
    }

    /// Row version; give it back when you change the card.
    async fn version(&self, ctx: &Context<'_>) -> async_graphql::Result<i64> {
        Ok(self.rest(ctx).await?.version)
    }

    /// Which fields it has.
    async fn kind(&self, ctx: &Context<'_>) -> async_graphql::Result<AssetKind> {
        Ok(self.class(ctx).await?.kind.into())
    }

    /// How it came to be available.
    async fn source(&self, ctx: &Context<'_>) -> async_graphql::Result<AssetSource> {
        Ok(self.rest(ctx).await?.source.into())
    }

    /// Life of the card.
    async fn state(&self, ctx: &Context<'_>) -> async_graphql::Result<AssetState> {
        Ok(self.rest(ctx).await?.state.into())
    }

    /// Unit that holds it.
    async fn holder(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.card.holder_id)
    }

    /// Asset number at the holder.
    async fn number(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&str>> {
        Ok(self.rest(ctx).await?.number.as_deref())
    }

    /// Category.
    async fn category(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Category>> {
        let id = self.class(ctx).await?.category_id;
        Ok(id.and_then(|id| Category::of(&ctx.app().reference(), id)))
    }

    /// Name.
    async fn name(&self) -> &str {
        &self.card.name
    }

    /// Brand.
    async fn brand(&self) -> &str {
        &self.card.brand
    }

    /// Model.
    async fn model(&self) -> &str {
        &self.card.model
    }

    /// Serial number.
    async fn serial(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&str>> {
        Ok(self.rest(ctx).await?.serial.as_deref())
    }

    /// Description.
    async fn description(&self, ctx: &Context<'_>) -> async_graphql::Result<&str> {
        Ok(&self.rest(ctx).await?.description)
    }

    /// How good it is.
    async fn condition(&self) -> Option<Condition> {
        self.card.condition.map(Into::into)
    }

    /// Where it stands, in words.
    async fn place(&self, ctx: &Context<'_>) -> async_graphql::Result<&str> {
        Ok(&self.rest(ctx).await?.place)
    }

    /// Global id of the storage place where it stands in the warehouse.
    async fn storage_place_id(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ID>> {
        Ok(self.rest(ctx).await?.bin_id.map(|id| encode(Kind::Place, id)))
    }

    /// Pieces.
    async fn quantity(&self, ctx: &Context<'_>) -> async_graphql::Result<i64> {
        Ok(self.class(ctx).await?.quantity)
    }

    /// Unit of measure, such as 台 or 把.
    async fn measure(&self, ctx: &Context<'_>) -> async_graphql::Result<&str> {
        Ok(&self.rest(ctx).await?.measure)
    }

    /// Value of the whole quantity.
    async fn value(&self) -> Option<Money> {
        self.card.value.map(Into::into)
    }

    /// What the value is.
    async fn value_basis(&self, ctx: &Context<'_>) -> async_graphql::Result<ValueBasis> {
        Ok(self.rest(ctx).await?.value_basis.into())
    }

    /// Day of acquisition.
    async fn acquired_on(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<NaiveDate>> {
        Ok(self.rest(ctx).await?.acquired_on)
    }

    /// Funding source.
    async fn funding_source(&self, ctx: &Context<'_>) -> async_graphql::Result<&str> {
        Ok(&self.rest(ctx).await?.funding_source)
    }

    /// The card's own depreciation life in months, which rules over the category's.
    async fn depreciation_months(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<i64>> {
        Ok(self.rest(ctx).await?.depreciation_months)
    }

    /// The card's own minimum service life in months, which rules over the standard's.
    async fn min_service_months(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<i64>> {
        Ok(self.rest(ctx).await?.min_service_months)
    }

    /// Whether it is hidden from those without the right.
    async fn restricted(&self, ctx: &Context<'_>) -> async_graphql::Result<bool> {
        Ok(self.rest(ctx).await?.restricted)
    }

    /// Erasure or disk-removal record.
    async fn erasure_record(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&str>> {
        Ok(self.rest(ctx).await?.erasure_record.as_deref())
    }

    /// Fields of a vehicle.
    async fn vehicle(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&Vehicle>> {
        Ok(match &self.rest(ctx).await?.details {
            Details::Vehicle(fields) => Some(fields),
            _ => None,
        })
    }

    /// Fields of land and rooms.
    async fn real_estate(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&RealEstate>> {
        Ok(match &self.rest(ctx).await?.details {
            Details::RealEstate(fields) => Some(fields),
            _ => None,
        })
    }

    /// Fields of software.
    async fn software(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&Software>> {
        Ok(match &self.rest(ctx).await?.details {
            Details::Software(fields) => Some(fields),
            _ => None,
        })
    }

    /// Global id of the card it was split from.
    async fn parent_id(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ID>> {
        Ok(self.rest(ctx).await?.parent_id.map(|id| encode(Kind::Asset, id)))
    }

    /// Who held it under which number, newest first. For those who manage the card; empty for others.
    async fn history(&self, ctx: &Context<'_>) -> async_graphql::Result<&[AssetHolding]> {
        let actor = ctx.actor()?;
        if actor.allow(Operation::Asset, &Parties::giver(self.card.holder_id)).is_err() {
            return Ok(&[]);
        }
        let load = || async {
            let found = read::histories(ctx.app(), &[self.card.id]).await;
            let mut found = found.map_err(|fault| query_error(fault, actor.locale()))?;
            let own = found.remove(&self.card.id).unwrap_or_default();
            Ok::<_, async_graphql::Error>(own.into_iter().map(AssetHolding).collect())
        };
        Ok(Box::pin(self.history.get_or_try_init(load)).await?)
    }

    /// When it was entered.
    async fn created_at(&self, ctx: &Context<'_>) -> async_graphql::Result<DateTime<Utc>> {
        Ok(self.rest(ctx).await?.created_at)
    }

    /// When it changed last.
    async fn updated_at(&self, ctx: &Context<'_>) -> async_graphql::Result<DateTime<Utc>> {
        Ok(self.rest(ctx).await?.updated_at)
    }

    /// Its pictures, in order.
    async fn photos(&self, ctx: &Context<'_>) -> async_graphql::Result<&[Photo]> {
        let load = || async {
            let found = photos::read::of(ctx.app(), &[self.card.id]).await;
            let locale = ctx.actor().map_or(Locale::Zh, Actor::locale);
            let mut found = found.map_err(|fault| query_error(fault, locale))?;
            let own = found.remove(&self.card.id).unwrap_or_default();
            Ok::<_, async_graphql::Error>(own.into_iter().map(Photo).collect())
        };
        Ok(Box::pin(self.photos.get_or_try_init(load)).await?)
    }
}

impl AtHand for Asset {
    fn write(&self, ctx: &ContextSelectionSet<'_>, field: &Field, json: &mut Json) -> bool {
        let below = &field.selection_set.node;
        match field.name.node.as_str() {
            "id" => json.id(Kind::Asset, self.card.id),
            "kind" => self.card.class.is_some_and(|class| json.word(AssetKind::from(class.kind))),
            "name" => json.put(&self.card.name),
            "brand" => json.put(&self.card.brand),
            "model" => json.put(&self.card.model),
            "condition" => json.some(self.card.condition.map(Condition::from), Json::word),
            "quantity" => self.card.class.is_some_and(|class| json.put(&class.quantity)),
            "value" => json.some(self.card.value, Json::money),
            "category" => self.card.class.is_some_and(|class| {
                let category = class.category_id.and_then(|id| Category::of(&ctx.app().reference(), id));
                json.some(category, |json, category| object(ctx, &category, below, json))
            }),
            "photos" => self
                .photos
                .get()
                .is_some_and(|photos| json.list(photos, |photo, json| object(ctx, photo, below, json))),
            _ => false,
        }
    }
}

/// How deeply a card is read for what is asked of it.
pub(crate) fn depth(asset: &Lookahead<'_>) -> Depth {
    let asked = |fields: &[&str]| fields.iter().any(|field| asset.field(field).exists());
    if asked(&REST_FIELDS) {
        Depth::Full
    } else if asked(&["kind", "category", "quantity"]) {
        Depth::Brief
    } else {
        Depth::Window
    }
}

/// Fields of [`Asset`] that a list does not read.
const REST_FIELDS: [&str; 22] = [
    "version",
    "source",
    "state",
    "measure",
    "valueBasis",
    "acquiredOn",
    "restricted",
    "number",
    "serial",
    "description",
    "place",
    "storagePlaceId",
    "fundingSource",
    "depreciationMonths",
    "minServiceMonths",
    "erasureRecord",
    "vehicle",
    "realEstate",
    "software",
    "parentId",
    "createdAt",
    "updatedAt",
];

/// A time in which a unit held a card.
#[derive(Debug)]
pub struct AssetHolding(asset_holding::Model);

#[Object]
impl AssetHolding {
    /// Unit.
    async fn unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.0.unit_id)
    }

    /// Asset number there.
    async fn number(&self) -> Option<&str> {
        self.0.number.as_deref()
    }

    /// Global id of the transfer that brought it there; none for its first holder.
    async fn transfer_id(&self) -> Option<ID> {
        self.0.transfer_id.map(|id| encode(Kind::Transfer, id))
    }

    /// Global id of the succession of units that brought it there.
    async fn succession_id(&self) -> Option<ID> {
        self.0.succession_id.map(|id| encode(Kind::Succession, id))
    }

    /// From when.
    async fn from_at(&self) -> DateTime<Utc> {
        self.0.from_at
    }

    /// To when; none where it goes on.
    async fn to_at(&self) -> Option<DateTime<Utc>> {
        self.0.to_at
    }
}

/// Two cards with the same serial number, of which the clerk who entered the later one could not see the other.
#[derive(Debug, SimpleObject)]
#[graphql(complex)]
pub struct DuplicateCase {
    #[graphql(skip)]
    case: duplicate_case::Model,
    /// The card that was entered later.
    asset: Option<Asset>,
    /// The card that was there.
    other: Option<Asset>,
}

#[ComplexObject]
impl DuplicateCase {
    /// Global id.
    async fn id(&self) -> ID {
        encode(Kind::Duplicate, self.case.id)
    }

    /// When it was noticed.
    async fn created_at(&self) -> DateTime<Utc> {
        self.case.created_at
    }
}

connection!(AssetConnection, AssetEdge, Asset);
connection!(DuplicateCaseConnection, DuplicateCaseEdge, DuplicateCase);

/// Which cards a list shows.
#[derive(Debug, Default, InputObject)]
pub struct AssetFilter {
    /// Held by this unit.
    holder_id: Option<ID>,
    /// In this category or below it.
    category_id: Option<ID>,
    /// Of this kind.
    kind: Option<AssetKind>,
    /// In this state.
    state: Option<AssetState>,
    /// With exactly this number.
    number: Option<String>,
}

impl AssetFilter {
    fn read(self) -> Result<Filter, Fault> {
        let mut faults = Vec::new();
        let number = checks::optional_text(&mut faults, "filter.number", self.number.as_deref(), 100);
        Fault::all(faults)?;
        Ok(Filter {
            holder_id: expect_some(Kind::Unit, self.holder_id.as_ref(), "filter.holderId")?,
            category_id: expect_some(Kind::Category, self.category_id.as_ref(), "filter.categoryId")?,
            kind: self.kind.map(Into::into),
            state: self.state.map(Into::into),
            number,
        })
    }
}

/// Order of a list of cards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum AssetSort {
    /// Entered last, first.
    #[default]
    Newest,
}

/// Questions about cards.
#[derive(Debug, Default)]
pub struct AssetQuery;

#[Object]
impl AssetQuery {
    /// One card; null where there is none for the caller.
    async fn asset(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<Option<Asset>> {
        let actor = ctx.actor()?;
        let Some(id) = crate::graphql::ids::decode(Kind::Asset, &id) else { return Ok(None) };
        let found =
            read::find(ctx.app(), actor, id).await.map_err(|fault| query_error(fault, actor.locale()))?;
        Ok(found.map(Into::into))
    }

    /// Cards of the caller's units.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn assets(
        &self,
        ctx: &Context<'_>,
        filter: Option<AssetFilter>,
        #[graphql(default)] sort: AssetSort,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<AssetConnection> {
        let AssetSort::Newest = sort;
        let actor = ctx.actor()?;
        let outcome = async {
            let page: Page<Key> = Page::read(first, after.as_deref())?;
            let rows = read::list(ctx.app(), actor, &filter.unwrap_or_default().read()?, &page).await?;
            Ok((page.first, rows))
        };
        let (first, rows) = outcome.await.map_err(|fault: Fault| query_error(fault, actor.locale()))?;
        let ids: Vec<Uuid> = rows.iter().map(|card| card.id).collect();
        let attached = Attached::read(ctx, &[ctx.look_ahead().field("edges").field("node")], &ids).await?;
        let nodes = rows.into_iter().map(|card| attached.to(card)).collect();
        Ok(AssetConnection::new(first, nodes, |asset| Key(asset.card.id)))
    }

    /// Suspected duplicates that nobody has settled, oldest first.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn duplicate_cases(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<DuplicateCaseConnection> {
        let actor = ctx.actor()?;
        let outcome = async {
            let page: Page<Key> = Page::read(first, after.as_deref())?;
            Ok((page.first, read::duplicates(ctx.app(), actor, &page).await?))
        };
        let (first, rows) = outcome.await.map_err(|fault: Fault| query_error(fault, actor.locale()))?;
        let node = ctx.look_ahead().field("edges").field("node");
        let ids: Vec<Uuid> = rows.iter().flat_map(|(_, asset, other)| [asset.id, other.id]).collect();
        let attached = Attached::read(ctx, &[node.field("asset"), node.field("other")], &ids).await?;
        let nodes = rows
            .into_iter()
            .map(|(case, asset, other)| DuplicateCase {
                case,
                asset: Some(attached.to(asset)),
                other: Some(attached.to(other)),
            })
            .collect();
        Ok(DuplicateCaseConnection::new(first, nodes, |node| Key(node.case.id)))
    }
}

/// What came of entering a card.
#[derive(Debug, SimpleObject)]
pub struct DraftAssetPayload {
    /// The card.
    asset: Option<Asset>,
    /// What to put right.
    errors: Vec<UserError>,
}

/// What came of changing a card.
#[derive(Debug, SimpleObject)]
pub struct UpdateAssetPayload {
    /// The card.
    asset: Option<Asset>,
    /// What to put right.
    errors: Vec<UserError>,
}

/// What came of settling a suspected duplicate.
#[derive(Debug, SimpleObject)]
pub struct ResolveDuplicatePayload {
    /// Global id of the case.
    id: Option<ID>,
    /// What to put right.
    errors: Vec<UserError>,
}

/// Changes of cards.
#[derive(Debug, Default)]
pub struct AssetMutation;

#[Object]
impl AssetMutation {
    /// Enters a card, which may be incomplete.
    async fn draft_asset(
        &self,
        ctx: &Context<'_>,
        input: DraftAssetInput,
    ) -> async_graphql::Result<DraftAssetPayload> {
        let actor = ctx.actor()?;
        let outcome = async {
            let draft = Draft {
                holder_id: expect(Kind::Unit, &input.holder_id, "holderId")?,
                kind: input.kind.map(Into::into),
                card: input.card.read()?,
            };
            Ok(draft_asset(ctx.app(), actor, Some(&input.idempotency_key), &draft).await?.id)
        };
        let (id, errors) = payload(outcome.await, actor.locale())?;
        Ok(DraftAssetPayload { asset: loaded(ctx, id).await?, errors })
    }

    /// Completes or corrects a card.
    async fn update_asset(
        &self,
        ctx: &Context<'_>,
        input: UpdateAssetInput,
    ) -> async_graphql::Result<UpdateAssetPayload> {
        let actor = ctx.actor()?;
        let outcome = async {
            let update = Update {
                id: expect(Kind::Asset, &input.id, "id")?,
                version: input.version.into(),
                card: input.card.read()?,
            };
            Ok(update_asset(ctx.app(), actor, Some(&input.idempotency_key), &update).await?.id)
        };
        let (id, errors) = payload(outcome.await, actor.locale())?;
        Ok(UpdateAssetPayload { asset: loaded(ctx, id).await?, errors })
    }

    /// Says that two cards with the same serial number are two things, so that the later one may be listed.
    async fn resolve_duplicate(
        &self,
        ctx: &Context<'_>,
        input: ResolveDuplicateInput,
    ) -> async_graphql::Result<ResolveDuplicatePayload> {
        let actor = ctx.actor()?;
        let outcome = async {
            let resolve = Resolve { id: expect(Kind::Duplicate, &input.id, "id")? };
            Ok(resolve_duplicate(ctx.app(), actor, Some(&input.idempotency_key), &resolve).await?.id)
        };
        let (id, errors) = payload(outcome.await, actor.locale())?;
        Ok(ResolveDuplicatePayload { id: id.map(|id| encode(Kind::Duplicate, id)), errors })
    }
}

pub(crate) async fn loaded(ctx: &Context<'_>, id: Option<Uuid>) -> async_graphql::Result<Option<Asset>> {
    let actor = ctx.actor()?;
    let Some(id) = id else { return Ok(None) };
    let found = read::find(ctx.app(), actor, id).await.map_err(|fault| query_error(fault, actor.locale()))?;
    Ok(found.map(Into::into))
}
