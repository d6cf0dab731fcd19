//! Asks the holders of VIRTUAL offers every so many days whether what they offer is still there, and pauses what they do not answer
//! for: nobody new sees it, and its queue stands. Who holds pieces or was promised some keeps them. Run again and again by a job, one
//! transaction an offer; what is frozen is neither asked for nor paused, and frozen time does not count.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use entity::events::Subject;
use entity::listings::{Custody, ListingState, listing, listing_stock};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::catalogue;
use crate::catalogue::calendar::Calendar;
use crate::fault::{Code, Fault};
use crate::identity::Actor;
use crate::listings::steps as offers;
use crate::requests::steps as requests;
use crate::write::{Command, Tx};

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done<K> {
    /// Where the next run goes on; none at the end.
    pub after: Option<(K, Uuid)>,
    /// Offers that changed.
    pub changed: u64,
}

/// Asks for at most `limit` offers, in the order in which they were confirmed last, after `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn ask(
    app: &App,
    limit: u64,
    after: Option<(DateTime<Utc>, Uuid)>,
) -> Result<Done<DateTime<Utc>>, Fault> {
    use listing::Column::{ConfirmedAt, Id};
    let days = catalogue::read::setting(app.db().read(), "reconfirm_days", app.clock().today()).await?;
    if days == 0 {
        return Ok(Done { after: None, changed: 0 });
    }
    let mut select = listing::Entity::find()
        .select_only()
        .columns([ConfirmedAt, Id])
        .filter(askable())
        .filter(ConfirmedAt.lt(before(app, days)))
        .filter(has_pieces());
    if let Some((at, id)) = after {
        select = select.filter(
            Condition::any()
                .add(ConfirmedAt.gt(at))
                .add(Condition::all().add(ConfirmedAt.eq(at)).add(Id.gt(id))),
        );
    }
    let found: Vec<(Option<DateTime<Utc>>, Uuid)> = select
        .order_by_asc(ConfirmedAt)
        .order_by_asc(Id)
        .limit(limit)
        .into_tuple()
        .all(app.db().read())
        .await?;
    let last = found.last().and_then(|(at, id)| Some((((*at)?), *id)));
    let mut done = Done { after: last.filter(|_| found.len() as u64 == limit), changed: 0 };
    for (_, id) in found {
        let command = Command::new("askToReconfirm", None, &id);
        match app.write(&Actor::system(), command, |tx| async move { ask_one(&tx, id, days).await }).await {
            Ok(asked) => done.changed += u64::from(asked),
            // One offer must not keep all later ones.
            Err(fault) => tracing::error!(listing = %id, ?fault, "a holder was not asked"),
        }
    }
    Ok(done)
}

/// What is shown, stays with its holder, and was not asked for since it was confirmed. As the index has it.
fn askable() -> Condition {
    Condition::all().add(Expr::cust(
        "listing.state = 'LISTED' and listing.custody = 'VIRTUAL' and listing.reconfirm_by is null",
    ))
}

/// Something of it is with its holder: of what is sold out nothing is asked.
fn has_pieces() -> Expr {
    use listing_stock::Column::{Available, Held, ListingId, Reserved};
    let left = Expr::col(Available).add(Expr::col(Held)).add(Expr::col(Reserved));
    Expr::exists(
        Query::select()
            .expr(Expr::value(1))
            .from(listing_stock::Entity)
            .and_where(
                Expr::col((listing_stock::Entity, ListingId)).equals((listing::Entity, listing::Column::Id)),
            )
            .and_where(left.gt(0))
            .take(),
    )
}

/// The instant before which an offer was confirmed that is to be confirmed again.
fn before(app: &App, days: i64) -> DateTime<Utc> {
    let today = app.clock().today();
    let day = today.checked_sub_days(Days::new(u64::try_from(days - 1).unwrap_or(0))).unwrap_or(today);
    app.clock().instant(day.and_time(chrono::NaiveTime::MIN))
}

async fn locked(tx: &Tx, id: Uuid) -> Result<listing::Model, Fault> {
    offers::lock(tx, id).await?;
    offers::load(tx, id).await?.ok_or_else(|| Code::NotFound.into())
}

