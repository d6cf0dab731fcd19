//! Compares what is booked of every offer for loan with its pieces, every loan with its trail, and its days of use with
//! the ledger.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use entity::events::Subject;
use entity::listings::{Purpose, listing, listing_stock};
use entity::loans::loan;
use entity::requests::request_line;
use entity::savings::{SavingKind, saving_entry};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::{Value, json};
use uuid::Uuid;

use super::row::OPEN;
use super::rules::{self, Booking};
use crate::app::App;
use crate::audit::read::{told, unpaired};
use crate::savings::steps::Posted;

/// Rows compared at a time: memory stays small whatever there is.
const BATCH: u64 = 1_000;

/// Checks all loans; gives what does not agree (empty: all is well) and how many were read.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(app: &App, conn: &impl ConnectionTrait) -> Result<(Vec<String>, u64), DbErr> {
    let mut faults = unpaired(conn, Subject::Loan, "loan").await?;
    let read = loans(app, conn, &mut faults).await?;
    offers(app, conn, &mut faults).await?;
    Ok((faults, read))
}

async fn loans(app: &App, conn: &impl ConnectionTrait, faults: &mut Vec<String>) -> Result<u64, DbErr> {
    let mut read = 0;
    let mut last = Uuid::nil();
    loop {
        let rows = loan::Entity::find()
            .filter(loan::Column::Id.gt(last))
            .order_by_asc(loan::Column::Id)
            .limit(BATCH)
            .all(conn)
            .await?;
        let Some(newest) = rows.last().map(|row| row.id) else { return Ok(read) };
        let told = told(app, conn, Subject::Loan, (last, newest)).await?;
        last = newest;
        read += rows.len() as u64;
        let ids = || rows.iter().map(|row| row.id);
        let entries = by_loan(conn, ids()).await?;
        let keeping = keeping(conn, ids()).await?;
        for row in &rows {
            let none = Vec::new();
            let name = format!("loan {}", row.number);
            let mut fault = |what: &str| faults.push(format!("{name}: {what}"));
            if !rules::fits(row) {
                fault("its counters do not fit its state and its days");
            }
            let (converting, converted) = keeping.get(&row.id).copied().unwrap_or_default();
            if (row.converting, row.converted) != (converting, converted) {
                fault("what the borrower keeps is not what its lines say");
            }
            let heard = told.of(row.id);
            if !heard.iter().rev().any(|(_, payload)| payload.as_ref().is_some_and(|said| says(said, row))) {
                fault("it is not what its trail says");
            }
            let entries = entries.get(&row.id).unwrap_or(&none);
            if entries.iter().map(Posted::from).collect::<BTreeSet<_>>() != posted(heard) {
                fault("its savings are not those in its audit");
            }
            if let Some(what) = days_counted(row, entries, heard) {
                fault(what);
            }
        }
    }
}

/// Whether a record is of the loan as it is now.
fn says(payload: &Value, loan: &loan::Model) -> bool {
    payload["state"] == json!(loan.state)
        && payload["to"] == json!(loan.day_to)
        && payload["askedTo"] == json!(loan.asked_to)
        && payload["lent"] == json!(loan.lent)
        && payload["returned"] == json!(loan.returned)
        && payload["damaged"] == json!(loan.damaged)
        && payload["lost"] == json!(loan.lost)
        && payload["converted"] == json!(loan.converted)
        && payload["accruedTo"] == json!(loan.accrued_to)
}

/// The entries that a trail names.
fn posted(heard: &[(String, Option<Value>)]) -> BTreeSet<Posted> {
    let lists = heard.iter().filter_map(|(_, payload)| payload.as_ref()?.get("more")?.get("savings"));
    lists.filter_map(|list| serde_json::from_value::<Vec<Posted>>(list.clone()).ok()).flatten().collect()
}

