//! GraphQL over HTTP: the audit suite of the specification, run by Node against the really started service.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use serde::Deserialize;

use tests::{Backend, Outcome, Registry, Server};

/// What the suite recommends and we do not follow, each with the reason. Whoever comes to meet one takes it out here:
/// the test fails on an entry that is not needed any more.
const NOT_MET: &[(&str, &str)] = &[];

/// Fewest audits that a run of the suite has; fewer means that it was not run in full.
const AUDITS: usize = 60;

pub fn register(registry: &mut Registry) {
    registry.add("spec: the audit suite of GraphQL over HTTP finds no fault", missing(), audit);
}

/// What is not here to run the suite with.
fn missing() -> Option<String> {
    let node = Command::new("node").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !node.is_ok_and(|status| status.success()) {
        return Some("no Node".to_owned());
    }
    let package = folder().join("node_modules/graphql-http/package.json");
    (!package.exists()).then(|| "graphql-http is not installed, run npm ci in tests/audit".to_owned())
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/audit"))
}

#[derive(Debug, Deserialize)]
struct Audit {
    id: String,
    name: String,
    status: String,
    reason: Option<String>,
}

async fn audit() -> Outcome {
    let server = Server::start(Backend::Sqlite).await?;
    let output = tokio::process::Command::new("node")
        .arg("audit.js")
        .arg(format!("http://{}/graphql", server.address))
        .current_dir(folder())
        .output()
        .await?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    let audits: Vec<Audit> = text
        .lines()
        .map(|line| serde_json::from_str(line).with_context(|| line.to_owned()))
        .collect::<Result<_, _>>()?;
    ensure!(audits.len() >= AUDITS, "only {} audits ran", audits.len());

    let explained = |audit: &Audit| NOT_MET.iter().any(|(id, _)| *id == audit.id);
    let wrong: Vec<String> = audits
        .iter()
        .filter(|audit| match audit.status.as_str() {
            "ok" => explained(audit),
            // A recommendation not met.
            "warn" | "notice" => !explained(audit),
            _ => true,
        })
        .map(|Audit { id, name, status, reason }| {
            format!("{id} {name}: {status}, {}", reason.as_deref().unwrap_or_default())
        })
        .collect();
    ensure!(wrong.is_empty(), "not met and not explained, or explained and met: {wrong:#?}");
    for (id, _) in NOT_MET {
        ensure!(audits.iter().any(|audit| audit.id == *id), "the suite has no audit {id}");
    }
    server.stop().await
}
