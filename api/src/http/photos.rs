//! Bytes of photos, in and out. The signed address is the permission: it was given by a use case that asked for the
//! caller's rights.

use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::{Problem, Routes};
use crate::fault::{Code, Fault};
use crate::photos::address::{AddressFault, Purpose, SignedQuery};
use crate::photos::image::PhotoSize;
use crate::photos::receive;
use crate::photos::store::{StoreError, rendition_key};

/// `PUT /photos/uploads/{upload}`: takes the bytes of an announced upload.
///
/// # Errors
/// 403 for an address that is not valid any more, 404 for an upload that is over, 400 for other bytes than announced.
pub async fn put(
    State(routes): State<Routes>,
    upload: Result<Path<Uuid>, PathRejection>,
    query: Result<Query<SignedQuery>, QueryRejection>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let Path(upload) = upload.map_err(|_| Fault::from(Code::NotFound))?;
    verify(&routes, Purpose::PutUpload, &upload.to_string(), query)?;
    receive::receive(&routes.app, upload, request.into_body().into_data_stream()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /photos/{sha256}/{size}`: one size of a picture.
///
/// # Errors
/// 403 for an address that is not valid any more, 404 where there is no such picture.
pub async fn get(
    State(routes): State<Routes>,
    picture: Result<Path<(String, String)>, PathRejection>,
    query: Result<Query<SignedQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Path((sha256, size)) = picture.map_err(|_| Fault::from(Code::NotFound))?;
    let expires = verify(&routes, Purpose::GetPhoto, &format!("{sha256}/{size}"), query)?;
    let hash = hex::decode(&sha256).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let (Some(hash), Some(size)) = (hash, PhotoSize::from_name(&size)) else {
        return Err(Fault::from(Code::NotFound).into());
    };
    let body =
        routes.app.photos().store.get(&rendition_key(&hash, size)).await.map_err(|error| match error {
            StoreError::NotFound { .. } => Fault::from(Code::NotFound),
            other => Fault::Internal(other.into()),
        })?;
    let left = (expires - routes.app.clock().now().timestamp()).max(0);
    let headers = [
        (CONTENT_TYPE, "image/jpeg".to_owned()),
        (CONTENT_LENGTH, body.length.to_string()),
        // Content-addressed, so it never changes; private, as the address is a permission.
        (CACHE_CONTROL, format!("private, max-age={left}, immutable")),
        (ETAG, format!("\"{sha256}-{}\"", size.name())),
    ];
    Ok((headers, Body::from_stream(body.stream)).into_response())
}

pub(super) fn verify(
    routes: &Routes,
    purpose: Purpose,
    resource: &str,
    query: Result<Query<SignedQuery>, QueryRejection>,
) -> Result<i64, Problem> {
    let checked = match query {
        Err(_) => Err(AddressFault::Invalid),
        Ok(Query(query)) => {
            let verified =
                routes.app.photos().signer.verify(purpose, resource, &query, routes.app.clock().now());
            verified.map(|()| query.expires)
        }
    };
    checked.map_err(|fault| {
        Problem::new(StatusCode::FORBIDDEN, fault.code(), format!("{} / {fault}", fault.zh()))
    })
}
