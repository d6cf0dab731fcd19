//! Loads a generated city in bulk: the rows that the use cases would have left behind had they run for two years.
//!
//! - [`outline`]: a first look over all stories gives the order of loading and the numbers of the papers.
//! - [`pictures`]: drawn, processed and stored as an upload is.
//! - [`base`]: regions, categories, standards, units, people and the hub, in one transaction.
//! - [`listing`], [`lines`], [`cases`], [`cards`], [`savings`]: one listing and all that followed from it, as rows.
//! - [`loans`]: what is lent, by the use cases themselves.
//! - [`rows`], [`notes`]: rows into tables, many at a time, each subject with the beginning of its audit chain.
//!
//! Everything follows from the seed, identities included. How many listings are in stands in `demo_load`, written in the
//! transaction that wrote them: a load that was killed goes on from there, and nothing is ever there twice.

mod base;
mod cards;
mod cases;
mod ids;
mod lines;
mod listing;
mod loans;
mod notes;
mod outline;
mod pictures;
mod progress;
mod rows;
mod savings;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use entity::demo::demo_load;
use entity::identity::Role;
use entity::organisation::unit;
use entity::photos::photo_blob;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, Iterable, QueryFilter, QuerySelect,
};
use tokio::sync::mpsc;

pub use progress::Progress;

use base::Base;
use cases::Rules;
use outline::Outline;
use pictures::Drawing;
use rows::Rows;
use savings::Rates;

use super::city::picture::Picture;
use super::city::{City, Plan};
use crate::app::App;
use crate::clock::Clock;
use crate::identity::{Actor, password};
use crate::write::{Command, Tx};

/// The one row of `demo_load`.
const ROW: i64 = 1;
/// Threads that draw and look.
const THREADS: u32 = 2;

/// What a load found or did.
#[derive(Debug)]
pub struct Loaded {
    /// The city that is in the database now.
    pub city: Arc<City>,
    /// What it was made from.
    pub plan: Plan,
    /// It was there already, whole.
    pub before: bool,
}

/// What every listing is turned into rows by.
struct Context {
    city: Arc<City>,
    clock: Clock,
    base: Base,
    outline: Outline,
    pictures: HashMap<Picture, String>,
    rates: Rates,
    rules: Rules,
}

/// Whether a city is in the database that was not loaded to its end: nobody should work with it.
///
/// # Errors
/// When the database does not answer.
pub async fn is_half_loaded(conn: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Ok(demo_load::Entity::find_by_id(ROW).one(conn).await?.is_some_and(|row| row.finished_at.is_none()))
}

/// The password that all accounts of `role` share. The secret comes from the seed: a demo city is no secret.
#[must_use]
pub fn password_of(seed: u64, role: Role) -> String {
    let secret = &crate::audit::chain::hash_of(&["demo city", &seed.to_string()])[..8];
    super::city::demo_password(secret, role)
}

/// Loads the city of `wanted`, goes on with one that was broken off, or leaves a whole one as it is.
///
/// # Errors
/// When the database is used by somebody else's city, or database or photo store fail.
pub async fn load(app: &App, wanted: &Plan, progress: &Progress) -> anyhow::Result<Loaded> {
    let row = demo_load::Entity::find_by_id(ROW).one(app.db().read()).await?;
    let plan = match &row {
        Some(row) => plan_of(row)?,
        None => {
            let strangers = unit::Entity::find().one(app.db().read()).await?;
            anyhow::ensure!(
                strangers.is_none(),
                "this database has units already and no demo city: give another --data-dir or DATABASE_URL"
            );
            *wanted
        }
    };
    let city = Arc::new(blocking(move || City::generate(&plan)).await?);
    let before = row.as_ref().is_some_and(|row| row.finished_at.is_some());
    if !before {
        let done = row.as_ref().map(|row| row.loaded);
        fill(app, &plan, city.clone(), done, progress).await?;
        progress.end();
    }
    Ok(Loaded { city, plan, before })
}

