//! Compares every line with its hand-overs, every hand-over with its parts, its card and its entries in the ledger, and
//! every card with what is offered of it.

use std::collections::HashMap;

use entity::assets::{AssetState, asset};
use entity::requests::request_line;
use entity::savings::{SavingKind, saving_entry};
use entity::transfers::{TransferState, transfer};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    Statement,
};
use uuid::Uuid;

use super::rules;
use crate::assets::rules::LIVE;

/// Rows compared at a time: memory stays small whatever there is.
const BATCH: u64 = 1_000;

/// Checks all hand-overs; gives what does not agree (empty: all is well) and how many were read.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(conn: &impl ConnectionTrait) -> Result<(Vec<String>, u64), DbErr> {
    let mut faults = Vec::new();
    lines(conn, &mut faults).await?;
    let read = transfers(conn, &mut faults).await?;
    cards(conn, &mut faults).await?;
    Ok((faults, read))
}

/// What the hand-overs of a line say.
#[derive(Debug, Default, FromQueryResult)]
struct Sums {
    line_id: Uuid,
    released: i64,
    received: i64,
    refused: i64,
    lost: i64,
}

const SUMS: &str = "select line_id, cast(sum(quantity) as bigint) as released, \
    cast(sum(received) as bigint) as received, cast(sum(refused) as bigint) as refused, \
    cast(sum(lost) as bigint) as lost from transfer where line_id > $1 and line_id <= $2 group by line_id";

async fn lines(conn: &impl ConnectionTrait, faults: &mut Vec<String>) -> Result<(), DbErr> {
    let mut last = Uuid::nil();
    loop {
        let lines = request_line::Entity::find()
            .filter(request_line::Column::Id.gt(last))
            .order_by_asc(request_line::Column::Id)
            .limit(BATCH)
            .all(conn)
            .await?;
        let Some(newest) = lines.last().map(|line| line.id) else { return Ok(()) };
        let range = [last.into(), newest.into()];
        let statement = Statement::from_sql_and_values(conn.get_database_backend(), SUMS, range);
        let sums = Sums::find_by_statement(statement).all(conn).await?;
        let sums: HashMap<Uuid, Sums> = sums.into_iter().map(|sums| (sums.line_id, sums)).collect();
        let none = Sums::default();
        for line in &lines {
            let sums = sums.get(&line.id).unwrap_or(&none);
            for (name, counted, summed) in [
                ("released", line.released, sums.released),
                ("received", line.received, sums.received),
                ("refused", line.refused, sums.refused),
                ("lost", line.lost, sums.lost),
            ] {
                if counted != summed {
                    faults
                        .push(format!("line {}: {name} is {counted}, its hand-overs say {summed}", line.id));
                }
            }
        }
        last = newest;
    }
}

async fn transfers(conn: &impl ConnectionTrait, faults: &mut Vec<String>) -> Result<u64, DbErr> {
    let mut read = 0;
    let mut last = Uuid::nil();
    loop {
        let rows = transfer::Entity::find()
            .filter(transfer::Column::Id.gt(last))
            .order_by_asc(transfer::Column::Id)
            .limit(BATCH)
            .all(conn)
            .await?;
        let Some(newest) = rows.last().map(|row| row.id) else { return Ok(read) };
        let under_way = rows.iter().filter(|row| row.state == TransferState::InTransit);
        let cards = asset::Entity::find()
            .filter(asset::Column::Id.is_in(under_way.map(|row| row.asset_id)))
            .all(conn)
            .await?;
        let cards: HashMap<Uuid, asset::Model> = cards.into_iter().map(|card| (card.id, card)).collect();
        let entered = entered(conn, rows.iter().map(|row| row.id)).await?;
        for row in &rows {
            read += 1;
            let name = format!("transfer {}", row.number);
            for pieces in entered.get(&row.id).into_iter().flatten().filter(|n| **n != row.received) {
                faults
                    .push(format!("{name}: {} pieces were received, the ledger says {pieces}", row.received));
            }
            if !rules::parts_fit(row) {
                faults.push(format!("{name}: its parts do not fit its quantity and state"));
            }
            let with_giver = |card: &&asset::Model| {
                card.state == AssetState::Active
                    && card.holder_id == row.giver_id
                    && card.quantity == row.quantity
            };
            if row.state == TransferState::InTransit && cards.get(&row.asset_id).filter(with_giver).is_none()
            {
                faults.push(format!("{name}: its card is not one of {} pieces with the giver", row.quantity));
            }
        }
        last = newest;
    }
}

