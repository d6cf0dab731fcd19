//! Filters and terms of listings, in the schema.

use async_graphql::{ID, InputObject, MaybeUndefined};
use uuid::Uuid;

use super::inspect::Verdict;
use super::read::Filter;
use super::terms::TermsPatch;
use crate::fault::{Code, Fault, Rejection};
use crate::graphql::enums::{AssetKind, AwardMode, Condition, Custody, ListingState, Purpose};
use crate::graphql::ids::{Kind, expect};

/// Which listings a list shows. What is left out asks nothing; within a list any value will do.
#[derive(Debug, Default, InputObject)]
pub struct ListingFilter {
    /// In one of these states; LISTED where none is named.
    pub(super) states: Option<Vec<ListingState>>,
    /// Offered by one of these units.
    pub(super) unit_ids: Option<Vec<ID>>,
    /// Offered by a unit placed in one of these regions or below them.
    pub(super) region_ids: Option<Vec<ID>>,
    /// In one of these categories or below them.
    pub(super) category_ids: Option<Vec<ID>>,
    /// Of one of these kinds.
    pub(super) kinds: Option<Vec<AssetKind>>,
    /// Where it is.
    pub(super) custody: Option<Custody>,
    /// TRANSFER: what can be kept. LOAN: what can be borrowed.
    pub(super) purpose: Option<Purpose>,
    /// In one of these conditions.
    pub(super) conditions: Option<Vec<Condition>>,
    /// Only with a piece to ask for now.
    pub(super) available_only: Option<bool>,
}

/// Most values of one part of a filter.
const MOST_VALUES: usize = 200;

impl ListingFilter {
    pub(super) fn read(self) -> Result<Filter, Fault> {
        fn ids(kind: Kind, ids: Option<Vec<ID>>, field: &str) -> Result<Vec<Uuid>, Rejection> {
            let ids = few(ids, field)?;
            ids.iter().map(|id| expect(kind, id, field)).collect()
        }
        fn few<T>(values: Option<Vec<T>>, field: &str) -> Result<Vec<T>, Rejection> {
            let values = values.unwrap_or_default();
            if values.len() > MOST_VALUES {
                return Err(Rejection::new(Code::OutOfRange)
                    .at(field)
                    .with("least", 0)
                    .with("most", MOST_VALUES));
            }
            Ok(values)
        }
        Ok(Filter {
            states: few(self.states, "filter.states")?.into_iter().map(Into::into).collect(),
            units: ids(Kind::Unit, self.unit_ids, "filter.unitIds")?,
            regions: ids(Kind::Region, self.region_ids, "filter.regionIds")?,
            categories: ids(Kind::Category, self.category_ids, "filter.categoryIds")?,
            kinds: few(self.kinds, "filter.kinds")?.into_iter().map(Into::into).collect(),
            custody: self.custody.map(Into::into),
            purpose: self.purpose.map(Into::into),
            conditions: few(self.conditions, "filter.conditions")?.into_iter().map(Into::into).collect(),
            available_only: self.available_only.unwrap_or_default(),
        })
    }
}

/// The terms of an offer. What is left out stays as it is; null clears.
#[derive(Debug, Default, InputObject)]
pub struct TermsInput {
    /// Pieces offered; all that the card has where a new offer names none.
    pub(super) quantity: Option<i32>,
    /// Where it is while it is listed; VIRTUAL where a new offer names none.
    pub(super) custody: Option<Custody>,
    /// What is offered; TRANSFER where a new offer names none.
    pub(super) purpose: Option<Purpose>,
    /// 协议调剂: the one unit that may ask.
    pub(super) directed_to_id: MaybeUndefined<ID>,
    /// Who gets what several want; FIRST_COME where a new offer names none. CLAIM_WINDOW is for offers for TRANSFER that name no
    /// receiver.
    pub(super) award_mode: Option<AwardMode>,
    /// CLAIM_WINDOW: working days for claims, within what the settings `claim_window_least_days` and `claim_window_most_days`
    /// allow; as `claim_window_days` says where it is left out.
    pub(super) claim_window_days: MaybeUndefined<i64>,
    /// PHYSICAL: where it is brought.
    pub(super) warehouse_id: MaybeUndefined<ID>,
    /// What askers should know, up to 2,000 characters.
    pub(super) note: Option<String>,
    /// 批复文号 of the giver, up to 100 characters.
    pub(super) approval_number: MaybeUndefined<String>,
}

impl TermsInput {
    pub(super) fn read(self) -> Result<TermsPatch, Rejection> {
        fn id(kind: Kind, id: MaybeUndefined<ID>, field: &str) -> Result<Option<Option<Uuid>>, Rejection> {
            Ok(match id {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(id) => Some(Some(expect(kind, &id, field)?)),
            })
        }
        Ok(TermsPatch {
            quantity: self.quantity.map(Into::into),
            custody: self.custody.map(Into::into),
            purpose: self.purpose.map(Into::into),
            directed_to: id(Kind::Unit, self.directed_to_id, "directedToId")?,
            award_mode: self.award_mode.map(Into::into),
            claim_window_days: match self.claim_window_days {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(days) => Some(Some(days)),
            },
            warehouse_id: id(Kind::Warehouse, self.warehouse_id, "warehouseId")?,
            note: self.note,
            approval_number: match self.approval_number {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(number) => Some(Some(number)),
            },
        })
    }
}

/// An offer to be drafted.
#[derive(Debug, InputObject)]
pub struct DraftListingInput {
    /// Makes a repeated call harmless: the same key with the same input gives the first answer.
    pub(super) idempotency_key: String,
    /// The card.
    pub(super) asset_id: ID,
    /// Its terms.
    #[graphql(flatten)]
    pub(super) terms: TermsInput,
}

/// A change of an offer.
#[derive(Debug, InputObject)]
pub struct UpdateListingInput {
    /// Makes a repeated call harmless: the same key with the same input gives the first answer.
    pub(super) idempotency_key: String,
    /// The listing.
    pub(super) id: ID,
    /// The version that you have seen.
    pub(super) version: i32,
    /// What changes.
    #[graphql(flatten)]
    pub(super) terms: TermsInput,
}

/// An offer to be handed in.
#[derive(Debug, InputObject)]
pub struct SubmitListingInput {
    /// Makes a repeated call harmless: the same key with the same input gives the first answer.
    pub(super) idempotency_key: String,
    /// The listing.
    pub(super) id: ID,
    /// The version that you have seen.
    pub(super) version: i32,
}

/// An inspection.
#[derive(Debug, InputObject)]
pub struct InspectListingInput {
    /// Makes a repeated call harmless: the same key with the same input gives the first answer.
    pub(super) idempotency_key: String,
    /// The listing.
    pub(super) id: ID,
    /// The version that you have seen.
    pub(super) version: i32,
    /// What was found.
    pub(super) verdict: Verdict,
    /// ACCEPT: pieces accepted; all of them where it is left out. The rest goes back to the holder.
    pub(super) accepted: Option<i32>,
    /// ACCEPT: storage place it is put into.
    pub(super) place_id: Option<ID>,
    /// Why it is not accepted, or not in full.
    pub(super) note: Option<String>,
}
