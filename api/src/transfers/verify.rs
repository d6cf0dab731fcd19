//! Compares every line with its hand-overs, and every hand-over with its parts and its card.

use std::collections::HashMap;

use entity::assets::{AssetState, asset};
use entity::requests::request_line;
use entity::transfers::{TransferState, transfer};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    Statement,
};
use uuid::Uuid;

use super::rules;

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
        for row in &rows {
            read += 1;
            let name = format!("transfer {}", row.number);
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
