//! A page of 20 listings with unit and stock, 16 callers, PostgreSQL, beside a bare handler that sends the same bytes
//! from one statement: what the rights, the schema and the session cost.

use std::process::{ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use api::graphql::ids::{Kind, encode};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use clap::Args;
use sea_orm::sqlx::{self, PgPool, postgres::PgPoolOptions};
use serde::Serialize;
use serde_json::{Value, json};
use tests::Backend;
use tokio::io::{AsyncBufReadExt, BufReader};
use uuid::Uuid;

use crate::demo::Demo;
use crate::load::{Caller, press};

const QUERY: &str = "{ listings(first: 20) { edges { node {
    id custody listedAt asset { name brand model condition value } unit { name } stock { available } } } } }";

const STATEMENT: &str =
    "select l.id, l.custody, l.listed_at, a.name, a.brand, a.model, a.condition, a.value, u.name, s.available
    from listing l join asset a on a.id = l.asset_id join unit u on u.id = l.unit_id
    join listing_stock s on s.listing_id = l.id
    where l.state = 'LISTED' and not a.restricted and l.directed_to is null
    order by l.listed_at desc, l.id desc limit 20";

/// In the environment of a child that is the bare handler: its database.
const BARE: &str = "BENCH_BARE_HANDLER";

#[derive(Args)]
pub struct Browse {
    /// Listings of the city
    #[arg(long, default_value_t = 5_000)]
    listings: u64,
    #[arg(long, default_value_t = 16)]
    callers: usize,
    /// Seconds of each round
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    #[arg(long, default_value_t = 7)]
    rounds: usize,
}

impl Browse {
    pub async fn run(self) -> anyhow::Result<()> {
        let demo = Demo::load(Backend::Postgres, self.listings).await?;
        let server = demo.serve().await?;
        let url = demo.place.url.clone().context("PostgreSQL has an address")?;
        let mut bare = tokio::process::Command::new(std::env::current_exe()?)
            .env(BARE, url)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(bare.stdout.take().context("no output")?).lines();
        let bare_address = lines.next_line().await?.context("the bare handler did not start")?;
        let bare_request = format!("GET / HTTP/1.1\r\nhost: {bare_address}\r\n\r\n");
        let token = demo.sign_in(&server, "clerk").await?;
        let token = token.token().context("signed in")?;
        let body = json!({ "query": QUERY }).to_string();
        let request = format!(
            "POST /graphql HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let ours: Value = serde_json::from_slice(
            Caller::connect(&server.address).await?.exchange(request.as_bytes()).await?,
        )?;
        let theirs: Value = serde_json::from_slice(
            Caller::connect(&bare_address).await?.exchange(bare_request.as_bytes()).await?,
        )?;
        ensure!(ours == theirs, "the two pages differ:\n{ours:#}\n{theirs:#}");
        let long = Duration::from_secs(self.seconds);
        let (mut ratios, mut a, mut b) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..=self.rounds {
            let theirs = press(&bare_address, bare_request.as_bytes(), self.callers, long).await?;
            let ours = press(&server.address, request.as_bytes(), self.callers, long).await?;
            // The first round warms up.
            if round > 0 {
                ratios.push(ours / theirs);
                a.push(theirs);
                b.push(ours);
            }
        }
        println!(
            "ratio {:.2} (median of {}, {:.2} to {:.2}); bare {:.0}/s, GraphQL {:.0}/s",
            crate::median(ratios.clone()),
            ratios.len(),
            ratios.iter().copied().fold(f64::INFINITY, f64::min),
            ratios.iter().copied().fold(0.0, f64::max),
            crate::median(a),
            crate::median(b),
        );
        server.kill().await
    }
}

#[derive(Serialize)]
struct Body {
    data: Data,
}

#[derive(Serialize)]
struct Data {
    listings: Listings,
}

#[derive(Serialize)]
struct Listings {
    edges: Vec<Edge>,
}

#[derive(Serialize)]
struct Edge {
    node: Node,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    id: String,
    custody: String,
    listed_at: Option<String>,
    asset: Asset,
    unit: Unit,
    stock: Stock,
}

#[derive(Serialize)]
struct Asset {
    name: String,
    brand: String,
    model: String,
    condition: Option<String>,
    value: Option<String>,
}

#[derive(Serialize)]
struct Unit {
    name: String,
}

#[derive(Serialize)]
struct Stock {
    available: i64,
}

type Row = (
    Uuid,
    String,
    Option<chrono::DateTime<chrono::Utc>>,
    String,
    String,
    String,
    Option<String>,
    Option<i64>,
    String,
    i64,
);

/// In a child of ours: serves the bare handler. Otherwise nothing.
pub fn bare() -> Option<ExitCode> {
    let url = std::env::var(BARE).ok()?;
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    Some(match runtime.block_on(serve(&url)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:?}");
            ExitCode::FAILURE
        }
    })
}

async fn serve(url: &str) -> anyhow::Result<()> {
    let pool = PgPoolOptions::new().max_connections(16).test_before_acquire(false).connect(url).await?;
    let app = axum::Router::new().route("/", axum::routing::get(page)).with_state(pool);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

async fn page(State(pool): State<PgPool>) -> Response {
    match sqlx::query_as::<_, Row>(STATEMENT).fetch_all(&pool).await {
        Ok(rows) => {
            let edges = rows.into_iter().map(edge).collect();
            axum::Json(Body { data: Data { listings: Listings { edges } } }).into_response()
        }
        Err(error) => (axum::http::StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn edge((id, custody, listed_at, name, brand, model, condition, value, unit, available): Row) -> Edge {
    Edge {
        node: Node {
            id: encode(Kind::Listing, id).0,
            custody,
            listed_at: listed_at.map(|at| at.to_rfc3339()),
            asset: Asset { name, brand, model, condition, value: value.map(|fen| fen.to_string()) },
            unit: Unit { name: unit },
            stock: Stock { available },
        },
    }
}
