//! The books cannot be changed unnoticed: whoever writes into the database behind the service's back is found by `verify`.
//! And what must be forgotten is forgotten, and the books still verify.

mod purge;
mod tamper;

use anyhow::ensure;
use api::config::{S3, Settings};
use api::ids::Ids;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend};
use tests::moves::{begin, end};
use tests::{Backend, Outcome, Registry, Server};

pub fn register(registry: &mut Registry) {
    registry.both("books: whatever is changed behind the service's back is found by verify", tamper::found);
    registry.both("books: an entry that is rewritten with its hash is found by verify", tamper::rewritten);
    registry.on(
        Backend::Sqlite,
        "books: SQLite replaces no row of the ledger and the trail",
        tamper::no_replacement,
    );
    registry.both("books: what is found to be secret is purged, and the books still verify", purge::purged);
    registry.both("books: a process with another master key does not start", another_key);
}

/// Past the service, past its triggers and past foreign keys: what whoever holds the database can do.
async fn intruder(server: &Server) -> anyhow::Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(server.database_url()?);
    options.max_connections(1).sqlx_logging(false);
    let conn = Database::connect(options).await?;
    if conn.get_database_backend() == DbBackend::Postgres {
        conn.execute_unprepared("set session_replication_role = replica").await?;
    } else {
        conn.execute_unprepared("pragma foreign_keys = off").await?;
    }
    Ok(conn)
}

async fn another_key(backend: Backend) -> Outcome {
    let (server, _city) = begin(backend, 1).await?;
    let folder = tempfile::tempdir()?;
    let settings = Settings {
        data_dir: folder.path().to_owned(),
        database_url: Some(server.database_url()?),
        civil_tz: chrono_tz::Asia::Shanghai,
        master_key: None,
        webhook_networks: Vec::new(),
        s3: S3 { region: "us-east-1".to_owned(), ..S3::default() },
    };
    let refused = settings.open_at(server.app.clock().clone(), Ids::from_os()).await;
    let refused = refused.err().map(|error| error.to_string()).unwrap_or_default();
    ensure!(refused.contains("master key") && refused.contains("MASTER_KEY"), "{refused}");
    // With the same key a second process is welcome.
    server.beside().await?.stop().await?;
    end(server).await
}
