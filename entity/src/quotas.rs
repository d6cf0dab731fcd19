//! What a unit is entitled to, and what keeps it from asking for more.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

text_enum! {
    /// What is counted.
    pub enum QuotaKind {
        /// 编制内实有人数.
        Staff,
        /// 车辆编制.
        Vehicles,
    }
}

/// How many people or vehicles a unit is entitled to (编制), by date.
pub mod unit_quota {
    use super::*;

    /// How many people or vehicles a unit is entitled to (编制), by date.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "unit_quota")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The unit.
        pub unit_id: Uuid,
        /// What is counted.
        pub kind: QuotaKind,
        /// Rank of staff; none: all of them.
        #[sea_orm(column_type = "Text", nullable)]
        pub rank: Option<String>,
        /// How many.
        pub count: i64,
        /// Document it comes from.
        #[sea_orm(column_type = "Text")]
        pub source: String,
        /// First day.
        pub valid_from: Date,
        /// Last day, inclusive; none while it is open.
        pub valid_to: Option<Date>,
        /// The account.
        pub created_by: Option<Uuid>,
        /// When it was made.
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A quantity cap of one unit that is other than the standard says.
pub mod unit_cap {
    use super::*;

    /// A quantity cap of one unit that is other than the standard says.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "unit_cap")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The unit.
        pub unit_id: Uuid,
        /// The category, and all below it.
        pub category_id: Uuid,
        /// In per cent of staff.
        pub cap_percent: i64,
        /// Why.
        #[sea_orm(column_type = "Text")]
        pub reason: String,
        /// First day.
        pub valid_from: Date,
        /// Last day, inclusive; none while it is open.
        pub valid_to: Option<Date>,
        /// The account.
        pub created_by: Option<Uuid>,
        /// When it was made.
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The office lets a unit ask for more although it has not confirmed what it was handed.
pub mod block_override {
    use super::*;

    /// The office lets a unit ask for more although it has not confirmed what it was handed.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "block_override")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The unit.
        pub unit_id: Uuid,
        /// Why.
        #[sea_orm(column_type = "Text")]
        pub reason: String,
        /// Last day, inclusive.
        pub until_day: Date,
        /// The account.
        pub created_by: Option<Uuid>,
        /// When it was made.
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
