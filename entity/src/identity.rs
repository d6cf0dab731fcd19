//! Accounts, grants and sessions.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

text_enum! {
    /// Language a person reads.
    pub enum Locale {
        /// Chinese.
        Zh,
        /// English.
        En,
    }
}

text_enum! {
    /// What a person may do; held at a place by a grant.
    pub enum Role {
        /// 经办人 of a unit: drafts, submits, asks, hands over, receives.
        Clerk,
        /// 负责人 of a unit: approves.
        Head,
        /// 主管部门: sees its subordinate units and approves where the rules say so.
        Supervisor,
        /// 机关事务管理局: runs the warehouse, reviews and lists.
        Office,
        /// Warehouse staff: inspects, shelves, picks, releases.
        Staff,
        /// 财政: reads and explains the savings.
        Finance,
        /// Reads everything, changes nothing.
        Auditor,
        /// Accounts, grants, reference data.
        Administrator,
    }
}

text_enum! {
    /// Where a role is held.
    pub enum Scope {
        /// Everywhere.
        City,
        /// At one unit.
        Unit,
        /// At a unit and all below it.
        Subtree,
        /// At all units placed in a region or below it.
        Region,
        /// At one warehouse.
        Warehouse,
    }
}

/// A person who can sign in.
pub mod account {
    use super::*;

    /// A person who can sign in.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "account")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Typed at sign-in: lower-case ASCII.
        #[sea_orm(column_type = "Text")]
        pub login: String,
        /// Shown to others.
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// PHC string (argon2id).
        #[sea_orm(column_type = "Text")]
        pub password_hash: String,
        /// Set by a reset: nothing but a change of password is allowed until it is done.
        pub must_change_password: bool,
        /// Active.
        pub active: bool,
        /// Language of messages.
        pub locale: Locale,
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

/// A role held by a person at a place, with dates.
pub mod role_grant {
    use super::*;

    /// A role held by a person at a place, with dates.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "role_grant")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The account.
        pub account_id: Uuid,
        /// Role.
        pub role: Role,
        /// What `scope_id` names.
        pub scope: Scope,
        /// Unit, region or warehouse; none where the scope is the whole city.
        pub scope_id: Option<Uuid>,
        /// First day.
        pub valid_from: Date,
        /// Last day, inclusive.
        pub valid_to: Option<Date>,
        /// Granted by.
        pub granted_by: Option<Uuid>,
        /// When it was made.
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A signed-in program or browser.
pub mod session {
    use super::*;

    /// A signed-in program or browser.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "session")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// SHA-256 of the token, hex: a stolen table signs nobody in.
        #[sea_orm(column_type = "Text")]
        pub token_hash: String,
        /// The account.
        pub account_id: Uuid,
        /// When it was made.
        pub created_at: DateTimeUtc,
        /// Expires at.
        pub expires_at: DateTimeUtc,
        /// Revoked at.
        pub revoked_at: Option<DateTimeUtc>,
        /// Which end of a session it was.
        pub ended: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A code that is printed once, such as the first administrator's.
pub mod one_time_code {
    use super::*;

    /// A code that is printed once, such as the first administrator's.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "one_time_code")]
    pub struct Model {
        /// Purpose.
        #[sea_orm(primary_key, auto_increment = false)]
        pub purpose: String,
        /// SHA-256, hex.
        #[sea_orm(column_type = "Text")]
        pub code_hash: String,
        /// Expires at.
        pub expires_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One row: raised by whatever changes somebody's rights, read on every request.
pub mod rights_generation {
    use super::*;

    /// One row: raised by whatever changes somebody's rights, read on every request.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "rights_generation")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        /// N.
        pub n: i64,
        /// Sessions that were ended one by one.
        pub ended: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
