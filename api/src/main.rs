//! The binary: see `api::cli`.

use clap::Parser;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    api::cli::run(api::cli::CommandLine::parse()).await
}
