//! Units and regions in the schema. Their fields come from the snapshot in memory: no list of anything else costs a
//! statement because it shows names of units.

use async_graphql::parser::types::Field;
use async_graphql::{Context, ContextSelectionSet, ID, InputObject, Object, SimpleObject};
use chrono::NaiveDate;
use entity::organisation::{region, unit};
use uuid::Uuid;

use super::read::{self, RegionKey, UnitFilter, UnitKey};
use super::rules::{RegionForm, UnitForm};
use super::{Reference, save_region, save_unit};
use crate::fault::Fault;
use crate::graphql::at_hand::AtHand;
use crate::graphql::connection::{Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::{FiscalLevel, UnitKind, UnitState};
use crate::graphql::errors::{self, UserError};
use crate::graphql::ids::{Kind, decode, encode, expect, expect_some};
use crate::graphql::json::Json;

/// A place in the tree city → districts.
#[derive(Clone, Debug)]
pub struct Region(region::Model);

impl Region {
    /// The region as the snapshot knows it.
    #[must_use]
    pub fn of(reference: &Reference, id: Uuid) -> Option<Self> {
        reference.region(id).cloned().map(Self)
    }
}

#[Object]
impl Region {
    /// Global id.
    pub async fn id(&self) -> ID {
        encode(Kind::Region, self.0.id)
    }
    /// `GB/T 2260`, or the city's own for functional zones that have no code.
    async fn namespace(&self) -> &str {
        &self.0.namespace
    }
    /// Code within the namespace.
    async fn code(&self) -> &str {
        &self.0.code
    }
    /// Name.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// The region it lies in.
    async fn parent(&self, ctx: &Context<'_>) -> Option<Region> {
        self.0.parent_id.and_then(|id| Region::of(&ctx.app().reference(), id))
    }
    /// First day.
    async fn valid_from(&self) -> NaiveDate {
        self.0.valid_from
    }
    /// Last day, inclusive; none while it is open.
    async fn valid_to(&self) -> Option<NaiveDate> {
        self.0.valid_to
    }
    /// Give it back when you change the region.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// A holder of assets (单位). Its fiscal level and its place are two different things.
#[derive(Clone, Debug)]
pub struct Unit(unit::Model);

impl Unit {
    /// The unit as the snapshot knows it.
    #[must_use]
    pub fn of(reference: &Reference, id: Uuid) -> Option<Self> {
        reference.unit(id).cloned().map(Self)
    }
}

impl AtHand for Unit {
    fn write(&self, _: &ContextSelectionSet<'_>, field: &Field, json: &mut Json) -> bool {
        match field.name.node.as_str() {
            "id" => json.id(Kind::Unit, self.0.id),
            "name" => json.put(&self.0.name),
            _ => false,
        }
    }
}

#[Object]
impl Unit {
    /// Global id.
    pub async fn id(&self) -> ID {
        encode(Kind::Unit, self.0.id)
    }
    /// Full name.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// An ordinary unit, or the pool account of the warehouse.
    async fn kind(&self) -> UnitKind {
        self.0.kind.into()
    }
    /// 统一社会信用代码; temporary bodies have none.
    async fn credit_code(&self) -> Option<&str> {
        self.0.credit_code.as_deref()
    }
    /// The unit above.
    async fn parent(&self, ctx: &Context<'_>) -> Option<Unit> {
        self.0.parent_id.and_then(|id| Unit::of(&ctx.app().reference(), id))
    }
    /// 主管部门.
    async fn supervisor(&self, ctx: &Context<'_>) -> Option<Unit> {
        self.0.supervisor_id.and_then(|id| Unit::of(&ctx.app().reference(), id))
    }
    /// Whose budget pays: level.
    async fn fiscal_level(&self) -> FiscalLevel {
        self.0.fiscal_level.into()
    }
    /// Whose budget pays: region.
    async fn fiscal_region(&self, ctx: &Context<'_>) -> Option<Region> {
        Region::of(&ctx.app().reference(), self.0.fiscal_region_id)
    }
    /// Where it is.
    async fn place_region(&self, ctx: &Context<'_>) -> Option<Region> {
        Region::of(&ctx.app().reference(), self.0.place_region_id)
    }
    /// Its life.
    async fn state(&self) -> UnitState {
        self.0.state.into()
    }
    /// To whom its assets, listings, cases and tasks pass.
    async fn successor(&self, ctx: &Context<'_>) -> Option<Unit> {
        self.0.successor_id.and_then(|id| Unit::of(&ctx.app().reference(), id))
    }
    /// First day.
    async fn valid_from(&self) -> NaiveDate {
        self.0.valid_from
    }
    /// Last day, inclusive; none while it is open.
    async fn valid_to(&self) -> Option<NaiveDate> {
        self.0.valid_to
    }
    /// Give it back when you change the unit.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

connection!(UnitConnection, UnitEdge, Unit);
connection!(RegionConnection, RegionEdge, Region);

/// Which units are asked for; all conditions must hold.
#[derive(Debug, Default, InputObject)]
pub struct UnitFilterInput {
    /// Part of the name, or beginning of the credit code.
    text: Option<String>,
    /// Placed in this region or below it.
    region_id: Option<ID>,
    /// Right below this unit.
    parent_id: Option<ID>,
    /// In this state.
    state: Option<UnitState>,
}

/// Root queries of units and regions.
#[derive(Debug, Default)]
pub struct OrganisationQuery;

#[Object]
impl OrganisationQuery {
    /// A unit; null where there is none.
    async fn unit(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<Option<Unit>> {
        Ok(decode(Kind::Unit, &id).and_then(|id| Unit::of(&ctx.app().reference(), id)))
    }

    /// Units by name.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn units(
        &self,
        ctx: &Context<'_>,
        #[graphql(default)] filter: UnitFilterInput,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<UnitConnection> {
        let locale = ctx.actor()?.locale();
        let fail = |rejection| errors::query_error(Fault::from(rejection), locale);
        let page: Page<UnitKey> = Page::read(first, after.as_deref()).map_err(fail)?;
        let filter = UnitFilter {
            text: filter.text,
            region: expect_some(Kind::Region, filter.region_id.as_ref(), "filter.regionId").map_err(fail)?,
            parent: expect_some(Kind::Unit, filter.parent_id.as_ref(), "filter.parentId").map_err(fail)?,
            state: filter.state.map(Into::into),
        };
        let reference = ctx.app().reference();
        let rows = read::units(&reference, &filter, page.after.as_ref(), page.first + 1);
        let nodes = rows.into_iter().cloned().map(Unit).collect();
        Ok(UnitConnection::new(page.first, nodes, |unit: &Unit| (unit.0.name.clone(), unit.0.id)))
    }

    /// Regions by code; with `parentId` those right below one.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn regions(
        &self,
        ctx: &Context<'_>,
        parent_id: Option<ID>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<RegionConnection> {
        let locale = ctx.actor()?.locale();
        let fail = |rejection| errors::query_error(Fault::from(rejection), locale);
        let page: Page<RegionKey> = Page::read(first, after.as_deref()).map_err(fail)?;
        let parent = expect_some(Kind::Region, parent_id.as_ref(), "parentId").map_err(fail)?;
        let reference = ctx.app().reference();
        let rows = read::regions(&reference, parent, page.after.as_ref(), page.first + 1);
        let nodes = rows.into_iter().cloned().map(Region).collect();
        let key = |region: &Region| (region.0.namespace.clone(), region.0.code.clone());
        Ok(RegionConnection::new(page.first, nodes, key))
    }
}

/// A region to be made, or changed where `id` is given: all fields are replaced.
#[derive(Debug, InputObject)]
pub struct SaveRegionInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// Which; none for a new one.
    id: Option<ID>,
    /// The version you have seen; needed with `id`.
    version: Option<i64>,
    /// `GB/T 2260`, or the city's own for functional zones that have no code.
    namespace: String,
    /// Code within the namespace.
    code: String,
    /// Name.
    name: String,
    /// The region it lies in.
    parent_id: Option<ID>,
    /// First day; today where it is left out.
    valid_from: Option<NaiveDate>,
    /// Last day, inclusive.
    valid_to: Option<NaiveDate>,
}

impl SaveRegionInput {
    fn read(&self, today: NaiveDate) -> Result<save_region::Input, Fault> {
        let mut faults = Vec::new();
        let id = expect_some(Kind::Region, self.id.as_ref(), "id").unwrap_or_else(|fault| {
            faults.push(fault);
            None
        });
        let parent_id =
            expect_some(Kind::Region, self.parent_id.as_ref(), "parentId").unwrap_or_else(|fault| {
                faults.push(fault);
                None
            });
        Fault::all(faults)?;
        let form = RegionForm {
            namespace: self.namespace.clone(),
            code: self.code.clone(),
            name: self.name.clone(),
            parent_id,
            valid_from: self.valid_from.unwrap_or(today),
            valid_to: self.valid_to,
        };
        Ok(save_region::Input { id, version: self.version, form })
    }
}

/// The region, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct SaveRegionPayload {
    /// The region as it is now.
    region: Option<Region>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// A unit to be made, or changed where `id` is given: all fields are replaced.
#[derive(Debug, InputObject)]
pub struct SaveUnitInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// Which; none for a new one.
    id: Option<ID>,
    /// The version you have seen; needed with `id`.
    version: Option<i64>,
    /// Full name.
    name: String,
    /// An ordinary unit, or the pool account of the warehouse.
    #[graphql(default_with = "UnitKind::Unit")]
    kind: UnitKind,
    /// 统一社会信用代码; temporary bodies have none.
    credit_code: Option<String>,
    /// The unit above.
    parent_id: Option<ID>,
    /// 主管部门.
    supervisor_id: Option<ID>,
    /// Whose budget pays: level.
    fiscal_level: FiscalLevel,
    /// Whose budget pays: region.
    fiscal_region_id: ID,
    /// Where it is.
    place_region_id: ID,
    /// Its life.
    #[graphql(default_with = "UnitState::Active")]
    state: UnitState,
    /// To whom assets, listings, cases and tasks pass; needed when it is closed.
    successor_id: Option<ID>,
    /// First day; today where it is left out.
    valid_from: Option<NaiveDate>,
    /// Last day, inclusive; needed when it is closed.
    valid_to: Option<NaiveDate>,
}

impl SaveUnitInput {
    fn read(&self, today: NaiveDate) -> Result<save_unit::Input, Fault> {
        let mut faults = Vec::new();
        let mut some = |kind, id: Option<&ID>, field| {
            expect_some(kind, id, field).unwrap_or_else(|fault| {
                faults.push(fault);
                None
            })
        };
        let id = some(Kind::Unit, self.id.as_ref(), "id");
        let parent_id = some(Kind::Unit, self.parent_id.as_ref(), "parentId");
        let supervisor_id = some(Kind::Unit, self.supervisor_id.as_ref(), "supervisorId");
        let successor_id = some(Kind::Unit, self.successor_id.as_ref(), "successorId");
        let fiscal = expect(Kind::Region, &self.fiscal_region_id, "fiscalRegionId");
        let place = expect(Kind::Region, &self.place_region_id, "placeRegionId");
        let (fiscal_region_id, place_region_id) = match (fiscal, place) {
            (Ok(fiscal), Ok(place)) if faults.is_empty() => (fiscal, place),
            (fiscal, place) => {
                faults.extend(fiscal.err());
                faults.extend(place.err());
                return Err(Fault::Rejected(faults));
            }
        };
        let form = UnitForm {
            name: self.name.clone(),
            kind: self.kind.into(),
            credit_code: self.credit_code.clone(),
            parent_id,
            supervisor_id,
            fiscal_level: self.fiscal_level.into(),
            fiscal_region_id,
            place_region_id,
            state: self.state.into(),
            successor_id,
            valid_from: self.valid_from.unwrap_or(today),
            valid_to: self.valid_to,
        };
        Ok(save_unit::Input { id, version: self.version, form })
    }
}

/// The unit, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct SaveUnitPayload {
    /// The unit as it is now.
    unit: Option<Unit>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// Root mutations of units and regions.
#[derive(Debug, Default)]
pub struct OrganisationMutation;

#[Object]
impl OrganisationMutation {
    /// Makes or changes a region.
    async fn save_region(
        &self,
        ctx: &Context<'_>,
        input: SaveRegionInput,
    ) -> async_graphql::Result<SaveRegionPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = match input.read(app.clock().today()) {
            Ok(form) => save_region::save_region(app, actor, Some(&input.idempotency_key), &form).await,
            Err(fault) => Err(fault),
        };
        let (id, errors) = errors::payload(outcome, actor.locale())?;
        let region = match id {
            Some(id) => {
                fresh(ctx).await?;
                Region::of(&app.reference(), id)
            }
            None => None,
        };
        Ok(SaveRegionPayload { region, errors })
    }

    /// Makes or changes a unit.
    async fn save_unit(
        &self,
        ctx: &Context<'_>,
        input: SaveUnitInput,
    ) -> async_graphql::Result<SaveUnitPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = match input.read(app.clock().today()) {
            Ok(form) => save_unit::save_unit(app, actor, Some(&input.idempotency_key), &form).await,
            Err(fault) => Err(fault),
        };
        let (id, errors) = errors::payload(outcome, actor.locale())?;
        let unit = match id {
            Some(id) => {
                fresh(ctx).await?;
                Unit::of(&app.reference(), id)
            }
            None => None,
        };
        Ok(SaveUnitPayload { unit, errors })
    }
}

/// Brings the snapshot up to what was just written, so that the answer shows it.
pub(crate) async fn fresh(ctx: &Context<'_>) -> async_graphql::Result<()> {
    ctx.app().generation().await.map(|_| ()).map_err(errors::to_error)
}
