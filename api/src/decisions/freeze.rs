//! Freezes: a scoped record that covers cards, listings, a unit or a storage place. While one is there nothing of it can
//! be asked for and the timers of its lines stand still; when it is lifted they go on and the queues move.

use entity::assets::asset;
use entity::events::Subject;
use entity::listings::{FreezeCause, FreezeScope, asset_freeze, listing};
use entity::warehouses::storage_place;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::awards::steps as awards;
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::listings::steps as listings;
use crate::requests::steps as requests;
use crate::write::{Command, Tx};

/// A freeze to be put in place.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Freeze {
    /// What it covers.
    pub scope: FreezeScope,
    /// Which.
    pub scope_id: Uuid,
    /// Why.
    pub cause: FreezeCause,
    /// In words.
    pub note: String,
}

/// A freeze that was put in place.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Frozen {
    /// The freeze.
    pub id: Uuid,
}

/// A freeze to be lifted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Unfreeze {
    /// The freeze.
    pub id: Uuid,
}

/// Puts a freeze in place. Whoever holds pieces keeps them; nobody gets new ones.
///
/// # Errors
/// [`Code::NotFound`] at `scopeId`, [`Code::NotAllowed`].
pub async fn freeze(app: &App, actor: &Actor, key: Option<&str>, input: &Freeze) -> Result<Frozen, Fault> {
    app.write(actor, Command::new("freeze", key, input), |tx| async move {
        let parties = parties(&tx, input.scope, input.scope_id).await?;
        tx.actor().allow(Operation::Freeze, &parties)?;
        let author = tx.actor().account_id().ok_or_else(|| anyhow::anyhow!("a freeze needs an author"))?;
        let mut faults = Vec::new();
        let note = checks::text(&mut faults, "note", &input.note, 2000);
        Fault::all(faults)?;
        let freeze = asset_freeze::Model {
            id: tx.id(),
            scope: input.scope,
            scope_id: input.scope_id,
            cause: input.cause,
            note,
            created_by: author,
            from_at: tx.now(),
            until_at: None,
        };
        let payload = json!({ "scope": freeze.scope, "scopeId": freeze.scope_id, "cause": freeze.cause });
        tx.record(Subject::Freeze, freeze.id, 1, "freeze.placed", &payload);
        let id = freeze.id;
        asset_freeze::Entity::insert(freeze.into_active_model().reset_all())
            .exec_without_returning(tx.conn())
            .await?;
        Ok(Frozen { id })
    })
    .await
}

/// Where the thing to be frozen stands.
async fn parties(tx: &Tx, scope: FreezeScope, id: Uuid) -> Result<Parties, Fault> {
    let not_found = || Fault::from(Rejection::new(Code::NotFound).at("scopeId"));
    Ok(match scope {
        FreezeScope::Asset => {
            let card = asset::Entity::find_by_id(id).one(tx.conn()).await?.ok_or_else(not_found)?;
            let place = match card.bin_id {
                Some(bin) => storage_place::Entity::find_by_id(bin).one(tx.conn()).await?,
                None => None,
            };
            let warehouse = place.map(|place| place.warehouse_id);
            Parties { giver: Some(card.holder_id), receiver: None, warehouse }
        }
        FreezeScope::Listing => {
            let listing = listing::Entity::find_by_id(id).one(tx.conn()).await?.ok_or_else(not_found)?;
            Parties { giver: Some(listing.unit_id), receiver: None, warehouse: listing.warehouse_id }
        }
        FreezeScope::Unit => Parties::giver(tx.reference().unit(id).ok_or_else(not_found)?.id),
        FreezeScope::Place => {
            let place = storage_place::Entity::find_by_id(id).one(tx.conn()).await?.ok_or_else(not_found)?;
            let warehouse = entity::warehouses::warehouse::Entity::find_by_id(place.warehouse_id);
            let unit = warehouse.one(tx.conn()).await?.map(|warehouse| warehouse.unit_id);
            Parties { giver: unit, receiver: None, warehouse: Some(place.warehouse_id) }
        }
    })
}

/// Lifts a freeze: the timers of what it covered go on, and its queues move.
///
/// # Errors
/// [`Code::NotFound`], [`Code::NotAllowed`], [`Code::WrongState`] where it was lifted before.
pub async fn unfreeze(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Unfreeze,
) -> Result<Frozen, Fault> {
    app.write(actor, Command::new("unfreeze", key, input), |tx| async move {
        let freeze = asset_freeze::Entity::find_by_id(input.id)
            .one(tx.conn())
            .await?
            .ok_or_else(|| Rejection::new(Code::NotFound).at("id"))?;
        let parties = parties(&tx, freeze.scope, freeze.scope_id).await?;
        tx.actor().allow(Operation::Unfreeze, &parties)?;
        let touched = asset_freeze::Entity::update_many()
            .col_expr(asset_freeze::Column::UntilAt, Expr::value(Some(tx.now())))
            .filter(asset_freeze::Column::Id.eq(freeze.id))
            .filter(asset_freeze::Column::UntilAt.is_null())
            .exec(tx.conn())
            .await?;
        if touched.rows_affected != 1 {
            return Err(Rejection::new(Code::WrongState).at("id").with("state", "LIFTED").into());
        }
        tx.record(Subject::Freeze, freeze.id, 2, "freeze.lifted", &json!({ "scopeId": freeze.scope_id }));
        thaw(&tx, &freeze).await?;
        Ok(Frozen { id: freeze.id })
    })
    .await
}

async fn thaw(tx: &Tx, freeze: &asset_freeze::Model) -> Result<(), Fault> {
    let covered = listings::covered(tx, freeze).await?;
    for listing in &covered {
        listings::lock(tx, *listing).await?;
    }
    awards::on_thawed(tx, &covered).await?;
    requests::on_thawed(tx, &covered).await
}
