//! Bytes of imports, in, and the rows that were not kept, out. The signed address is the permission: it was given by a use
//! case that asked for the caller's rights.

use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use entity::identity::Locale;
use uuid::Uuid;

use super::photos::verify;
use super::{Problem, Routes};
use crate::fault::{Code, Fault};
use crate::import::{bad_rows, receive};
use crate::photos::address::{Purpose, SignedQuery};

/// `PUT /imports/uploads/{import}`: takes the bytes of an announced import.
///
/// # Errors
/// 403 for an address that is not valid any more, 404 for an import that is over, 400 for other bytes than announced.
pub async fn put(
    State(routes): State<Routes>,
    import: Result<Path<Uuid>, PathRejection>,
    query: Result<Query<SignedQuery>, QueryRejection>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let Path(import) = import.map_err(|_| Fault::from(Code::NotFound))?;
    verify(&routes, Purpose::PutImport, &import.to_string(), query)?;
    receive::receive(&routes.app, import, request.into_body().into_data_stream()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /imports/{import}/bad-rows/{language}.csv`: the rows that were not kept, with the reasons.
///
/// # Errors
/// 403 for an address that is not valid any more, 404 for an import that is over.
pub async fn bad_rows(
    State(routes): State<Routes>,
    import: Result<Path<(Uuid, String)>, PathRejection>,
    query: Result<Query<SignedQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Path((import, file)) = import.map_err(|_| Fault::from(Code::NotFound))?;
    let locale = match file.as_str() {
        "zh.csv" => Locale::Zh,
        "en.csv" => Locale::En,
        _ => return Err(Fault::from(Code::NotFound).into()),
    };
    verify(&routes, Purpose::GetReport, &bad_rows::resource(import, locale), query)?;
    let rows = bad_rows::csv(&routes.app, import, locale).await?;
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"bad-rows.csv\""),
    ];
    Ok((headers, Body::from_stream(rows)).into_response())
}
