//! The ledger of savings.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Money;
use crate::listings::{Custody, Purpose};
use crate::organisation::FiscalLevel;

text_enum! {
    /// Entry or correction.
    pub enum SavingKind {
        /// A saving.
        Entry,
        /// Takes an entry back.
        Contra,
    }
}

text_enum! {
    /// How a saving is computed.
    pub enum SavingMethod {
        /// Original value.
        OriginalValue,
        /// Original value less straight-line depreciation, monthly, no residual.
        NetBook,
        /// Price cap of the standard in force on the civil day of receipt.
        Replacement,
        /// Rental rate by days of a loan, at most the replacement over the asset's whole life.
        Loan,
    }
}

/// A line of the savings ledger (节约财政资金). Append-only: a correction is a contra entry.
pub mod saving_entry {
    use super::*;

    /// A line of the savings ledger (节约财政资金). Append-only: a correction is a contra entry.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "saving_entry")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// 1, 2, 3 … without gaps: a missing entry shows.
        pub seq: i64,
        /// Entry.
        pub entry: SavingKind,
        /// Method.
        pub method: SavingMethod,
        /// The transfer that it is of; none where it is of a loan.
        pub transfer_id: Option<Uuid>,
        /// The saving entry.
        pub contra_of: Option<Uuid>,
        /// The asset.
        pub asset_id: Uuid,
        /// Negative in a contra entry.
        pub quantity: i64,
        /// Negative in a contra entry.
        pub amount: Money,
        /// Recognised at.
        pub recognised_at: DateTimeUtc,
        /// Civil day of receipt.
        pub civil_day: Date,
        /// The unit.
        pub giver_id: Uuid,
        /// The unit.
        pub receiver_id: Uuid,
        /// The region.
        pub giver_region_id: Uuid,
        /// The region.
        pub receiver_region_id: Uuid,
        /// Giver level.
        pub giver_level: FiscalLevel,
        /// Receiver level.
        pub receiver_level: FiscalLevel,
        /// The category.
        pub category_id: Uuid,
        /// Custody.
        pub custody: Custody,
        /// Mode.
        pub mode: Purpose,
        /// The asset had been reused before.
        pub repeat: bool,
        /// The allocation standard.
        pub standard_id: Option<Uuid>,
        /// Every input of the formula, frozen.
        #[sea_orm(column_type = "JsonBinary")]
        pub inputs: Json,
        /// SHA-256 over the entry.
        #[sea_orm(column_type = "Text")]
        pub hash: String,
        /// The loan that it is of; none where it is of a transfer.
        pub loan_id: Option<Uuid>,
        /// First civil day of use that it counts, of a loan.
        pub day_from: Option<Date>,
        /// Last civil day of use that it counts, of a loan.
        pub day_to: Option<Date>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
