//! The audit trail, its keys and seals.

use sea_orm::entity::prelude::*;

use crate::events::Subject;

/// Who did what to which subject, chained by hash per subject.
pub mod audit_entry {
    use super::*;

    /// Who did what to which subject, chained by hash per subject.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_entry")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Subject kind.
        pub subject_kind: Subject,
        /// Subject id.
        pub subject_id: Uuid,
        /// 1, 2, 3 … within the subject.
        pub seq: i64,
        /// Action.
        #[sea_orm(column_type = "Text")]
        pub action: String,
        /// Actor id.
        pub actor_id: Option<Uuid>,
        /// At.
        pub at: DateTimeUtc,
        /// JSON, or base64 of it encrypted by the subject's key.
        #[sea_orm(column_type = "Text")]
        pub payload: String,
        /// Whether the payload is encrypted.
        pub sealed_payload: bool,
        /// Payload hash.
        #[sea_orm(column_type = "Text")]
        pub payload_hash: String,
        /// Prev hash.
        #[sea_orm(column_type = "Text")]
        pub prev_hash: String,
        /// Hash.
        #[sea_orm(column_type = "Text")]
        pub hash: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A key that encrypts one subject's personal payloads: destroying it purges them, and the chain still verifies.
pub mod payload_key {
    use super::*;

    /// A key that encrypts one subject's personal payloads: destroying it purges them, and the chain still verifies.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "payload_key")]
    pub struct Model {
        /// Subject id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject_id: Uuid,
        /// Encrypted by the master key, base64; none once it was destroyed.
        #[sea_orm(column_type = "Text", nullable)]
        pub wrapped: Option<String>,
        /// When it was made.
        pub created_at: DateTimeUtc,
        /// When it was destroyed, and with it what it encrypted.
        pub destroyed_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Tells whether a master key is the one that this database was begun with. One row.
pub mod master_key_check {
    use super::*;

    /// Tells whether a master key is the one that this database was begun with. One row.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "master_key_check")]
    pub struct Model {
        /// Always 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        /// What only the right key gives, hex.
        #[sea_orm(column_type = "Text")]
        pub value: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A seal over the heads that changed since the last one.
pub mod audit_seal {
    use super::*;

    /// A seal over the heads that changed since the last one.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_seal")]
    pub struct Model {
        /// Seq.
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        /// At.
        pub at: DateTimeUtc,
        /// The event log was covered up to here.
        pub event_seq: i64,
        /// Heads.
        pub heads: i64,
        /// Merkle root.
        #[sea_orm(column_type = "Text")]
        pub merkle_root: String,
        /// Prev root.
        #[sea_orm(column_type = "Text")]
        pub prev_root: String,
        /// Root.
        #[sea_orm(column_type = "Text")]
        pub root: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A head that a seal covers.
pub mod audit_seal_head {
    use super::*;

    /// A head that a seal covers.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_seal_head")]
    pub struct Model {
        /// The audit seal.
        #[sea_orm(primary_key, auto_increment = false)]
        pub seal_seq: i64,
        /// Subject kind.
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject_kind: Subject,
        /// Subject id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject_id: Uuid,
        /// Subject seq.
        pub subject_seq: i64,
        /// Hash.
        #[sea_orm(column_type = "Text")]
        pub hash: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
