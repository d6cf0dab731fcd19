//! Loads a file.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use entity::identity::Locale;

use super::columns::Header;
use super::file::{Book, Source};
use super::order::order;
use super::table::{self, Cells};
use super::{categories, regions, standards, units};
use crate::app::App;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::{Actor, session};
use crate::organisation::tree;
use crate::write::{Command, Tx};

/// Rows written in one transaction: enough that the commit costs little, few enough that nobody waits long.
const BATCH: usize = 200;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Regions.
    Regions,
    /// Units.
    Units,
    /// Categories.
    Categories,
    /// Allocation standards.
    Standards,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Rows looked at.
    pub done: u64,
    /// Rows of the file.
    pub total: u64,
}

/// A row that was not kept, or one reason of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Line in the file; the line of headers is 1.
    pub line: u64,
    /// Why, and at which field.
    pub rejection: Rejection,
}

impl BadRow {
    /// Header of the cell it is about; empty where it is about the whole row.
    #[must_use]
    pub fn field(&self) -> String {
        self.rejection.field.join(".")
    }

    /// The reason as a sentence.
    #[must_use]
    pub fn reason(&self, locale: Locale) -> String {
        self.rejection.message(locale)
    }
}

/// What became of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Rows that are new.
    pub created: u64,
    /// Rows that are other than they were.
    pub changed: u64,
    /// Rows that were there already.
    pub unchanged: u64,
    /// Rows that were not kept, in the order of the file; several reasons of one row follow each other.
    pub bad: Vec<BadRow>,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Created,
    Changed,
    Unchanged,
}

impl What {
    pub(super) fn headers(self) -> &'static [Header] {
        match self {
            Self::Regions => regions::HEADERS,
            Self::Units => units::HEADERS,
            Self::Categories => categories::HEADERS,
            Self::Standards => standards::HEADERS,
        }
    }
}

/// A row that was understood.
#[derive(Clone, Debug)]
enum Row {
    Region(regions::Row),
    Unit(units::Row),
    Category(categories::Row),
    Standard(standards::Row),
}

impl Row {
    fn read(what: What, cells: &mut Cells) -> Self {
        match what {
            What::Regions => Self::Region(regions::Row::read(cells)),
            What::Units => Self::Unit(units::Row::read(cells)),
            What::Categories => Self::Category(categories::Row::read(cells)),
            What::Standards => Self::Standard(standards::Row::read(cells)),
        }
    }

    fn keys(&self) -> Vec<String> {
        match self {
            Self::Region(row) => row.keys(),
            Self::Unit(row) => row.keys(),
            Self::Category(row) => row.keys(),
            Self::Standard(row) => row.keys(),
        }
    }

    fn needs(&self) -> Vec<String> {
        match self {
            Self::Region(row) => row.needs(),
            Self::Unit(row) => row.needs(),
            Self::Category(row) => row.needs(),
            Self::Standard(row) => row.needs(),
        }
    }

    async fn put(&self, tx: &Tx) -> Result<Kept, Fault> {
        match self {
            Self::Region(row) => row.put(tx).await,
            Self::Unit(row) => row.put(tx).await,
            Self::Category(row) => row.put(tx).await,
            Self::Standard(row) => row.put(tx).await,
        }
    }
}

/// Loads a file, CSV or XLSX; `progress` is told after every batch. Whoever calls it has the right to (the command line).
///
/// # Errors
/// Where the file as a whole cannot be understood, and when the database does not answer: batches before that are kept, and
/// the same file can be loaded again.
pub async fn run(
    app: &App,
    what: What,
    file: &[u8],
    progress: impl FnMut(Progress) + Send,
) -> Result<Report, Fault> {
    let file = file.to_vec();
    let read = tokio::task::spawn_blocking(move || {
        table::read(&mut Book::open(Source::from(file))?, what.headers())
    });
    let read = read.await.map_err(|error| Fault::Internal(error.into()))??;
    load(app, &Actor::system(), what, read, progress).await
}

