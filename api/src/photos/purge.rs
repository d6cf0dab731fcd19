//! Clears uploads that were announced and never finished, and pictures that no asset shows any more.

use chrono::TimeDelta;
use entity::photos::{photo, photo_blob, photo_upload};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};

use super::image::PhotoSize;
use super::store::{UPLOADS, rendition_key};
use crate::app::App;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::write::Command;

/// Things cleared by one run.
const BATCH: usize = 200;
/// How long a picture that nobody shows stays: a finish that is under way may be about to show it.
const GRACE: TimeDelta = TimeDelta::days(1);

/// Clears one batch of each; gives how many things went.
///
/// # Errors
/// When the database or the store does not answer.
pub async fn purge(app: &App) -> Result<u64, Fault> {
    let now = app.clock().now();
    let rows = app
        .write(&Actor::system(), Command::new("purgeUploads", None, &()), |tx| async move {
            let over = photo_upload::Entity::delete_many().filter(photo_upload::Column::ExpiresAt.lt(now));
            Ok(over.exec(tx.conn()).await?.rows_affected)
        })
        .await?;
    let store = &app.photos().store;
    let left =
        store.older_than(UPLOADS, now - GRACE, BATCH).await.map_err(|error| Fault::Internal(error.into()))?;
    for key in &left {
        store.delete(key).await.map_err(|error| Fault::Internal(error.into()))?;
    }
    Ok(rows + left.len() as u64 + blobs(app).await?)
}

/// Clears pictures in three steps, so that no finish meets one half cleared: the row is marked (and refuses to be shown),
/// the files go, the row goes. A run that is cut off leaves the mark, and the next one goes on from there.
async fn blobs(app: &App) -> Result<u64, Fault> {
    use photo_blob::Column;
    let now = app.clock().now();
    let unseen = || {
        let shown = Expr::exists(
            Query::select()
                .expr(Expr::value(1))
                .from(photo::Entity)
                .and_where(
                    Expr::col((photo::Entity, photo::Column::Sha256))
                        .equals((photo_blob::Entity, Column::Sha256)),
                )
                .take(),
        );
        Condition::all().add(Column::CreatedAt.lt(now - GRACE)).add(shown.not())
    };
    let found: Vec<String> = photo_blob::Entity::find()
        .select_only()
        .column(Column::Sha256)
        .filter(unseen())
        .limit(BATCH as u64)
        .into_tuple()
        .all(app.db().read())
        .await?;
    let mut gone = 0;
    for sha256 in &found {
        let marked = app
            .write(&Actor::system(), Command::new("markPicture", None, &()), |tx| async move {
                let mark = photo_blob::Entity::update_many()
                    .col_expr(Column::ClearingAt, Expr::value(now))
                    .filter(Column::Sha256.eq(sha256))
                    .filter(unseen());
                Ok(mark.exec(tx.conn()).await?.rows_affected)
            })
            .await?;
        let hash: Option<[u8; 32]> = hex::decode(sha256).ok().and_then(|bytes| bytes.try_into().ok());
        let (1.., Some(hash)) = (marked, hash) else { continue };
        for size in PhotoSize::ALL {
            let key = rendition_key(&hash, size);
            app.photos().store.delete(&key).await.map_err(|error| Fault::Internal(error.into()))?;
        }
        gone += app
            .write(&Actor::system(), Command::new("purgePicture", None, &()), |tx| async move {
                let row =
                    photo_blob::Entity::delete_many().filter(Column::Sha256.eq(sha256)).filter(unseen());
                Ok(row.exec(tx.conn()).await?.rows_affected)
            })
            .await?;
    }
    Ok(gone)
}
