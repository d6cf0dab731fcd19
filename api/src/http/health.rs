use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Routes;

/// The process runs.
pub(super) async fn live() -> Json<Value> {
    Json(json!({ "status": "live" }))
}

/// The database answers, so requests can be taken.
pub(super) async fn ready(State(routes): State<Routes>) -> (StatusCode, Json<Value>) {
    match routes.app.generation().await {
        Ok(_) => (StatusCode::OK, Json(json!({ "status": "ready" }))),
        Err(fault) => {
            tracing::warn!(%fault, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "the database does not answer" })))
        }
    }
}
