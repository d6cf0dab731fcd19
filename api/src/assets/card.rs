//! What may be written on a card, as a change: what is left out stays as it is.

use chrono::NaiveDate;
use entity::Money;
use entity::assets::{Condition, ValueBasis};
use entity::catalogue::AssetSource;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::details::Details;

/// A change of one field that may be empty: left out, cleared, or set.
pub type Change<T> = Option<Option<T>>;

/// A change of a card. Text that is cleared becomes empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CardPatch {
    /// How it came to be available.
    pub source: Option<AssetSource>,
    /// Asset number at the holder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Change<String>,
    /// The category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category_id: Change<Uuid>,
    /// Name.
    pub name: Option<String>,
    /// Brand.
    pub brand: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Change<String>,
    /// Description.
    pub description: Option<String>,
    /// How good it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Change<Condition>,
    /// Where it stands, in words.
    pub place: Option<String>,
    /// Pieces.
    pub quantity: Option<i64>,
    /// Unit of measure.
    pub measure: Option<String>,
    /// Value of the whole quantity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Change<Money>,
    /// What the value is.
    pub value_basis: Option<ValueBasis>,
    /// Acquired on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acquired_on: Change<NaiveDate>,
    /// Funding source.
    pub funding_source: Option<String>,
    /// The card's own depreciation life, in months.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depreciation_months: Change<i64>,
    /// The card's own minimum service life, in months.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_service_months: Change<i64>,
    /// Whether it is hidden from those without the right.
    pub restricted: Option<bool>,
    /// Erasure or disk-removal record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erasure_record: Change<String>,
    /// Fields of the kind, as a whole.
    pub details: Option<Details>,
    /// Whether somebody says that it is secret. Never kept.
    pub secret: Option<bool>,
}
