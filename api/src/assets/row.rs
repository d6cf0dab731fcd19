//! A card as it is read: what a list shows, and the rest where it is asked for.

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, Utc};
use entity::Money;
use entity::assets::{AssetState, Condition, ValueBasis, asset};
use entity::catalogue::{AssetKind, AssetSource};
use sea_orm::DbErr;
use uuid::Uuid;

use super::details::Details;
use crate::cells::{Cells, named};

/// How much of a card is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// What a shop window shows.
    Window,
    /// What any list shows.
    Brief,
    /// Everything.
    Full,
}

const WINDOW: [asset::Column; 7] = [
    asset::Column::Id,
    asset::Column::HolderId,
    asset::Column::Name,
    asset::Column::Brand,
    asset::Column::Model,
    asset::Column::Condition,
    asset::Column::Value,
];
const CLASS: [asset::Column; 3] = [asset::Column::Kind, asset::Column::CategoryId, asset::Column::Quantity];
const REST: [asset::Column; 21] = [
    asset::Column::Version,
    asset::Column::Source,
    asset::Column::State,
    asset::Column::Measure,
    asset::Column::ValueBasis,
    asset::Column::AcquiredOn,
    asset::Column::Restricted,
    asset::Column::Number,
    asset::Column::Serial,
    asset::Column::Description,
    asset::Column::Place,
    asset::Column::BinId,
    asset::Column::FundingSource,
    asset::Column::DepreciationMonths,
    asset::Column::MinServiceMonths,
    asset::Column::ErasureRecord,
    asset::Column::Details,
    asset::Column::ParentId,
    asset::Column::CreatedBy,
    asset::Column::CreatedAt,
    asset::Column::UpdatedAt,
];

/// A card.
#[derive(Clone, Debug)]
pub struct CardRow {
    /// Identity.
    pub id: Uuid,
    /// Unit that holds it.
    pub holder_id: Uuid,
    /// Name.
    pub name: String,
    /// Brand.
    pub brand: String,
    /// Model.
    pub model: String,
    /// How good it is.
    pub condition: Option<Condition>,
    /// Value of the whole quantity.
    pub value: Option<Money>,
    /// What sort of thing it is, where asked for.
    pub class: Option<Class>,
    /// The rest, where asked for.
    pub rest: Option<Box<Rest>>,
}

/// What sort of thing it is, and how many.
#[derive(Clone, Copy, Debug)]
pub struct Class {
    /// Kind.
    pub kind: AssetKind,
    /// Category.
    pub category_id: Option<Uuid>,
    /// Pieces.
    pub quantity: i64,
}

/// What a list does not show.
#[derive(Clone, Debug)]
pub struct Rest {
    /// Row version.
    pub version: i64,
    /// How it came to be available.
    pub source: AssetSource,
    /// State.
    pub state: AssetState,
    /// Unit of measure.
    pub measure: String,
    /// What the value is.
    pub value_basis: ValueBasis,
    /// Acquired on.
    pub acquired_on: Option<NaiveDate>,
    /// Whether it is hidden from those without the right.
    pub restricted: bool,
    /// Asset number at the holder.
    pub number: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// Description.
    pub description: String,
    /// Where it stands, in words.
    pub place: String,
    /// Where it stands, in the warehouse.
    pub bin_id: Option<Uuid>,
    /// Funding source.
    pub funding_source: String,
    /// The card's own depreciation life, in months.
    pub depreciation_months: Option<i64>,
    /// The card's own minimum service life, in months.
    pub min_service_months: Option<i64>,
    /// Erasure or disk-removal record.
    pub erasure_record: Option<String>,
    /// Fields of the kind.
    pub details: Details,
    /// The card it was split from.
    pub parent_id: Option<Uuid>,
    /// Who entered it.
    pub created_by: Uuid,
    /// When it was entered.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
}

impl CardRow {
    /// Columns in the order in which [`CardRow::read`] takes them.
    pub(crate) fn columns(depth: Depth) -> &'static str {
        static WINDOW_COLUMNS: LazyLock<String> = LazyLock::new(|| named("asset", &WINDOW));
        static BRIEF_COLUMNS: LazyLock<String> =
            LazyLock::new(|| format!("{}, {}", *WINDOW_COLUMNS, named("asset", &CLASS)));
        static ALL_COLUMNS: LazyLock<String> =
            LazyLock::new(|| format!("{}, {}", *BRIEF_COLUMNS, named("asset", &REST)));
        match depth {
            Depth::Window => &WINDOW_COLUMNS,
            Depth::Brief => &BRIEF_COLUMNS,
            Depth::Full => &ALL_COLUMNS,
        }
    }

    pub(crate) fn read(cells: &mut Cells<'_>, depth: Depth) -> Result<Self, DbErr> {
        let mut card = Self {
            id: cells.get()?,
            holder_id: cells.get()?,
            name: cells.get()?,
            brand: cells.get()?,
            model: cells.get()?,
            condition: cells.get()?,
            value: cells.get()?,
            class: None,
            rest: None,
        };
        if depth == Depth::Window {
            return Ok(card);
        }
        let class = Class { kind: cells.get()?, category_id: cells.get()?, quantity: cells.get()? };
        card.class = Some(class);
        if depth == Depth::Full {
            card.rest = Some(Box::new(Rest {
                version: cells.get()?,
                source: cells.get()?,
                state: cells.get()?,
                measure: cells.get()?,
                value_basis: cells.get()?,
                acquired_on: cells.get()?,
                restricted: cells.get()?,
                number: cells.get()?,
                serial: cells.get()?,
                description: cells.get()?,
                place: cells.get()?,
                bin_id: cells.get()?,
                funding_source: cells.get()?,
                depreciation_months: cells.get()?,
                min_service_months: cells.get()?,
                erasure_record: cells.get()?,
                details: Details::of(class.kind, &cells.get::<serde_json::Value>()?),
                parent_id: cells.get()?,
                created_by: cells.get()?,
                created_at: cells.get()?,
                updated_at: cells.get()?,
            }));
        }
        Ok(card)
    }
}

impl From<asset::Model> for CardRow {
    fn from(card: asset::Model) -> Self {
        Self {
            id: card.id,
            holder_id: card.holder_id,
            name: card.name,
            brand: card.brand,
            model: card.model,
            condition: card.condition,
            value: card.value,
            class: Some(Class { kind: card.kind, category_id: card.category_id, quantity: card.quantity }),
            rest: Some(Box::new(Rest {
                version: card.version,
                source: card.source,
                state: card.state,
                measure: card.measure,
                value_basis: card.value_basis,
                acquired_on: card.acquired_on,
                restricted: card.restricted,
                number: card.number,
                serial: card.serial,
                description: card.description,
                place: card.place,
                bin_id: card.bin_id,
                funding_source: card.funding_source,
                depreciation_months: card.depreciation_months,
                min_service_months: card.min_service_months,
                erasure_record: card.erasure_record,
                details: Details::of(card.kind, &card.details),
                parent_id: card.parent_id,
                created_by: card.created_by,
                created_at: card.created_at,
                updated_at: card.updated_at,
            })),
        }
    }
}
