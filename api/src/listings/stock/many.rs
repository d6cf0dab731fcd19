//! The counters of many listings at once, as a plan of the office needs them: the number of statements does not grow with theirs.

use std::collections::HashSet;

use entity::assets::asset;
use entity::events::Subject;
use entity::listings::{asset_freeze, listing_stock};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement, Value,
};
use uuid::Uuid;

use crate::fault::Fault;
use crate::write::Tx;

/// Why pieces could not be promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There are not as many.
    Short {
        /// Pieces there are.
        available: i64,
    },
    /// Others wait for them already.
    Awaited,
    /// A freeze covers them.
    Frozen,
    /// The listing is not offered for transfer (any more).
    Closed,
}

/// Promises pieces of many listings with one conditional update: `available` → `reserved`, under the conditions of [`hold`](super::hold) for
/// somebody new. Gives those that were refused, and why; the caller gives the transaction up where there are any. The stocks must
/// be locked, and no listing be named twice.
///
/// # Errors
/// The database's.
pub(crate) async fn promise(tx: &Tx, wanted: &[(Uuid, i64)]) -> Result<Vec<(Uuid, Refused)>, Fault> {
    /// Listings in one statement.
    const PART: usize = 500;
    let mut refused = Vec::new();
    for part in wanted.chunks(PART) {
        let (table, values) = table_of(tx, part);
        let take = format!(
            "with wanted (wanted_id, n) as ({table}) \
             update listing_stock set available = available - w.n, reserved = reserved + w.n from wanted w \
             where listing_id = w.wanted_id and available >= w.n and exists (select 1 from listing o \
             where o.id = w.wanted_id and o.state = 'LISTED' and o.purpose = 'TRANSFER') \
             and not exists (select 1 {covering}) and not exists \
             (select 1 from request_line q where q.listing_id = w.wanted_id and q.state = 'QUEUED') \
             returning listing_id",
            covering = covering!("w.wanted_id"),
        );
        let backend = tx.conn().get_database_backend();
        let taken = tx.conn().query_all_raw(Statement::from_sql_and_values(backend, take, values)).await?;
        let mut got = HashSet::with_capacity(taken.len());
        for row in &taken {
            let listing: Uuid = row.try_get_by_index(0)?;
            tx.touch(Subject::Listing, listing);
            got.insert(listing);
        }
        let missed: Vec<(Uuid, i64)> = part.iter().filter(|(id, _)| !got.contains(id)).copied().collect();
        refused.extend(why(tx, &missed).await?);
    }
    Ok(refused)
}

/// Rows of listings and pieces, as text of a statement and its values.
fn table_of(tx: &Tx, rows: &[(Uuid, i64)]) -> (String, Vec<Value>) {
    let (id, n) = if tx.app().db().is_postgres() { ("::uuid", "::bigint") } else { ("", "") };
    let row = |at: usize| format!("(${}{id}, ${}{n})", 2 * at + 1, 2 * at + 2);
    let table = format!("values {}", (0..rows.len()).map(row).collect::<Vec<_>>().join(", "));
    (table, rows.iter().flat_map(|(listing, n)| [(*listing).into(), (*n).into()]).collect())
}

async fn why(tx: &Tx, missed: &[(Uuid, i64)]) -> Result<Vec<(Uuid, Refused)>, Fault> {
    if missed.is_empty() {
        return Ok(Vec::new());
    }
    let (table, values) = table_of(tx, missed);
    let sql = format!(
        "with wanted (wanted_id, n) as ({table}) \
         select s.listing_id, s.available, o.state = 'LISTED' and o.purpose = 'TRANSFER', \
         exists (select 1 {covering}), s.available >= w.n from wanted w \
         join listing_stock s on s.listing_id = w.wanted_id join listing o on o.id = w.wanted_id",
        covering = covering!("w.wanted_id"),
    );
    let backend = tx.conn().get_database_backend();
    let rows = tx.conn().query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let (open, frozen, fits): (bool, bool, bool) =
            (row.try_get_by_index(2)?, row.try_get_by_index(3)?, row.try_get_by_index(4)?);
        let refused = match (open, frozen, fits) {
            (false, ..) => Refused::Closed,
            (_, true, _) => Refused::Frozen,
            (.., false) => Refused::Short { available: row.try_get_by_index(1)? },
            _ => Refused::Awaited,
        };
        found.push((row.try_get_by_index(0)?, refused));
    }
    Ok(found)
}

/// Those of the cards that a freeze covers, whatever is offered of them.
///
/// # Errors
/// The database's.
pub(crate) async fn frozen_cards(tx: &Tx, cards: &[Uuid]) -> Result<HashSet<Uuid>, Fault> {
    let found: Vec<Uuid> = asset::Entity::find()
        .select_only()
        .column(asset::Column::Id)
        .filter(asset::Column::Id.is_in(cards.iter().copied()))
        .filter(Expr::exists(
            Query::select()
                .expr(Expr::value(1))
                .from(asset_freeze::Entity)
                .cond_where(asset_freeze::Column::UntilAt.is_null())
                .and_where(Expr::cust(
                    "(asset_freeze.scope_id in (asset.id, asset.holder_id, asset.bin_id) or asset_freeze.scope_id in \
                     (select rack.id from storage_place bin join storage_place rack on rack.id = bin.parent_id \
                     where bin.id = asset.bin_id union all select rack.parent_id from storage_place bin \
                     join storage_place rack on rack.id = bin.parent_id where bin.id = asset.bin_id))",
                ))
                .take(),
        ))
        .into_tuple()
        .all(tx.conn())
        .await?;
    Ok(found.into_iter().collect())
}

/// Locks many stocks in order of the listing's id.
///
/// # Errors
/// The database's.
pub(crate) async fn lock_all(tx: &Tx, listings: &[Uuid]) -> Result<(), Fault> {
    listing_stock::Entity::find()
        .filter(listing_stock::Column::ListingId.is_in(listings.iter().copied()))
        .order_by_asc(listing_stock::Column::ListingId)
        .lock_exclusive()
        .all(tx.conn())
        .await?;
    Ok(())
}
