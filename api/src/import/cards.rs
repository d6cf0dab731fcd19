//! Asset cards out of a file, batch by batch: each in one transaction with the place of the run, so that a run which is killed
//! goes on with no row twice and none left out.

use std::ops::ControlFlow;
use std::sync::Arc;

use entity::assets::asset;
use entity::imports::import;
use sea_orm::DatabaseTransaction;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::assets::{self, Names, Secrecy};
use super::file::{Book, RawRow, Refused};
use super::job::{BadRow, Caller, Counts, End, Seen, begin, fetch, mapping, move_on, report, reported};
use super::receive::Local;
use super::table::Mapping;
use super::{columns, read_file};
use crate::app::App;
use crate::assets::batch::{self, Key, Taken};
use crate::assets::draft::Draft;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::jobs::Work;
use crate::write::{Command, Tx};

/// Rows of one transaction: enough that the commit costs little, few enough that other writers hardly wait.
const BATCH: usize = 250;
/// Batches between two signs in the row of the job; the import's own row moves with each.
const SIGN: usize = 40;

/// A row that was read.
#[derive(Debug)]
struct Item {
    row: RawRow,
    what: What,
}

#[derive(Debug)]
enum What {
    /// Done by an attempt before; only its keys count.
    Passed(Box<Draft>),
    /// Blank, or a sum of others.
    Nothing,
    /// Nothing of it is kept.
    Secret(Rejection),
    Bad(Vec<Rejection>),
    Card(Box<Draft>),
}

/// Loads the cards of an import, from where the last attempt stopped.
pub(super) async fn load(app: &App, work: &Work, row: &import::Model) -> Result<End, Fault> {
    let mut caller = Caller::of(app, row).await?;
    let local = fetch(app, row).await?;
    let mapping = Arc::new(mapping(row)?);
    // The whole file is read once before the first row is written: one that is damaged at its end is refused as a whole.
    let total = match row.total {
        Some(total) => total,
        None => count(Arc::clone(&local), mapping.header_line).await?,
    };
    begin(app, row, total).await?;
    let passed = if row.position > 0 { reported(app, row).await? } else { Default::default() };
    let names = Arc::new(Names::of(&app.reference(), app.clock().today()));
    let unit = row.unit_id.ok_or(Code::NotFound)?;
    let position = u64::try_from(row.position).unwrap_or(0);
    let (send, mut batches) = mpsc::channel(2);
    let reader = {
        let (local, mapping, names) = (Arc::clone(&local), Arc::clone(&mapping), Arc::clone(&names));
        tokio::task::spawn_blocking(move || read(&local, &mapping, &names, unit, position, &send))
    };
    let mut seen = Seen::new();
    let (mut place, mut done) = (row.position, row.done);
    let mut written = 0_usize;
    while let Some(batch) = batches.recv().await {
        let batch: Vec<Item> = batch;
        let (old, new): (Vec<Item>, Vec<Item>) =
            batch.into_iter().partition(|item| matches!(item.what, What::Passed(_)));
        for item in old {
            if let What::Passed(draft) = &item.what
                && !passed.contains(&item.row.line)
            {
                seen.extend(batch::keys_of(draft).iter().map(|key| (fingerprint(key), item.row.line)));
            }
        }
        if new.is_empty() {
            continue;
        }
        if work.stopping() {
            return Ok(End::Stopping);
        }
        let actor = caller.now().await?;
        let step = Step { app, row, actor: &actor, items: &new, seen: &seen, from: place };
        let (counts, noted) = step.take().await?;
        place = step.to();
        done += counts.done;
        seen.extend(noted);
        written += 1;
        if written.is_multiple_of(SIGN) {
            work.progress(done, Some(total)).await?;
        }
    }
    reader.await.unwrap_or_else(|_| Err(read_file::unreadable()))?;
    work.progress(done, Some(total)).await?;
    Ok(End::Whole)
}

async fn count(local: Arc<Local>, header_line: u64) -> Result<i64, Fault> {
    let count = tokio::task::spawn_blocking(move || {
        let mut count = 0_i64;
        Book::open(local.source()?)?.rows(|row| {
            count += i64::from(row.line > header_line);
            true
        })?;
        Ok(count)
    });
    Ok(count.await.unwrap_or_else(|_| Err(read_file::unreadable()))?)
}

