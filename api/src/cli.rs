//! The command line. In the library, so that tests can run it in a process of their own.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Parser, Subcommand, ValueEnum};
use entity::identity::Locale;
use indicatif::{ProgressBar, ProgressStyle};

use crate::app::App;
use crate::audit::verify::Anchor;
use crate::config::{Serving, Settings};
use crate::demo::{self, DemoArgs};
use crate::finding;
use crate::identity::first_administrator::first_administrator;
use crate::import::{self, What};

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
    /// Run jobs and send webhooks only: expiries, seals, clearing up
    Worker,
    /// Load regions, units, categories or standards from a CSV or XLSX file
    Import(Import),
    /// Load a generated city into an empty database and serve it; the second time it is there already
    Demo(DemoArgs),
    /// Bring the database's schema up to date
    Migrate,
    /// Build this data folder's search index anew; the server that uses the folder must be stopped
    Reindex,
    /// Print the GraphQL schema
    Schema,
    /// Recompute totals, quantities, hashes and seals; fails where anything differs
    Verify(Verify),
}

#[derive(Args, Debug)]
struct Import {
    /// What the file holds
    what: ImportKind,
    /// The file: CSV or XLSX with a line of headers
    file: PathBuf,
}

#[derive(Args, Debug)]
struct Verify {
    /// A root that was noted elsewhere (`auditSeals`), to be compared with the seal of that number; may be repeated
    #[arg(long = "root", value_name = "NUMBER:ROOT")]
    roots: Vec<Anchor>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ImportKind {
    Regions,
    Units,
    Categories,
    Standards,
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
        Command::Serve(serving) => serve(settings.open().await?, &serving).await,
        Command::Worker => {
            let app = settings.open().await?;
            whole(&app).await?;
            crate::serve::work(app, crate::serve::stop_on_signal()?).await;
            Ok(())
        }
        Command::Import(import) => load(&settings.open().await?, &import).await,
        Command::Demo(args) => {
            let app = settings.open().await?;
            demo::prepare(&app, &args, &mut std::io::stdout()).await?;
            if args.load_only { Ok(()) } else { serve(app, &args.serving).await }
        }
        Command::Migrate => {
            settings.open().await?;
            say("the schema is up to date");
            Ok(())
        }
        Command::Reindex => reindex(&settings.open().await?).await,
        Command::Schema => {
            say(crate::graphql::sdl().trim_end());
            Ok(())
        }
        Command::Verify(args) => verify(&settings.open().await?, &args).await,
    }
}

/// Nobody works with half a demo city.
async fn whole(app: &App) -> anyhow::Result<()> {
    anyhow::ensure!(
        !demo::load::is_half_loaded(app.db().read()).await?,
        "the demo city in this database was not loaded to its end: run `demo` again, it goes on where it stopped"
    );
    Ok(())
}

async fn serve(app: App, serving: &Serving) -> anyhow::Result<()> {
    whole(&app).await?;
    let stop = crate::serve::stop_on_signal()?;
    // The address first: a start that fails at it must not put another code in the place of the one that was printed.
    let listener = crate::serve::bind(serving).await?;
    let address = listener.local_addr()?;
    if let Some(code) = first_administrator(&app).await? {
        say(&format!(
            "Nobody can sign in yet. The first administrator comes in with this code, within 24 hours / \
             尚无账号，首位管理员请在 24 小时内使用此代码：\n\n    {code}\n\n    \
             curl http://{}/auth/first-administrator -H 'content-type: application/json' \\\n      \
             -d '{{\"code\": \"{code}\", \"account\": \"admin\", \"name\": \"管理员\", \"password\": \"…\"}}'\n",
            address
        ));
    }
    let ready = |address| say(&format!("Listening on http://{address}"));
    crate::serve::serve_at(listener, app, serving, stop, ready).await
}

/// Faults of a file told one by one: whoever made a hundred thousand of them made the same one again and again.
const TOLD: usize = 100;

async fn load(app: &App, import: &Import) -> anyhow::Result<()> {
    let file = tokio::fs::read(&import.file)
        .await
        .with_context(|| format!("cannot read {}", import.file.display()))?;
    let what = match import.what {
        ImportKind::Regions => What::Regions,
        ImportKind::Units => What::Units,
        ImportKind::Categories => What::Categories,
        ImportKind::Standards => What::Standards,
    };
    let bar = bar(0, "rows");
    let report = import::run(app, what, &file, |progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    })
    .await?;
    bar.finish_and_clear();
    for bad in report.bad.iter().take(TOLD) {
        let (line, field) = (bad.line, bad.field());
        say(&format!("line {line} {field}: {} / {}", bad.reason(Locale::Zh), bad.reason(Locale::En)));
    }
    if let Some(more) = report.bad.len().checked_sub(TOLD).filter(|more| *more > 0) {
        say(&format!("… and {more} more / 另有 {more} 处"));
    }
    say(&format!(
        "{} new, {} changed, {} as they were, {} faults",
        report.created,
        report.changed,
        report.unchanged,
        report.bad.len()
    ));
    anyhow::ensure!(report.bad.is_empty(), "some rows were not kept; correct them and load the file again");
    Ok(())
}

async fn reindex(app: &App) -> anyhow::Result<()> {
    let index = finding::follow::open(app.data_dir()).await?;
    let bar = bar(finding::documents::count(app.db().read()).await?, "listings");
    let count = finding::follow::rebuild(app, &index, |done| bar.set_position(done)).await?;
    bar.finish_and_clear();
    say(&format!("{count} listings are in the search index"));
    Ok(())
}

async fn verify(app: &App, args: &Verify) -> anyhow::Result<()> {
    let parts = crate::verify::verify(app, &args.roots, |part| {
        let verdict = if part.faults.is_empty() { "ok" } else { "WRONG" };
        say(&format!("{:<24} {:>9} rows  {verdict}", part.name, part.rows));
    })
    .await?;
    let faults: Vec<&String> = parts.iter().flat_map(|part| &part.faults).collect();
    for fault in &faults {
        say(fault);
    }
    anyhow::ensure!(faults.is_empty(), "{} differences", faults.len());
    Ok(())
}

/// A bar on standard error; where that is no terminal nothing is drawn.
pub(crate) fn bar(total: u64, of: &'static str) -> ProgressBar {
    let template = format!("{{bar:40}} {{pos}}/{{len}} {of} · {{per_sec}} · {{eta}} left");
    let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total).with_style(style)
}

/// What the person at the terminal reads; the log goes to standard error.
#[expect(clippy::print_stdout, reason = "this is the command line's own voice")]
pub(crate) fn say(text: &str) {
    println!("{text}");
}
