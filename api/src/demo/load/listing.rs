//! One listing of the city as rows.

use chrono::{DateTime, Datelike, NaiveDateTime, Utc};
use entity::approvals::ApprovalSubject;
use entity::assets::{AssetState, asset};
use entity::disposals::{DisposalKind, DisposalState, disposal};
use entity::events::Subject;
use entity::listings::{
    Audience, AwardMode, Custody, FreezeScope, ListingState, Purpose, asset_freeze, listing, listing_stock,
};
use entity::photos::{PhotoStage, photo};
use serde_json::json;
use uuid::Uuid;

use super::Context;
use super::base::disposal_number;
use super::cards::Cards;
use super::cases::{self, Case};
use super::ids::{Of, Stream};
use super::lines;
use super::notes::Note;
use super::rows::Rows;
use crate::assets::details::{Details, RealEstate, Software, Vehicle};
use crate::assets::serial;
use crate::assets::verify::Facts;
use crate::demo::city::{self, GeneratedListing};
use crate::disposals::steps::told;
use crate::listings::goods::item_value;

/// What all rows of a listing share.
pub(super) struct Frame<'a> {
    pub(super) context: &'a Context,
    pub(super) listing: &'a GeneratedListing,
    pub(super) id: Uuid,
    pub(super) giver: Uuid,
    pub(super) ids: Stream,
    /// Category, and value of one piece in minor units as approvers see it; none where it is not known.
    pub(super) worth: (Option<Uuid>, Option<i64>),
}

impl Frame<'_> {
    pub(super) fn at(&self, civil: NaiveDateTime) -> DateTime<Utc> {
        self.context.clock.instant(civil)
    }

    pub(super) fn account(&self, index: u32) -> Uuid {
        self.context.base.accounts[index as usize]
    }

    pub(super) fn unit(&self, index: u32) -> Uuid {
        self.context.base.units[index as usize]
    }
}

/// Adds the rows of listing number `index`.
pub(super) fn add(context: &Context, index: u32, rows: &mut Rows) -> anyhow::Result<()> {
    let generated = context.city.listing(index.into());
    let mut ids = Stream::new(context.city.seed(), Of::Listing, index.into());
    let created_at = context.clock.instant(generated.created_at);
    let id = ids.next(created_at);
    let giver = context.base.units[generated.asset.holder as usize];
    let frame = &mut Frame { context, listing: &generated, id, giver, ids, worth: (None, None) };

    let card = card(frame, created_at);
    frame.worth = (card.category_id, item_value(&card));
    photos(frame, &card, created_at, rows)?;
    let mut cards = Cards::new(card, &mut frame.ids);
    if let Some(submitted_at) = generated.submitted_at {
        let case = Case {
            subject: ApprovalSubject::Listing,
            subject_id: id,
            applicant: generated.created_by,
            receiver: generated.directed_to.map(|unit| frame.unit(unit)),
            pieces: generated.stock.offered.into(),
            batch: None,
            opened_at: submitted_at,
            ended_at: generated.updated_at,
            over: generated.state != ListingState::Submitted,
            steps: &generated.steps,
        };
        cases::add(frame, &case, rows);
    }
    let tickets = lines::add(frame, &mut cards, rows)?;
    offer(frame, &cards, tickets, created_at, rows);
    let (mut cards, mut holdings) = cards.into_rows();
    for card in &cards {
        rows.notes.push(Note::new(Subject::Asset, card.id, "asset.loaded", json!(Facts::from(card))));
    }
    rows.assets.append(&mut cards);
    rows.holdings.append(&mut holdings);
    Ok(())
}

fn offer(frame: &mut Frame<'_>, cards: &Cards, tickets: i64, created_at: DateTime<Utc>, rows: &mut Rows) {
    let generated = frame.listing;
    let moments = [generated.submitted_at, generated.listed_at];
    let decided = generated.steps.iter().any(|step| step.at.is_some());
    let row = listing::Model {
        id: frame.id,
        asset_id: cards.main(),
        unit_id: frame.giver,
        custody: generated.custody,
        state: generated.state,
        purpose: Purpose::Transfer,
        directed_to: generated.directed_to.map(|unit| frame.unit(unit)),
        award_mode: AwardMode::FirstCome,
        claim_window_days: None,
        audience: Audience::City,
        audience_id: None,
        audience_until: None,
        warehouse_id: (generated.custody == Custody::Physical).then_some(frame.context.base.warehouse),
        note: String::new(),
        approval_number: generated.approval_number.clone(),
        reason: generated.reason.map(str::to_owned),
        created_by: frame.account(generated.created_by),
        created_at,
        submitted_at: generated.submitted_at.map(|at| frame.at(at)),
        listed_at: generated.listed_at.map(|at| frame.at(at)),
        confirmed_at: generated.listed_at.map(|at| frame.at(at)),
        reconfirm_by: None,
        reconfirm_counted_to: None,
        paused_at: None,
        updated_at: frame.at(generated.updated_at),
        version: 1 + moments.iter().flatten().count() as i64 + i64::from(decided),
    };
    let stock = generated.stock;
    let payload = json!({
        "assetId": row.asset_id, "unitId": row.unit_id, "state": row.state,
        "offered": stock.offered,
    });
    rows.notes.push(Note::new(Subject::Listing, row.id, "listing.loaded", payload));
    rows.listings.push(row);
    rows.stocks.push(listing_stock::Model {
        listing_id: frame.id,
        offered: stock.offered.into(),
        available: stock.available.into(),
        held: stock.held.into(),
        reserved: stock.reserved.into(),
        in_transit: stock.in_transit.into(),
        delivered: stock.delivered.into(),
        withdrawn: stock.withdrawn.into(),
        lost: stock.lost.into(),
        queue_next: tickets + 1,
    });
    if generated.state == ListingState::Disposal {
        dispose(frame, cards.main(), rows);
    }
    if let Some(freeze) = generated.freeze {
        let from_at = frame.at(freeze.from_at);
        rows.freezes.push(asset_freeze::Model {
            id: frame.ids.next(from_at),
            scope: FreezeScope::Listing,
            scope_id: frame.id,
            cause: freeze.cause,
            note: String::new(),
            created_by: frame.account(freeze.by),
            from_at,
            until_at: None,
        });
    }
}

