//! Categories, standards and the rule book of the city.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Money;

text_enum! {
    /// Which fields an asset has.
    pub enum AssetKind {
        /// Furniture, equipment, anything without fields of its own.
        General,
        /// Cars.
        Vehicle,
        /// Land and rooms: VIRTUAL only.
        RealEstate,
        /// Licences.
        Software,
    }
}

text_enum! {
    /// How an asset came to be available.
    pub enum AssetSource {
        /// Stands unused.
        Idle,
        /// Above the allocation standard.
        OverStandard,
        /// Used too little.
        UnderUsed,
        /// Left by a dissolved body.
        Dissolved,
        /// Left by a finished event.
        Event,
        /// Confiscated goods: never count as savings.
        Confiscated,
        /// Reserves.
        Reserve,
        /// Found in a count.
        Surplus,
    }
}

text_enum! {
    /// Before which step a field must be filled.
    pub enum RequiredStep {
        /// Before a listing is submitted.
        Submit,
        /// Before it is listed.
        List,
    }
}

/// An asset category (资产分类代码), keyed by system, edition and code: the same digits mean other things elsewhere.
pub mod category {
    use super::*;

    /// An asset category (资产分类代码), keyed by system, edition and code: the same digits mean other things elsewhere.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "category")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Such as `GB/T 14885`.
        #[sea_orm(column_type = "Text")]
        pub system: String,
        /// Such as `2022`.
        #[sea_orm(column_type = "Text")]
        pub edition: String,
        /// Code.
        #[sea_orm(column_type = "Text")]
        pub code: String,
        /// Name.
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// The node above; none at the root.
        pub parent_id: Option<Uuid>,
        /// Kind of the assets in it.
        pub kind: AssetKind,
        /// Floor of the depreciation life, in months.
        pub depreciation_months: Option<i64>,
        /// Whether an erasure record is needed before it is listed.
        pub has_disk: bool,
        /// First day.
        pub valid_from: Date,
        /// Last day, inclusive; none while it is open.
        pub valid_to: Option<Date>,
        /// Row version, raised by every change.
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// An allocation standard (配置标准) by jurisdiction and date. Rows are never changed: a new revision ends the old one.
pub mod allocation_standard {
    use super::*;

    /// An allocation standard (配置标准) by jurisdiction and date. Rows are never changed: a new revision ends the old one.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "allocation_standard")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Jurisdiction; none means central government.
        pub region_id: Option<Uuid>,
        /// The category.
        pub category_id: Uuid,
        /// Rank of staff it is for, where it differs.
        #[sea_orm(column_type = "Text", nullable)]
        pub rank: Option<String>,
        /// Price cap of one piece.
        pub price_cap: Money,
        /// Minimum service life (最低使用年限), in months; not the depreciation life.
        pub min_service_months: i64,
        /// Quantity cap in per cent of staff.
        pub cap_percent: Option<i64>,
        /// Document it comes from.
        #[sea_orm(column_type = "Text")]
        pub source: String,
        /// Revision.
        pub revision: i64,
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

/// What a piece of a category would cost to rent for a day, by jurisdiction and date. Rows are never changed: a new revision
/// ends the old one.
pub mod rental_rate {
    use super::*;

    /// What a piece of a category would cost to rent for a day, by jurisdiction and date. Rows are never changed: a new
    /// revision ends the old one.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "rental_rate")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Jurisdiction; none means everywhere.
        pub region_id: Option<Uuid>,
        /// The category.
        pub category_id: Uuid,
        /// Of one piece for one day.
        pub fen_per_day: Money,
        /// Document it comes from.
        #[sea_orm(column_type = "Text")]
        pub source: String,
        /// Revision.
        pub revision: i64,
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

/// A field that must be filled before a step: data, so that a city can change it.
pub mod required_field {
    use super::*;

    /// A field that must be filled before a step: data, so that a city can change it.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "required_field")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// None: every kind.
        pub kind: Option<AssetKind>,
        /// None: every source.
        pub source: Option<AssetSource>,
        /// Step.
        pub step: RequiredStep,
        /// Name of the field as in the schema.
        #[sea_orm(column_type = "Text")]
        pub field: String,
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

/// A number of the city's rule book, with dates.
pub mod city_setting {
    use super::*;

    /// A number of the city's rule book, with dates.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "city_setting")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Name.
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// Value.
        pub value: i64,
        /// First day.
        pub valid_from: Date,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A day that is other than its weekday says: a holiday, or one worked in its stead (调休).
pub mod calendar_day {
    use super::*;

    /// A day that is other than its weekday says: a holiday, or one worked in its stead (调休).
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "calendar_day")]
    pub struct Model {
        /// The day.
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: Date,
        /// Whether it is worked.
        pub working: bool,
        /// Name.
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// Row version, raised by every change.
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
