//! Warehouses and places in the schema.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::warehouses::{storage_place, warehouse};

use super::rules::{PlaceForm, WarehouseForm};
use super::{read, save_place, save_warehouse};
use crate::fault::Fault;
use crate::graphql::connection::{Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::PlaceKind;
use crate::graphql::errors::{self, UserError};
use crate::graphql::ids::{Kind, decode, encode, expect, expect_some};
use crate::organisation::graphql::{Region, Unit};

/// A physical warehouse (实体仓): hub or branch.
#[derive(Clone, Debug)]
pub struct Warehouse(warehouse::Model);

impl From<warehouse::Model> for Warehouse {
    fn from(row: warehouse::Model) -> Self {
        Self(row)
    }
}

#[Object]
impl Warehouse {
    /// Global id.
    pub async fn id(&self) -> ID {
        encode(Kind::Warehouse, self.0.id)
    }
    /// Short code.
    async fn code(&self) -> &str {
        &self.0.code
    }
    /// Name.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// Who runs it.
    async fn unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.0.unit_id)
    }
    /// Where it is.
    async fn region(&self, ctx: &Context<'_>) -> Option<Region> {
        Region::of(&ctx.app().reference(), self.0.region_id)
    }
    /// Floor area in whole square metres.
    #[graphql(name = "areaM2")]
    async fn area_m2(&self) -> i64 {
        self.0.area_m2
    }
    /// Give it back when you change the warehouse.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// A zone, rack or bin of a warehouse.
#[derive(Clone, Debug)]
pub struct StoragePlace(storage_place::Model);

impl From<storage_place::Model> for StoragePlace {
    fn from(row: storage_place::Model) -> Self {
        Self(row)
    }
}

#[Object]
impl StoragePlace {
    /// Global id.
    async fn id(&self) -> ID {
        encode(Kind::Place, self.0.id)
    }
    /// Global id of the warehouse.
    async fn warehouse_id(&self) -> ID {
        encode(Kind::Warehouse, self.0.warehouse_id)
    }
    /// Global id of the zone of a rack, of the rack or zone of a bin.
    async fn parent_id(&self) -> Option<ID> {
        self.0.parent_id.map(|id| encode(Kind::Place, id))
    }
    /// Zone, rack or bin.
    async fn kind(&self) -> PlaceKind {
        self.0.kind.into()
    }
    /// Code, unique in the warehouse.
    async fn code(&self) -> &str {
        &self.0.code
    }
    /// Name.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// Floor area in square decimetres (1 m² = 100).
    #[graphql(name = "areaDm2")]
    async fn area_dm2(&self) -> i64 {
        self.0.area_dm2
    }
    /// Give it back when you change the place.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

connection!(WarehouseConnection, WarehouseEdge, Warehouse);
connection!(StoragePlaceConnection, StoragePlaceEdge, StoragePlace);

/// Root queries of warehouses.
#[derive(Debug, Default)]
pub struct WarehousesQuery;

#[Object]
impl WarehousesQuery {
    /// Warehouses by code.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn warehouses(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<WarehouseConnection> {
        let locale = ctx.actor()?.locale();
        let fail = |fault: Fault| errors::query_error(fault, locale);
        let page: Page<String> = Page::read(first, after.as_deref()).map_err(|wrong| fail(wrong.into()))?;
        let rows = read::warehouses(ctx.app().db().read(), page.after.as_deref(), page.fetch())
            .await
            .map_err(|error| fail(error.into()))?;
        let nodes = rows.into_iter().map(Warehouse).collect();
        Ok(WarehouseConnection::new(page.first, nodes, |row: &Warehouse| row.0.code.clone()))
    }

    /// Zones, racks and bins of a warehouse by code; with `parentId` those right below one.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn storage_places(
        &self,
        ctx: &Context<'_>,
        warehouse_id: ID,
        parent_id: Option<ID>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<Option<StoragePlaceConnection>> {
        let locale = ctx.actor()?.locale();
        let fail = |fault: Fault| errors::query_error(fault, locale);
        let page: Page<String> = Page::read(first, after.as_deref()).map_err(|wrong| fail(wrong.into()))?;
        let Some(warehouse) = decode(Kind::Warehouse, &warehouse_id) else { return Ok(None) };
        let parent =
            expect_some(Kind::Place, parent_id.as_ref(), "parentId").map_err(|wrong| fail(wrong.into()))?;
        let conn = ctx.app().db().read();
        let rows = read::places(conn, warehouse, parent, page.after.as_deref(), page.fetch())
            .await
            .map_err(|error| fail(error.into()))?;
        let nodes = rows.into_iter().map(StoragePlace).collect();
        Ok(Some(StoragePlaceConnection::new(page.first, nodes, |row: &StoragePlace| row.0.code.clone())))
    }
}

