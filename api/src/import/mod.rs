//! Files that are loaded: asset cards, photos, and reference data (regions, units, categories, standards).
//!
//! A table is CSV (UTF-8, UTF-16 or GB18030) or XLSX with a line of headers. A bad row is told with its line, its column and the
//! reason; the good ones are kept. What a table's columns are called in Chinese and English is in `columns` and in each kind's
//! own file.
//!
//! # As a job
//!
//! [`start`] → the bytes are put ([`receive`]) → [`read_file`] proposes what the headers mean → [`begin`] → [`job`] → report.
//! A dry run says exactly what the run would do and writes nothing but the report.
//!
//! - `cards`: assets, batch by batch, each with the place of the run in one transaction. `photos`: a ZIP of pictures.
//! - `reference`: reference data. [`cancel`], [`purge`]. [`read`], [`bad_rows`], [`graphql`]: what became of it.
//! - `file`: CSV and XLSX as rows of cells, within bounds. `columns`: which header means what. `table`: cells as values.
//!
//! # Reference data
//!
//! A row is named by its natural key, so the same file may be loaded again: what is there already stays as it is or is
//! changed. What a row hangs below may come later in the file. The command line knows the columns by name alone.
//!
//! An empty cell or a missing column that is not required keeps what an existing row has, and means the default for a new
//! one. Days are `2026-03-01` or `2026/3/1`.
//!
//! | file | key | headers (required ones in bold) |
//! |---|---|---|
//! | regions | namespace, code | namespace (default `GB/T 2260`), **code**, **name**, parent, valid_from, valid_to |
//! | units | credit_code, else name | **name**, credit_code, kind, parent, supervisor, **fiscal_level**, **fiscal_region**, **place_region**, state, successor, valid_from, valid_to |
//! | categories | system, edition, code | system (default `GB/T 14885`), edition (default `2022`), **code**, **name**, parent, kind, depreciation_months, has_disk, valid_from, valid_to |
//! | standards | region, category, rank, valid_from | region (empty: central), system, edition, **category**, rank, **price_cap** (such as `4500.00`), **min_service_months**, cap_percent, **source**, **valid_from** |
//!
//! `parent` is a code of the same namespace, or system and edition; of a unit it is a credit code or a name, as are
//! `supervisor` and `successor`. A region is named by its code, one of another namespace as `LOCAL:WH-DHGX`.
//!
//! - [`run()`]: the use case. `order`: parents first. `regions`, `units`, `categories`, `standards`: one file each.

mod assets;
pub mod bad_rows;
pub mod begin;
pub mod cancel;
mod cards;
mod categories;
mod columns;
mod file;
mod finish;
pub mod graphql;
pub mod job;
mod order;
pub(crate) mod pass_on;
mod photos;
pub mod purge;
pub mod read;
pub mod read_file;
pub mod receive;
mod reference;
mod regions;
mod rights;
mod run;
mod standards;
pub mod start;
mod table;
#[cfg(test)]
mod tests;
mod units;

use entity::imports::ImportWhat;

pub use run::{BadRow, Progress, Report, What, run};

/// The columns of a table; none of an archive.
fn table_of(what: ImportWhat) -> &'static [columns::Header] {
    match what {
        ImportWhat::Assets => assets::HEADERS,
        ImportWhat::Photos => &[],
        ImportWhat::Regions => What::Regions.headers(),
        ImportWhat::Units => What::Units.headers(),
        ImportWhat::Categories => What::Categories.headers(),
        ImportWhat::Standards => What::Standards.headers(),
    }
}
