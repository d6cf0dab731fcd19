//! The counters of a listing in the database. Every change is one conditional update that must touch one row: the same
//! step for page, API, scan and import, so no path can promise a piece twice.

use entity::events::Subject;
use entity::listings::{ListingState, Purpose};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, Value};
use uuid::Uuid;

use super::rules::{Move, Stock};
use crate::fault::Fault;
use crate::write::Tx;

/// Who wants pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// Somebody new: never past those who wait in the queue.
    New,
    /// The first of the queue, being promoted.
    HeadOfQueue,
}

/// What came of asking for pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// The pieces are held.
    Held(Stock),
    /// There are not as many, or others wait already.
    Short(Stock),
    /// Claims are gathered: nobody gets a piece by asking first.
    Window(Stock),
    /// A freeze covers them.
    Frozen(Stock),
    /// The listing is not offered (any more).
    Closed(ListingState),
    /// Its holder has not said that it is still there: nobody gets pieces until it does.
    Paused(Stock),
}

/// A place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Place: later ones are greater, no two are the same.
    pub place: i64,
    /// The stock, whose row is locked from here to the end of the transaction.
    pub stock: Stock,
}

const COUNTERS: &str = "offered, available, held, reserved, in_transit, delivered, withdrawn, lost";

/// The freezes over a listing, as `f`.
macro_rules! covering {
    ($listing:literal) => {
        concat!(
            "from listing l join asset a on a.id = l.asset_id \
         left join storage_place bin on bin.id = a.bin_id left join storage_place rack on rack.id = bin.parent_id \
         join asset_freeze f on f.until_at is null \
             and f.scope_id in (l.id, a.id, l.unit_id, bin.id, rack.id, rack.parent_id) where l.id = ",
            $listing
        )
    };
}

// After the macro, which it uses.
mod many;

pub(super) use many::frozen_cards;
pub(crate) use many::{Refused, lock_all, promise};

/// A freeze over the listing `$1`: over itself, its card, its unit, or the place where the card stands and what that
/// lies in (zone, rack, bin). Identities are unique over all tables, so the scope's kind need not be asked.
pub(super) const FROZEN: &str = concat!("exists (select 1 ", covering!("$1"), ")");

/// Claims to the listing `$1` are gathered, and not ranked yet.
const WINDOW: &str =
    "exists (select 1 from claim_window w where w.listing_id = $1 and w.state in ('OPEN', 'CLOSED'))";

fn read(row: &QueryResult) -> Result<Stock, DbErr> {
    Ok(Stock {
        offered: row.try_get_by_index(0)?,
        available: row.try_get_by_index(1)?,
        held: row.try_get_by_index(2)?,
        reserved: row.try_get_by_index(3)?,
        in_transit: row.try_get_by_index(4)?,
        delivered: row.try_get_by_index(5)?,
        withdrawn: row.try_get_by_index(6)?,
        lost: row.try_get_by_index(7)?,
    })
}

async fn one(tx: &Tx, sql: &str, values: Vec<Value>) -> Result<Option<QueryResult>, DbErr> {
    let backend = tx.conn().get_database_backend();
    tx.conn().query_one_raw(Statement::from_sql_and_values(backend, sql, values)).await
}

fn lacking(listing: Uuid, what: &str) -> Fault {
    Fault::Internal(anyhow::anyhow!("the stock of listing {listing} does not allow: {what}"))
}

/// Takes `n` pieces for an asker: `available` → `held`. `n` is at least 1. The stock must be locked, and a freeze
/// that stands against it is locked here: an answer holds until the transaction ends, and whoever lifts the freeze
/// waits for it and then finds the asker in the queue.
///
/// # Errors
/// The database's; an unknown listing is internal.
pub async fn hold(tx: &Tx, listing: Uuid, n: i64, asker: Asker) -> Result<Hold, Fault> {
    let nobody_waits = match asker {
        Asker::New => {
            "and not exists (select 1 from request_line q where q.listing_id = $1 and q.state = 'QUEUED')"
        }
        Asker::HeadOfQueue => "",
    };
    let take = format!(
        "update listing_stock set available = available - $2, held = held + $2 \
         where listing_id = $1 and available >= $2 \
         and exists (select 1 from listing o where o.id = $1 and o.state = 'LISTED' and o.paused_at is null) \
         and not {WINDOW} and not {FROZEN} {nobody_waits} returning {COUNTERS}"
    );
    let why = format!(
        "select {COUNTERS}, (select o.state from listing o where o.id = $1), {FROZEN}, \
         available >= $2 {nobody_waits}, {WINDOW}, (select o.paused_at is not null from listing o where o.id = $1) \
         from listing_stock where listing_id = $1"
    );
    // Each turn but the first comes from a freeze that was lifted between two statements.
    loop {
        if let Some(row) = one(tx, &take, vec![listing.into(), n.into()]).await? {
            tx.touch(Subject::Listing, listing);
            return Ok(Hold::Held(read(&row)?));
        }
        let row = one(tx, &why, vec![listing.into(), n.into()]).await?;
        let row = row.ok_or_else(|| lacking(listing, "hold"))?;
        let stock = read(&row)?;
        let state: ListingState = row.try_get_by_index(8)?;
        if state != ListingState::Listed {
            return Ok(Hold::Closed(state));
        }
        if row.try_get_by_index(12)? {
            return Ok(Hold::Paused(stock));
        }
        let (frozen, fits): (bool, bool) = (row.try_get_by_index(9)?, row.try_get_by_index(10)?);
        // It ends under the lock of the stock alone, which is held here.
        if row.try_get_by_index(11)? {
            return Ok(Hold::Window(stock));
        }
        if frozen && keep_frozen(tx, listing).await? {
            return Ok(Hold::Frozen(stock));
        }
        if !frozen && !fits {
            return Ok(Hold::Short(stock));
        }
    }
}

