//! Compares every correction with what the trail of its card says of it, and the lines that are to be confirmed with both.

use std::collections::HashMap;

use entity::corrections::correction;
use entity::events::Subject;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};
use serde_json::Value;
use uuid::Uuid;

use crate::app::App;
use crate::audit::read::told;

/// Cards compared at a time: memory stays small whatever there is.
const BATCH: u64 = 500;

/// Lines that are to be confirmed and cannot be, or of a correction of another card, or without a term.
const ODD: &str = "select q.id from request_line q left join correction c on c.id = q.correction_id \
    where (q.correction_id is not null or q.confirm_until is not null or q.confirm_counted_to is not null) \
    and (c.id is null or not c.material or q.confirm_until is null or q.confirm_counted_to is null \
    or q.state not in ('QUEUED', 'SUBMITTED', 'RETURNED', 'RESERVED', 'RELEASING')) limit 100";

/// Checks all corrections; gives what does not agree (empty: all is well) and how many were read.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(app: &App, conn: &impl ConnectionTrait) -> Result<(Vec<String>, u64), DbErr> {
    let mut faults = Vec::new();
    for row in conn.query_all_raw(Statement::from_string(conn.get_database_backend(), ODD)).await? {
        let id: Uuid = row.try_get("", "id")?;
        faults.push(format!("line {id}: what it is to confirm does not go with its state"));
    }
    let mut read = 0;
    let mut last = Uuid::nil();
    loop {
        // Whole cards, because a trail is read as a whole.
        let cards: Vec<Uuid> = correction::Entity::find()
            .select_only()
            .column(correction::Column::AssetId)
            .distinct()
            .filter(correction::Column::AssetId.gt(last))
            .order_by_asc(correction::Column::AssetId)
            .limit(BATCH)
            .into_tuple()
            .all(conn)
            .await?;
        let Some(newest) = cards.last().copied() else { return Ok((faults, read)) };
        let mut rows: HashMap<Uuid, HashMap<Uuid, correction::Model>> = HashMap::new();
        let found = correction::Entity::find()
            .filter(correction::Column::AssetId.gt(last))
            .filter(correction::Column::AssetId.lte(newest));
        for row in found.all(conn).await? {
            read += 1;
            rows.entry(row.asset_id).or_default().insert(row.id, row);
        }
        let told = told(app, conn, Subject::Asset, (last, newest)).await?;
        last = newest;
        for card in cards {
            let mut left = rows.remove(&card).unwrap_or_default();
            let mut purged = 0;
            for (action, payload) in told.of(card) {
                match payload {
                    _ if action != "asset.corrected" => {}
                    None => purged += 1,
                    Some(payload) => faults.extend(wrong(card, &payload["correction"], &mut left)),
                }
            }
            // Of a purged card the trail only says how many there were.
            let silent =
                left.values().filter(|row| row.reason.is_empty() && row.changes == Value::Array(vec![]));
            if left.len() != purged || silent.count() != purged {
                faults.push(format!("card {card}: {} corrections are not those of its trail", left.len()));
            }
        }
    }
}

fn wrong(card: Uuid, told: &Value, left: &mut HashMap<Uuid, correction::Model>) -> Option<String> {
    let id: Option<Uuid> = serde_json::from_value(told["id"].clone()).ok();
    let row = id.and_then(|id| left.remove(&id));
    let same = row.is_some_and(|row| {
        told["changes"] == row.changes && told["reason"] == row.reason && told["material"] == row.material
    });
    (!same).then(|| format!("card {card}: a correction is not that of its trail"))
}
