//! Recomputes the ledger: each entry from its frozen inputs, its hash, its contra entry, and the sums.

use std::collections::HashMap;

use entity::savings::{SavingKind, SavingMethod, saving_entry};
use entity::transfers::{TransferState, transfer};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::report::{self, GroupBy, Query};
use super::rules;

/// Rows read at a time: memory stays small whatever the size of the ledger.
const BATCH: u64 = 1_000;

/// Checks the whole ledger; gives what does not agree (empty: all is well) and how many entries were read.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(conn: &impl ConnectionTrait) -> Result<(Vec<String>, u64), DbErr> {
    let mut faults = Vec::new();
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
    compare_sums(conn, &sums, &mut faults).await?;
    missing(conn, &mut faults).await?;
    Ok((faults, read))
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

/// Every receipt has its entries, and every reversal its contra entries.
async fn missing(conn: &impl ConnectionTrait, faults: &mut Vec<String>) -> Result<(), DbErr> {
    let mut last = Uuid::nil();
    loop {
        let transfers = transfer::Entity::find()
            .filter(transfer::Column::Id.gt(last))
            .filter(transfer::Column::Received.gt(0))
            .order_by_asc(transfer::Column::Id)
            .limit(BATCH)
            .all(conn)
            .await?;
        let Some(newest) = transfers.last() else { return Ok(()) };
        last = newest.id;
        let ids = transfers.iter().map(|transfer| transfer.id);
        let entries: Vec<(Uuid, SavingKind, SavingMethod)> = saving_entry::Entity::find()
            .select_only()
            .columns([
                saving_entry::Column::TransferId,
                saving_entry::Column::Entry,
                saving_entry::Column::Method,
            ])
            .filter(saving_entry::Column::TransferId.is_in(ids))
            .into_tuple()
            .all(conn)
            .await?;
        let mut counts: HashMap<(Uuid, SavingKind), usize> = HashMap::new();
        for (transfer, kind, _) in entries {
            *counts.entry((transfer, kind)).or_default() += 1;
        }
        for transfer in transfers {
            let count = |kind| counts.get(&(transfer.id, kind)).copied().unwrap_or_default();
            let reversed = usize::from(transfer.state == TransferState::Reversed);
            let all = rules::METHODS.len();
            if count(SavingKind::Entry) != all || count(SavingKind::Contra) != all * reversed {
                let number = &transfer.number;
                faults.push(format!("transfer {number}: its savings are not one entry a method"));
            }
        }
    }
}
