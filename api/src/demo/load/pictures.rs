//! Draws the pictures, sends them through the same processing as an upload, and puts them into the store.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use entity::photos::photo_blob;
use futures_util::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::progress::Progress;
use crate::demo::city::picture::Picture;
use crate::photos::image::{Declared, Limits, PhotoType, Processed, process};
use crate::photos::store::{PhotoStore, rendition_key};

/// Files written at a time: each waits for the disk.
const AT_ONCE: usize = 16;

/// The pictures as the rows need them.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    /// Content hash of each, hex.
    pub(super) hashes: HashMap<Picture, String>,
    /// Rows of the new contents.
    pub(super) blobs: Vec<photo_blob::Model>,
}

/// What to draw, and for whom.
pub(super) struct Drawing<'a> {
    pub(super) seed: u64,
    pub(super) pictures: &'a BTreeSet<Picture>,
    /// Content hashes that are in the store already, hex: a load that goes on has no need to make them again.
    pub(super) known: HashSet<String>,
    pub(super) threads: u32,
    pub(super) store: &'a PhotoStore,
    pub(super) now: DateTime<Utc>,
}

/// A drawn picture: its content hash, and what was made of it where it is new.
struct Drawn {
    sha256: [u8; 32],
    processed: Option<Processed>,
}

/// Draws the pictures on some threads and stores all sizes of the new ones.
pub(super) async fn draw(drawing: Drawing<'_>, progress: &Progress) -> anyhow::Result<Pictures> {
    let Drawing { seed, pictures, known, threads, store, now } = drawing;
    let wanted: Arc<[Picture]> = pictures.iter().copied().collect();
    let known = Arc::new(known);
    let next = Arc::new(AtomicUsize::new(0));
    let (sender, receiver) = mpsc::channel(AT_ONCE);
    for _ in 0..threads.max(1) {
        let (wanted, next, known, sender) = (wanted.clone(), next.clone(), known.clone(), sender.clone());
        tokio::task::spawn_blocking(move || {
            while let Some(picture) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                // Whoever listened is gone: the load has failed elsewhere.
                if sender.blocking_send((*picture, prepare(*picture, seed, &known))).is_err() {
                    return;
                }
            }
        });
    }
    drop(sender);
    let drawn = stream::unfold(receiver, |mut receiver| async { Some((receiver.recv().await?, receiver)) });
    let mut stored: Vec<(Picture, Drawn)> = drawn
        .map(|(picture, drawn)| async move {
            let drawn = drawn?;
            for rendition in drawn.processed.iter().flat_map(|processed| &processed.renditions) {
                let key = rendition_key(&drawn.sha256, rendition.size);
                store.put(&key, rendition.jpeg.clone()).await.context("cannot store a picture")?;
            }
            progress.step(1);
            anyhow::Ok((picture, drawn))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    stored.sort_unstable_by_key(|(picture, _)| *picture);
    let mut result = Pictures::default();
    for (picture, drawn) in stored {
        let sha256 = hex::encode(drawn.sha256);
        result.hashes.insert(picture, sha256.clone());
        if let Some(processed) = drawn.processed {
            result.blobs.push(photo_blob::Model {
                sha256,
                width: processed.width.into(),
                height: processed.height.into(),
                bytes: i64::try_from(processed.original_length).unwrap_or(i64::MAX),
                phash: processed.perceptual_hash.to_string(),
                created_at: now,
                clearing_at: None,
            });
        }
    }
    // Two pictures that came out alike to the byte share their content, as two uploads would.
    result.blobs.sort_unstable_by(|a, b| a.sha256.cmp(&b.sha256));
    result.blobs.dedup_by(|a, b| a.sha256 == b.sha256);
    Ok(result)
}

/// Blocking.
fn prepare(picture: Picture, seed: u64, known: &HashSet<String>) -> anyhow::Result<Drawn> {
    let file = picture.jpeg(seed).context("cannot encode a picture")?;
    let sha256: [u8; 32] = Sha256::digest(&file).into();
    if known.contains(&hex::encode(sha256)) {
        return Ok(Drawn { sha256, processed: None });
    }
    let processed = process(Bytes::from(file), &Declared::from(PhotoType::Jpeg), &Limits::default())
        .with_context(|| format!("a picture of ours is refused: {picture:?}"))?;
    Ok(Drawn { sha256, processed: Some(processed) })
}
