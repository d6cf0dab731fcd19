//! Who sees an offer (公示范围), step by step: the holder's department, its region, the whole city, each for some working days. How
//! many is data (`audience_department_days`, `audience_region_days`); 0 leaves a step out, and a city that sets neither shows
//! everything to everybody at once.
//!
//! The step is kept as one identity, that of a department or a region: whose units belong to it is known of the caller
//! ([`Actor::audiences`](crate::identity::Actor::audiences)), for the database and the index alike, so that nothing is written
//! when a unit moves.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use entity::events::Subject;
use entity::listings::{Audience, ListingState, listing};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::steps;
use crate::app::App;
use crate::catalogue;
use crate::catalogue::calendar::Calendar;
use crate::fault::{Code, Fault};
use crate::identity::Actor;
use crate::write::{Command, Tx};

/// The next step after one, of those that the city has, counted from the day after `from`; after none the first.
async fn next(
    tx: &Tx,
    unit: Uuid,
    after: Option<Audience>,
    from: NaiveDate,
) -> Result<(Audience, Option<Uuid>, Option<DateTime<Utc>>), Fault> {
    let reference = tx.reference();
    let place = reference.unit(unit).map(|unit| unit.place_region_id);
    for (audience, id, name) in [
        (Audience::Department, Some(reference.department(unit)), "audience_department_days"),
        (Audience::Region, place, "audience_region_days"),
    ] {
        if after.is_some_and(|after| after >= audience) {
            continue;
        }
        let days = catalogue::steps::setting(tx, name).await?;
        if days == 0 || id.is_none() {
            continue;
        }
        let last = Calendar::load(tx.conn(), from, days).await?.after(from, days);
        let end = last.succ_opt().unwrap_or(last).and_time(NaiveTime::MIN);
        return Ok((audience, id, Some(tx.app().clock().instant(end))));
    }
    Ok((Audience::City, None, None))
}

/// The first step of what is listed now. A directed offer skips them all: it names who sees it.
pub(crate) async fn begin(tx: &Tx, listing: listing::Model) -> Result<listing::Model, Fault> {
    let (audience, audience_id, audience_until) = match listing.directed_to {
        Some(_) => (Audience::City, None, None),
        None => next(tx, listing.unit_id, None, tx.today()).await?,
    };
    Ok(listing::Model { audience, audience_id, audience_until, ..listing })
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Offers looked at; as many as the limit means that there may be more.
    pub looked_at: u64,
    /// Offers that more units see now.
    pub changed: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    changed: bool,
}

/// Widens at most `limit` offers whose step is over. Run again and again by a job: one transaction an offer, and one that is not
/// due any more is left alone. The index hears of each.
///
/// # Errors
/// When the database does not answer.
pub async fn widen(app: &App, limit: u64) -> Result<Done, Fault> {
    let due: Vec<Uuid> = listing::Entity::find()
        .select_only()
        .column(listing::Column::Id)
        .filter(listing::Column::AudienceUntil.lte(app.clock().now()))
        .order_by_asc(listing::Column::AudienceUntil)
        .limit(limit)
        .into_tuple()
        .all(app.db().read())
        .await?;
    let mut done = Done { looked_at: due.len() as u64, changed: 0 };
    for id in due {
        match one(app, id).await {
            Ok(changed) => done.changed += u64::from(changed),
            // Somebody changed it meanwhile: the next run widens it.
            Err(Fault::Rejected(_)) => {}
            Err(fault) => tracing::error!(listing = %id, ?fault, "an offer was not widened"),
        }
    }
    Ok(done)
}

async fn one(app: &App, id: Uuid) -> Result<bool, Fault> {
    let system = Actor::system();
    let answer = app.write(&system, Command::new("widenAudience", None, &id), |tx: Tx| async move {
        let listing = steps::load(&tx, id).await?.ok_or(Code::NotFound)?;
        let Some(until) = listing.audience_until.filter(|until| *until <= tx.now()) else {
            return Ok(Answer { changed: false });
        };
        // Its last day, whenever this is run: a step is no longer for a service that stood still.
        let last = tx.app().clock().civil_day(until - TimeDelta::microseconds(1));
        // What is not offered any more needs no further step.
        let (audience, audience_id, audience_until) = match listing.state {
            ListingState::Listed => next(&tx, listing.unit_id, Some(listing.audience), last).await?,
            _ => (listing.audience, listing.audience_id, None),
        };
        let wider = listing::Model { audience, audience_id, audience_until, ..listing };
        let saved = steps::save(&tx, wider).await?;
        let payload = json!({ "audience": saved.audience, "until": saved.audience_until });
        tx.record(Subject::Listing, saved.id, saved.version, "listing.widened", &payload);
        Ok(Answer { changed: true })
    });
    Ok(answer.await?.changed)
}
