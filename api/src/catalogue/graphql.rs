//! Categories, standards and the rule book in the schema.

use async_graphql::parser::types::Field;
use async_graphql::{Context, ContextSelectionSet, ID, InputObject, Object, SimpleObject};
use chrono::NaiveDate;
use entity::catalogue::{allocation_standard, category, required_field};
use uuid::Uuid;

use super::forms::{CategoryForm, RequiredFieldForm, SettingForm, StandardForm};
use super::read::{self, CategoryFilter, CategoryKey};
use super::{save_category, set_city_setting, set_required_field, set_standard};
use crate::fault::Fault;
use crate::graphql::at_hand::AtHand;
use crate::graphql::connection::{Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::{AssetKind, AssetSource, RequiredStep};
use crate::graphql::errors::{self, UserError};
use crate::graphql::ids::{Kind, encode, expect, expect_some};
use crate::graphql::json::Json;
use crate::graphql::scalars::Money;
use crate::organisation::Reference;
use crate::organisation::graphql::{Region, fresh};

/// An asset category (资产分类代码), keyed by system, edition and code.
#[derive(Clone, Debug)]
pub struct Category(category::Model);

impl Category {
    /// The category as the snapshot knows it.
    #[must_use]
    pub fn of(reference: &Reference, id: Uuid) -> Option<Self> {
        reference.category(id).cloned().map(Self)
    }
}

impl AtHand for Category {
    fn write(&self, _: &ContextSelectionSet<'_>, field: &Field, json: &mut Json) -> bool {
        match field.name.node.as_str() {
            "id" => json.id(Kind::Category, self.0.id),
            "code" => json.put(&self.0.code),
            "name" => json.put(&self.0.name),
            _ => false,
        }
    }
}

#[Object]
impl Category {
    /// Global id.
    pub async fn id(&self) -> ID {
        encode(Kind::Category, self.0.id)
    }
    /// Such as `GB/T 14885`.
    async fn system(&self) -> &str {
        &self.0.system
    }
    /// Such as `2022`: the same digits mean other things in other editions.
    async fn edition(&self) -> &str {
        &self.0.edition
    }
    /// Code.
    async fn code(&self) -> &str {
        &self.0.code
    }
    /// Name.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// The category above.
    async fn parent(&self, ctx: &Context<'_>) -> Option<Category> {
        self.0.parent_id.and_then(|id| Category::of(&ctx.app().reference(), id))
    }
    /// Kind of the assets in it.
    async fn kind(&self) -> AssetKind {
        self.0.kind.into()
    }
    /// Floor of the depreciation life, in months.
    async fn depreciation_months(&self) -> Option<i64> {
        self.0.depreciation_months
    }
    /// Whether an erasure record is needed before it is listed.
    async fn has_disk(&self) -> bool {
        self.0.has_disk
    }
    /// First day.
    async fn valid_from(&self) -> NaiveDate {
        self.0.valid_from
    }
    /// Last day, inclusive; none while it is open.
    async fn valid_to(&self) -> Option<NaiveDate> {
        self.0.valid_to
    }
    /// Give it back when you change the category.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// An allocation standard (配置标准) by jurisdiction and date.
#[derive(Clone, Debug)]
pub struct Standard(allocation_standard::Model);

impl From<allocation_standard::Model> for Standard {
    fn from(row: allocation_standard::Model) -> Self {
        Self(row)
    }
}

#[Object]
impl Standard {
    /// Global id.
    async fn id(&self) -> ID {
        encode(Kind::Standard, self.0.id)
    }
    /// Jurisdiction; none means central government.
    async fn region(&self, ctx: &Context<'_>) -> Option<Region> {
        self.0.region_id.and_then(|id| Region::of(&ctx.app().reference(), id))
    }
    /// The category.
    async fn category(&self, ctx: &Context<'_>) -> Option<Category> {
        Category::of(&ctx.app().reference(), self.0.category_id)
    }
    /// Rank of staff it is for, where it differs.
    async fn rank(&self) -> Option<&str> {
        self.0.rank.as_deref()
    }
    /// Price cap of one piece.
    async fn price_cap(&self) -> Money {
        self.0.price_cap.into()
    }
    /// Minimum service life (最低使用年限), in months; not the depreciation life.
    async fn min_service_months(&self) -> i64 {
        self.0.min_service_months
    }
    /// Quantity cap in per cent of staff.
    async fn cap_percent(&self) -> Option<i64> {
        self.0.cap_percent
    }
    /// Document it comes from.
    async fn source(&self) -> &str {
        &self.0.source
    }
    /// 1, 2, 3 … of the same jurisdiction, category and rank.
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

/// A field that must be filled before a step.
#[derive(Clone, Debug, SimpleObject)]
pub struct RequiredField {
    /// None: every kind.
    pub kind: Option<AssetKind>,
    /// None: every source.
    pub source: Option<AssetSource>,
    /// Before which step.
    pub step: RequiredStep,
    /// Name as in the schema, such as `categoryId` or `vehicle.plate`.
    pub field: String,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day, inclusive; none while it is open.
    pub valid_to: Option<NaiveDate>,
    #[graphql(skip)]
    key: Uuid,
}

impl From<required_field::Model> for RequiredField {
    fn from(row: required_field::Model) -> Self {
        Self {
            kind: row.kind.map(Into::into),
            source: row.source.map(Into::into),
            step: row.step.into(),
            field: row.field,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            key: row.id,
        }
    }
}

/// A number of the city's rule book.
#[derive(Clone, Debug, SimpleObject)]
pub struct CitySetting {
    /// Name; it ends in its unit.
    pub name: String,
    /// Value today.
    pub value: i64,
    /// Since when the city has it so; none where the default counts.
    pub valid_from: Option<NaiveDate>,
    /// What counts where the city has set nothing.
    pub default_value: i64,
    /// Least value taken.
    pub least: i64,
    /// Greatest value taken.
    pub most: i64,
}

connection!(CategoryConnection, CategoryEdge, Category);
connection!(StandardConnection, StandardEdge, Standard);
connection!(RequiredFieldConnection, RequiredFieldEdge, RequiredField);

/// Which categories are asked for; all conditions must hold.
#[derive(Debug, Default, InputObject)]
pub struct CategoryFilterInput {
    /// Part of the name, or beginning of the code.
    text: Option<String>,
    /// Right below this category.
    parent_id: Option<ID>,
    /// Only those without one above.
    #[graphql(default)]
    roots: bool,
    /// Of this kind.
    kind: Option<AssetKind>,
}

/// Which standards are asked for; all conditions must hold.
#[derive(Debug, Default, InputObject)]
pub struct StandardFilterInput {
    /// Of this category.
    category_id: Option<ID>,
    /// Of this jurisdiction.
    region_id: Option<ID>,
    /// In force on this day.
    on: Option<NaiveDate>,
}

/// Root queries of the rule book.
#[derive(Debug, Default)]
pub struct CatalogueQuery;

#[Object]
impl CatalogueQuery {
    /// Categories by code.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn categories(
        &self,
        ctx: &Context<'_>,
        #[graphql(default)] filter: CategoryFilterInput,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<CategoryConnection> {
        let locale = ctx.actor()?.locale();
        let fail = |rejection| errors::query_error(Fault::from(rejection), locale);
        let page: Page<CategoryKey> = Page::read(first, after.as_deref()).map_err(fail)?;
        let filter = CategoryFilter {
            text: filter.text,
            parent: expect_some(Kind::Category, filter.parent_id.as_ref(), "filter.parentId")
                .map_err(fail)?,
            roots: filter.roots,
            kind: filter.kind.map(Into::into),
        };
        let reference = ctx.app().reference();
        let rows = read::categories(&reference, &filter, page.after.as_ref(), page.first + 1);
        let nodes = rows.into_iter().cloned().map(Category).collect();
        Ok(CategoryConnection::new(page.first, nodes, |row: &Category| (row.0.code.clone(), row.0.id)))
    }

    /// Allocation standards in the order they were made.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn standards(
        &self,
        ctx: &Context<'_>,
        #[graphql(default)] filter: StandardFilterInput,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<StandardConnection> {
        let locale = ctx.actor()?.locale();
        let fail = |fault: Fault| errors::query_error(fault, locale);
        let page: Page<Uuid> = Page::read(first, after.as_deref()).map_err(|wrong| fail(wrong.into()))?;
        let category = expect_some(Kind::Category, filter.category_id.as_ref(), "filter.categoryId")
            .map_err(|wrong| fail(wrong.into()))?;
        let region = expect_some(Kind::Region, filter.region_id.as_ref(), "filter.regionId")
            .map_err(|wrong| fail(wrong.into()))?;
        let conn = ctx.app().db().read();
        let rows = read::standards(conn, category, region, filter.on, page.after, page.fetch())
            .await
            .map_err(|error| fail(error.into()))?;
        let nodes = rows.into_iter().map(Standard).collect();
        Ok(StandardConnection::new(page.first, nodes, |row: &Standard| row.0.id))
    }

    /// Fields that must be filled before a step, on a day (today where it is left out).
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn required_fields(
        &self,
        ctx: &Context<'_>,
        on: Option<NaiveDate>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<RequiredFieldConnection> {
        let locale = ctx.actor()?.locale();
        let fail = |fault: Fault| errors::query_error(fault, locale);
        let page: Page<Uuid> = Page::read(first, after.as_deref()).map_err(|wrong| fail(wrong.into()))?;
        let app = ctx.app();
        let on = on.unwrap_or_else(|| app.clock().today());
        let rows = read::required_fields(app.db().read(), on, page.after, page.fetch())
            .await
            .map_err(|error| fail(error.into()))?;
        let nodes = rows.into_iter().map(Into::into).collect();
        Ok(RequiredFieldConnection::new(page.first, nodes, |row: &RequiredField| row.key))
    }

    /// The numbers of the city's rule book as of today.
    async fn city_settings(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<CitySetting>> {
        let app = ctx.app();
        let rows = read::settings(app.db().read(), app.clock().today())
            .await
            .map_err(|error| errors::to_error(error.into()))?;
        Ok(rows
            .into_iter()
            .map(|(setting, value, valid_from)| CitySetting {
                name: setting.name.to_owned(),
                value,
                valid_from,
                default_value: setting.default,
                least: setting.least,
                most: setting.most,
            })
            .collect())
    }
}

/// A category to be made, or changed where `id` is given: all fields are replaced.
#[derive(Debug, InputObject)]
pub struct SaveCategoryInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// Which; none for a new one.
    id: Option<ID>,
    /// The version you have seen; needed with `id`.
    version: Option<i64>,
    /// Such as `GB/T 14885`.
    system: String,
    /// Such as `2022`.
    edition: String,
    /// Code.
    code: String,
    /// Name.
    name: String,
    /// The category above, of the same system and edition.
    parent_id: Option<ID>,
    /// Kind of the assets in it.
    #[graphql(default_with = "AssetKind::General")]
    kind: AssetKind,
    /// Floor of the depreciation life, in months.
    depreciation_months: Option<i64>,
    /// Whether an erasure record is needed before it is listed.
    #[graphql(default)]
    has_disk: bool,
    /// First day; today where it is left out.
    valid_from: Option<NaiveDate>,
    /// Last day, inclusive.
    valid_to: Option<NaiveDate>,
}

impl SaveCategoryInput {
    fn read(&self, today: NaiveDate) -> Result<save_category::Input, Fault> {
        let id = expect_some(Kind::Category, self.id.as_ref(), "id")?;
        let form = CategoryForm {
            system: self.system.clone(),
            edition: self.edition.clone(),
            code: self.code.clone(),
            name: self.name.clone(),
            parent_id: expect_some(Kind::Category, self.parent_id.as_ref(), "parentId")?,
            kind: self.kind.into(),
            depreciation_months: self.depreciation_months,
            has_disk: self.has_disk,
            valid_from: self.valid_from.unwrap_or(today),
            valid_to: self.valid_to,
        };
        Ok(save_category::Input { id, version: self.version, form })
    }
}

/// The category, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct SaveCategoryPayload {
    /// The category as it is now.
    category: Option<Category>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// A revision of a standard; the one before it of the same jurisdiction, category and rank ends the day before.
#[derive(Debug, InputObject)]
pub struct SetStandardInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// Jurisdiction; none means central government.
    region_id: Option<ID>,
    /// The category.
    category_id: ID,
    /// Rank of staff it is for, where it differs.
    rank: Option<String>,
    /// Price cap of one piece.
    price_cap: Money,
    /// Minimum service life, in months.
    min_service_months: i64,
    /// Quantity cap in per cent of staff.
    cap_percent: Option<i64>,
    /// Document it comes from.
    source: String,
    /// First day.
    valid_from: NaiveDate,
}

impl SetStandardInput {
    fn read(&self) -> Result<StandardForm, Fault> {
        Ok(StandardForm {
            region_id: expect_some(Kind::Region, self.region_id.as_ref(), "regionId")?,
            category_id: expect(Kind::Category, &self.category_id, "categoryId")?,
            rank: self.rank.clone(),
            price_cap: self.price_cap.0,
            min_service_months: self.min_service_months,
            cap_percent: self.cap_percent,
            source: self.source.clone(),
            valid_from: self.valid_from,
        })
    }
}

/// The standard, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct SetStandardPayload {
    /// The revision as it is now.
    standard: Option<Standard>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// Whether a field must be filled before a step.
#[derive(Debug, InputObject)]
pub struct SetRequiredFieldInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// None: every kind.
    kind: Option<AssetKind>,
    /// None: every source.
    source: Option<AssetSource>,
    /// Before which step.
    step: RequiredStep,
    /// Name as in the schema, such as `categoryId` or `vehicle.plate`.
    field: String,
    /// Whether it must be filled.
    required: bool,
    /// From which day on; today where it is left out.
    from: Option<NaiveDate>,
}