/// Reads the rows and sends them on; ends early where nobody listens any more.
fn read(
    local: &Local,
    mapping: &Mapping,
    names: &Names,
    unit: Uuid,
    position: u64,
    send: &mpsc::Sender<Vec<Item>>,
) -> Result<(), Refused> {
    let mut batch = Vec::with_capacity(BATCH);
    // All of it was checked when its rows were counted, in this attempt or in one before.
    let mut book = Book::reopen(local.source()?)?;
    book.rows(|row| {
        if row.line <= mapping.header_line {
            return true;
        }
        if let ControlFlow::Continue(item) = understand(row, mapping, names, unit, position) {
            batch.push(item);
        }
        if batch.len() < BATCH {
            return true;
        }
        let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
        send.blocking_send(full).is_ok()
    })?;
    if !batch.is_empty() {
        let _ = send.blocking_send(batch);
    }
    Ok(())
}

/// What a row is about. Of a row that was passed and kept nothing there is nothing to say.
fn understand(
    mut row: RawRow,
    mapping: &Mapping,
    names: &Names,
    unit: Uuid,
    position: u64,
) -> ControlFlow<(), Item> {
    let passed = row.line <= position;
    let what = if row.is_blank() || columns::is_total(&row) {
        What::Nothing
    } else {
        let mut cells = mapping.cells(&row);
        match assets::secrecy(&cells) {
            Secrecy::Secret => What::Secret(Rejection::new(Code::SecretRefused).at(assets::SECRET)),
            Secrecy::Unclear => What::Secret(
                Rejection::new(Code::Malformed)
                    .at(assets::SECRET)
                    .with("expected", "是/否，或密级：非密、秘密、机密、绝密 / yes or no"),
            ),
            Secrecy::Open => {
                let draft = assets::read(&mut cells, names, unit);
                if cells.faults.is_empty() { What::Card(Box::new(draft)) } else { What::Bad(cells.faults) }
            }
        }
    };
    let what = match what {
        What::Card(draft) if passed => What::Passed(draft),
        _ if passed => return ControlFlow::Break(()),
        What::Secret(fault) => {
            row.cells.clear();
            What::Secret(fault)
        }
        other => other,
    };
    ControlFlow::Continue(Item { row, what })
}

/// A key in 16 bytes.
fn fingerprint(key: &Key) -> u128 {
    let mut hash = Sha256::new();
    match key {
        Key::Number(holder, number) => {
            hash.update([0]);
            hash.update(holder);
            hash.update(number);
        }
        Key::Serial(serial) => {
            hash.update([1]);
            hash.update(serial);
        }
    }
    let digest: [u8; 32] = hash.finalize().into();
    let mut short = [0; 16];
    short.copy_from_slice(&digest[..16]);
    u128::from_be_bytes(short)
}

/// One batch on its way into the database.
struct Step<'a> {
    app: &'a App,
    row: &'a import::Model,
    actor: &'a Actor,
    items: &'a [Item],
    seen: &'a Seen,
    from: i64,
}

/// What is to be done with a batch.
struct Decided<'a> {
    good: Vec<(asset::Model, &'a Draft)>,
    bad: Vec<BadRow<'a>>,
    taken: Taken,
    counts: Counts,
    /// Keys of what is good.
    noted: Vec<(u128, u64)>,
}

impl<'a> Step<'a> {
    fn to(&self) -> i64 {
        self.items.last().map_or(self.from, |item| i64::try_from(item.row.line).unwrap_or(i64::MAX))
    }

