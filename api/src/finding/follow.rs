//! Feeds the index of this process: reads the event log by the cursor that the index keeps, and beside that builds the
//! index anew where it is missing, damaged or unfit, and compares it with the database from time to time.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use entity::events::{Subject, event};
use search::{Change, Cursor, Embedded, Indexed, Options, SearchIndex, Step};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::documents::{self, Touched};
use super::start_reindex;
use crate::app::App;
use crate::events;

/// How long a change written by another process may stay unseen.
const LOOK: Duration = Duration::from_millis(150);
/// Events looked at together.
const BATCH: u64 = 1_000;
/// Listings read together while building anew or comparing.
const ROWS: u64 = 2_000;
/// Listings read and written together while following.
const PART: usize = 500;
/// When one change of a tree touches more listings than this, building the index anew is the shorter way.
const MANY: usize = 20_000;
/// How often the index is compared with the database.
const RECONCILE: Duration = Duration::from_secs(3_600);
/// How long to wait after a failure.
const PAUSE: Duration = Duration::from_secs(2);

/// Whoever reads rows to put them into the live index holds this until they are in: so that of two who read the same
/// listing, the one who read it first does not write it last.
pub(super) type Desk = Mutex<()>;

/// Opens the index below the data folder.
///
/// # Errors
/// When another process has it open, or the folder cannot be used.
pub async fn open(data_dir: &Path) -> anyhow::Result<SearchIndex> {
    let folder = data_dir.join("search");
    let opened = Embedded::open(&folder, Options::default()).await.with_context(|| {
        format!(
            "cannot open the search index {}; is another server using this data folder?",
            folder.display()
        )
    })?;
    Ok(SearchIndex::from(opened.index))
}

/// Follows the log until `stop` is cancelled, and keeps the index whole beside that. A failure is logged and tried again:
/// search may lag, nothing else waits.
pub async fn follow(app: App, index: SearchIndex, stop: CancellationToken) {
    let work = async {
        // Loads the dictionary: the first search in Chinese should not wait for it.
        if let Err(error) = index.warm_up().await {
            tracing::warn!(?error, "the search index is not warm");
        }
        while let Err(error) = begin(&app, &index).await {
            tracing::error!(?error, "the search index cannot be fed yet; trying again");
            tokio::time::sleep(PAUSE).await;
        }
        let desk = Desk::default();
        tokio::join!(feed(&app, &index, &desk), keep(&app, &index, &desk));
    };
    tokio::select! {
        () = work => {}
        () = stop.cancelled() => {}
    }
}

/// An index that was never fed, or by the log of another database, begins here and now: with nothing in it, until it is
/// built from the rows.
pub(super) async fn begin(app: &App, index: &SearchIndex) -> anyhow::Result<()> {
    let cursor = index.cursor().await?;
    let fits = if cursor == Cursor::default() {
        !index.needs_rebuild().await?
    } else {
        events::holds(app.db().read(), cursor.seq, cursor.event).await?
    };
    if !fits {
        index.reset(newest(app).await?).await?;
    }
    Ok(())
}

/// Where a follower stands who has read all there is to read.
async fn newest(app: &App) -> anyhow::Result<Cursor> {
    let newest = events::newest(app.db().read()).await?;
    Ok(newest.map(|(seq, event)| Cursor { seq, event }).unwrap_or_default())
}

/// Reads on in the log for ever.
async fn feed(app: &App, index: &SearchIndex, desk: &Desk) {
    let mut bell = app.events().listen();
    loop {
        let outcome = catch_up(app, index, desk).await;
        if let Err(error) = &outcome {
            tracing::error!(?error, "the search index falls behind; trying again");
        }
        let pause = if outcome.is_ok() { LOOK } else { PAUSE };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = bell.changed(), if outcome.is_ok() => {}
        }
    }
}

