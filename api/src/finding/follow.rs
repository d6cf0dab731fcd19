//! Feeds the index of this process: reads the event log by the cursor that the index keeps, builds the index anew
//! where it is missing or damaged, and compares it with the database from time to time.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use entity::events::Subject;
use search::{Change, Embedded, Options, SearchIndex};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{documents, start_reindex};
use crate::app::App;
use crate::events;

/// How long a change written by another process may stay unseen.
const LOOK: Duration = Duration::from_millis(150);
/// Events looked at together.
const BATCH: u64 = 1_000;
/// Listings read together while building anew.
const ROWS: u64 = 2_000;
/// How often the index is compared with the database.
const RECONCILE: Duration = Duration::from_secs(3_600);
/// How long to wait after a failure.
const PAUSE: Duration = Duration::from_secs(2);

/// Opens the index below the data folder. The second value says whether it must be built anew.
///
/// # Errors
/// When another process has it open, or the folder cannot be used.
pub async fn open(data_dir: &Path) -> anyhow::Result<(SearchIndex, bool)> {
    let folder = data_dir.join("search");
    let opened = Embedded::open(&folder, Options::default()).await.with_context(|| {
        format!(
            "cannot open the search index {}; is another server using this data folder?",
            folder.display()
        )
    })?;
    let needs_rebuild = opened.needs_rebuild();
    Ok((SearchIndex::from(opened.index), needs_rebuild))
}

/// Follows the log until `stop` is cancelled. A failure is logged and tried again: search may lag, nothing else waits.
pub async fn follow(app: App, index: SearchIndex, mut needs_rebuild: bool, stop: CancellationToken) {
    // Loads the dictionary: the first search in Chinese should not wait for it.
    if let Err(error) = index.warm_up().await {
        tracing::warn!(?error, "the search index is not warm");
    }
    let mut bell = app.events().listen();
    let mut reconcile = tokio::time::interval(RECONCILE);
    reconcile.tick().await;
    loop {
        let outcome = async {
            if needs_rebuild {
                rebuild(&app, &index, |_| {}).await?;
                needs_rebuild = false;
            }
            needs_rebuild = catch_up(&app, &index).await?;
            anyhow::Ok(())
        };
        let outcome = tokio::select! {
            outcome = outcome => outcome,
            () = stop.cancelled() => return,
        };
        if let Err(error) = &outcome {
            tracing::error!(?error, "the search index falls behind; trying again");
        }
        let pause = if outcome.is_ok() { LOOK } else { PAUSE };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
            _ = bell.changed(), if outcome.is_ok() && !needs_rebuild => {}
            _ = reconcile.tick(), if outcome.is_ok() => {
                if let Err(error) = mend(&app, &index).await {
                    tracing::error!(?error, "the search index was not compared");
                }
            }
        }
    }
}

/// Applies what the log has beyond the index; true where a rebuild was asked for in it.
async fn catch_up(app: &App, index: &SearchIndex) -> anyhow::Result<bool> {
    let mut reindex = false;
    loop {
        let cursor = index.cursor().await?;
        let events = events::after(app.db().read(), cursor, BATCH).await?;
        let Some(newest) = events.last().map(|event| event.seq) else { return Ok(reindex) };
        let of = |kind: Subject| -> Vec<Uuid> {
            let ids: BTreeSet<Uuid> = events
                .iter()
                .filter(|event| event.subject_kind == kind)
                .map(|event| event.subject_id)
                .collect();
            ids.into_iter().collect()
        };
        reindex |= events.iter().any(|event| event.kind == start_reindex::ASKED);
        // Names and places come from the snapshot: it must not be older than the events.
        app.generation().await.map_err(anyhow::Error::from)?;
        let mut ids: BTreeSet<Uuid> = of(Subject::Listing).into_iter().collect();
        ids.extend(documents::touched(app.db().read(), &of(Subject::Asset), &of(Subject::Unit)).await?);
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let mut changes = Vec::with_capacity(ids.len());
        for part in ids.chunks(500) {
            let found = documents::of(app.db().read(), &app.reference(), part).await?;
            changes.extend(found.into_iter().map(Change::Put));
        }
        index.apply(changes, newest).await?;
    }
}

/// Builds the index anew beside the live one; `progress` is told how many listings are in.
///
/// # Errors
/// When the database or the index fails; the old index stays.
pub async fn rebuild(app: &App, index: &SearchIndex, mut progress: impl FnMut(u64)) -> anyhow::Result<u64> {
    app.generation().await.map_err(anyhow::Error::from)?;
    // Read before the first row: whatever changes later is in the log beyond it.
    let cursor = events::newest(app.db().read()).await?;
    let rebuild = index.begin_rebuild().await?;
    let (mut last, mut count) = (None, 0);
    loop {
        let found = documents::after(app.db().read(), &app.reference(), last, ROWS).await?;
        let Some(newest) = found.last().map(|document| document.id) else { break };
        last = Some(newest);
        count += found.len() as u64;
        rebuild.add(found).await?;
        progress(count);
    }
    rebuild.finish(cursor).await?;
    tracing::info!(listings = count, "the search index was built anew");
    Ok(count)
}

/// Compares ids and versions of index and database, page by page in order of id, and mends what differs.
async fn mend(app: &App, index: &SearchIndex) -> anyhow::Result<u64> {
    let (mut last, mut mended) = (None, 0);
    loop {
        let rows = documents::versions(app.db().read(), last, ROWS).await?;
        let indexed = index.versions(last, usize::try_from(ROWS)?).await?;
        let Some(end) = rows.last().map(|(id, _)| *id) else { return Ok(mended) };
        let known: std::collections::HashMap<Uuid, i64> = indexed.into_iter().collect();
        let missing: Vec<Uuid> = rows
            .iter()
            .filter(|(id, version)| known.get(id).is_none_or(|indexed| indexed < version))
            .map(|(id, _)| *id)
            .collect();
        if !missing.is_empty() {
            let found = documents::of(app.db().read(), &app.reference(), &missing).await?;
            mended += found.len() as u64;
            tracing::warn!(listings = found.len(), "the search index had drifted");
            // 0: mending single listings says nothing of the log, and the cursor never goes back.
            index.apply(found.into_iter().map(Change::Put).collect(), 0).await?;
        }
        last = Some(end);
    }
}
