//! Routes: sign-in, GraphQL, health. The console and the photos hang here too.

pub mod auth;
mod caller;
mod exports;
pub mod graphql;
mod health;
mod imports;
mod landing;
pub mod listen;
mod photos;
mod problem;
mod source;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use ipnet::IpNet;
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};
use tower_http::trace::TraceLayer;

use crate::app::App;
use crate::graphql::Schema;
use crate::graphql::documents::Documents;

pub use caller::{COOKIE, Presented};
pub use problem::Problem;
pub use source::Source;

/// Longest body of a JSON request in bytes.
const BODY: usize = 256 * 1024;
/// How long a caller waits for an answer; a mutation goes on to its end regardless.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long an upload may take in all: 20 MB over the line of a small office take minutes.
const UPLOAD: Duration = Duration::from_secs(3600);
/// How long an upload may stand still.
const STILL: Duration = Duration::from_secs(30);

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
    /// Proxies whose word about the address of a caller is taken.
    pub trusted_proxies: Arc<[IpNet]>,
    /// What must run to its end even when its caller hangs up; the shutdown waits for it.
    pub tasks: TaskTracker,
}

/// All routes.
pub fn router(routes: Routes) -> Router {
    let quick = Router::new()
        .route("/", get(landing::landing))
        .route("/graphql", get(graphql::get).post(graphql::post))
        .route("/auth/sign-in", post(auth::sign_in))
        .route("/auth/sign-out", post(auth::sign_out))
        .route("/auth/first-administrator", post(auth::first_administrator))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/photos/{sha256}/{size}", get(photos::get))
        .route("/imports/{import}/bad-rows/{file}", get(imports::bad_rows))
        .route("/exports/{list}", get(exports::get))
        .layer(DefaultBodyLimit::max(BODY));
    // Uploads are streamed, bounded by what was announced, and may take as long as bytes keep coming.
    let uploads = Router::new()
        .route("/photos/uploads/{upload}", put(photos::put))
        .route("/imports/uploads/{import}", put(imports::put))
        .layer(RequestBodyTimeoutLayer::new(STILL));
    let routed = patient(quick, PATIENCE).merge(patient(uploads, UPLOAD)).with_state(routes);
    framed(routed).layer(TraceLayer::new_for_http())
}

/// Answers 504 after so long.
fn patient<S: Clone + Send + Sync + 'static>(routes: Router<S>, patience: Duration) -> Router<S> {
    routes.layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, patience))
}

/// Whatever happens below, the answer is a well-formed one.
fn framed(routes: Router) -> Router {
    routes
        .layer(map_response(say_why))
        .layer(CatchPanicLayer::custom(|_| {
            // What panicked and where is in the log by the panic's own hook.
            let text = "Internal error / 系统内部错误，请联系管理员";
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_SERVER_ERROR", text).into_response()
        }))
        .layer(map_response(guard_headers))
}

/// Gives a refusal of the framework, which has only a status, the body that every other refusal has.
async fn say_why(response: Response) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error())
        || response.headers().contains_key(header::CONTENT_TYPE)
    {
        return response;
    }
    let (code, text) = match status {
        StatusCode::NOT_FOUND => ("NOT_FOUND", "There is nothing at this address / 此地址没有内容"),
        StatusCode::METHOD_NOT_ALLOWED => (
            "METHOD_NOT_ALLOWED",
            "This address does not take this method; see the header Allow / 此地址不支持该请求方法",
        ),
        StatusCode::GATEWAY_TIMEOUT => (
            "TIMEOUT",
            "No answer in time. A mutation may still complete; repeat it with the same key / \
             处理超时。修改操作可能仍会完成，请使用同一幂等键重试",
        ),
        _ if status.is_server_error() => {
            ("INTERNAL_SERVER_ERROR", "Internal error / 系统内部错误，请联系管理员")
        }
        _ => ("BAD_USER_INPUT", "The request cannot be taken as it is / 请求不正确"),
    };
    let mut told = Problem::new(status, code, text).into_response();
    if let Some(allow) = response.headers().get(header::ALLOW) {
        told.headers_mut().insert(header::ALLOW, allow.clone());
    }
    told
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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::body::Body;
    use axum::http::{Method, Request};
    use bytes::Bytes;
    use futures_util::{StreamExt, stream};
    use serde_json::Value;
    use tower::ServiceExt;

    use super::*;

    async fn ask(routes: Router, method: Method, path: &str) -> (StatusCode, Option<String>, Value) {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let response = framed(routes).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        assert_eq!(parts.headers["x-content-type-options"], "nosniff", "{path}");
        let allow = parts.headers.get(header::ALLOW).map(|value| value.to_str().unwrap().to_owned());
        let body = axum::body::to_bytes(body, 10_000).await.unwrap();
        (parts.status, allow, serde_json::from_slice(&body).unwrap())
    }

    async fn slow() {
        tokio::time::sleep(Duration::from_secs(40)).await;
    }

    async fn broken() {
        panic!("on purpose");
    }

    fn routes() -> Router {
        patient(Router::new().route("/slow", get(slow)).route("/broken", get(broken)), PATIENCE)
    }

    #[tokio::test(start_paused = true)]
    async fn every_refusal_has_a_code_and_the_headers_of_all_answers() {
        for (method, path, status, code) in [
            (Method::GET, "/nowhere", 404, "NOT_FOUND"),
            (Method::PUT, "/slow", 405, "METHOD_NOT_ALLOWED"),
            (Method::GET, "/slow", 504, "TIMEOUT"),
            (Method::GET, "/broken", 500, "INTERNAL_SERVER_ERROR"),
        ] {
            let (found, allow, body) = ask(routes(), method, path).await;
            assert_eq!(found, status, "{path}: {body}");
            assert_eq!(body["errors"][0]["extensions"]["code"], code, "{path}: {body}");
            assert_eq!(allow.is_some(), status == 405, "{path}");
        }
    }

    /// Sends a byte every so often, a few times.
    fn drip(every: u64) -> Body {
        let bytes = stream::iter(0..5).then(move |_| async move {
            tokio::time::sleep(Duration::from_secs(every)).await;
            Ok::<_, Infallible>(Bytes::from_static(b"x"))
        });
        Body::from_stream(bytes)
    }

    async fn taken(request: axum::extract::Request) -> Result<String, StatusCode> {
        let bytes = axum::body::to_bytes(request.into_body(), 100).await;
        bytes.map(|bytes| bytes.len().to_string()).map_err(|_| StatusCode::BAD_REQUEST)
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_upload_arrives_and_one_that_stands_still_does_not() {
        for (every, status) in [(20, 200), (40, 400)] {
            let routes: Router =
                Router::new().route("/", put(taken)).layer(RequestBodyTimeoutLayer::new(STILL));
            let request = Request::put("/").body(drip(every)).unwrap();
            let response = patient(routes, UPLOAD).oneshot(request).await.unwrap();
            assert_eq!(response.status(), status, "a byte every {every} s");
        }
    }
}
