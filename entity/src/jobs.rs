//! Jobs, idempotency and number series.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

text_enum! {
    /// What a job does.
    pub enum JobKind {
        /// Lets holds lapse that their askers forgot, and lines whose asker does not confirm a correction.
        ExpireHolds,
        /// Asks holders whether what they offer is still there, and pauses what they do not confirm.
        Reconfirm,
        /// Ends loans that were not collected, and tells of those that are overdue.
        LoanDays,
        /// Ends claim windows, and ranks their claims.
        AwardClaims,
        /// Shows offers to more units whose step is over.
        WidenAudience,
        /// Enters what loans of the months before have saved.
        AccrueLoans,
        /// Completes plans of which nothing is under way any more.
        CompletePlans,
        /// Seats steps anew whose seat has become empty.
        Reseat,
        /// Reminds of steps that are due, and moves up what nobody decides.
        Supervise,
        /// Seals the audit.
        Seal,
        /// Removes what is past its time: sessions, idempotency keys, uploads.
        Purge,
        /// Builds the search index anew.
        Reindex,
        /// Compares the search index with the database.
        Reconcile,
        /// Loads a file.
        Import,
        /// Passes on what units have that are succeeded.
        Successions,
    }
}

text_enum! {
    /// Life of a job.
    pub enum JobState {
        /// Waits for its time.
        Queued,
        /// Leased by a worker.
        Running,
        /// Finished.
        Done,
        /// Gave up; the error says why.
        Failed,
    }
}

/// Work that goes on by itself: leased, idempotent, with its progress in the row.
pub mod job {
    use super::*;

    /// Work that goes on by itself: leased, idempotent, with its progress in the row.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "job")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Kind.
        pub kind: JobKind,
        /// A job with the same key is not queued twice.
        #[sea_orm(column_type = "Text", nullable)]
        pub dedup: Option<String>,
        /// Payload.
        #[sea_orm(column_type = "JsonBinary")]
        pub payload: Json,
        /// State.
        pub state: JobState,
        /// Run at.
        pub run_at: DateTimeUtc,
        /// Lease until.
        pub lease_until: Option<DateTimeUtc>,
        /// Raised by every claim: whoever comes with an older one has lost the lease.
        pub fence: i64,
        /// Claims since the last success.
        pub attempts: i64,
        /// Steps done by the present or last run.
        pub done: i64,
        /// Steps of the run, where they are known.
        pub total: Option<i64>,
        /// Why the last run failed.
        #[sea_orm(column_type = "Text", nullable)]
        pub error: Option<String>,
        /// Created by.
        pub created_by: Option<Uuid>,
        /// When it was made.
        pub created_at: DateTimeUtc,
        /// Finished at.
        pub finished_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The stored answer of a mutation, kept 7 days.
pub mod idempotency {
    use super::*;

    /// The stored answer of a mutation, kept 7 days.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "idempotency")]
    pub struct Model {
        /// Actor id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub actor_id: Uuid,
        /// Key.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        /// Input hash.
        #[sea_orm(column_type = "Text")]
        pub input_hash: String,
        /// Answer.
        #[sea_orm(column_type = "JsonBinary")]
        pub answer: Json,
        /// When it was made.
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The last number given of a kind in a civil year.
pub mod number_series {
    use super::*;

    /// The last number given of a kind in a civil year.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "number_series")]
    pub struct Model {
        /// Kind.
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: String,
        /// Year.
        #[sea_orm(primary_key, auto_increment = false)]
        pub year: i64,
        /// Last.
        pub last: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