    /// Writes the batch, or only what would be wrong with it.
    async fn take(&self) -> Result<(Counts, Vec<(u128, u64)>), Fault> {
        let place = (self.from, self.to());
        if self.row.dry_run {
            let snapshot = self.app.db().snapshot().await?;
            let decided = &self.decide(&snapshot, None).await?;
            // Ended before the report is written: SQLite would keep what it has seen.
            drop(snapshot);
            let counts = self
                .app
                .write(self.actor, Command::new("tryImportBatch", None, &()), |tx| async move {
                    report(&tx, self.row, &decided.bad).await?;
                    move_on(&tx, self.row, place, decided.counts).await?;
                    Ok(decided.counts)
                })
                .await?;
            return Ok((counts, decided.noted.clone()));
        }
        self.app
            .write(self.actor, Command::new("importBatch", None, &()), |tx| async move {
                let decided = self.decide(tx.conn(), Some(&tx)).await?;
                batch::enter(&tx, &decided.good, &decided.taken).await?;
                report(&tx, self.row, &decided.bad).await?;
                move_on(&tx, self.row, place, decided.counts).await?;
                Ok((decided.counts, decided.noted))
            })
            .await
    }

    /// Judges every row. In a dry run, and in one that goes on, the decisions are the same: first by the row itself, then by
    /// the rows of the file before it, then by what is there.
    async fn decide(&self, conn: &DatabaseTransaction, tx: Option<&Tx>) -> Result<Decided<'a>, Fault> {
        let drafts: Vec<(&'a Item, &'a Draft)> = self
            .items
            .iter()
            .filter_map(|item| match &item.what {
                What::Card(draft) => Some((item, &**draft)),
                _ => None,
            })
            .collect();
        let judged =
            batch::judge(self.app, self.actor, &drafts.iter().map(|(_, draft)| *draft).collect::<Vec<_>>())?;
        let cards: Vec<&asset::Model> = judged.iter().filter_map(|card| card.as_ref().ok()).collect();
        if let Some(tx) = tx {
            batch::hold_serials(tx, &cards).await?;
        }
        let taken = batch::taken(conn, self.actor, &cards).await?;
        let mut decided = Decided {
            good: Vec::with_capacity(drafts.len()),
            bad: Vec::new(),
            taken: Taken::default(),
            counts: Counts { done: i64::try_from(self.items.len()).unwrap_or(0), ..Counts::default() },
            noted: Vec::new(),
        };
        let mut here = Seen::new();
        for ((item, draft), judged) in drafts.into_iter().zip(judged) {
            let outcome = judged.and_then(|card| {
                let faults = self.collisions(&card, &taken, &here);
                if faults.is_empty() { Ok(card) } else { Err(faults) }
            });
            match outcome {
                Ok(card) => {
                    for key in batch::keys(&card) {
                        here.insert(fingerprint(&key), item.row.line);
                    }
                    decided.good.push((card, draft));
                }
                Err(faults) => decided.bad.push(bad(item, faults)),
            }
        }
        for item in self.items {
            match &item.what {
                What::Bad(faults) => decided.bad.push(bad(item, faults.clone())),
                What::Secret(fault) => {
                    decided.counts.secret += 1;
                    decided.bad.push(BadRow {
                        line: item.row.line,
                        cells: None,
                        faults: vec![fault.clone()],
                    });
                }
                What::Nothing => decided.counts.skipped += 1,
                What::Card(_) | What::Passed(_) => {}
            }
        }
        decided.counts.kept = i64::try_from(decided.good.len()).unwrap_or(0);
        decided.counts.bad = i64::try_from(decided.bad.len()).unwrap_or(0);
        decided.noted = here.into_iter().collect();
        decided.taken = taken;
        Ok(decided)
    }

    fn collisions(&self, card: &asset::Model, taken: &Taken, here: &Seen) -> Vec<Rejection> {
        let mut faults = Vec::new();
        for key in batch::keys(card) {
            let column = match key {
                Key::Number(..) => "asset_number",
                Key::Serial(_) => "serial",
            };
            let print = fingerprint(&key);
            if let Some(line) = self.seen.get(&print).or_else(|| here.get(&print)) {
                faults.push(Rejection::new(Code::DuplicateRow).at(column).with("line", line));
            } else if taken.known.contains(&key) {
                faults.push(Rejection::new(Code::Duplicate).at(column));
            }
        }
        faults
    }
}

fn bad(item: &Item, faults: Vec<Rejection>) -> BadRow<'_> {
    BadRow {
        line: item.row.line,
        cells: Some(&item.row),
        faults: faults.into_iter().map(assets::column_of).collect(),
    }
}
