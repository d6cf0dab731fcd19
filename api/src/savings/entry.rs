//! Making the rows of the ledger.

use chrono::{DateTime, NaiveDate, Utc};
use entity::assets::asset;
use entity::catalogue::allocation_standard;
use entity::listings::Purpose;
use entity::organisation::unit;
use entity::savings::{SavingKind, SavingMethod, saving_entry};
use entity::transfers::transfer;
use uuid::Uuid;

use super::rules::{self, EDITION, Inputs, LifeFrom, METHODS, Standard};
use crate::organisation::Reference;

/// A receipt that is to be entered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Receipt<'a> {
    /// The hand-over.
    pub(crate) transfer: &'a transfer::Model,
    /// The card of exactly the pieces received; its value is theirs.
    pub(crate) card: &'a asset::Model,
    /// Its category.
    pub(crate) category_id: Uuid,
    /// Depreciation life in months, and where it comes from.
    pub(crate) life: Option<(i64, LifeFrom)>,
    /// Standard in force for the receiver on that day.
    pub(crate) standard: Option<&'a Standard>,
    /// The unit that gave.
    pub(crate) giver: &'a unit::Model,
    /// The unit that received.
    pub(crate) receiver: &'a unit::Model,
    /// Whether these very things had been reused before.
    pub(crate) repeat: bool,
    /// When it was received, UTC.
    pub(crate) at: DateTime<Utc>,
    /// Civil day of it.
    pub(crate) day: NaiveDate,
}

/// One entry a method, also where it counts nothing. `first` is the number of the first in the ledger.
///
/// # Errors
/// When the inputs cannot be written down.
pub(crate) fn entries(
    receipt: &Receipt<'_>,
    first: i64,
    mut id: impl FnMut() -> Uuid,
) -> serde_json::Result<Vec<saving_entry::Model>> {
    let Receipt { transfer, card, giver, receiver, .. } = *receipt;
    let mut entries = Vec::with_capacity(METHODS.len());
    for (method, seq) in METHODS.into_iter().zip(first..) {
        let book = method == SavingMethod::NetBook;
        let life = receipt.life.filter(|_| book);
        let inputs = Inputs {
            edition: EDITION,
            method,
            quantity: card.quantity,
            civil_day: receipt.day,
            same_unit: transfer.giver_id == transfer.receiver_id,
            source: card.source,
            value: card.value,
            value_basis: card.value_basis,
            acquired_on: card.acquired_on.filter(|_| book),
            life_months: life.map(|(months, _)| months),
            life_from: life.map(|(_, from)| from),
            standard: receipt.standard.filter(|_| method == SavingMethod::Replacement).cloned(),
        };
        let mut entry = saving_entry::Model {
            id: id(),
            seq,
            entry: SavingKind::Entry,
            method,
            transfer_id: Some(transfer.id),
            contra_of: None,
            asset_id: card.id,
            quantity: card.quantity,
            amount: rules::amount(&inputs).0,
            recognised_at: receipt.at,
            civil_day: receipt.day,
            giver_id: giver.id,
            receiver_id: receiver.id,
            giver_region_id: giver.fiscal_region_id,
            receiver_region_id: receiver.fiscal_region_id,
            giver_level: giver.fiscal_level,
            receiver_level: receiver.fiscal_level,
            category_id: receipt.category_id,
            custody: transfer.custody,
            mode: Purpose::Transfer,
            repeat: receipt.repeat,
            standard_id: inputs.standard.as_ref().map(|standard| standard.id),
            inputs: serde_json::to_value(&inputs)?,
            hash: String::new(),
            loan_id: None,
            day_from: None,
            day_to: None,
        };
        entry.hash = rules::hash(&entry);
        entries.push(entry);
    }
    Ok(entries)
}

/// Depreciation life of a category, or of the nearest above it that has one; in months.
#[must_use]
pub(crate) fn life_of(reference: &Reference, category: Uuid) -> Option<i64> {
    reference.category_path(category).iter().find_map(|id| reference.category(*id)?.depreciation_months)
}

/// What an entry freezes of a standard.
#[must_use]
pub(crate) fn frozen(standard: allocation_standard::Model) -> Standard {
    Standard {
        id: standard.id,
        revision: standard.revision,
        source: standard.source,
        region_id: standard.region_id,
        category_id: standard.category_id,
        price_cap: standard.price_cap,
        valid_from: standard.valid_from,
    }
}

/// The contra entry that takes `entry` back: the same in everything, with the opposite sign.
#[must_use]
pub(crate) fn contra_of(
    entry: &saving_entry::Model,
    id: Uuid,
    seq: i64,
    at: DateTime<Utc>,
    civil_day: NaiveDate,
) -> saving_entry::Model {
    let mut contra = saving_entry::Model {
        id,
        seq,
        entry: SavingKind::Contra,
        contra_of: Some(entry.id),
        quantity: -entry.quantity,
        amount: -entry.amount,
        recognised_at: at,
        civil_day,
        hash: String::new(),
        ..entry.clone()
    };
    contra.hash = rules::hash(&contra);
    contra
}
