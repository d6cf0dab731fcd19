//! Hand-overs.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::listings::Custody;

text_enum! {
    /// Life of a hand-over.
    pub enum TransferState {
        /// Released, not received.
        InTransit,
        /// Received in full.
        Received,
        /// Received in part: pieces were lost or refused.
        Short,
        /// Nothing was accepted.
        Refused,
        /// Booked by giver and receiver.
        Closed,
        /// Given back after a defect: a contra entry stands.
        Reversed,
    }
}

/// A hand-over (调剂): the asset and its book entry move without payment.
pub mod transfer {
    use super::*;

    /// A hand-over (调剂): the asset and its book entry move without payment.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "transfer")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Number.
        #[sea_orm(column_type = "Text")]
        pub number: String,
        /// The request line.
        pub line_id: Uuid,
        /// The listing.
        pub listing_id: Uuid,
        /// The card that moves: a child where the lot was split.
        pub asset_id: Uuid,
        /// The unit.
        pub giver_id: Uuid,
        /// The unit.
        pub receiver_id: Uuid,
        /// Which warehouse it left, as the line says: repeated for the lists of its keepers.
        pub warehouse_id: Option<Uuid>,
        /// Custody.
        pub custody: Custody,
        /// State.
        pub state: TransferState,
        /// Pieces.
        pub quantity: i64,
        /// Received.
        pub received: i64,
        /// Refused.
        pub refused: i64,
        /// Lost.
        pub lost: i64,
        /// 批复文号.
        #[sea_orm(column_type = "Text", nullable)]
        pub approval_number: Option<String>,
        /// Note.
        #[sea_orm(column_type = "Text")]
        pub note: String,
        /// The account.
        pub released_by: Uuid,
        /// Released at.
        pub released_at: DateTimeUtc,
        /// The account.
        pub received_by: Option<Uuid>,
        /// Received at.
        pub received_at: Option<DateTimeUtc>,
        /// Whether the office recorded the receipt in place of the receiver.
        pub deemed: bool,
        /// Number of the paper that shows a deemed receipt.
        #[sea_orm(column_type = "Text", nullable)]
        pub paper_number: Option<String>,
        /// Evidence of a deemed receipt, or the reason of a refusal.
        #[sea_orm(column_type = "Text", nullable)]
        pub evidence: Option<String>,
        /// Voucher number of the giver.
        #[sea_orm(column_type = "Text", nullable)]
        pub booked_out: Option<String>,
        /// Voucher number of the receiver.
        #[sea_orm(column_type = "Text", nullable)]
        pub booked_in: Option<String>,
        /// Reversed at.
        pub reversed_at: Option<DateTimeUtc>,
        /// What was wrong with it.
        #[sea_orm(column_type = "Text", nullable)]
        pub reversal_reason: Option<String>,
        /// Row version, raised by every change.
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
