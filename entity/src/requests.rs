//! Requests and their lines.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

text_enum! {
    /// Life of a request line.
    pub enum LineState {
        /// Being written.
        Draft,
        /// Holds its pieces and is with the approvers.
        Submitted,
        /// Waits for pieces that others hold.
        Queued,
        /// Approved; its pieces are promised.
        Reserved,
        /// Some of its pieces were released.
        Releasing,
        /// All released, not all received.
        InTransit,
        /// Received in full.
        Received,
        /// Received in part: pieces were lost or refused.
        Short,
        /// Not accepted by the receiver.
        Refused,
        /// Received and booked on both sides.
        Closed,
        /// Sent back to be corrected.
        Returned,
        /// Lowered to nothing by an approver.
        Cut,
        /// Refused by an approver.
        Rejected,
        /// Taken back by the asker.
        Cancelled,
        /// The asker's side let its hold lapse.
        Expired,
        /// The pieces went to others.
        Outranked,
        /// The giver could not deliver.
        GiverFailed,
    }
}

text_enum! {
    /// How badly it is needed, as the asker says.
    pub enum NeedClass {
        /// 应急: for an emergency, or work stands still without it.
        Urgent,
        /// 必需: the unit would have to buy it.
        Essential,
        /// 一般: it would be of use.
        Ordinary,
    }
}

text_enum! {
    /// Why a line ended, or waits.
    pub enum LineReason {
        /// Claims are gathered; they are ranked when the window is over.
        ClaimWindow,
        /// Claims that were ranked higher took the pieces.
        RankedLower,
        /// Every piece is held by earlier askers.
        HeldByOthers,
        /// The asset is frozen.
        Frozen,
        /// The pieces were delivered to another unit.
        AlreadyDelivered,
        /// The offer was withdrawn.
        ListingWithdrawn,
        /// The asker's side did not act in time.
        HoldLapsed,
        /// An approver refused it.
        Refused,
        /// An approver asks for a correction.
        Corrected,
        /// The asker took it back.
        CancelledByAsker,
        /// An approver lowered the quantity.
        CutByApprover,
        /// The giver cannot hand over what it promised.
        Undeliverable,
        /// Asker and giver have become one unit.
        UnitsMerged,
        /// The asker does not want it as it is after a correction.
        CorrectionDeclined,
        /// The asker did not say in time whether it wants it as it is after a correction.
        CorrectionUnanswered,
    }
}

/// A unit asks (调剂申请), in several lines.
pub mod request {
    use super::*;

    /// A unit asks (调剂申请), in several lines.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "request")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Given at submission.
        #[sea_orm(column_type = "Text", nullable)]
        pub number: Option<String>,
        /// The unit.
        pub unit_id: Uuid,
        /// Justification.
        #[sea_orm(column_type = "Text")]
        pub justification: String,
        /// Needed by.
        pub needed_by: Option<Date>,
        /// How badly.
        pub need: NeedClass,
        /// The account.
        pub created_by: Uuid,
        /// When it was made.
        pub created_at: DateTimeUtc,
        /// Who submitted it; none in a draft. Need not be who wrote it.
        pub submitted_by: Option<Uuid>,
        /// Submitted at.
        pub submitted_at: Option<DateTimeUtc>,
        /// Why more is asked for than the unit's cap lets, or what its cap is reckoned from is not known.
        #[sea_orm(column_type = "Text", nullable)]
        pub over_cap_reason: Option<String>,
        /// Row version, raised by every change.
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One line of a request, for one listing, with a state of its own.
pub mod request_line {
    use super::*;

    /// One line of a request, for one listing, with a state of its own.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "request_line")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The request.
        pub request_id: Uuid,
        /// The listing.
        pub listing_id: Uuid,
        /// The unit that asks: the request's.
        pub unit_id: Uuid,
        /// The unit that gives: the listing's, as of the submission.
        pub giver_id: Uuid,
        /// The warehouse where it lies: the listing's, as of the submission.
        pub warehouse_id: Option<Uuid>,
        /// The loan that it turns into a transfer.
        pub loan_id: Option<Uuid>,
        /// The line of a plan that it carries out.
        pub plan_line_id: Option<Uuid>,
        /// Position.
        pub position: i64,
        /// Quantity asked.
        pub quantity_asked: i64,
        /// What is left of it after a cut.
        pub quantity: i64,
        /// State.
        pub state: LineState,
        /// Why it ended, or waits.
        pub reason: Option<LineReason>,
        /// What a person wrote about it.
        #[sea_orm(column_type = "Text", nullable)]
        pub comment: Option<String>,
        /// When it got its pieces.
        pub held_at: Option<DateTimeUtc>,
        /// When the hold lapses unless the asker's side acts.
        pub hold_expires_at: Option<DateTimeUtc>,
        /// Frozen time before this instant is in `hold_expires_at` already.
        pub hold_counted_to: Option<DateTimeUtc>,
        /// Ticket in the listing's queue; the visible place is the count of lower ones still waiting.
        pub queue_place: Option<i64>,
        /// The correction that the asker is to confirm: nothing is handed over before.
        pub correction_id: Option<Uuid>,
        /// When the line ends unless the asker does.
        pub confirm_until: Option<DateTimeUtc>,
        /// Frozen time before this instant is in `confirm_until` already.
        pub confirm_counted_to: Option<DateTimeUtc>,
        /// Pieces handed over.
        pub released: i64,
        /// Pieces accepted.
        pub received: i64,
        /// Pieces not accepted.
        pub refused: i64,
        /// Pieces lost on the way.
        pub lost: i64,
        /// Updated at.
        pub updated_at: DateTimeUtc,
        /// Row version, raised by every change.
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
