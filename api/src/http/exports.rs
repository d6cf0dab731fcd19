//! Lists as CSV, under the rights of the session.

use std::collections::HashMap;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use entity::identity::Locale;

use super::{Presented, Problem, Routes};
use crate::export::{self, lists::Asked};
use crate::fault::{Code, Fault, Rejection};

/// `GET /exports/{list}?…`: a list as CSV, as long as it is. `locale` is `ZH` or `EN`, that of the account where it is left out.
///
/// # Errors
/// 401 without a session, 403 without the right to the list, 404 for no list or filter, 400 for a value that is none.
pub async fn get(
    State(routes): State<Routes>,
    Presented(token): Presented,
    Path(list): Path<String>,
    filter: Result<Query<HashMap<String, String>>, QueryRejection>,
) -> Result<Response, Problem> {
    let token = token.ok_or(Fault::Unauthenticated)?;
    let malformed = |field: &str| {
        Fault::from(Rejection::new(Code::Malformed).at(field).with("expected", "ZH, EN / name=value"))
    };
    let Query(mut filter) = filter.map_err(|_| malformed("query"))?;
    let locale: Option<Locale> = match filter.remove("locale") {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| malformed("locale"))?),
    };
    // Who may not sees no difference between a list and none.
    routes.app.who(&token).await?.ok_or(Fault::Unauthenticated)?;
    let asked = Asked::read(list.strip_suffix(".csv").unwrap_or(&list), filter).map_err(Fault::from)?;
    let name = asked.name();
    let rows = export::csv(&routes.app, &token, asked, locale).await?;
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.csv\"")),
    ];
    Ok((headers, Body::from_stream(rows)).into_response())
}
