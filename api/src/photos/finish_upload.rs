//! Turns the bytes of an upload into a photo: only what comes out of this is ever served.

use entity::events::Subject;
use entity::photos::{PhotoStage, photo, photo_blob, photo_upload};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::image::{Declared, PhotoFault, PhotoType, Processed};
use super::processor::ProcessError;
use super::rights;
use super::start_upload::{MOST, too_many};
use super::store::{StoreError, rendition_key, upload_key};
use crate::app::App;
use crate::authz::Operation;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::{Command, Tx};

/// A photo that was made.
#[derive(Debug, Deserialize, Serialize)]
pub struct Finished {
    /// The photo.
    pub photo: Uuid,
    /// Asset it is of.
    pub asset: Uuid,
}

/// What to finish.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Finish {
    /// The upload.
    pub upload: Uuid,
    /// When the picture was taken.
    pub stage: PhotoStage,
}

/// Processes the upload outside of any transaction, then writes the photo down.
///
/// # Errors
/// [`Code::NotFound`] for an upload that is not there or not the caller's, [`Code::PhotoRefused`] with the reason,
/// [`Code::OutOfRange`] where the card has all the photos it may have.
pub async fn finish_upload(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: Finish,
) -> Result<Finished, Fault> {
    let command = || Command::new("finishPhotoUpload", key, &input);
    // A repetition of a finish that was acknowledged finds its upload gone: the stored answer comes first.
    if let Some(answer) = app.answered::<Finished>(actor, &command()).await? {
        // The answer carries fresh addresses of the picture, for whoever may still see it.
        rights::still(app.db().read(), actor, Operation::FinishPhotoUpload, answer.asset).await?;
        return Ok(answer);
    }
    let upload = photo_upload::Entity::find_by_id(input.upload).one(app.db().read()).await?;
    let missing = || Rejection::new(Code::NotFound).at("upload");
    let upload = upload.filter(|upload| actor.account_id() == Some(upload.created_by)).ok_or_else(missing)?;
    rights::card(app.db().read(), actor, Operation::FinishPhotoUpload, upload.asset_id).await?;
    let processed = process(app, &upload).await?;
    // Before the bytes: from here on the purge leaves them alone for a day.
    keep(app, &upload.sha256, &processed).await?;
    let upload = &upload;
    let finished = app
        .write(actor, command(), |tx| async move {
            // Held: two that finish the same picture, or the last one that fits, come one after the other.
            let (asset, operation) = (upload.asset_id, Operation::FinishPhotoUpload);
            let card = rights::locked_card(tx.conn(), actor, operation, asset).await?;
            // Gone where somebody else finished it at the same moment.
            let taken = photo_upload::Entity::delete_by_id(upload.id).exec(tx.conn()).await?;
            if taken.rows_affected != 1 {
                return Err(missing().into());
            }
            let new = NewPhoto {
                asset: upload.asset_id,
                sha256: &upload.sha256,
                name: &upload.name,
                stage: input.stage,
                by: upload.created_by,
            };
            let photo = write(&tx, &new).await?;
            // Private: people write names of people into names of files.
            tx.record_private(
                Subject::Asset,
                card.id,
                card.version,
                "photo.added",
                &serde_json::json!({ "photo": photo, "sha256": upload.sha256, "name": upload.name }),
            );
            Ok(Finished { photo, asset: card.id })
        })
        .await?;
    // What is left behind here is cleared by the purge.
    if let Err(error) = app.photos().store.delete(&upload_key(upload.id)).await {
        tracing::warn!(%error, "a finished upload was not deleted");
    }
    Ok(finished)
}

async fn process(app: &App, upload: &photo_upload::Model) -> Result<Processed, Fault> {
    let kind = PhotoType::from_media_type(&upload.content_type).ok_or(Code::NotFound)?;
    let sha256 = hex::decode(&upload.sha256).ok().and_then(|bytes| bytes.try_into().ok());
    let declared = Declared { kind, length: u64::try_from(upload.bytes).ok(), sha256 };
    let photos = app.photos();
    match photos.processor.process_stored(&photos.store, &upload_key(upload.id), declared).await {
        Ok(processed) => Ok(processed),
        Err(ProcessError::Photo(fault)) => Err(refused(fault).at("upload").into()),
        Err(ProcessError::Store(StoreError::NotFound { .. })) => {
            Err(Rejection::new(Code::WrongState).at("upload").with("state", "NOT_UPLOADED").into())
        }
        Err(other) => Err(Fault::Internal(other.into())),
    }
}

