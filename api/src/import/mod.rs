//! Reference data from CSV: regions, units, categories, standards.
//!
//! A file has a line of headers and is UTF-8, with or without a mark at its beginning. A row is named by its natural key, so
//! the same file may be loaded again: what is there already stays as it is or is changed. What a row hangs below may come
//! later in the file. A bad row is told with its line, its field and the reason; the good ones are kept.
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
//! - [`run()`]: the use case. `table`: cells. `order`: parents first. `regions`, `units`, `categories`, `standards`: one file
//!   each.

mod categories;
mod order;
mod regions;
mod run;
mod standards;
mod table;
#[cfg(test)]
mod tests;
mod units;

pub use run::{BadRow, Progress, Report, What, run};
