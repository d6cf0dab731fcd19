//! Approval rules, cases and steps.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::identity::Role;
use crate::listings::Custody;

text_enum! {
    /// What is approved.
    pub enum ApprovalSubject {
        /// A listing.
        Listing,
        /// A line of a request.
        RequestLine,
    }
}

text_enum! {
    /// Whose step it is.
    pub enum Side {
        /// The offering unit.
        Giver,
        /// The asking unit.
        Receiver,
        /// The office.
        Office,
    }
}

text_enum! {
    /// Life of a case.
    pub enum CaseState {
        /// Some step waits.
        Open,
        /// All steps approved.
        Approved,
        /// Sent back to be corrected.
        Returned,
        /// Refused.
        Rejected,
        /// Ended from outside, such as by a cancellation.
        Closed,
    }
}

text_enum! {
    /// Life of a step.
    pub enum StepState {
        /// An earlier step is not decided.
        Waiting,
        /// May be decided now.
        Pending,
        /// Approved.
        Approved,
        /// Sent back.
        Returned,
        /// Refused.
        Rejected,
        /// Not needed any more.
        Skipped,
    }
}

/// Which steps a case needs, as data.
pub mod approval_rule {
    use super::*;

    /// Which steps a case needs, as data.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "approval_rule")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Subject.
        pub subject: ApprovalSubject,
        /// None: both.
        pub custody: Option<Custody>,
        /// Order of the step.
        pub position: i64,
        /// Side.
        pub side: Side,
        /// Role.
        pub role: Role,
        /// First day.
        pub valid_from: Date,
        /// Last day, inclusive; none while it is open.
        pub valid_to: Option<Date>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A run of approvals over one subject.
pub mod approval_case {
    use super::*;

    /// A run of approvals over one subject.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "approval_case")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Subject.
        pub subject: ApprovalSubject,
        /// Subject id.
        pub subject_id: Uuid,
        /// State.
        pub state: CaseState,
        /// Submitted it; never approves the same case.
        pub applicant_id: Uuid,
        /// Wrote it down; never approves the same case.
        pub drafted_by: Uuid,
        /// Sent it again after a correction; never approves the same case.
        pub corrected_by: Option<Uuid>,
        /// The unit.
        pub giver_id: Option<Uuid>,
        /// The unit.
        pub receiver_id: Option<Uuid>,
        /// Opened at.
        pub opened_at: DateTimeUtc,
        /// Closed at.
        pub closed_at: Option<DateTimeUtc>,
        /// Row version, raised by every change.
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One step of a case.
pub mod approval_step {
    use super::*;

    /// One step of a case.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "approval_step")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The approval case.
        pub case_id: Uuid,
        /// Position.
        pub position: i64,
        /// Side.
        pub side: Side,
        /// Role.
        pub role: Role,
        /// At whom the role must be held; none for the office.
        pub unit_id: Option<Uuid>,
        /// State.
        pub state: StepState,
        /// The account.
        pub decided_by: Option<Uuid>,
        /// Decided at.
        pub decided_at: Option<DateTimeUtc>,
        /// Comment.
        #[sea_orm(column_type = "Text", nullable)]
        pub comment: Option<String>,
        /// Pending since.
        pub pending_since: Option<DateTimeUtc>,
        /// Row version, raised by every change.
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
