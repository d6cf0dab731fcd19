//! A clerk enters a card. It may be incomplete: what is missing is asked for when it is offered.

use entity::assets::{AssetState, asset};
use entity::catalogue::{AssetKind, AssetSource};
use entity::events::Subject;
use entity::organisation::UnitState;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::card::CardPatch;
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
    /// Kind; that of the category where it is left out.
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
    if input.card.secret == Some(true) {
        return Err(Rejection::new(Code::SecretRefused).at("secret").into());
    }
    app.write(actor, Command::new("draftAsset", key, input), |tx| async move {
        let id = enter(&tx, input).await?;
        Ok(Drafted { id })
    })
    .await
}

/// Enters a card within a transaction, as imports do: the same checks on every path.
pub(crate) async fn enter(tx: &Tx, input: &Draft) -> Result<Uuid, Fault> {
    let reference = tx.reference();
    match reference.unit(input.holder_id).map(|unit| unit.state) {
        None => return Err(Rejection::new(Code::NotFound).at("holderId").into()),
        Some(UnitState::Closed) => return Err(Rejection::new(Code::UnitNotActive).at("holderId").into()),
        Some(_) => {}
    }
    let category = input.card.category_id.flatten().and_then(|id| reference.category(id));
    let blank = blank(tx, input.holder_id, rules::kind_of(input.kind, category))?;
    let facts = Facts { today: tx.today(), category, offered: false };
    let card = rules::revise(&blank, &input.card, &facts).map_err(Fault::Rejected)?;
    steps::free_number(tx, &card).await?;
    Fault::all(unique::serial_free(tx, &card).await?.into_iter().collect())?;
    steps::insert(tx, &card, None).await?;
    unique::tell_office(tx, &card).await?;
    // Private: what turns out to be secret later is purged by destroying the key of its payloads.
    tx.record_private(Subject::Asset, card.id, card.version, "asset.drafted", input);
    Ok(card.id)
}

fn blank(tx: &Tx, holder_id: Uuid, kind: AssetKind) -> Result<asset::Model, Fault> {
    let author = tx.actor().account_id().ok_or_else(|| anyhow::anyhow!("a card needs an author"))?;
    Ok(asset::Model {
        id: tx.id(),
        kind,
        source: AssetSource::Idle,
        state: AssetState::Active,
        holder_id,
        number: None,
        category_id: None,
        name: String::new(),
        brand: String::new(),
        model: String::new(),
        serial: None,
        serial_key: None,
        description: String::new(),
        condition: None,
        place: String::new(),
        bin_id: None,
        quantity: 1,
        measure: String::new(),
        value: None,
        value_basis: rules::DRAFT_BASIS,
        acquired_on: None,
        funding_source: String::new(),
        depreciation_months: None,
        min_service_months: None,
        restricted: false,
        erasure_record: None,
        details: serde_json::json!({}),
        parent_id: None,
        created_by: author,
        created_at: tx.now(),
        updated_at: tx.now(),
        version: 1,
    })
}
