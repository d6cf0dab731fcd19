//! Kits in the schema: translates and decides nothing.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::NaiveDate;
use entity::kits::kit_order_item;
use uuid::Uuid;

use super::candidates::Point;
use super::form::ItemForm;
use super::propose::{self, Proposal, Wanted};
use super::{order, read, save};
use crate::catalogue::graphql::Category;
use crate::fault::{Code, Fault};
use crate::graphql::connection::{Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::Condition;
use crate::graphql::errors::{self, UserError, query_error, to_error};
use crate::graphql::ids::{Kind, encode, expect, expect_some};
use crate::listings;
use crate::listings::graphql::Listing;
use crate::organisation::graphql::Unit;
use crate::requests::graphql::Request;
use crate::warehouses::graphql::Warehouse;
use crate::{requests, warehouses};

/// A kit (成套配置): what a work place is furnished with.
#[derive(Debug)]
pub struct Kit(read::Kit);

/// One thing of a kit: so many pieces for so many places.
#[derive(Debug)]
pub struct KitItem(ItemForm);

#[Object]
impl Kit {
    /// Global id.
    async fn id(&self) -> ID {
        encode(Kind::Kit, self.0.row.id)
    }

    /// Name.
    async fn name(&self) -> &str {
        &self.0.row.name
    }

    /// Note.
    async fn note(&self) -> &str {
        &self.0.row.note
    }

    /// Whether it is offered to units.
    async fn active(&self) -> bool {
        self.0.row.active
    }

    /// Raised by every change.
    async fn version(&self) -> i64 {
        self.0.row.version
    }

    /// Its items, in the order shown.
    async fn items(&self) -> Vec<KitItem> {
        self.0.items.iter().cloned().map(KitItem).collect()
    }
}

#[Object]
impl KitItem {
    /// Name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Categories that will do, with all below them.
    async fn categories(&self, ctx: &Context<'_>) -> Vec<Category> {
        let reference = ctx.app().reference();
        self.0.categories.iter().filter_map(|id| Category::of(&reference, *id)).collect()
    }

    /// Pieces.
    async fn pieces(&self) -> i64 {
        self.0.pieces
    }

    /// For so many places.
    async fn per_places(&self) -> i64 {
        self.0.per_places
    }

    /// As good as this, or better.
    async fn least_condition(&self) -> Condition {
        self.0.least_condition.into()
    }

    /// Whether the kit is of no use without it.
    async fn required(&self) -> bool {
        self.0.required
    }
}

connection!(KitConnection, KitEdge, Kit);

/// One thing of a kit.
#[derive(Debug, InputObject)]
pub struct KitItemInput {
    /// Name, up to 100 characters.
    name: String,
    /// Categories that will do, with all below them.
    category_ids: Vec<ID>,
    /// Pieces, 1 to 100.
    #[graphql(default = 1)]
    pieces: i64,
    /// For so many places, 1 to 1,000.
    #[graphql(default = 1)]
    per_places: i64,
    /// As good as this, or better.
    #[graphql(default_with = "Condition::Fair")]
    least_condition: Condition,
    /// Whether the kit is of no use without it.
    #[graphql(default = true)]
    required: bool,
}

/// A kit to be made, or changed where `id` is given: all its items are replaced.
#[derive(Debug, InputObject)]
pub struct SaveKitInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// Which; none for a new one.
    id: Option<ID>,
    /// The version you have seen; needed with `id`.
    version: Option<i64>,
    /// Name, up to 100 characters.
    name: String,
    /// Note, up to 2,000 characters.
    #[graphql(default)]
    note: String,
    /// Whether it is offered to units.
    #[graphql(default = true)]
    active: bool,
    /// Its items, 1 to 20.
    items: Vec<KitItemInput>,
}

/// The kit, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct SaveKitPayload {
    /// The kit as it is now.
    kit: Option<Kit>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// What is to be furnished.
#[derive(Debug, InputObject)]
pub struct ProposeKitInput {
    /// Who asks.
    unit_id: ID,
    /// The kit; left out where `items` says what is wanted.
    kit_id: Option<ID>,
    /// Items where there is no kit.
    #[graphql(default)]
    items: Vec<KitItemInput>,
    /// Places to be furnished, 1 to 1,000.
    places: i64,
}

/// What to do where something is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum KitMode {
    /// Nothing is asked for where a required item is short.
    AllOrNothing,
    /// What there is is asked for, and what is missing is kept with the request.
    WithShortfall,
}

/// An order of a kit.
#[derive(Debug, InputObject)]
pub struct RequestKitInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// What is to be furnished.
    wanted: ProposeKitInput,
    /// What to do where something is missing.
    #[graphql(default_with = "KitMode::AllOrNothing")]
    mode: KitMode,
    /// Why.
    justification: String,
    /// When it is needed at the latest.
    needed_by: Option<NaiveDate>,
    /// Why more is asked for than the unit's cap lets; up to 2,000 characters.
    over_cap_reason: Option<String>,
}

