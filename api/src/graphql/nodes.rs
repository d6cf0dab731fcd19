//! Things by their global id alone: `node`, and the entities of a federated graph. Whoever may not ask for a thing by its
//! own root field gets nothing here either, and what is missing is null: one fault would fail the whole batch.

use std::collections::HashMap;
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::{Context, ID, Interface, Object};
use entity::assets::asset;
use entity::loans::loan;
use entity::plans::allocation_plan;
use entity::requests::request;
use entity::transfers::transfer;
use entity::warehouses::warehouse;
use uuid::Uuid;

use super::context::Given;
use super::errors::query_error;
use super::ids::{Kind, parse};
use crate::app::App;
use crate::assets::graphql::Asset;
use crate::authz::Operation;
use crate::catalogue::graphql::Category;
use crate::disposals::nodes::Disposal;
use crate::disposals::read::DisposalRow;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::listings::graphql::Listing;
use crate::listings::row::{ListingRow, Wants};
use crate::loans::graphql::Loan;
use crate::organisation::graphql::{Region, Unit};
use crate::plans::graphql::AllocationPlan;
use crate::requests::graphql::Request;
use crate::transfers::graphql::Transfer;
use crate::warehouses::graphql::Warehouse;
use crate::{assets, disposals, listings, loans, plans, requests, transfers, warehouses};

/// A thing with a global id.
// One of them lives for the time of a look-up.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Global id."))]
pub enum Node {
    /// A plan of the office.
    AllocationPlan(AllocationPlan),
    /// A card.
    Asset(Asset),
    /// A category.
    Category(Category),
    /// A disposal.
    Disposal(Disposal),
    /// An offer.
    Listing(Listing),
    /// A loan.
    Loan(Loan),
    /// A region.
    Region(Region),
    /// A request.
    Request(Request),
    /// A hand-over.
    Transfer(Transfer),
    /// A unit.
    Unit(Unit),
    /// A warehouse.
    Warehouse(Warehouse),
}

/// Rows as the loader keeps them.
#[derive(Clone, Debug)]
enum Found {
    Asset(asset::Model),
    Disposal(Box<DisposalRow>),
    Listing(ListingRow),
    Loan(loan::Model),
    Plan(allocation_plan::Model),
    Request(request::Model),
    Transfer(transfer::Model),
    Warehouse(warehouse::Model),
}

/// Rows in the database by kind and identity: one statement for all of a kind that one request asks for.
pub struct Rows {
    app: App,
    actor: Actor,
}

/// The loader of one request.
#[must_use]
pub fn rows(app: App, actor: Actor) -> DataLoader<Rows> {
    // Without a delay: what is asked for at once arrives at once.
    DataLoader::new(Rows { app, actor }, tokio::spawn).delay(Duration::ZERO)
}

/// Identities in one statement.
const PART: usize = 500;

impl Loader<(Kind, Uuid)> for Rows {
    type Value = Row;
    type Error = std::sync::Arc<Fault>;

    async fn load(&self, keys: &[(Kind, Uuid)]) -> Result<HashMap<(Kind, Uuid), Row>, Self::Error> {
        let mut kinds: HashMap<Kind, Vec<Uuid>> = HashMap::new();
        for (kind, id) in keys {
            kinds.entry(*kind).or_default().push(*id);
        }
        let mut found = HashMap::with_capacity(keys.len());
        for (kind, ids) in kinds {
            for part in ids.chunks(PART) {
                self.read(kind, part, &mut found).await?;
            }
        }
        Ok(found)
    }
}

/// A row of any kind.
#[derive(Clone, Debug)]
pub struct Row(Found);

