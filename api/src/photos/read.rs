//! Photos of assets, and their addresses.

use std::collections::HashMap;

use entity::photos::{PhotoStage, photo, photo_blob};
use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::address::{Purpose, expiry_for};
use super::image::PhotoSize;
use crate::app::App;
use crate::fault::Fault;

/// A photo with the measures of its original.
#[derive(Clone, Debug)]
pub struct PhotoRow {
    /// The photo.
    pub id: Uuid,
    /// Asset it is of.
    pub asset_id: Uuid,
    /// Content hash of the original, hex.
    pub sha256: String,
    /// File name, for people.
    pub name: String,
    /// When it was taken.
    pub stage: PhotoStage,
    /// Pixels of the original, upright.
    pub width: i64,
    /// Pixels of the original, upright.
    pub height: i64,
}

/// Photos of these assets, each list in order of position. The caller has asked for the right to see the assets, or
/// the listings that show them.
///
/// # Errors
/// When the database does not answer.
pub async fn of(app: &App, assets: &[Uuid]) -> Result<HashMap<Uuid, Vec<PhotoRow>>, Fault> {
    let mut found: HashMap<Uuid, Vec<PhotoRow>> = HashMap::new();
    if assets.is_empty() {
        return Ok(found);
    }
    let blob = photo::Entity::belongs_to(photo_blob::Entity)
        .from(photo::Column::Sha256)
        .to(photo_blob::Column::Sha256)
        .into();
    type Row = (Uuid, Uuid, String, String, PhotoStage, i64, i64);
    let rows: Vec<Row> = photo::Entity::find()
        .join(JoinType::InnerJoin, blob)
        .select_only()
        .columns([
            photo::Column::Id,
            photo::Column::AssetId,
            photo::Column::Sha256,
            photo::Column::Name,
            photo::Column::Stage,
        ])
        .columns([photo_blob::Column::Width, photo_blob::Column::Height])
        .filter(photo::Column::AssetId.is_in(assets.iter().copied()))
        .order_by_asc(photo::Column::AssetId)
        .order_by_asc(photo::Column::Position)
        .into_tuple()
        .all(app.db().read())
        .await?;
    for (id, asset_id, sha256, name, stage, width, height) in rows {
        let row = PhotoRow { id, asset_id, sha256, name, stage, width, height };
        found.entry(asset_id).or_default().push(row);
    }
    Ok(found)
}

/// One photo by its identity, for the answer of the use case that made it.
///
/// # Errors
/// When the database does not answer.
pub async fn find(app: &App, id: Uuid) -> Result<Option<PhotoRow>, Fault> {
    let Some(photo) = photo::Entity::find_by_id(id).one(app.db().read()).await? else { return Ok(None) };
    let mut of_asset = of(app, &[photo.asset_id]).await?;
    let rows = of_asset.remove(&photo.asset_id).unwrap_or_default();
    Ok(rows.into_iter().find(|row| row.id == id))
}

/// Path and query of one size of a picture: holding it is the right to see it until it expires, in one to two hours.
#[must_use]
pub fn address(app: &App, sha256: &str, size: PhotoSize) -> String {
    let resource = format!("{sha256}/{}", size.name());
    let query = app.photos().signer.sign(Purpose::GetPhoto, &resource, expiry_for(app.clock().now()));
    format!("/photos/{resource}?{}", query.to_query_string())
}
