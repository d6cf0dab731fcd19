//! Takes the bytes of an announced import at its signed address, and brings them back for whoever reads them.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

use anyhow::Context;
use bytes::Bytes;
use entity::imports::{ImportState, import};
use futures_util::{Stream, TryStreamExt};
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::file::Source;
use crate::app::App;
use crate::fault::{Code, Fault, Rejection};
use crate::photos::store::{Content, StoreError, import_key};

/// Streams the bytes into the store; what does not have the size and hash that were announced is thrown away.
///
/// The address was verified by the caller: holding it is the right to put.
///
/// # Errors
/// [`Code::NotFound`] for an import that is over, [`Code::WrongState`] for one that was read already, [`Code::OutOfRange`]
/// and [`Code::Malformed`] for other bytes than announced.
pub async fn receive<S, E>(app: &App, import: Uuid, body: S) -> Result<(), Fault>
where
    S: Stream<Item = Result<Bytes, E>> + Send + 'static,
    E: std::fmt::Display + Send + 'static,
{
    let row = import::Entity::find_by_id(import).one(app.db().read()).await?;
    let row = row.filter(|row| row.expires_at > app.clock().now()).ok_or(Code::NotFound)?;
    if row.state != ImportState::Announced {
        return Err(Rejection::new(Code::WrongState).with("state", row.state).into());
    }
    let sha256 = hex::decode(&row.sha256).context("the hash")?.try_into();
    let sha256 = sha256.map_err(|_| anyhow::anyhow!("no SHA-256"))?;
    let announced = Content { length: u64::try_from(row.bytes).context("the size")?, sha256 };
    match app.photos().store.put_stream(&import_key(import), body, announced).await {
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

/// A copy on this machine, without a name: it is gone with whoever holds it, also when the process is killed.
#[derive(Debug)]
pub(super) struct Local(File);

impl Local {
    /// Brings the file of an import here; none where it was not put yet, or was removed.
    pub(super) async fn fetch(app: &App, import: Uuid) -> Result<Option<Self>, Fault> {
        let mut body = match app.photos().store.get(&import_key(import)).await {
            Ok(body) => body,
            Err(StoreError::NotFound { .. }) => return Ok(None),
            Err(other) => return Err(Fault::Internal(other.into())),
        };
        let folder = app.data_dir().to_owned();
        let mut file = blocking(move || tempfile::tempfile_in(folder)).await?;
        while let Some(chunk) = body.stream.try_next().await.context("the store")? {
            file = blocking(move || {
                file.write_all(&chunk)?;
                Ok(file)
            })
            .await?;
        }
        Ok(Some(Self(file)))
    }

    /// From its beginning. One reader at a time: they share a place in the file.
    pub(super) fn source(&self) -> std::io::Result<Source> {
        let mut file = self.0.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file.into())
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(work).await.context("a file")?;
    Ok(done.context("a file")?)
}