impl Rows {
    async fn read(
        &self,
        kind: Kind,
        ids: &[Uuid],
        into: &mut HashMap<(Kind, Uuid), Row>,
    ) -> Result<(), Fault> {
        let (app, actor) = (&self.app, &self.actor);
        let conn = app.db().read();
        let mut keep = |id: Uuid, row: Found| drop(into.insert((kind, id), Row(row)));
        match kind {
            Kind::Asset if actor.may_somewhere(Operation::Asset) => {
                let rows = assets::read::find_all(app, actor, ids).await?;
                rows.into_iter().for_each(|row| keep(row.id, Found::Asset(row)));
            }
            Kind::Listing if actor.may_somewhere(Operation::Listing) => {
                let rows = listings::read::find_all(app, actor, ids, Wants::ALL).await?;
                rows.into_iter().for_each(|row| keep(row.id, Found::Listing(row)));
            }
            Kind::Loan if actor.may_somewhere(Operation::Loan) => {
                let rows = loans::read::find_all(conn, actor, ids).await?;
                rows.into_iter().for_each(|row| keep(row.id, Found::Loan(row)));
            }
            Kind::Plan if actor.may_somewhere(Operation::AllocationPlan) => {
                let rows = plans::read::find_all(conn, actor, ids).await?;
                rows.into_iter().for_each(|row| keep(row.id, Found::Plan(row)));
            }
            Kind::Disposal if actor.may_somewhere(Operation::Disposal) => {
                let rows = disposals::read::find_all(conn, actor, ids).await?;
                for row in disposals::read::with_cards(conn, rows).await? {
                    keep(row.disposal.id, Found::Disposal(Box::new(row)));
                }
            }
            Kind::Request if actor.may_somewhere(Operation::Request) => {
                let rows = requests::read::find_all(conn, actor, ids).await?;
                rows.into_iter().for_each(|row| keep(row.id, Found::Request(row)));
            }
            Kind::Transfer if actor.may_somewhere(Operation::Transfer) => {
                let rows = transfers::read::find_all(conn, actor, ids).await?;
                rows.into_iter().for_each(|row| keep(row.id, Found::Transfer(row)));
            }
            Kind::Warehouse if actor.may_somewhere(Operation::Warehouses) => {
                let rows = warehouses::read::find_all(conn, ids).await?;
                rows.into_iter().for_each(|row| keep(row.id, Found::Warehouse(row)));
            }
            _ => {}
        }
        Ok(())
    }
}

async fn find(ctx: &Context<'_>, id: &ID) -> async_graphql::Result<Option<Node>> {
    let Some((kind, id)) = parse(id) else { return Ok(None) };
    let reference = ctx.app().reference();
    match kind {
        Kind::Category => return Ok(Category::of(&reference, id).map(Node::Category)),
        Kind::Region => return Ok(Region::of(&reference, id).map(Node::Region)),
        Kind::Unit => return Ok(Unit::of(&reference, id).map(Node::Unit)),
        _ => {}
    }
    let locale = ctx.actor()?.locale();
    let found = ctx.data_unchecked::<DataLoader<Rows>>().load_one((kind, id)).await;
    let found = found.map_err(|fault| query_error(anyhow::anyhow!("{fault:?}").into(), locale))?;
    Ok(found.map(|Row(row)| match row {
        Found::Asset(row) => Node::Asset(row.into()),
        Found::Disposal(row) => Node::Disposal((*row).into()),
        Found::Listing(row) => Node::Listing(row.into()),
        Found::Loan(row) => Node::Loan(row.into()),
        Found::Plan(row) => Node::AllocationPlan(row.into()),
        Found::Request(row) => Node::Request(row.into()),
        Found::Transfer(row) => Node::Transfer(row.into()),
        Found::Warehouse(row) => Node::Warehouse(row.into()),
    }))
}

/// Things by their global id.
#[derive(Debug, Default)]
pub struct NodeQuery;

/// Declares, for each type, that other graphs may refer to it by its id.
macro_rules! entities {
    ($($find:ident $node:ident)+) => {
        #[Object]
        impl NodeQuery {
            /// Anything that has a global id and a root field of its own; null where there is none for the caller.
            async fn node(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<Option<Node>> {
                find(ctx, &id).await
            }

            $(
                #[graphql(entity)]
                async fn $find(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<Option<$node>> {
                    Ok(match find(ctx, &id).await? {
                        Some(Node::$node(found)) => Some(found),
                        _ => None,
                    })
                }
            )+
        }
    };
}

entities! {
    allocation_plan_by_id AllocationPlan
    asset_by_id Asset
    category_by_id Category
    disposal_by_id Disposal
    listing_by_id Listing
    loan_by_id Loan
    region_by_id Region
    request_by_id Request
    transfer_by_id Transfer
    unit_by_id Unit
    warehouse_by_id Warehouse
}
