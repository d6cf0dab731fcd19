//! Takes connections: a bounded number, each of which must say soon what it wants.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// Connections at a time; whoever comes beyond waits in the system's queue. Below the 1,024 open files that a process
/// has by default, with room for the database and the index.
const CONNECTIONS: usize = 800;
/// How long a connection may take to send the head of a request, the pause between two requests included.
const HEAD: Duration = Duration::from_secs(30);
/// How long to wait where no connection can be taken (out of files, say).
const BREATH: Duration = Duration::from_millis(500);

/// Answers connections by `router` until `stop`; then takes nothing new, and returns when those that run have ended.
pub async fn listen(listener: TcpListener, router: Router, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let connections = TaskTracker::new();
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let one = connection(stream, peer, router.clone(), stop.clone(), HEAD);
                connections.spawn(async move {
                    one.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot take a connection");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    // Its port is free again while the last requests end.
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    stop: CancellationToken,
    head: Duration,
) {
    // Answers are whole: waiting for more to send only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::trace!(%error, "no TCP_NODELAY");
    }
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let router = router.clone();
        async move {
            let Ok(response) = router.oneshot(request).await;
            Ok::<_, Infallible>(response)
        }
    });
    let mut served = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head)
            .serve_connection(TokioIo::new(stream), service)
    );
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        // Clients that hang up or fall silent: daily life.
        tracing::trace!(%error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// What the server answers before it hangs up.
    async fn talk(said: &str, head: Duration) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, peer) = listener.accept().await.unwrap();
        let router = Router::new().route("/", get(async || "here"));
        tokio::spawn(connection(stream, peer, router, CancellationToken::new(), head));
        client.write_all(said.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let whole = client.read_to_string(&mut answer);
        tokio::time::timeout(Duration::from_secs(20), whole).await.expect("it hangs up").unwrap();
        answer
    }

    #[tokio::test]
    async fn who_sends_half_a_head_is_hung_up_on() {
        let answer = talk("GET / HTTP/1.1\r\nhost: a\r\nx-", Duration::from_millis(200)).await;
        assert!(!answer.contains("here"), "{answer}");
        let whole = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
        let answer = talk(whole, Duration::from_millis(200)).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("here"), "{answer}");
    }

    #[tokio::test]
    async fn a_stop_ends_idle_connections_and_frees_the_port() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let running = tokio::spawn(listen(listener, Router::new(), stop.clone()));
        let _idle = TcpStream::connect(address).await.unwrap();
        stop.cancel();
        tokio::time::timeout(Duration::from_secs(20), running).await.expect("it stops").unwrap();
        TcpListener::bind(address).await.expect("the port is free");
    }
}
