//! What can go wrong in the index.

use std::path::{Path, PathBuf};

/// What the index could not do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The caller asked for what is out of limits; nothing was done.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field of the query or document.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Another process, or another handle in this one, has the index open: an index has one writer.
    #[error("the search index at {} is in use by another process", path.display())]
    Locked {
        /// The directory of the index.
        path: PathBuf,
    },
    /// A rebuild is under way already.
    #[error("the search index is being rebuilt already")]
    RebuildRunning,
    /// A file or directory of the index could not be read or written.
    #[error("search index: {}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The engine failed.
    #[error("search index: {0}")]
    Engine(#[from] tantivy::TantivyError),
    /// The engine panicked or its thread was lost; the state on disk is that of the last commit.
    #[error("search index: the work was lost: {0}")]
    Lost(String),
}

impl Error {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

/// The result of what an index does.
pub type Result<T, E = Error> = std::result::Result<T, E>;
