//! What a receipt and a reversal post into the ledger, inside their transaction.

use chrono::{DateTime, Utc};
use entity::Money;
use entity::assets::asset;
use entity::listings::Purpose;
use entity::savings::{SavingKind, SavingMethod, saving_entry};
use entity::transfers::transfer;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};
use serde::Serialize;
use uuid::Uuid;

use super::entry::contra_of;
use super::rules::{self, EDITION, Inputs, LifeFrom, METHODS, Standard};
use crate::catalogue;
use crate::fault::Fault;
use crate::jobs;
use crate::write::Tx;

/// Series that numbers the entries, through all years.
const SERIES: &str = "SAVING";
/// A card descends from another over at most so many splits before this stops looking.
const DEEPEST: usize = 64;

/// An entry as it goes into the audit of its hand-over: the chain there covers the ledger's hash.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Posted {
    id: Uuid,
    method: SavingMethod,
    amount: Money,
    hash: String,
}

impl From<&saving_entry::Model> for Posted {
    fn from(entry: &saving_entry::Model) -> Self {
        Self { id: entry.id, method: entry.method, amount: entry.amount, hash: entry.hash.clone() }
    }
}

/// Posts the savings of a receipt: one entry a method, also where it counts nothing, with the reason. `card` is the
/// card of exactly the pieces received; its value is theirs.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn recognise(
    tx: &Tx,
    transfer: &transfer::Model,
    card: &asset::Model,
) -> Result<Vec<Posted>, Fault> {
    let reference = tx.reference();
    let unit = |id: Uuid| {
        reference
            .unit(id)
            .ok_or_else(|| anyhow::anyhow!("unit {id} of transfer {} is not known", transfer.id))
    };
    let (giver, receiver) = (unit(transfer.giver_id)?, unit(transfer.receiver_id)?);
    let category_id = card
        .category_id
        .ok_or_else(|| anyhow::anyhow!("card {} was handed over without a category", card.id))?;
    let (life_months, life_from) = match card.depreciation_months {
        Some(months) => (Some(months), Some(LifeFrom::Card)),
        None => {
            let path = reference.category_path(category_id);
            let months = path.iter().find_map(|id| reference.category(*id)?.depreciation_months);
            (months, months.map(|_| LifeFrom::Category))
        }
    };
    let standard =
        catalogue::steps::standard_in_force(tx, category_id, receiver.fiscal_region_id, tx.today()).await?;
    let standard = standard.map(|standard| Standard {
        id: standard.id,
        revision: standard.revision,
        source: standard.source,
        region_id: standard.region_id,
        category_id: standard.category_id,
        price_cap: standard.price_cap,
        valid_from: standard.valid_from,
    });
    let repeat = was_reused(tx, card, transfer.id).await?;
    // Last of all reads, because everybody who receives waits for the series.
    let first = jobs::steps::take_numbers(tx, SERIES, METHODS.len() as i64).await?;
    let mut entries = Vec::with_capacity(METHODS.len());
    for (method, seq) in METHODS.into_iter().zip(first..) {
        let replacement = method == SavingMethod::Replacement;
        let net_book = method == SavingMethod::NetBook;
        let inputs = Inputs {
            edition: EDITION,
            method,
            quantity: card.quantity,
            civil_day: tx.today(),
            same_unit: transfer.giver_id == transfer.receiver_id,
            source: card.source,
            value: card.value,
            value_basis: card.value_basis,
            acquired_on: card.acquired_on.filter(|_| net_book),
            life_months: life_months.filter(|_| net_book),
            life_from: life_from.filter(|_| net_book),
            standard: standard.clone().filter(|_| replacement),
        };
        let mut entry = saving_entry::Model {
            id: tx.id(),
            seq,
            entry: SavingKind::Entry,
            method,
            transfer_id: transfer.id,
            contra_of: None,
            asset_id: card.id,
            quantity: card.quantity,
            amount: rules::amount(&inputs).0,
            recognised_at: tx.now(),
            civil_day: tx.today(),
            giver_id: giver.id,
            receiver_id: receiver.id,
            giver_region_id: giver.fiscal_region_id,
            receiver_region_id: receiver.fiscal_region_id,
            giver_level: giver.fiscal_level,
            receiver_level: receiver.fiscal_level,
            category_id,
            custody: transfer.custody,
            mode: Purpose::Transfer,
            repeat,
            standard_id: inputs.standard.as_ref().map(|standard| standard.id),
            inputs: serde_json::to_value(&inputs)?,
            hash: String::new(),
        };
        entry.hash = rules::hash(&entry);
        entries.push(entry);
    }
    post(tx, &entries).await
}

/// Takes the savings of a hand-over back by contra entries.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn take_back(tx: &Tx, transfer: Uuid) -> Result<Vec<Posted>, Fault> {
    let mut entries = saving_entry::Entity::find()
        .filter(saving_entry::Column::TransferId.eq(transfer))
        .filter(saving_entry::Column::Entry.eq(SavingKind::Entry))
        .all(tx.conn())
        .await?;
    entries.sort_unstable_by_key(|entry| entry.seq);
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let first = jobs::steps::take_numbers(tx, SERIES, entries.len() as i64).await?;
    let contras: Vec<_> = entries
        .iter()
        .zip(first..)
        .map(|(entry, seq)| contra_of(entry, tx.id(), seq, tx.now(), tx.today()))
        .collect();
    post(tx, &contras).await
}

async fn post(tx: &Tx, entries: &[saving_entry::Model]) -> Result<Vec<Posted>, Fault> {
    let rows = entries.iter().map(|entry| entry.clone().into_active_model().reset_all());
    saving_entry::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(entries.iter().map(Posted::from).collect())
}

/// Whether these very things were reused before: the card has an entry that still stands, or one that it was split
/// from had, before the split.
async fn was_reused(tx: &Tx, card: &asset::Model, now: Uuid) -> Result<bool, Fault> {
    let mut next = Some(card.id);
    let mut before: Option<DateTime<Utc>> = None;
    for _ in 0..DEEPEST {
        let Some(id) = next else { return Ok(false) };
        if has_standing_entry(tx, id, before, now).await? {
            return Ok(true);
        }
        let row: Option<(Option<Uuid>, DateTime<Utc>)> = asset::Entity::find_by_id(id)
            .select_only()
            .columns([asset::Column::ParentId, asset::Column::CreatedAt])
            .into_tuple()
            .one(tx.conn())
            .await?;
        let Some((parent, made_at)) = row else { return Ok(false) };
        next = parent;
        before = Some(made_at);
    }
    Ok(false)
}

async fn has_standing_entry(
    tx: &Tx,
    card: Uuid,
    before: Option<DateTime<Utc>>,
    now: Uuid,
) -> Result<bool, Fault> {
    use saving_entry::Column::{AssetId, ContraOf, Entry, Id, RecognisedAt, TransferId};
    let contra = Alias::new("contra");
    let taken_back = Query::select()
        .expr(Expr::value(1))
        .from_as(saving_entry::Entity, contra.clone())
        .and_where(Expr::col((contra, ContraOf)).equals((saving_entry::Entity, Id)))
        .to_owned();
    let mut query = saving_entry::Entity::find()
        .select_only()
        .column(Id)
        .filter(AssetId.eq(card))
        .filter(Entry.eq(SavingKind::Entry))
        .filter(TransferId.ne(now))
        .filter(Expr::exists(taken_back).not());
    if let Some(before) = before {
        query = query.filter(RecognisedAt.lte(before));
    }
    Ok(query.into_tuple::<Uuid>().one(tx.conn()).await?.is_some())
}
