//! The one place that reads flags, environment and files.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use clap::Args;
use ipnet::IpNet;

use crate::app::{App, Parts, State};
use crate::clock::Clock;
use crate::db::Db;
use crate::deliveries::Outbound;
use crate::ids::Ids;
use crate::keys::MasterKey;
use crate::photos::Photos;
use crate::photos::store::{DirectoryStore, PhotoStore, S3Settings, S3Store};

/// Settings of every command.
#[derive(Args, Clone)]
pub struct Settings {
    /// Folder for everything that is kept in files; made where it is missing
    #[arg(long, global = true, env = "DATA_DIR", default_value = "data", value_name = "FOLDER")]
    pub data_dir: PathBuf,
    /// Database: postgres://… or sqlite://…; without it a SQLite file in the data folder
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Time zone of civil dates: standards, fiscal years, paper numbers
    #[arg(long, global = true, env = "CIVIL_TZ", default_value = "Asia/Shanghai", value_name = "ZONE")]
    pub civil_tz: Tz,
    /// Master key, 32 bytes in base64; without it `master.key` in the data folder, made at first use
    #[arg(long, global = true, env = "MASTER_KEY", hide_env_values = true, value_name = "BASE64")]
    pub master_key: Option<String>,
    /// Network of private addresses (`10.20.0.0/16`) that webhooks may be sent to, once for each; without it public ones only
    #[arg(
        long = "webhook-network",
        global = true,
        env = "WEBHOOK_NETWORKS",
        value_delimiter = ',',
        value_name = "CIDR"
    )]
    pub webhook_networks: Vec<IpNet>,
    /// Photos in a bucket instead of the data folder
    #[command(flatten)]
    pub s3: S3,
}

/// Where photos lie, if not in the data folder.
#[derive(Args, Clone, Default)]
pub struct S3 {
    /// Bucket for photos; without it they lie in the data folder
    #[arg(id = "s3_bucket", long = "s3-bucket", global = true, env = "S3_BUCKET", value_name = "NAME")]
    pub bucket: Option<String>,
    /// Address of the S3 server; without it AWS
    #[arg(id = "s3_endpoint", long = "s3-endpoint", global = true, env = "S3_ENDPOINT", value_name = "URL")]
    pub endpoint: Option<String>,
    /// Region of the bucket
    #[arg(
        id = "s3_region",
        long = "s3-region",
        global = true,
        env = "S3_REGION",
        default_value = "us-east-1",
        value_name = "NAME"
    )]
    pub region: String,
    /// Access key id
    #[arg(
        id = "s3_access_key",
        long = "s3-access-key",
        global = true,
        env = "S3_ACCESS_KEY",
        value_name = "ID"
    )]
    pub access_key: Option<String>,
    /// Secret access key; without it `S3_SECRET_KEY` of the environment. No flag, as a command line can be read by others
    #[arg(skip)]
    pub secret_key: Option<String>,
    /// `https://bucket.server/key` instead of `https://server/bucket/key`
    #[arg(id = "s3_virtual_hosts", long = "s3-virtual-hosts", global = true, env = "S3_VIRTUAL_HOSTS")]
    pub virtual_hosts: bool,
}

impl std::fmt::Debug for S3 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3")
            .field("bucket", &self.bucket)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// Settings of a serving command.
#[derive(Args, Clone, Debug)]
pub struct Serving {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Leave jobs to other processes (`public-warehouse worker`)
    #[arg(long)]
    pub no_worker: bool,
    /// Browsers reach us by https: mark the session cookie `Secure`
    #[arg(long, env = "SECURE_COOKIE")]
    pub secure_cookie: bool,
    /// Network of a proxy in front of us (`10.0.0.0/8`), once for each: only from there `X-Forwarded-For` is believed
    #[arg(long = "trusted-proxy", env = "TRUSTED_PROXIES", value_delimiter = ',', value_name = "CIDR")]
    pub trusted_proxies: Vec<IpNet>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Addresses and keys may hold secrets.
        f.debug_struct("Settings").field("data_dir", &self.data_dir).finish_non_exhaustive()
    }
}

impl Settings {
    /// Opens what the settings name: folder, key, database. The schema is brought up to date.
    ///
    /// # Errors
    /// Says which of them, and why.
    pub async fn open(&self) -> anyhow::Result<App> {
        self.open_at(Clock::real(self.civil_tz), Ids::from_os()).await
    }

    /// As [`Settings::open`], with a clock and ids of one's own choice: for tests and generated cities.
    ///
    /// # Errors
    /// As [`Settings::open`].
    pub async fn open_at(&self, clock: Clock, ids: Ids) -> anyhow::Result<App> {
        std::fs::create_dir_all(&self.data_dir)
            .with_context(|| format!("cannot make the data folder {}", self.data_dir.display()))?;
        let master_key = match &self.master_key {
            Some(text) => MasterKey::parse(text)?,
            None => MasterKey::load_or_create(&self.data_dir.join("master.key"), &ids)?,
        };
        let db = Db::connect(&self.url()?).await?;
        db.migrate().await.context("cannot bring the schema up to date")?;
        crate::events::settle_restored(db.writer()).await.context("cannot put the log of events in order")?;
        master_key.must_be_that_of(&db).await?;
        let photos = Photos::new(self.photo_store(clock.now()).await?, &master_key);
        let app = App::new(Parts {
            db,
            clock,
            ids,
            master_key,
            photos,
            outbound: Outbound::new(self.webhook_networks.clone())?,
            data_dir: self.data_dir.clone(),
            state: State::default(),
        });
        app.load_reference().await?;
        Ok(app)
    }

    async fn photo_store(&self, now: DateTime<Utc>) -> anyhow::Result<PhotoStore> {
        // Whatever was being written an hour ago was left by a process that is gone.
        let sweep_before = now - TimeDelta::hours(1);
        let Some(bucket) = &self.s3.bucket else {
            let store = DirectoryStore::open(self.data_dir.join("photos"), sweep_before).await?;
            return checked(PhotoStore::Directory(store)).await;
        };
        let secret_key = self.s3.secret_key.clone().or_else(|| std::env::var("S3_SECRET_KEY").ok());
        let (Some(access_key), Some(secret_key)) = (&self.s3.access_key, secret_key) else {
            anyhow::bail!("S3_BUCKET is set, so S3_ACCESS_KEY and S3_SECRET_KEY must be too");
        };
        let settings = S3Settings {
            bucket: bucket.clone(),
            endpoint: self.s3.endpoint.clone(),
            region: self.s3.region.clone(),
            access_key: access_key.clone(),
            secret_key,
            path_style: !self.s3.virtual_hosts,
            spool: self.data_dir.join("spool"),
        };
        checked(PhotoStore::S3(S3Store::open(settings, sweep_before).await?)).await
    }

    /// Address of the database.
    ///
    /// # Errors
    /// When it is of a kind we do not speak.
    pub fn url(&self) -> anyhow::Result<String> {
        match &self.database_url {
            None => Ok(format!("sqlite://{}?mode=rwc", self.data_dir.join("public-warehouse.db").display())),
            Some(url)
                if ["postgres://", "postgresql://", "sqlite:"].iter().any(|kind| url.starts_with(kind)) =>
            {
                Ok(url.clone())
            }
            Some(_) => anyhow::bail!("DATABASE_URL must begin with postgres:// or sqlite://"),
        }
    }
}

/// What cannot be written must not be found out by the first upload.
async fn checked(store: PhotoStore) -> anyhow::Result<PhotoStore> {
    store.check().await.map_err(|sentence| anyhow::anyhow!(sentence))?;
    Ok(store)
}
