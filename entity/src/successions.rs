//! Units that are merged, split or closed.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::organisation::UnitState;

text_enum! {
    /// What happens to the units.
    pub enum SuccessionKind {
        /// 合并: several become one.
        Merge,
        /// 拆分: one becomes several.
        Split,
        /// 撤销: one is closed, another stands in.
        Close,
    }
}

text_enum! {
    /// Life of a succession.
    pub enum SuccessionState {
        /// Being written.
        Draft,
        /// Known to all: the units are closing.
        Announced,
        /// What they have passes on.
        Running,
        /// All has passed; the units are closed.
        Done,
        /// Given up before anything passed.
        CalledOff,
    }
}

/// A succession (单位撤并): units are merged, split or closed, and what they have and do passes to others.
pub mod succession {
    use super::*;

    /// A succession (单位撤并): units are merged, split or closed, and what they have and do passes to others.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "succession")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Number.
        #[sea_orm(column_type = "Text")]
        pub number: String,
        /// Kind.
        pub kind: SuccessionKind,
        /// State.
        pub state: SuccessionState,
        /// Why.
        #[sea_orm(column_type = "Text")]
        pub reason: String,
        /// Number of the deciding paper (批文号).
        #[sea_orm(column_type = "Text")]
        pub paper: String,
        /// First day of the new order.
        pub effective_on: Date,
        /// Takes everything that no share names.
        pub successor_id: Uuid,
        /// Who wrote it.
        pub created_by: Uuid,
        /// When it was made.
        pub created_at: DateTimeUtc,
        /// Who announced it.
        pub announced_by: Option<Uuid>,
        /// When it was announced.
        pub announced_at: Option<DateTimeUtc>,
        /// When things began to pass.
        pub started_at: Option<DateTimeUtc>,
        /// When all had passed, or it was called off.
        pub ended_at: Option<DateTimeUtc>,
        /// Cards that have passed.
        pub cards: i64,
        /// Of those, cards whose number was taken at the successor.
        pub renumbered: i64,
        /// Listings that have passed.
        pub listings: i64,
        /// Request lines that have passed, asking or giving.
        pub lines: i64,
        /// Hand-overs under way that have passed.
        pub transfers: i64,
        /// Loans that have passed.
        pub loans: i64,
        /// Lines and loans that ended because asker and giver became one unit.
        pub ended_lines: i64,
        /// Row version, raised by every change.
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A unit that is succeeded.
pub mod succession_unit {
    use super::*;

    /// A unit that is succeeded.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "succession_unit")]
    pub struct Model {
        /// The succession.
        #[sea_orm(primary_key, auto_increment = false)]
        pub succession_id: Uuid,
        /// The unit.
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit_id: Uuid,
        /// Position.
        pub position: i64,
        /// Its state before the announcement.
        pub was: Option<UnitState>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Cards that go to another successor: all that is said of them must hold.
pub mod succession_share {
    use super::*;

    /// Cards that go to another successor: all that is said of them must hold.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "succession_share")]
    pub struct Model {
        /// The succession.
        #[sea_orm(primary_key, auto_increment = false)]
        pub succession_id: Uuid,
        /// Position: the first that fits counts.
        #[sea_orm(primary_key, auto_increment = false)]
        pub position: i64,
        /// Who takes them.
        pub unit_id: Uuid,
        /// These cards; empty: any.
        #[sea_orm(column_type = "JsonBinary")]
        pub asset_ids: Json,
        /// Stored in this place or in what lies in it.
        pub place_id: Option<Uuid>,
        /// Of this category or one below it.
        pub category_id: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
