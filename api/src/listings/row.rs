//! A listing as it is read: always its own short columns; its stock, its words and its card where they are asked for.
//! Reading a column costs more than anything else a page does.

use chrono::{DateTime, Utc};
use entity::assets::asset;
use entity::listings::{Custody, ListingState, Purpose, listing, listing_stock};
use sea_orm::sea_query::SelectStatement;
use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

use super::rules::Stock;
use crate::assets::row::{CardRow, Depth};
use crate::cells::Cells;

/// What of a listing is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wants {
    /// The counters.
    pub stock: bool,
    /// Texts and lesser dates.
    pub words: bool,
    /// The card.
    pub card: Option<Depth>,
}

impl Wants {
    /// Everything.
    pub const ALL: Self = Self { stock: true, words: true, card: Some(Depth::Full) };

    pub(super) fn columns(self, select: &mut SelectStatement) {
        select.columns(LISTING.map(|column| (listing::Entity, column)));
        if self.words {
            select.columns(WORDS.map(|column| (listing::Entity, column)));
        }
        if self.stock {
            select.columns(STOCK.map(|column| (listing_stock::Entity, column)));
        }
        if let Some(depth) = self.card {
            select.columns(CardRow::columns(depth).into_iter().map(|column| (asset::Entity, column)));
        }
    }
}

const LISTING: [listing::Column; 11] = [
    listing::Column::Id,
    listing::Column::Version,
    listing::Column::AssetId,
    listing::Column::UnitId,
    listing::Column::Custody,
    listing::Column::State,
    listing::Column::Purpose,
    listing::Column::DirectedTo,
    listing::Column::WarehouseId,
    listing::Column::ListedAt,
    listing::Column::CreatedAt,
];
const WORDS: [listing::Column; 6] = [
    listing::Column::Note,
    listing::Column::ApprovalNumber,
    listing::Column::Reason,
    listing::Column::SubmittedAt,
    listing::Column::UpdatedAt,
    listing::Column::CreatedBy,
];
const STOCK: [listing_stock::Column; 8] = [
    listing_stock::Column::Offered,
    listing_stock::Column::Available,
    listing_stock::Column::Held,
    listing_stock::Column::Reserved,
    listing_stock::Column::InTransit,
    listing_stock::Column::Delivered,
    listing_stock::Column::Withdrawn,
    listing_stock::Column::Lost,
];

/// A listing.
#[derive(Clone, Debug)]
pub struct ListingRow {
    /// Identity.
    pub id: Uuid,
    /// Row version.
    pub version: i64,
    /// The card.
    pub asset_id: Uuid,
    /// Who offers.
    pub unit_id: Uuid,
    /// Where it is.
    pub custody: Custody,
    /// Workflow.
    pub state: ListingState,
    /// What is offered.
    pub purpose: Purpose,
    /// The one unit that may ask.
    pub directed_to: Option<Uuid>,
    /// Where it is brought.
    pub warehouse_id: Option<Uuid>,
    /// When it was listed.
    pub listed_at: Option<DateTime<Utc>>,
    /// When it was drafted.
    pub created_at: DateTime<Utc>,
    /// Texts and lesser dates, where asked for.
    pub words: Option<Words>,
    /// Counters, where asked for.
    pub stock: Option<Stock>,
    /// Card, where asked for.
    pub card: Option<CardRow>,
}

/// Texts and lesser dates of a listing.
#[derive(Clone, Debug)]
pub struct Words {
    /// What askers should know.
    pub note: String,
    /// 批复文号 of the giver.
    pub approval_number: Option<String>,
    /// Why it was returned, rejected or withdrawn.
    pub reason: Option<String>,
    /// When it was handed in.
    pub submitted_at: Option<DateTime<Utc>>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
    /// Who drafted it.
    pub created_by: Uuid,
}

impl ListingRow {
    pub(super) fn read(row: &QueryResult, wants: Wants) -> Result<Self, DbErr> {
        let mut cells = Cells::new(row);
        let mut listing = Self {
            id: cells.get()?,
            version: cells.get()?,
            asset_id: cells.get()?,
            unit_id: cells.get()?,
            custody: cells.get()?,
            state: cells.get()?,
            purpose: cells.get()?,
            directed_to: cells.get()?,
            warehouse_id: cells.get()?,
            listed_at: cells.get()?,
            created_at: cells.get()?,
            words: None,
            stock: None,
            card: None,
        };
        if wants.words {
            listing.words = Some(Words {
                note: cells.get()?,
                approval_number: cells.get()?,
                reason: cells.get()?,
                submitted_at: cells.get()?,
                updated_at: cells.get()?,
                created_by: cells.get()?,
            });
        }
        if wants.stock {
            listing.stock = Some(Stock {
                offered: cells.get()?,
                available: cells.get()?,
                held: cells.get()?,
                reserved: cells.get()?,
                in_transit: cells.get()?,
                delivered: cells.get()?,
                withdrawn: cells.get()?,
                lost: cells.get()?,
            });
        }
        if let Some(depth) = wants.card {
            listing.card = Some(CardRow::read(&mut cells, depth)?);
        }
        Ok(listing)
    }
}
