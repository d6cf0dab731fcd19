//! Pictures that came another way than by an upload: the same processing, and the same rows.

use bytes::Bytes;
use entity::events::Subject;
use entity::photos::PhotoStage;
use serde_json::json;
use uuid::Uuid;

use super::finish_upload::{NewPhoto, keep, refused, write};
use super::image::{PhotoFault, PhotoType, Processed};
use super::processor::ProcessError;
use super::rights;
use crate::app::App;
use crate::authz::Operation;
use crate::fault::{Fault, Rejection};
use crate::identity::Actor;
use crate::write::Tx;

/// A picture whose sizes are kept, and which no card shows yet.
#[derive(Debug)]
pub struct Prepared {
    sha256: String,
}

/// Processes a picture outside of any transaction, and keeps its sizes.
///
/// # Errors
/// [`Code::PhotoRefused`](crate::fault::Code::PhotoRefused) with the reason.
pub async fn prepare(app: &App, bytes: Bytes) -> Result<Prepared, Fault> {
    // What it says it is, is a name in an archive: the bytes themselves tell.
    let kind = PhotoType::of(&bytes).map_err(|found| refused(PhotoFault::WrongType { found }))?;
    let processed: Processed = match app.photos().processor.process(bytes, kind.into()).await {
        Ok(processed) => processed,
        Err(ProcessError::Photo(fault)) => return Err(refused(fault).into()),
        Err(other) => return Err(Fault::Internal(other.into())),
    };
    let sha256 = hex::encode(processed.original_sha256);
    keep(app, &sha256, &processed).await?;
    Ok(Prepared { sha256 })
}

/// What a picture of more than the allowed bytes hears.
#[must_use]
pub fn too_large(app: &App) -> Rejection {
    refused(PhotoFault::TooLarge { limit: app.photos().processor.limits().max_bytes })
}

/// Puts the picture on a card, within the transaction of a use case.
///
/// # Errors
/// [`Code::NotFound`](crate::fault::Code::NotFound), [`Code::NotAllowed`](crate::fault::Code::NotAllowed),
/// [`Code::WrongState`](crate::fault::Code::WrongState), or that the card has all the photos it may have.
pub async fn attach(
    tx: &Tx,
    actor: &Actor,
    card: Uuid,
    picture: &Prepared,
    name: &str,
) -> Result<Uuid, Fault> {
    let card = rights::locked_card(tx.conn(), actor, Operation::FinishPhotoUpload, card).await?;
    let by = actor.account_id().ok_or(Fault::Unauthenticated)?;
    let new = NewPhoto { asset: card.id, sha256: &picture.sha256, name, stage: PhotoStage::Listing, by };
    let photo = write(tx, &new).await?;
    // Private: people write names of people into names of files.
    let payload = json!({ "photo": photo, "sha256": picture.sha256, "name": name });
    tx.record_private(Subject::Asset, card.id, card.version, "photo.added", &payload);
    Ok(photo)
}
