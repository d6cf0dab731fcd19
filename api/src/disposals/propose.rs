//! The holder's side, or the office, proposes to dispose of pieces that nobody took. They are set aside from this moment on.

use entity::assets::asset;
use entity::disposals::{DisposalKind, DisposalState, disposal};
use entity::listings::{ListingState, listing};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde::Serialize;
use uuid::Uuid;

use super::read;
use super::row::{self, Done};
use super::rules::{self, Proposal};
use crate::app::App;
use crate::assets;
use crate::authz::{Operation, Parties};
use crate::catalogue;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::jobs;
use crate::listings;
use crate::listings::window;
use crate::loans;
use crate::requests;
use crate::write::{self, Tx};

/// Series of the numbers of a 处置单.
const SERIES: &str = "CZ";

/// A disposal that is proposed.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Of what.
    pub listing_id: Uuid,
    /// How.
    pub kind: DisposalKind,
    /// Pieces; none: all that are offered.
    pub quantity: Option<i64>,
    /// Why.
    pub justification: String,
    /// What is broken beyond repair, and who found so.
    pub beyond_repair: Option<BeyondRepair>,
}

/// That a thing cannot be repaired.
#[derive(Clone, Debug, Serialize)]
pub struct BeyondRepair {
    /// What is broken.
    pub note: String,
    /// Who found so.
    pub by: String,
}

/// Proposes a disposal.
///
/// # Errors
/// Everything that is wrong with it at once: [`Code::Claimed`], [`Code::ReuseFirst`], [`Code::BelowServiceLife`] …
pub async fn propose(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("proposeDisposal", key, input), |tx: Tx| async move {
        let unknown = || Fault::from(Rejection::new(Code::NotFound).at("listingId"));
        let seen = listings::steps::load_visible(&tx, actor, input.listing_id).await?.ok_or_else(unknown)?;
        actor.allow(Operation::ProposeDisposal, &Parties::giver(seen.listing.unit_id))?;
        let author = actor.account_id().ok_or(Code::NotAllowed)?;
        let stock = listings::steps::lock(&tx, input.listing_id).await?;
        // Again, for what was committed while the lock was waited for.
        let offer = listings::steps::load(&tx, input.listing_id).await?.ok_or_else(unknown)?;
        if offer.state != ListingState::Listed {
            return Err(Rejection::new(Code::WrongState).at("listingId").with("state", offer.state).into());
        }
        let card = assets::steps::load_for_update(&tx, offer.asset_id).await?;
        let claimed = stock.held + stock.reserved + stock.in_transit > 0
            || requests::steps::somebody_waits(&tx, offer.id).await?
            || window::stands(&tx, offer.id).await?
            || loans::steps::booked(&tx, offer.id).await?;
        let quantity = input.quantity.unwrap_or(stock.available);
        let listed_at = offer.listed_at.unwrap_or(offer.created_at);
        Fault::all(rules::faults(&Proposal {
            kind: input.kind,
            quantity,
            available: stock.available,
            claimed,
            frozen: listings::steps::frozen(&tx, offer.id).await?,
            justification: &input.justification,
            beyond_repair: input.beyond_repair.as_ref().map(|it| (it.note.as_str(), it.by.as_str())),
            listed_on: app.clock().civil_day(listed_at),
            ladder: read::ladder(tx.conn(), tx.today()).await?,
            service_months: service_months(&tx, &card).await?,
            acquired_on: card.acquired_on,
            today: tx.today(),
        }))?;
        let whole = quantity == stock.available;
        let offer = listings::steps::set_aside(&tx, offer, quantity, whole).await?;
        let disposal = begin(&tx, input, &offer, quantity, author).await?;
        Ok(Done { disposal_id: disposal.id })
    })
    .await
}

/// Minimum service life of a card: its own, or that of the standard in force.
async fn service_months(tx: &Tx, card: &asset::Model) -> Result<Option<i64>, Fault> {
    if card.min_service_months.is_some() {
        return Ok(card.min_service_months);
    }
    let budget = tx.reference().unit(card.holder_id).map(|unit| unit.fiscal_region_id);
    let Some((category, budget)) = card.category_id.zip(budget) else { return Ok(None) };
    let standard = catalogue::steps::standard_in_force(tx, category, budget, tx.today()).await?;
    Ok(standard.map(|standard| standard.min_service_months))
}

async fn begin(
    tx: &Tx,
    input: &Input,
    offer: &listing::Model,
    quantity: i64,
    author: Uuid,
) -> Result<disposal::Model, Fault> {
    let trimmed = |text: &String| text.trim().to_owned();
    let new = disposal::Model {
        id: tx.id(),
        // Last, because everybody who proposes waits for the series.
        number: jobs::steps::next_number(tx, SERIES).await?,
        listing_id: offer.id,
        asset_id: offer.asset_id,
        unit_id: offer.unit_id,
        warehouse_id: offer.warehouse_id,
        kind: input.kind,
        state: DisposalState::Proposed,
        quantity,
        justification: trimmed(&input.justification),
        beyond_repair: input.beyond_repair.as_ref().map(|it| trimmed(&it.note)),
        beyond_repair_by: input.beyond_repair.as_ref().map(|it| trimmed(&it.by)),
        appraiser: None,
        appraised_value: None,
        appraised_on: None,
        appraisal_until: None,
        appraisal_report: None,
        publicity_from: None,
        publicity_until: None,
        asked_price: None,
        least_price: None,
        reason: None,
        comment: None,
        objector_id: None,
        receiver: None,
        evidence: None,
        proceeds: None,
        created_by: author,
        created_at: tx.now(),
        done_by: None,
        done_at: None,
        done_on: None,
        updated_at: tx.now(),
        version: 1,
    };
    disposal::Entity::insert(new.clone().into_active_model().reset_all())
        .exec_without_returning(tx.conn())
        .await?;
    row::record(tx, &new, "disposal.proposed");
    Ok(new)
}
