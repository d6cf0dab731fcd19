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
use crate::http::{Routes, router};

/// How long running requests may take to end once we were asked to stop.
const LAST_WORDS: Duration = Duration::from_secs(20);

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
    let listener = TcpListener::bind(serving.listen)
        .await
        .with_context(|| format!("cannot listen on {}; is another server there?", serving.listen))?;
    let address = listener.local_addr()?;
    let index = finding::follow::open(app.data_dir()).await?;
    app.set_search(index.clone());
    let tasks = TaskTracker::new();
    let follower = tokio::spawn(finding::follow::follow(app.clone(), index, stop.clone()));
    let routes = Routes {
        schema: crate::graphql::schema(app.clone()),
        app: app.clone(),
        secure: serving.secure_cookie,
        tasks: tasks.clone(),
    };
    let worker = (!serving.no_worker)
        .then(|| tokio::spawn(crate::jobs::run(app.clone(), crate::work::handlers(), stop.clone())));
    let service = router(routes).into_make_service_with_connect_info::<SocketAddr>();
    ready(address);
    let asked = stop.clone();
    let server = axum::serve(listener, service)
        .with_graceful_shutdown(async move { asked.cancelled().await })
        .into_future();
    let overdue = async {
        stop.cancelled().await;
        tokio::time::sleep(LAST_WORDS).await;
    };
    tokio::select! {
        outcome = server => outcome?,
        () = overdue => tracing::warn!("some connections did not end in time"),
    }
    // Also where the server ended by itself.
    stop.cancel();
    follower.await?;
    if let Some(worker) = worker {
        worker.await??;
    }
    tasks.close();
    if tokio::time::timeout(LAST_WORDS, tasks.wait()).await.is_err() {
        tracing::warn!("some mutations did not end in time");
    }
    Ok(())
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
