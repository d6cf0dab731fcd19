//! Events on their way to shared sinks.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

text_enum! {
    /// What kind of sink an endpoint is.
    pub enum Consumer {
        /// Another system that is told over HTTP.
        Webhook,
    }
}

text_enum! {
    /// Life of a delivery.
    pub enum DeliveryState {
        /// Head of its subject: waits for its time.
        Waiting,
        /// Head of its subject: leased by a worker.
        Running,
        /// Stands behind the head of its subject.
        Behind,
        /// The endpoint has it.
        Delivered,
        /// Given up; its subject stands still at this endpoint until somebody decides.
        Dead,
        /// Somebody decided to leave it out.
        Skipped,
    }
}

/// Somebody outside who hears of events, with a place of its own in the log.
pub mod delivery_endpoint {
    use super::*;

    /// Somebody outside who hears of events, with a place of its own in the log.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "delivery_endpoint")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// What kind of sink it is.
        pub consumer: Consumer,
        /// Whether anything is sent to it.
        pub active: bool,
        /// Number of the event up to which the log was read for it.
        pub log_seq: i64,
        /// Place of its last delivery.
        pub position: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The other system behind an endpoint that is a webhook.
pub mod webhook {
    use super::*;

    /// The other system behind an endpoint that is a webhook.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "webhook")]
    pub struct Model {
        /// Identity of the endpoint.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Name.
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// Where it is told.
        #[sea_orm(column_type = "Text")]
        pub url: String,
        /// Kinds of events, or the beginnings of kinds; empty: all.
        #[sea_orm(column_type = "JsonBinary")]
        pub kinds: Json,
        /// Key of its signatures, encrypted by the master key.
        #[sea_orm(column_type = "Text")]
        pub secret: String,
        /// Why the service switched it off; none where a person did, or nobody.
        #[sea_orm(column_type = "Text", nullable)]
        pub switched_off: Option<String>,
        /// Created by.
        pub created_by: Uuid,
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

/// One event on its way to one endpoint.
pub mod delivery {
    use super::*;

    /// One event on its way to one endpoint.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "delivery")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Where it goes.
        pub endpoint_id: Uuid,
        /// 1, 2, 3 … at the endpoint, in the order of the log.
        pub position: i64,
        /// Number of the event.
        pub event_seq: i64,
        /// Identity of the event.
        pub event_id: Uuid,
        /// Kind of the event.
        #[sea_orm(column_type = "Text")]
        pub event_kind: String,
        /// Subject kind.
        pub subject_kind: super::super::events::Subject,
        /// Subject id.
        pub subject_id: Uuid,
        /// State.
        pub state: DeliveryState,
        /// Not before; in the time of the database.
        pub run_at: DateTimeUtc,
        /// Until then it is a worker's; in the time of the database.
        pub lease_until: Option<DateTimeUtc>,
        /// Raised by every claim: whoever comes with an older one has lost the lease.
        pub fence: i64,
        /// Claims so far.
        pub attempts: i64,
        /// Status of the last answer.
        pub status: Option<i64>,
        /// Why the last attempt failed.
        #[sea_orm(column_type = "Text", nullable)]
        pub error: Option<String>,
        /// When it was made.
        pub created_at: DateTimeUtc,
        /// When it was delivered, given up or left out; in the time of the database.
        pub ended_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
