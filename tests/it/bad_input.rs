//! What no honest client sends: every answer is a clear error with a code, never a 5xx, and no panic is in the log.

mod documents;
mod fuzz;
mod photos;

use std::path::PathBuf;

use anyhow::{Context, ensure};
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use tests::child::ChildServer;
use tests::city::City;
use tests::database::Place;
use tests::{Backend, Client, Registry, server};

pub fn register(registry: &mut Registry) {
    registry.both("bad input: bodies, documents and values are refused with a code", documents::refused);
    registry
        .both("bad input: hostile pictures and tampered addresses are refused with a code", photos::refused);
    registry.both("bad input: random documents get an answer or a code", fuzz::random_documents);
}

/// A city served by a process of its own, whose log is read at the end.
pub struct Bench {
    pub city: City,
    child: ChildServer,
    log: PathBuf,
    // Its folder and database last as long as the process.
    _place: Place,
}

impl Bench {
    pub async fn start(backend: Backend) -> anyhow::Result<Self> {
        let place = Place::new(backend).await?;
        let folder = "data";
        // Founded in this process: its sessions must be of the time in which the child lives.
        let app = server::settings(&place, place.folder.path().join(folder)).open().await?;
        let founded = City::found(&app, "", 2).await?;
        drop(app);
        let log = place.folder.path().join("log");
        let child = ChildServer::start_logging(&place, folder, std::fs::File::create(&log)?.into()).await?;
        Ok(Self { city: founded.at(&child.address), child, log, _place: place })
    }

    /// A client that is not signed in.
    pub fn stranger(&self) -> Client {
        Client::new(&self.child.address)
    }

    /// Ends the process, and reads what it wrote.
    pub async fn end(self) -> anyhow::Result<()> {
        let alive = self.stranger().request(reqwest::Method::GET, "/health/ready").send().await;
        ensure!(alive.is_ok_and(|answer| answer.status() == 200), "the service is not well any more");
        self.child.kill().await?;
        let log = std::fs::read_to_string(&self.log)?;
        let bad: Vec<&str> = log
            .lines()
            .filter(|line| line.contains("panicked") || line.contains("internal fault"))
            .take(10)
            .collect();
        ensure!(bad.is_empty(), "in the log: {bad:#?}");
        Ok(())
    }
}

/// Codes of GraphQL errors; `NOT_FOUND` and those of photo addresses are of the routes beside it.
const CODES: &[&str] = &[
    "BAD_USER_INPUT",
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "RATE_LIMITED",
    "NOT_FOUND",
    "METHOD_NOT_ALLOWED",
    "PHOTO_ADDRESS_EXPIRED",
    "PHOTO_ADDRESS_INVALID",
];

/// The code of an answer's first error, none where there is no error. Fails on a 5xx, on an error without a code and
/// a sentence, and on a body that is not JSON.
pub async fn code(answer: reqwest::Response) -> anyhow::Result<Option<String>> {
    let status = answer.status();
    let json =
        answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("").to_owned();
    let text = answer.text().await?;
    ensure!(!status.is_server_error(), "{status}: {text}");
    ensure!(json.contains("json"), "{status}, {json}: {text}");
    let body: Value = serde_json::from_str(&text).with_context(|| text.clone())?;
    let Some(errors) = body.get("errors") else {
        ensure!(status.is_success(), "{status} without an error: {text}");
        return Ok(None);
    };
    let errors = errors.as_array().context("errors are a list")?;
    ensure!(!errors.is_empty(), "{text}");
    for error in errors {
        let code = error["extensions"]["code"].as_str().unwrap_or_default();
        ensure!(CODES.contains(&code), "{status}: {text}");
        ensure!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{text}");
    }
    Ok(errors[0]["extensions"]["code"].as_str().map(str::to_owned))
}
