//! Offers to one unit each (协议调剂), many at once, as a plan of the office has them: they skip the audience, and the approvals
//! are the plan's. What a card needs before it is submitted and before it is shown is asked for all the same.

use std::collections::{HashMap, HashSet};

use entity::assets::asset;
use entity::catalogue::RequiredStep;
use entity::events::Subject;
use entity::listings::{Audience, AwardMode, Custody, ListingState, Purpose, listing, listing_stock};
use entity::organisation::{UnitState, unit};
use entity::photos::photo;
use sea_orm::sea_query::{Alias, Expr, ExprTrait};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};
use serde_json::json;
use uuid::Uuid;

use super::rules::{self, Submission, Terms};
use super::steps::required;
use super::stock;
use crate::assets::{self, claims};
use crate::bulk;
use crate::fault::{Code, Fault, Rejection};
use crate::write::Tx;

/// An offer that is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Direct<'a> {
    /// Identity of the listing.
    pub(crate) id: Uuid,
    /// The card, its row locked.
    pub(crate) card: &'a asset::Model,
    /// Pieces.
    pub(crate) quantity: i64,
    /// The unit that it is for.
    pub(crate) receiver: Uuid,
    /// 批复文号 under which it leaves its holder.
    pub(crate) approval_number: &'a str,
    /// What askers would read.
    pub(crate) note: &'a str,
    /// The plan's line.
    pub(crate) plan_line: Uuid,
}

