//! What may be written on a card, as a change: what is left out stays as it is.

use chrono::{DateTime, NaiveDate, Utc};
use entity::Money;
use entity::assets::{AssetState, Condition, ValueBasis, asset};
use entity::catalogue::{AssetKind, AssetSource};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::details::Details;

/// Basis of a value on a card that says nothing of it.
pub const DRAFT_BASIS: ValueBasis = ValueBasis::Original;

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

/// A card on which nothing is written yet: a value is expected, of the original kind.
#[must_use]
pub fn blank(
    id: Uuid,
    holder_id: Uuid,
    kind: AssetKind,
    created_by: Uuid,
    now: DateTime<Utc>,
) -> asset::Model {
    asset::Model {
        id,
        kind,
        source: AssetSource::Idle,
        state: AssetState::Active,
        holder_id,
        number: None,
        category_id: None,
        name: String::new(),
        brand: String::new(),
        model: String::new(),
        serial: None,
        serial_key: None,
        description: String::new(),
        condition: None,
        place: String::new(),
        bin_id: None,
        quantity: 1,
        measure: String::new(),
        value: None,
        value_basis: DRAFT_BASIS,
        acquired_on: None,
        funding_source: String::new(),
        depreciation_months: None,
        min_service_months: None,
        restricted: false,
        erasure_record: None,
        details: serde_json::json!({}),
        parent_id: None,
        created_by,
        created_at: now,
        updated_at: now,
        version: 1,
    }
}
