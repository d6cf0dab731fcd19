use super::*;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::error_handling::HandleError;
use axum::http::StatusCode;
use chrono::TimeZone;
use futures_util::{StreamExt, stream};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tempfile::TempDir;

const ACCESS: &str = "test-access";
const SECRET: &str = "test-secret-key";

fn long_ago() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2000, 1, 1, 0, 0, 0).unwrap()
}

fn far_ahead() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2200, 1, 1, 0, 0, 0).unwrap()
}

/// A real S3 protocol server over a folder, on a free port; ends with the test's runtime.
async fn s3_server(folder: &Path) -> String {
    let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder).unwrap());
    service.set_auth(SimpleAuth::from_single(ACCESS, SECRET));
    let fallible = |_: s3s::HttpError| async { StatusCode::INTERNAL_SERVER_ERROR };
    let app = Router::new().fallback_service(HandleError::new(service.build(), fallible));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    format!("http://{address}")
}

fn settings(endpoint: &str, spool: &Path) -> S3Settings {
    S3Settings {
        bucket: "photos".into(),
        endpoint: Some(endpoint.into()),
        region: "us-east-1".into(),
        access_key: ACCESS.into(),
        secret_key: SECRET.into(),
        path_style: true,
        spool: spool.into(),
    }
}

/// A store, the folder where unfinished files must not stay, and what keeps both alive.
struct Bench {
    store: PhotoStore,
    spool: PathBuf,
    _folders: Vec<TempDir>,
}

async fn benches() -> Vec<Bench> {
    let folder = tempfile::tempdir().unwrap();
    let directory = DirectoryStore::open(folder.path(), long_ago()).await.unwrap();
    let spool = folder.path().join(".unfinished");
    let directory = Bench { store: PhotoStore::Directory(directory), spool, _folders: vec![folder] };

    let (data, spool) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::create_dir(data.path().join("photos")).unwrap();
    let endpoint = s3_server(data.path()).await;
    let s3 = S3Store::open(settings(&endpoint, spool.path()), long_ago()).await.unwrap();
    let s3 = Bench { store: PhotoStore::S3(s3), spool: spool.path().into(), _folders: vec![data, spool] };
    vec![directory, s3]
}

impl Bench {
    fn assert_spool_empty(&self) {
        let left: Vec<_> = std::fs::read_dir(&self.spool).unwrap().map(|e| e.unwrap().path()).collect();
        assert!(left.is_empty(), "unfinished files stayed: {left:?}");
    }
}

fn chunks(chunks: Vec<Bytes>) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    stream::iter(chunks.into_iter().map(Ok))
}

/// As it is announced.
fn content(bytes: &[u8]) -> Content {
    use sha2::Digest;
    Content { length: bytes.len() as u64, sha256: sha2::Sha256::digest(bytes).into() }
}

#[tokio::test]
async fn what_is_put_comes_back_and_can_be_replaced_and_deleted() {
    for bench in benches().await {
        let store = &bench.store;
        assert_eq!(store.check().await, Ok(()));
        let key = rendition_key(&[0xab; 32], PhotoSize::Small);
        assert!(matches!(store.get(&key).await, Err(StoreError::NotFound { .. })));
        assert!(store.get(&key).await.is_err());
        store.delete(&key).await.unwrap();

        store.put(&key, Bytes::from_static(b"one")).await.unwrap();
        assert!(store.get(&key).await.is_ok());
        assert_eq!(store.read(&key, 3).await.unwrap(), "one");
        assert!(matches!(store.read(&key, 2).await, Err(StoreError::TooLong { limit: 2 })));

        store.put(&key, Bytes::from_static(b"two and more")).await.unwrap();
        let body = store.get(&key).await.unwrap();
        assert_eq!(body.length, 12);
        let parts: Vec<Bytes> = body.stream.try_collect().await.unwrap();
        assert_eq!(parts.concat(), b"two and more");

        store.put(&key, Bytes::new()).await.unwrap();
        assert_eq!(store.read(&key, 0).await.unwrap(), "");

        store.delete(&key).await.unwrap();
        assert!(store.get(&key).await.is_err());
        bench.assert_spool_empty();
    }
}

