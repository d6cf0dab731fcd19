//! Recomputes what must agree: the audit trail and its seals, stock counters against lines and transfers, cards against
//! their splits, the ledger of savings against its frozen inputs.

use sea_orm::{IsolationLevel, TransactionOptions, TransactionTrait};

use crate::app::App;
use crate::fault::Fault;
use crate::{audit, requests, savings, transfers};

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

/// Checks everything, in one snapshot of the database, so that it can run beside a busy service. `told` hears of each
/// part when it is done.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(app: &App, mut told: impl FnMut(&Part)) -> Result<Vec<Part>, Fault> {
    #[expect(clippy::disallowed_methods, reason = "a snapshot to read from; nothing is written")]
    let snapshot = app
        .db()
        .read()
        .begin_with_options(TransactionOptions {
            isolation_level: app.db().is_postgres().then_some(IsolationLevel::RepeatableRead),
            ..Default::default()
        })
        .await?;
    let mut parts = Vec::new();
    let mut add = |name, (faults, rows): (Vec<String>, u64)| {
        let part = Part { name, rows, faults };
        told(&part);
        parts.push(part);
    };
    add("audit trail and seals", audit::verify::verify(&snapshot).await?);
    add("requests and stock", requests::verify::verify(&snapshot).await?);
    add("transfers and cards", transfers::verify::verify(&snapshot).await?);
    add("savings", savings::verify::verify(&snapshot).await?);
    snapshot.rollback().await?;
    Ok(parts)
}
