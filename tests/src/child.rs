//! The service as a process of its own, in real time. The same binary that tests or measures is the command line then.

use std::process::{ExitCode, Stdio};

use anyhow::Context;
use clap::Parser;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::database::Place;

/// Set in the environment of a child: the test binary is the command line then.
const AS_COMMAND_LINE: &str = "PUBLIC_WAREHOUSE_AS_COMMAND_LINE";

/// In a child of ours: does what the command line says. Otherwise nothing.
pub fn command_line() -> Option<ExitCode> {
    std::env::var_os(AS_COMMAND_LINE)?;
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    Some(match runtime.block_on(api::cli::run(api::cli::CommandLine::parse())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:?}");
            ExitCode::FAILURE
        }
    })
}

/// The service as a process of its own, in real time: one that can be killed.
pub struct ChildServer {
    child: Child,
    pub address: String,
}

impl ChildServer {
    /// `public-warehouse serve` on the place's database, with `folder` below it as data folder.
    pub async fn start(place: &Place, folder: &str) -> anyhow::Result<Self> {
        Self::start_logging(place, folder, Stdio::inherit()).await
    }

    /// As [`ChildServer::start`], with its log in a place of one's own choice.
    pub async fn start_logging(place: &Place, folder: &str, log: Stdio) -> anyhow::Result<Self> {
        let mut child = command(place, folder)?
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        // The first address without a path is where it listens; what is printed after it is read away.
        let address = loop {
            let line = lines.next_line().await?.context("the server ended before it listened")?;
            let is_address =
                |word: &&str| word.strip_prefix("http://").is_some_and(|rest| !rest.contains('/'));
            if let Some(address) = line.split_whitespace().find(is_address) {
                break address.to_owned();
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { child, address })
    }

    /// Number of the process.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// `kill -9`.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await?;
        Ok(())
    }
}

/// Runs a command of the command line to its end; gives whether it succeeded and what it printed.
pub async fn run(place: &Place, folder: &str, arguments: &[&str]) -> anyhow::Result<(bool, String)> {
    let output = command(place, folder)?.args(arguments).output().await?;
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Ok((output.status.success(), text))
}

fn command(place: &Place, folder: &str) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .env(AS_COMMAND_LINE, "1")
        .env("DATA_DIR", place.folder.path().join(folder))
        // The receivers of tests are on this machine.
        .env("WEBHOOK_NETWORKS", "127.0.0.0/8")
        .env("RUST_LOG", "warn");
    match &place.url {
        Some(url) => command.env("DATABASE_URL", url),
        None => command.env_remove("DATABASE_URL"),
    };
    Ok(command)
}
