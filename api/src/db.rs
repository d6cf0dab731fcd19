//! Connections to the one database, SQLite or PostgreSQL.

use std::time::Duration;

use anyhow::Context;
use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    IsolationLevel, Statement, TransactionOptions, TransactionTrait,
};

/// Two pools: on SQLite one writer connection, so that writers queue here and not in the file's lock; on PostgreSQL
/// so that a burst of mutations leaves connections for the browsing majority.
#[derive(Clone)]
pub struct Db {
    url: String,
    reader: DatabaseConnection,
    writer: DatabaseConnection,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db").field("url", &redact(&self.url)).finish_non_exhaustive()
    }
}

/// Arbitrary, but the same in every process: whoever holds this advisory lock migrates.
const MIGRATION_LOCK: i64 = 0x7075_626c_6963;

impl Db {
    /// Connects to `url` (`sqlite://…` or `postgres://…`).
    ///
    /// # Errors
    /// Says which address could not be reached; the password is left out.
    pub async fn connect(url: &str) -> anyhow::Result<Self> {
        let shown = redact(url);
        let open = |reader: bool| {
            let options = options(url, reader);
            async move { Database::connect(options).await }
        };
        let opened = async {
            if url.starts_with("sqlite") {
                // The writer first: it creates the file that the read-only connections then open.
                let writer = open(false).await?;
                Ok((writer, open(true).await?))
            } else {
                // Side by side: PostgreSQL begins a process for each connection, which takes its time.
                tokio::try_join!(open(false), open(true))
            }
        };
        let (writer, reader) = opened.await.with_context(|| format!("cannot open the database {shown}"))?;
        Ok(Self { url: url.to_owned(), reader, writer })
    }

    /// Connection for queries that change nothing.
    #[must_use]
    pub fn read(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// A transaction that only reads, and sees the database as it is now until its end: for statements whose answers must
    /// agree. Dropping it is its end.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        #[expect(clippy::disallowed_methods, reason = "a snapshot to read from; nothing is written")]
        let snapshot = self.reader.begin_with_options(TransactionOptions {
            // A reader of SQLite has a snapshot anyway.
            isolation_level: self.is_postgres().then_some(IsolationLevel::RepeatableRead),
            ..Default::default()
        });
        snapshot.await
    }

    /// Connection for changes. Use cases take [`crate::app::App::write`] instead.
    pub(crate) fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Which database it is.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// Whether it is PostgreSQL.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        self.backend() == DbBackend::Postgres
    }

    /// Brings the schema up to date; of several processes one does it and the others wait.
    ///
    /// # Errors
    /// When a change fails; what came before it stays.
    pub async fn migrate(&self) -> Result<(), DbErr> {
        if !self.is_postgres() {
            // A transaction holds one change, this lock all of them. It ends with its file, also when the process does.
            let _lock = match file(&self.url) {
                None => None,
                Some(path) => Some(lock(path).await.map_err(|error| DbErr::Custom(error.to_string()))?),
            };
            return Migrator::up(&self.writer, None).await;
        }
        if Migrator::get_pending_migrations_read_only(&self.writer).await?.is_empty() {
            return Ok(());
        }
        // A session lock needs one connection for its whole life, so it gets a pool of its own with a single one.
        let mut options = ConnectOptions::new(&self.url);
        options.max_connections(1).sqlx_logging(false);
        let single = Database::connect(options).await?;
        let lock = |verb: &str| {
            Statement::from_string(DbBackend::Postgres, format!("select {verb}({MIGRATION_LOCK})"))
        };
        single.query_one_raw(lock("pg_advisory_lock")).await?;
        let outcome = Migrator::up(&single, None).await;
        single.close().await?;
        outcome
    }

    /// Closes all connections.
    ///
    /// # Errors
    /// When the database does not answer any more.
    pub async fn close(self) -> Result<(), DbErr> {
        self.reader.close().await?;
        self.writer.close().await
    }
}

/// File of a SQLite database; none for one in memory.
fn file(url: &str) -> Option<&str> {
    let path = url.strip_prefix("sqlite:")?.trim_start_matches("//").split('?').next()?;
    (!path.is_empty() && path != ":memory:").then_some(path)
}

/// Waits until no other process migrates this file.
async fn lock(path: &str) -> std::io::Result<std::fs::File> {
    let path = format!("{path}.migrating");
    tokio::task::spawn_blocking(move || {
        let file = std::fs::File::options().create(true).truncate(false).write(true).open(path)?;
        file.lock()?;
        Ok(file)
    })
    .await
    .map_err(std::io::Error::other)?
}

fn options(url: &str, reader: bool) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .sqlx_logging(false)
        .connect_timeout(Duration::from_secs(10))
        .acquire_timeout(Duration::from_secs(30))
        // Asking before every use would double the statements; a connection that lay idle is asked, so the pool heals.
        .test_before_acquire(false)
        .test_before_acquire_if_idle_for(Duration::from_secs(5));
    if url.starts_with("sqlite") {
        options
            .max_connections(if reader { 4 } else { 1 })
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None);
        options.map_sqlx_sqlite_opts(move |sqlite| {
            let sqlite = sqlite
                .create_if_missing(true)
                .pragma("journal_mode", "WAL")
                // FULL: an acknowledged mutation survives the loss of power, not only of the process.
                .pragma("synchronous", "FULL")
                .pragma("foreign_keys", "ON")
                // What was purged leaves no trace in the page it stood in.
                .pragma("secure_delete", "FAST")
                .pragma("busy_timeout", "10000")
                .pragma("temp_store", "MEMORY")
                .pragma("cache_size", "-8000")
                .pragma("mmap_size", "0");
            if reader { sqlite.pragma("query_only", "ON") } else { sqlite }
        });
    } else {
        options.max_connections(if reader { 12 } else { 8 }).min_connections(1);
    }
    options
}

/// A database address fit for messages.
fn redact(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme + 3 < at => format!("{}…{}", &url[..scheme + 3], &url[at..]),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_an_address_is_found() {
        assert_eq!(file("sqlite://data/x.db?mode=rwc"), Some("data/x.db"));
        assert_eq!(file("sqlite:///tmp/x.db"), Some("/tmp/x.db"));
        assert_eq!(file("sqlite::memory:"), None);
        assert_eq!(file("sqlite://:memory:"), None);
    }

    #[test]
    fn a_shown_address_has_no_password() {
        assert_eq!(redact("postgres://me:secret@db/x"), "postgres://…@db/x");
        assert_eq!(redact("sqlite:///tmp/x.db"), "sqlite:///tmp/x.db");
    }
}
