//! Ranking rules, the windows in which claims are gathered, and where each claim came.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

text_enum! {
    /// What claims are ranked by.
    pub enum RankingCriterion {
        /// 需求类别: how badly it is needed.
        NeedClass,
        /// 需用时限: days from the end of the window to the day when it is needed.
        NeededBy,
        /// 距离: own department, own region, elsewhere in the city.
        Distance,
        /// 既往受益: what the unit received before, per head of its staff.
        PastShare,
        /// 申领先后: on which day of the window it was asked for.
        Seniority,
    }
}

text_enum! {
    /// How near the asker is to the giver.
    pub enum Nearness {
        /// Under the same supervising department.
        Department,
        /// Placed in the same region.
        Region,
        /// Elsewhere.
        City,
    }
}

text_enum! {
    /// Life of a claim window.
    pub enum WindowState {
        /// Claims are taken.
        Open,
        /// Over; the draw waits for the seal of the audit that nobody could know before.
        Closed,
        /// The claims were ranked.
        Awarded,
        /// Nobody claimed anything: who comes first from here on.
        Empty,
        /// The offer was withdrawn before its claims were ranked.
        Cancelled,
    }
}

/// A version of the ranking rules.
pub mod ranking_rule_set {
    use super::*;

    /// A version of the ranking rules. Once published it never changes.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "ranking_rule_set")]
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
        /// First day on which windows open by it; none while it is a draft.
        pub valid_from: Option<Date>,
        /// The account.
        pub created_by: Option<Uuid>,
        /// When it was made.
        pub created_at: DateTimeUtc,
        /// Who published it.
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

/// One criterion of a set.
pub mod ranking_rule {
    use super::*;

    /// One criterion of a set.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "ranking_rule")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The set.
        pub rule_set_id: Uuid,
        /// Place in the order in which they are shown, from 1.
        pub position: i64,
        /// What is looked at.
        pub criterion: RankingCriterion,
        /// What its points are multiplied by.
        pub weight: i64,
        /// How its points are reckoned.
        #[sea_orm(column_type = "JsonBinary")]
        pub terms: Json,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The time in which claims to an offer are gathered.
pub mod claim_window {
    use super::*;

    /// The time in which claims to an offer are gathered, before they are ranked.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "claim_window")]
    pub struct Model {
        /// The listing.
        #[sea_orm(primary_key, auto_increment = false)]
        pub listing_id: Uuid,
        /// The rules that were in force when it opened.
        pub rule_set_id: Uuid,
        /// State.
        pub state: WindowState,
        /// When it opened.
        pub opened_at: DateTimeUtc,
        /// When it ends; later by every freeze that is over.
        pub closes_at: DateTimeUtc,
        /// Frozen time before this instant is in `closes_at` already.
        pub counted_to: DateTimeUtc,
        /// SHA-256 of the seed, in hexadecimal digits.
        #[sea_orm(column_type = "Text")]
        pub commitment: String,
        /// When it ended.
        pub closed_at: Option<DateTimeUtc>,
        /// Tickets of the queue from here on came too late.
        pub first_late: Option<i64>,
        /// When the claims were ranked.
        pub awarded_at: Option<DateTimeUtc>,
        /// Pieces that there were to give.
        pub available: Option<i64>,
        /// The first seal of the audit that covers the end of the window.
        pub seal_seq: Option<i64>,
        /// Its root.
        #[sea_orm(column_type = "Text", nullable)]
        pub seal_root: Option<String>,
        /// The seed, once the claims are ranked.
        #[sea_orm(column_type = "Text", nullable)]
        pub seed: Option<String>,
        /// Row version, raised by every change.
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Where a claim came, and everything that it was ranked by.
pub mod claim_rank {
    use super::*;

    /// Where a claim came, and everything that it was ranked by.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "claim_rank")]
    pub struct Model {
        /// The line.
        #[sea_orm(primary_key, auto_increment = false)]
        pub line_id: Uuid,
        /// The listing.
        pub listing_id: Uuid,
        /// 1 is the first.
        pub rank: i64,
        /// Pieces claimed.
        pub quantity: i64,
        /// Points times weights, in sum.
        pub score: i64,
        /// What the points were reckoned from.
        #[sea_orm(column_type = "JsonBinary")]
        pub facts: Json,
        /// What decided between equal scores, in hexadecimal digits; the lower goes first.
        #[sea_orm(column_type = "Text")]
        pub draw: String,
        /// Whether it got its pieces when the window was over.
        pub won: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
