//! One tantivy directory: opened, read, written. Everything here blocks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use serde::{Deserialize, Serialize};
use tantivy::collector::Count;
use tantivy::indexer::IndexWriterOptions;
use tantivy::query::TermQuery;
use tantivy::schema::IndexRecordOption;
use tantivy::{
    DocSet, Index, IndexReader, IndexWriter, ReloadPolicy, Searcher, TERMINATED, TantivyError, Term,
};
use uuid::Uuid;

use super::analysis;
use super::schema::{self, Fields, column, flag};
use crate::document::{Change, Cursor, Indexed, Step};
use crate::error::{Error, Result};

/// What every commit carries, so that documents and position are on disk together or not at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Payload {
    cursor: Cursor,
    /// Whether the index was built from all rows; false for an empty one that only holds the place, and for one that
    /// became unfit since.
    complete: bool,
}

/// An index in one directory, with a reader on its last commit.
pub(super) struct Generation {
    pub directory: PathBuf,
    pub fields: Fields,
    index: Index,
    reader: IndexReader,
    payload: ArcSwap<Payload>,
}

/// What the index knows of an id.
struct Known {
    version: i64,
    removed: bool,
}

impl Generation {
    /// Makes an empty index, and the first commit in it.
    pub fn create(directory: &Path) -> Result<()> {
        std::fs::create_dir(directory).map_err(Error::io(directory))?;
        let index = Index::builder()
            .schema(schema::schema().0)
            .tokenizers(analysis::tokenizers())
            .create_in_dir(directory)?;
        let mut writer: IndexWriter = index.writer_with_options(options(0))?;
        commit(&mut writer, Payload::default())
    }

    /// Opens an index; any fault of its files is an error.
    pub fn open(directory: &Path) -> Result<Self> {
        let mut index = Index::open_in_dir(directory)?;
        let (schema, fields) = schema::schema();
        if index.schema() != schema {
            return Err(TantivyError::SchemaError("fields of another format".to_owned()).into());
        }
        index.set_tokenizers(analysis::tokenizers());
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let payload = index.load_metas()?.payload.unwrap_or_default();
        let payload: Payload = serde_json::from_str(&payload)
            .map_err(|error| TantivyError::InternalError(format!("position of the last commit: {error}")))?;
        Ok(Self {
            directory: directory.to_owned(),
            fields,
            index,
            reader,
            payload: ArcSwap::from_pointee(payload),
        })
    }

    /// The files whose checksum is wrong. Reads the whole index.
    pub fn damaged(&self) -> Result<Vec<PathBuf>> {
        Ok(self.index.validate_checksum()?.into_iter().collect())
    }

    pub fn complete(&self) -> bool {
        self.payload.load().complete
    }

    pub fn cursor(&self) -> Cursor {
        self.payload.load().cursor
    }

    pub fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    /// The one writer of this directory; `budget` bytes of documents are held before they go to disk.
    pub fn writer(&self, budget: usize) -> Result<IndexWriter> {
        Ok(self.index.writer_with_options(options(budget))?)
    }

    /// Writes those changes that are news, and the position, in one commit; the reader sees them on return.
    ///
    /// On an error the writer must be thrown away: it may hold half of the batch.
    pub fn write(
        &self,
        writer: &mut IndexWriter,
        changes: &BTreeMap<Uuid, Change>,
        step: Step,
    ) -> Result<()> {
        let searcher = self.searcher();
        let mut written = 0_usize;
        for (id, change) in changes {
            let known = self.known(&searcher, *id)?;
            if known.is_some_and(|known| !change.supersedes(known.version, known.removed)) {
                continue;
            }
            writer.delete_term(self.fields.id_term(*id));
            writer.add_document(match change {
                Change::Put(listing) => self.fields.document(listing),
                Change::Remove { id, version } => self.fields.tombstone(*id, *version),
            })?;
            written += 1;
        }
        let before = **self.payload.load();
        let payload = Payload {
            cursor: step.cursor().unwrap_or(before.cursor),
            complete: before.complete && !matches!(step, Step::Outdated(_)),
        };
        if written == 0 && payload == before {
            return Ok(());
        }
        self.commit(writer, payload)?;
        let cursor = payload.cursor.seq;
        tracing::debug!(written, stale = changes.len() - written, cursor, "search index written");
        Ok(())
    }

