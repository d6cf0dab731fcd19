//! From the start of the process on demo data to its first page of listings.

use std::time::Instant;

use anyhow::ensure;
use clap::Args;
use serde_json::json;
use tests::Backend;

use crate::demo::Demo;

#[derive(Args)]
pub struct Start {
    /// Listings of the city
    #[arg(long, default_value_t = 5_000)]
    listings: u64,
    #[arg(long, default_value_t = 11)]
    rounds: usize,
}

impl Start {
    pub async fn run(self) -> anyhow::Result<()> {
        for backend in [Backend::Sqlite, Backend::Postgres] {
            let demo = Demo::load(backend, self.listings).await?;
            let server = demo.serve().await?;
            let clerk = demo.sign_in(&server, "clerk").await?;
            server.kill().await?;
            let mut times = Vec::new();
            for _ in 0..self.rounds {
                let begun = Instant::now();
                let server = demo.serve().await?;
                let page = "{ listings(first: 20) { edges { node { id asset { name } } } } }";
                let data = clerk.at(&server.address).ask(page, json!({})).await?;
                times.push(begun.elapsed().as_secs_f64() * 1000.0);
                ensure!(
                    data["listings"]["edges"].as_array().is_some_and(|edges| edges.len() == 20),
                    "{data}"
                );
                server.kill().await?;
            }
            let worst = times.iter().copied().fold(0.0, f64::max);
            println!(
                "{backend}: {:.0} ms (median of {}), {worst:.0} ms at worst",
                crate::median(times),
                self.rounds
            );
        }
        Ok(())
    }
}
