//! A clerk hands an offer to the approvers. Everything that is missing is told at once.

use entity::approvals::ApprovalSubject;
use entity::assets::asset;
use entity::catalogue::RequiredStep;
use entity::events::Subject;
use entity::listings::{listing, listing_stock};
use entity::organisation::UnitState;
use sea_orm::EntityTrait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::goods::goods;
use super::rules::{self, Command, Submission};
use super::update::changeable;
use super::{steps, terms};
use crate::app::App;
use crate::approvals::steps::{self as approvals, NewCase, Question};
use crate::assets;
use crate::authz::Operation;
use crate::fault::{Code, Fault};
use crate::identity::Actor;
use crate::write;

/// An offer to be handed in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Submit {
    /// The listing.
    pub id: Uuid,
    /// The version that the caller has seen.
    pub version: i64,
}

/// An offer that was handed in.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Submitted {
    /// The listing.
    pub id: Uuid,
}

/// Hands an offer to the approvers.
///
/// # Errors
/// [`Code::NotFound`], [`Code::Stale`], [`Code::WrongState`], or everything that is missing, each with its field.
pub async fn submit_listing(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Submit,
) -> Result<Submitted, Fault> {
    app.write(actor, write::Command::new("submitListing", key, input), |tx| async move {
        let listing = changeable(&tx, input.id, input.version, Operation::SubmitListing).await?;
        let state = rules::apply(listing.state, listing.custody, Command::Submit)?;
        // Locked: two listings of one card, submitted at once, must not both find its pieces free.
        let card = assets::steps::load_for_update(&tx, listing.asset_id).await?;
        let stock =
            listing_stock::Entity::find_by_id(listing.id).one(tx.conn()).await?.ok_or(Code::NotFound)?;
        let reference = tx.reference();
        let found = terms::look_up(&tx, &reference, &listing).await?;
        let required = steps::required(&tx, &card, RequiredStep::Submit).await?;
        let faults = rules::submission(
            &found.terms(&listing, &card, stock.available),
            &Submission {
                listing: &listing,
                holder: reference.unit(listing.unit_id).map_or(UnitState::Closed, |unit| unit.state),
                claimed: assets::claims::of(&tx, &card, Some(listing.id)).await?.taken(),
                photos: steps::photos(&tx, card.id).await?,
                required: &required,
            },
        );
        Fault::all(faults)?;

        let next = listing::Model { state, submitted_at: Some(tx.now()), reason: None, ..listing };
        let saved = steps::save(&tx, next).await?;
        let applicant = tx.actor().account_id().unwrap_or(saved.created_by);
        let case = NewCase {
            question: question(&saved, &card, stock.available),
            subject_id: saved.id,
            applicant,
            drafter: saved.created_by,
            corrector: None,
        };
        let opened = approvals::open(&tx, case).await?;
        let payload = json!({ "quantity": stock.available, "caseId": opened.case_id });
        tx.record(Subject::Listing, saved.id, saved.version, "listing.submitted", &payload);
        Ok(Submitted { id: saved.id })
    })
    .await
}

/// What approvers are asked by that such an offer is handed in.
#[must_use]
pub fn question(listing: &listing::Model, card: &asset::Model, pieces: i64) -> Question {
    Question {
        subject: ApprovalSubject::Listing,
        goods: goods(listing, card, pieces),
        together: None,
        giver: Some(listing.unit_id),
        receiver: listing.directed_to,
    }
}