/// `done` is none where nothing was written yet.
async fn fill(
    app: &App,
    plan: &Plan,
    city: Arc<City>,
    done: Option<i64>,
    progress: &Progress,
) -> anyhow::Result<()> {
    progress.begin("stories", 0, 1);
    let outline = {
        let city = city.clone();
        blocking(move || Outline::of(&city, THREADS)).await?
    };
    progress.begin("pictures", 0, outline.pictures.len() as u64);
    let drawing = Drawing {
        seed: plan.seed,
        pictures: &outline.pictures,
        known: photo_blob::Entity::find()
            .select_only()
            .column(photo_blob::Column::Sha256)
            .into_tuple()
            .all(app.db().read())
            .await?
            .into_iter()
            .collect(),
        threads: THREADS,
        store: &app.photos().store,
        now: app.clock().now(),
    };
    let drawn = pictures::draw(drawing, progress).await?;
    let base = Base::of(&city, plan.today, app.clock());
    if done.is_none() {
        let hashes = hashes(app, plan.seed).await?;
        let (city, base, outline, blobs, hashes) = (&city, &base, &outline, &drawn.blobs, &hashes);
        app.write(&Actor::system(), Command::new("loadDemo", None, &()), |tx: Tx| async move {
            crate::bulk::insert(tx.conn(), [row_of(plan, city).into_active_model()]).await?;
            base.write(&tx, city, outline, hashes).await?;
            let blobs = blobs.iter().cloned().map(IntoActiveModel::into_active_model);
            Ok(crate::bulk::insert(tx.conn(), blobs).await?)
        })
        .await?;
    }
    app.load_reference().await?;
    let rates = Rates::load(app, plan.today).await?;
    let rules = Rules::load(app, plan.today).await?;
    let pictures = drawn.hashes;
    let context =
        Arc::new(Context { city, clock: app.clock().clone(), base, outline, pictures, rates, rules });
    let done = usize::try_from(done.unwrap_or_default())?;
    listings(app, &context, done, progress).await?;
    progress.begin("loans", 0, 1);
    loans::lend(app, &context.city, &context.base, plan.today).await?;
    progress.begin("seals", 0, 1);
    while crate::audit::seal::seal(app).await? > 0 {}
    settle(app).await?;
    app.write(&Actor::system(), Command::new("loadDemo", None, &()), |tx: Tx| async move {
        let now = tx.now();
        demo_load::Entity::update_many()
            .col_expr(demo_load::Column::FinishedAt, Expr::value(Some(now)))
            .filter(demo_load::Column::Id.eq(ROW))
            .exec(tx.conn())
            .await?;
        Ok(())
    })
    .await?;
    Ok(())
}

/// Listings from the `done`th on, a batch a transaction; while one is written the next is made.
async fn listings(app: &App, context: &Arc<Context>, done: usize, progress: &Progress) -> anyhow::Result<()> {
    let count = context.outline.order.len();
    progress.begin("listings", done as u64, count as u64);
    // Large batches spare the disk, small ones the patience of who watches.
    let batch = (count / 50).clamp(100, 2_000);
    let (sender, mut receiver) = mpsc::channel(1);
    let maker = {
        let context = context.clone();
        tokio::task::spawn_blocking(move || {
            for part in context.outline.order[done.min(count)..].chunks(batch) {
                let rows = make(&context, part);
                let failed = rows.is_err();
                if sender.blocking_send((part.to_vec(), rows)).is_err() || failed {
                    return;
                }
            }
        })
    };
    let mut loaded = done;
    while let Some((part, rows)) = receiver.recv().await {
        loaded += part.len();
        // Rows are used up by writing them; where a transaction has to run again they are made again.
        let rows = &Mutex::new(Some(rows?));
        let part = &part;
        app.write(&Actor::system(), Command::new("loadDemo", None, &()), |tx: Tx| async move {
            let ready = rows.lock().unwrap_or_else(PoisonError::into_inner).take();
            let rows = match ready {
                Some(rows) => rows,
                None => make(context, part)?,
            };
            rows.write(&tx).await?;
            demo_load::Entity::update_many()
                .col_expr(demo_load::Column::Loaded, Expr::value(loaded as i64))
                .filter(demo_load::Column::Id.eq(ROW))
                .exec(tx.conn())
                .await?;
            Ok(())
        })
        .await?;
        progress.step(part.len() as u64);
    }
    maker.await.context("the generator stopped")
}

fn make(context: &Context, part: &[u32]) -> anyhow::Result<Rows> {
    let mut rows = Rows::default();
    for index in part {
        listing::add(context, *index, &mut rows).with_context(|| format!("listing {index} of the city"))?;
    }
    Ok(rows)
}

/// The stored hash of each role's password.
async fn hashes(app: &App, seed: u64) -> anyhow::Result<Vec<(Role, String)>> {
    let mut hashes = Vec::new();
    for role in Role::iter() {
        hashes.push((role, password::hash(app.ids(), &password_of(seed, role)).await?));
    }
    Ok(hashes)
}

/// Lets the database look at what it has now: plans made for empty tables would be used for a while.
async fn settle(app: &App) -> Result<(), DbErr> {
    let conn = app.db().writer();
    if app.db().is_postgres() {
        conn.execute_unprepared("analyze").await?;
    } else {
        // A sample is enough, and a million listings are not read for it.
        conn.execute_unprepared("pragma analysis_limit = 1000; analyze; pragma wal_checkpoint(truncate)")
            .await?;
    }
    Ok(())
}

fn plan_of(row: &demo_load::Model) -> anyhow::Result<Plan> {
    Ok(Plan {
        seed: row.seed.parse().context("the seed in demo_load is no number")?,
        units: usize::try_from(row.units)?,
        listings: u64::try_from(row.listings)?,
        today: row.today,
        pictures: usize::try_from(row.pictures)?,
    })
}

fn row_of(plan: &Plan, city: &City) -> demo_load::Model {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    demo_load::Model {
        id: ROW,
        seed: plan.seed.to_string(),
        units: number(plan.units as u64),
        listings: number(city.listing_count()),
        pictures: number(plan.pictures as u64),
        today: plan.today,
        loaded: 0,
        finished_at: None,
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("a task was stopped")
}
