//! The frame: health, sign-in, GraphQL over HTTP.

use serde_json::json;

use tests::{Backend, Outcome, Registry, Server};

pub fn register(registry: &mut Registry) {
    registry.both("frame: a fresh server is ready, and tells strangers nothing", fresh_server);
}

async fn fresh_server(backend: Backend) -> Outcome {
    let server = Server::start(backend).await?;
    let client = server.client();
    let ready = client.request(reqwest::Method::GET, "/health/ready").send().await?;
    anyhow::ensure!(ready.status() == 200, "{}", ready.status());
    let body = client.raw("{ me { name } }", json!({})).await?;
    anyhow::ensure!(body["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED", "{body}");
    anyhow::ensure!(body.get("data").is_none(), "{body}");
    let refused = client.sign_in("nobody", "not a password").await;
    anyhow::ensure!(refused.is_err());
    server.stop().await
}
