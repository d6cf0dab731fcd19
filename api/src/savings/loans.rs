//! What the use of lent things posts into the ledger, inside its transaction: one entry for each rental rate that was in
//! force on its days.

use chrono::NaiveDate;
use entity::Money;
use entity::assets::{AssetState, asset};
use entity::listings::{Custody, Purpose};
use entity::savings::{SavingKind, SavingMethod, saving_entry};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::entry::{self, contra_of};
use super::rules::{self, Cap, EDITION, LoanInputs, Rate};
use super::steps::{Posted, SERIES, post};
use crate::assets;
use crate::catalogue;
use crate::fault::Fault;
use crate::jobs;
use crate::write::Tx;

/// Use that is to be entered: the same pieces on every one of some days.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    pub(crate) loan_id: Uuid,
    pub(crate) asset_id: Uuid,
    pub(crate) giver_id: Uuid,
    pub(crate) receiver_id: Uuid,
    pub(crate) custody: Custody,
    pub(crate) pieces: i64,
    pub(crate) from: NaiveDate,
    pub(crate) to: NaiveDate,
}

/// Posts the savings of some days of use, also where they count nothing, with the reason.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn recognise(tx: &Tx, used: &Used) -> Result<Vec<Posted>, Fault> {
    let reference = tx.reference();
    let unit = |id: Uuid| {
        reference.unit(id).ok_or_else(|| anyhow::anyhow!("unit {id} of loan {} is not known", used.loan_id))
    };
    let (giver, receiver) = (unit(used.giver_id)?, unit(used.receiver_id)?);
    let card = asset::Entity::find_by_id(used.asset_id).one(tx.conn()).await?;
    let card = card.ok_or_else(|| anyhow::anyhow!("loan {} has no card", used.loan_id))?;
    let category_id =
        card.category_id.ok_or_else(|| anyhow::anyhow!("card {} was lent without a category", card.id))?;
    let region = receiver.fiscal_region_id;
    let days = (used.from, used.to);
    let spans = catalogue::rates::in_force(tx, category_id, region, days).await?;
    let family = assets::steps::family(tx, card.id).await?;
    let pieces = pieces_of(tx, &family).await?;
    let mut standards = Vec::with_capacity(spans.len());
    for (_, _, to) in &spans {
        let found = catalogue::steps::standard_in_force(tx, category_id, region, *to).await?;
        standards.push(found.map(entry::frozen));
    }
    // Everybody who posts waits for the series: so what loans of the asset have saved before is all there from here on.
    let first = jobs::steps::take_numbers(tx, SERIES, spans.len() as i64).await?;
    let mut before = saved_by_loans(tx, &family).await?;
    let mut entries = Vec::with_capacity(spans.len());
    for (((rate, from, to), standard), seq) in spans.into_iter().zip(standards).zip(first..) {
        let inputs = LoanInputs {
            edition: EDITION,
            method: SavingMethod::Loan,
            quantity: used.pieces,
            day_from: from,
            day_to: to,
            same_unit: giver.id == receiver.id,
            source: card.source,
            rate: rate.map(|rate| Rate {
                id: rate.id,
                revision: rate.revision,
                source: rate.source,
                region_id: rate.region_id,
                category_id: rate.category_id,
                fen_per_day: rate.fen_per_day,
                valid_from: rate.valid_from,
            }),
            cap: standard.map(|standard| Cap { standard, pieces, used: before }),
        };
        let amount = rules::loan_amount(&inputs).0;
        before = Money(before.0.saturating_add(amount.0));
        let mut entry = saving_entry::Model {
            id: tx.id(),
            seq,
            entry: SavingKind::Entry,
            method: SavingMethod::Loan,
            transfer_id: None,
            contra_of: None,
            asset_id: card.id,
            quantity: used.pieces,
            amount,
            recognised_at: tx.now(),
            // In a report by months it is where the days were.
            civil_day: to,
            giver_id: giver.id,
            receiver_id: receiver.id,
            giver_region_id: giver.fiscal_region_id,
            receiver_region_id: receiver.fiscal_region_id,
            giver_level: giver.fiscal_level,
            receiver_level: receiver.fiscal_level,
            category_id,
            custody: used.custody,
            mode: Purpose::Loan,
            // Repeated reuse is told of transfers alone: to be lent again is what an offer for loan is for.
            repeat: false,
            standard_id: inputs.cap.as_ref().map(|cap| cap.standard.id),
            inputs: serde_json::to_value(&inputs)?,
            hash: String::new(),
            loan_id: Some(used.loan_id),
            day_from: Some(from),
            day_to: Some(to),
        };
        entry.hash = rules::hash(&entry);
        entries.push(entry);
    }
    post(tx, &entries).await
}

/// Takes the entries of a loan back that count a day after `day`; gives what was posted, and the first day that is not in
/// the ledger any more.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn take_back_after(
    tx: &Tx,
    loan: Uuid,
    day: NaiveDate,
) -> Result<(Vec<Posted>, Option<NaiveDate>), Fault> {
    use saving_entry::Column::{ContraOf, DayTo, Entry, Id, LoanId, Seq};
    let contra = Alias::new("contra");
    let taken_back = Query::select()
        .expr(Expr::value(1))
        .from_as(saving_entry::Entity, contra.clone())
        .and_where(Expr::col((contra, ContraOf)).equals((saving_entry::Entity, Id)))
        .to_owned();
    let entries = saving_entry::Entity::find()
        .filter(LoanId.eq(loan))
        .filter(Entry.eq(SavingKind::Entry))
        .filter(DayTo.gt(day))
        .filter(Expr::exists(taken_back).not())
        .order_by_asc(Seq)
        .all(tx.conn())
        .await?;
    let open_from = entries.iter().filter_map(|entry| entry.day_from).min();
    if entries.is_empty() {
        return Ok((Vec::new(), None));
    }
    let first = jobs::steps::take_numbers(tx, SERIES, entries.len() as i64).await?;
    let contras: Vec<_> = entries
        .iter()
        .zip(first..)
        .map(|(entry, seq)| contra_of(entry, tx.id(), seq, tx.now(), tx.today()))
        .collect();
    Ok((post(tx, &contras).await?, open_from))
}

/// What loans of some cards have saved so far: entries less contra entries.
async fn saved_by_loans(tx: &Tx, family: &[Uuid]) -> Result<Money, Fault> {
    let sum: Option<Option<i64>> = saving_entry::Entity::find()
        .select_only()
        .expr(Expr::col(saving_entry::Column::Amount).sum().cast_as(Alias::new("bigint")))
        .filter(saving_entry::Column::AssetId.is_in(family.iter().copied()))
        .filter(saving_entry::Column::Method.eq(SavingMethod::Loan))
        .into_tuple()
        .one(tx.conn())
        .await?;
    Ok(Money(sum.flatten().unwrap_or_default()))
}

/// Pieces of some cards, all in all: what was joined to another is counted there.
async fn pieces_of(tx: &Tx, family: &[Uuid]) -> Result<i64, Fault> {
    let pieces: Vec<i64> = asset::Entity::find()
        .select_only()
        .column(asset::Column::Quantity)
        .filter(asset::Column::Id.is_in(family.iter().copied()))
        .filter(asset::Column::State.ne(AssetState::Merged))
        .into_tuple()
        .all(tx.conn())
        .await?;
    Ok(pieces.into_iter().sum())
}
