//! The life of a serving process: open, listen, and stop in two stages.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::config::Serving;
use crate::finding;
use crate::graphql::documents::Documents;
use crate::http::listen::listen;
use crate::http::{Routes, router};

/// How long running requests may take to end once we were asked to stop.
const LAST_WORDS: Duration = Duration::from_secs(20);
/// How long to wait before the jobs are tried again.
const AGAIN: Duration = Duration::from_secs(3);

/// Listens and answers until `stop` is cancelled; then takes nothing new, ends what runs, and returns.
///
/// `ready` is told the address when the first request can be answered.
///
/// # Errors
/// When the address cannot be had.
pub async fn serve(
    app: App,
    serving: &Serving,
    stop: CancellationToken,
    ready: impl FnOnce(SocketAddr),
) -> anyhow::Result<()> {
    serve_at(bind(serving).await?, app, serving, stop, ready).await
}

/// Takes the address, so that nobody else can.
///
/// # Errors
/// When it cannot be had.
pub async fn bind(serving: &Serving) -> anyhow::Result<TcpListener> {
    TcpListener::bind(serving.listen)
        .await
        .with_context(|| format!("cannot listen on {}; is another server there?", serving.listen))
}

/// As [`serve`], at an address that was taken before.
///
/// # Errors
/// When the search index cannot be opened.
pub async fn serve_at(
    listener: TcpListener,
    app: App,
    serving: &Serving,
    stop: CancellationToken,
    ready: impl FnOnce(SocketAddr),
) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let index = finding::follow::open(app.data_dir()).await?;
    app.set_search(index.clone());
    let tasks = TaskTracker::new();
    let follower = tokio::spawn(finding::follow::follow(app.clone(), index, stop.clone()));
    let routes = Routes {
        schema: crate::graphql::schema(app.clone()),
        documents: Documents::default(),
        app: app.clone(),
        secure: serving.secure_cookie,
        trusted_proxies: serving.trusted_proxies.clone().into(),
        tasks: tasks.clone(),
    };
    let worker = (!serving.no_worker).then(|| tokio::spawn(work(app.clone(), stop.clone())));
    ready(address);
    let server = listen(listener, router(routes), stop.clone());
    let overdue = async {
        stop.cancelled().await;
        tokio::time::sleep(LAST_WORDS).await;
    };
    tokio::select! {
        () = server => {}
        () = overdue => tracing::warn!("some connections did not end in time"),
    }
    follower.await?;
    if let Some(worker) = worker {
        worker.await?;
    }
    tasks.close();
    if tokio::time::timeout(LAST_WORDS, tasks.wait()).await.is_err() {
        tracing::warn!("some mutations did not end in time");
    }
    Ok(())
}

/// Runs jobs and delivers to other systems until `stop`. A database that does not answer while they are laid down is asked again: a server whose holds
/// never expire looks well, and is not.
pub async fn work(app: App, stop: CancellationToken) {
    tokio::join!(jobs(app.clone(), stop.clone()), crate::deliveries::worker::run(app, stop));
}

async fn jobs(app: App, stop: CancellationToken) {
    while let Err(error) = crate::jobs::run(app.clone(), crate::work::handlers(), stop.clone()).await {
        tracing::error!(%error, "the jobs cannot begin; trying again");
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(AGAIN) => {}
        }
    }
}

/// A token that is cancelled by the first Ctrl-C or SIGTERM; the second ends the process at once.
///
/// # Errors
/// When signals cannot be heard.
pub fn stop_on_signal() -> anyhow::Result<CancellationToken> {
    let token = CancellationToken::new();
    let stop = token.clone();
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::spawn(async move {
        for stage in 0.. {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            if stage == 0 {
                tracing::info!("stopping; once more to stop at once");
                stop.cancel();
            } else {
                std::process::exit(130);
            }
        }
    });
    Ok(token)
}
