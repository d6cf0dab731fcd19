//! What may be written on cards, in the schema.

use async_graphql::{ID, InputObject, MaybeUndefined};
use chrono::NaiveDate;

use super::card::{CardPatch, Change};
use super::details::{Details, RealEstate, Software, Vehicle};
use crate::fault::{Code, Rejection};
use crate::graphql::enums::{AssetKind, AssetSource, Condition, ValueBasis};
use crate::graphql::ids::{Kind, expect};
use crate::graphql::scalars::Money;

/// What may be written on a card. What is left out stays as it is; null clears.
#[derive(Debug, Default, InputObject)]
pub struct CardInput {
    /// How it came to be available.
    pub(super) source: Option<AssetSource>,
    /// Asset number at the holder.
    pub(super) number: MaybeUndefined<String>,
    /// Category.
    pub(super) category_id: MaybeUndefined<ID>,
    /// Name, up to 200 characters.
    pub(super) name: Option<String>,
    /// Brand, up to 100 characters.
    pub(super) brand: Option<String>,
    /// Model, up to 200 characters.
    pub(super) model: Option<String>,
    /// Serial number, up to 100 characters: unique per brand; 无, 0000, N/A and the like count as none.
    pub(super) serial: MaybeUndefined<String>,
    /// Description, up to 4,000 characters.
    pub(super) description: Option<String>,
    /// How good it is.
    pub(super) condition: MaybeUndefined<Condition>,
    /// Where it stands, in words, up to 300 characters.
    pub(super) place: Option<String>,
    /// Pieces, 1 to 1,000,000. More than one makes a lot.
    pub(super) quantity: Option<i32>,
    /// Unit of measure, such as 台 or 把.
    pub(super) measure: Option<String>,
    /// Value of the whole quantity; positive.
    pub(super) value: MaybeUndefined<Money>,
    /// What the value is. UNKNOWN goes without a value.
    pub(super) value_basis: Option<ValueBasis>,
    /// Day of acquisition.
    pub(super) acquired_on: MaybeUndefined<NaiveDate>,
    /// Funding source.
    pub(super) funding_source: Option<String>,
    /// The card's own depreciation life, 1 to 1,200 months.
    pub(super) depreciation_months: MaybeUndefined<i32>,
    /// The card's own minimum service life, 1 to 1,200 months.
    pub(super) min_service_months: MaybeUndefined<i32>,
    /// Hides it from all without the right.
    pub(super) restricted: Option<bool>,
    /// Erasure or disk-removal record, up to 2,000 characters.
    pub(super) erasure_record: MaybeUndefined<String>,
    /// Fields of a vehicle, as a whole.
    pub(super) vehicle: Option<Vehicle>,
    /// Fields of land and rooms, as a whole.
    pub(super) real_estate: Option<RealEstate>,
    /// Fields of software, as a whole.
    pub(super) software: Option<Software>,
    /// Whether it is secret (涉密). A secret thing is refused and nothing of it is kept: this network may not hold it.
    pub(super) secret: Option<bool>,
}

fn change<T>(value: MaybeUndefined<T>) -> Change<T> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}

impl CardInput {
    pub(crate) fn read(self) -> Result<CardPatch, Rejection> {
        let category_id = match change(self.category_id) {
            Some(Some(id)) => Some(Some(expect(Kind::Category, &id, "categoryId")?)),
            other => other.map(|_| None),
        };
        let kinds = [
            self.vehicle.map(Details::Vehicle),
            self.real_estate.map(Details::RealEstate),
            self.software.map(Details::Software),
        ];
        let mut details = kinds.into_iter().flatten();
        let (first, second) = (details.next(), details.next());
        if let Some(second) = second {
            // One card is of one kind.
            return Err(Rejection::new(Code::KindMismatch)
                .at(second.field())
                .with("kind", first.map_or("GENERAL".to_owned(), |first| first.kind().to_string())));
        }
        Ok(CardPatch {
            source: self.source.map(Into::into),
            number: change(self.number),
            category_id,
            name: self.name,
            brand: self.brand,
            model: self.model,
            serial: change(self.serial),
            description: self.description,
            condition: change(self.condition).map(|condition| condition.map(Into::into)),
            place: self.place,
            quantity: self.quantity.map(Into::into),
            measure: self.measure,
            value: change(self.value).map(|value| value.map(|value| value.0)),
            value_basis: self.value_basis.map(Into::into),
            acquired_on: change(self.acquired_on),
            funding_source: self.funding_source,
            depreciation_months: change(self.depreciation_months).map(|months| months.map(Into::into)),
            min_service_months: change(self.min_service_months).map(|months| months.map(Into::into)),
            restricted: self.restricted,
            erasure_record: change(self.erasure_record),
            details: first,
            secret: self.secret,
        })
    }
}

/// A card to be entered.
#[derive(Debug, InputObject)]
pub struct DraftAssetInput {
    /// Makes a repeated call harmless: the same key with the same input gives the first answer.
    pub(super) idempotency_key: String,
    /// Unit that holds it.
    pub(super) holder_id: ID,
    /// Kind; where it is left out, that of the category, or of the fields written, once there is one.
    pub(super) kind: Option<AssetKind>,
    /// What is known of it.
    #[graphql(flatten)]
    pub(super) card: CardInput,
}

/// A change of a card.
#[derive(Debug, InputObject)]
pub struct UpdateAssetInput {
    /// Makes a repeated call harmless: the same key with the same input gives the first answer.
    pub(super) idempotency_key: String,
    /// The card.
    pub(super) id: ID,
    /// The version that you have seen.
    pub(super) version: i32,
    /// What changes.
    #[graphql(flatten)]
    pub(super) card: CardInput,
}

/// A suspected duplicate that turned out to be none.
#[derive(Debug, InputObject)]
pub struct ResolveDuplicateInput {
    /// Makes a repeated call harmless: the same key with the same input gives the first answer.
    pub(super) idempotency_key: String,
    /// The case.
    pub(super) id: ID,
}
