//! The check when a request is handed in. The guard row of its unit must be touched first: two requests at the same moment would
//! each find room for themselves.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chrono::NaiveDate;
use entity::assets::asset;
use entity::catalogue::AssetKind;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::read::{self, Counted};
use super::rules::Allowance;
use crate::catalogue;
use crate::fault::{Code, Fault, Rejection};
use crate::organisation::Reference;
use crate::write::Tx;

/// A line that is to be handed in.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// What is asked for.
    pub card: &'a asset::Model,
    /// Pieces.
    pub pieces: i64,
}

/// Everything that stands against a request of the unit: one fault for each line that is over a cap, at `lines.<n>.quantity`, and
/// those about the whole.
///
/// # Errors
/// When the database does not answer.
pub async fn faults(
    tx: &Tx,
    unit: Uuid,
    wanted: &[Option<Wanted<'_>>],
    reason: Option<&str>,
) -> Result<Vec<Rejection>, Fault> {
    let mut faults: Vec<Rejection> = unconfirmed(tx, unit).await?.into_iter().collect();
    let reason_does = catalogue::steps::setting(tx, "over_cap_reason").await? == 1;
    let mut known: Vec<(Counted, Allowance)> = Vec::new();
    for (n, line) in wanted.iter().enumerate() {
        let Some(Wanted { card, pieces }) = line else { continue };
        let capped =
            read::cap_of(tx.conn(), &tx.reference(), unit, card.kind, card.category_id, tx.today()).await?;
        let Some(capped) = capped else { continue };
        let place = match known.iter().position(|(counted, _)| *counted == capped.counted) {
            Some(place) => place,
            None => {
                known.push((capped.counted.clone(), capped.allowance(tx.conn(), unit).await?));
                known.len() - 1
            }
        };
        let allowance = &mut known[place].1;
        let found = allowance.check(*pieces, reason, reason_does, &format!("lines.{n}.quantity"));
        // The lines of one request are asked for together.
        allowance.pending = allowance.pending.saturating_add(*pieces);
        faults.extend(found.err().filter(|fault| !faults.contains(fault)));
    }
    Ok(faults)
}

/// A unit that has not confirmed what it was handed asks for nothing more, unless the office lets it.
async fn unconfirmed(tx: &Tx, unit: Uuid) -> Result<Option<Rejection>, Fault> {
    let days = catalogue::steps::setting(tx, "deemed_receipt_days").await?;
    let late = read::overdue_receipts(tx.conn(), tx.app().clock(), unit, days).await?;
    let Some(first) = late.first() else { return Ok(None) };
    if read::block_override(tx.conn(), unit, tx.today()).await?.is_some() {
        return Ok(None);
    }
    let fault = Rejection::new(Code::OverdueReceipts).at("unitId").with("count", late.len());
    Ok(Some(fault.with("number", first)))
}

/// A cap of a unit that lines of a plan of the office go beyond.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Beyond {
    /// Category of the standard; none for vehicles.
    pub(crate) category: Option<Uuid>,
    /// What the unit is entitled to, holds, and has asked for besides.
    pub(crate) allowance: Allowance,
    /// Pieces of the plan that come under it.
    pub(crate) planned: i64,
    /// The lines beyond it, by their place in what was asked about.
    pub(crate) lines: Vec<usize>,
}

/// The caps that a plan goes beyond at one unit. A plan is a decision of the office: it is told, and stopped by nothing but a missing
/// reason. Where what a cap is reckoned from is not known every line is beyond it.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn beyond(
    conn: &impl ConnectionTrait,
    reference: &Reference,
    unit: Uuid,
    day: NaiveDate,
    planned: &[Wanted<'_>],
) -> Result<Vec<Beyond>, Fault> {
    let mut known: Vec<(Counted, Beyond)> = Vec::new();
    // Most lines of a plan are of few categories: each is looked up once.
    let mut places: HashMap<(AssetKind, Option<Uuid>), Option<usize>> = HashMap::new();
    for (n, Wanted { card, pieces }) in planned.iter().enumerate() {
        let key = (card.kind, card.category_id);
        let place = match places.entry(key) {
            Entry::Occupied(found) => *found.get(),
            Entry::Vacant(free) => {
                let capped = read::cap_of(conn, reference, unit, card.kind, card.category_id, day).await?;
                let place = match capped {
                    None => None,
                    Some(capped) => match known.iter().position(|(counted, _)| *counted == capped.counted) {
                        Some(place) => Some(place),
                        None => {
                            let beyond = Beyond {
                                category: capped.standard.as_ref().map(|standard| standard.category_id),
                                allowance: capped.allowance(conn, unit).await?,
                                planned: 0,
                                lines: Vec::new(),
                            };
                            known.push((capped.counted, beyond));
                            Some(known.len() - 1)
                        }
                    },
                };
                *free.insert(place)
            }
        };
        let Some(place) = place else { continue };
        let beyond = &mut known[place].1;
        beyond.planned = beyond.planned.saturating_add(*pieces);
        if beyond.allowance.left().is_none_or(|left| beyond.planned > left) {
            beyond.lines.push(n);
        }
    }
    Ok(known.into_iter().map(|(_, beyond)| beyond).filter(|beyond| !beyond.lines.is_empty()).collect())
}
