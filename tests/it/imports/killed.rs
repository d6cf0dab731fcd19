//! `kill -9` of a real process in the middle of an import: the next one goes on where it stopped.

use std::time::Duration;

use anyhow::{Context, ensure};
use entity::assets::asset;
use entity::jobs::{JobState, job};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::json;

use tests::child::{self, ChildServer};
use tests::city::City;
use tests::database::Place;
use tests::server::settings;
use tests::tables::{self, csv, ended, put, read, report, run};
use tests::{ALONE, Backend, Outcome};

/// Rows of the file.
const ROWS: usize = 12_000;
/// How often the process is killed.
const KILLS: usize = 3;
const FOLDER: &str = "data";

pub async fn killed(backend: Backend) -> Outcome {
    let _alone = ALONE.lock().await;
    let place = Place::new(backend).await?;
    let mut server = ChildServer::start(&place, FOLDER).await?;
    let folder = place.folder.path().join(FOLDER);
    let app = settings(&place, folder.clone()).open().await?;
    let mut city = City::found(&app, &server.address, 1).await?;
    // Closed before the first kill: with another process on the file, SQLite would have nothing to recover.
    drop(app);
    let rows = tables::cards(ROWS);
    let file = csv(&rows);
    let client = city.giver.clerk.client.clone();
    let id = put(&client, "ASSETS", Some(&city.giver.gid), "x.csv", file.as_bytes()).await?;
    let found = read(&client, &id).await?;
    ensure!(found["errors"] == json!([]), "{found}");
    let bad = ROWS / 100;
    let expected = expected();
    for (dry_run, kills) in [(true, 1), (false, KILLS)] {
        let queued = run(&city.giver.clerk.client, &id, dry_run, json!([])).await?;
        ensure!(queued["errors"] == json!([]), "{queued}");
        for kill in 1..=kills {
            let done = reach(&city, &id, ROWS * kill / (kills + 1)).await?;
            server.kill().await?;
            ensure!(done < ROWS, "kill {kill} came too late: {done} rows");
            // The lease of the killed process is a minute: the test does not wait for it.
            let app = settings(&place, folder.clone()).open().await?;
            expire_leases(&app).await?;
            drop(app);
            server = ChildServer::start(&place, FOLDER).await?;
            city = city.at(&server.address);
        }
        let client = &city.giver.clerk.client;
        let done = ended(client, &id, Duration::from_secs(120)).await?;
        let state = if dry_run { "CHECKED" } else { "DONE" };
        ensure!(done["state"] == state && done["done"] == ROWS && done["bad"] == bad, "{done}");
        ensure!(done["kept"] == ROWS - bad, "{done}");
        let told = report(client, &id).await?;
        let other = told.iter().zip(&expected).find(|(told, expected)| told != expected);
        ensure!(told == expected, "the report differs: {} of {}, {other:?}", told.len(), expected.len());
        let cards = client.ask("{ assets(first: 1) { edges { node { id } } } }", json!({})).await?;
        ensure!(cards["assets"]["edges"] != json!([]) || dry_run, "{cards}");
        ensure!(cards["assets"]["edges"] == json!([]) || !dry_run, "a dry run kept something: {cards}");
    }

    // Every good row is a card, once, and nothing else is.
    let app = settings(&place, folder).open().await?;
    let mut numbers: Vec<String> = asset::Entity::find()
        .select_only()
        .column(asset::Column::Number)
        .filter(asset::Column::HolderId.eq(city.giver.id))
        .into_tuple()
        .all(app.db().read())
        .await?;
    numbers.sort();
    let mut wanted: Vec<String> = (1..=ROWS).filter(|n| n % 100 != 50).map(|n| rows[n][0].clone()).collect();
    wanted.sort();
    ensure!(numbers == wanted, "{} cards, {} are wanted", numbers.len(), wanted.len());
    drop(app);
    let (right, said) = child::run(&place, FOLDER, &["verify"]).await?;
    ensure!(right, "verify: {said}");
    eprintln!(
        "{backend}: killed {KILLS} times within {ROWS} rows, and once in a dry run; {} cards, {bad} bad rows",
        wanted.len(),
    );
    server.kill().await
}

/// What the report must say: line, column and code.
fn expected() -> Vec<(i64, String, String)> {
    let mut expected: Vec<(i64, String, String)> = (1..=ROWS)
        .filter(|n| n % 100 == 50)
        .map(|n| {
            let (column, code) = match n / 100 % 4 {
                0 => ("name", "REQUIRED"),
                1 => ("acquired_on", "MALFORMED"),
                2 => ("category", "NOT_FOUND"),
                _ => ("asset_number", "DUPLICATE_ROW"),
            };
            (n as i64 + 1, column.to_owned(), code.to_owned())
        })
        .collect();
    expected.sort();
    expected
}

/// Waits until so many rows are done; gives how many are.
async fn reach(city: &City, id: &str, rows: usize) -> anyhow::Result<usize> {
    loop {
        let import = tables::import(&city.giver.clerk.client, id).await?;
        let done = usize::try_from(import["done"].as_u64().context("done")?)?;
        ensure!(import["state"] != "FAILED", "{import}");
        if done >= rows {
            return Ok(done);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn expire_leases(app: &api::app::App) -> anyhow::Result<()> {
    use api::identity::Actor;
    use api::write::{Command, Tx};
    app.write(&Actor::system(), Command::new("expireLeases", None, &()), |tx: Tx| async move {
        job::Entity::update_many()
            .col_expr(job::Column::LeaseUntil, Expr::value(Some(tx.now() - chrono::TimeDelta::seconds(1))))
            .filter(job::Column::State.eq(JobState::Running))
            .exec(tx.conn())
            .await?;
        Ok(())
    })
    .await?;
    Ok(())
}