/// Keeps the freezes over a listing from being lifted until the transaction ends; answers whether there still are any.
/// SQLite has one writer at a time: there nobody lifts one meanwhile.
async fn keep_frozen(tx: &Tx, listing: Uuid) -> Result<bool, Fault> {
    if !tx.app().db().is_postgres() {
        return Ok(true);
    }
    let sql = concat!("select f.id ", covering!("$1"), " for share of f");
    Ok(one(tx, sql, vec![listing.into()]).await?.is_some())
}

/// Draws the next place in the queue, and locks the stock until the transaction ends.
///
/// A hold that was freed between [`hold`] and here was seen by nobody: promote the queue after the line is queued.
///
/// # Errors
/// The database's; an unknown listing is internal.
pub async fn ticket(tx: &Tx, listing: Uuid) -> Result<Ticket, Fault> {
    let sql = format!(
        "update listing_stock set queue_next = queue_next + 1 where listing_id = $1 returning {COUNTERS}, queue_next"
    );
    let row = one(tx, &sql, vec![listing.into()]).await?.ok_or_else(|| lacking(listing, "ticket"))?;
    let next: i64 = row.try_get_by_index(8)?;
    Ok(Ticket { place: next - 1, stock: read(&row)? })
}

/// The stock, its row locked until the transaction ends. Several are locked in order of the listing's id.
///
/// # Errors
/// The database's; an unknown listing is internal.
pub async fn lock(tx: &Tx, listing: Uuid) -> Result<Stock, Fault> {
    let locking = if tx.app().db().is_postgres() { "for update" } else { "" };
    let sql = format!("select {COUNTERS} from listing_stock where listing_id = $1 {locking}");
    let row = one(tx, &sql, vec![listing.into()]).await?.ok_or_else(|| lacking(listing, "lock"))?;
    Ok(read(&row)?)
}

/// Makes one move; none where there are not `n` pieces to move.
pub(crate) async fn try_move(tx: &Tx, listing: Uuid, n: i64, step: Move) -> Result<Option<Stock>, Fault> {
    if n <= 0 {
        return Err(lacking(listing, "a move of no pieces"));
    }
    let (from, to) = step.ends();
    let (from, to) = (from.column(), to.column());
    let sql = format!(
        "update listing_stock set {from} = {from} - $2, {to} = {to} + $2 \
         where listing_id = $1 and {from} >= $2 returning {COUNTERS}"
    );
    let Some(row) = one(tx, &sql, vec![listing.into(), n.into()]).await? else { return Ok(None) };
    tx.touch(Subject::Listing, listing);
    Ok(Some(read(&row)?))
}

async fn must_move(tx: &Tx, listing: Uuid, n: i64, step: Move) -> Result<Stock, Fault> {
    try_move(tx, listing, n, step).await?.ok_or_else(|| lacking(listing, &format!("{step:?} {n}")))
}

/// Pieces come back: to the offer, or to the holder where the listing is not offered any more. Those of an offer for loan
/// come back to its pool: its loans say what of it is its holder's then.
async fn free(tx: &Tx, listing: Uuid, n: i64, offered: Move, ended: Move) -> Result<Stock, Fault> {
    // The lock first: a withdrawal under way would not be seen by a statement that began before it ended.
    lock(tx, listing).await?;
    let row = one(tx, "select state, purpose from listing where id = $1", vec![listing.into()]).await?;
    let row = row.ok_or_else(|| lacking(listing, "free"))?;
    let (state, purpose): (ListingState, Purpose) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    let step = if state == ListingState::Listed || purpose == Purpose::Loan { offered } else { ended };
    must_move(tx, listing, n, step).await
}

