//! Removes what is past its time.

use chrono::TimeDelta;
use entity::deliveries::{DeliveryState, delivery};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait};

use super::store::database_now;
use crate::app::App;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::write::Command;

/// Rows removed by one transaction: purging never holds the writer for long.
const BATCH: u64 = 1_000;
/// How long a delivery is kept that was made or left out. Dead letters stay until somebody decides.
const SETTLED: TimeDelta = TimeDelta::days(7);

/// Removes deliveries that were settled 7 days ago; gives how many rows went.
///
/// # Errors
/// When the database does not answer.
pub async fn purge(app: &App) -> Result<u64, Fault> {
    let mut all = 0;
    for state in [DeliveryState::Delivered, DeliveryState::Skipped] {
        loop {
            let gone = app
                .write(&Actor::system(), Command::new("purgeDeliveries", None, &()), |tx| async move {
                    use delivery::Column::{EndedAt, Id, State};
                    let old = delivery::Entity::find()
                        .select_only()
                        .column(Id)
                        .filter(State.eq(state))
                        .filter(EndedAt.lt(database_now(tx.conn()).await? - SETTLED))
                        .limit(BATCH);
                    let gone = delivery::Entity::delete_many()
                        .filter(Id.in_subquery(old.into_query()))
                        .exec(tx.conn())
                        .await?;
                    Ok(gone.rows_affected)
                })
                .await?;
            all += gone;
            if gone < BATCH {
                break;
            }
        }
    }
    Ok(all)
}
