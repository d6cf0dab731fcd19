//! Asset cards and their history.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Money;
use crate::catalogue::{AssetKind, AssetSource};

text_enum! {
    /// Life of a card.
    pub enum AssetState {
        /// In the books of its holder.
        Active,
        /// Joined to its parent again: the split was undone.
        Merged,
        /// Lost on the way.
        Lost,
        /// Disposed of.
        Disposed,
    }
}

text_enum! {
    /// How good a thing is.
    pub enum Condition {
        /// Unused.
        New,
        /// Works, little worn.
        Good,
        /// Works, worn.
        Fair,
        /// Works with faults.
        Poor,
        /// Does not work.
        Broken,
    }
}

text_enum! {
    /// What the value of an asset is.
    pub enum ValueBasis {
        /// 原值.
        Original,
        /// 评估值.
        Appraised,
        /// 名义金额: counts 0 in book methods.
        Nominal,
        /// Not known: counts 0 in book methods.
        Unknown,
    }
}

/// An asset card (资产卡片): keeps its identity over every transfer.
pub mod asset {
    use super::*;

    /// An asset card (资产卡片): keeps its identity over every transfer.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "asset")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Kind.
        pub kind: AssetKind,
        /// How it came to be available.
        pub source: AssetSource,
        /// State.
        pub state: AssetState,
        /// The unit.
        pub holder_id: Uuid,
        /// Asset number at the present holder; dated history in `asset_holding`.
        #[sea_orm(column_type = "Text", nullable)]
        pub number: Option<String>,
        /// The category.
        pub category_id: Option<Uuid>,
        /// Name.
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// Brand.
        #[sea_orm(column_type = "Text")]
        pub brand: String,
        /// Model.
        #[sea_orm(column_type = "Text")]
        pub model: String,
        /// Serial.
        #[sea_orm(column_type = "Text", nullable)]
        pub serial: Option<String>,
        /// Brand and serial folded for comparison; none for placeholders such as 无 or 0000.
        #[sea_orm(column_type = "Text", nullable)]
        pub serial_key: Option<String>,
        /// Description.
        #[sea_orm(column_type = "Text")]
        pub description: String,
        /// Condition.
        pub condition: Option<Condition>,
        /// Where it stands, in words.
        #[sea_orm(column_type = "Text")]
        pub place: String,
        /// Where it stands, in the physical warehouse.
        pub bin_id: Option<Uuid>,
        /// Pieces.
        pub quantity: i64,
        /// Unit of measure, such as 台 or 把.
        #[sea_orm(column_type = "Text")]
        pub measure: String,
        /// Of the whole quantity.
        pub value: Option<Money>,
        /// Value basis.
        pub value_basis: ValueBasis,
        /// Acquired on.
        pub acquired_on: Option<Date>,
        /// Funding source.
        #[sea_orm(column_type = "Text")]
        pub funding_source: String,
        /// The card's own life, which rules over the category's.
        pub depreciation_months: Option<i64>,
        /// Min service months.
        pub min_service_months: Option<i64>,
        /// In no list, search, count, facet, photo or error of those without the right.
        pub restricted: bool,
        /// Erasure or disk-removal record of anything with a disk.
        #[sea_orm(column_type = "Text", nullable)]
        pub erasure_record: Option<String>,
        /// Fields of the kind: vehicle, real estate, software.
        #[sea_orm(column_type = "JsonBinary")]
        pub details: Json,
        /// The card it was split from.
        pub parent_id: Option<Uuid>,
        /// The account.
        pub created_by: Uuid,
        /// When it was made.
        pub created_at: DateTimeUtc,
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

/// Who held an asset under which number, from when to when.
pub mod asset_holding {
    use super::*;

    /// Who held an asset under which number, from when to when.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "asset_holding")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The asset.
        pub asset_id: Uuid,
        /// The unit.
        pub unit_id: Uuid,
        /// Number.
        #[sea_orm(column_type = "Text", nullable)]
        pub number: Option<String>,
        /// The transfer that brought it here; none for its first holder.
        pub transfer_id: Option<Uuid>,
        /// The succession that brought it here.
        pub succession_id: Option<Uuid>,
        /// From at.
        pub from_at: DateTimeUtc,
        /// To at.
        pub to_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A suspected duplicate that the caller may not see: it goes to the office.
pub mod duplicate_case {
    use super::*;

    /// A suspected duplicate that the caller may not see: it goes to the office.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "duplicate_case")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The asset.
        pub asset_id: Uuid,
        /// The asset.
        pub other_id: Uuid,
        /// When it was made.
        pub created_at: DateTimeUtc,
        /// Resolved at.
        pub resolved_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
