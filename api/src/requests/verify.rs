//! Compares every listing's counters with the lines that make them up.

use std::collections::HashMap;

use entity::listings::listing_stock;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    Statement,
};
use uuid::Uuid;

/// Listings compared at a time: memory stays small whatever there is.
const BATCH: u64 = 1_000;

/// What the lines of a listing say.
#[derive(Debug, Default, FromQueryResult)]
struct Lines {
    listing_id: Uuid,
    held: i64,
    reserved: i64,
    in_transit: i64,
    received: i64,
    lost: i64,
    odd: i64,
    waiting: i64,
    tickets: i64,
}

/// `sum` of a bigint is numeric on PostgreSQL, so each is cast back.
const SUMS: &str = "select listing_id, \
    cast(sum(case when state in ('SUBMITTED', 'RETURNED') then quantity else 0 end) as bigint) as held, \
    cast(sum(case when state in ('RESERVED', 'RELEASING') then quantity - released else 0 end) as bigint) as reserved, \
    cast(sum(released - received - refused - lost) as bigint) as in_transit, \
    cast(sum(received) as bigint) as received, \
    cast(sum(lost) as bigint) as lost, \
    cast(sum(case when released < received + refused + lost or quantity < released or received < 0 \
        or refused < 0 or lost < 0 then 1 else 0 end) as bigint) as odd, \
    cast(sum(case when state = 'QUEUED' then 1 else 0 end) as bigint) as waiting, \
    count(distinct case when state = 'QUEUED' then queue_place end) as tickets \
    from request_line where listing_id > $1 and listing_id <= $2 group by listing_id";

const TAKEN_BACK: &str = "select listing_id, cast(sum(received) as bigint) as received from transfer \
    where state = 'REVERSED' and listing_id > $1 and listing_id <= $2 group by listing_id";

const NOT_BACK: &str = "select listing_id, cast(sum(lost) as bigint) as lost from loan \
    where lost > 0 and listing_id > $1 and listing_id <= $2 group by listing_id";

/// Listings whose queue stands though it could move, and lines that wait for what is not offered any more.
const STUCK: &str = "select s.listing_id, l.state <> 'LISTED' as gone from listing_stock s \
    join listing l on l.id = s.listing_id join request_line q on q.listing_id = s.listing_id and q.state = 'QUEUED' \
    where s.listing_id > $1 and s.listing_id <= $2 and not exists (select 1 from request_line p \
        where p.listing_id = q.listing_id and p.state = 'QUEUED' and p.queue_place < q.queue_place) \
    and (l.state <> 'LISTED' or (l.paused_at is null and q.quantity <= s.available \
        and not exists (select 1 from claim_window w where w.listing_id = l.id and w.state in ('OPEN', 'CLOSED')) \
        and not exists (select 1 from asset a \
        left join storage_place bin on bin.id = a.bin_id left join storage_place rack on rack.id = bin.parent_id \
        join asset_freeze f on f.until_at is null \
        and f.scope_id in (l.id, a.id, l.unit_id, bin.id, rack.id, rack.parent_id) where a.id = l.asset_id)))";

/// Checks all listings; gives what does not agree (empty: all is well) and how many listings were read.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(conn: &impl ConnectionTrait) -> Result<(Vec<String>, u64), DbErr> {
    let mut faults = Vec::new();
    let mut read = 0;
    let mut last = Uuid::nil();
    loop {
        let stocks = listing_stock::Entity::find()
            .filter(listing_stock::Column::ListingId.gt(last))
            .order_by_asc(listing_stock::Column::ListingId)
            .limit(BATCH)
            .all(conn)
            .await?;
        let Some(newest) = stocks.last().map(|stock| stock.listing_id) else { return Ok((faults, read)) };
        let backend = conn.get_database_backend();
        let range = || [last.into(), newest.into()];
        let sums = Statement::from_sql_and_values(backend, SUMS, range());
        let mut lines: HashMap<Uuid, Lines> = HashMap::new();
        for sum in Lines::find_by_statement(sums).all(conn).await? {
            lines.insert(sum.listing_id, sum);
        }
        let mut taken_back: HashMap<Uuid, i64> = HashMap::new();
        for row in conn.query_all_raw(Statement::from_sql_and_values(backend, TAKEN_BACK, range())).await? {
            taken_back.insert(row.try_get("", "listing_id")?, row.try_get("", "received")?);
        }
        for row in conn.query_all_raw(Statement::from_sql_and_values(backend, NOT_BACK, range())).await? {
            let id: Uuid = row.try_get("", "listing_id")?;
            let lines = lines.entry(id).or_insert_with(|| Lines { listing_id: id, ..Lines::default() });
            lines.lost += row.try_get::<i64>("", "lost")?;
        }
        for row in conn.query_all_raw(Statement::from_sql_and_values(backend, STUCK, range())).await? {
            let (id, gone): (Uuid, bool) = (row.try_get("", "listing_id")?, row.try_get("", "gone")?);
            faults.push(if gone {
                format!("listing {id}: somebody waits for it, and it is not offered")
            } else {
                format!("listing {id}: the first of its queue could have its pieces")
            });
        }
        for stock in &stocks {
            read += 1;
            let none = Lines::default();
            let sums = lines.get(&stock.listing_id).unwrap_or(&none);
            let back = taken_back.get(&stock.listing_id).copied().unwrap_or_default();
            compare(stock, sums, back, &mut faults);
        }
        last = newest;
    }
}

fn compare(stock: &listing_stock::Model, lines: &Lines, taken_back: i64, faults: &mut Vec<String>) {
    let id = stock.listing_id;
    let parts = [
        stock.available,
        stock.held,
        stock.reserved,
        stock.in_transit,
        stock.delivered,
        stock.withdrawn,
        stock.lost,
    ];
    if parts.iter().sum::<i64>() != stock.offered || parts.iter().any(|part| *part < 0) {
        faults.push(format!("listing {id}: its counters do not sum to what it offers"));
    }
    for (name, counter, lines) in [
        ("held", stock.held, lines.held),
        ("reserved", stock.reserved, lines.reserved),
        ("in transit", stock.in_transit, lines.in_transit),
        ("delivered", stock.delivered, lines.received - taken_back),
        ("lost", stock.lost, lines.lost),
    ] {
        if counter != lines {
            faults.push(format!("listing {id}: {name} is {counter}, its lines say {lines}"));
        }
    }
    if lines.odd > 0 {
        faults.push(format!("listing {id}: {} of its lines have counts that cannot be", lines.odd));
    }
    if lines.waiting != lines.tickets {
        faults.push(format!("listing {id}: two of its waiting lines share a place in the queue"));
    }
}
