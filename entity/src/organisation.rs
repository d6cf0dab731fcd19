//! Regions and units.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

text_enum! {
    /// What a unit is.
    pub enum UnitKind {
        /// An ordinary holder of assets.
        Unit,
        /// 公物仓资产池: the warehouse itself as holder.
        Pool,
    }
}

text_enum! {
    /// Life of a unit.
    pub enum UnitState {
        /// In being.
        Active,
        /// Being dissolved: hands over, takes nothing more.
        Closing,
        /// Gone: its successor stands in.
        Closed,
    }
}

text_enum! {
    /// Whose budget pays.
    pub enum FiscalLevel {
        /// 市本级.
        City,
        /// 区.
        District,
    }
}

/// A place in the tree city → districts, by GB/T 2260 or a local namespace.
pub mod region {
    use super::*;

    /// A place in the tree city → districts, by GB/T 2260 or a local namespace.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "region")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// `GB/T 2260`, or `LOCAL` for functional zones that the standard has no code for.
        #[sea_orm(column_type = "Text")]
        pub namespace: String,
        /// Code.
        #[sea_orm(column_type = "Text")]
        pub code: String,
        /// Name.
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// The node above; none at the root.
        pub parent_id: Option<Uuid>,
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

/// A holder of assets (单位). Its fiscal level and its place are two different things.
pub mod unit {
    use super::*;

    /// A holder of assets (单位). Its fiscal level and its place are two different things.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "unit")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Name.
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// Kind.
        pub kind: UnitKind,
        /// 统一社会信用代码 (GB 32100); temporary bodies have none.
        #[sea_orm(column_type = "Text", nullable)]
        pub credit_code: Option<String>,
        /// The node above; none at the root.
        pub parent_id: Option<Uuid>,
        /// 主管部门.
        pub supervisor_id: Option<Uuid>,
        /// Fiscal level.
        pub fiscal_level: FiscalLevel,
        /// Whose budget pays.
        pub fiscal_region_id: Uuid,
        /// Where it is.
        pub place_region_id: Uuid,
        /// State.
        pub state: UnitState,
        /// To whom assets, listings, cases and tasks pass.
        pub successor_id: Option<Uuid>,
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

/// A row that a decision over several rows of one unit updates first: row versions do not stop write skew.
pub mod unit_guard {
    use super::*;

    /// A row that a decision over several rows of one unit updates first: row versions do not stop write skew.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "unit_guard")]
    pub struct Model {
        /// Unit id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit_id: Uuid,
        /// N.
        pub n: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
