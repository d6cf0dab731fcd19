//! A listing as it is read: always the few columns that every list shows or sorts by; its counters, its words and its
//! card where they are asked for. Reading a column costs more than anything else a page does.

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, Utc};
use entity::listings::{Audience, AwardMode, Custody, ListingState, Purpose, listing, listing_stock};
use sea_orm::sea_query::{Expr, SelectStatement};
use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

use super::rules::Stock;
use crate::assets::row::{CardRow, Depth};
use crate::cells::{Cells, named};

/// What of a listing is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wants {
    /// Where it stands in its workflow: a shop window does not show that.
    pub standing: bool,
    /// The counters.
    pub stock: Counters,
    /// What a list does not show: texts, terms, lesser dates.
    pub words: bool,
    /// The card.
    pub card: Option<Depth>,
}

/// Which counters are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counters {
    /// None.
    None,
    /// What is free to ask for.
    Available,
    /// All of them.
    All,
}

impl Wants {
    /// Everything.
    pub const ALL: Self = Self { standing: true, stock: Counters::All, words: true, card: Some(Depth::Full) };

    pub(super) fn columns(self, select: &mut SelectStatement) {
        static LISTING_COLUMNS: LazyLock<String> = LazyLock::new(|| named("listing", &LISTING));
        static STANDING_COLUMNS: LazyLock<String> = LazyLock::new(|| named("listing", &STANDING));
        static WORD_COLUMNS: LazyLock<String> = LazyLock::new(|| named("listing", &WORDS));
        static STOCK_COLUMNS: LazyLock<String> = LazyLock::new(|| named("listing_stock", &STOCK));
        select.expr(Expr::cust(LISTING_COLUMNS.as_str()));
        if self.standing {
            select.expr(Expr::cust(STANDING_COLUMNS.as_str()));
        }
        if self.words {
            select.expr(Expr::cust(WORD_COLUMNS.as_str()));
        }
        match self.stock {
            Counters::None => {}
            Counters::Available => {
                select.column((listing_stock::Entity, listing_stock::Column::Available));
            }
            Counters::All => {
                select.expr(Expr::cust(STOCK_COLUMNS.as_str()));
            }
        }
        if let Some(depth) = self.card {
            select.expr(Expr::cust(CardRow::columns(depth)));
        }
    }
}

const LISTING: [listing::Column; 4] =
    [listing::Column::Id, listing::Column::UnitId, listing::Column::Custody, listing::Column::ListedAt];
const STANDING: [listing::Column; 3] =
    [listing::Column::State, listing::Column::WarehouseId, listing::Column::CreatedAt];
const WORDS: [listing::Column; 17] = [
    listing::Column::Version,
    listing::Column::AssetId,
    listing::Column::Purpose,
    listing::Column::DirectedTo,
    listing::Column::AwardMode,
    listing::Column::ClaimWindowDays,
    listing::Column::Audience,
    listing::Column::AudienceUntil,
    listing::Column::Note,
    listing::Column::ApprovalNumber,
    listing::Column::Reason,
    listing::Column::SubmittedAt,
    listing::Column::UpdatedAt,
    listing::Column::CreatedBy,
    listing::Column::ConfirmedAt,
    listing::Column::ReconfirmBy,
    listing::Column::PausedAt,
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
    /// Who offers.
    pub unit_id: Uuid,
    /// Where it is.
    pub custody: Custody,
    /// When it was listed.
    pub listed_at: Option<DateTime<Utc>>,
    /// Where it stands in its workflow, where asked for.
    pub standing: Option<Standing>,
    /// What a list does not show, where asked for.
    pub words: Option<Box<Words>>,
    /// Counters, where asked for.
    pub stock: Option<Counted>,
    /// Card, where asked for.
    pub card: Option<CardRow>,
}

/// Where a listing stands in its workflow.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Workflow.
    pub state: ListingState,
    /// Where it is brought.
    pub warehouse_id: Option<Uuid>,
    /// When it was drafted.
    pub created_at: DateTime<Utc>,
}

/// Counters that were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// What is free to ask for.
    Available(i64),
    /// All of them.
    All(Stock),
}

impl Counted {
    /// Free to ask for.
    #[must_use]
    pub fn available(&self) -> i64 {
        match self {
            Self::Available(available) => *available,
            Self::All(stock) => stock.available,
        }
    }

    /// All of them, where they were read.
    #[must_use]
    pub fn all(&self) -> Option<&Stock> {
        match self {
            Self::Available(_) => None,
            Self::All(stock) => Some(stock),
        }
    }
}

/// What a list does not show of a listing.
#[derive(Clone, Debug)]
pub struct Words {
    /// Row version.
    pub version: i64,
    /// The card.
    pub asset_id: Uuid,
    /// What is offered.
    pub purpose: Purpose,
    /// The one unit that may ask.
    pub directed_to: Option<Uuid>,
    /// Who gets what several want.
    pub award_mode: AwardMode,
    /// Working days of its window, where it names them.
    pub claim_window_days: Option<i64>,
    /// Who sees it.
    pub audience: Audience,
    /// When more do.
    pub audience_until: Option<DateTime<Utc>>,
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
    /// When its holder last said that it is there.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// By which day the holder is to say so again.
    pub reconfirm_by: Option<NaiveDate>,
    /// Since when it pauses, because the holder did not answer.
    pub paused_at: Option<DateTime<Utc>>,
}

impl ListingRow {
    pub(super) fn read(row: &QueryResult, wants: Wants) -> Result<Self, DbErr> {
        let mut cells = Cells::new(row);
        let mut listing = Self {
            id: cells.get()?,
            unit_id: cells.get()?,
            custody: cells.get()?,
            listed_at: cells.get()?,
            standing: None,
            words: None,
            stock: None,
            card: None,
        };
        if wants.standing {
            listing.standing =
                Some(Standing { state: cells.get()?, warehouse_id: cells.get()?, created_at: cells.get()? });
        }
        if wants.words {
            listing.words = Some(Box::new(Words {
                version: cells.get()?,
                asset_id: cells.get()?,
                purpose: cells.get()?,
                directed_to: cells.get()?,
                award_mode: cells.get()?,
                claim_window_days: cells.get()?,
                audience: cells.get()?,
                audience_until: cells.get()?,
                note: cells.get()?,
                approval_number: cells.get()?,
                reason: cells.get()?,
                submitted_at: cells.get()?,
                updated_at: cells.get()?,
                created_by: cells.get()?,
                confirmed_at: cells.get()?,
                reconfirm_by: cells.get()?,
                paused_at: cells.get()?,
            }));
        }
        listing.stock = match wants.stock {
            Counters::None => None,
            Counters::Available => Some(Counted::Available(cells.get()?)),
            Counters::All => Some(Counted::All(Stock {
                offered: cells.get()?,
                available: cells.get()?,
                held: cells.get()?,
                reserved: cells.get()?,
                in_transit: cells.get()?,
                delivered: cells.get()?,
                withdrawn: cells.get()?,
                lost: cells.get()?,
            })),
        };
        if let Some(depth) = wants.card {
            listing.card = Some(CardRow::read(&mut cells, depth)?);
        }
        Ok(listing)
    }
}
