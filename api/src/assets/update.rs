//! A clerk completes or corrects a card.

use entity::assets::{AssetState, asset};
use entity::events::Subject;
use entity::listings::listing;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::card::CardPatch;
use super::rules::{self, Facts};
use super::{claims, read, steps, unique};
use crate::app::App;
use crate::authz::{Operation, Parties};
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
        rules::refuse_secret(&input.card)?;
        let reference = tx.reference();
        let category = input.card.category_id.flatten().and_then(|id| reference.category(id));
        let facts = Facts {
            today: tx.today(),
            category,
            offered: claims::of(&tx, &card, None).await?.any(),
            // What was split off a card was offered with it.
            kind_open: rules::kindless(&card)
                && card.parent_id.is_none()
                && !was_offered(&tx, card.id).await?,
        };
        let mut faults = Vec::new();
        let next = rules::revise(&card, &input.card, &facts, &mut faults);
        if next.number != card.number {
            faults.extend(steps::free_number(&tx, &next).await?);
        }
        let serial_changed = next.serial_key != card.serial_key;
        if serial_changed {
            faults.extend(unique::serial_free(&tx, &next).await?);
        }
        Fault::all(faults)?;
        let number_changed = next.number != card.number;
        let saved = steps::save(&tx, next).await?;
        if serial_changed {
            unique::tell_office(&tx, &saved).await?;
        }
        if number_changed {
            // Numbers are dated: what the books said before stays readable.
            steps::close_holding(&tx, saved.id).await?;
            steps::open_holding(&tx, &saved, None).await?;
        }
        tx.record_private(Subject::Asset, saved.id, saved.version, "asset.updated", &input.card);
        Ok(Updated { id: saved.id })
    })
    .await
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
