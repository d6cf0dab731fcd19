//! The tests by name, each on the databases it is meant for; one that cannot run here is listed with its reason.

use std::sync::Arc;

use libtest_mimic::{Failed, Trial};

use crate::{Backend, Outcome, database};

/// Held by a test that needs the machine for itself, as far as this binary goes: a hundred askers at once say nothing
/// about the service where three such tests run side by side.
pub static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// The tests, each for every database it is meant for.
pub struct Registry {
    trials: Vec<Trial>,
    runtime: Arc<tokio::runtime::Runtime>,
    postgres: Result<(), String>,
}

impl Registry {
    /// An empty one; finds out whether PostgreSQL is here.
    pub fn open() -> Self {
        let runtime = Arc::new(tokio::runtime::Runtime::new().expect("a runtime"));
        let postgres = runtime.block_on(database::postgres_here());
        Self { trials: Vec::new(), runtime, postgres }
    }

    /// A test that runs on SQLite and again on PostgreSQL.
    pub fn both<F, Fut>(&mut self, name: &str, test: F)
    where
        F: Fn(Backend) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = Outcome> + 'static,
    {
        for backend in [Backend::Sqlite, Backend::Postgres] {
            self.on(backend, name, test.clone());
        }
    }

    /// A test for one database.
    pub fn on<F, Fut>(&mut self, backend: Backend, name: &str, test: F)
    where
        F: Fn(Backend) -> Fut + Send + 'static,
        Fut: Future<Output = Outcome> + 'static,
    {
        let why = match (backend, &self.postgres) {
            (Backend::Postgres, Err(why)) => Some(why.clone()),
            _ => None,
        };
        self.add(&format!("{name} [{backend}]"), why, move || test(backend));
    }

    /// A test without a database, or one that needs something else: `missing` says what is not here.
    pub fn add<F, Fut>(&mut self, name: &str, missing: Option<String>, test: F)
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Outcome> + 'static,
    {
        let runtime = Arc::clone(&self.runtime);
        let run = move || {
            // Not spawned, so that a test need not be `Send`; the runner catches panics.
            runtime.block_on(test()).map_err(|error| Failed::from(format!("{error:?}")))
        };
        let trial = match missing {
            None => Trial::test(name, run),
            Some(why) if name.contains("[PostgreSQL]") && std::env::var_os("REQUIRE_POSTGRES").is_some() => {
                Trial::test(name, move || Err(Failed::from(format!("PostgreSQL is required: {why}"))))
            }
            Some(why) => Trial::test(format!("{name} LEFT OUT: {why}"), || Ok(())).with_ignored_flag(true),
        };
        self.trials.push(trial);
    }

    /// For the runner.
    pub fn into_trials(self) -> Vec<Trial> {
        self.trials
    }
}
