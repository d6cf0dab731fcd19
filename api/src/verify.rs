//! Recomputes what must agree: the audit trail with its seals and the event log; standards, cards and listings with their
//! trails; cases with the rules they were planned by; stock counters with lines and transfers; awards with the rules and the
//! draw they went by; what is lent with what there is; plans with the lines that carry them out; closed units with what should
//! have passed on; the ledger of savings with its frozen inputs and with the trails of hand-overs and loans.

use crate::app::App;
use crate::audit::verify::Anchor;
use crate::fault::Fault;
use crate::{
    approvals, assets, audit, awards, catalogue, corrections, disposals, listings, loans, plans, requests,
    savings, successions, transfers,
};

/// What one part of the check found.
#[derive(Debug)]
pub struct Part {
    /// What was checked.
    pub name: &'static str,
    /// Rows read.
    pub rows: u64,
    /// What does not agree; empty where all is well.
    pub faults: Vec<String>,
}

/// Checks everything, in one snapshot of the database, so that it can run beside a busy service; and `anchors`, roots that
/// were noted elsewhere. `told` hears of each part when it is done.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(app: &App, anchors: &[Anchor], mut told: impl FnMut(&Part)) -> Result<Vec<Part>, Fault> {
    let snapshot = &app.db().snapshot().await?;
    let mut parts = Vec::new();
    let mut add = |name, (faults, rows): (Vec<String>, u64)| {
        let part = Part { name, rows, faults };
        told(&part);
        parts.push(part);
    };
    add("audit trail and seals", audit::verify::verify(app, snapshot, anchors).await?);
    add("standards", catalogue::verify::verify(app, snapshot).await?);
    add("rental rates", catalogue::rates::verify(app, snapshot).await?);
    add("cards", assets::verify::verify(app, snapshot).await?);
    add("listings", listings::verify::verify(app, snapshot).await?);
    add("corrections", corrections::verify::verify(app, snapshot).await?);
    add("approvals", approvals::verify::verify(snapshot).await?);
    add("requests and stock", requests::verify::verify(snapshot).await?);
    add("claims and awards", awards::verify::verify(app, snapshot).await?);
    add("transfers and cards", transfers::verify::verify(snapshot).await?);
    add("loans", loans::verify::verify(app, snapshot).await?);
    add("plans", plans::verify::verify(snapshot).await?);
    add("disposals", disposals::verify::verify(app, snapshot).await?);
    add("savings", savings::verify::verify(app, snapshot).await?);
    add("successions", successions::verify::verify(app, snapshot).await?);
    Ok(parts)
}