/// A warehouse to be made, or changed where `id` is given: all fields are replaced.
#[derive(Debug, InputObject)]
pub struct SaveWarehouseInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// Which; none for a new one.
    id: Option<ID>,
    /// The version you have seen; needed with `id`.
    version: Option<i64>,
    /// Short code, unique.
    code: String,
    /// Name.
    name: String,
    /// Who runs it.
    unit_id: ID,
    /// Where it is.
    region_id: ID,
    /// Floor area in whole square metres.
    #[graphql(name = "areaM2")]
    area_m2: i64,
}

impl SaveWarehouseInput {
    fn read(&self) -> Result<save_warehouse::Input, Fault> {
        let form = WarehouseForm {
            code: self.code.clone(),
            name: self.name.clone(),
            unit_id: expect(Kind::Unit, &self.unit_id, "unitId")?,
            region_id: expect(Kind::Region, &self.region_id, "regionId")?,
            area_m2: self.area_m2,
        };
        let id = expect_some(Kind::Warehouse, self.id.as_ref(), "id")?;
        Ok(save_warehouse::Input { id, version: self.version, form })
    }
}

/// The warehouse, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct SaveWarehousePayload {
    /// The warehouse as it is now.
    warehouse: Option<Warehouse>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// A zone, rack or bin to be made, or changed where `id` is given: all fields are replaced.
#[derive(Debug, InputObject)]
pub struct SavePlaceInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// Which; none for a new one.
    id: Option<ID>,
    /// The version you have seen; needed with `id`.
    version: Option<i64>,
    /// The warehouse.
    warehouse_id: ID,
    /// The zone of a rack, the rack or zone of a bin.
    parent_id: Option<ID>,
    /// Zone, rack or bin.
    kind: PlaceKind,
    /// Code, unique in the warehouse.
    code: String,
    /// Name.
    #[graphql(default)]
    name: String,
    /// Floor area in square decimetres (1 m² = 100).
    #[graphql(default, name = "areaDm2")]
    area_dm2: i64,
}

impl SavePlaceInput {
    fn read(&self) -> Result<save_place::Input, Fault> {
        let form = PlaceForm {
            warehouse_id: expect(Kind::Warehouse, &self.warehouse_id, "warehouseId")?,
            parent_id: expect_some(Kind::Place, self.parent_id.as_ref(), "parentId")?,
            kind: self.kind.into(),
            code: self.code.clone(),
            name: self.name.clone(),
            area_dm2: self.area_dm2,
        };
        let id = expect_some(Kind::Place, self.id.as_ref(), "id")?;
        Ok(save_place::Input { id, version: self.version, form })
    }
}

/// The place, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct SavePlacePayload {
    /// The place as it is now.
    place: Option<StoragePlace>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// Root mutations of warehouses.
#[derive(Debug, Default)]
pub struct WarehousesMutation;

#[Object]
impl WarehousesMutation {
    /// Makes or changes a warehouse.
    async fn save_warehouse(
        &self,
        ctx: &Context<'_>,
        input: SaveWarehouseInput,
    ) -> async_graphql::Result<SaveWarehousePayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = match input.read() {
            Ok(form) => save_warehouse::save_warehouse(app, actor, Some(&input.idempotency_key), &form).await,
            Err(fault) => Err(fault),
        };
        let (id, errors) = errors::payload(outcome, actor.locale())?;
        let row = match id {
            Some(id) => {
                read::warehouse(app.db().read(), id).await.map_err(|error| errors::to_error(error.into()))?
            }
            None => None,
        };
        Ok(SaveWarehousePayload { warehouse: row.map(Warehouse), errors })
    }

    /// Makes or changes a zone, rack or bin.
    async fn save_place(
        &self,
        ctx: &Context<'_>,
        input: SavePlaceInput,
    ) -> async_graphql::Result<SavePlacePayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = match input.read() {
            Ok(form) => save_place::save_place(app, actor, Some(&input.idempotency_key), &form).await,
            Err(fault) => Err(fault),
        };
        let (id, errors) = errors::payload(outcome, actor.locale())?;
        let mut rows =
            read::places_by_id(app.db().read(), id).await.map_err(|error| errors::to_error(error.into()))?;
        let place = id.and_then(|id| rows.remove(&id)).map(StoragePlace);
        Ok(SavePlacePayload { place, errors })
    }
}