/// Builds the index anew where that is needed, and compares it with the database from time to time, for ever.
async fn keep(app: &App, index: &SearchIndex, desk: &Desk) {
    let mut reconcile = tokio::time::interval(RECONCILE);
    reconcile.tick().await;
    loop {
        let outcome = async {
            if index.needs_rebuild().await? {
                rebuild(app, index, |_| {}).await?;
            } else {
                tokio::select! {
                    _ = reconcile.tick() => { mend(app, index, desk).await?; }
                    () = tokio::time::sleep(LOOK) => {}
                }
            }
            anyhow::Ok(())
        };
        if let Err(error) = outcome.await {
            tracing::error!(?error, "the search index is not whole; trying again");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Applies what the log has beyond the index.
pub(super) async fn catch_up(app: &App, index: &SearchIndex, desk: &Desk) -> anyhow::Result<()> {
    loop {
        let cursor = index.cursor().await?;
        let events = events::after(app.db().read(), cursor.seq, BATCH).await?;
        let Some(last) = events.last() else { return Ok(()) };
        let cursor = Cursor { seq: last.seq, event: last.id };
        // Names and places come from the snapshot: it must not be older than the events.
        app.generation().await.map_err(anyhow::Error::from)?;
        let _desk = desk.lock().await;
        let mut ids = documents::touched(app.db().read(), &touched(app, &events), MANY).await?;
        let too_many = ids.len() > MANY;
        if too_many {
            ids.clear();
        }
        ids.extend(about(&events, Subject::Listing));
        let changes = changes(app, &ids.into_iter().collect::<Vec<_>>()).await?;
        // Kept in the index: the order to build it anew outlives this process.
        let asked = events.iter().any(|event| event.kind == start_reindex::ASKED);
        let step = if asked || too_many { Step::Outdated(cursor) } else { Step::To(cursor) };
        index.apply(changes, step).await?;
    }
}

fn about(events: &[event::Model], kind: Subject) -> BTreeSet<Uuid> {
    events.iter().filter(|event| event.subject_kind == kind).map(|event| event.subject_id).collect()
}

/// What the events change in the documents of listings that they do not name. A listing is found by all that its place and
/// its category lie in, so whatever lies below one that moved is touched.
fn touched(app: &App, events: &[event::Model]) -> Touched {
    let reference = app.reference();
    let mut units = about(events, Subject::Unit);
    for region in about(events, Subject::Region) {
        units.extend(reference.units_in_region(region));
    }
    let mut categories = BTreeSet::new();
    for category in about(events, Subject::Category) {
        categories.extend(reference.category_subtree(category));
    }
    Touched {
        assets: about(events, Subject::Asset).into_iter().collect(),
        units: units.into_iter().collect(),
        categories: categories.into_iter().collect(),
    }
}

/// These listings as they are now.
async fn changes(app: &App, ids: &[Uuid]) -> anyhow::Result<Vec<Change>> {
    let mut changes = Vec::with_capacity(ids.len());
    for part in ids.chunks(PART) {
        let found = documents::of(app.db().read(), &app.reference(), part).await?;
        changes.extend(found.into_iter().map(Change::Put));
    }
    Ok(changes)
}

/// Builds the index anew beside the live one; `progress` is told how many listings are in.
///
/// # Errors
/// When the database or the index fails; the old index stays.
pub async fn rebuild(app: &App, index: &SearchIndex, mut progress: impl FnMut(u64)) -> anyhow::Result<u64> {
    app.generation().await.map_err(anyhow::Error::from)?;
    // Read before the first row: whatever changes later is in the log beyond it.
    let cursor = newest(app).await?;
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

/// Compares what the index holds with the database, page by page in order of id, and mends what differs: what is missing,
/// what is other than it should be, and what is no more. Gives how many listings that were.
pub(super) async fn mend(app: &App, index: &SearchIndex, desk: &Desk) -> anyhow::Result<usize> {
    app.generation().await.map_err(anyhow::Error::from)?;
    let (mut last, mut mended) = (None, 0);
    loop {
        let rows = documents::after(app.db().read(), &app.reference(), last, ROWS).await?;
        let indexed = index.versions(last, usize::try_from(ROWS)?).await?;
        // Beyond the end of the shorter page nothing is known of the other side.
        let ends = [
            (rows.len() as u64 == ROWS).then(|| rows.last().map(|row| row.id)).flatten(),
            (indexed.len() as u64 == ROWS).then(|| indexed.last().map(|one| one.id)).flatten(),
        ];
        let end = ends.into_iter().flatten().min();
        let within = |id: Uuid| end.is_none_or(|end| id <= end);
        let mut known: HashMap<Uuid, Indexed> =
            indexed.into_iter().filter(|one| within(one.id)).map(|one| (one.id, one)).collect();
        let mut doubtful: Vec<Uuid> = Vec::new();
        for row in rows.iter().filter(|row| within(row.id)) {
            if !known.remove(&row.id).is_some_and(|indexed| row.is(&indexed)) {
                doubtful.push(row.id);
            }
        }
        doubtful.extend(known.keys().copied());
        for part in doubtful.chunks(PART) {
            mended += mend_some(app, index, desk, part, &known).await?;
        }
        if end.is_none() {
            if mended > 0 {
                tracing::warn!(listings = mended, "the search index had drifted");
            }
            return Ok(mended);
        }
        last = end;
    }
}

/// Reads these listings once more, as what was compared may have changed meanwhile, and writes them; those of `ghosts`
/// that are still not there are removed.
async fn mend_some(
    app: &App,
    index: &SearchIndex,
    desk: &Desk,
    ids: &[Uuid],
    ghosts: &HashMap<Uuid, Indexed>,
) -> anyhow::Result<usize> {
    let _desk = desk.lock().await;
    let mut changes = changes(app, ids).await?;
    let there: BTreeSet<Uuid> = changes.iter().map(Change::id).collect();
    let gone = ids.iter().filter(|id| !there.contains(id)).filter_map(|id| ghosts.get(id));
    changes.extend(gone.map(|ghost| Change::Remove { id: ghost.id, version: ghost.version }));
    let count = changes.len();
    index.apply(changes, Step::Stay).await?;
    Ok(count)
}
