use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum_extra::extract::CookieJar;

/// Cookie of a browser's session.
pub const COOKIE: &str = "session";

/// The token that a request came with, if any: a program's bearer token, or the cookie of a browser.
#[derive(Debug)]
pub struct Presented(pub Option<String>);

impl<S: Sync> FromRequestParts<S> for Presented {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let bearer = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .map(|token| token.trim().to_owned());
        let cookie = || CookieJar::from_headers(&parts.headers).get(COOKIE).map(|c| c.value().to_owned());
        Ok(Self(bearer.or_else(cookie)))
    }
}