/// The request with every piece held, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct RequestKitPayload {
    /// The request as it is now.
    request: Option<Request>,
    /// What was ordered, and what of it is missing.
    order: Option<KitOrder>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// What was wanted of one item, and what of it there is.
#[derive(Debug, SimpleObject)]
pub struct KitShare {
    /// Name of the item.
    name: String,
    /// Whether the kit is of no use without it.
    required: bool,
    /// Pieces wanted.
    wanted: i64,
    /// Pieces that nobody has for the unit.
    missing: i64,
}

/// Pieces that would be asked for.
#[derive(Debug, SimpleObject)]
pub struct KitLine {
    /// Which item they are, from 0.
    item: i64,
    /// Of which listing.
    listing: Option<Listing>,
    /// How many.
    pieces: i64,
    /// VIRTUAL: where they are fetched.
    unit: Option<Unit>,
    /// PHYSICAL: where they are fetched.
    warehouse: Option<Warehouse>,
}

/// The best split that was found; nothing is held by it.
#[derive(Debug, SimpleObject)]
pub struct KitProposal {
    /// What was wanted.
    items: Vec<KitShare>,
    /// What would be asked for.
    lines: Vec<KitLine>,
    /// Places to fetch it from.
    pickups: i64,
    /// What it weighs, in points: see the settings `kit_…_points`.
    cost: i64,
}

/// What a request asked for as a kit.
#[derive(Debug, SimpleObject)]
pub struct KitOrder {
    /// Name of the kit at that time; empty where the items were named one by one.
    name: String,
    /// Places to be furnished.
    places: i64,
    /// What was wanted of each item, and what was missing when it was handed in.
    items: Vec<KitShare>,
}

impl From<read::Order> for KitOrder {
    fn from(order: read::Order) -> Self {
        let share = |item: kit_order_item::Model| KitShare {
            missing: item.wanted - item.got,
            name: item.name,
            required: item.required,
            wanted: item.wanted,
        };
        Self {
            name: order.row.name,
            places: order.row.places,
            items: order.items.into_iter().map(share).collect(),
        }
    }
}

fn items(items: Vec<KitItemInput>, field: &str) -> Result<Vec<ItemForm>, Fault> {
    let read = |(n, item): (usize, KitItemInput)| {
        let field = format!("{field}.{n}.categoryIds");
        Ok(ItemForm {
            name: item.name,
            categories: item
                .category_ids
                .iter()
                .map(|id| expect(Kind::Category, id, &field))
                .collect::<Result<_, _>>()?,
            pieces: item.pieces,
            per_places: item.per_places,
            least_condition: item.least_condition.into(),
            required: item.required,
        })
    };
    items.into_iter().enumerate().map(read).collect()
}

impl ProposeKitInput {
    fn read(self) -> Result<Wanted, Fault> {
        if self.kit_id.is_some() != self.items.is_empty() {
            return Err(crate::fault::Rejection::new(Code::Required).at("kitId").into());
        }
        Ok(Wanted {
            unit_id: expect(Kind::Unit, &self.unit_id, "unitId")?,
            kit_id: expect_some(Kind::Kit, self.kit_id.as_ref(), "kitId")?,
            items: items(self.items, "items")?,
            places: self.places,
        })
    }
}

/// Questions about kits.
#[derive(Debug, Default)]
pub struct KitQuery;

#[Object]
impl KitQuery {
    /// A kit; null where there is none.
    async fn kit(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<Option<Kit>> {
        let Some(id) = crate::graphql::ids::decode(Kind::Kit, &id) else { return Ok(None) };
        let found = read::kit(ctx.app().db().read(), id).await;
        Ok(found.map_err(|error| to_error(error.into()))?.map(Kit))
    }

    /// Kits that are offered to units, or all of them, in the order they were made.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn kits(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = false)] all: bool,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<KitConnection> {
        let outcome = async {
            let page: Page<Uuid> = Page::read(first, after.as_deref())?;
            Ok((page.first, read::kits(ctx.app().db().read(), all, page.after, page.fetch()).await?))
        };
        let (first, rows) = outcome.await.map_err(|fault: Fault| query_error(fault, locale(ctx)))?;
        Ok(KitConnection::new(first, rows.into_iter().map(Kit).collect(), |kit: &Kit| kit.0.row.id))
    }

    /// What a request asked for as a kit; null where it did not, or there is none for the caller.
    async fn kit_order(&self, ctx: &Context<'_>, request_id: ID) -> async_graphql::Result<Option<KitOrder>> {
        let Some(id) = crate::graphql::ids::decode(Kind::Request, &request_id) else { return Ok(None) };
        let found = read::order(ctx.app().db().read(), ctx.actor()?, id).await;
        Ok(found.map_err(|error| to_error(error.into()))?.map(KitOrder::from))
    }

