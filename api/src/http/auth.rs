//! Sign-in and sign-out: a token for programs, an http-only cookie for browsers.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use entity::identity::Locale;
use serde::{Deserialize, Serialize};

use super::{COOKIE, Presented, Problem, Routes, Source};
use crate::fault::Fault;
use crate::identity::{first_administrator, sign_in};

/// Body of `POST /auth/sign-in`.
#[derive(Deserialize)]
pub struct SignIn {
    account: String,
    password: String,
}

/// Answer of `POST /auth/sign-in`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    token: String,
    must_change_password: bool,
}

/// `POST /auth/sign-in {account, password}` → `{token, mustChangePassword}`, and the cookie. JSON only: a form of
/// another site cannot send it.
///
/// # Errors
/// 401 for wrong credentials, 429 after several of them, 400 or 415 for a body that is not this JSON.
pub async fn sign_in(
    State(routes): State<Routes>,
    Source(source): Source,
    jar: CookieJar,
    body: Result<Json<SignIn>, JsonRejection>,
) -> Result<(CookieJar, Json<Token>), Problem> {
    let Json(body) = body.map_err(not_json)?;
    // In a task of its own: a client that hangs up must not leave half a sign-in behind.
    let app = routes.app.clone();
    let signed_in = routes
        .tasks
        .spawn(
            async move { sign_in::sign_in(&app, &body.account, &body.password, &source.to_string()).await },
        )
        .await
        .map_err(|error| Fault::Internal(error.into()))??;
    let cookie = Cookie::build((COOKIE, signed_in.token.clone()))
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(routes.secure)
        .path("/")
        .build();
    let token = Token { token: signed_in.token, must_change_password: signed_in.must_change_password };
    Ok((jar.add(cookie), Json(token)))
}

/// Body of `POST /auth/first-administrator`.
#[derive(Deserialize)]
pub struct FirstAdministrator {
    code: String,
    account: String,
    name: String,
    password: String,
}

/// `POST /auth/first-administrator {code, account, name, password}`: takes the code that the service printed for the
/// first account. Sign in afterwards.
///
/// # Errors
/// 400 for a code that is wrong or used, 429 after several of them.
pub async fn first_administrator(
    State(routes): State<Routes>,
    Source(source): Source,
    body: Result<Json<FirstAdministrator>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(body) = body.map_err(not_json)?;
    let input = first_administrator::Input {
        code: body.code,
        login: body.account,
        name: body.name,
        password: body.password,
        locale: Locale::Zh,
    };
    let app = routes.app.clone();
    routes
        .tasks
        .spawn(async move { first_administrator::redeem(&app, &input, &source.to_string()).await })
        .await
        .map_err(|error| Fault::Internal(error.into()))??;
    Ok(StatusCode::CREATED)
}

/// `POST /auth/sign-out`: ends the session of the token or cookie.
///
/// # Errors
/// 401 where nobody is signed in.
pub async fn sign_out(
    State(routes): State<Routes>,
    Presented(token): Presented,
    jar: CookieJar,
) -> Result<(CookieJar, StatusCode), Problem> {
    let token = token.ok_or(Fault::Unauthenticated)?;
    let actor = routes.app.who(&token).await?.ok_or(Fault::Unauthenticated)?;
    sign_in::sign_out(&routes.app, &actor, &token).await?;
    Ok((jar.remove(Cookie::build(COOKIE).path("/")), StatusCode::NO_CONTENT))
}

/// A body that is not the JSON expected; what the parser says names the place, never the content.
pub(super) fn not_json(rejection: JsonRejection) -> Problem {
    Problem::new(rejection.status(), "BAD_USER_INPUT", rejection.body_text())
}
