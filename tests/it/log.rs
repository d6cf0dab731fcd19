//! The log of events under transactions that overlap, and after its database was moved; and the schema there and back.

use anyhow::ensure;
use api::app::App;
use api::db::Db;
use api::events;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

use tests::database::Place;
use tests::{Backend, Outcome, Registry, Server};

pub fn register(registry: &mut Registry) {
    registry.on(Backend::Postgres, "log: overlapping transactions hide no event", overlapping);
    registry.on(Backend::Postgres, "log: a dump loaded into another server is read on", restored);
    registry.both("migrations: up, down and up again", up_down_up);
}

/// One connection of its own: what is begun on it stays open until it is ended on it.
async fn alone(place: &Place) -> anyhow::Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(place.url.clone().unwrap_or_default());
    options.max_connections(1).sqlx_logging(false);
    Ok(Database::connect(options).await?)
}

/// Writes an event as the service does; gives its number.
async fn write(conn: &DatabaseConnection, note: &str) -> anyhow::Result<i64> {
    let sql = format!(
        "insert into event (id, kind, subject_kind, subject_id, subject_version, payload, at) \
         values (gen_random_uuid(), '{note}', 'SETTING', gen_random_uuid(), 0, '{{}}', now()) returning seq"
    );
    let row = conn.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
}

/// Reads on from `cursor`, as a follower does; gives what was read.
async fn read_on(app: &App, cursor: &mut i64) -> anyhow::Result<Vec<String>> {
    let rows = events::after(app.db().read(), *cursor, 100).await?;
    if let Some(last) = rows.last() {
        *cursor = last.seq;
    }
    Ok(rows.into_iter().map(|row| row.kind).collect())
}

/// Reads on until so many came: a transaction of any other database on the server can hold the end of the log back.
async fn read_all(app: &App, cursor: &mut i64, count: usize) -> anyhow::Result<Vec<String>> {
    let mut kinds = Vec::new();
    for _ in 0..600 {
        kinds.extend(read_on(app, cursor).await?);
        if kinds.len() >= count {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    Ok(kinds)
}

async fn overlapping(backend: Backend) -> Outcome {
    let server = Server::start(backend).await?;
    let (early, late) = (alone(server.place()).await?, alone(server.place()).await?);
    let end = events::end(server.app.db().read()).await?.map_or(0, |(seq, _)| seq);
    let mut cursor = end;
    // The earlier transaction begins to write, the later one takes the first number, and the earlier one ends first.
    early.execute_unprepared("begin; select pg_current_xact_id()").await?;
    late.execute_unprepared("begin").await?;
    let first = write(&late, "late").await?;
    let second = write(&early, "early").await?;
    ensure!(first < second, "{first} {second}");
    early.execute_unprepared("commit").await?;
    ensure!(read_all(&server.app, &mut cursor, 1).await? == ["early"]);
    ensure!(cursor == second);
    late.execute_unprepared("commit").await?;
    ensure!(read_all(&server.app, &mut cursor, 1).await? == ["late"], "it was passed over");
    ensure!(cursor == first && read_on(&server.app, &mut cursor).await?.is_empty());
    // Whoever comes later sees the same order.
    let mut again = end;
    ensure!(read_all(&server.app, &mut again, 2).await? == ["early", "late"]);
    early.close().await?;
    late.close().await?;
    server.stop().await
}

async fn restored(backend: Backend) -> Outcome {
    let server = Server::start(backend).await?;
    let conn = alone(server.place()).await?;
    let end = events::end(server.app.db().read()).await?.map_or(0, |(seq, _)| seq);
    let mut cursor = end;
    let old = write(&conn, "old").await?;
    let newer = write(&conn, "newer").await?;
    // As a dump of a server that had seen more transactions than this one.
    let future = "(pg_current_xact_id()::text::bigint + 1000000)::text::xid8";
    conn.execute_unprepared(&format!("update event set xid = {future} where seq = {newer}")).await?;
    events::settle_restored(&conn).await?;
    ensure!(read_all(&server.app, &mut cursor, 2).await? == ["old", "newer"] && cursor == newer);
    write(&conn, "new").await?;
    events::settle_restored(&conn).await?;
    ensure!(read_all(&server.app, &mut cursor, 1).await? == ["new"]);
    let mut again = old;
    ensure!(read_all(&server.app, &mut again, 2).await? == ["newer", "new"]);
    conn.close().await?;
    server.stop().await
}

async fn up_down_up(backend: Backend) -> Outcome {
    let place = Place::new(backend).await?;
    let file = place.folder.path().join("there-and-back.db");
    let url = place.url.clone().unwrap_or_else(|| format!("sqlite://{}?mode=rwc", file.display()));
    Db::connect(&url).await?.migrate().await?;
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    let conn = Database::connect(options).await?;
    Migrator::down(&conn, None).await?;
    let left = match backend {
        Backend::Postgres => {
            "select table_name from information_schema.tables where table_schema = 'public' \
             union all select routine_name from information_schema.routines where routine_schema = 'public'"
        }
        Backend::Sqlite => "select name from sqlite_master where name not like 'sqlite_%'",
    };
    let kind = conn.get_database_backend();
    let rows = conn.query_all_raw(Statement::from_string(kind, left)).await?;
    let left: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get_by_index(0)).collect();
    ensure!(left? == ["seaql_migrations"], "something of the schema is left behind");
    Migrator::up(&conn, None).await?;
    let pending = Migrator::get_pending_migrations(&conn).await?;
    ensure!(pending.is_empty());
    Ok(conn.close().await?)
}
