//! A clerk completes or corrects a card. What others count on is kept here; [`correct`] changes it, for the use case that asks
//! them again.

use entity::assets::{AssetState, asset};
use entity::events::Subject;
use entity::listings::listing;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::card::CardPatch;
use super::changes::{Change, Material, changes};
use super::rules::{self, Facts};
use super::{claims, read, steps, unique};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::catalogue;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::{Command, Tx};

/// A change of a card.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Update {
    /// The card.
    pub id: Uuid,
    /// The version that the caller has seen.
    pub version: i64,
    /// What changes.
    pub card: CardPatch,
}

/// A card that was changed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Updated {
    /// The card.
    pub id: Uuid,
}

/// Changes a card.
///
/// # Errors
/// [`Code::NotFound`] where the caller may not see it, [`Code::Stale`], or everything that is wrong with the change.
pub async fn update_asset(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Update,
) -> Result<Updated, Fault> {
    app.write(actor, Command::new("updateAsset", key, input), |tx| async move {
        let card = editable(&tx, input).await?;
        let kept = match claims::of(&tx, &card, None).await?.any() {
            true => Some(material(&tx).await?),
            false => None,
        };
        // What was split off a card was offered with it.
        let kind_open =
            rules::kindless(&card) && card.parent_id.is_none() && !was_offered(&tx, card.id).await?;
        let (next, faults) = revise(&tx, &card, &input.card, kept.as_ref(), kind_open).await?;
        Fault::all(faults)?;
        let saved = write(&tx, &card, next).await?;
        tx.record_private(Subject::Asset, saved.id, saved.version, "asset.updated", &input.card);
        Ok(Updated { id: saved.id })
    })
    .await
}

/// The fields that others count on, by the rule book of the day.
pub(crate) async fn material(tx: &Tx) -> Result<Material, Fault> {
    let mut material = Material::default();
    for (field, setting) in super::changes::BY_SETTING {
        if catalogue::steps::setting(tx, setting).await? == 1 {
            material.fields.push(field);
        }
    }
    material.details = catalogue::steps::setting(tx, super::changes::DETAILS).await? == 1;
    Ok(material)
}

/// A card that was corrected.
pub(crate) struct Corrected {
    /// As it is now.
    pub(crate) card: asset::Model,
    /// What differs.
    pub(crate) changes: Vec<Change>,
    /// Whether whoever counts on it is to be asked again.
    pub(crate) material: bool,
}

/// Changes a locked card on which others may count; the caller notes it and asks them again.
///
/// # Errors
/// All that is wrong with the change; [`Code::PiecesClaimed`], [`Code::NothingChanged`], [`Code::WrongState`] on its way.
pub(crate) async fn correct(tx: &Tx, card: &asset::Model, patch: &CardPatch) -> Result<Corrected, Fault> {
    let claims = claims::of(tx, card, None).await?;
    if card.state != AssetState::Active {
        return Err(Rejection::new(Code::WrongState).with("state", card.state).into());
    }
    if claims.moving > 0 {
        // Its receiver looks at it when it comes.
        return Err(Rejection::new(Code::WrongState).with("state", "IN_TRANSIT").into());
    }
    let (next, mut faults) = revise(tx, card, patch, None, false).await?;
    if next.quantity < claims.listed {
        faults.push(Rejection::new(Code::PiecesClaimed).at("quantity").with("claimed", claims.listed));
    }
    Fault::all(faults)?;
    let changes = changes(card, &next);
    if changes.is_empty() {
        return Err(Code::NothingChanged.into());
    }
    let counted = material(tx).await?;
    let material = changes.iter().any(|change| counted.holds(change));
    Ok(Corrected { card: write(tx, card, next).await?, changes, material })
}

/// The card after a change, with all that is wrong with it.
async fn revise(
    tx: &Tx,
    card: &asset::Model,
    patch: &CardPatch,
    kept: Option<&Material>,
    kind_open: bool,
) -> Result<(asset::Model, Vec<Rejection>), Fault> {
    rules::refuse_secret(patch)?;
    let reference = tx.reference();
    let category = patch.category_id.flatten().and_then(|id| reference.category(id));
    let facts = Facts { today: tx.today(), category, kept, kind_open };
    let mut faults = Vec::new();
    let next = rules::revise(card, patch, &facts, &mut faults);
    if next.number != card.number {
        faults.extend(steps::free_number(tx, &next).await?);
    }
    if next.serial_key != card.serial_key {
        faults.extend(unique::serial_free(tx, &next).await?);
    }
    Ok((next, faults))
}

/// Writes a changed card, with what depends on its number and serial.
async fn write(tx: &Tx, card: &asset::Model, next: asset::Model) -> Result<asset::Model, Fault> {
    let (number_changed, serial_changed) = (next.number != card.number, next.serial_key != card.serial_key);
    let saved = steps::save(tx, next).await?;
    if serial_changed {
        unique::tell_office(tx, &saved).await?;
    }
    if number_changed {
        // Numbers are dated: what the books said before stays readable.
        steps::close_holding(tx, saved.id).await?;
        steps::open_holding(tx, &saved, None).await?;
    }
    Ok(saved)
}

async fn editable(tx: &Tx, input: &Update) -> Result<asset::Model, Fault> {
    let seen = read::find_in(tx, input.id).await?.ok_or_else(|| Rejection::new(Code::NotFound).at("id"))?;
    tx.actor().allow(Operation::UpdateAsset, &Parties::giver(seen.holder_id))?;
    // Locked before it is asked whether it is offered: a submission of it under way must end first.
    let card = steps::load_for_update(tx, seen.id).await?;
    // It may have gone to another unit while the lock was waited for.
    tx.actor().allow(Operation::UpdateAsset, &Parties::giver(card.holder_id))?;
    if card.version != input.version {
        return Err(Rejection::new(Code::Stale).at("version").into());
    }
    if card.state != AssetState::Active {
        return Err(Rejection::new(Code::WrongState).with("state", card.state).into());
    }
    Ok(card)
}

/// Whether the card was ever handed in: approvers judged it by its kind.
async fn was_offered(tx: &Tx, card: Uuid) -> Result<bool, Fault> {
    let count = listing::Entity::find()
        .filter(listing::Column::AssetId.eq(card))
        .filter(listing::Column::SubmittedAt.is_not_null())
        .count(tx.conn())
        .await?;
    Ok(count > 0)
}
