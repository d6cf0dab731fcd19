//! Memory of a server that has answered many mixed requests: pages and deep pages, searches, single things, savings,
//! pictures, and a tenth of them changes.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, ensure};
use clap::Args;
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use tests::moves::{key, photograph, png, text};
use tests::{Backend, Client, city::Person};
use uuid::Uuid;

use crate::demo::Demo;

const WORDS: [&str; 8] = ["办公桌", "台式计算机", "打印机", "会议椅", "ThinkPad", "空调", "文件柜", "投影"];

#[derive(Args)]
pub struct Memory {
    /// Listings of the city
    #[arg(long, default_value_t = 5_000)]
    listings: u64,
    #[arg(long, default_value_t = 10_000)]
    requests: u64,
    #[arg(long, default_value_t = 16)]
    callers: usize,
}

/// Who asks, and what they work with.
struct People {
    clerk: Client,
    finance: Client,
    unit: Value,
    category: Value,
    /// Listings with a piece to ask for.
    offers: Vec<String>,
    pictures: Vec<String>,
}

impl Memory {
    pub async fn run(self) -> anyhow::Result<()> {
        for backend in [Backend::Sqlite, Backend::Postgres] {
            let demo = Demo::load(backend, self.listings).await?;
            let server = demo.serve().await?;
            let pid = server.id().context("a running server")?;
            let fresh = rss_anon(pid)?;
            let people = People::find(&demo, &server).await?;
            let (sent, most) = (AtomicU64::new(0), AtomicU64::new(0));
            let callers = (0..self.callers).map(|_| async {
                loop {
                    let turn = sent.fetch_add(1, Ordering::Relaxed);
                    if turn >= self.requests {
                        return anyhow::Ok(());
                    }
                    people.one(turn).await.with_context(|| format!("request {turn}"))?;
                    if turn % 50 == 0 {
                        most.fetch_max(rss_anon(pid)?, Ordering::Relaxed);
                    }
                }
            });
            try_join_all(callers).await?;
            println!(
                "{backend}: RssAnon {} MB after {} mixed requests of {} callers ({} MB at most on the way, {fresh} MB after the start)",
                rss_anon(pid)?,
                self.requests,
                self.callers,
                most.into_inner(),
            );
            server.kill().await?;
        }
        Ok(())
    }
}

impl People {
    async fn find(demo: &Demo, server: &tests::child::ChildServer) -> anyhow::Result<Self> {
        let clerk = demo.sign_in(server, "clerk").await?;
        let me = clerk.ask("{ me { grants { unit { id } } } }", json!({})).await?;
        let query = "{ listings(first: 100, filter: { availableOnly: true }) { edges { node {
            id asset { category { id } photos { url(size: SMALL) } } } } } }";
        let data = clerk.ask(query, json!({})).await?;
        let edges = data["listings"]["edges"].as_array().context("edges")?;
        let pictures = edges.iter().filter_map(|edge| edge["node"]["asset"]["photos"][0]["url"].as_str());
        Ok(Self {
            finance: demo.sign_in(server, "finance").await?,
            unit: me["me"]["grants"][0]["unit"]["id"].clone(),
            category: edges[0]["node"]["asset"]["category"]["id"].clone(),
            offers: edges.iter().map(|edge| text(&edge["node"]["id"])).collect::<Result<_, _>>()?,
            pictures: pictures.map(str::to_owned).collect(),
            clerk,
        })
    }

    /// One request, another kind by its turn; a change counts as one whatever it takes.
    async fn one(&self, turn: u64) -> anyhow::Result<()> {
        let word = WORDS[(turn / 20) as usize % WORDS.len()];
        let offer = &self.offers[turn as usize % self.offers.len()];
        let query = "query($after: String) { listings(first: 20, after: $after) { edges { node {
            id asset { name brand model condition value category { name } photos { url } } unit { name } stock { available } } }
            pageInfo { endCursor } } }";
        match turn % 20 {
            0..=4 => drop(self.clerk.ask(query, json!({})).await?),
            5..=6 => {
                let data = self.clerk.ask(query, json!({})).await?;
                let after = &data["listings"]["pageInfo"]["endCursor"];
                self.clerk.ask(query, json!({ "after": after })).await?;
            }
            7..=11 => {
                let query = "query($text: String!) { search(text: $text, first: 20, filter: { availableOnly: true }) {
                    totalCount edges { node { id asset { name brand photos { url } } unit { name } } } } }";
                self.clerk.ask(query, json!({ "text": word })).await?;
            }
            12 => {
                let query = "query($id: ID!) { listing(id: $id) { note asset { description photos { url } } stock { available held } } }";
                self.clerk.ask(query, json!({ "id": offer })).await?;
            }
            13..=14 => {
                let picture = &self.pictures[turn as usize % self.pictures.len()];
                let response = self.clerk.request(reqwest::Method::GET, picture).send().await?;
                ensure!(response.status().is_success(), "{} {picture}", response.status());
                response.bytes().await?;
            }
            15 => {
                let query = "{ savings(groupBy: [CATEGORY, RECEIVING_REGION], first: 100) { edges { node { amount } } } }";
                self.finance.ask(query, json!({})).await?;
            }
            16 => drop(
                self.clerk
                    .ask("{ tasks(first: 20) { edges { node { subjectId } } } me { name } }", json!({}))
                    .await?,
            ),
            17 => {
                let query = "{ assets(first: 50) { edges { node { id name number photos { url } } } } }";
                self.clerk.ask(query, json!({})).await?;
            }
            18 => self.enter(turn).await?,
            _ => self.want(offer).await?,
        }
        Ok(())
    }

    /// A card, every fifth with a picture.
    async fn enter(&self, turn: u64) -> anyhow::Result<()> {
        let input = json!({
            "idempotencyKey": key(), "holderId": self.unit, "categoryId": self.category, "name": "办公桌",
            "condition": "GOOD", "place": "三楼", "quantity": 1, "measure": "张", "value": "120000",
            "valueBasis": "ORIGINAL", "number": key(),
        });
        let answer = self.clerk.mutate("draftAsset", "DraftAssetInput", input, "asset { id }").await?;
        if turn % 100 == 18 {
            let person = Person { client: self.clerk.clone(), account_id: Uuid::nil() };
            photograph(&person, &text(&answer["asset"]["id"])?, png(turn as u8)).await?;
        }
        Ok(())
    }

    async fn want(&self, offer: &str) -> anyhow::Result<()> {
        let input = json!({
            "idempotencyKey": key(), "unitId": self.unit, "justification": "新设窗口需要",
            "lines": [{ "listingId": offer, "quantity": 1 }],
        });
        self.clerk.mutate("draftRequest", "DraftRequestInput", input, "request { id }").await?;
        Ok(())
    }
}

/// Memory of a process that is no file's, in MB.
fn rss_anon(pid: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).context("no RssAnon")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? / 1024)
}
