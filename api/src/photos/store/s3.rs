//! Photos at any server that speaks S3.
//!
//! Servers other than AWS differ in three ways that matter: they are addressed by path, they do not know the newer
//! checksums (so none is sent or asked for unless the operation requires one), and some answer late.

use std::path::PathBuf;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
};
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt, stream};

use super::spool::Spool;
use super::{Content, PhotoBody, StoreError};

/// The object that the check at start writes, reads and deletes.
const PROBE: &str = "startup-check";

/// How to reach an S3 server.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Settings {
    /// The bucket; it must exist.
    pub bucket: String,
    /// Address of the server, `https://…`; `None` for AWS itself.
    pub endpoint: Option<String>,
    /// The region; servers other than AWS mostly take any, `us-east-1` by habit.
    pub region: String,
    /// Access key id.
    pub access_key: String,
    /// Secret access key; never shown.
    pub secret_key: String,
    /// `https://server/bucket/key` instead of `https://bucket.server/key`; almost every server but AWS wants it.
    pub path_style: bool,
    /// A folder on a local disk where uploads are collected before they are sent on: S3 wants the length first, and a
    /// file can be sent again where memory would have to hold it.
    pub spool: PathBuf,
}

impl std::fmt::Debug for S3Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3Settings")
            .field("bucket", &self.bucket)
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("access_key", &self.access_key)
            .field("secret_key", &"(hidden)")
            .field("path_style", &self.path_style)
            .field("spool", &self.spool)
            .finish()
    }
}

/// Photos in a bucket. Cheap to clone.
#[derive(Clone)]
pub struct S3Store {
    client: Client,
    bucket: String,
    endpoint: String,
    spool: Spool,
}

