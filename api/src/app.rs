//! App: what every use case is given.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use search::SearchIndex;

use crate::clock::Clock;
use crate::db::Db;
use crate::deliveries::Outbound;
use crate::events::Bell;
use crate::fault::Fault;
use crate::identity::session::Sessions;
use crate::identity::sign_in::Failures;
use crate::ids::Ids;
use crate::keys::MasterKey;
use crate::organisation::Reference;
use crate::photos::Photos;

/// Database, search, photos, clock, ids and keys. A cheap clone.
#[derive(Clone, Debug)]
pub struct App(Arc<Parts>, Option<Clock>);

/// The parts an [`App`] is made of.
#[derive(Debug)]
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The clock, with the civil time zone.
    pub clock: Clock,
    /// Identities and randomness.
    pub ids: Ids,
    /// The master key.
    pub master_key: MasterKey,
    /// Where photos lie, and who makes them.
    pub photos: Photos,
    /// Calls to other systems.
    pub outbound: Outbound,
    /// Folder of everything that is kept in files.
    pub data_dir: PathBuf,
    /// What a process remembers and shares between requests; start with the default.
    pub state: State,
}

/// Memory of the process. All of it can be lost.
#[derive(Debug, Default)]
pub struct State {
    reference: ArcSwap<Reference>,
    sessions: Sessions,
    failures: Failures,
    events: Bell,
    search: OnceLock<SearchIndex>,
}

impl App {
    /// Puts the parts together. The schema must be up to date.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts), None)
    }

    /// The same service by another clock: what a generated city did on a day is done on that day.
    #[must_use]
    pub(crate) fn by(&self, clock: Clock) -> Self {
        Self(Arc::clone(&self.0), Some(clock))
    }

    /// The database.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        self.1.as_ref().unwrap_or(&self.0.clock)
    }

    /// Identities and randomness.
    #[must_use]
    pub fn ids(&self) -> &Ids {
        &self.0.ids
    }

    /// The master key.
    #[must_use]
    pub fn master_key(&self) -> &MasterKey {
        &self.0.master_key
    }

    /// Where photos lie, and who makes them.
    #[must_use]
    pub fn photos(&self) -> &Photos {
        &self.0.photos
    }

    /// Calls to other systems.
    #[must_use]
    pub fn outbound(&self) -> &Outbound {
        &self.0.outbound
    }

    /// Folder of everything that is kept in files.
    #[must_use]
    pub fn data_dir(&self) -> &std::path::Path {
        &self.0.data_dir
    }

    /// Units, regions and categories as of the last look at the rights' generation.
    #[must_use]
    pub fn reference(&self) -> Arc<Reference> {
        self.0.state.reference.load_full()
    }

    /// Reads units, regions and categories anew.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn load_reference(&self) -> Result<(), Fault> {
        let fresh = Reference::load(self.db().read()).await?;
        self.0.state.reference.store(Arc::new(fresh));
        Ok(())
    }

    pub(crate) fn sessions(&self) -> &Sessions {
        &self.0.state.sessions
    }

    pub(crate) fn failures(&self) -> &Failures {
        &self.0.state.failures
    }

    /// The search index of this process.
    ///
    /// # Errors
    /// Where the process does not serve and has none.
    pub fn search(&self) -> Result<&SearchIndex, Fault> {
        self.0.state.search.get().ok_or_else(|| anyhow::anyhow!("this process has no search index").into())
    }

    /// Gives the process its search index, once.
    pub fn set_search(&self, index: SearchIndex) {
        if self.0.state.search.set(index).is_err() {
            tracing::error!("a second search index was opened");
        }
    }

    /// The bell of the event log.
    #[must_use]
    pub fn events(&self) -> &Bell {
        &self.0.state.events
    }
}
