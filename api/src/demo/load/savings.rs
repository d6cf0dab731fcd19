//! Entries of the ledger for the receipts of the stories, by the ledger's own formulas.

use std::collections::HashMap;

use anyhow::Context as _;
use chrono::NaiveDate;
use entity::assets::asset;
use entity::catalogue::allocation_standard;
use entity::organisation::unit;
use entity::savings::saving_entry;
use entity::transfers::transfer;
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::ids::Stream;
use crate::app::App;
use crate::catalogue;
use crate::savings::entry::{self, Receipt};
use crate::savings::rules::{LifeFrom, Standard};

/// What the formulas read, looked up once.
#[derive(Debug)]
pub(super) struct Rates {
    units: HashMap<Uuid, unit::Model>,
    lives: HashMap<Uuid, i64>,
    standards: HashMap<(Uuid, Uuid), Standard>,
}

impl Rates {
    /// The standards in force on `day`. The city loads none that begins or ends during its stories, so each receipt had the
    /// same.
    pub(super) async fn load(app: &App, day: NaiveDate) -> anyhow::Result<Self> {
        let reference = app.reference();
        let mut rates = Self { units: HashMap::new(), lives: HashMap::new(), standards: HashMap::new() };
        rates.units.extend(reference.units().map(|unit| (unit.id, unit.clone())));
        let standards = allocation_standard::Entity::find().all(app.db().read()).await?;
        for category in reference.categories() {
            if let Some(months) = entry::life_of(&reference, category.id) {
                rates.lives.insert(category.id, months);
            }
            let categories = reference.category_path(category.id);
            for region in reference.regions() {
                let regions = reference.region_path(region.id);
                let found = catalogue::rules::in_force(&standards, &regions, &categories, day);
                if let Some(found) = found.cloned() {
                    rates.standards.insert((category.id, region.id), entry::frozen(found));
                }
            }
        }
        Ok(rates)
    }

    /// One entry a method. `first` is the number of the first in the ledger, `day` the civil day of the receipt, `card` the
    /// receiver's card.
    pub(super) fn entries(
        &self,
        transfer: &transfer::Model,
        card: &asset::Model,
        (first, day): (i64, NaiveDate),
        ids: &mut Stream,
    ) -> anyhow::Result<Vec<saving_entry::Model>> {
        let unit = |id| self.units.get(&id).context("a transfer names an unknown unit");
        let (giver, receiver) = (unit(transfer.giver_id)?, unit(transfer.receiver_id)?);
        let category_id = card.category_id.context("a card without a category was handed over")?;
        let recognised_at = transfer.received_at.context("a transfer without a receipt has no savings")?;
        let receipt = Receipt {
            transfer,
            card,
            category_id,
            life: self.lives.get(&category_id).map(|months| (*months, LifeFrom::Category)),
            standard: self.standards.get(&(category_id, receiver.fiscal_region_id)),
            giver,
            receiver,
            // Each asset of the city is offered once.
            repeat: false,
            at: recognised_at,
            day,
        };
        Ok(entry::entries(&receipt, first, || ids.next(recognised_at))?)
    }
}
