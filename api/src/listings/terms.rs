//! The terms of an offer as a clerk writes them, and the facts they are judged by.

use entity::assets::asset;
use entity::listings::{AwardMode, Custody, Purpose, listing};
use entity::organisation::unit;
use entity::warehouses::warehouse;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rules::Terms;
use crate::assets::card::Change;
use crate::catalogue;
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::organisation::Reference;
use crate::write::Tx;

/// A change of the terms: what is left out stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TermsPatch {
    /// Pieces offered.
    pub quantity: Option<i64>,
    /// Where it is while it is listed.
    pub custody: Option<Custody>,
    /// What is offered.
    pub purpose: Option<Purpose>,
    /// 协议调剂: the one unit that may ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directed_to: Change<Uuid>,
    /// Who gets what several want.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub award_mode: Option<AwardMode>,
    /// Working days of its window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim_window_days: Change<i64>,
    /// PHYSICAL: where it is brought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warehouse_id: Change<Uuid>,
    /// What askers should know.
    pub note: Option<String>,
    /// 批复文号 of the giver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_number: Change<String>,
}

impl TermsPatch {
    /// Writes the change on a listing, noting texts that cannot be kept.
    pub(super) fn write_on(&self, listing: &mut listing::Model, faults: &mut Vec<Rejection>) {
        listing.custody = self.custody.unwrap_or(listing.custody);
        listing.purpose = self.purpose.unwrap_or(listing.purpose);
        if let Some(directed_to) = self.directed_to {
            listing.directed_to = directed_to;
        }
        listing.award_mode = self.award_mode.unwrap_or(listing.award_mode);
        if let Some(days) = self.claim_window_days {
            listing.claim_window_days = days;
        }
        if let Some(warehouse_id) = self.warehouse_id {
            listing.warehouse_id = warehouse_id;
        }
        if let Some(note) = &self.note {
            listing.note = checks::text(faults, "note", note, 2000);
        }
        if let Some(number) = &self.approval_number {
            listing.approval_number = checks::optional_text(faults, "approvalNumber", number.as_deref(), 100);
        }
    }
}

/// What is wrong with the window that an offer is to have: the rule book bounds its days, and one that names its receiver, or
/// comes back from each who has it, is not for several to claim.
pub(super) async fn window(tx: &Tx, listing: &listing::Model) -> Result<Vec<Rejection>, Fault> {
    let mut faults = Vec::new();
    if listing.award_mode == AwardMode::FirstCome {
        if listing.claim_window_days.is_some() {
            faults.push(Rejection::new(Code::NoWindow).at("claimWindowDays"));
        }
        return Ok(faults);
    }
    if listing.directed_to.is_some() || listing.purpose == Purpose::Loan {
        faults.push(Rejection::new(Code::NoWindow).at("awardMode"));
    }
    if let Some(days) = listing.claim_window_days {
        let least = catalogue::steps::setting(tx, "claim_window_least_days").await?;
        let most = catalogue::steps::setting(tx, "claim_window_most_days").await?;
        checks::range(&mut faults, "claimWindowDays", days, least, most);
    }
    Ok(faults)
}

/// The facts behind the terms of a listing.
pub(super) struct Found {
    warehouse: Option<bool>,
    directed_to: Option<Option<unit::Model>>,
}

/// Looks up what the terms name.
pub(super) async fn look_up(
    tx: &Tx,
    reference: &Reference,
    listing: &listing::Model,
) -> Result<Found, Fault> {
    let warehouse = match listing.warehouse_id {
        Some(id) => Some(warehouse::Entity::find_by_id(id).count(tx.conn()).await? == 1),
        None => None,
    };
    Ok(Found { warehouse, directed_to: listing.directed_to.map(|id| reference.unit(id).cloned()) })
}

impl Found {
    /// The terms, to be judged.
    pub(super) fn terms<'a>(
        &'a self,
        listing: &listing::Model,
        card: &'a asset::Model,
        offered: i64,
    ) -> Terms<'a> {
        Terms {
            offered,
            custody: listing.custody,
            directed_to: self.directed_to.as_ref().map(Option::as_ref),
            warehouse: self.warehouse,
            card,
        }
    }
}