#[tokio::test]
async fn an_upload_is_stored_if_it_is_what_was_announced() {
    for bench in benches().await {
        // More than one buffer of every layer, in uneven parts.
        let parts: Vec<Bytes> = (0..300_u32).map(|i| vec![i as u8; 9_973].into()).collect();
        let whole = parts.concat();
        let key = upload_key(Uuid::nil());
        let limit = whole.len() as u64;
        bench.store.put_stream(&key, chunks(parts.clone()), content(&whole)).await.unwrap();
        assert_eq!(bench.store.read(&key, limit).await.unwrap(), whole);
        // Other bytes of the same length, or too few, come to nothing and take nothing away.
        let other: Vec<Bytes> = parts.iter().rev().cloned().collect();
        for wrong in [other, parts[1..].to_vec()] {
            let result = bench.store.put_stream(&key, chunks(wrong), content(&whole)).await;
            assert!(matches!(result, Err(StoreError::Unexpected)), "{result:?}");
            assert_eq!(bench.store.read(&key, limit).await.unwrap(), whole);
        }
        bench.assert_spool_empty();
    }
}

#[tokio::test]
async fn an_over_long_upload_is_refused_while_it_comes_and_leaves_nothing() {
    for bench in benches().await {
        let key = upload_key(Uuid::nil());
        // An endless sender: only a store that refuses in time ever returns.
        let counted = Arc::new(AtomicUsize::new(0));
        let counter = counted.clone();
        let endless = stream::repeat_with(move || {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok::<_, Infallible>(Bytes::from_static(&[7; 1000]))
        });
        let result = bench.store.put_stream(&key, endless, content(&[7; 10_000])).await;
        assert!(matches!(result, Err(StoreError::TooLong { limit: 10_000 })), "{result:?}");
        assert_eq!(
            counted.load(Ordering::Relaxed),
            11,
            "no more was taken than needed to see that it is too long"
        );
        assert!(bench.store.get(&key).await.is_err());
        bench.assert_spool_empty();
    }
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_what_was_there_before() {
    for bench in benches().await {
        let key = upload_key(Uuid::nil());
        bench.store.put(&key, Bytes::from_static(b"before")).await.unwrap();
        let broken = stream::iter([Ok(Bytes::from_static(b"half")), Err("connection reset")]);
        let result = bench.store.put_stream(&key, broken, content(&[7; 100])).await;
        assert!(matches!(&result, Err(StoreError::Incoming { reason }) if reason == "connection reset"));

        // The request is dropped, as axum does when the caller goes away.
        let stuck = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"half"))]).chain(stream::pending());
        let dropped = bench.store.put_stream(&key, stuck, content(&[7; 100]));
        assert!(tokio::time::timeout(Duration::from_millis(200), dropped).await.is_err());

        assert_eq!(bench.store.read(&key, 100).await.unwrap(), "before");
        bench.assert_spool_empty();
    }
}

#[tokio::test]
async fn many_writers_of_one_key_leave_one_whole_file() {
    for bench in benches().await {
        let writers = (0..16_u8).map(|i| {
            let store = bench.store.clone();
            async move { store.put("photos/same", vec![i; 50_000].into()).await.unwrap() }
        });
        futures_util::future::join_all(writers).await;
        let bytes = bench.store.read("photos/same", 50_000).await.unwrap();
        assert_eq!(bytes.len(), 50_000);
        assert!(bytes.iter().all(|&b| b == bytes[0]));
        bench.assert_spool_empty();
    }
}