    /// Marks the index as built from all rows, at a position.
    pub fn complete_at(&self, writer: &mut IndexWriter, cursor: Cursor) -> Result<()> {
        self.commit(writer, Payload { cursor, complete: true })
    }

    fn commit(&self, writer: &mut IndexWriter, payload: Payload) -> Result<()> {
        commit(writer, payload)?;
        self.reader.reload()?;
        self.payload.store(Arc::new(payload));
        Ok(())
    }

    fn known(&self, searcher: &Searcher, id: Uuid) -> Result<Option<Known>> {
        let term = self.fields.id_term(id);
        for segment in searcher.segment_readers() {
            let inverted = segment.inverted_index(self.fields.id)?;
            let postings =
                inverted.read_postings(&term, IndexRecordOption::Basic).map_err(TantivyError::from)?;
            let Some(mut postings) = postings else {
                continue;
            };
            // A deleted predecessor may share the segment: the posting that lives is the one.
            while postings.doc() != TERMINATED {
                let document = postings.doc();
                if !segment.is_deleted(document) {
                    let columns = segment.fast_fields();
                    return Ok(Some(Known {
                        version: columns.i64(column::VERSION)?.first(document).unwrap_or(i64::MIN),
                        removed: columns.u64(column::REMOVED)?.first(document) == Some(1),
                    }));
                }
                postings.advance();
            }
        }
        Ok(None)
    }

    /// What is not removed, in order of id.
    pub fn versions(&self, after: Option<Uuid>, limit: usize) -> Result<Vec<Indexed>> {
        let mut all = Vec::new();
        for segment in self.searcher().segment_readers() {
            let columns = segment.fast_fields();
            let (version, removed) = (columns.i64(column::VERSION)?, columns.u64(column::REMOVED)?);
            let content = columns.u64(column::CONTENT)?;
            let inverted = segment.inverted_index(self.fields.id)?;
            let range = inverted.terms().range();
            let mut terms = match after {
                Some(after) => range.gt(after.as_bytes()).into_stream(),
                None => range.into_stream(),
            }
            .map_err(TantivyError::from)?;
            let mut found = 0;
            // The first `limit` of every segment hold the first `limit` of all.
            while found < limit && terms.advance() {
                let Ok(id) = Uuid::from_slice(terms.key()) else { continue };
                let mut postings = inverted
                    .read_postings_from_terminfo(terms.value(), IndexRecordOption::Basic)
                    .map_err(TantivyError::from)?;
                while postings.doc() != TERMINATED {
                    let document = postings.doc();
                    if !segment.is_deleted(document) && removed.first(document) == Some(0) {
                        all.push(Indexed {
                            id,
                            version: version.first(document).unwrap_or(i64::MIN),
                            content: content.first(document).unwrap_or_default(),
                        });
                        found += 1;
                    }
                    postings.advance();
                }
            }
        }
        all.sort_unstable();
        all.truncate(limit);
        Ok(all)
    }

    /// How many listings there are, without the removed.
    pub fn documents(&self) -> Result<u64> {
        let live = Term::from_field_text(self.fields.flags, flag::LIVE);
        let count = self.searcher().search(&TermQuery::new(live, IndexRecordOption::Basic), &Count)?;
        Ok(count as u64)
    }

    /// Size on disk, in bytes.
    pub fn bytes(&self) -> Result<u64> {
        let mut bytes = 0;
        for entry in std::fs::read_dir(&self.directory).map_err(Error::io(&self.directory))? {
            // A file that a merge removed between listing and asking has no size any more.
            bytes += entry.and_then(|entry| entry.metadata()).map_or(0, |data| data.len());
        }
        Ok(bytes)
    }
}

/// One indexing and one merging thread: the machine belongs to those who search.
fn options(budget: usize) -> IndexWriterOptions {
    /// The engine takes no less.
    const LEAST: usize = 15_000_000;
    IndexWriterOptions::builder()
        .num_worker_threads(1)
        .num_merge_threads(1)
        .memory_budget_per_thread(budget.max(LEAST))
        .build()
}

fn commit(writer: &mut IndexWriter, payload: Payload) -> Result<()> {
    let text =
        serde_json::to_string(&payload).map_err(|error| TantivyError::InternalError(error.to_string()))?;
    let mut prepared = writer.prepare_commit()?;
    prepared.set_payload(&text);
    prepared.commit()?;
    Ok(())
}
