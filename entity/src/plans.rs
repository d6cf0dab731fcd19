//! Plans of the office: who gives what to whom.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

text_enum! {
    /// Life of a plan.
    pub enum PlanState {
        /// Being written.
        Draft,
        /// Shown to whom it concerns, who may object.
        Objections,
        /// With the approvers.
        Submitted,
        /// Approved; nothing is promised yet.
        Approved,
        /// All its lines are promised.
        Reserved,
        /// No line of it is under way any more.
        Completed,
        /// Sent back by an approver to be corrected.
        Returned,
        /// Refused by an approver.
        Rejected,
        /// Given up by the office.
        Cancelled,
    }
}

text_enum! {
    /// Whether a line still belongs to its plan.
    pub enum PlanLineState {
        /// It does.
        Proposed,
        /// It was dropped, after an objection or when the plan was written anew.
        Dropped,
    }
}

text_enum! {
    /// What became of an objection.
    pub enum ObjectionState {
        /// The office has not answered.
        Open,
        /// The line stays as it is; the answer says why.
        Upheld,
        /// The line was changed.
        Changed,
        /// The line was dropped.
        Dropped,
    }
}

/// A plan of the office (调配方案).
pub mod allocation_plan {
    use super::*;

    /// A plan of the office (调配方案).
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "allocation_plan")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Number.
        #[sea_orm(column_type = "Text")]
        pub number: String,
        /// Title.
        #[sea_orm(column_type = "Text")]
        pub title: String,
        /// Why.
        #[sea_orm(column_type = "Text")]
        pub reason: String,
        /// 批文号 of the decision it rests on.
        #[sea_orm(column_type = "Text")]
        pub document_number: String,
        /// State.
        pub state: PlanState,
        /// Last civil day on which some line can be objected to; none before it is published.
        pub objections_until: Option<Date>,
        /// Why it was returned, rejected or cancelled.
        #[sea_orm(column_type = "Text", nullable)]
        pub comment: Option<String>,
        /// The account.
        pub created_by: Uuid,
        /// When it was made.
        pub created_at: DateTimeUtc,
        /// When it was last published.
        pub published_at: Option<DateTimeUtc>,
        /// Who handed it to the approvers.
        pub submitted_by: Option<Uuid>,
        /// When.
        pub submitted_at: Option<DateTimeUtc>,
        /// When its lines were promised.
        pub reserved_at: Option<DateTimeUtc>,
        /// When it ended.
        pub ended_at: Option<DateTimeUtc>,
        /// When it changed last.
        pub updated_at: DateTimeUtc,
        /// Row version, raised by every change.
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One line of a plan.
pub mod plan_line {
    use super::*;

    /// One line of a plan.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "plan_line")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The plan.
        pub plan_id: Uuid,
        /// Place in the plan, from 0.
        pub position: i64,
        /// The card.
        pub asset_id: Uuid,
        /// The offer it takes from; none: a directed one is made when the plan is reserved.
        pub listing_id: Option<Uuid>,
        /// Who gives: the holder, as of the writing.
        pub giver_id: Uuid,
        /// Who receives.
        pub receiver_id: Uuid,
        /// Pieces.
        pub quantity: i64,
        /// State.
        pub state: PlanLineState,
        /// Last civil day on which it can be objected to.
        pub objections_until: Option<Date>,
        /// Why the receiver gets more than its cap.
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

/// A unit speaks against a line that concerns it.
pub mod plan_objection {
    use super::*;

    /// A unit speaks against a line that concerns it.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "plan_objection")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The plan.
        pub plan_id: Uuid,
        /// The line.
        pub line_id: Uuid,
        /// Who objects: the line's giver or receiver.
        pub unit_id: Uuid,
        /// Why.
        #[sea_orm(column_type = "Text")]
        pub reason: String,
        /// State.
        pub state: ObjectionState,
        /// What the office answered.
        #[sea_orm(column_type = "Text", nullable)]
        pub answer: Option<String>,
        /// The account.
        pub created_by: Uuid,
        /// When it was made.
        pub created_at: DateTimeUtc,
        /// The account.
        pub answered_by: Option<Uuid>,
        /// When it was answered.
        pub answered_at: Option<DateTimeUtc>,
        /// Row version, raised by every change.
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