/// Done, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct SetRequiredFieldPayload {
    /// Whether the field is required from that day on.
    required: Option<bool>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// A number of the rule book from a day on.
#[derive(Debug, InputObject)]
pub struct SetCitySettingInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// Name; see `citySettings`.
    name: String,
    /// Value.
    value: i64,
    /// First day; today where it is left out.
    from: Option<NaiveDate>,
}

/// Done, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct SetCitySettingPayload {
    /// The value from that day on.
    value: Option<i64>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// Root mutations of the rule book.
#[derive(Debug, Default)]
pub struct CatalogueMutation;

#[Object]
impl CatalogueMutation {
    /// Makes or changes a category.
    async fn save_category(
        &self,
        ctx: &Context<'_>,
        input: SaveCategoryInput,
    ) -> async_graphql::Result<SaveCategoryPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = match input.read(app.clock().today()) {
            Ok(form) => save_category::save_category(app, actor, Some(&input.idempotency_key), &form).await,
            Err(fault) => Err(fault),
        };
        let (id, errors) = errors::payload(outcome, actor.locale())?;
        fresh(ctx).await?;
        Ok(SaveCategoryPayload { category: id.and_then(|id| Category::of(&app.reference(), id)), errors })
    }

    /// Puts a revision of an allocation standard into force.
    async fn set_standard(
        &self,
        ctx: &Context<'_>,
        input: SetStandardInput,
    ) -> async_graphql::Result<SetStandardPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = match input.read() {
            Ok(form) => set_standard::set_standard(app, actor, Some(&input.idempotency_key), &form).await,
            Err(fault) => Err(fault),
        };
        let (id, errors) = errors::payload(outcome, actor.locale())?;
        let standard = match id {
            Some(id) => read::standard(app.db().read(), id)
                .await
                .map_err(|error| errors::to_error(error.into()))?
                .map(Standard),
            None => None,
        };
        Ok(SetStandardPayload { standard, errors })
    }

    /// Requires a field before a step, or does so no more.
    async fn set_required_field(
        &self,
        ctx: &Context<'_>,
        input: SetRequiredFieldInput,
    ) -> async_graphql::Result<SetRequiredFieldPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let form = RequiredFieldForm {
            kind: input.kind.map(Into::into),
            source: input.source.map(Into::into),
            step: input.step.into(),
            field: input.field,
            required: input.required,
            from: input.from.unwrap_or_else(|| app.clock().today()),
        };
        let outcome =
            set_required_field::set_required_field(app, actor, Some(&input.idempotency_key), &form).await;
        let (done, errors) = errors::payload(outcome, actor.locale())?;
        Ok(SetRequiredFieldPayload { required: done.map(|()| form.required), errors })
    }

    /// Sets a number of the rule book from a day on.
    async fn set_city_setting(
        &self,
        ctx: &Context<'_>,
        input: SetCitySettingInput,
    ) -> async_graphql::Result<SetCitySettingPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let form = SettingForm {
            name: input.name,
            value: input.value,
            from: input.from.unwrap_or_else(|| app.clock().today()),
        };
        let outcome =
            set_city_setting::set_city_setting(app, actor, Some(&input.idempotency_key), &form).await;
        let (done, errors) = errors::payload(outcome, actor.locale())?;
        Ok(SetCitySettingPayload { value: done.map(|()| form.value), errors })
    }
}
