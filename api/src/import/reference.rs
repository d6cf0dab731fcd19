//! Reference data as a job: the rows of the command line's import, with the mapping of the import. Loading them again changes
//! nothing, so an attempt that was killed begins anew.

use std::sync::Arc;

use entity::imports::{ImportWhat, import};
use serde_json::json;

use super::file::{Book, RawRow};
use super::job::{BadRow, Caller, Counts, End, begin, fetch, mapping, move_on, report};
use super::run::{self, What};
use super::table::{Cells, Mapping};
use super::{columns, read_file};
use crate::app::App;
use crate::fault::{Fault, Rejection};
use crate::jobs::Work;
use crate::write::Command;

/// Loads the rows of an import.
pub(super) async fn load(app: &App, work: &Work, row: &import::Model) -> Result<End, Fault> {
    let what = match row.what {
        ImportWhat::Regions => What::Regions,
        ImportWhat::Units => What::Units,
        ImportWhat::Categories => What::Categories,
        ImportWhat::Standards => What::Standards,
        ImportWhat::Assets | ImportWhat::Photos => {
            return Err(anyhow::anyhow!("{:?} is no reference data", row.what).into());
        }
    };
    let mut caller = Caller::of(app, row).await?;
    let local = fetch(app, row).await?;
    let mapping = mapping(row)?;
    let read = tokio::task::spawn_blocking(move || {
        let mut rows: Vec<(RawRow, Cells)> = Vec::new();
        let mut skipped = 0;
        Book::open(local.source()?)?.rows(|row| {
            if row.line > mapping.header_line {
                if row.is_blank() || columns::is_total(&row) {
                    skipped += 1;
                } else {
                    let cells = Mapping::cells(&mapping, &row);
                    rows.push((row, cells));
                }
            }
            true
        })?;
        Ok((rows, skipped))
    });
    let (rows, skipped) = read.await.unwrap_or_else(|_| Err(read_file::unreadable()))?;
    let total = i64::try_from(rows.len()).unwrap_or(i64::MAX) + skipped;
    begin(app, row, total).await?;
    let actor = caller.now().await?;
    let (raw, cells): (Vec<RawRow>, Vec<Cells>) = rows.into_iter().unzip();
    let told = run::load(app, &actor, what, cells, |_| {}).await?;
    let mut bad: Vec<(u64, Vec<Rejection>)> = Vec::new();
    for one in told.bad {
        match bad.last_mut().filter(|(line, _)| *line == one.line) {
            Some((_, faults)) => faults.push(one.rejection),
            None => bad.push((one.line, vec![one.rejection])),
        }
    }
    let counts = Counts {
        done: total,
        kept: i64::try_from(told.created + told.changed + told.unchanged).unwrap_or(i64::MAX),
        bad: i64::try_from(bad.len()).unwrap_or(i64::MAX),
        secret: 0,
        skipped,
    };
    let (raw, bad) = (Arc::new(raw), &bad);
    let raw = &raw;
    app.write(&actor, Command::new("reportImport", None, &json!({})), |tx| async move {
        let bad: Vec<BadRow<'_>> = bad
            .iter()
            .map(|(line, faults)| BadRow {
                line: *line,
                cells: raw.iter().find(|row| row.line == *line),
                faults: faults.clone(),
            })
            .collect();
        report(&tx, row, &bad).await?;
        move_on(&tx, row, (row.position, i64::MAX), counts).await
    })
    .await?;
    work.progress(total, Some(total)).await?;
    Ok(End::Whole)
}
