//! What was asked for was corrected: the asker says whether it still wants it, and a line that says nothing in time ends. Frozen
//! time does not count.

use chrono::{DateTime, Days, TimeDelta, Utc};
use entity::requests::{LineState, request_line};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::expire::Expired;
use super::rules::{self, Command};
use super::steps::{self, Change};
use super::{frozen, line, read};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::catalogue;
use crate::catalogue::calendar::Calendar;
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::{self, Tx};

/// What the asker says.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Which line.
    pub line_id: Uuid,
    /// The version that was looked at: a later correction is another question.
    pub version: i64,
    /// Whether the asker still wants it.
    pub accept: bool,
    /// Why, or why not.
    pub comment: Option<String>,
}

/// Which line it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Done {
    /// Its identity.
    pub line_id: Uuid,
}

/// Answers a correction, for the asker's side.
///
/// # Errors
/// [`Code::WrongState`] where nothing is to be confirmed, [`Code::Stale`] where it was corrected again.
pub async fn confirm(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("confirmCorrection", key, input), |tx: Tx| async move {
        let unit = read::unit_of_line(&tx, actor, input.line_id).await?;
        actor.allow(Operation::ConfirmCorrection, &Parties::receiver(unit))?;
        let mut faults = Vec::new();
        let comment =
            checks::optional_text(&mut faults, "comment", input.comment.as_deref(), rules::LONGEST_TEXT);
        Fault::all(faults)?;
        let before = line::lock(&tx, input.line_id).await?;
        if before.version != input.version {
            return Err(Rejection::new(Code::Stale).at("version").into());
        }
        let comment = comment.or_else(|| before.comment.clone());
        let before = request_line::Model { comment, ..before };
        if input.accept {
            line::carry_out(&tx, &before, Command::Confirm).await?;
        } else {
            give_up(&tx, &before, Command::Decline).await?;
        }
        Ok(Done { line_id: before.id })
    })
    .await
}

/// Ends a line, or what of it was not handed over; the queue moves up.
async fn give_up(tx: &Tx, before: &request_line::Model, command: Command) -> Result<(), Fault> {
    let (after, _) = line::carry_out(tx, before, command).await?;
    if matches!(after.state, LineState::Cancelled | LineState::Expired) {
        line::close_case(tx, after.id).await?;
    } else {
        steps::close_if_settled(tx, &after).await?;
    }
    // Also where it only waited: whoever stood first kept the others waiting.
    steps::settle_queue(tx, after.listing_id, Change::Freed).await
}

/// The end of the term for an answer that is asked for now: that of its last working day.
pub(super) async fn until(tx: &Tx) -> Result<DateTime<Utc>, Fault> {
    let days = catalogue::steps::setting(tx, "correction_days").await?;
    let due = Calendar::load(tx.conn(), tx.today(), days).await?.after(tx.today(), days);
    let next = due.checked_add_days(Days::new(1)).unwrap_or(due);
    Ok(tx.app().clock().instant(next.and_time(chrono::NaiveTime::MIN)))
}

#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    lapsed: bool,
}

/// Ends at most `limit` lines, or rests of lines, whose askers have not answered in time: one transaction a line.
///
/// # Errors
/// When the database does not answer.
pub async fn lapse(app: &App, limit: u64) -> Result<Expired, Fault> {
    let due: Vec<Uuid> = request_line::Entity::find()
        .select_only()
        .column(request_line::Column::Id)
        .filter(request_line::Column::ConfirmUntil.lte(app.clock().now()))
        .order_by_asc(request_line::Column::ConfirmUntil)
        .order_by_asc(request_line::Column::Id)
        .limit(limit)
        .into_tuple()
        .all(app.db().read())
        .await?;
    let mut done = Expired { looked_at: due.len() as u64, lapsed: 0 };
    for id in due {
        let command = write::Command::new("lapseConfirmation", None, &id);
        match app.write(&Actor::system(), command, |tx| async move { lapse_one(&tx, id).await }).await {
            Ok(answer) => done.lapsed += u64::from(answer.lapsed),
            // One line that cannot end must not keep all later ones.
            Err(fault) => tracing::error!(line = %id, ?fault, "a line that nobody confirmed did not end"),
        }
    }
    Ok(done)
}

async fn lapse_one(tx: &Tx, id: Uuid) -> Result<Answer, Fault> {
    let before = line::lock(tx, id).await?;
    let due = before.confirm_until.filter(|until| *until <= tx.now()).zip(before.confirm_counted_to);
    let Some((until, counted_to)) = due else { return Ok(Answer { lapsed: false }) };
    let listing = line::listing(tx, &before).await?;
    let pause = frozen::time_since(tx, &listing, counted_to).await?;
    if pause > TimeDelta::zero() {
        let until = until + pause;
        let (after, _) = line::carry_out(tx, &before, Command::ExtendConfirmation { until }).await?;
        if until > tx.now() {
            return Ok(Answer { lapsed: false });
        }
        give_up(tx, &after, Command::Lapse).await?;
    } else {
        give_up(tx, &before, Command::Lapse).await?;
    }
    Ok(Answer { lapsed: true })
}
