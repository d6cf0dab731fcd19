//! Recomputes the ledger: each entry from its frozen inputs, its hash, its contra entry, and the sums; and compares it with
//! the audit of the hand-overs, with the standards and rates and with the series that numbers it. What the entries of a loan
//! are compared with stands in [`crate::loans::verify`].

use std::collections::{BTreeSet, HashMap};

use entity::assets::asset;
use entity::catalogue::{allocation_standard, rental_rate};
use entity::events::Subject;
use entity::jobs::number_series;
use entity::savings::{SavingKind, SavingMethod, saving_entry};
use entity::transfers::{TransferState, transfer};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::entry::frozen;
use super::report::{self, GroupBy, Query};
use super::rules::{self, Frozen, Rate, Standard};
use super::steps::{Posted, SERIES};
use crate::app::App;
use crate::audit::read::{Told, told, unpaired};

/// Rows read at a time: memory stays small whatever the size of the ledger.
const BATCH: u64 = 1_000;

/// Checks the whole ledger; gives what does not agree (empty: all is well) and how many entries were read.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(app: &App, conn: &impl ConnectionTrait) -> Result<(Vec<String>, u64), DbErr> {
    let mut faults = Vec::new();
    let standards = allocation_standard::Entity::find().all(conn).await?;
    let standards: HashMap<Uuid, Standard> = standards.into_iter().map(|row| (row.id, frozen(row))).collect();
    let rates = rental_rate::Entity::find().all(conn).await?;
    let rates: HashMap<Uuid, Rate> = rates.into_iter().map(|row| (row.id, frozen_rate(row))).collect();
    let mut lent = Lent::default();
    let mut read = 0;
    let mut sums: HashMap<SavingMethod, i128> = HashMap::new();
    let mut last = 0;
    loop {
        let rows = saving_entry::Entity::find()
            .filter(saving_entry::Column::Seq.gt(last))
            .order_by_asc(saving_entry::Column::Seq)
            .limit(BATCH)
            .all(conn)
            .await?;
        if rows.is_empty() {
            break;
        }
        let counterparts = counterparts(conn, &rows).await?;
        let transfers = transfers(conn, &rows).await?;
        for row in &rows {
            read += 1;
            *sums.entry(row.method).or_default() += i128::from(row.amount.0);
            let name = format!("saving #{} {}", row.seq, row.id);
            if row.seq != last + 1 {
                faults.push(format!("{name}: expected #{}, entries are missing", last + 1));
            }
            last = row.seq;
            faults.extend(rules::faults_of(row).into_iter().map(|fault| format!("{name}: {fault}")));
            if !as_it_stands(row, &standards, &rates) {
                faults.push(format!("{name}: its standard or rate is not the one that stands in the books"));
            }
            faults.extend(lent.add(conn, row).await?.map(|fault| format!("{name}: {fault}")));
            if let Some(id) = row.contra_of {
                match counterparts.get(&id) {
                    Some(entry) if rules::is_contra_of(row, entry) => {}
                    Some(_) => faults.push(format!("{name}: is not the exact opposite of its entry")),
                    None => faults.push(format!("{name}: takes back an entry that is not there")),
                }
            }
            let Some(of) = row.transfer_id else { continue };
            if !transfers.get(&of).is_some_and(|transfer| belongs(row, transfer)) {
                faults.push(format!("{name}: does not agree with its transfer {of}"));
            }
        }
    }
    let given = number_series::Entity::find_by_id((SERIES.to_owned(), 0)).one(conn).await?;
    let given = given.map_or(0, |series| series.last);
    if given != last {
        faults.push(format!("savings: {given} numbers were given, and the last entry is #{last}"));
    }
    compare_sums(conn, &sums, &mut faults).await?;
    faults.extend(unpaired(conn, Subject::Transfer, "transfer").await?);
    against_transfers(app, conn, &mut faults).await?;
    Ok((faults, read))
}