async fn ask_one(tx: &Tx, id: Uuid, days: i64) -> Result<bool, Fault> {
    let offer = locked(tx, id).await?;
    let due = offer.state == ListingState::Listed
        && offer.custody == Custody::Virtual
        && offer.reconfirm_by.is_none()
        && offer.confirmed_at.is_some_and(|at| at < before(tx.app(), days));
    if !due || offers::frozen(tx, id).await? {
        return Ok(false);
    }
    let term = catalogue::steps::setting(tx, "reconfirm_answer_days").await?;
    let by = Calendar::load(tx.conn(), tx.today(), term).await?.after(tx.today(), term);
    let next = listing::Model { reconfirm_by: Some(by), reconfirm_counted_to: Some(tx.now()), ..offer };
    let saved = offers::save(tx, next).await?;
    let payload = json!({ "unitId": saved.unit_id, "by": by, "confirmedAt": saved.confirmed_at });
    tx.record(Subject::Listing, saved.id, saved.version, "listing.reconfirmAsked", &payload);
    Ok(true)
}

/// Pauses at most `limit` offers whose holders have not answered, in the order of their due days, after `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn pause(
    app: &App,
    limit: u64,
    after: Option<(NaiveDate, Uuid)>,
) -> Result<Done<NaiveDate>, Fault> {
    use listing::Column::{Id, PausedAt, ReconfirmBy};
    let mut select = listing::Entity::find()
        .select_only()
        .columns([ReconfirmBy, Id])
        .filter(ReconfirmBy.lt(app.clock().today()))
        .filter(PausedAt.is_null());
    if let Some((day, id)) = after {
        select = select.filter(
            Condition::any()
                .add(ReconfirmBy.gt(day))
                .add(Condition::all().add(ReconfirmBy.eq(day)).add(Id.gt(id))),
        );
    }
    let found: Vec<(Option<NaiveDate>, Uuid)> = select
        .order_by_asc(ReconfirmBy)
        .order_by_asc(Id)
        .limit(limit)
        .into_tuple()
        .all(app.db().read())
        .await?;
    let last = found.last().and_then(|(day, id)| Some(((*day)?, *id)));
    let mut done = Done { after: last.filter(|_| found.len() as u64 == limit), changed: 0 };
    for (_, id) in found {
        let command = Command::new("pauseListing", None, &id);
        match app.write(&Actor::system(), command, |tx| async move { pause_one(&tx, id).await }).await {
            Ok(paused) => done.changed += u64::from(paused),
            Err(fault) => tracing::error!(listing = %id, ?fault, "an offer without an answer was not paused"),
        }
    }
    Ok(done)
}

async fn pause_one(tx: &Tx, id: Uuid) -> Result<bool, Fault> {
    let offer = locked(tx, id).await?;
    let asked = offer.reconfirm_by.zip(offer.reconfirm_counted_to).filter(|_| offer.paused_at.is_none());
    let Some((by, counted_to)) = asked else { return Ok(false) };
    if offers::frozen(tx, id).await? {
        return Ok(false);
    }
    let frozen = requests::frozen_since(tx, &offer, counted_to).await?;
    let by = by.checked_add_days(whole_days(frozen)).unwrap_or(by);
    let grace = catalogue::steps::setting(tx, "reconfirm_grace_days").await?;
    let late = tx.today() > Calendar::load(tx.conn(), by, grace).await?.after(by, grace);
    if !late && frozen <= TimeDelta::zero() {
        return Ok(false);
    }
    let next = listing::Model {
        reconfirm_by: Some(by),
        reconfirm_counted_to: Some(tx.now()),
        paused_at: late.then(|| tx.now()),
        ..offer
    };
    let saved = offers::save(tx, next).await?;
    let kind = if late { "listing.paused" } else { "listing.reconfirmExtended" };
    tx.record(Subject::Listing, saved.id, saved.version, kind, &json!({ "unitId": saved.unit_id, "by": by }));
    Ok(late)
}

/// Days of a pause, a part of a day as a whole one: in favour of the holder.
fn whole_days(pause: TimeDelta) -> Days {
    let seconds = u64::try_from(pause.num_seconds()).unwrap_or(0);
    Days::new(seconds.div_ceil(86_400))
}
