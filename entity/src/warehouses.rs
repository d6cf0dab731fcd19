//! Physical warehouses and their places.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

text_enum! {
    /// Level of a storage place.
    pub enum PlaceKind {
        /// 库区.
        Zone,
        /// 货架.
        Rack,
        /// 货位.
        Bin,
    }
}

/// A physical warehouse (实体仓): hub or branch.
pub mod warehouse {
    use super::*;

    /// A physical warehouse (实体仓): hub or branch.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "warehouse")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Code.
        #[sea_orm(column_type = "Text")]
        pub code: String,
        /// Name.
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// Who runs it.
        pub unit_id: Uuid,
        /// The region.
        pub region_id: Uuid,
        /// Floor area in whole square metres.
        pub area_m2: i64,
        /// Row version, raised by every change.
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A zone, rack or bin of a warehouse.
pub mod storage_place {
    use super::*;

    /// A zone, rack or bin of a warehouse.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "storage_place")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The warehouse.
        pub warehouse_id: Uuid,
        /// The node above; none at the root.
        pub parent_id: Option<Uuid>,
        /// Kind.
        pub kind: PlaceKind,
        /// Code.
        #[sea_orm(column_type = "Text")]
        pub code: String,
        /// Name.
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// Floor area in square decimetres (1 m² = 100).
        pub area_dm2: i64,
        /// Row version, raised by every change.
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
