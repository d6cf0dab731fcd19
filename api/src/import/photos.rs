//! A ZIP of photos, matched by asset number: `<number>.jpg`, `<number>-2.jpg`, or a folder per number. Each goes the way of an
//! upload; the place of the run moves in the transaction that shows it.

use std::io::Read;
use std::sync::Arc;

use bytes::Bytes;
use entity::assets::{AssetState, asset};
use entity::imports::import;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::file::{Cell, RawRow, Refused, archive, name_of};
use super::job::{BadRow, Caller, Counts, End, begin, fetch, move_on, report};
use super::read_file;
use super::receive::Local;
use crate::app::App;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::jobs::Work;
use crate::photos::attach;
use crate::write::Command;

/// Entries of an archive at most.
const MOST_ENTRIES: usize = 50_000;
/// How many times a picture may be larger than it was packed: pictures are packed already.
const RATIO: u64 = 50;

/// An entry of the archive.
#[derive(Debug)]
struct Entry {
    /// Its place in the archive, from 1 on.
    place: u64,
    name: String,
    bytes: Result<Bytes, Odd>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Odd {
    /// A folder, or what systems put beside files.
    NoFile,
    TooLarge,
    Locked,
    Damaged,
}

/// Loads the photos of an import, from where the last attempt stopped.
pub(super) async fn load(app: &App, work: &Work, row: &import::Model) -> Result<End, Fault> {
    let mut caller = Caller::of(app, row).await?;
    let local = fetch(app, row).await?;
    let total = {
        let local = Arc::clone(&local);
        let count = tokio::task::spawn_blocking(move || Ok(archive(local.source()?)?.len())).await;
        count.unwrap_or_else(|_| Err(read_file::unreadable()))?
    };
    if total > MOST_ENTRIES {
        let why = Refused::new(
            format!("压缩包内超过 {MOST_ENTRIES} 个文件，请分成几个。"),
            format!("The archive has more than {MOST_ENTRIES} files. Cut it into several."),
        );
        return Err(why.into());
    }
    let total = i64::try_from(total).unwrap_or(i64::MAX);
    begin(app, row, total).await?;
    let unit = row.unit_id.ok_or(Code::NotFound)?;
    let most = app.photos().processor.limits().max_bytes;
    let position = u64::try_from(row.position).unwrap_or(0);
    // One at a time: each may be 20 MB.
    let (send, mut entries) = mpsc::channel(1);
    let reader = tokio::task::spawn_blocking(move || read(&local, position, most, &send));
    let mut place = row.position;
    while let Some(entry) = entries.recv().await {
        let entry: Entry = entry;
        if work.stopping() {
            return Ok(End::Stopping);
        }
        let actor = caller.now().await?;
        let to = i64::try_from(entry.place).unwrap_or(i64::MAX);
        one(app, &actor, row, unit, &entry, (place, to)).await?;
        place = to;
        work.progress(to, Some(total)).await?;
    }
    reader.await.unwrap_or_else(|_| Err(read_file::unreadable()))?;
    Ok(End::Whole)
}

fn read(local: &Local, position: u64, most: u64, send: &mpsc::Sender<Entry>) -> Result<(), Refused> {
    let mut zip = archive(local.source()?)?;
    for index in 0..zip.len() {
        let place = index as u64 + 1;
        if place <= position {
            continue;
        }
        let entry = match zip.by_index(index) {
            Ok(mut file) => {
                let name = name_of(file.name_raw());
                let bytes = if file.encrypted() {
                    Err(Odd::Locked)
                } else if !file.is_file() || beside(&name) {
                    Err(Odd::NoFile)
                } else {
                    let limit = most.min(file.compressed_size().saturating_mul(RATIO).saturating_add(65_536));
                    unpack(&mut file, limit)
                };
                Entry { place, name, bytes }
            }
            Err(_) => Entry { place, name: format!("#{place}"), bytes: Err(Odd::Damaged) },
        };
        if send.blocking_send(entry).is_err() {
            break;
        }
    }
    Ok(())
}

fn unpack(file: &mut impl Read, limit: u64) -> Result<Bytes, Odd> {
    let mut bytes = Vec::new();
    match file.take(limit + 1).read_to_end(&mut bytes) {
        Ok(read) if read as u64 > limit => Err(Odd::TooLarge),
        Ok(_) => Ok(bytes.into()),
        Err(_) => Err(Odd::Damaged),
    }
}

/// What systems put beside files.
fn beside(name: &str) -> bool {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    name.starts_with("__MACOSX") || last.starts_with('.') || ["Thumbs.db", "desktop.ini"].contains(&last)
}

/// Asset numbers that an entry may be named by, the likeliest first.
fn numbers(name: &str) -> Vec<String> {
    let mut parts = name.rsplit(['/', '\\']);
    let file = parts.next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem).trim();
    let mut found = vec![stem.to_owned()];
    // Which of several pictures: `-2`, `_2`, ` (2)`.
    let counted = stem.strip_suffix([')', '）']).unwrap_or(stem);
    let short = counted.trim_end_matches(|sign: char| sign.is_ascii_digit());
    if short.len() < counted.len()
        && let Some(rest) = short.strip_suffix(['-', '_', '(', '（', ' '])
    {
        found.push(rest.trim().to_owned());
    }
    found.extend(parts.next().map(|folder| folder.trim().to_owned()));
    found.retain(|number| !number.is_empty());
    found.dedup();
    found
}

