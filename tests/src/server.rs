use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use api::app::App;
use api::clock::Clock;
use api::config::{S3, Serving, Settings};
use api::ids::Ids;
use chrono::{DateTime, Utc};
use ipnet::IpNet;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::Client;
use crate::database::{Backend, Place};

/// When the clocks of tests start: 2026-03-02, a Monday, 10:00 in Shanghai.
pub fn start() -> DateTime<Utc> {
    "2026-03-02T02:00:00Z".parse().expect("a constant")
}

/// Settings of a service on the database of a place.
pub fn settings(place: &Place, data_dir: std::path::PathBuf) -> Settings {
    Settings {
        data_dir,
        database_url: place.url.clone(),
        civil_tz: chrono_tz::Asia::Shanghai,
        master_key: None,
        webhook_networks: Vec::new(),
        s3: local_photos(),
    }
}

/// This machine: where the receivers of tests are.
pub fn here() -> Vec<IpNet> {
    vec!["127.0.0.0/8".parse().expect("a constant")]
}

/// Photos in the data folder.
fn local_photos() -> S3 {
    S3 { region: "us-east-1".to_owned(), ..S3::default() }
}

/// The service in this process, on a free port, with a clock that the test sets.
pub struct Server {
    pub app: App,
    pub address: SocketAddr,
    stop: CancellationToken,
    running: Option<JoinHandle<anyhow::Result<()>>>,
    place: Arc<Place>,
    data_dir: std::path::PathBuf,
    webhook_networks: Vec<IpNet>,
}

impl Server {
    /// On an empty database.
    pub async fn start(backend: Backend) -> anyhow::Result<Self> {
        let place = Arc::new(Place::new(backend).await?);
        let data_dir = place.folder.path().join("data");
        Self::start_on(place, data_dir, local_photos(), Vec::new()).await
    }

    /// On an empty database, as a service that may send webhooks to these networks.
    pub async fn start_calling(backend: Backend, networks: Vec<IpNet>) -> anyhow::Result<Self> {
        let place = Arc::new(Place::new(backend).await?);
        let data_dir = place.folder.path().join("data");
        Self::start_on(place, data_dir, local_photos(), networks).await
    }

    /// On an empty database, with photos in a bucket.
    pub async fn start_with_photos(backend: Backend, s3: S3) -> anyhow::Result<Self> {
        let place = Arc::new(Place::new(backend).await?);
        let data_dir = place.folder.path().join("data");
        Self::start_on(place, data_dir, s3, Vec::new()).await
    }

    /// A second server on the same database, with a data folder of its own.
    pub async fn beside(&self) -> anyhow::Result<Self> {
        let data_dir = self.place.folder.path().join(format!("data-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir_all(&data_dir)?;
        std::fs::copy(self.data_dir.join("master.key"), data_dir.join("master.key"))?;
        let networks = self.webhook_networks.clone();
        Self::start_on(Arc::clone(&self.place), data_dir, local_photos(), networks).await
    }

    /// Stops it, and starts it again with other networks open to webhooks.
    pub async fn stop_and_start(self, networks: Vec<IpNet>) -> anyhow::Result<Self> {
        let (place, data_dir) = (Arc::clone(&self.place), self.data_dir.clone());
        self.stop().await?;
        Self::start_on(place, data_dir, local_photos(), networks).await
    }

    async fn start_on(
        place: Arc<Place>,
        data_dir: std::path::PathBuf,
        s3: S3,
        webhook_networks: Vec<IpNet>,
    ) -> anyhow::Result<Self> {
        let settings =
            Settings { s3, webhook_networks: webhook_networks.clone(), ..settings(&place, data_dir.clone()) };
        let app = settings.open_at(Clock::fixed(settings.civil_tz, start()), Ids::from_os()).await?;
        let serving = Serving {
            listen: "127.0.0.1:0".parse()?,
            no_worker: false,
            secure_cookie: false,
            trusted_proxies: Vec::new(),
        };
        let stop = CancellationToken::new();
        let (tell, told) = oneshot::channel();
        let running = tokio::spawn({
            let (app, stop) = (app.clone(), stop.clone());
            async move {
                api::serve::serve(app, &serving, stop, |address| {
                    tell.send(address).ok();
                })
                .await
            }
        });
        let address = told.await.context("the server did not start")?;
        Ok(Self { app, address, stop, running: Some(running), place, data_dir, webhook_networks })
    }

    /// Address for clients.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its folder and its database.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Folder of everything that the service keeps in files.
    pub fn data_dir(&self) -> &std::path::Path {
        &self.data_dir
    }

    /// Address of the service's database.
    pub fn database_url(&self) -> anyhow::Result<String> {
        settings(&self.place, self.data_dir.clone()).url()
    }

    /// A client that is not signed in.
    pub fn client(&self) -> Client {
        Client::new(&format!("http://{}", self.address))
    }

    /// Stops the server as a signal would and waits for its end.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.cancel();
        match self.running.take() {
            Some(running) => running.await?,
            None => Ok(()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
