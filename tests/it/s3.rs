//! Photos in a bucket: a real S3 protocol server that the test starts, over the wire.

use std::path::Path;

use anyhow::{Context, ensure};
use api::config::S3;
use axum::Router;
use axum::error_handling::HandleError;
use axum::http::StatusCode;
use reqwest::Method;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use serde_json::json;

use tests::city::City;
use tests::pictures::{jpeg, sha256};
use tests::{Backend, Outcome, Registry, Server};

const BUCKET: &str = "photos";
const ACCESS: &str = "test-access";
const SECRET: &str = "test-secret-key";

pub fn register(registry: &mut Registry) {
    registry.both("s3: a photo goes into the bucket and comes back in three sizes", photo);
    registry.on(Backend::Sqlite, "s3: what cannot work is refused at start with its reason", refusals);
}

/// A real S3 protocol server over a folder, on a free port; ends with the tests.
async fn serve(folder: &Path) -> anyhow::Result<String> {
    let files = s3s_fs::FileSystem::new(folder).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let mut service = S3ServiceBuilder::new(files);
    service.set_auth(SimpleAuth::from_single(ACCESS, SECRET));
    let fallible = |_: s3s::HttpError| async { StatusCode::INTERNAL_SERVER_ERROR };
    let app = Router::new().fallback_service(HandleError::new(service.build(), fallible));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(format!("http://{address}"))
}

fn settings(endpoint: &str) -> S3 {
    S3 {
        bucket: Some(BUCKET.to_owned()),
        endpoint: Some(endpoint.to_owned()),
        region: "us-east-1".to_owned(),
        access_key: Some(ACCESS.to_owned()),
        secret_key: Some(SECRET.to_owned()),
        virtual_hosts: false,
    }
}

/// Files of the bucket that hold an object.
fn objects(folder: &Path) -> anyhow::Result<Vec<String>> {
    let (mut open, mut found) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                open.push(path);
            } else if !name.starts_with('.') {
                found.push(path.to_string_lossy().into_owned());
            }
        }
    }
    Ok(found)
}

async fn photo(backend: Backend) -> Outcome {
    let folder = tempfile::tempdir()?;
    let bucket = folder.path().join(BUCKET);
    std::fs::create_dir(&bucket)?;
    let server = Server::start_with_photos(backend, settings(&serve(folder.path()).await?)).await?;
    let city = City::found(&server.app, &server.base(), 1).await?;
    let clerk = &city.giver.clerk.client;

    let input = json!({ "idempotencyKey": "card", "holderId": city.giver.gid, "name": "办公桌" });
    let drafted = clerk.mutate("draftAsset", "DraftAssetInput", input, "asset { id }").await?;
    let asset = &drafted["asset"]["id"];
    let picture = jpeg(2400, 1600);
    let input = json!({
        "asset": asset, "name": "桌.jpg", "contentType": "image/jpeg", "bytes": picture.len(), "sha256": sha256(&picture),
    });
    let started = clerk.mutate("startPhotoUpload", "StartPhotoUploadInput", input, "upload putUrl").await?;
    let put = started["putUrl"].as_str().context("an address")?;
    let answer = clerk.request(Method::PUT, put).body(picture).send().await?;
    ensure!(answer.status() == 204, "{}: {}", answer.status(), answer.text().await?);
    ensure!(objects(&bucket)?.len() == 1, "the upload is not in the bucket: {:?}", objects(&bucket)?);
    let input = json!({ "upload": started["upload"] });
    let select = "photo { width height small: url(size: SMALL) medium: url large: url(size: LARGE) }";
    let finished = clerk.mutate("finishPhotoUpload", "FinishPhotoUploadInput", input, select).await?;
    let photo = &finished["photo"];
    ensure!(photo["width"] == 2400 && photo["height"] == 1600, "{photo}");

    for (size, width) in [("small", 320), ("medium", 960), ("large", 2048)] {
        let address = photo[size].as_str().context("an address")?;
        // The address is the permission: nobody has to be signed in.
        let answer = server.client().request(Method::GET, address).send().await?;
        ensure!(answer.status() == 200, "{size}: {}", answer.status());
        ensure!(answer.headers()["content-type"] == "image/jpeg");
        let bytes = answer.bytes().await?;
        let shown = image::load_from_memory_with_format(&bytes, image::ImageFormat::Jpeg)?;
        ensure!(shown.width() == width, "{size} is {} wide", shown.width());
    }
    let left = objects(&bucket)?;
    ensure!(left.len() == 3, "three sizes and nothing else should be left: {left:?}");
    ensure!(!server.data_dir().join("photos").exists(), "photos in a bucket leave no folder for them");
    server.stop().await
}

async fn refusals(backend: Backend) -> Outcome {
    let folder = tempfile::tempdir()?;
    std::fs::create_dir(folder.path().join(BUCKET))?;
    let endpoint = serve(folder.path()).await?;
    let right = settings(&endpoint);
    let wrong = [
        (S3 { secret_key: Some("wrong".to_owned()), ..right.clone() }, "S3_SECRET_KEY"),
        (S3 { access_key: Some("unknown".to_owned()), ..right.clone() }, "S3_ACCESS_KEY"),
        (S3 { bucket: Some("elsewhere".to_owned()), ..right.clone() }, "S3_BUCKET"),
        (S3 { secret_key: None, ..right.clone() }, "S3_SECRET_KEY"),
        (S3 { endpoint: Some("http://127.0.0.1:1".to_owned()), ..right.clone() }, "S3_ENDPOINT"),
    ];
    for (settings, named) in wrong {
        match Server::start_with_photos(backend, settings).await {
            Ok(_) => anyhow::bail!("the service started although {named} is wrong"),
            Err(error) => ensure!(format!("{error:#}").contains(named), "{named} is not named: {error:#}"),
        }
    }
    Server::start_with_photos(backend, right).await?.stop().await
}
