//! Announces an upload: name, type, size and hash are checked before a byte is sent.

use chrono::TimeDelta;
use entity::photos::{photo, photo_upload};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, Set};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::address::Purpose;
use super::image::PhotoType;
use super::rights;
use crate::app::App;
use crate::authz::Operation;
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::Command;

/// How long the bytes may take to come.
const PATIENCE: TimeDelta = TimeDelta::hours(1);
/// Photos of one asset at most.
pub const MOST: u64 = 30;
/// Uploads that one account may have open: each may be 20 MB that nobody looked at yet.
const OPEN: u64 = 100;
/// Characters of a file name at most.
const NAME: usize = 200;

/// What is announced.
#[derive(Debug, Serialize)]
pub struct Announced {
    /// Asset it is of.
    pub asset: Uuid,
    /// File name, for people.
    pub name: String,
    /// `image/jpeg`, `image/png` or `image/webp`.
    pub content_type: String,
    /// Bytes.
    pub bytes: i64,
    /// SHA-256 of the bytes, hex.
    pub sha256: String,
}

/// An upload that may begin.
#[derive(Debug, Deserialize, Serialize)]
pub struct Started {
    /// The upload.
    pub upload: Uuid,
    /// Asset it is of.
    pub asset: Uuid,
}

/// Checks what is announced and opens the upload.
///
/// # Errors
/// Every fault of the announcement at once, each with its field; [`Code::NotFound`], [`Code::NotAllowed`];
/// [`Code::SlowDown`] where the account has too many uploads open.
pub async fn start_upload(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Announced,
) -> Result<Started, Fault> {
    let account = actor.account_id().ok_or(Fault::Unauthenticated)?;
    app.write(actor, Command::new("startPhotoUpload", key, input), |tx| async move {
        let card = rights::card(tx.conn(), actor, Operation::StartPhotoUpload, input.asset).await?;
        let taken = photo::Entity::find().filter(photo::Column::AssetId.eq(card.id)).count(tx.conn()).await?;
        let mut faults = check(input, app.photos().processor.limits().max_bytes);
        if taken >= MOST {
            faults.push(too_many());
        }
        Fault::all(faults)?;
        let open = photo_upload::Entity::find()
            .filter(photo_upload::Column::CreatedBy.eq(account))
            .filter(photo_upload::Column::ExpiresAt.gt(tx.now()));
        if open.count(tx.conn()).await? >= OPEN {
            return Err(Rejection::new(Code::SlowDown).with("seconds", PATIENCE.num_seconds()).into());
        }
        let upload = tx.id();
        photo_upload::ActiveModel {
            id: Set(upload),
            asset_id: Set(card.id),
            name: Set(input.name.clone()),
            content_type: Set(input.content_type.clone()),
            bytes: Set(input.bytes),
            sha256: Set(input.sha256.to_ascii_lowercase()),
            created_by: Set(account),
            created_at: Set(tx.now()),
            expires_at: Set(tx.now() + PATIENCE),
        }
        .insert(tx.conn())
        .await?;
        Ok(Started { upload, asset: card.id })
    })
    .await
}

/// The card has all the photos it may have.
pub(super) fn too_many() -> Rejection {
    Rejection::new(Code::OutOfRange).at("asset").with("least", 0).with("most", MOST)
}

fn check(input: &Announced, most: u64) -> Vec<Rejection> {
    let mut faults = Vec::new();
    checks::text(&mut faults, "name", &input.name, NAME);
    if PhotoType::from_media_type(&input.content_type).is_none() {
        let expected = "image/jpeg, image/png, image/webp";
        faults.push(Rejection::new(Code::Malformed).at("contentType").with("expected", expected));
    }
    if u64::try_from(input.bytes).ok().is_none_or(|bytes| bytes == 0 || bytes > most) {
        faults.push(Rejection::new(Code::OutOfRange).at("bytes").with("least", 1).with("most", most));
    }
    if input.sha256.len() != 64 || !input.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        faults.push(Rejection::new(Code::Malformed).at("sha256").with("expected", "64 × 0-9a-f"));
    }
    faults
}

/// Path and query to which the bytes of an upload are put.
#[must_use]
pub fn put_address(app: &App, upload: Uuid) -> String {
    let resource = upload.to_string();
    let query = app.photos().signer.sign(Purpose::PutUpload, &resource, app.clock().now() + PATIENCE);
    format!("/photos/uploads/{resource}?{}", query.to_query_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_an_announcement_is_told_at_once() {
        let input = Announced {
            asset: Uuid::nil(),
            name: "x".repeat(201),
            content_type: "image/gif".to_owned(),
            bytes: -1,
            sha256: "zz".to_owned(),
        };
        let fields: Vec<String> = check(&input, 1000).iter().map(|fault| fault.field.join(".")).collect();
        assert_eq!(fields, ["name", "contentType", "bytes", "sha256"]);
        let good = Announced {
            name: "桌子.jpg".to_owned(),
            content_type: "image/jpeg".to_owned(),
            bytes: 1000,
            sha256: "A0".repeat(32),
            ..input
        };
        assert!(check(&good, 1000).is_empty());
        assert!(!check(&good, 999).is_empty());
    }
}