/// Pieces that the ledger's entries of each hand-over count.
async fn entered(
    conn: &impl ConnectionTrait,
    transfers: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Vec<i64>>, DbErr> {
    let rows: Vec<(Option<Uuid>, i64)> = saving_entry::Entity::find()
        .select_only()
        .columns([saving_entry::Column::TransferId, saving_entry::Column::Quantity])
        .filter(saving_entry::Column::TransferId.is_in(transfers))
        .filter(saving_entry::Column::Entry.eq(SavingKind::Entry))
        .into_tuple()
        .all(conn)
        .await?;
    let mut found: HashMap<Uuid, Vec<i64>> = HashMap::new();
    for (transfer, pieces) in rows {
        if let Some(transfer) = transfer {
            found.entry(transfer).or_default().push(pieces);
        }
    }
    Ok(found)
}

/// What listings lay claim to of a card.
#[derive(Debug, FromQueryResult)]
struct Claimed {
    id: Uuid,
    state: AssetState,
    quantity: i64,
    holders: i64,
    strangers: i64,
}

/// Of a listing that is not live only what was promised before counts: see `assets::claims`.
fn claims() -> String {
    let live = LIVE.map(|state| format!("'{state}'")).join(", ");
    let claim = format!(
        "s.held + s.reserved + case when l.state in ({live}) or (l.state = 'WITHDRAWN' and l.purpose = 'LOAN') \
         then s.available else 0 end \
         + (select cast(coalesce(sum(d.quantity), 0) as bigint) from disposal d where d.listing_id = l.id \
         and d.state in ('PROPOSED', 'APPRAISED', 'SUBMITTED', 'PUBLICITY'))"
    );
    format!(
        "select a.id, a.state, a.quantity, \
         cast(sum(case when l.unit_id = a.holder_id then {claim} else 0 end) as bigint) as holders, \
         cast(sum(case when l.unit_id = a.holder_id then 0 else {claim} end) as bigint) as strangers \
         from asset a join listing l on l.asset_id = a.id join listing_stock s on s.listing_id = l.id \
         where a.id > $1 and a.id <= $2 group by a.id, a.state, a.quantity"
    )
}

async fn cards(conn: &impl ConnectionTrait, faults: &mut Vec<String>) -> Result<(), DbErr> {
    let claims = claims();
    let mut last = Uuid::nil();
    loop {
        let ids: Vec<Uuid> = asset::Entity::find()
            .select_only()
            .column(asset::Column::Id)
            .filter(asset::Column::Id.gt(last))
            .order_by_asc(asset::Column::Id)
            .limit(BATCH)
            .into_tuple()
            .all(conn)
            .await?;
        let Some(newest) = ids.last().copied() else { return Ok(()) };
        let range = [last.into(), newest.into()];
        let statement = Statement::from_sql_and_values(conn.get_database_backend(), &claims, range);
        for card in Claimed::find_by_statement(statement).all(conn).await? {
            let there = if card.state == AssetState::Active { card.quantity } else { 0 };
            if card.holders > there {
                let claimed = card.holders;
                faults.push(format!("card {}: {claimed} pieces are offered or promised of {there}", card.id));
            }
            if card.strangers > 0 {
                let claimed = card.strangers;
                faults
                    .push(format!("card {}: a unit that does not hold it offers {claimed} pieces", card.id));
            }
        }
        last = newest;
    }
}
