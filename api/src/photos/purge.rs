//! Clears uploads that were announced and never finished, and pictures that no asset shows any more.

use chrono::{DateTime, TimeDelta, Utc};
use entity::photos::{photo, photo_blob, photo_upload};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::image::PhotoSize;
use super::store::{UPLOADS, rendition_key};
use crate::app::App;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::write::{Command, Tx};

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

async fn blobs(app: &App) -> Result<u64, Fault> {
    let before = app.clock().now() - GRACE;
    let found: Vec<String> = photo_blob::Entity::find()
        .select_only()
        .column(photo_blob::Column::Sha256)
        .filter(unseen(before))
        .limit(BATCH as u64)
        .into_tuple()
        .all(app.db().read())
        .await?;
    forget(app, &found, before).await
}

/// Takes all photos and announced uploads off these assets; gives the content hashes of what they showed, hex.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn take_off(tx: &Tx, assets: &[Uuid]) -> Result<Vec<String>, Fault> {
    let of_them = || photo::Column::AssetId.is_in(assets.iter().copied());
    let shown = photo::Entity::find()
        .select_only()
        .column(photo::Column::Sha256)
        .distinct()
        .filter(of_them())
        .into_tuple()
        .all(tx.conn())
        .await?;
    photo::Entity::delete_many().filter(of_them()).exec(tx.conn()).await?;
    photo_upload::Entity::delete_many()
        .filter(photo_upload::Column::AssetId.is_in(assets.iter().copied()))
        .exec(tx.conn())
        .await?;
    Ok(shown)
}

/// Deletes those of the pictures that no asset shows and nobody brought after `before`; gives how many went.
///
/// In three steps, so that no finish meets one half cleared: the row is marked (and refuses to be shown), the files go, the
/// row goes. A run that is cut off leaves the mark, and the next one goes on from there.
///
/// # Errors
/// When the database or the store does not answer.
pub(crate) async fn forget(app: &App, pictures: &[String], before: DateTime<Utc>) -> Result<u64, Fault> {
    use photo_blob::Column;
    let now = app.clock().now();
    let mut gone = 0;
    for sha256 in pictures {
        let marked = app
            .write(&Actor::system(), Command::new("markPicture", None, &()), |tx| async move {
                let mark = photo_blob::Entity::update_many()
                    .col_expr(Column::ClearingAt, Expr::value(now))
                    .filter(Column::Sha256.eq(sha256))
                    .filter(unseen(before));
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
                let row = photo_blob::Entity::delete_many()
                    .filter(Column::Sha256.eq(sha256))
                    .filter(unseen(before));
                Ok(row.exec(tx.conn()).await?.rows_affected)
            })
            .await?;
    }
    Ok(gone)
}

/// No asset shows it, and nobody brought it after `before`.
fn unseen(before: DateTime<Utc>) -> Condition {
    use photo_blob::Column;
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
    Condition::all().add(Column::CreatedAt.lte(before)).add(shown.not())
}
