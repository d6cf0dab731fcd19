//! The retained log of events.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

text_enum! {
    /// What an event or an audit entry is about.
    pub enum Subject {
        /// A person.
        Account,
        /// A region.
        Region,
        /// A unit.
        Unit,
        /// A category.
        Category,
        /// An allocation standard.
        Standard,
        /// A rental rate.
        RentalRate,
        /// A rule or number of the city.
        Setting,
        /// A warehouse or a place in it.
        Warehouse,
        /// An asset card.
        Asset,
        /// A listing.
        Listing,
        /// A freeze.
        Freeze,
        /// A request.
        Request,
        /// A request line.
        RequestLine,
        /// A transfer.
        Transfer,
        /// A loan.
        Loan,
        /// A plan of the office.
        AllocationPlan,
        /// A disposal.
        Disposal,
        /// An entry of savings.
        Saving,
        /// A webhook.
        Webhook,
        /// A file that is loaded.
        Import,
        /// A succession of units.
        Succession,
    }
}

/// The retained log: written in the transaction of what happened, read by followers by their own cursor.
pub mod event {
    use super::*;

    /// The retained log: written in the transaction of what happened, read by followers by their own cursor.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "event")]
    pub struct Model {
        /// Seq.
        #[sea_orm(primary_key)]
        pub seq: i64,
        /// Identity.
        pub id: Uuid,
        /// Kind.
        #[sea_orm(column_type = "Text")]
        pub kind: String,
        /// Subject kind.
        pub subject_kind: Subject,
        /// Subject id.
        pub subject_id: Uuid,
        /// Subject version.
        pub subject_version: i64,
        /// Actor id.
        pub actor_id: Option<Uuid>,
        /// Payload.
        #[sea_orm(column_type = "JsonBinary")]
        pub payload: Json,
        /// At.
        pub at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
