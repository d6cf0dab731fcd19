//! The generated city.

use sea_orm::entity::prelude::*;

/// The generated city in a database, and how far its load is.
pub mod demo_load {
    use super::*;

    /// The one row.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "demo_load")]
    pub struct Model {
        /// Always 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        /// Seed, a whole number.
        #[sea_orm(column_type = "Text")]
        pub seed: String,
        /// Units that were asked for.
        pub units: i64,
        /// Listings in all.
        pub listings: i64,
        /// Most different pictures.
        pub pictures: i64,
        /// The civil day on which the city is seen.
        pub today: Date,
        /// Listings loaded so far.
        pub loaded: i64,
        /// When the last of it was loaded.
        pub finished_at: Option<DateTimeUtc>,
    }

    /// None.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
