//! Compares what every listing offers with what its audit trail says of it. Held, reserved and delivered pieces are compared
//! with the lines that make them up, in `requests`; how the rest is shared between available and withdrawn is not compared.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use entity::events::Subject;
use entity::listings::{listing, listing_stock};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;
use uuid::Uuid;

use crate::app::App;
use crate::audit::read::{told, unpaired};

/// Listings compared at a time: memory stays small whatever there is.
const BATCH: u64 = 1_000;

/// Checks all listings; gives what does not agree (empty: all is well) and how many were read.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(app: &App, conn: &impl ConnectionTrait) -> Result<(Vec<String>, u64), DbErr> {
    let mut faults = unpaired(conn, Subject::Listing, "listing").await?;
    let mut read = 0;
    let mut last = Uuid::nil();
    loop {
        let rows: Vec<Asked> = listing::Entity::find()
            .select_only()
            .columns([listing::Column::Id, listing::Column::ReconfirmBy, listing::Column::PausedAt])
            .filter(listing::Column::Id.gt(last))
            .order_by_asc(listing::Column::Id)
            .limit(BATCH)
            .into_tuple()
            .all(conn)
            .await?;
        let Some(newest) = rows.last().map(|row| row.0) else { return Ok((faults, read)) };
        let stocks = listing_stock::Entity::find()
            .filter(listing_stock::Column::ListingId.gt(last))
            .filter(listing_stock::Column::ListingId.lte(newest))
            .all(conn)
            .await?;
        let stocks: HashMap<Uuid, listing_stock::Model> =
            stocks.into_iter().map(|stock| (stock.listing_id, stock)).collect();
        let told = told(app, conn, Subject::Listing, (last, newest)).await?;
        last = newest;
        read += rows.len() as u64;
        for (id, by, paused_at) in rows {
            let Some(stock) = stocks.get(&id) else {
                faults.push(format!("listing {id}: has no counters"));
                continue;
            };
            let mut known = Known::default();
            for (action, payload) in told.of(id) {
                known.hear(action, payload.as_ref().unwrap_or(&Value::Null));
            }
            if known.offered != stock.offered {
                let (offered, said) = (stock.offered, known.offered);
                faults.push(format!("listing {id}: {offered} pieces are offered, its trail says {said}"));
            }
            if (known.by, known.paused) != (by, paused_at.is_some()) {
                faults.push(format!("listing {id}: when it is to be confirmed is not what its trail says"));
            }
        }
    }
}

/// Identity, the day by which it is to be confirmed, and since when it pauses.
type Asked = (Uuid, Option<NaiveDate>, Option<DateTime<Utc>>);

/// What the trail says of a listing's pieces. `withdrawn` is right as long as the listing can be changed, when nobody has
/// asked for it; later other counters flow into it, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Known {
    offered: i64,
    withdrawn: i64,
    by: Option<NaiveDate>,
    paused: bool,
}

impl Known {
    fn hear(&mut self, action: &str, payload: &Value) {
        let number = |field: &str| payload[field].as_i64();
        match action {
            "listing.loaded" => self.offered = number("offered").unwrap_or_default(),
            "listing.drafted" => self.offered = number("quantity").unwrap_or_default(),
            // What was withdrawn before stays counted.
            "listing.updated" => self.offered = self.withdrawn + number("quantity").unwrap_or_default(),
            "listing.withdrawn" => {
                self.withdrawn += number("quantity").unwrap_or_default();
                if payload["state"] != "LISTED" {
                    (self.by, self.paused) = (None, false);
                }
            }
            "listing.reconfirmed" => (self.by, self.paused) = (None, false),
            "listing.reconfirmAsked" | "listing.reconfirmExtended" | "listing.paused" => {
                self.by = serde_json::from_value(payload["by"].clone()).ok();
                self.paused = action == "listing.paused";
            }
            // Nothing can be held before the inspection: what is not accepted is withdrawn.
            "listing.inspected" => match (number("accepted"), payload["verdict"].as_str()) {
                (Some(accepted), _) => self.withdrawn = self.offered - accepted,
                (None, Some("Return")) => self.withdrawn = self.offered,
                _ => {}
            },
            _ => {}
        }
    }
}