#[tokio::test]
async fn leftovers_are_found_by_age_and_folder() {
    for bench in benches().await {
        let store = &bench.store;
        for key in ["uploads/a", "uploads/b", "photos/c.jpg"] {
            store.put(key, Bytes::from_static(b"x")).await.unwrap();
        }
        assert!(store.older_than(UPLOADS, long_ago(), 10).await.unwrap().is_empty());
        let mut found = store.older_than(UPLOADS, far_ahead(), 10).await.unwrap();
        found.sort();
        assert_eq!(found, ["uploads/a", "uploads/b"]);
        assert_eq!(store.older_than(UPLOADS, far_ahead(), 1).await.unwrap().len(), 1);
        assert!(store.older_than("nothing", far_ahead(), 10).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_key_cannot_leave_the_store() {
    for bench in benches().await {
        let long = "a".repeat(201);
        for key in [
            "",
            "/",
            "/etc/passwd",
            "a/",
            "a//b",
            "..",
            "../a",
            "a/../b",
            ".unfinished/x",
            "a/.b",
            "a\\b",
            "a\0",
            "a b",
            "A",
            "照片",
            "a%2e",
            &long,
        ] {
            let refused = bench.store.put(key, Bytes::from_static(b"x")).await;
            assert!(matches!(refused, Err(StoreError::BadKey { .. })), "{key:?}: {refused:?}");
            assert!(matches!(bench.store.get(key).await, Err(StoreError::BadKey { .. })));
            assert!(matches!(bench.store.delete(key).await, Err(StoreError::BadKey { .. })));
        }
    }
    assert!(check_key(&rendition_key(&[0xff; 32], PhotoSize::Large)).is_ok());
    assert!(check_key(&upload_key(Uuid::max())).is_ok());
}

#[tokio::test]
async fn unfinished_files_of_a_killed_process_are_swept_at_start_and_young_ones_kept() {
    let folder = tempfile::tempdir().unwrap();
    let spool = folder.path().join(".unfinished");
    std::fs::create_dir(&spool).unwrap();
    let file = |name: &str, age: u64| {
        let path = spool.join(name);
        let file = std::fs::File::create(&path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000 - age)).unwrap();
        path
    };
    let (old, young) = (file("1-0.part", 3_601), file("2-0.part", 3_599));
    let cutoff = Utc.timestamp_opt(1_000_000_000 - 3_600, 0).unwrap();
    let store = PhotoStore::Directory(DirectoryStore::open(folder.path(), cutoff).await.unwrap());
    assert!(!old.exists() && young.exists());

    // A file of the same number in a shared folder is never written to.
    let own = spool.join(format!("{}-0.part", std::process::id()));
    std::fs::write(&own, "another's").unwrap();
    store.put("a", Bytes::from_static(b"mine")).await.unwrap();
    assert_eq!(std::fs::read_to_string(own).unwrap(), "another's");
    assert_eq!(store.read("a", 4).await.unwrap(), "mine");
}

#[tokio::test]
async fn a_folder_that_is_no_folder_is_an_error_at_start() {
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(matches!(DirectoryStore::open(file.path(), long_ago()).await, Err(StoreError::Io(_))));
}

#[tokio::test]
async fn the_check_at_start_says_what_is_wrong_with_s3() {
    let (data, spool) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::create_dir(data.path().join("photos")).unwrap();
    let endpoint = s3_server(data.path()).await;
    let good = settings(&endpoint, spool.path());
    let sentence = async |settings: S3Settings| {
        let store = PhotoStore::S3(S3Store::open(settings, long_ago()).await.unwrap());
        let sentence = store.check().await.unwrap_err();
        assert!(!sentence.contains(SECRET), "{sentence}");
        sentence
    };
    let missing = sentence(S3Settings { bucket: "absent".into(), ..good.clone() }).await;
    assert!(missing.contains("no bucket named absent") && missing.contains("S3_BUCKET"), "{missing}");
    let unknown = sentence(S3Settings { access_key: "nobody".into(), ..good.clone() }).await;
    assert!(unknown.contains("does not know the access key"), "{unknown}");
    let wrong = sentence(S3Settings { secret_key: "wrong".into(), ..good.clone() }).await;
    assert!(wrong.contains("does not accept the secret key"), "{wrong}");

    // A port that was free a moment ago, with nobody behind it.
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let nobody = sentence(S3Settings { endpoint: Some(format!("http://127.0.0.1:{port}")), ..good }).await;
    assert!(nobody.starts_with("No connection to the S3 server"), "{nobody}");
}

#[tokio::test]
async fn s3_faults_keep_apart_what_is_missing_refused_and_away() {
    let (data, spool) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::create_dir(data.path().join("photos")).unwrap();
    let endpoint = s3_server(data.path()).await;
    let good = settings(&endpoint, spool.path());
    let open = async |settings| PhotoStore::S3(S3Store::open(settings, long_ago()).await.unwrap());
    let wrong = open(S3Settings { secret_key: "wrong".into(), ..good.clone() }).await;
    assert!(matches!(wrong.get("a").await, Err(StoreError::Refused { .. })));
    let absent = open(S3Settings { bucket: "absent".into(), ..good.clone() }).await;
    let refused = absent.older_than(UPLOADS, long_ago(), 1).await;
    assert!(matches!(refused, Err(StoreError::Refused { .. })), "{refused:?}");
    let nobody = open(S3Settings { endpoint: Some("http://127.0.0.1:1".into()), ..good }).await;
    assert!(matches!(nobody.put("a", Bytes::new()).await, Err(StoreError::Unavailable { .. })));
}

#[tokio::test]
async fn nothing_shows_the_secret_key() {
    let spool = tempfile::tempdir().unwrap();
    let settings = settings("http://127.0.0.1:1", spool.path());
    assert!(!format!("{settings:?}").contains(SECRET));
    let store = PhotoStore::S3(S3Store::open(settings, long_ago()).await.unwrap());
    assert!(!format!("{store:#?}").contains(SECRET));
}