/// Ends a hold: `held` → `available`, or `withdrawn` where the listing is not offered any more.
///
/// # Errors
/// The database's; internal where no such pieces are held.
pub async fn release_hold(tx: &Tx, listing: Uuid, n: i64) -> Result<Stock, Fault> {
    free(tx, listing, n, Move::ReleaseHold, Move::WithdrawHeld).await
}

/// All approved: `held` → `reserved`.
///
/// # Errors
/// The database's; internal where no such pieces are held.
pub async fn reserve(tx: &Tx, listing: Uuid, n: i64) -> Result<Stock, Fault> {
    must_move(tx, listing, n, Move::Reserve).await
}

/// A promise is decided anew: `reserved` → `held`.
///
/// # Errors
/// The database's; internal where no such pieces are reserved.
pub async fn reopen(tx: &Tx, listing: Uuid, n: i64) -> Result<Stock, Fault> {
    must_move(tx, listing, n, Move::Reopen).await
}

/// Ends a promise: `reserved` → `available`, or `withdrawn` where the listing is not offered any more.
///
/// # Errors
/// The database's; internal where no such pieces are reserved.
pub async fn unreserve(tx: &Tx, listing: Uuid, n: i64) -> Result<Stock, Fault> {
    free(tx, listing, n, Move::Unreserve, Move::WithdrawReserved).await
}

/// A promise ends because the pieces are not there: `reserved` → `withdrawn`, whatever the listing's state.
///
/// # Errors
/// The database's; internal where no such pieces are reserved.
pub async fn withdraw_reserved(tx: &Tx, listing: Uuid, n: i64) -> Result<Stock, Fault> {
    must_move(tx, listing, n, Move::WithdrawReserved).await
}

/// Handed over: `reserved` → `in transit`.
///
/// # Errors
/// The database's; internal where no such pieces are reserved.
pub async fn to_transit(tx: &Tx, listing: Uuid, n: i64) -> Result<Stock, Fault> {
    must_move(tx, listing, n, Move::ToTransit).await
}

/// Received: `in transit` → `delivered`.
///
/// # Errors
/// The database's; internal where no such pieces are in transit.
pub async fn deliver(tx: &Tx, listing: Uuid, n: i64) -> Result<Stock, Fault> {
    must_move(tx, listing, n, Move::Deliver).await
}

/// Refused at receipt: `in transit` → `available`, or `withdrawn` where the listing is not offered any more.
///
/// # Errors
/// The database's; internal where no such pieces are in transit.
pub async fn give_back(tx: &Tx, listing: Uuid, n: i64) -> Result<Stock, Fault> {
    free(tx, listing, n, Move::GiveBack, Move::WithdrawReturned).await
}

/// Lost on the way: `in transit` → `lost`.
///
/// # Errors
/// The database's; internal where no such pieces are in transit.
pub async fn lose(tx: &Tx, listing: Uuid, n: i64) -> Result<Stock, Fault> {
    must_move(tx, listing, n, Move::Lose).await
}

/// Did not come back from a loan: `available` → `lost`.
///
/// # Errors
/// The database's; internal where the pool has no such pieces.
pub async fn lose_lent(tx: &Tx, listing: Uuid, n: i64) -> Result<Stock, Fault> {
    must_move(tx, listing, n, Move::LoseLent).await
}

/// Given back after a defect: `delivered` → `withdrawn`. The giver has it again and may offer it anew.
///
/// # Errors
/// The database's; internal where no such pieces were delivered.
pub async fn reverse(tx: &Tx, listing: Uuid, n: i64) -> Result<Stock, Fault> {
    must_move(tx, listing, n, Move::Reverse).await
}

/// Set aside for a disposal that was given up: `withdrawn` → `available`.
///
/// # Errors
/// The database's; internal where no such pieces are set aside.
pub(crate) async fn put_back(tx: &Tx, listing: Uuid, n: i64) -> Result<Stock, Fault> {
    must_move(tx, listing, n, Move::PutBack).await
}

/// Whether a freeze that is not lifted covers the listing, its card, its unit or its place.
///
/// # Errors
/// The database's.
pub async fn frozen(tx: &Tx, listing: Uuid) -> Result<bool, Fault> {
    let row = one(tx, &format!("select {FROZEN}"), vec![listing.into()]).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(false))
}

/// Sets what a listing offers while nobody can have asked for it. What was withdrawn before stays counted.
pub(super) async fn offer(tx: &Tx, listing: Uuid, pieces: i64) -> Result<(), Fault> {
    let sql = "update listing_stock set offered = withdrawn + $2, available = $2 where listing_id = $1 \
               and held = 0 and reserved = 0 and in_transit = 0 and delivered = 0 and lost = 0 returning offered";
    one(tx, sql, vec![listing.into(), pieces.into()])
        .await?
        .map(drop)
        .ok_or_else(|| lacking(listing, "offer"))
}
