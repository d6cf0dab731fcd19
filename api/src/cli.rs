//! The command line. In the library, so that tests can run it in a process of their own.

use clap::{Parser, Subcommand};

use crate::config::{Serving, Settings};

/// A city's public warehouse: idle assets are listed, asked for, handed over, and counted as savings
#[derive(Debug, Parser)]
#[command(name = "public-warehouse", version, max_term_width = 100)]
pub struct CommandLine {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve GraphQL, and run the jobs unless told not to
    Serve(Serving),
    /// Bring the database's schema up to date
    Migrate,
    /// Print the GraphQL schema
    Schema,
}

/// Does what the line says and returns when it is done.
///
/// # Errors
/// What the person at the terminal should read.
pub async fn run(line: CommandLine) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| "info,sqlx=warn,sea_orm_migration=warn,tantivy=warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let settings = line.settings;
    match line.command {
        Command::Serve(serving) => {
            let app = settings.open().await?;
            let stop = crate::serve::stop_on_signal()?;
            crate::serve::serve(app, &serving, stop, |address| say(&format!("http://{address}"))).await
        }
        Command::Migrate => {
            settings.open().await?;
            say("the schema is up to date");
            Ok(())
        }
        Command::Schema => {
            say(&crate::graphql::sdl());
            Ok(())
        }
    }
}

/// What the person at the terminal reads; the log goes to standard error.
#[expect(clippy::print_stdout, reason = "this is the command line's own voice")]
fn say(text: &str) {
    println!("{text}");
}
