//! Writes a succession down, or writes a draft anew.

use std::collections::HashSet;

use entity::assets::asset;
use entity::events::Subject;
use entity::successions::{SuccessionState, succession, succession_share, succession_unit};
use entity::warehouses::storage_place;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};
use serde::Serialize;
use uuid::Uuid;

use super::row::{self, Done, Which};
use super::rules::{self, Command, SuccessionForm};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::jobs;
use crate::write::{self, Tx};

/// Series of the numbers of a succession (撤并).
const SERIES: &str = "CB";

/// A succession to be written down, or anew where `which` is given.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Which; none for a new one.
    pub which: Option<Which>,
    /// All that is said about it.
    pub form: SuccessionForm,
}

/// Writes it down. Units and successors are looked at when it is announced.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::NotFound`] for units, cards, places and categories that are not there, [`Code::Stale`],
/// [`Code::WrongState`], and what is wrong with the form.
pub async fn draft(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    actor.allow(Operation::DraftSuccession, &Parties::default())?;
    app.write(actor, write::Command::new("draftSuccession", key, input), |tx: Tx| async move {
        let (form, mut faults) = input.form.clone().cleaned(tx.today());
        known(&tx, &form, &mut faults).await?;
        let before = match &input.which {
            Some(which) => Some(row::seen(&tx, which).await?),
            None => None,
        };
        if let Some(before) = &before {
            faults.extend(rules::apply(before.state, Command::Change).err());
        }
        Fault::all(faults)?;
        let created_by = actor.account_id().ok_or(Code::NotAllowed)?;
        let id = match before {
            Some(before) => {
                let id = before.id;
                let next = succession::Model {
                    kind: form.kind,
                    reason: form.reason.clone(),
                    paper: form.paper.clone(),
                    effective_on: form.effective_on,
                    successor_id: form.successor_id,
                    ..before
                };
                row::save(&tx, next, "succession.drafted", &form).await?;
                clear(&tx, id).await?;
                id
            }
            None => insert(&tx, &form, created_by).await?,
        };
        details(&tx, id, &form).await?;
        Ok(Done { succession_id: id })
    })
    .await
}

async fn insert(tx: &Tx, form: &SuccessionForm, created_by: Uuid) -> Result<Uuid, Fault> {
    let row = succession::Model {
        id: tx.id(),
        number: jobs::steps::next_number(tx, SERIES).await?,
        kind: form.kind,
        state: SuccessionState::Draft,
        reason: form.reason.clone(),
        paper: form.paper.clone(),
        effective_on: form.effective_on,
        successor_id: form.successor_id,
        created_by,
        created_at: tx.now(),
        announced_by: None,
        announced_at: None,
        started_at: None,
        ended_at: None,
        cards: 0,
        renumbered: 0,
        listings: 0,
        lines: 0,
        transfers: 0,
        loans: 0,
        ended_lines: 0,
        version: 1,
    };
    let id = row.id;
    tx.record(Subject::Succession, id, 1, "succession.drafted", form);
    row.into_active_model().reset_all().insert(tx.conn()).await?;
    Ok(id)
}

async fn clear(tx: &Tx, id: Uuid) -> Result<(), Fault> {
    succession_unit::Entity::delete_many()
        .filter(succession_unit::Column::SuccessionId.eq(id))
        .exec(tx.conn())
        .await?;
    succession_share::Entity::delete_many()
        .filter(succession_share::Column::SuccessionId.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

async fn details(tx: &Tx, id: Uuid, form: &SuccessionForm) -> Result<(), Fault> {
    for (position, unit) in (0..).zip(&form.unit_ids) {
        let row = succession_unit::Model { succession_id: id, unit_id: *unit, position, was: None };
        row.into_active_model().reset_all().insert(tx.conn()).await?;
    }
    for (position, share) in (0..).zip(&form.shares) {
        let row = succession_share::Model {
            succession_id: id,
            position,
            unit_id: share.unit_id,
            asset_ids: serde_json::to_value(&share.asset_ids)?,
            place_id: share.place_id,
            category_id: share.category_id,
        };
        row.into_active_model().reset_all().insert(tx.conn()).await?;
    }
    Ok(())
}

/// Whether everything that the form names is there, and the cards are those of the unit.
async fn known(tx: &Tx, form: &SuccessionForm, faults: &mut Vec<Rejection>) -> Result<(), Fault> {
    let reference = tx.reference();
    let mut missing = |field: String| faults.push(Rejection::new(Code::NotFound).at(field));
    for (n, unit) in form.unit_ids.iter().enumerate() {
        if reference.unit(*unit).is_none() {
            missing(format!("unitIds.{n}"));
        }
    }
    if reference.unit(form.successor_id).is_none() {
        missing("successorId".to_owned());
    }
    for (n, share) in form.shares.iter().enumerate() {
        if reference.unit(share.unit_id).is_none() {
            missing(format!("shares.{n}.unitId"));
        }
        if share.category_id.is_some_and(|id| reference.category(id).is_none()) {
            missing(format!("shares.{n}.categoryId"));
        }
        if let Some(place) = share.place_id
            && storage_place::Entity::find_by_id(place).one(tx.conn()).await?.is_none()
        {
            missing(format!("shares.{n}.placeId"));
        }
        let named: HashSet<Uuid> = share.asset_ids.iter().copied().collect();
        if named.len() <= rules::MOST_CARDS {
            let held: Vec<Uuid> = asset::Entity::find()
                .select_only()
                .column(asset::Column::Id)
                .filter(asset::Column::Id.is_in(named.iter().copied()))
                .filter(asset::Column::HolderId.is_in(form.unit_ids.iter().copied()))
                .into_tuple()
                .all(tx.conn())
                .await?;
            if held.len() < named.len() {
                missing(format!("shares.{n}.assetIds"));
            }
        }
    }
    Ok(())
}
