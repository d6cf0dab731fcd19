//! Takes the bytes of an announced upload at its signed address.

use bytes::Bytes;
use entity::photos::photo_upload;
use futures_util::Stream;
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::store::{Content, StoreError, upload_key};
use crate::app::App;
use crate::fault::{Code, Fault, Rejection};

/// Streams the bytes into the store; what does not have the size and hash that were announced is thrown away,
/// and takes nothing of an earlier, right one with it.
///
/// The address was verified by the caller: holding it is the right to put.
///
/// # Errors
/// [`Code::NotFound`] for an upload that is over, [`Code::OutOfRange`] and [`Code::Malformed`] for other bytes than
/// announced.
pub async fn receive<S, E>(app: &App, upload: Uuid, body: S) -> Result<(), Fault>
where
    S: Stream<Item = Result<Bytes, E>> + Send + 'static,
    E: std::fmt::Display + Send + 'static,
{
    let row = photo_upload::Entity::find_by_id(upload).one(app.db().read()).await?;
    let row = row.filter(|row| row.expires_at > app.clock().now()).ok_or(Code::NotFound)?;
    let announced = announced(&row)?;
    match app.photos().store.put_stream(&upload_key(upload), body, announced).await {
        Ok(()) => Ok(()),
        Err(StoreError::TooLong { limit }) => {
            Err(Rejection::new(Code::OutOfRange).at("bytes").with("least", 1).with("most", limit).into())
        }
        Err(StoreError::Unexpected) => {
            Err(Rejection::new(Code::Malformed).at("sha256").with("expected", row.sha256).into())
        }
        Err(StoreError::Incoming { .. }) => {
            Err(Rejection::new(Code::Malformed).with("expected", "a complete upload").into())
        }
        Err(other) => Err(Fault::Internal(other.into())),
    }
}

/// As `start_upload` checked and kept it.
fn announced(row: &photo_upload::Model) -> anyhow::Result<Content> {
    let sha256 = hex::decode(&row.sha256)?.try_into().map_err(|_| anyhow::anyhow!("no SHA-256"))?;
    Ok(Content { length: u64::try_from(row.bytes)?, sha256 })
}