/// The standard and the rate that were frozen in an entry, against their rows.
fn as_it_stands(
    row: &saving_entry::Model,
    standards: &HashMap<Uuid, Standard>,
    rates: &HashMap<Uuid, Rate>,
) -> bool {
    // What cannot be read is told elsewhere.
    let Ok(inputs) = Frozen::of(row) else { return true };
    let rate = match &inputs {
        Frozen::Loan(inputs) => inputs.rate.as_ref(),
        Frozen::Receipt(_) => None,
    };
    inputs.standard().is_none_or(|standard| standards.get(&standard.id) == Some(standard))
        && rate.is_none_or(|rate| rates.get(&rate.id) == Some(rate))
}

/// What an entry freezes of a rate.
fn frozen_rate(rate: rental_rate::Model) -> Rate {
    Rate {
        id: rate.id,
        revision: rate.revision,
        source: rate.source,
        region_id: rate.region_id,
        category_id: rate.category_id,
        fen_per_day: rate.fen_per_day,
        valid_from: rate.valid_from,
    }
}

/// What the loans of each asset have saved so far, while the ledger is read in its order.
#[derive(Debug, Default)]
struct Lent {
    /// By the first card that the asset was.
    saved: HashMap<Uuid, i64>,
    first: HashMap<Uuid, Uuid>,
}

impl Lent {
    /// Reads one entry; tells where it was limited by another sum than that of the entries before it.
    async fn add(
        &mut self,
        conn: &impl ConnectionTrait,
        row: &saving_entry::Model,
    ) -> Result<Option<&'static str>, DbErr> {
        if row.method != SavingMethod::Loan {
            return Ok(None);
        }
        let first = self.first_card(conn, row.asset_id).await?;
        let saved = self.saved.entry(first).or_default();
        let before = *saved;
        *saved += row.amount.0;
        let Ok(Frozen::Loan(inputs)) = Frozen::of(row) else { return Ok(None) };
        let wrong = row.entry == SavingKind::Entry && inputs.cap.is_some_and(|cap| cap.used.0 != before);
        Ok(wrong.then_some("what its asset's loans had saved before is not what the ledger says"))
    }

    /// The card that a card was split from in the beginning.
    async fn first_card(&mut self, conn: &impl ConnectionTrait, card: Uuid) -> Result<Uuid, DbErr> {
        if let Some(first) = self.first.get(&card) {
            return Ok(*first);
        }
        let mut first = card;
        let parent = async |id: Uuid| {
            asset::Entity::find_by_id(id)
                .select_only()
                .column(asset::Column::ParentId)
                .into_tuple::<Option<Uuid>>()
                .one(conn)
                .await
        };
        while let Some(above) = parent(first).await?.flatten() {
            first = above;
        }
        self.first.insert(card, first);
        Ok(first)
    }
}

/// The entries that the contra entries among `rows` take back.
async fn counterparts(
    conn: &impl ConnectionTrait,
    rows: &[saving_entry::Model],
) -> Result<HashMap<Uuid, saving_entry::Model>, DbErr> {
    let ids: Vec<Uuid> = rows.iter().filter_map(|row| row.contra_of).collect();
    let found = saving_entry::Entity::find().filter(saving_entry::Column::Id.is_in(ids)).all(conn).await?;
    Ok(found.into_iter().map(|entry| (entry.id, entry)).collect())
}

async fn transfers(
    conn: &impl ConnectionTrait,
    rows: &[saving_entry::Model],
) -> Result<HashMap<Uuid, transfer::Model>, DbErr> {
    let ids: Vec<Uuid> = rows.iter().filter_map(|row| row.transfer_id).collect();
    let found = transfer::Entity::find().filter(transfer::Column::Id.is_in(ids)).all(conn).await?;
    Ok(found.into_iter().map(|transfer| (transfer.id, transfer)).collect())
}

fn belongs(row: &saving_entry::Model, transfer: &transfer::Model) -> bool {
    let sign = if row.entry == SavingKind::Entry { 1 } else { -1 };
    transfer.giver_id == row.giver_id
        && transfer.receiver_id == row.receiver_id
        && transfer.custody == row.custody
        && transfer.asset_id == row.asset_id
        && transfer.received * sign == row.quantity
        && (row.entry == SavingKind::Entry || transfer.state == TransferState::Reversed)
}

