//! `standards`: region, system, edition, category, rank, price_cap, min_service_months, cap_percent, source, valid_from.

use chrono::NaiveDate;
use entity::Money;

use super::categories::Key;
use super::columns::{Header, may, must};
use super::regions;
use super::run::Kept;
use super::table::Cells;
use crate::catalogue::forms::StandardForm;
use crate::catalogue::steps::put_standard;
use crate::fault::Fault;
use crate::write::Tx;

pub(super) const HEADERS: &[Header] = &[
    may("region"),
    may("system"),
    may("edition"),
    must("category"),
    may("rank"),
    must("price_cap"),
    must("min_service_months"),
    may("cap_percent"),
    must("source"),
    must("valid_from"),
];

#[derive(Clone, Debug)]
pub(super) struct Row {
    region: Option<String>,
    category: Key,
    rank: Option<String>,
    price_cap: Money,
    min_service_months: i64,
    cap_percent: Option<i64>,
    source: String,
    valid_from: NaiveDate,
}

impl Row {
    pub(super) fn read(cells: &mut Cells) -> Self {
        Self {
            region: cells.text("region"),
            category: Key::read(cells, "category"),
            rank: cells.text("rank"),
            // A cell that was not understood has made the row a bad one already.
            price_cap: Money(cells.money("price_cap").unwrap_or_default()),
            min_service_months: cells.number("min_service_months").unwrap_or_default(),
            cap_percent: cells.number("cap_percent"),
            source: cells.required("source"),
            valid_from: cells.day("valid_from").unwrap_or_default(),
        }
    }

    fn series(&self) -> String {
        let region = self.region.as_deref().unwrap_or_default();
        format!("{region}|{}|{}", self.category.own(), self.rank.as_deref().unwrap_or_default())
    }

    pub(super) fn keys(&self) -> Vec<String> {
        vec![format!("{}|{}", self.series(), self.valid_from)]
    }

    /// Nothing hangs below a standard.
    pub(super) fn needs(&self) -> Vec<String> {
        Vec::new()
    }

    /// Revisions are laid down in the order of their days, whatever the order of the file.
    pub(super) fn day(&self) -> NaiveDate {
        self.valid_from
    }

    pub(super) async fn put(&self, tx: &Tx) -> Result<Kept, Fault> {
        let region_id = match &self.region {
            Some(name) => Some(regions::named(tx, name, "regionId").await?),
            None => None,
        };
        let form = StandardForm {
            region_id,
            category_id: self.category.named(tx, "categoryId").await?.id,
            rank: self.rank.clone(),
            price_cap: self.price_cap,
            min_service_months: self.min_service_months,
            cap_percent: self.cap_percent,
            source: self.source.clone(),
            valid_from: self.valid_from,
        };
        let (_, made) = put_standard(tx, form).await?;
        Ok(if made { Kept::Created } else { Kept::Unchanged })
    }
}
