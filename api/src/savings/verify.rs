//! Recomputes the ledger: each entry from its frozen inputs, its hash, its contra entry, and the sums; and compares it with
//! the audit of the hand-overs, with the standards and with the series that numbers it.

use std::collections::{BTreeSet, HashMap};

use entity::catalogue::allocation_standard;
use entity::events::Subject;
use entity::jobs::number_series;
use entity::savings::{SavingKind, SavingMethod, saving_entry};
use entity::transfers::{TransferState, transfer};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::entry::frozen;
use super::report::{self, GroupBy, Query};
use super::rules::{self, Inputs, Standard};
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
            if !as_it_stands(row, &standards) {
                faults.push(format!("{name}: its standard is not the one that stands in the books"));
            }
            if let Some(id) = row.contra_of {
                match counterparts.get(&id) {
                    Some(entry) if rules::is_contra_of(row, entry) => {}
                    Some(_) => faults.push(format!("{name}: is not the exact opposite of its entry")),
                    None => faults.push(format!("{name}: takes back an entry that is not there")),
                }
            }
            let agrees = transfers.get(&row.transfer_id).is_some_and(|transfer| belongs(row, transfer));
            if !agrees {
                faults.push(format!("{name}: does not agree with its transfer {}", row.transfer_id));
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

/// The standard that was frozen in an entry, against its row.
fn as_it_stands(row: &saving_entry::Model, standards: &HashMap<Uuid, Standard>) -> bool {
    // What cannot be read is told elsewhere.
    let Ok(inputs) = serde_json::from_value::<Inputs>(row.inputs.clone()) else { return true };
    inputs.standard.is_none_or(|standard| standards.get(&standard.id) == Some(&standard))
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
    let ids: Vec<Uuid> = rows.iter().map(|row| row.transfer_id).collect();
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
        for method in rules::METHODS {
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
            by_transfer.entry(entry.transfer_id).or_default().push(entry);
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
