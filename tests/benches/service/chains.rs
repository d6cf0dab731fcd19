//! The main job, over and over: a unit asks, three people approve, the giver hands over, the unit receives.

use std::time::{Duration, Instant};

use clap::Args;
use futures_util::future::try_join_all;
use tests::Backend;
use tests::child::ChildServer;
use tests::city::{City, Unit};
use tests::database::Place;
use tests::moves;
use tests::server::settings;

use crate::demo::FOLDER;

#[derive(Args)]
pub struct Chains {
    /// Units that ask at once
    #[arg(long, default_value_t = 8)]
    callers: usize,
    #[arg(long, default_value_t = 30)]
    seconds: u64,
}

impl Chains {
    pub async fn run(self) -> anyhow::Result<()> {
        for backend in [Backend::Sqlite, Backend::Postgres] {
            let place = Place::new(backend).await?;
            let server = ChildServer::start(&place, FOLDER).await?;
            let app = settings(&place, place.folder.path().join(FOLDER)).open().await?;
            let city = City::found(&app, &server.address, self.callers).await?;
            let listing = moves::list(&city, "办公椅", 1_000_000, 80_000_000_000).await?;
            let long = Duration::from_secs(self.seconds);
            let begun = Instant::now();
            let done =
                try_join_all(city.receivers.iter().map(|unit| again(&city, unit, &listing, long))).await?;
            let (done, took) = (done.iter().sum::<u64>(), begun.elapsed().as_secs_f64());
            println!(
                "{backend}: {:.1} chains a second ({} units at once, {done} chains, ten requests each, seven of them mutations)",
                done as f64 / took,
                self.callers,
            );
            moves::verify(&app).await?;
            server.kill().await?;
        }
        Ok(())
    }
}

async fn again(city: &City, unit: &Unit, listing: &str, long: Duration) -> anyhow::Result<u64> {
    let begun = Instant::now();
    let mut done = 0;
    while begun.elapsed() < long {
        moves::deliver(city, unit, listing, 1).await?;
        done += 1;
    }
    Ok(done)
}