/// The sums that a person is shown, under several groupings, against the sums of the lines just read.
async fn compare_sums(
    conn: &impl ConnectionTrait,
    sums: &HashMap<SavingMethod, i128>,
    faults: &mut Vec<String>,
) -> Result<(), DbErr> {
    for group in GroupBy::ALL {
        let query = Query { group_by: vec![*group], ..Query::everything() };
        let mut shown: HashMap<SavingMethod, i128> = HashMap::new();
        let mut after = None;
        loop {
            let rows = report::rows(conn, &query, after.as_deref(), BATCH).await?;
            let Some(newest) = rows.last() else { break };
            after = Some(newest.key());
            let full = rows.len() as u64 == BATCH;
            for row in &rows {
                *shown.entry(row.method).or_default() += i128::from(row.amount.0);
            }
            if !full {
                break;
            }
        }
        for method in rules::ALL_METHODS {
            let (shown, summed) = (shown.get(&method), sums.get(&method));
            if shown.copied().unwrap_or_default() != summed.copied().unwrap_or_default() {
                faults.push(format!(
                    "savings by {group:?}, {method}: shown {shown:?}, lines sum to {summed:?}"
                ));
            }
        }
    }
    Ok(())
}

/// Every receipt has its entries, and every reversal its contra entries: one a method, and those that the audit of the
/// hand-over names.
async fn against_transfers(
    app: &App,
    conn: &impl ConnectionTrait,
    faults: &mut Vec<String>,
) -> Result<(), DbErr> {
    use saving_entry::Column::TransferId;
    let mut last = Uuid::nil();
    loop {
        let transfers = transfer::Entity::find()
            .filter(transfer::Column::Id.gt(last))
            .order_by_asc(transfer::Column::Id)
            .limit(BATCH)
            .all(conn)
            .await?;
        let Some(newest) = transfers.last().map(|transfer| transfer.id) else { return Ok(()) };
        let told = told(app, conn, Subject::Transfer, (last, newest)).await?;
        last = newest;
        let ids = transfers.iter().map(|transfer| transfer.id);
        let entries = saving_entry::Entity::find().filter(TransferId.is_in(ids)).all(conn).await?;
        let mut by_transfer: HashMap<Uuid, Vec<&saving_entry::Model>> = HashMap::new();
        for entry in &entries {
            by_transfer.entry(entry.transfer_id.unwrap_or_default()).or_default().push(entry);
        }
        for transfer in transfers {
            let number = &transfer.number;
            let entries = by_transfer.remove(&transfer.id).unwrap_or_default();
            let count = |kind| entries.iter().filter(|entry| entry.entry == kind).count();
            let all = if transfer.received > 0 { rules::METHODS.len() } else { 0 };
            let reversed = usize::from(transfer.state == TransferState::Reversed);
            if count(SavingKind::Entry) != all || count(SavingKind::Contra) != all * reversed {
                faults.push(format!("transfer {number}: its savings are not one entry a method"));
            }
            let standing: BTreeSet<Posted> = entries.iter().map(|entry| Posted::from(*entry)).collect();
            if standing != posted(&told, transfer.id) {
                faults.push(format!("transfer {number}: its savings are not those in its audit"));
            }
        }
    }
}

/// The entries that the audit of a hand-over names.
fn posted(told: &Told, transfer: Uuid) -> BTreeSet<Posted> {
    let mut posted = BTreeSet::new();
    for (action, payload) in told.of(transfer) {
        let savings = payload.as_ref().and_then(|payload| match action.as_str() {
            "transfer.received" | "transfer.reversed" => payload.get("more")?.get("savings"),
            "transfer.loaded" => payload.get("savings"),
            _ => None,
        });
        let savings = savings.and_then(|list| serde_json::from_value::<Vec<Posted>>(list.clone()).ok());
        posted.extend(savings.unwrap_or_default());
    }
    posted
}