/// Why a picture is not taken.
pub(super) fn refused(fault: PhotoFault) -> Rejection {
    Rejection::new(Code::PhotoRefused)
        .with("reason", fault.code())
        .with("why_zh", fault.zh())
        .with("why_en", fault.en())
}

/// Notes the picture as one that is about to be shown, and keeps its sizes.
///
/// # Errors
/// [`Code::SlowDown`] while the purge is clearing the very picture; the store's.
pub(super) async fn keep(app: &App, sha256: &str, processed: &Processed) -> Result<(), Fault> {
    claim(app, sha256, processed).await?;
    for rendition in &processed.renditions {
        let key = rendition_key(&processed.original_sha256, rendition.size);
        let put = app.photos().store.put(&key, rendition.jpeg.clone()).await;
        put.map_err(|error| Fault::Internal(error.into()))?;
    }
    Ok(())
}

/// Notes the picture as one that is about to be shown.
///
/// # Errors
/// [`Code::SlowDown`] while the purge is clearing the very picture.
pub(super) async fn claim(app: &App, sha256: &str, processed: &Processed) -> Result<(), Fault> {
    use photo_blob::Column;
    app.write(&Actor::system(), Command::new("claimPicture", None, &()), |tx| async move {
        let blob = photo_blob::ActiveModel {
            sha256: Set(sha256.to_owned()),
            width: Set(i64::from(processed.width)),
            height: Set(i64::from(processed.height)),
            bytes: Set(i64::try_from(processed.original_length).unwrap_or(i64::MAX)),
            phash: Set(processed.perceptual_hash.to_string()),
            created_at: Set(tx.now()),
            clearing_at: Set(None),
        };
        let claimed = photo_blob::Entity::insert(blob)
            .on_conflict(
                OnConflict::column(Column::Sha256)
                    .update_column(Column::CreatedAt)
                    .action_and_where(Expr::col((photo_blob::Entity, Column::ClearingAt)).is_null())
                    .to_owned(),
            )
            .exec_without_returning(tx.conn())
            .await?;
        if claimed == 0 { Err(Rejection::new(Code::SlowDown).with("seconds", 60).into()) } else { Ok(()) }
    })
    .await
}

/// A photo to be written down.
pub(super) struct NewPhoto<'a> {
    pub(super) asset: Uuid,
    pub(super) sha256: &'a str,
    pub(super) name: &'a str,
    pub(super) stage: PhotoStage,
    pub(super) by: Uuid,
}

/// Writes a photo behind the others of its card, which is held.
pub(super) async fn write(tx: &Tx, new: &NewPhoto<'_>) -> Result<Uuid, Fault> {
    let of_card = || photo::Entity::find().filter(photo::Column::AssetId.eq(new.asset));
    let same = of_card().filter(photo::Column::Sha256.eq(new.sha256)).one(tx.conn()).await?;
    if let Some(same) = same {
        // The same picture again is the same photo, not a fault of the sender.
        return Ok(same.id);
    }
    if of_card().count(tx.conn()).await? >= MOST {
        return Err(too_many().into());
    }
    let last: Option<i64> = of_card()
        .select_only()
        .column(photo::Column::Position)
        .order_by_desc(photo::Column::Position)
        .limit(1)
        .into_tuple()
        .one(tx.conn())
        .await?;
    let photo = photo::ActiveModel {
        id: Set(tx.id()),
        asset_id: Set(new.asset),
        sha256: Set(new.sha256.to_owned()),
        position: Set(last.map_or(0, |last| last + 1)),
        stage: Set(new.stage),
        name: Set(new.name.to_owned()),
        created_by: Set(new.by),
        created_at: Set(tx.now()),
    };
    Ok(photo.insert(tx.conn()).await?.id)
}
