//! Removes imports that are past their time: file, report and row. What was loaded stays, and the trail says who loaded it.

use chrono::TimeDelta;
use entity::imports::{ImportState, import, import_fault};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::finish;
use crate::app::App;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::photos::store::{IMPORTS, import_key};
use crate::write::Command;

/// Imports cleared by one run.
const BATCH: u64 = 100;
/// Reasons removed by one transaction.
const ROWS: u64 = 5_000;
/// How long a file may lie whose import nobody knows.
const GRACE: TimeDelta = TimeDelta::days(30);

/// Removes report and row, part by part: purging never holds the writer for long.
async fn forget(app: &App, id: Uuid) -> Result<(), Fault> {
    use import_fault::Column::{ImportId, Line};
    loop {
        let beyond: Option<i64> = import_fault::Entity::find()
            .select_only()
            .column(Line)
            .filter(ImportId.eq(id))
            .order_by_asc(Line)
            .offset(ROWS)
            .limit(1)
            .into_tuple()
            .one(app.db().read())
            .await?;
        app.write(&Actor::system(), Command::new("purgeImport", None, &()), |tx| async move {
            let mut part = import_fault::Entity::delete_many().filter(ImportId.eq(id));
            if let Some(line) = beyond {
                part = part.filter(Line.lte(line));
            }
            part.exec(tx.conn()).await?;
            if beyond.is_none() {
                import::Entity::delete_by_id(id).exec(tx.conn()).await?;
            }
            Ok(())
        })
        .await?;
        if beyond.is_none() {
            return Ok(());
        }
    }
}

/// Files that held something secret go when their run ends: also where the process was killed just then.
async fn secrets(app: &App) -> Result<(), Fault> {
    let ended: Vec<Uuid> = import::Entity::find()
        .select_only()
        .column(import::Column::Id)
        .filter(import::Column::Secret.gt(0))
        .filter(import::Column::State.is_not_in([ImportState::Queued, ImportState::Running]))
        .into_tuple()
        .all(app.db().read())
        .await?;
    for id in ended {
        finish::forget_secrets(app, id).await?;
    }
    Ok(())
}

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
        forget(app, *id).await?;
    }
    secrets(app).await?;
    let left = store
        .older_than(IMPORTS, now - GRACE, usize::try_from(BATCH).unwrap_or(100))
        .await
        .map_err(|error| Fault::Internal(error.into()))?;
    for key in &left {
        store.delete(key).await.map_err(|error| Fault::Internal(error.into()))?;
    }
    Ok((over.len() + left.len()) as u64)
}