    /// The best split of a kit over those who have its things, by distance, condition and number of pick-ups: what `requestKit`
    /// would ask for now. Nothing is held. Null where the unit is none of the caller's.
    #[graphql(complexity = "100 + 100 * child_complexity")]
    async fn propose_kit(
        &self,
        ctx: &Context<'_>,
        input: ProposeKitInput,
    ) -> async_graphql::Result<Option<KitProposal>> {
        let outcome = async {
            let wanted = input.read()?;
            propose::propose(ctx.app(), ctx.actor().map_err(|_| Fault::Unauthenticated)?, &wanted).await
        };
        let proposal = outcome.await.map_err(|fault| query_error(fault, locale(ctx)))?;
        match proposal {
            Some(proposal) => Ok(Some(shown(ctx, proposal).await?)),
            None => Ok(None),
        }
    }
}

fn locale(ctx: &Context<'_>) -> entity::identity::Locale {
    ctx.actor().map_or(entity::identity::Locale::Zh, crate::identity::Actor::locale)
}

async fn shown(ctx: &Context<'_>, proposal: Proposal) -> async_graphql::Result<KitProposal> {
    let (app, actor) = (ctx.app(), ctx.actor()?);
    let lines = ctx.look_ahead().field("lines");
    let selection = lines.field("listing");
    let ids: Vec<Uuid> = proposal.lines.iter().map(|line| line.listing_id).collect();
    let rows = if selection.exists() {
        let wants = listings::graphql::wants(&selection);
        listings::read::hydrate(app, actor, &ids, wants).await.map_err(to_error)?
    } else {
        Vec::new()
    };
    let order: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let nodes = listings::graphql::listings(ctx, rows, &selection).await?;
    let mut nodes: std::collections::HashMap<Uuid, Listing> = order.into_iter().zip(nodes).collect();
    let mut points: Vec<Point> = proposal.lines.iter().map(|line| line.point).collect();
    points.sort_unstable();
    points.dedup();
    let stores = points.iter().filter_map(|point| match point {
        Point::Warehouse(id) => Some(*id),
        Point::Unit(_) => None,
    });
    let stores: Vec<Uuid> = stores.collect();
    let stores = warehouses::read::find_all(app.db().read(), &stores).await;
    let stores = stores.map_err(|error| to_error(error.into()))?;
    let reference = app.reference();
    let line = |line: &propose::Line| KitLine {
        item: line.item as i64,
        listing: nodes.remove(&line.listing_id),
        pieces: line.pieces,
        unit: match line.point {
            Point::Unit(id) => Unit::of(&reference, id),
            Point::Warehouse(_) => None,
        },
        warehouse: match line.point {
            Point::Warehouse(id) => stores.iter().find(|store| store.id == id).cloned().map(Warehouse::from),
            Point::Unit(_) => None,
        },
    };
    Ok(KitProposal {
        lines: proposal.lines.iter().map(line).collect(),
        pickups: points.len() as i64,
        cost: proposal.cost,
        items: proposal
            .items
            .into_iter()
            .map(|item| KitShare {
                name: item.name,
                required: item.need.required,
                wanted: item.need.pieces,
                missing: item.missing,
            })
            .collect(),
    })
}

/// Changes of kits.
#[derive(Debug, Default)]
pub struct KitMutation;

#[Object]
impl KitMutation {
    /// Makes or changes a kit. What was asked for before stays as it was.
    async fn save_kit(
        &self,
        ctx: &Context<'_>,
        input: SaveKitInput,
    ) -> async_graphql::Result<SaveKitPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = async {
            let form = save::Input {
                id: expect_some(Kind::Kit, input.id.as_ref(), "id")?,
                version: input.version,
                name: input.name,
                note: input.note,
                active: input.active,
                items: items(input.items, "items")?,
            };
            save::save(app, actor, Some(&input.idempotency_key), &form).await
        };
        let (id, errors) = errors::payload(outcome.await, actor.locale())?;
        let kit = match id {
            Some(id) => {
                let found = read::kit(app.db().read(), id).await;
                found.map_err(|error| to_error(error.into()))?.map(Kit)
            }
            None => None,
        };
        Ok(SaveKitPayload { kit, errors })
    }

    /// Asks for a kit in one request whose lines hold every piece at once, split as `proposeKit` says.
    async fn request_kit(
        &self,
        ctx: &Context<'_>,
        input: RequestKitInput,
    ) -> async_graphql::Result<RequestKitPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = async {
            let ordered = order::Input {
                wanted: input.wanted.read()?,
                with_shortfall: input.mode == KitMode::WithShortfall,
                justification: input.justification,
                needed_by: input.needed_by,
                over_cap_reason: input.over_cap_reason,
            };
            order::order(app, actor, Some(&input.idempotency_key), &ordered).await
        };
        let (done, errors) = errors::payload(outcome.await, actor.locale())?;
        let Some(done) = done else { return Ok(RequestKitPayload { request: None, order: None, errors }) };
        let conn = app.db().read();
        let request = requests::read::find(conn, actor, done.request_id).await;
        let order = read::order(conn, actor, done.request_id).await;
        Ok(RequestKitPayload {
            request: request.map_err(|error| to_error(error.into()))?.map(Request::from),
            order: order.map_err(|error| to_error(error.into()))?.map(KitOrder::from),
            errors,
        })
    }
}
