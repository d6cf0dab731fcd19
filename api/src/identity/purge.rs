//! Removes what is past its time.

use chrono::TimeDelta;
use entity::identity::{one_time_code, session};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use super::Actor;
use crate::app::App;
use crate::fault::Fault;
use crate::write::Command;

/// Rows removed by one transaction: purging never holds the writer for long.
const BATCH: u64 = 1_000;
/// Sessions are kept a while beyond their end, for whoever looks into an incident.
const KEPT: TimeDelta = TimeDelta::days(7);

/// Removes sessions that ended more than a week ago and codes that count no more; gives how many rows went.
///
/// # Errors
/// When the database does not answer.
pub async fn purge(app: &App) -> Result<u64, Fault> {
    let before = app.clock().now() - KEPT;
    let mut all = 0;
    loop {
        let gone = app
            .write(&Actor::system(), Command::new("purgeSessions", None, &()), |tx| async move {
                one_time_code::Entity::delete_many()
                    .filter(one_time_code::Column::ExpiresAt.lt(before))
                    .exec(tx.conn())
                    .await?;
                let old = session::Entity::find()
                    .select_only()
                    .column(session::Column::Id)
                    .filter(session::Column::ExpiresAt.lt(before))
                    .order_by_asc(session::Column::ExpiresAt)
                    .limit(BATCH);
                let gone = session::Entity::delete_many()
                    .filter(session::Column::Id.in_subquery(old.into_query()))
                    .exec(tx.conn())
                    .await?;
                Ok(gone.rows_affected)
            })
            .await?;
        all += gone;
        if gone < BATCH {
            return Ok(all);
        }
    }
}
