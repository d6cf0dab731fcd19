use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum_extra::extract::CookieJar;

use super::{Problem, Routes};
use crate::identity::Actor;

/// Cookie of a browser's session.
pub const COOKIE: &str = "session";

/// Who asks, if anybody: a bearer token of a program or the cookie of a browser.
#[derive(Debug)]
pub struct Caller {
    /// The token as it came, for signing out.
    pub token: Option<String>,
    /// Whom it belongs to.
    pub actor: Option<Actor>,
}

impl FromRequestParts<Routes> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, routes: &Routes) -> Result<Self, Problem> {
        let bearer = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .map(|token| token.trim().to_owned());
        let token = bearer
            .or_else(|| CookieJar::from_headers(&parts.headers).get(COOKIE).map(|c| c.value().to_owned()));
        let actor = match &token {
            Some(token) => routes.app.who(token).await?,
            None => None,
        };
        Ok(Self { token, actor })
    }
}
