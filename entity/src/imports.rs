//! Files that are loaded.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

text_enum! {
    /// What a file holds.
    pub enum ImportWhat {
        /// Asset cards.
        Assets,
        /// A ZIP of photos, named by asset numbers.
        Photos,
        /// Regions.
        Regions,
        /// Units.
        Units,
        /// Categories.
        Categories,
        /// Allocation standards.
        Standards,
    }
}

text_enum! {
    /// Life of an import.
    pub enum ImportState {
        /// Its bytes are awaited.
        Announced,
        /// Its headers are known.
        Read,
        /// Waits for a worker.
        Queued,
        /// Under way.
        Running,
        /// A dry run ended: nothing was written, the report says what would be.
        Checked,
        /// All rows were looked at; the report says which were not kept.
        Done,
        /// Somebody stopped it; what was kept before stays.
        Cancelled,
        /// Given up as a whole; what was kept before stays.
        Failed,
    }
}

/// A file that somebody loads.
pub mod import {
    use super::*;

    /// A file that somebody loads.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "import")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// What it holds.
        pub what: ImportWhat,
        /// The unit whose assets they are; none for reference data of the whole city.
        pub unit_id: Option<Uuid>,
        /// Where it comes from, such as 财务系统: mappings are kept by it.
        #[sea_orm(column_type = "Text")]
        pub source: String,
        /// File name, for people.
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// Bytes.
        pub bytes: i64,
        /// SHA-256 of the bytes, hex.
        #[sea_orm(column_type = "Text")]
        pub sha256: String,
        /// State.
        pub state: ImportState,
        /// Whether the run only says what it would do.
        pub dry_run: bool,
        /// `CSV`, `XLSX` or `ZIP`.
        #[sea_orm(column_type = "Text", nullable)]
        pub format: Option<String>,
        /// Encoding that a CSV was read in.
        #[sea_orm(column_type = "Text", nullable)]
        pub encoding: Option<String>,
        /// Sheet that was read.
        #[sea_orm(column_type = "Text", nullable)]
        pub sheet: Option<String>,
        /// Line of the headers.
        pub header_line: Option<i64>,
        /// The headers, in the order of the file.
        #[sea_orm(column_type = "JsonBinary")]
        pub headers: Json,
        /// What each of them means; null for one that is left out.
        #[sea_orm(column_type = "JsonBinary")]
        pub columns: Json,
        /// Raised by every run.
        pub run: i64,
        /// The last line that is done.
        pub position: i64,
        /// Rows of the file, once they are counted.
        pub total: Option<i64>,
        /// Rows that are done.
        pub done: i64,
        /// Rows that were kept, or would be.
        pub kept: i64,
        /// Rows that were not.
        pub bad: i64,
        /// Of those, rows that were secret.
        pub secret: i64,
        /// Rows without content, and totals.
        pub skipped: i64,
        /// Why the file as a whole was given up.
        #[sea_orm(column_type = "JsonBinary", nullable)]
        pub fault: Option<Json>,
        /// In whose name it runs.
        pub run_by: Option<Uuid>,
        /// Who announced it.
        pub created_by: Uuid,
        /// When it was announced.
        pub created_at: DateTimeUtc,
        /// When the last run began.
        pub began_at: Option<DateTimeUtc>,
        /// When it ended.
        pub finished_at: Option<DateTimeUtc>,
        /// When file and report are removed.
        pub expires_at: DateTimeUtc,
        /// Row version, raised by what people do.
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One reason why a row was not kept.
pub mod import_fault {
    use super::*;

    /// One reason why a row was not kept.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "import_fault")]
    pub struct Model {
        /// The import.
        #[sea_orm(primary_key, auto_increment = false)]
        pub import_id: Uuid,
        /// The run.
        #[sea_orm(primary_key, auto_increment = false)]
        pub run: i64,
        /// Line in the file.
        #[sea_orm(primary_key, auto_increment = false)]
        pub line: i64,
        /// 0, 1, 2 … of the row.
        #[sea_orm(primary_key, auto_increment = false)]
        pub n: i64,
        /// Column it is about; empty for the whole row.
        #[sea_orm(column_type = "Text")]
        pub field: String,
        /// Code.
        #[sea_orm(column_type = "Text")]
        pub code: String,
        /// The sentence in Chinese.
        #[sea_orm(column_type = "Text")]
        pub reason_zh: String,
        /// The sentence in English.
        #[sea_orm(column_type = "Text")]
        pub reason_en: String,
        /// The cells of the row, with its first reason.
        #[sea_orm(column_type = "JsonBinary", nullable)]
        pub cells: Option<Json>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What the headers of a source mean.
pub mod import_mapping {
    use super::*;

    /// What the headers of a source mean.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "import_mapping")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// What its files hold.
        pub what: ImportWhat,
        /// The unit, where it is one's.
        pub unit_id: Option<Uuid>,
        /// Name of the source.
        #[sea_orm(column_type = "Text")]
        pub source: String,
        /// Column by header; empty for a header that is left out.
        #[sea_orm(column_type = "JsonBinary")]
        pub columns: Json,
        /// Who mapped it last.
        pub updated_by: Uuid,
        /// When.
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    #[allow(missing_docs)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
