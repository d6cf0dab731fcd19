//! Making the rows of the ledger.

use chrono::{DateTime, NaiveDate, Utc};
use entity::savings::{SavingKind, saving_entry};
use uuid::Uuid;

use super::rules;

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
