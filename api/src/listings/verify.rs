//! Compares what every listing offers with what its audit trail says of it. Held, reserved and delivered pieces are compared
//! with the lines that make them up, in `requests`; how the rest is shared between available and withdrawn is not compared.

use std::collections::HashMap;

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
        let ids: Vec<Uuid> = listing::Entity::find()
            .select_only()
            .column(listing::Column::Id)
            .filter(listing::Column::Id.gt(last))
            .order_by_asc(listing::Column::Id)
            .limit(BATCH)
            .into_tuple()
            .all(conn)
            .await?;
        let Some(newest) = ids.last().copied() else { return Ok((faults, read)) };
        let stocks = listing_stock::Entity::find()
            .filter(listing_stock::Column::ListingId.gt(last))
            .filter(listing_stock::Column::ListingId.lte(newest))
            .all(conn)
            .await?;
        let stocks: HashMap<Uuid, listing_stock::Model> =
            stocks.into_iter().map(|stock| (stock.listing_id, stock)).collect();
        let told = told(app, conn, Subject::Listing, (last, newest)).await?;
        last = newest;
        read += ids.len() as u64;
        for id in ids {
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
        }
    }
}

/// What the trail says of a listing's pieces. `withdrawn` is right as long as the listing can be changed, when nobody has
/// asked for it; later other counters flow into it, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Known {
    offered: i64,
    withdrawn: i64,
}

impl Known {
    fn hear(&mut self, action: &str, payload: &Value) {
        let number = |field: &str| payload[field].as_i64();
        match action {
            "listing.loaded" => self.offered = number("offered").unwrap_or_default(),
            "listing.drafted" => self.offered = number("quantity").unwrap_or_default(),
            // What was withdrawn before stays counted.
            "listing.updated" => self.offered = self.withdrawn + number("quantity").unwrap_or_default(),
            "listing.withdrawn" => self.withdrawn += number("quantity").unwrap_or_default(),
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