async fn by_loan(
    conn: &impl ConnectionTrait,
    loans: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Vec<saving_entry::Model>>, DbErr> {
    let rows = saving_entry::Entity::find()
        .filter(saving_entry::Column::LoanId.is_in(loans))
        .order_by_asc(saving_entry::Column::Seq)
        .all(conn)
        .await?;
    let mut found: HashMap<Uuid, Vec<_>> = HashMap::new();
    for row in rows {
        if let Some(loan) = row.loan_id {
            found.entry(loan).or_default().push(row);
        }
    }
    Ok(found)
}

/// Pieces that lines may still make the borrower's, and pieces that they did, by loan.
async fn keeping(
    conn: &impl ConnectionTrait,
    loans: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, (i64, i64)>, DbErr> {
    let lines =
        request_line::Entity::find().filter(request_line::Column::LoanId.is_in(loans)).all(conn).await?;
    let mut found: HashMap<Uuid, (i64, i64)> = HashMap::new();
    for line in lines {
        let Some(loan) = line.loan_id else { continue };
        let (converting, converted) = found.entry(loan).or_default();
        *converting += rules::pending(&line);
        *converted += line.received + line.lost;
    }
    Ok(found)
}

/// The entries that stand count each day of use once, from the receipt up to the day that the loan says.
fn days_counted(
    loan: &loan::Model,
    entries: &[saving_entry::Model],
    heard: &[(String, Option<Value>)],
) -> Option<&'static str> {
    // Entries keep the names of their day: a unit may have been succeeded since.
    let once = |field: &str, unit: Uuid| {
        heard.iter().any(|(_, said)| said.as_ref().is_some_and(|said| said[field] == json!(unit)))
    };
    let agree = |entry: &saving_entry::Model| {
        (entry.giver_id == loan.giver_id || once("giverId", entry.giver_id))
            && (entry.receiver_id == loan.unit_id || once("unitId", entry.receiver_id))
            && entry.custody == loan.custody
    };
    if !entries.iter().all(agree) {
        return Some("its savings are not of its two units");
    }
    let taken_back: BTreeSet<Uuid> = entries.iter().filter_map(|entry| entry.contra_of).collect();
    let standing =
        entries.iter().filter(|entry| entry.entry == SavingKind::Entry && !taken_back.contains(&entry.id));
    let mut days: Vec<(NaiveDate, NaiveDate)> =
        standing.filter_map(|entry| entry.day_from.zip(entry.day_to)).collect();
    days.sort_unstable();
    let mut next = loan.received_on;
    for (from, to) in days {
        if Some(from) != next {
            return Some("the ledger counts a day of it twice, or not at all");
        }
        next = to.succ_opt();
    }
    let counted = next.and_then(|day| day.pred_opt());
    (counted != loan.accrued_to).then_some("the ledger does not count it up to the day that it says")
}

/// No day of an offer is promised twice, and no more pieces are out than it has.
async fn offers(app: &App, conn: &impl ConnectionTrait, faults: &mut Vec<String>) -> Result<(), DbErr> {
    let today = app.clock().today();
    let mut last = Uuid::nil();
    loop {
        let ids: Vec<Uuid> = loan::Entity::find()
            .select_only()
            .column(loan::Column::ListingId)
            .filter(loan::Column::State.is_in(OPEN))
            .filter(loan::Column::ListingId.gt(last))
            .distinct()
            .order_by_asc(loan::Column::ListingId)
            .limit(BATCH)
            .into_tuple()
            .all(conn)
            .await?;
        let Some(newest) = ids.last().copied() else { return Ok(()) };
        last = newest;
        let open = loan::Entity::find()
            .filter(loan::Column::State.is_in(OPEN))
            .filter(loan::Column::ListingId.is_in(ids.iter().copied()))
            .all(conn)
            .await?;
        let mut by_listing: HashMap<Uuid, Vec<loan::Model>> = HashMap::new();
        for row in open {
            by_listing.entry(row.listing_id).or_default().push(row);
        }
        let purposes: Vec<(Uuid, Purpose)> = listing::Entity::find()
            .select_only()
            .columns([listing::Column::Id, listing::Column::Purpose])
            .filter(listing::Column::Id.is_in(ids.iter().copied()))
            .into_tuple()
            .all(conn)
            .await?;
        let purposes: HashMap<Uuid, Purpose> = purposes.into_iter().collect();
        let stocks = listing_stock::Entity::find()
            .filter(listing_stock::Column::ListingId.is_in(ids.iter().copied()))
            .all(conn)
            .await?;
        for stock in stocks {
            let loans = by_listing.remove(&stock.listing_id).unwrap_or_default();
            let name = format!("listing {}", stock.listing_id);
            if purposes.get(&stock.listing_id) != Some(&Purpose::Loan) {
                faults.push(format!("{name}: it is lent, and it is not offered for loan"));
            }
            let bookings: Vec<Booking> = loans.iter().filter_map(rules::agreed).collect();
            if let Some(short) = rules::short(stock.available, &bookings, 0, today, None) {
                let taken = rules::on(&bookings, short.day);
                faults
                    .push(format!("{name}: {taken} of {} pieces are lent on {}", stock.available, short.day));
            }
            let out: i64 = loans
                .iter()
                .filter(|loan| rules::is_out(loan.state))
                .map(|loan| loan.lent + loan.returned)
                .sum();
            if out > stock.available {
                faults.push(format!("{name}: {out} pieces are out, it has {}", stock.available));
            }
        }
    }
}
