//! The generated city that `demo` loads and that tests and benchmarks start from.
//!
//! - [`city`]: the city itself, from a seed, without a database.
//! - [`load`]: into the database, in bulk.
//! - [`accounts`]: who can sign in.

pub mod accounts;
pub mod city;
pub mod load;

use std::io::Write;

use clap::Args;

use crate::app::App;
use crate::config::Serving;
use crate::finding;
use city::Plan;
use load::{Loaded, Progress};

/// What `demo` is told.
#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// Listings of the city, each with its asset
    #[arg(long, default_value_t = 5_000, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub listings: u64,
    /// Units of the city, at least 16
    #[arg(long, default_value_t = 461, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(16..=100_000))]
    pub units: u32,
    /// Another seed, another city
    #[arg(long, default_value_t = 42, value_name = "NUMBER")]
    pub seed: u64,
    /// Load the city and stop, without serving it
    #[arg(long)]
    pub load_only: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub serving: Serving,
}

impl DemoArgs {
    fn plan(&self, app: &App) -> Plan {
        let plan = Plan::demo(self.seed, app.clock().today());
        Plan { units: self.units as usize, listings: self.listings, ..plan }
    }
}

/// Loads the city, or finds it loaded, builds the search index, and writes who can sign in.
///
/// `out` is told what a person should read.
///
/// # Errors
/// As [`load::load`]; when the index or the file cannot be written.
pub async fn prepare(app: &App, args: &DemoArgs, out: &mut impl Write) -> anyhow::Result<()> {
    let wanted = args.plan(app);
    let progress = Progress::stderr();
    let Loaded { city, plan, before } = load::load(app, &wanted, &progress).await?;
    if before {
        let differs = (plan.seed, plan.units, plan.listings) != (wanted.seed, wanted.units, wanted.listings);
        if differs {
            writeln!(
                out,
                "A city of {} listings and {} units from seed {} is there already and stays. For another one give \
                 another --data-dir.",
                plan.listings, plan.units, plan.seed,
            )?;
        }
    } else {
        // Here and not by the server, whose first searches would find a part of it.
        let index = finding::follow::open(app.data_dir()).await?;
        progress.index(app, &index, plan.listings).await?;
    }
    let entries = accounts::entries(&city);
    let path = app.data_dir().join(accounts::FILE);
    if !before || !path.exists() {
        accounts::write(&entries, app.data_dir())?;
    }
    if !args.load_only {
        writeln!(
            out,
            "Sign in at POST http://{}/auth/sign-in with {{\"account\": …, \"password\": …}}.",
            args.serving.listen,
        )?;
    }
    let mut told: Vec<&str> = Vec::new();
    writeln!(out, "One account of each role; all of them are in {}:", path.display())?;
    for entry in &entries {
        if !told.contains(&entry.role) {
            told.push(entry.role);
            writeln!(out, "  {:14} {:14} {:24} {}", entry.role, entry.account, entry.password, entry.unit)?;
        }
    }
    Ok(())
}
