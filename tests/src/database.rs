use std::fmt;

use sea_orm::{ConnectOptions, ConnectionTrait, Database};
use tempfile::TempDir;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// Where PostgreSQL is: `TEST_POSTGRES_URL`, or the usual place of this machine.
fn server() -> String {
    std::env::var("TEST_POSTGRES_URL")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned())
}

/// Whether PostgreSQL answers; why not, where it does not.
pub async fn postgres_here() -> Result<(), String> {
    match execute("select 1").await {
        Ok(()) => Ok(()),
        Err(error) => {
            Err(format!("no PostgreSQL ({})", error.to_string().lines().next().unwrap_or_default()))
        }
    }
}

async fn execute(sql: &str) -> Result<(), sea_orm::DbErr> {
    let mut options = ConnectOptions::new(server());
    options
        .max_connections(1)
        .connect_timeout(std::time::Duration::from_secs(3))
        .acquire_timeout(std::time::Duration::from_secs(3))
        .sqlx_logging(false);
    let connection = Database::connect(options).await?;
    connection.execute_unprepared(sql).await?;
    connection.close().await
}

/// A folder, and a database of the test's own; both go when it does.
pub struct Place {
    pub folder: TempDir,
    pub url: Option<String>,
    name: Option<String>,
}

impl Place {
    pub async fn new(backend: Backend) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        if backend == Backend::Sqlite {
            return Ok(Self { folder, url: None, name: None });
        }
        let name = format!("pw_test_{}", uuid::Uuid::now_v7().simple());
        execute(&format!("create database {name}")).await?;
        let base = server();
        let cut = base.rfind('/').unwrap_or(base.len());
        Ok(Self { folder, url: Some(format!("{}/{name}", &base[..cut])), name: Some(name) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(name) = self.name.take() else { return };
        // In a thread of its own, as a destructor cannot wait inside the runtime it runs in.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime
                .block_on(execute(&format!("drop database if exists {name} with (force)")))
                .map_err(std::io::Error::other)
        })
        .join();
        if !matches!(dropped, Ok(Ok(()))) {
            eprintln!("a test database was left behind: {dropped:?}");
        }
    }
}
