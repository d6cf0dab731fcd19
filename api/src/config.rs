//! The one place that reads flags, environment and files.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use chrono_tz::Tz;
use clap::Args;

use crate::app::{App, Parts, State};
use crate::clock::Clock;
use crate::db::Db;
use crate::ids::Ids;
use crate::keys::MasterKey;

/// Settings of every command.
#[derive(Args, Clone, Debug)]
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
        let app = App::new(Parts {
            db,
            clock,
            ids,
            master_key,
            data_dir: self.data_dir.clone(),
            state: State::default(),
        });
        app.load_reference().await?;
        Ok(app)
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
