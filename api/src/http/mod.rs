//! Routes: sign-in, GraphQL, health. The console and the photos hang here too.

pub mod auth;
mod caller;
pub mod graphql;
mod health;
mod landing;
mod photos;
mod problem;

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{get, post, put};
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::trace::TraceLayer;

use crate::app::App;
use crate::graphql::Schema;
use crate::graphql::documents::Documents;

pub use caller::{COOKIE, Caller};
pub use problem::Problem;

/// Longest body of a JSON request in bytes.
const BODY: usize = 256 * 1024;
/// How long a caller waits for an answer; a mutation goes on to its end regardless.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the routes are given.
#[derive(Clone)]
pub struct Routes {
    /// The service.
    pub app: App,
    /// The schema over it.
    pub schema: Schema,
    /// Documents that were parsed before.
    pub documents: Documents,
    /// Whether browsers reach us by https: then the cookie says `Secure`.
    pub secure: bool,
    /// What must run to its end even when its caller hangs up; the shutdown waits for it.
    pub tasks: TaskTracker,
}

/// All routes.
pub fn router(routes: Routes) -> Router {
    Router::new()
        .route("/", get(landing::landing))
        .route("/graphql", get(graphql::get).post(graphql::post))
        .route("/auth/sign-in", post(auth::sign_in))
        .route("/auth/sign-out", post(auth::sign_out))
        .route("/auth/first-administrator", post(auth::first_administrator))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .layer(DefaultBodyLimit::max(BODY))
        // Uploads are streamed and bounded by what was announced.
        .route("/photos/uploads/{upload}", put(photos::put))
        .route("/photos/{sha256}/{size}", get(photos::get))
        .layer(tower_http::timeout::TimeoutLayer::with_status_code(
            axum::http::StatusCode::GATEWAY_TIMEOUT,
            PATIENCE,
        ))
        .with_state(routes)
        .layer(map_response(guard_headers))
        .layer(CatchPanicLayer::new())
        .layer(TraceLayer::new_for_http())
}

/// Headers that keep a browser from doing more with an answer than showing it.
async fn guard_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "same-origin");
    set(header::CONTENT_SECURITY_POLICY, "default-src 'self'; frame-ancestors 'none'");
    set(header::CACHE_CONTROL, "no-store");
    response
}