/// Makes the offers, and gives what stands against them, by their place in `offers`. The caller gives the transaction up where
/// anything does.
///
/// # Errors
/// The database's.
pub(crate) async fn direct(tx: &Tx, offers: &[Direct<'_>]) -> Result<Vec<(usize, Rejection)>, Fault> {
    if offers.is_empty() {
        return Ok(Vec::new());
    }
    let author = tx.actor().account_id().ok_or(Code::NotAllowed)?;
    let rows: Vec<listing::Model> = offers.iter().map(|offer| row(tx, offer, author)).collect();
    let faults = faults(tx, offers, &rows).await?;
    if !faults.is_empty() {
        return Ok(faults);
    }
    for (row, offer) in rows.iter().zip(offers) {
        let payload = json!({
            "assetId": row.asset_id, "unitId": row.unit_id, "quantity": offer.quantity, "custody": row.custody,
            "directedTo": row.directed_to, "warehouseId": row.warehouse_id, "state": row.state,
            "planLineId": offer.plan_line,
        });
        tx.record(Subject::Listing, row.id, row.version, "listing.drafted", &payload);
    }
    let stocks = offers.iter().map(|offer| listing_stock::Model {
        listing_id: offer.id,
        offered: offer.quantity,
        available: offer.quantity,
        held: 0,
        reserved: 0,
        in_transit: 0,
        delivered: 0,
        withdrawn: 0,
        lost: 0,
        queue_next: 1,
    });
    let stocks: Vec<_> = stocks.map(|stock| stock.into_active_model().reset_all()).collect();
    bulk::insert(tx.conn(), rows.into_iter().map(|row| row.into_active_model().reset_all())).await?;
    bulk::insert(tx.conn(), stocks).await?;
    Ok(Vec::new())
}

fn row(tx: &Tx, offer: &Direct<'_>, author: Uuid) -> listing::Model {
    listing::Model {
        id: offer.id,
        asset_id: offer.card.id,
        unit_id: offer.card.holder_id,
        custody: Custody::Virtual,
        state: ListingState::Listed,
        purpose: Purpose::Transfer,
        directed_to: Some(offer.receiver),
        award_mode: AwardMode::FirstCome,
        claim_window_days: None,
        audience: Audience::City,
        audience_id: None,
        audience_until: None,
        warehouse_id: None,
        note: offer.note.to_owned(),
        approval_number: Some(offer.approval_number.to_owned()),
        reason: None,
        created_by: author,
        created_at: tx.now(),
        submitted_at: Some(tx.now()),
        listed_at: Some(tx.now()),
        confirmed_at: Some(tx.now()),
        reconfirm_by: None,
        reconfirm_counted_to: None,
        paused_at: None,
        updated_at: tx.now(),
        version: 1,
    }
}

async fn faults(
    tx: &Tx,
    offers: &[Direct<'_>],
    rows: &[listing::Model],
) -> Result<Vec<(usize, Rejection)>, Fault> {
    let reference = tx.reference();
    let mut cards: Vec<&asset::Model> = offers.iter().map(|offer| offer.card).collect();
    cards.sort_by_key(|card| card.id);
    cards.dedup_by_key(|card| card.id);
    let ids: Vec<Uuid> = cards.iter().map(|card| card.id).collect();
    let claims = claims::of_all(tx, &cards, None).await?;
    let mut claimed: HashMap<Uuid, i64> =
        claims.into_iter().map(|(id, claims)| (id, claims.taken())).collect();
    let photos = photos(tx, &ids).await?;
    let suspected: HashSet<Uuid> = assets::duplicates::open_of(tx, &ids).await?;
    let frozen = stock::frozen_cards(tx, &ids).await?;
    let mut needed = HashMap::new();
    for card in &cards {
        if let std::collections::hash_map::Entry::Vacant(place) = needed.entry((card.kind, card.source)) {
            let submit = required(tx, card, RequiredStep::Submit).await?;
            place.insert((submit, required(tx, card, RequiredStep::List).await?));
        }
    }
    let mut faults = Vec::new();
    for (n, (offer, row)) in offers.iter().zip(rows).enumerate() {
        let card = offer.card;
        let pictures = photos.get(&card.id).copied().unwrap_or_default();
        let none = (Vec::new(), Vec::new());
        let (submit, list) = needed.get(&(card.kind, card.source)).unwrap_or(&none);
        let terms = Terms {
            offered: offer.quantity,
            custody: row.custody,
            directed_to: Some(reference.unit(offer.receiver) as Option<&unit::Model>),
            warehouse: None,
            card,
        };
        let taken = claimed.entry(card.id).or_default();
        let submission = Submission {
            listing: row,
            holder: reference.unit(row.unit_id).map_or(UnitState::Closed, |unit| unit.state),
            claimed: *taken,
            photos: pictures,
            required: submit,
        };
        let mut wrong = rules::submission(&terms, &submission);
        // What the lines before it take is not there for this one.
        *taken += offer.quantity;
        let path = card.category_id.map(|id| reference.category_path(id)).unwrap_or_default();
        let has_disk = path.iter().any(|id| reference.category(*id).is_some_and(|it| it.has_disk));
        for fault in rules::before_listed(card, has_disk, pictures, list) {
            if !wrong.contains(&fault) {
                wrong.push(fault);
            }
        }
        if suspected.contains(&card.id) {
            wrong.push(Rejection::new(Code::DuplicateSuspected).at("assetId"));
        }
        if frozen.contains(&card.id) {
            wrong.push(Rejection::new(Code::Frozen).at("assetId"));
        }
        faults.extend(wrong.into_iter().map(|fault| (n, fault)));
    }
    Ok(faults)
}

/// Photos by card.
async fn photos(tx: &Tx, cards: &[Uuid]) -> Result<HashMap<Uuid, u64>, Fault> {
    let counted: Vec<(Uuid, i64)> = photo::Entity::find()
        .select_only()
        .column(photo::Column::AssetId)
        .expr(Expr::col(photo::Column::Id).count().cast_as(Alias::new("bigint")))
        .filter(photo::Column::AssetId.is_in(cards.iter().copied()))
        .group_by(photo::Column::AssetId)
        .into_tuple()
        .all(tx.conn())
        .await?;
    Ok(counted.into_iter().map(|(card, n)| (card, u64::try_from(n).unwrap_or_default())).collect())
}
