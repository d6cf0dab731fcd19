//! An [`App`] for tests of use cases: a real SQLite file in a temporary folder, a clock that stands still.
//!
//! With `SLICES_ON_POSTGRES=postgres://user@host:port` the same tests run on PostgreSQL, each in a database of its own
//! that is left behind; the server's name of the database is not given.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, Database};
use tempfile::TempDir;

use crate::app::{App, Parts, State};
use crate::clock::Clock;
use crate::db::Db;
use crate::deliveries::Outbound;
use crate::ids::Ids;
use crate::keys::MasterKey;
use crate::photos::Photos;
use crate::photos::store::{DirectoryStore, PhotoStore};

/// The instant at which test clocks start: 2026-03-02, a Monday, 10:00 in Shanghai.
pub(crate) fn start() -> DateTime<Utc> {
    "2026-03-02T02:00:00Z".parse().expect("a constant")
}

/// An app with an empty, migrated database. The folder lives as long as the second value.
pub(crate) async fn app() -> (App, TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = match std::env::var("SLICES_ON_POSTGRES") {
        Ok(server) => postgres(&server).await,
        Err(_) => format!("sqlite://{}?mode=rwc", folder.path().join("db.sqlite").display()),
    };
    let db = Db::connect(&url).await.expect("the database opens");
    db.migrate().await.expect("the schema is made");
    let ids = Ids::seeded(1);
    let master_key = MasterKey::load_or_create(&folder.path().join("master.key"), &ids).expect("a key");
    let store =
        DirectoryStore::open(folder.path().join("photos"), start()).await.expect("a folder for photos");
    let photos = Photos::new(PhotoStore::Directory(store), &master_key);
    let app = App::new(Parts {
        db,
        clock: Clock::fixed(chrono_tz::Asia::Shanghai, start()),
        ids,
        master_key,
        photos,
        outbound: Outbound::new(vec!["127.0.0.0/8".parse().expect("a network")]).expect("a client"),
        data_dir: folder.path().to_owned(),
        state: State::default(),
    });
    app.load_reference().await.expect("reference data loads");
    (app, folder)
}

/// Address of a new, empty database on the server.
async fn postgres(server: &str) -> String {
    let name = format!("slice_{}", hex::encode(Ids::from_os().bytes::<8>()));
    let front = Database::connect(format!("{server}/postgres")).await.expect("the server answers");
    front.execute_unprepared(&format!("create database {name}")).await.expect("a database is made");
    front.close().await.expect("the server answers");
    format!("{server}/{name}")
}