/// Loads rows that were read.
///
/// # Errors
/// When the database does not answer: batches before that are kept, and the same rows can be loaded again.
pub(super) async fn load(
    app: &App,
    actor: &Actor,
    what: What,
    read: Vec<Cells>,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Report, Fault> {
    let mut report = Report::default();
    let mut rows: Vec<(u64, Row)> = Vec::new();
    let total = read.len() as u64;
    let mut seen = Seen::default();
    for mut cells in read {
        let row = Row::read(what, &mut cells);
        let line = cells.line;
        if !cells.faults.is_empty() {
            report.bad.extend(cells.faults.into_iter().map(|rejection| BadRow { line, rejection }));
        } else if let Some(first) = seen.before(line, row.keys()) {
            let rejection = Rejection::new(Code::DuplicateRow).with("line", first);
            report.bad.push(BadRow { line, rejection });
        } else {
            rows.push((line, row));
        }
    }
    // Revisions of a standard follow each other by their days; other rows keep the order of the file.
    rows.sort_by_key(|(_, row)| if let Row::Standard(row) = row { Some(row.day()) } else { None });
    let keys: Vec<_> = rows.iter().map(|(_, row)| row.keys()).collect();
    let needs: Vec<_> = rows.iter().map(|(_, row)| row.needs()).collect();
    let (ordered, circles) = order(&keys, &needs);
    for row in circles {
        let rejection = Rejection::new(Code::Circle).at("parent").with("deepest", tree::DEEPEST);
        report.bad.push(BadRow { line: rows[row].0, rejection });
    }
    let mut done = total - ordered.len() as u64;
    for batch in ordered.chunks(BATCH) {
        let batch: Vec<&(u64, Row)> = batch.iter().map(|row| &rows[*row]).collect();
        write(app, actor, &batch, &mut report).await?;
        done += batch.len() as u64;
        progress(Progress { done, total });
    }
    report.bad.sort_by_key(|bad| bad.line);
    // What was loaded is seen by whoever asks next in this process, too.
    app.generation().await?;
    Ok(report)
}

/// The rows of a file by their names: a second row of the same thing would silently win.
///
/// The first key is the one that names a row; it may be called by the others, too. Two that share only such another key
/// are two things (units of one name with a code each), but a row that is named by it may be either of them.
#[derive(Default)]
struct Seen {
    named: HashMap<String, u64>,
    called: HashMap<String, u64>,
}

impl Seen {
    /// Takes the row in; gives the line of the one before it that is about the same.
    fn before(&mut self, line: u64, keys: Vec<String>) -> Option<u64> {
        let first = keys.first().and_then(|name| self.called.get(name));
        let first = first.or_else(|| keys.iter().find_map(|key| self.named.get(key))).copied();
        if first.is_none() {
            if let Some(name) = keys.first() {
                self.named.insert(name.clone(), line);
            }
            for key in keys {
                self.called.entry(key).or_insert(line);
            }
        }
        first
    }
}

/// Writes a batch in one transaction. A bad row writes nothing, because every step tells all faults before it writes.
async fn write(app: &App, actor: &Actor, batch: &[&(u64, Row)], report: &mut Report) -> Result<(), Fault> {
    let bad: &Mutex<Vec<BadRow>> = &Mutex::default();
    let (created, changed, unchanged) = app
        .write(actor, Command::new("import", None, &()), |tx| async move {
            // It may run again after a lost race: what was noted then counts no more.
            bad.lock().unwrap_or_else(PoisonError::into_inner).clear();
            session::rights_changed(&tx).await?;
            let mut counts = (0_u64, 0_u64, 0_u64);
            for (line, row) in batch {
                match row.put(&tx).await {
                    Ok(Kept::Created) => counts.0 += 1,
                    Ok(Kept::Changed) => counts.1 += 1,
                    Ok(Kept::Unchanged) => counts.2 += 1,
                    Err(Fault::Rejected(faults)) => {
                        let rows = faults
                            .into_iter()
                            .map(|fault| BadRow { line: *line, rejection: as_header(fault) });
                        bad.lock().unwrap_or_else(PoisonError::into_inner).extend(rows);
                    }
                    Err(fault) => return Err(fault),
                }
            }
            Ok(counts)
        })
        .await?;
    report.created += created;
    report.changed += changed;
    report.unchanged += unchanged;
    report.bad.append(&mut bad.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(())
}

/// The steps name fields as the schema does; a file names them by its headers.
fn as_header(mut rejection: Rejection) -> Rejection {
    for part in &mut rejection.field {
        let name = part.strip_suffix("Id").unwrap_or(part);
        let mut header = String::new();
        for letter in name.chars() {
            if letter.is_ascii_uppercase() {
                header.push('_');
            }
            header.push(letter.to_ascii_lowercase());
        }
        *part = header;
    }
    rejection
}
