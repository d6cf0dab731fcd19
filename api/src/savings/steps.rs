//! What a receipt and a reversal post into the ledger, inside their transaction.

use chrono::{DateTime, Utc};
use entity::Money;
use entity::assets::asset;
use entity::savings::{SavingKind, SavingMethod, saving_entry};
use entity::transfers::transfer;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::entry::{self, Receipt, contra_of};
use super::rules::{LifeFrom, METHODS};
use crate::catalogue;
use crate::fault::Fault;
use crate::jobs;
use crate::write::Tx;

/// Series that numbers the entries, through all years.
pub(super) const SERIES: &str = "SAVING";
/// A card descends from another over at most so many splits before this stops looking.
const DEEPEST: usize = 64;

/// An entry as it goes into the audit of its hand-over: the chain there covers the ledger's hash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Posted {
    pub(super) id: Uuid,
    pub(super) method: SavingMethod,
    pub(super) amount: Money,
    pub(super) hash: String,
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
    let life = match card.depreciation_months {
        Some(months) => Some((months, LifeFrom::Card)),
        None => entry::life_of(&reference, category_id).map(|months| (months, LifeFrom::Category)),
    };
    let standard =
        catalogue::steps::standard_in_force(tx, category_id, receiver.fiscal_region_id, tx.today()).await?;
    let standard = standard.map(entry::frozen);
    let receipt = Receipt {
        transfer,
        card,
        category_id,
        life,
        standard: standard.as_ref(),
        giver,
        receiver,
        repeat: was_reused(tx, card, transfer.id).await?,
        at: tx.now(),
        day: tx.today(),
    };
    // Last of all reads, because everybody who receives waits for the series.
    let first = jobs::steps::take_numbers(tx, SERIES, METHODS.len() as i64).await?;
    post(tx, &entry::entries(&receipt, first, || tx.id())?).await
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

pub(super) async fn post(tx: &Tx, entries: &[saving_entry::Model]) -> Result<Vec<Posted>, Fault> {
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
        // Not at the same moment: what is refused is split off in the transaction in which the rest is received.
        query = query.filter(RecognisedAt.lt(before));
    }
    Ok(query.into_tuple::<Uuid>().one(tx.conn()).await?.is_some())
}
