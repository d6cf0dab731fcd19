//! A demo city in a database of its own, and somebody of each role in it.

use std::time::Instant;

use anyhow::{Context, ensure};
use serde_json::Value;
use tests::child::{self, ChildServer};
use tests::database::Place;
use tests::{Backend, Client};

/// Data folder below the place's.
pub const FOLDER: &str = "data";

/// A place with a loaded city.
pub struct Demo {
    pub place: Place,
    accounts: Vec<Value>,
}

impl Demo {
    /// Loads a city of so many listings.
    pub async fn load(backend: Backend, listings: u64) -> anyhow::Result<Self> {
        let place = Place::new(backend).await?;
        let begun = Instant::now();
        let arguments = ["demo", "--load-only", "--listings", &listings.to_string()];
        let (loaded, said) = child::run(&place, FOLDER, &arguments).await?;
        ensure!(loaded, "{said}");
        println!("{backend}: a city of {listings} listings in {:.1} s", begun.elapsed().as_secs_f64());
        let path = place.folder.path().join(FOLDER).join("demo-accounts.json");
        let accounts = serde_json::from_slice(&std::fs::read(path)?)?;
        Ok(Self { place, accounts })
    }

    /// Serves it.
    pub async fn serve(&self) -> anyhow::Result<ChildServer> {
        ChildServer::start(&self.place, FOLDER).await
    }

    /// The first account of a role, signed in.
    pub async fn sign_in(&self, server: &ChildServer, role: &str) -> anyhow::Result<Client> {
        let account = self.accounts.iter().find(|account| account["role"] == role).context("no such role")?;
        let word = |field: &str| account[field].as_str().unwrap_or_default();
        Client::new(&server.address).sign_in(word("account"), word("password")).await
    }
}
