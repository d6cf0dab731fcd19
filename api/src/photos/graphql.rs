//! Photos in the schema.

use async_graphql::parser::types::Field;
use async_graphql::{Context, ContextSelectionSet, Enum, ID, InputObject, Object, SimpleObject};

use super::image::PhotoSize as Size;
use super::read::{PhotoRow, address};
use super::{finish_upload, read, remove, start_upload};
use crate::graphql::at_hand::AtHand;
use crate::graphql::context::Given;
use crate::graphql::enums::PhotoStage;
use crate::graphql::errors::{UserError, payload, query_error};
use crate::graphql::ids::{Kind, encode, expect};
use crate::graphql::json::Json;

/// Changes of photos.
#[derive(Debug, Default)]
pub struct PhotosMutation;

/// A picture of an asset.
#[derive(Clone, Debug)]
pub struct Photo(pub PhotoRow);

impl AtHand for Photo {
    fn write(&self, ctx: &ContextSelectionSet<'_>, field: &Field, json: &mut Json) -> bool {
        match field.name.node.as_str() {
            "id" => json.id(Kind::Photo, self.0.id),
            "width" => json.put(&self.0.width),
            "height" => json.put(&self.0.height),
            "url" => json.put(&address(ctx.app(), &self.0.sha256, Size::Medium)),
            _ => false,
        }
    }
}

/// Sizes by their longer side: never larger than the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Size")]
pub enum PhotoSize {
    /// 320 pixels.
    Small,
    /// 960 pixels.
    Medium,
    /// 2,048 pixels.
    Large,
}

#[Object]
impl Photo {
    /// Global id.
    async fn id(&self) -> ID {
        encode(Kind::Photo, self.0.id)
    }

    /// File name, for people.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// When it was taken.
    async fn stage(&self) -> PhotoStage {
        self.0.stage.into()
    }

    /// Pixels of the original, upright.
    async fn width(&self) -> i64 {
        self.0.width
    }

    /// Pixels of the original, upright.
    async fn height(&self) -> i64 {
        self.0.height
    }

    /// Address of a JPEG of this size, below the service's own origin. It expires in one to two hours.
    async fn url(
        &self,
        ctx: &Context<'_>,
        #[graphql(default_with = "PhotoSize::Medium")] size: PhotoSize,
    ) -> String {
        address(ctx.app(), &self.0.sha256, size.into())
    }
}

/// Input of `startPhotoUpload`.
#[derive(Debug, InputObject)]
pub struct StartPhotoUploadInput {
    /// Asset it is of.
    asset: ID,
    /// File name, for people.
    name: String,
    /// `image/jpeg`, `image/png` or `image/webp`.
    content_type: String,
    /// Bytes.
    bytes: i64,
    /// SHA-256 of the bytes, hex.
    sha256: String,
    /// Idempotency key.
    idempotency_key: Option<String>,
}

/// Answer of `startPhotoUpload`.
#[derive(Debug, SimpleObject)]
pub struct StartPhotoUploadPayload {
    /// The upload, for `finishPhotoUpload`.
    upload: Option<ID>,
    /// Put the bytes to this address, below the service's own origin, within an hour.
    put_url: Option<String>,
    /// What the caller can put right.
    errors: Vec<UserError>,
}

/// Input of `finishPhotoUpload`.
#[derive(Debug, InputObject)]
pub struct FinishPhotoUploadInput {
    /// The upload whose bytes were put.
    upload: ID,
    /// When the picture was taken.
    #[graphql(default_with = "PhotoStage::Listing")]
    stage: PhotoStage,
    /// Idempotency key.
    idempotency_key: Option<String>,
}

/// Answer of `finishPhotoUpload`.
#[derive(Debug, SimpleObject)]
pub struct FinishPhotoUploadPayload {
    /// The photo.
    photo: Option<Photo>,
    /// What the caller can put right.
    errors: Vec<UserError>,
}

/// Input of `removePhoto`.
#[derive(Debug, InputObject)]
pub struct RemovePhotoInput {
    /// The photo.
    photo: ID,
    /// Idempotency key.
    idempotency_key: Option<String>,
}

/// Answer of `removePhoto`.
#[derive(Debug, SimpleObject)]
pub struct RemovePhotoPayload {
    /// Whether it is gone.
    removed: bool,
    /// What the caller can put right.
    errors: Vec<UserError>,
}

#[Object]
impl PhotosMutation {
    /// Announces a photo; its bytes are then put to `putUrl`.
    async fn start_photo_upload(
        &self,
        ctx: &Context<'_>,
        input: StartPhotoUploadInput,
    ) -> async_graphql::Result<StartPhotoUploadPayload> {
        let actor = ctx.actor()?;
        let outcome = async {
            let announced = start_upload::Announced {
                asset: expect(Kind::Asset, &input.asset, "asset")?,
                name: input.name,
                content_type: input.content_type,
                bytes: input.bytes,
                sha256: input.sha256,
            };
            start_upload::start_upload(ctx.app(), actor, input.idempotency_key.as_deref(), &announced).await
        };
        let (started, errors) = payload(outcome.await, actor.locale())?;
        Ok(StartPhotoUploadPayload {
            put_url: started.as_ref().map(|started| start_upload::put_address(ctx.app(), started.upload)),
            upload: started.map(|started| encode(Kind::Upload, started.upload)),
            errors,
        })
    }

    /// Turns the bytes into a photo of the asset, or says why not.
    async fn finish_photo_upload(
        &self,
        ctx: &Context<'_>,
        input: FinishPhotoUploadInput,
    ) -> async_graphql::Result<FinishPhotoUploadPayload> {
        let actor = ctx.actor()?;
        let outcome = async {
            let finish = finish_upload::Finish {
                upload: expect(Kind::Upload, &input.upload, "upload")?,
                stage: input.stage.into(),
            };
            finish_upload::finish_upload(ctx.app(), actor, input.idempotency_key.as_deref(), finish).await
        };
        let (finished, errors) = payload(outcome.await, actor.locale())?;
        let photo = match finished {
            None => None,
            Some(finished) => read::find(ctx.app(), finished.photo)
                .await
                .map_err(|fault| query_error(fault, actor.locale()))?,
        };
        Ok(FinishPhotoUploadPayload { photo: photo.map(Photo), errors })
    }

    /// Takes a photo off its asset.
    async fn remove_photo(
        &self,
        ctx: &Context<'_>,
        input: RemovePhotoInput,
    ) -> async_graphql::Result<RemovePhotoPayload> {
        let actor = ctx.actor()?;
        let outcome = async {
            let photo = expect(Kind::Photo, &input.photo, "photo")?;
            remove::remove(ctx.app(), actor, input.idempotency_key.as_deref(), photo).await
        };
        let (removed, errors) = payload(outcome.await, actor.locale())?;
        Ok(RemovePhotoPayload { removed: removed.is_some(), errors })
    }
}
