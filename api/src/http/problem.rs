use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use entity::identity::Locale;

use crate::fault::{Code, Fault};

/// A refusal outside GraphQL, in GraphQL's form: `{"errors": [{"message", "extensions": {"code"}}]}`.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: String,
    message: String,
}

impl Problem {
    /// With a status of one's own choice.
    pub fn new(status: StatusCode, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into() }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Rejected(rejections) => {
                let (status, code) = match rejections.first().map(|rejection| rejection.code) {
                    Some(Code::WrongCredentials) => (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"),
                    Some(Code::SlowDown) => (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"),
                    Some(Code::NotAllowed) => (StatusCode::FORBIDDEN, "FORBIDDEN"),
                    Some(Code::NotFound) => (StatusCode::NOT_FOUND, "NOT_FOUND"),
                    _ => (StatusCode::BAD_REQUEST, "BAD_USER_INPUT"),
                };
                let sentences: Vec<String> = rejections
                    .iter()
                    .map(|one| format!("{} / {}", one.message(Locale::Zh), one.message(Locale::En)))
                    .collect();
                Self::new(status, code, sentences.join(" "))
            }
            other => {
                let status = match other {
                    Fault::Unauthenticated => StatusCode::UNAUTHORIZED,
                    _ => StatusCode::INTERNAL_SERVER_ERROR,
                };
                let code = if status == StatusCode::UNAUTHORIZED {
                    "UNAUTHENTICATED"
                } else {
                    "INTERNAL_SERVER_ERROR"
                };
                Self::new(status, code, crate::graphql::errors::to_error(other).message)
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::json!({
            "errors": [{ "message": self.message, "extensions": { "code": self.code } }]
        });
        (self.status, Json(body)).into_response()
    }
}