async fn one(
    app: &App,
    actor: &Actor,
    row: &import::Model,
    unit: Uuid,
    entry: &Entry,
    place: (i64, i64),
) -> Result<(), Fault> {
    let outcome = match &entry.bytes {
        Err(Odd::NoFile) => {
            let counts = Counts { done: 1, skipped: 1, ..Counts::default() };
            return app
                .write(actor, Command::new("importPhoto", None, &()), |tx| async move {
                    move_on(&tx, row, place, counts).await
                })
                .await;
        }
        Err(odd) => Err(odd.rejection(app)),
        Ok(bytes) => match card_of(app, unit, &entry.name).await? {
            Err(fault) => Err(fault),
            Ok(card) => match attach::prepare(app, bytes.clone()).await {
                Ok(picture) => Ok((card, picture)),
                Err(Fault::Rejected(mut faults)) => Err(faults.remove(0)),
                Err(fault) => return Err(fault),
            },
        },
    };
    let name: String = entry.name.rsplit(['/', '\\']).next().unwrap_or_default().chars().take(200).collect();
    let (outcome, name) = (&outcome, &name);
    app.write(actor, Command::new("importPhoto", None, &()), |tx| async move {
        let attached = match outcome {
            Ok((card, picture)) => match attach::attach(&tx, actor, *card, picture, name).await {
                Ok(_) => Ok(()),
                Err(Fault::Rejected(faults)) => Err(faults),
                Err(fault) => return Err(fault),
            },
            Err(fault) => Err(vec![fault.clone()]),
        };
        let counts = match attached {
            Ok(()) => Counts { done: 1, kept: 1, ..Counts::default() },
            Err(faults) => {
                let cells =
                    RawRow { line: entry.place, cells: vec![Cell::Text(entry.name.clone())], exact: false };
                let faults = faults.into_iter().map(|fault| fault.at("photo")).collect();
                report(&tx, row, &[BadRow { line: entry.place, cells: Some(&cells), faults }]).await?;
                Counts { done: 1, bad: 1, ..Counts::default() }
            }
        };
        move_on(&tx, row, place, counts).await
    })
    .await
}

impl Odd {
    fn rejection(self, app: &App) -> Rejection {
        let refused =
            |zh: &str, en: &str| Rejection::new(Code::PhotoRefused).with("why_zh", zh).with("why_en", en);
        match self {
            Self::TooLarge => attach::too_large(app),
            Self::Locked => refused("压缩包设有密码。", "the archive is protected by a password."),
            Self::NoFile | Self::Damaged => {
                refused("压缩包内的此文件已损坏。", "it is damaged in the archive.")
            }
        }
    }
}

/// The one card that the entry names, among those of the unit and the units below it.
async fn card_of(app: &App, unit: Uuid, name: &str) -> Result<Result<Uuid, Rejection>, Fault> {
    let numbers = numbers(name);
    let holders = app.reference().unit_subtree(unit);
    let found: Vec<(Uuid, Uuid, Option<String>)> = asset::Entity::find()
        .select_only()
        .columns([asset::Column::Id, asset::Column::HolderId, asset::Column::Number])
        .filter(asset::Column::Number.is_in(&numbers))
        .filter(asset::Column::HolderId.is_in(holders))
        .filter(asset::Column::State.eq(AssetState::Active))
        .into_tuple()
        .all(app.db().read())
        .await?;
    for number in &numbers {
        let mut same: Vec<_> = found.iter().filter(|(.., of)| of.as_ref() == Some(number)).collect();
        if same.len() > 1 {
            // The unit's own before those of the units below it.
            same.retain(|(_, holder, _)| *holder == unit);
        }
        match same[..] {
            [(card, ..)] => return Ok(Ok(*card)),
            [] => {}
            _ => break,
        }
    }
    Ok(Err(Rejection::new(Code::NotFound)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_named_by_number_count_or_folder() {
        let found = |name: &str| numbers(name);
        assert_eq!(found("A-01.jpg"), ["A-01", "A"]);
        assert_eq!(found("A01-2.JPG"), ["A01-2", "A01"]);
        assert_eq!(found("照片/A01/正面 (2).png"), ["正面 (2)", "正面", "A01"]);
        assert_eq!(found("A01/1.webp"), ["1", "A01"]);
        assert_eq!(found(".jpg"), Vec::<String>::new());
        assert!(beside("__MACOSX/A01.jpg") && beside("x/.DS_Store") && !beside("x/A01.jpg"));
    }

    #[test]
    fn what_unpacks_to_more_than_a_picture_can_is_left() {
        let mut zeros = std::io::repeat(0);
        assert_eq!(unpack(&mut zeros, 1000), Err(Odd::TooLarge));
        assert_eq!(unpack(&mut &b"abc"[..], 3).unwrap(), &b"abc"[..]);
    }
}
