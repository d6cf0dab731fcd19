//! Uploads, pictures and their contents.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

text_enum! {
    /// When a picture was taken.
    pub enum PhotoStage {
        /// For the listing.
        Listing,
        /// At inspection.
        Intake,
        /// At hand-over.
        Handover,
        /// At receipt.
        Receipt,
    }
}

/// An upload that was announced and is not finished.
pub mod photo_upload {
    use super::*;

    /// An upload that was announced and is not finished.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "photo_upload")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The asset.
        pub asset_id: Uuid,
        /// Name.
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// Content type.
        #[sea_orm(column_type = "Text")]
        pub content_type: String,
        /// Bytes.
        pub bytes: i64,
        /// Sha256.
        #[sea_orm(column_type = "Text")]
        pub sha256: String,
        /// The account.
        pub created_by: Uuid,
        /// When it was made.
        pub created_at: DateTimeUtc,
        /// Expires at.
        pub expires_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A processed picture, shared by content hash.
pub mod photo_blob {
    use super::*;

    /// A processed picture, shared by content hash.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "photo_blob")]
    pub struct Model {
        /// Sha256.
        #[sea_orm(primary_key, auto_increment = false)]
        pub sha256: String,
        /// Width.
        pub width: i64,
        /// Height.
        pub height: i64,
        /// Bytes.
        pub bytes: i64,
        /// Perceptual hash, hex.
        #[sea_orm(column_type = "Text")]
        pub phash: String,
        /// When an upload last needed it.
        pub created_at: DateTimeUtc,
        /// Set while its files are being cleared.
        pub clearing_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A picture of an asset.
pub mod photo {
    use super::*;

    /// A picture of an asset.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "photo")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The asset.
        pub asset_id: Uuid,
        /// The photo blob.
        #[sea_orm(column_type = "Text")]
        pub sha256: String,
        /// Position.
        pub position: i64,
        /// Stage.
        pub stage: PhotoStage,
        /// Name.
        #[sea_orm(column_type = "Text")]
        pub name: String,
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
