//! Entries of the ledger for the receipts of the stories, by the ledger's own formulas.

use std::collections::HashMap;

use anyhow::Context as _;
use chrono::NaiveDate;
use entity::assets::asset;
use entity::catalogue::allocation_standard;
use entity::listings::Purpose;
use entity::organisation::unit;
use entity::savings::{SavingKind, SavingMethod, saving_entry};
use entity::transfers::transfer;
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::ids::Stream;
use crate::app::App;
use crate::catalogue;
use crate::organisation::Reference;
use crate::savings::rules::{self, EDITION, Inputs, LifeFrom, METHODS, Standard};

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
            if let Some(months) = life(&reference, category.id) {
                rates.lives.insert(category.id, months);
            }
            let categories = reference.category_path(category.id);
            for region in reference.regions() {
                let regions = reference.region_path(region.id);
                let found = catalogue::rules::in_force(&standards, &regions, &categories, day);
                if let Some(found) = found.cloned() {
                    let standard = Standard {
                        id: found.id,
                        revision: found.revision,
                        source: found.source,
                        region_id: found.region_id,
                        category_id: found.category_id,
                        price_cap: found.price_cap,
                        valid_from: found.valid_from,
                    };
                    rates.standards.insert((category.id, region.id), standard);
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
        let life_months = self.lives.get(&category_id).copied();
        let standard = self.standards.get(&(category_id, receiver.fiscal_region_id));
        let mut entries = Vec::with_capacity(METHODS.len());
        for (method, seq) in METHODS.into_iter().zip(first..) {
            let net_book = method == SavingMethod::NetBook;
            let inputs = Inputs {
                edition: EDITION,
                method,
                quantity: card.quantity,
                civil_day: day,
                same_unit: transfer.giver_id == transfer.receiver_id,
                source: card.source,
                value: card.value,
                value_basis: card.value_basis,
                acquired_on: card.acquired_on.filter(|_| net_book),
                life_months: life_months.filter(|_| net_book),
                life_from: life_months.filter(|_| net_book).map(|_| LifeFrom::Category),
                standard: standard.filter(|_| method == SavingMethod::Replacement).cloned(),
            };
            let mut entry = saving_entry::Model {
                id: ids.next(recognised_at),
                seq,
                entry: SavingKind::Entry,
                method,
                transfer_id: transfer.id,
                contra_of: None,
                asset_id: card.id,
                quantity: card.quantity,
                amount: rules::amount(&inputs).0,
                recognised_at,
                civil_day: day,
                giver_id: giver.id,
                receiver_id: receiver.id,
                giver_region_id: giver.fiscal_region_id,
                receiver_region_id: receiver.fiscal_region_id,
                giver_level: giver.fiscal_level,
                receiver_level: receiver.fiscal_level,
                category_id,
                custody: transfer.custody,
                mode: Purpose::Transfer,
                // Each asset of the city is offered once.
                repeat: false,
                standard_id: inputs.standard.as_ref().map(|standard| standard.id),
                inputs: serde_json::to_value(&inputs)?,
                hash: String::new(),
            };
            entry.hash = rules::hash(&entry);
            entries.push(entry);
        }
        Ok(entries)
    }
}

/// Depreciation life of a category, or of the nearest above it that has one.
fn life(reference: &Reference, category: Uuid) -> Option<i64> {
    reference.category_path(category).iter().find_map(|id| reference.category(*id)?.depreciation_months)
}
