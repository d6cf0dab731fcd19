//! Takes a photo off an asset.

use entity::events::Subject;
use entity::photos::photo;
use sea_orm::{EntityTrait, ModelTrait};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rights;
use crate::app::App;
use crate::authz::Operation;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::Command;

/// A photo that was removed.
#[derive(Debug, Deserialize, Serialize)]
pub struct Removed {
    /// Asset it was of.
    pub asset: Uuid,
}

/// Removes the photo. Its picture stays in the store as long as another asset shows it.
///
/// # Errors
/// [`Code::NotFound`], [`Code::NotAllowed`].
pub async fn remove(app: &App, actor: &Actor, key: Option<&str>, id: Uuid) -> Result<Removed, Fault> {
    app.write(actor, Command::new("removePhoto", key, &id), |tx| async move {
        let missing = || Rejection::new(Code::NotFound).at("photo");
        let photo = photo::Entity::find_by_id(id).one(tx.conn()).await?.ok_or_else(missing)?;
        let card = rights::card(tx.conn(), actor, Operation::RemovePhoto, photo.asset_id).await;
        let card = card.map_err(|fault| match fault {
            // Word for word what is said of a photo that is not there: a hidden card is not given away by its photos.
            Fault::Rejected(all) if all.iter().any(|one| one.code == Code::NotFound) => missing().into(),
            other => other,
        })?;
        tx.record(
            Subject::Asset,
            card.id,
            card.version,
            "photo.removed",
            &serde_json::json!({ "photo": photo.id, "sha256": photo.sha256 }),
        );
        photo.delete(tx.conn()).await?;
        Ok(Removed { asset: card.id })
    })
    .await
}
