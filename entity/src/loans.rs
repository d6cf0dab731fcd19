//! Loans and what is found when they come back.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Money;
use crate::listings::Custody;

text_enum! {
    /// Life of a loan. That it is overdue or was extended is told by its days.
    pub enum LoanState {
        /// With the approvers; its days are taken.
        Requested,
        /// Approved, not handed over.
        Approved,
        /// Handed over, not confirmed by the borrower.
        HandedOver,
        /// With the borrower, in full or in part.
        OnLoan,
        /// All is back, and not all is inspected.
        Returned,
        /// All came back in order.
        Inspected,
        /// Some came back damaged.
        Damaged,
        /// Some did not come back.
        Lost,
        /// The borrower kept what it had: a transfer.
        Converted,
        /// An approver did not agree.
        Rejected,
        /// Taken back by the borrower.
        Cancelled,
        /// Nobody acted in time.
        Expired,
        /// The giver could not or would not lend.
        GiverFailed,
    }
}

text_enum! {
    /// Why a loan ended without use.
    pub enum LoanReason {
        /// An approver refused it.
        Refused,
        /// An approver wants it asked for anew, corrected.
        Corrected,
        /// The borrower took it back.
        CancelledByBorrower,
        /// The borrower's side did not act in time.
        HoldLapsed,
        /// Its last day went by before it was handed over.
        NotCollected,
        /// The giver takes the offer back.
        ListingWithdrawn,
        /// The giver cannot lend what it promised.
        Undeliverable,
        /// Too many pieces of the offer were lost, damaged or given away since.
        PiecesGone,
        /// Borrower and giver have become one unit.
        UnitsMerged,
    }
}

/// A loan (借用): use moves for a range of civil days, ownership does not. It is its own booking.
pub mod loan {
    use super::*;

    /// A loan (借用): use moves for a range of civil days, ownership does not. It is its own booking: while it is open,
    /// `lent + returned` pieces are taken on each of its days.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "loan")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Number.
        #[sea_orm(column_type = "Text")]
        pub number: String,
        /// What is borrowed of.
        pub listing_id: Uuid,
        /// Who borrows.
        pub unit_id: Uuid,
        /// Who lends: the listing's unit.
        pub giver_id: Uuid,
        /// Where it lies: the listing's warehouse.
        pub warehouse_id: Option<Uuid>,
        /// Custody of the listing.
        pub custody: Custody,
        /// Pieces asked for: the sum of the seven counters below.
        pub quantity: i64,
        /// First civil day.
        pub day_from: Date,
        /// Last civil day, inclusive.
        pub day_to: Date,
        /// Last day as it was first agreed: another than `day_to` where the loan was extended.
        pub first_day_to: Date,
        /// Last day of an extension that is with the approvers; taken as well.
        pub asked_to: Option<Date>,
        /// Justification.
        #[sea_orm(column_type = "Text")]
        pub justification: String,
        /// State.
        pub state: LoanState,
        /// Why it ended without use.
        pub reason: Option<LoanReason>,
        /// What a person wrote about it last.
        #[sea_orm(column_type = "Text", nullable)]
        pub comment: Option<String>,
        /// Promised, or with the borrower.
        pub lent: i64,
        /// Back, not inspected.
        pub returned: i64,
        /// Back, in order: free again.
        pub good: i64,
        /// Back, damaged: with the giver, not offered any more.
        pub damaged: i64,
        /// Not back.
        pub lost: i64,
        /// With the borrower, who has asked to keep them.
        pub converting: i64,
        /// Left the loan by a transfer to the borrower.
        pub converted: i64,
        /// What the damage costs, as far as it was named.
        pub damage_cost: Money,
        /// When it lapses unless the borrower's side acts.
        pub hold_expires_at: Option<DateTimeUtc>,
        /// The account.
        pub created_by: Uuid,
        /// When it was asked for.
        pub created_at: DateTimeUtc,
        /// The account.
        pub handed_over_by: Option<Uuid>,
        /// When it was handed over.
        pub handed_over_at: Option<DateTimeUtc>,
        /// Condition then.
        #[sea_orm(column_type = "Text", nullable)]
        pub handed_over_note: Option<String>,
        /// The account.
        pub received_by: Option<Uuid>,
        /// When the borrower confirmed it.
        pub received_at: Option<DateTimeUtc>,
        /// What the borrower said of it, or evidence of a deemed receipt.
        #[sea_orm(column_type = "Text", nullable)]
        pub received_note: Option<String>,
        /// First civil day of use.
        pub received_on: Option<Date>,
        /// Last civil day on which pieces went back: a later return is not before it.
        pub changed_on: Option<Date>,
        /// Civil day on which the last piece came back.
        pub returned_on: Option<Date>,
        /// Use is in the ledger up to this day.
        pub accrued_to: Option<Date>,
        /// Civil day on which `loan.overdue` was told last.
        pub overdue_told_on: Option<Date>,
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

/// What was found when pieces came back from a loan.
pub mod loan_inspection {
    use super::*;

    /// What was found when pieces came back from a loan.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "loan_inspection")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The loan.
        pub loan_id: Uuid,
        /// Pieces in order.
        pub good: i64,
        /// Pieces damaged.
        pub damaged: i64,
        /// Pieces that are not there.
        pub lost: i64,
        /// What is wrong.
        #[sea_orm(column_type = "Text", nullable)]
        pub note: Option<String>,
        /// What it costs.
        pub cost: Option<Money>,
        /// The account.
        pub created_by: Uuid,
        /// When it was noted.
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
