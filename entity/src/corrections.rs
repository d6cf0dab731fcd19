//! Corrections of cards that others count on.

use sea_orm::entity::prelude::*;

/// A correction (更正): what a card said before and says now.
pub mod correction {
    use super::*;

    /// A correction (更正): what a card said before and says now.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "correction")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The card.
        pub asset_id: Uuid,
        /// Why.
        #[sea_orm(column_type = "Text")]
        pub reason: String,
        /// Field, before and after, in a list; empty where the card was purged.
        pub changes: Json,
        /// Whether whoever counts on the card was asked to confirm.
        pub material: bool,
        /// The account.
        pub created_by: Uuid,
        /// When it was made.
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
