//! A clerk enters a card. It may be incomplete: what is missing is asked for when it is offered.

use entity::catalogue::AssetKind;
use entity::events::Subject;
use entity::organisation::UnitState;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::card::{self, CardPatch};
use super::rules::{self, Facts};
use super::{steps, unique};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::{Command, Tx};

/// A card to be entered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Draft {
    /// Unit that holds the thing.
    pub holder_id: Uuid,
    /// Kind; where it is left out, that of the category, or of the fields written, once there is one.
    pub kind: Option<AssetKind>,
    /// What is known of it.
    pub card: CardPatch,
}

/// A card that was entered.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Drafted {
    /// The card.
    pub id: Uuid,
}

/// Enters a card.
///
/// # Errors
/// Everything that is wrong, each with its field. A secret thing is refused before anything is looked up.
pub async fn draft_asset(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Draft,
) -> Result<Drafted, Fault> {
    actor.allow(Operation::DraftAsset, &Parties::giver(input.holder_id))?;
    rules::refuse_secret(&input.card)?;
    app.write(actor, Command::new("draftAsset", key, input), |tx| async move {
        let id = enter(&tx, input).await?;
        Ok(Drafted { id })
    })
    .await
}

async fn enter(tx: &Tx, input: &Draft) -> Result<Uuid, Fault> {
    let reference = tx.reference();
    match reference.unit(input.holder_id).map(|unit| unit.state) {
        None => return Err(Rejection::new(Code::NotFound).at("holderId").into()),
        Some(UnitState::Closed) => return Err(Rejection::new(Code::UnitNotActive).at("holderId").into()),
        Some(_) => {}
    }
    let category = input.card.category_id.flatten().and_then(|id| reference.category(id));
    let author = tx.actor().account_id().ok_or_else(|| anyhow::anyhow!("a card needs an author"))?;
    let kind = input.kind.unwrap_or(AssetKind::General);
    let blank = card::blank(tx.id(), input.holder_id, kind, author, tx.now());
    let facts = Facts { today: tx.today(), category, kept: None, kind_open: input.kind.is_none() };
    let mut faults = Vec::new();
    let card = rules::revise(&blank, &input.card, &facts, &mut faults);
    faults.extend(steps::free_number(tx, &card).await?);
    faults.extend(unique::serial_free(tx, &card).await?);
    Fault::all(faults)?;
    steps::insert(tx, &card, None).await?;
    unique::tell_office(tx, &card).await?;
    // Private: what turns out to be secret later is purged by destroying the key of its payloads.
    tx.record_private(Subject::Asset, card.id, card.version, "asset.drafted", input);
    Ok(card.id)
}
