//! Approval rules, cases and steps.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::identity::Role;

text_enum! {
    /// What is approved.
    pub enum ApprovalSubject {
        /// A listing.
        Listing,
        /// A line of a request.
        RequestLine,
        /// A loan.
        Loan,
        /// A longer time for a loan.
        LoanExtension,
        /// A plan of the office.
        Plan,
        /// A disposal.
        Disposal,
        /// A sale below the threshold.
        DisposalPrice,
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
    /// Where on a side a seat is.
    pub enum SeatLevel {
        /// The unit itself; for the office's side: the city.
        Unit,
        /// Its supervising department (主管部门).
        Department,
        /// The top of its tree.
        Top,
    }
}

text_enum! {
    /// A border between giver and receiver.
    pub enum Border {
        /// They have different supervising departments.
        Department,
        /// They lie in different regions.
        Region,
        /// Other budgets pay for them.
        FiscalLevel,
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

/// A version of the approval rules (审批规则集). Once published it never changes.
pub mod approval_rule_set {
    use super::*;

    /// A version of the approval rules (审批规则集). Once published it never changes.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "approval_rule_set")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// 1, 2, 3 … in the order in which they were drafted.
        pub number: i64,
        /// Name.
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// Note.
        #[sea_orm(column_type = "Text")]
        pub note: String,
        /// First day on which new cases go by it; none while it is a draft.
        pub valid_from: Option<Date>,
        /// The account; none for the set a city starts with.
        pub created_by: Option<Uuid>,
        /// When it was made.
        pub created_at: DateTimeUtc,
        /// The account.
        pub published_by: Option<Uuid>,
        /// When it was published.
        pub published_at: Option<DateTimeUtc>,
        /// Row version, raised by every change.
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One step, and the conditions under which a case needs it.
pub mod approval_rule {
    use super::*;

    /// One step, and the conditions under which a case needs it.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "approval_rule")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The set it belongs to.
        pub rule_set_id: Uuid,
        /// Place in the set: 1, 2, 3 …
        pub position: i64,
        /// What people call it.
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// What is approved.
        pub subject: ApprovalSubject,
        /// When its turn is: steps of one stage go side by side.
        pub stage: i64,
        /// Whose step it is.
        pub side: Side,
        /// Where on that side.
        pub level: SeatLevel,
        /// Role that decides.
        pub role: Role,
        /// Working days for a decision; none: as the rule book says for all.
        pub due_days: Option<i64>,
        /// When a case needs it; see `api::approvals::conditions`.
        #[sea_orm(column_type = "JsonBinary")]
        pub conditions: Json,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Somebody decides for somebody who is away (委托审批).
pub mod delegation {
    use super::*;

    /// Somebody decides for somebody who is away (委托审批).
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "delegation")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Who is away.
        pub from_account_id: Uuid,
        /// Who decides meanwhile.
        pub to_account_id: Uuid,
        /// First day.
        pub valid_from: Date,
        /// Last day, inclusive.
        pub valid_to: Date,
        /// Why.
        #[sea_orm(column_type = "Text")]
        pub reason: String,
        /// When it was made.
        pub created_at: DateTimeUtc,
        /// Set when it was ended before its last day.
        pub ended_at: Option<DateTimeUtc>,
        /// Row version, raised by every change.
        pub version: i64,
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
        /// The rules it goes by, whatever is published later; none for one without any.
        pub rule_set_id: Option<Uuid>,
        /// What its plan was made from; see `api::approvals::conditions`.
        #[sea_orm(column_type = "JsonBinary", nullable)]
        pub facts: Option<Json>,
        /// What it adds to the batches of its units, in minor units.
        pub value: i64,
        /// What it was handed in with, such as the request of a line.
        pub batch_id: Option<Uuid>,
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
        /// When its turn is: steps of one stage go side by side.
        pub stage: i64,
        /// The rule that asks for it.
        pub rule_id: Option<Uuid>,
        /// Working days for a decision.
        pub due_days: Option<i64>,
        /// Civil day by which it should be decided; set when its turn comes.
        pub due_on: Option<Date>,
        /// Day on which somebody was last reminded of it.
        pub reminded_on: Option<Date>,
        /// When it was moved one level up because nobody decided it.
        pub escalated_at: Option<DateTimeUtc>,
        /// Who was away, where somebody decided in their stead.
        pub decided_for: Option<Uuid>,
        /// Row version, raised by every change.
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
