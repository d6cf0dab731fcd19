//! Kits: what a work place is furnished with, and requests that ask for them.

use sea_orm::entity::prelude::*;

use crate::assets::Condition;

/// A kit (成套配置): what a work place is furnished with.
pub mod kit {
    use super::*;

    /// A kit (成套配置): what a work place is furnished with.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "kit")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Name.
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// Note.
        #[sea_orm(column_type = "Text")]
        pub note: String,
        /// Whether it is offered to units.
        pub active: bool,
        /// The account.
        pub created_by: Option<Uuid>,
        /// When it was made.
        pub created_at: DateTimeUtc,
        /// Row version, raised by every change.
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One thing of a kit: so many pieces for so many places.
pub mod kit_item {
    use super::*;

    /// One thing of a kit: so many pieces for so many places.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "kit_item")]
    pub struct Model {
        /// The kit.
        #[sea_orm(primary_key, auto_increment = false)]
        pub kit_id: Uuid,
        /// Position in it, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub position: i64,
        /// Name.
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// Pieces.
        pub pieces: i64,
        /// For so many places.
        pub per_places: i64,
        /// As good as this, or better.
        pub least_condition: Condition,
        /// Whether the kit is of no use without it.
        pub required: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A category of which pieces will do for an item, with all below it.
pub mod kit_item_category {
    use super::*;

    /// A category of which pieces will do for an item, with all below it.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "kit_item_category")]
    pub struct Model {
        /// The kit.
        #[sea_orm(primary_key, auto_increment = false)]
        pub kit_id: Uuid,
        /// The item.
        #[sea_orm(primary_key, auto_increment = false)]
        pub position: i64,
        /// The category.
        #[sea_orm(primary_key, auto_increment = false)]
        pub category_id: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A request that asks for a kit.
pub mod kit_order {
    use super::*;

    /// A request that asks for a kit.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "kit_order")]
    pub struct Model {
        /// The request.
        #[sea_orm(primary_key, auto_increment = false)]
        pub request_id: Uuid,
        /// The kit; none where the items were named one by one.
        pub kit_id: Option<Uuid>,
        /// Name of the kit at that time.
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// Places to be furnished.
        pub places: i64,
        /// When it was made.
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What was wanted of one item, and what the lines of the request held of it when it was handed in.
pub mod kit_order_item {
    use super::*;

    /// What was wanted of one item, and what the lines of the request held of it when it was handed in.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "kit_order_item")]
    pub struct Model {
        /// The request.
        #[sea_orm(primary_key, auto_increment = false)]
        pub request_id: Uuid,
        /// Position, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub position: i64,
        /// Name of the item at that time.
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// Whether the kit is of no use without it.
        pub required: bool,
        /// Pieces wanted.
        pub wanted: i64,
        /// Pieces held.
        pub got: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
