//! Loading, locking and writing a succession.

use std::collections::HashSet;

use entity::events::Subject;
use entity::successions::{succession, succession_share, succession_unit};
use entity::warehouses::storage_place;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rules::{Assignment, Share, ShareForm};
use crate::fault::{Code, Fault, Rejection};
use crate::write::Tx;

/// Which succession it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Done {
    /// Its identity.
    pub succession_id: Uuid,
}

/// Which succession, as it was looked at.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Which {
    /// The succession.
    pub id: Uuid,
    /// The version that was looked at.
    pub version: i64,
}

/// The succession, its row locked until the transaction ends.
///
/// # Errors
/// [`Code::NotFound`].
pub(super) async fn lock(tx: &Tx, id: Uuid) -> Result<succession::Model, Fault> {
    let found = succession::Entity::find_by_id(id).lock_exclusive().one(tx.conn()).await?;
    found.ok_or_else(|| Code::NotFound.into())
}

/// As [`lock`], in the version that the caller has seen.
///
/// # Errors
/// [`Code::NotFound`], [`Code::Stale`].
pub(super) async fn seen(tx: &Tx, which: &Which) -> Result<succession::Model, Fault> {
    let row = lock(tx, which.id).await?;
    if row.version == which.version { Ok(row) } else { Err(Rejection::new(Code::Stale).at("version").into()) }
}

/// Writes a succession that is locked, and notes what happened.
pub(super) async fn save(
    tx: &Tx,
    next: succession::Model,
    kind: &'static str,
    payload: &impl Serialize,
) -> Result<(), Fault> {
    let next = succession::Model { version: next.version + 1, ..next };
    tx.record(Subject::Succession, next.id, next.version, kind, payload);
    write(tx, next).await
}

/// Writes how far a succession is.
pub(super) async fn write(tx: &Tx, next: succession::Model) -> Result<(), Fault> {
    let id = next.id;
    succession::Entity::update_many()
        .set(next.into_active_model().reset_all())
        .filter(succession::Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// The units that are succeeded, in order.
pub(super) async fn units_of(
    conn: &impl ConnectionTrait,
    id: Uuid,
) -> Result<Vec<succession_unit::Model>, Fault> {
    Ok(succession_unit::Entity::find()
        .filter(succession_unit::Column::SuccessionId.eq(id))
        .order_by_asc(succession_unit::Column::Position)
        .all(conn)
        .await?)
}

/// The shares of a split, in order.
pub(super) async fn shares_of(conn: &impl ConnectionTrait, id: Uuid) -> Result<Vec<ShareForm>, Fault> {
    let rows = succession_share::Entity::find()
        .filter(succession_share::Column::SuccessionId.eq(id))
        .order_by_asc(succession_share::Column::Position)
        .all(conn)
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(ShareForm {
                unit_id: row.unit_id,
                asset_ids: serde_json::from_value(row.asset_ids)?,
                place_id: row.place_id,
                category_id: row.category_id,
            })
        })
        .collect()
}

/// Where the cards of a succession go.
pub(super) async fn assignment(
    conn: &impl ConnectionTrait,
    reference: &crate::organisation::Reference,
    row: &succession::Model,
) -> Result<Assignment, Fault> {
    let mut shares = Vec::new();
    for share in shares_of(conn, row.id).await? {
        let places = match share.place_id {
            Some(place) => Some(within(conn, place).await?),
            None => None,
        };
        shares.push(Share {
            unit: share.unit_id,
            cards: share.asset_ids.into_iter().collect(),
            places,
            categories: share.category_id.map(|id| reference.category_subtree(id)),
        });
    }
    Ok(Assignment { shares, rest: row.successor_id })
}

/// A storage place and what lies in it: two levels down, as zone, rack and bin are three.
async fn within(conn: &impl ConnectionTrait, place: Uuid) -> Result<HashSet<Uuid>, Fault> {
    let mut found = HashSet::from([place]);
    for _ in 0..2 {
        let below: Vec<Uuid> = storage_place::Entity::find()
            .select_only()
            .column(storage_place::Column::Id)
            .filter(Condition::all().add(storage_place::Column::ParentId.is_in(found.iter().copied())))
            .into_tuple()
            .all(conn)
            .await?;
        found.extend(below);
    }
    Ok(found)
}