impl std::fmt::Debug for S3Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The client's own Debug goes deep; what matters is where it points.
        f.debug_struct("S3Store")
            .field("bucket", &self.bucket)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl S3Store {
    /// Prepares the client; the server is not asked yet, see [`super::PhotoStore::check`]. Unfinished files in the spool
    /// folder last written before `sweep_before` (an hour ago is good) are removed.
    ///
    /// # Errors
    /// The spool folder's disk.
    pub async fn open(settings: S3Settings, sweep_before: DateTime<Utc>) -> Result<Self, StoreError> {
        let spool = Spool::open(settings.spool, sweep_before).await?;
        let credentials = Credentials::new(
            settings.access_key,
            settings.secret_key,
            None,
            None,
            "public-warehouse settings",
        );
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(3))
            .read_timeout(Duration::from_secs(20))
            .operation_attempt_timeout(Duration::from_secs(60))
            .operation_timeout(Duration::from_secs(150))
            .build();
        let mut config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(settings.region))
            .credentials_provider(credentials)
            .force_path_style(settings.path_style)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(3));
        if let Some(endpoint) = &settings.endpoint {
            config = config.endpoint_url(endpoint);
        }
        Ok(Self {
            client: Client::from_conf(config.build()),
            bucket: settings.bucket,
            endpoint: settings.endpoint.unwrap_or_else(|| "AWS".to_owned()),
            spool,
        })
    }

    /// Lists (an answer to a mere HEAD has no reason in it), writes, reads and deletes.
    pub(super) async fn check(&self) -> Result<(), String> {
        let listing = self.client.list_objects_v2().bucket(&self.bucket).max_keys(1).send().await;
        listing.map_err(|error| self.explain("list", &error))?;
        let request = self.client.put_object().bucket(&self.bucket).key(PROBE);
        let probe = ByteStream::from_static(b"public-warehouse");
        request.body(probe).send().await.map_err(|error| self.explain("write", &error))?;
        let request = self.client.get_object().bucket(&self.bucket).key(PROBE);
        request.send().await.map_err(|error| self.explain("read", &error))?;
        let request = self.client.delete_object().bucket(&self.bucket).key(PROBE);
        request.send().await.map_err(|error| self.explain("delete", &error))?;
        Ok(())
    }

    pub(super) async fn put(&self, key: &str, bytes: Bytes) -> Result<(), StoreError> {
        self.send(key, bytes.into()).await
    }

    pub(super) async fn put_stream<S, E>(
        &self,
        key: &str,
        stream: S,
        announced: Content,
    ) -> Result<(), StoreError>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: std::fmt::Display,
    {
        let file = self.spool.receive_announced(stream, announced).await?;
        let body = ByteStream::from_path(file.path())
            .await
            .map_err(|error| StoreError::Io(std::io::Error::other(error)))?;
        self.send(key, body).await
    }

    async fn send(&self, key: &str, body: ByteStream) -> Result<(), StoreError> {
        let kind = if key.ends_with(".jpg") { "image/jpeg" } else { "application/octet-stream" };
        let request = self.client.put_object().bucket(&self.bucket).key(key).content_type(kind);
        request.body(body).send().await.map_err(|error| fault_of(key, &error))?;
        Ok(())
    }

    pub(super) async fn get(&self, key: &str) -> Result<PhotoBody, StoreError> {
        let request = self.client.get_object().bucket(&self.bucket).key(key);
        let object = request.send().await.map_err(|error| fault_of(key, &error))?;
        let length =
            object.content_length().and_then(|length| u64::try_from(length).ok()).ok_or_else(|| {
                StoreError::Unavailable {
                    reason: "the S3 server did not say how long the object is".to_owned(),
                }
            })?;
        let chunks = stream::try_unfold(object.body, |mut body| async {
            let chunk = body.try_next().await.map_err(std::io::Error::other)?;
            Ok(chunk.map(|chunk| (chunk, body)))
        });
        Ok(PhotoBody { length, stream: chunks.boxed() })
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let request = self.client.delete_object().bucket(&self.bucket).key(key);
        match request.send().await.map_err(|error| fault_of(key, &error)) {
            Ok(_) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn older_than(
        &self,
        folder: &str,
        cutoff: DateTime<Utc>,
        most: usize,
    ) -> Result<Vec<String>, StoreError> {
        let request = self.client.list_objects_v2().bucket(&self.bucket).prefix(format!("{folder}/"));
        let mut pages = request.into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| fault_of(folder, &error))?;
            for object in page.contents() {
                let old = object.last_modified().is_some_and(|written| written.secs() < cutoff.timestamp());
                if let (true, Some(key)) = (old, object.key()) {
                    if found.len() == most {
                        return Ok(found);
                    }
                    found.push(key.to_owned());
                }
            }
        }
        Ok(found)
    }

    /// One sentence for the person who starts the server.
    fn explain<E>(&self, doing: &str, error: &SdkError<E, HttpResponse>) -> String
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let Self { bucket, endpoint, .. } = self;
        let status = error.raw_response().map(|response| response.status().as_u16());
        match (error, error.code(), status) {
            (SdkError::TimeoutError(_), ..) => format!(
                "The S3 server at {endpoint} does not answer in time. See that it runs, and that no firewall lies between."
            ),
            (SdkError::DispatchFailure(_) | SdkError::ResponseError(_), ..) => format!(
                "No connection to the S3 server at {endpoint}. See that it runs and that the address in S3_ENDPOINT is \
                 right ({}).",
                DisplayErrorContext(error)
            ),
            (_, Some("NoSuchBucket"), _) | (_, _, Some(404)) => format!(
                "The S3 server at {endpoint} has no bucket named {bucket}. Create it, or correct S3_BUCKET."
            ),
            (_, Some("InvalidAccessKeyId" | "NotSignedUp"), _) => {
                format!("The S3 server at {endpoint} does not know the access key. Correct S3_ACCESS_KEY.")
            }
            (_, Some("SignatureDoesNotMatch"), _) => format!(
                "The S3 server at {endpoint} does not accept the secret key. Correct S3_SECRET_KEY; where it is right, \
                 S3_REGION may be wrong."
            ),
            (_, Some("RequestTimeTooSkewed"), _) => {
                format!(
                    "The clocks of this machine and of the S3 server at {endpoint} differ too much. Set them right."
                )
            }
            (_, _, Some(301 | 307)) => format!(
                "The bucket {bucket} lies in another region or under another address than {endpoint}. Correct S3_REGION \
                 or S3_ENDPOINT."
            ),
            (_, _, Some(401 | 403)) => format!(
                "The S3 server at {endpoint} does not let this access key {doing} in the bucket {bucket}. Give it the \
                 rights to list, read, write and delete."
            ),
            _ => format!(
                "The S3 server at {endpoint} could not {doing} in the bucket {bucket}: {}.",
                DisplayErrorContext(error)
            ),
        }
    }
}

fn fault_of<E>(key: &str, error: &SdkError<E, HttpResponse>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let reason = DisplayErrorContext(error).to_string();
    let status = error.raw_response().map(|response| response.status().as_u16());
    match (error.code(), status) {
        // Also 404, but it is the administrator who must act.
        (Some("NoSuchBucket"), _) | (_, Some(301 | 307 | 401 | 403)) => StoreError::Refused { reason },
        (_, Some(404)) => StoreError::NotFound { key: key.to_owned() },
        _ => StoreError::Unavailable { reason },
    }
}
