//! Pictures that lie, and addresses that were changed.

use anyhow::{Context, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Bench, code};
use tests::pictures::{bomb, jpeg, png, sha256};
use tests::{Backend, Client, Outcome};

pub async fn refused(backend: Backend) -> Outcome {
    let bench = Bench::start(backend).await?;
    let clerk = &bench.city.giver.clerk.client;
    let input = json!({ "idempotencyKey": "card", "holderId": bench.city.giver.gid, "name": "桌" });
    let drafted = clerk.mutate("draftAsset", "DraftAssetInput", input, "asset { id }").await?;
    let uploads = Uploads { clerk, asset: drafted["asset"]["id"].clone() };
    uploads.announcements().await.context("announcements")?;
    uploads.other_bytes().await.context("other bytes than announced")?;
    uploads.pictures().await.context("pictures")?;
    uploads.addresses(&bench.stranger()).await.context("addresses")?;
    bench.end().await
}

struct Uploads<'a> {
    clerk: &'a Client,
    asset: Value,
}

impl Uploads<'_> {
    async fn announce(&self, kind: &str, bytes: i64, sha256: &str) -> anyhow::Result<Value> {
        let input = json!({
            "asset": self.asset, "name": "桌.jpg", "contentType": kind, "bytes": bytes, "sha256": sha256,
        });
        self.clerk.attempt("startPhotoUpload", "StartPhotoUploadInput", input, "upload putUrl").await
    }

    async fn start(&self, kind: &str, picture: &[u8]) -> anyhow::Result<(Value, String)> {
        let mut started = self.announce(kind, i64::try_from(picture.len())?, &sha256(picture)).await?;
        let address = started["putUrl"].as_str().with_context(|| started.to_string())?.to_owned();
        Ok((started["upload"].take(), address))
    }

    async fn finish(&self, upload: &Value) -> anyhow::Result<Value> {
        let input = json!({ "upload": upload });
        let select = "photo { id url(size: SMALL) }";
        self.clerk.attempt("finishPhotoUpload", "FinishPhotoUploadInput", input, select).await
    }

    async fn announcements(&self) -> Outcome {
        let hash = sha256(b"x");
        for (kind, bytes, hash, field) in [
            ("image/gif", 10, hash.as_str(), "contentType"),
            ("text/html", 10, &hash, "contentType"),
            ("", 10, &hash, "contentType"),
            ("image/png", 0, &hash, "bytes"),
            ("image/png", -1, &hash, "bytes"),
            ("image/png", i64::MAX, &hash, "bytes"),
            ("image/png", 10, "", "sha256"),
            ("image/png", 10, "zz", "sha256"),
            ("image/png", 10, &"名".repeat(32), "sha256"),
        ] {
            let payload = self.announce(kind, bytes, hash).await?;
            ensure!(payload["putUrl"].is_null(), "{payload}");
            ensure!(payload["errors"][0]["field"][0] == field, "{kind} {bytes} {hash}: {payload}");
        }
        for name in ["长".repeat(300), "a\u{1}b".to_owned()] {
            let input = json!({
                "asset": self.asset, "name": name, "contentType": "image/png", "bytes": 10, "sha256": hash,
            });
            let payload =
                self.clerk.attempt("startPhotoUpload", "StartPhotoUploadInput", input, "upload").await?;
            ensure!(payload["errors"][0]["field"][0] == "name", "{name:.10}: {payload}");
        }
        Ok(())
    }

    async fn put(&self, address: &str, bytes: Vec<u8>) -> anyhow::Result<Option<String>> {
        let answer = self.clerk.request(Method::PUT, address).body(bytes).send().await?;
        let status = answer.status();
        if status == 204 {
            return Ok(None);
        }
        ensure!(status.is_client_error(), "{status}");
        Ok(Some(code(answer).await?.context("a code")?))
    }

    async fn other_bytes(&self) -> Outcome {
        let picture = jpeg(64, 48);
        let other = {
            let mut other = picture.clone();
            other.reverse();
            other
        };
        let longer = [&picture[..], b"more"].concat();
        let shorter = picture[..picture.len() / 2].to_vec();
        for bytes in [longer, shorter, other, Vec::new()] {
            let (upload, address) = self.start("image/jpeg", &picture).await?;
            let length = bytes.len();
            ensure!(self.put(&address, bytes).await?.is_some(), "{length} bytes were taken");
            let payload = self.finish(&upload).await?;
            ensure!(payload["photo"].is_null() && !payload["errors"][0]["code"].is_null(), "{payload}");
        }
        // Wrong bytes after the right ones take nothing with them.
        let (upload, address) = self.start("image/jpeg", &picture).await?;
        ensure!(self.put(&address, picture.clone()).await?.is_none(), "the right bytes were refused");
        ensure!(self.put(&address, picture.iter().rev().copied().collect()).await?.is_some());
        let payload = self.finish(&upload).await?;
        ensure!(payload["photo"].is_object(), "{payload}");
        // Far more than announced is cut off, however the connection ends.
        let (_, address) = self.start("image/jpeg", &picture).await?;
        if let Ok(answer) = self.clerk.request(Method::PUT, &address).body(vec![7; 20_000_000]).send().await {
            ensure!(answer.status().is_client_error(), "{}", answer.status());
        }
        Ok(())
    }

    async fn pictures(&self) -> Outcome {
        let good = jpeg(640, 480);
        let truncated = good[..good.len() / 2].to_vec();
        let mut damaged = png(64, 48);
        let middle = damaged.len() / 2;
        damaged[middle..middle + 8].fill(0);
        for (what, kind, bytes) in [
            ("bomb", "image/png", bomb()),
            ("truncated", "image/jpeg", truncated),
            ("damaged", "image/png", damaged),
            ("another type", "image/jpeg", png(64, 48)),
            ("text", "image/png", b"<html><script>alert(1)</script></html>".to_vec()),
            (
                "picture of vectors",
                "image/png",
                b"<?xml version=\"1.0\"?><svg onload=\"alert(1)\"/>".to_vec(),
            ),
            ("moving picture", "image/webp", b"GIF89a\x01\0\x01\0\0\0\0;".to_vec()),
            ("nothing but a start", "image/jpeg", vec![0xff, 0xd8, 0xff]),
            ("zeros", "image/webp", vec![0; 1000]),
        ] {
            let (upload, address) = self.start(kind, &bytes).await?;
            ensure!(self.put(&address, bytes).await?.is_none(), "{what}: the bytes are as announced");
            let payload = self.finish(&upload).await?;
            ensure!(payload["photo"].is_null(), "{what}: {payload}");
            ensure!(payload["errors"][0]["code"] == "PHOTO_REFUSED", "{what}: {payload}");
            ensure!(
                payload["errors"][0]["message"].as_str().is_some_and(|text| text.len() > 20),
                "{what}: {payload}"
            );
        }
        Ok(())
    }

    async fn addresses(&self, stranger: &Client) -> Outcome {
        let picture = png(64, 48);
        let (upload, put) = self.start("image/png", &picture).await?;
        let (_, second) = self.start("image/png", &picture).await?;
        let (path, query) = put.split_once('?').context("a signed address")?;
        let (other_path, _) = second.split_once('?').context("a signed address")?;
        for address in [
            path.to_owned(),
            format!("{path}?"),
            format!("{other_path}?{query}"),
            format!("{path}?{}", query.replace("expires=", "expires=9")),
            format!("{path}?expires=99999999999999999999&signature=x"),
            format!("{path}?expires=-1&signature="),
            format!("{put}x"),
            format!("/photos/uploads/nothing?{query}"),
            format!("/photos/uploads/%ff?{query}"),
            format!("/photos/uploads/..%2f..%2fetc?{query}"),
        ] {
            let found = self.put(&address, picture.clone()).await.with_context(|| address.clone())?;
            ensure!(found.is_some(), "{address} was accepted");
        }
        ensure!(self.put(&put, picture).await?.is_none());
        let payload = self.finish(&upload).await?;
        let good = payload["photo"]["url"].as_str().with_context(|| payload.to_string())?;
        let get = |address: String| stranger.request(Method::GET, &address).send();
        ensure!(get(good.to_owned()).await?.status() == 200);
        let (path, query) = good.split_once('?').context("a signed address")?;
        let (folder, size) = path.rsplit_once('/').context("a size")?;
        let other = if folder.ends_with('0') { '1' } else { '0' };
        for address in [
            path.to_owned(),
            format!("{folder}/large?{query}"),
            format!("{folder}/{size}x?{query}"),
            format!("{}{other}/{size}?{query}", &folder[..folder.len() - 1]),
            format!("{path}?{}", query.replace("expires=", "expires=1")),
            format!("{path}?{query}x"),
            format!("{path}?{}", query.to_ascii_lowercase()),
            format!("{path}?{query}&{query}"),
            format!("/photos/%ff/{size}?{query}"),
            format!("/photos/..%2f..%2fmaster.key/{size}?{query}"),
        ] {
            let answer = get(address.clone()).await?;
            ensure!(answer.status().is_client_error(), "{address}: {}", answer.status());
            ensure!(code(answer).await.with_context(|| address.clone())?.is_some(), "{address}");
        }
        Ok(())
    }
}
