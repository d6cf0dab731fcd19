//! Makes every ranking again from what is kept with it: points and order from the frozen facts, the draw from seed and seal, who
//! got pieces from what there was to give; and compares all of it with the audit trail.

use std::collections::HashMap;

use entity::audit::audit_seal;
use entity::awards::{WindowState, claim_rank, claim_window};
use entity::events::Subject;
use entity::listings::{ListingState, listing};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::Value;
use uuid::Uuid;

use super::award::{AWARDED, CLOSED, digest};
use super::read;
use crate::app::App;
use crate::audit;
use crate::fault::Fault;
use crate::listings::window;
use crate::ranking::rule_sets;
use crate::ranking::rules::{self, Claim, Rule};

/// Windows compared at a time: memory stays small whatever there is.
const BATCH: u64 = 200;

/// Checks all windows; gives what does not agree (empty: all is well) and how many were read.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(app: &App, conn: &impl ConnectionTrait) -> Result<(Vec<String>, u64), Fault> {
    let mut faults = Vec::new();
    let mut read = 0;
    let mut last = Uuid::nil();
    loop {
        let windows = read::windows_after(conn, last, BATCH).await?;
        let Some(newest) = windows.last().map(|window| window.listing_id) else { return Ok((faults, read)) };
        last = newest;
        read += windows.len() as u64;
        let ids: Vec<Uuid> = windows.iter().map(|window| window.listing_id).collect();
        let sets: Vec<Uuid> = windows.iter().map(|window| window.rule_set_id).collect();
        let sets = rule_sets::rules_of(conn, &sets).await?;
        let told = audit::read::first_told(conn, Subject::Listing, &ids, AWARDED).await?;
        let offers: HashMap<Uuid, ListingState> = listing::Entity::find()
            .filter(listing::Column::Id.is_in(ids.iter().copied()))
            .all(conn)
            .await?
            .into_iter()
            .map(|row| (row.id, row.state))
            .collect();
        let mut ranks: HashMap<Uuid, Vec<claim_rank::Model>> = HashMap::new();
        let rows = claim_rank::Entity::find()
            .filter(claim_rank::Column::ListingId.is_in(ids.iter().copied()))
            .order_by_asc(claim_rank::Column::ListingId)
            .order_by_asc(claim_rank::Column::Rank)
            .all(conn)
            .await?;
        for row in rows {
            ranks.entry(row.listing_id).or_default().push(row);
        }
        for window in &windows {
            let id = window.listing_id;
            let mut fault = |what: &str| faults.push(format!("claims to listing {id}: {what}"));
            if rules::commitment(&window::seed(app, id)) != window.commitment {
                fault("the commitment is not to the seed of the draw");
            }
            let waits = matches!(window.state, WindowState::Open | WindowState::Closed);
            if waits && offers.get(&id) != Some(&ListingState::Listed) {
                fault("the window stands open, and the offer has ended");
            }
            let rows = ranks.remove(&id).unwrap_or_default();
            if window.state != WindowState::Awarded {
                if !rows.is_empty() {
                    fault("they were ranked, and the window was not awarded");
                }
                continue;
            }
            let rules = sets.get(&window.rule_set_id).map_or(&[][..], Vec::as_slice);
            again(window, rules, &rows)?.into_iter().for_each(&mut fault);
            trail(window, &rows, told.get(&id))?.into_iter().for_each(&mut fault);
            let seal = audit::read::first_seal_of(conn, Subject::Listing, id, CLOSED).await?;
            if !of_seal(window, seal.as_ref()) {
                fault("the draw did not go by the first seal after the window");
            }
        }
    }
}

fn of_seal(window: &claim_window::Model, seal: Option<&audit_seal::Model>) -> bool {
    seal.is_some_and(|seal| {
        window.seal_seq == Some(seal.seq) && window.seal_root.as_ref() == Some(&seal.root)
    })
}

/// What the ranking, made again, does not agree in.
fn again(
    window: &claim_window::Model,
    rules: &[Rule],
    rows: &[claim_rank::Model],
) -> Result<Vec<&'static str>, Fault> {
    let (seed, root) = (window.seed.as_deref().unwrap_or(""), window.seal_root.as_deref().unwrap_or(""));
    let mut faults = Vec::new();
    if rules::commitment(seed) != window.commitment {
        faults.push("the seed shown is not the one committed to");
    }
    let mut claims = Vec::with_capacity(rows.len());
    for row in rows {
        let facts = serde_json::from_value(row.facts.clone())?;
        claims.push(Claim { line: row.line_id, quantity: row.quantity, facts });
    }
    let ranked = rules::rank(rules, claims, |line| rules::draw(seed, root, line));
    let won = rules::winners(rows.iter().map(|row| row.quantity), window.available.unwrap_or(0));
    for ((n, row), ranked) in rows.iter().enumerate().zip(&ranked) {
        let place = i64::try_from(n).unwrap_or(i64::MAX) + 1;
        if row.line_id != ranked.claim.line || row.rank != place {
            faults.push("their order is not the one that the rules give");
            break;
        }
        if row.score != ranked.score || row.draw != ranked.draw {
            faults.push("a score or a lot is not what the rules give");
            break;
        }
        if row.won != (n < won) {
            faults.push("pieces went to others than the first that could be served");
            break;
        }
    }
    Ok(faults)
}

/// What the audit trail says otherwise.
fn trail(
    window: &claim_window::Model,
    rows: &[claim_rank::Model],
    told: Option<&Value>,
) -> Result<Vec<&'static str>, Fault> {
    let Some(told) = told else { return Ok(vec!["their ranking is not in the audit"]) };
    let same = told["ranking"].as_str() == Some(digest(rows)?.as_str())
        && told["seed"].as_str() == window.seed.as_deref()
        && told["sealRoot"].as_str() == window.seal_root.as_deref()
        && told["available"].as_i64() == window.available;
    Ok(if same { Vec::new() } else { vec!["their ranking is not the one that was told to the audit"] })
}
