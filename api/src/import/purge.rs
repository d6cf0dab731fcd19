//! Removes imports that are past their time: file, report and row. What was loaded stays, and the trail says who loaded it.

use chrono::TimeDelta;
use entity::imports::{ImportState, import, import_fault};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::app::App;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::photos::store::{IMPORTS, import_key};
use crate::write::Command;

/// Imports cleared by one run.
const BATCH: u64 = 100;
/// How long a file may lie whose import nobody knows.
const GRACE: TimeDelta = TimeDelta::days(30);

/// Removes one batch; gives how many things went.
///
/// # Errors
/// When the database or the store does not answer.
pub async fn purge(app: &App) -> Result<u64, Fault> {
    let now = app.clock().now();
    let over: Vec<Uuid> = import::Entity::find()
        .select_only()
        .column(import::Column::Id)
        .filter(import::Column::ExpiresAt.lt(now))
        .filter(import::Column::State.is_not_in([ImportState::Queued, ImportState::Running]))
        .limit(BATCH)
        .into_tuple()
        .all(app.db().read())
        .await?;
    let store = &app.photos().store;
    for id in &over {
        store.delete(&import_key(*id)).await.map_err(|error| Fault::Internal(error.into()))?;
        app.write(&Actor::system(), Command::new("purgeImport", None, &()), |tx| async move {
            import_fault::Entity::delete_many()
                .filter(import_fault::Column::ImportId.eq(*id))
                .exec(tx.conn())
                .await?;
            import::Entity::delete_by_id(*id).exec(tx.conn()).await?;
            Ok(())
        })
        .await?;
    }
    let left = store
        .older_than(IMPORTS, now - GRACE, usize::try_from(BATCH).unwrap_or(100))
        .await
        .map_err(|error| Fault::Internal(error.into()))?;
    for key in &left {
        store.delete(key).await.map_err(|error| Fault::Internal(error.into()))?;
    }
    Ok((over.len() + left.len()) as u64)
}
