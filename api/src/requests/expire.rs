//! Lets holds lapse that the asker's side forgot. Run again and again by a job: a small batch at a time, one
//! transaction a line, and a line that is not due any more is left alone.

use entity::requests::{LineState, request_line};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::line;
use super::rules::Command;
use super::steps::{self, Change};
use crate::app::App;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::write::{self, Tx};

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// Lines looked at; as many as the limit means that there may be more.
    pub looked_at: u64,
    /// Holds that lapsed.
    pub lapsed: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    lapsed: bool,
}

/// Lets at most `limit` holds lapse that are due now.
///
/// # Errors
/// When the database does not answer.
pub async fn expire_holds(app: &App, limit: u64) -> Result<Expired, Fault> {
    let due: Vec<Uuid> = request_line::Entity::find()
        .select_only()
        .column(request_line::Column::Id)
        .filter(request_line::Column::State.is_in([LineState::Submitted, LineState::Returned]))
        .filter(request_line::Column::HoldExpiresAt.lte(app.clock().now()))
        .order_by_asc(request_line::Column::HoldExpiresAt)
        .limit(limit)
        .into_tuple()
        .all(app.db().read())
        .await?;
    let mut done = Expired { looked_at: due.len() as u64, lapsed: 0 };
    for id in due {
        match expire_one(app, id).await {
            Ok(lapsed) => done.lapsed += u64::from(lapsed),
            // One line that cannot end must not keep the holds of all later ones.
            Err(fault) => tracing::error!(line = %id, ?fault, "a hold that is due did not lapse"),
        }
    }
    Ok(done)
}

async fn expire_one(app: &App, id: Uuid) -> Result<bool, Fault> {
    let command = write::Command::new("expireHold", None, &id);
    let answer = app
        .write(&Actor::system(), command, |tx: Tx| async move {
            let before = line::lock(&tx, id).await?;
            let Some(until) = before.hold_expires_at.filter(|until| *until <= tx.now()) else {
                return Ok(Answer { lapsed: false });
            };
            let listing = line::listing(&tx, &before).await?;
            if steps::count_frozen_time(&tx, &before, &listing, until).await? {
                return Ok(Answer { lapsed: false });
            }
            let (after, _) = line::carry_out(&tx, &before, Command::Expire).await?;
            line::close_case(&tx, after.id).await?;
            steps::settle_queue(&tx, after.listing_id, Change::Freed).await?;
            Ok(Answer { lapsed: true })
        })
        .await?;
    Ok(answer.lapsed)
}
