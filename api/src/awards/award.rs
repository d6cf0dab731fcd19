//! Ranks the claims of a window that is over, keeps everything they were ranked by, and lets the queue move up in that order.

use entity::awards::{WindowState, claim_rank, claim_window};
use entity::events::Subject;
use entity::listings::listing;
use entity::requests::LineState;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{close, facts};
use crate::audit;
use crate::fault::Fault;
use crate::listings::{steps as listings, window};
use crate::ranking::rule_sets;
use crate::ranking::rules::{self, Facts, Ranked};
use crate::requests::steps::{self as requests, Change};
use crate::write::Tx;

/// Under this name the audit knows that a window is over.
pub(super) const CLOSED: &str = "listing.windowClosed";
/// Under this name it knows what came of the claims.
pub(super) const AWARDED: &str = "listing.awarded";

/// Ranks the claims, where the seal is there that decides between equals. Answers whether something changed.
pub(super) async fn award(
    tx: &Tx,
    window: claim_window::Model,
    listing: &listing::Model,
) -> Result<bool, Fault> {
    let seal = audit::read::first_seal_of(tx.conn(), Subject::Listing, listing.id, CLOSED).await?;
    let Some(seal) = seal else { return Ok(false) };
    let first_late = window.first_late.unwrap_or(i64::MAX);
    let mut lines = requests::waiting(tx, listing.id).await?;
    let stock = listings::lock(tx, listing.id).await?;
    // Who claims more than can ever come is told so when the queue settles, and stands in nobody's way.
    let most = stock.can_still_come();
    lines.retain(|line| line.quantity <= most && line.queue_place.is_some_and(|place| place < first_late));
    if lines.is_empty() && requests::waiting(tx, listing.id).await?.is_empty() {
        // Every claim was taken back meanwhile.
        return close::empty(tx, window, listing).await;
    }
    let seed = window::seed(tx.app(), listing.id);
    if rules::commitment(&seed) != window.commitment {
        return Err(anyhow::anyhow!("the master key is not the one by which the window was opened").into());
    }
    let rules = rule_sets::rules_of_one(tx.conn(), window.rule_set_id).await?;
    let claims = facts::measure(tx.app(), tx.conn(), &window, &lines, &rules).await?;
    let ranked = rules::rank(&rules, claims, |line| rules::draw(&seed, &seal.root, line));

    // What is frozen or pauses is handed out to nobody before that is over.
    let closed = listings::frozen(tx, listing.id).await? || listing.paused_at.is_some();
    let awarded = claim_window::Model {
        state: WindowState::Awarded,
        awarded_at: Some(tx.now()),
        available: Some(if closed { 0 } else { stock.available }),
        seal_seq: Some(seal.seq),
        seal_root: Some(seal.root),
        seed: Some(seed),
        ..window
    };
    let awarded = window::save(tx, awarded).await?;
    let order: Vec<Uuid> = ranked.iter().map(|ranked| ranked.claim.line).collect();
    requests::on_ranked(tx, listing.id, &order).await?;
    requests::settle_queue(tx, listing.id, Change::Freed).await?;
    let won = held(tx, listing.id, &order).await?;
    let rows = rows(listing.id, &ranked, &won)?;
    let payload = json!({
        "claims": rows.len(), "won": won.len(), "available": awarded.available, "seed": awarded.seed,
        "sealSeq": awarded.seal_seq, "sealRoot": awarded.seal_root, "ranking": digest(&rows)?,
    });
    tx.record(Subject::Listing, listing.id, listing.version, AWARDED, &payload);
    if !rows.is_empty() {
        let rows = rows.into_iter().map(|row| row.into_active_model().reset_all());
        claim_rank::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    }
    Ok(true)
}

/// Those of the claims that have their pieces.
async fn held(tx: &Tx, listing: Uuid, order: &[Uuid]) -> Result<Vec<Uuid>, Fault> {
    use entity::requests::request_line::{Column, Entity};
    let held: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ListingId.eq(listing))
        .filter(Column::State.eq(LineState::Submitted))
        .into_tuple()
        .all(tx.conn())
        .await?;
    Ok(order.iter().copied().filter(|line| held.contains(line)).collect())
}

fn rows(listing: Uuid, ranked: &[Ranked], won: &[Uuid]) -> Result<Vec<claim_rank::Model>, Fault> {
    let mut rows = Vec::with_capacity(ranked.len());
    for (rank, Ranked { claim, score, draw }) in (1..).zip(ranked) {
        rows.push(claim_rank::Model {
            line_id: claim.line,
            listing_id: listing,
            rank,
            quantity: claim.quantity,
            score: *score,
            facts: serde_json::to_value(claim.facts)?,
            draw: draw.clone(),
            won: won.contains(&claim.line),
        });
    }
    Ok(rows)
}

/// What the audit keeps of a ranking: SHA-256 of all its rows in their order.
pub(super) fn digest(rows: &[claim_rank::Model]) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Row<'a> {
        line: Uuid,
        rank: i64,
        quantity: i64,
        score: i64,
        facts: Facts,
        draw: &'a str,
        won: bool,
    }
    let mut hash = Sha256::new();
    for row in rows {
        // As it is understood, and not as the database writes it down.
        let facts: Facts = serde_json::from_value(row.facts.clone())?;
        let (line, rank, quantity, score, draw, won) =
            (row.line_id, row.rank, row.quantity, row.score, row.draw.as_str(), row.won);
        hash.update(serde_json::to_vec(&Row { line, rank, quantity, score, facts, draw, won })?);
        hash.update(b"\n");
    }
    Ok(hex::encode(hash.finalize()))
}
