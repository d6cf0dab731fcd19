//! A table of generated cards with one bad row in a hundred, while others browse: rows a second, and what the browsers feel.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::json;
use tests::Backend;
use tests::tables;

use crate::demo::Demo;
use crate::load::Caller;

const QUERY: &str = "{ listings(first: 20) { edges { node {
    id custody listedAt asset { name brand model condition value } unit { name } stock { available } } } } }";

#[derive(Args)]
pub struct Import {
    /// Rows of the file
    #[arg(long, default_value_t = 100_000)]
    rows: usize,
    /// Listings of the city
    #[arg(long, default_value_t = 2_000)]
    listings: u64,
    /// Who browses meanwhile
    #[arg(long, default_value_t = 2)]
    callers: usize,
    /// Pages that each of them asks for in a second
    #[arg(long, default_value_t = 25)]
    pages: u64,
    /// XLSX instead of CSV
    #[arg(long)]
    xlsx: bool,
    /// Nobody browses
    #[arg(long)]
    quiet: bool,
}

impl Import {
    pub async fn run(self) -> anyhow::Result<()> {
        let rows = tables::cards(self.rows);
        let file = if self.xlsx { tables::workbook(&rows) } else { tables::csv(&rows).into_bytes() };
        let name = if self.xlsx { "cards.xlsx" } else { "cards.csv" };
        for backend in [Backend::Sqlite, Backend::Postgres] {
            let demo = Demo::load(backend, self.listings).await?;
            let server = demo.serve().await?;
            let clerk = demo.sign_in(&server, "clerk").await?;
            let me = clerk.ask("{ me { grants { unit { id } } } }", json!({})).await?;
            let unit = me["me"]["grants"][0]["unit"]["id"].as_str().context("a unit")?.to_owned();
            let token = clerk.token().context("signed in")?;
            let body = json!({ "query": QUERY }).to_string();
            let request: Arc<[u8]> = format!(
                "POST /graphql HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )
            .into_bytes()
            .into();
            let before = if self.quiet {
                Vec::new()
            } else {
                self.browse(&server.address, &request, Arc::default(), Some(Duration::from_secs(10))).await?
            };
            let id = tables::put(&clerk, "ASSETS", Some(&unit), name, &file).await?;
            let begun = Instant::now();
            let read = tables::read(&clerk, &id).await?;
            ensure!(read["errors"] == json!([]), "{read}");
            let head = begun.elapsed();
            let stop = Arc::new(AtomicBool::new(false));
            let browsing = async {
                if self.quiet {
                    Ok(Vec::new())
                } else {
                    self.browse(&server.address, &request, Arc::clone(&stop), None).await
                }
            };
            let importing = async {
                let begun = Instant::now();
                let run = tables::run(&clerk, &id, false, json!([])).await?;
                ensure!(run["errors"] == json!([]), "{run}");
                let done = tables::ended(&clerk, &id, Duration::from_secs(3600)).await?;
                stop.store(true, Ordering::Relaxed);
                anyhow::Ok((done, begun.elapsed()))
            };
            let (during, imported) = tokio::join!(browsing, importing);
            let (during, (done, took)) = (during?, imported?);
            ensure!(done["state"] == "DONE" && done["done"] == self.rows, "{done}");
            println!(
                "{backend}: {:.0} rows/s ({} rows in {:.1} s from the call to the end, {} bad; headers read in {:.0} ms){}",
                self.rows as f64 / took.as_secs_f64(),
                self.rows,
                took.as_secs_f64(),
                done["bad"],
                head.as_secs_f64() * 1000.0,
                if self.quiet {
                    String::new()
                } else {
                    format!(
                        "; a page of 20 for {} callers: p50 {:.1} and p99 {:.1} ms before, p50 {:.1} and p99 {:.1} ms during",
                        self.callers,
                        part(&before, 0.5),
                        part(&before, 0.99),
                        part(&during, 0.5),
                        part(&during, 0.99),
                    )
                }
            );
            server.kill().await?;
        }
        Ok(())
    }

    /// Asks for pages at a steady pace, from so many callers, for so long or until told; gives the times in milliseconds.
    async fn browse(
        &self,
        address: &str,
        request: &Arc<[u8]>,
        stop: Arc<AtomicBool>,
        long: Option<Duration>,
    ) -> anyhow::Result<Vec<f64>> {
        let mut tasks = tokio::task::JoinSet::new();
        let begun = Instant::now();
        for _ in 0..self.callers {
            let mut caller = Caller::connect(address).await?;
            let (request, stop) = (Arc::clone(request), Arc::clone(&stop));
            let mut pace = tokio::time::interval(Duration::from_micros(1_000_000 / self.pages.max(1)));
            pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
            tasks.spawn(async move {
                let mut times = Vec::new();
                while !stop.load(Ordering::Relaxed) && long.is_none_or(|long| begun.elapsed() < long) {
                    pace.tick().await;
                    let asked = Instant::now();
                    caller.exchange(&request).await?;
                    times.push(asked.elapsed().as_secs_f64() * 1000.0);
                }
                anyhow::Ok(times)
            });
        }
        let mut all = Vec::new();
        while let Some(done) = tasks.join_next().await {
            all.extend(done??);
        }
        Ok(all)
    }
}

/// The time that this part of all stays below.
fn part(times: &[f64], part: f64) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    let last = times.len().saturating_sub(1);
    times.get(((times.len() as f64 * part) as usize).min(last)).copied().unwrap_or_default()
}
