//! Takes the bytes of an announced upload at its signed address.

use bytes::Bytes;
use entity::photos::photo_upload;
use futures_util::Stream;
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::store::{StoreError, upload_key};
use crate::app::App;
use crate::fault::{Code, Fault, Rejection};

/// Streams the bytes into the store; what does not have the size and hash that were announced is thrown away.
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
    let (store, key) = (&app.photos().store, upload_key(upload));
    let announced = u64::try_from(row.bytes).unwrap_or(0);
    let received = match store.put_stream(&key, body, announced).await {
        Ok(received) => received,
        Err(StoreError::TooLong { limit }) => {
            return Err(Rejection::new(Code::OutOfRange)
                .at("bytes")
                .with("least", 1)
                .with("most", limit)
                .into());
        }
        Err(StoreError::Incoming { .. }) => {
            return Err(Rejection::new(Code::Malformed).with("expected", "a complete upload").into());
        }
        Err(other) => return Err(Fault::Internal(other.into())),
    };
    if received.length != announced || hex::encode(received.sha256) != row.sha256 {
        store.delete(&key).await.map_err(|error| Fault::Internal(error.into()))?;
        return Err(Rejection::new(Code::Malformed).at("sha256").with("expected", row.sha256).into());
    }
    Ok(())
}