/// What nobody took is proposed to be given away.
fn dispose(frame: &mut Frame<'_>, asset_id: Uuid, rows: &mut Rows) {
    let generated = frame.listing;
    let at = frame.at(generated.updated_at);
    let index = u32::try_from(generated.index).unwrap_or_default();
    let number = frame.context.outline.disposals.get(&index).copied().unwrap_or_default();
    let row = disposal::Model {
        id: frame.ids.next(at),
        number: disposal_number(generated.updated_at.year(), number),
        listing_id: frame.id,
        asset_id,
        unit_id: frame.giver,
        warehouse_id: (generated.custody == Custody::Physical).then_some(frame.context.base.warehouse),
        kind: DisposalKind::Donation,
        state: DisposalState::Proposed,
        quantity: generated.stock.withdrawn.into(),
        justification: generated.reason.unwrap_or_default().to_owned(),
        beyond_repair: None,
        beyond_repair_by: None,
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
        created_by: frame.account(generated.created_by),
        created_at: at,
        done_by: None,
        done_at: None,
        done_on: None,
        updated_at: at,
        version: 1,
    };
    rows.notes.push(Note::new(Subject::Disposal, row.id, "disposal.loaded", told(&row)));
    rows.disposals.push(row);
}

fn card(frame: &mut Frame<'_>, at: DateTime<Utc>) -> asset::Model {
    let card = &frame.listing.asset;
    let base = &frame.context.base;
    asset::Model {
        id: frame.ids.next(at),
        kind: card.kind,
        source: card.source,
        state: AssetState::Active,
        holder_id: frame.giver,
        number: Some(card.number.clone()),
        category_id: base.category(&frame.context.city, card.category),
        name: card.name.clone(),
        brand: card.brand.to_owned(),
        model: card.model.to_owned(),
        serial: card.serial.clone(),
        serial_key: serial::key(card.brand, card.serial.as_deref()),
        description: card.description.clone(),
        condition: Some(card.condition),
        place: card.place.clone(),
        bin_id: frame.listing.bin.map(|bin| base.bins[bin as usize]),
        quantity: card.quantity.into(),
        measure: card.measure.to_owned(),
        value: card.value,
        value_basis: card.value_basis,
        acquired_on: Some(card.acquired_on),
        funding_source: card.funding_source.to_owned(),
        depreciation_months: None,
        min_service_months: None,
        restricted: card.restricted,
        erasure_record: card.erasure_record.clone(),
        details: details(&card.details).stored(),
        parent_id: None,
        created_by: frame.account(frame.listing.created_by),
        created_at: at,
        updated_at: at,
        version: 1,
    }
}

/// The fields of the kind as the assets' own slice keeps them.
fn details(details: &city::Details) -> Details {
    let number = |number: u32| i32::try_from(number).ok();
    match details {
        city::Details::General {} => Details::General,
        city::Details::Vehicle(vehicle) => Details::Vehicle(Vehicle {
            plate: Some(vehicle.plate.clone()),
            vin: Some(vehicle.vin.clone()),
            mileage_km: number(vehicle.mileage_km),
            new_energy: Some(vehicle.energy.is_new_energy()),
            inspection_until: Some(vehicle.inspection_until),
            insurance_until: Some(vehicle.insurance_until),
        }),
        city::Details::RealEstate(room) => Details::RealEstate(RealEstate {
            certificate: Some(room.certificate.clone()),
            area_m2: Some(f64::from(room.area_dm2) / 100.0),
            address: Some(room.address.clone()),
            title_holder: None,
        }),
        city::Details::Software(software) => Details::Software(Software {
            licences: number(software.licences),
            edition: Some(software.edition.to_owned()),
            expires_on: software.expires_on,
        }),
    }
}

fn photos(
    frame: &mut Frame<'_>,
    card: &asset::Model,
    at: DateTime<Utc>,
    rows: &mut Rows,
) -> anyhow::Result<()> {
    for (position, picture) in (1..).zip(&frame.listing.pictures) {
        let sha256 = frame.context.pictures.get(picture);
        rows.photos.push(photo::Model {
            id: frame.ids.next(at),
            asset_id: card.id,
            sha256: sha256.cloned().ok_or_else(|| anyhow::anyhow!("{picture:?} was not drawn"))?,
            position,
            stage: PhotoStage::Listing,
            name: format!("{}-{position}.jpg", frame.listing.asset.name),
            created_by: card.created_by,
            created_at: at,
        });
    }
    Ok(())
}
