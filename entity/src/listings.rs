//! Offers, their stock and freezes.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

text_enum! {
    /// Where the thing is while it is listed.
    pub enum Custody {
        /// 虚拟仓: it stays with its holder.
        Virtual,
        /// 实体仓: it is on a shelf of the warehouse.
        Physical,
    }
}

text_enum! {
    /// Workflow of a listing; availability is derived from its stock.
    pub enum ListingState {
        /// May be incomplete.
        Draft,
        /// With the approvers.
        Submitted,
        /// PHYSICAL: approved, on its way to the warehouse.
        AwaitingInspection,
        /// PHYSICAL: accepted after a repair.
        Repair,
        /// PHYSICAL: not accepted at inspection.
        ReturnedToHolder,
        /// Shown for objections.
        Publicity,
        /// Offered to others.
        Listed,
        /// Sent back to be corrected.
        Returned,
        /// Refused for good.
        Rejected,
        /// Taken back by its holder.
        Withdrawn,
        /// Handed to disposal after failed reuse.
        Disposal,
    }
}

text_enum! {
    /// What is offered.
    pub enum Purpose {
        /// 调剂: the asset moves.
        Transfer,
        /// 借用: its use moves.
        Loan,
    }
}

text_enum! {
    /// Who gets what several want.
    pub enum AwardMode {
        /// 先到先得: who comes first; the others wait in the queue.
        FirstCome,
        /// 择优分配: claims are gathered for some days, then ranked by published rules.
        ClaimWindow,
    }
}

text_enum! {
    /// Who sees an offer: each step wider than the one before.
    pub enum Audience {
        /// 本系统: units under the holder's supervising department.
        Department,
        /// 本区域: units placed in the holder's region.
        Region,
        /// 全市: everybody.
        City,
    }
}

text_enum! {
    /// What a freeze covers.
    pub enum FreezeScope {
        /// One card.
        Asset,
        /// One offer.
        Listing,
        /// All a unit holds.
        Unit,
        /// A storage place and all in it.
        Place,
    }
}

text_enum! {
    /// Why a freeze is there.
    pub enum FreezeCause {
        /// Counting.
        Stocktake,
        /// Somebody else claims it.
        Dispute,
        /// Checked for secrets.
        Secrecy,
    }
}

/// An offer (上架) of an asset, or of a lot, to other units.
pub mod listing {
    use super::*;

    /// An offer (上架) of an asset, or of a lot, to other units.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "listing")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The asset.
        pub asset_id: Uuid,
        /// Who offers.
        pub unit_id: Uuid,
        /// Custody.
        pub custody: Custody,
        /// State.
        pub state: ListingState,
        /// Purpose.
        pub purpose: Purpose,
        /// 协议调剂: skips the audience, not the approvals.
        pub directed_to: Option<Uuid>,
        /// Who gets what several want.
        pub award_mode: AwardMode,
        /// Working days of its window; none: as the rule book says on the day when it opens.
        pub claim_window_days: Option<i64>,
        /// Who sees it.
        pub audience: Audience,
        /// The department or the region whose units see it; none: all do.
        pub audience_id: Option<Uuid>,
        /// When the next step begins; none: it is the last.
        pub audience_until: Option<DateTimeUtc>,
        /// PHYSICAL: where it is brought.
        pub warehouse_id: Option<Uuid>,
        /// Note.
        #[sea_orm(column_type = "Text")]
        pub note: String,
        /// 批复文号 of the giver.
        #[sea_orm(column_type = "Text", nullable)]
        pub approval_number: Option<String>,
        /// Why it was returned, rejected or withdrawn.
        #[sea_orm(column_type = "Text", nullable)]
        pub reason: Option<String>,
        /// The account.
        pub created_by: Uuid,
        /// When it was made.
        pub created_at: DateTimeUtc,
        /// Submitted at.
        pub submitted_at: Option<DateTimeUtc>,
        /// Listed at.
        pub listed_at: Option<DateTimeUtc>,
        /// When its holder last said that it is there.
        pub confirmed_at: Option<DateTimeUtc>,
        /// By which civil day the holder is to say so again; none where it was not asked.
        pub reconfirm_by: Option<Date>,
        /// Frozen time before this instant is in `reconfirm_by` already.
        pub reconfirm_counted_to: Option<DateTimeUtc>,
        /// Since when it is shown to nobody new, because the holder did not answer.
        pub paused_at: Option<DateTimeUtc>,
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

/// The stock counters of a listing. They change only by one conditional update and always sum to `offered`.
pub mod listing_stock {
    use super::*;

    /// The stock counters of a listing. They change only by one conditional update and always sum to `offered`.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "listing_stock")]
    pub struct Model {
        /// The listing.
        #[sea_orm(primary_key, auto_increment = false)]
        pub listing_id: Uuid,
        /// Offered.
        pub offered: i64,
        /// Available.
        pub available: i64,
        /// Held.
        pub held: i64,
        /// Reserved.
        pub reserved: i64,
        /// In transit.
        pub in_transit: i64,
        /// Delivered.
        pub delivered: i64,
        /// Withdrawn.
        pub withdrawn: i64,
        /// Lost.
        pub lost: i64,
        /// Next place in the queue.
        pub queue_next: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A freeze (stocktake, dispute, secrecy check): a scoped record, not a state.
pub mod asset_freeze {
    use super::*;

    /// A freeze (stocktake, dispute, secrecy check): a scoped record, not a state.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "asset_freeze")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Scope.
        pub scope: FreezeScope,
        /// Scope id.
        pub scope_id: Uuid,
        /// Cause.
        pub cause: FreezeCause,
        /// Note.
        #[sea_orm(column_type = "Text")]
        pub note: String,
        /// The account.
        pub created_by: Uuid,
        /// From at.
        pub from_at: DateTimeUtc,
        /// Set when it is lifted.
        pub until_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
