//! The command line.

use api::config::{Serving, Settings};
use clap::{Parser, Subcommand};

/// A city's public warehouse: idle assets are listed, asked for, handed over, and counted as savings
#[derive(Debug, Parser)]
#[command(name = "public-warehouse", version, max_term_width = 100)]
struct CommandLine {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve GraphQL and run the jobs
    Serve(Serving),
    /// Bring the database's schema up to date
    Migrate,
    /// Print the GraphQL schema
    Schema,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let line = CommandLine::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| "info,sqlx=warn,sea_orm_migration=warn,tantivy=warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match line.command {
        Command::Serve(serving) => {
            let app = line.settings.open().await?;
            let stop = api::serve::stop_on_signal()?;
            api::serve::serve(app, &serving, stop, |address| say(&format!("http://{address}"))).await
        }
        Command::Migrate => {
            line.settings.open().await?;
            say("the schema is up to date");
            Ok(())
        }
        Command::Schema => {
            say(&api::graphql::sdl());
            Ok(())
        }
    }
}

/// What the person at the terminal reads; the log goes to standard error.
#[expect(clippy::print_stdout, reason = "this is the command line's own voice")]
fn say(text: &str) {
    println!("{text}");
}
