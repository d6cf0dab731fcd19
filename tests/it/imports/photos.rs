//! A ZIP of photos, with what people pack beside them.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::row;
use tests::moves::{self, begin, png};
use tests::tables::{archive, csv, ended, load, put, read, run};
use tests::{Backend, Outcome};

pub async fn matched(backend: Backend) -> Outcome {
    let (server, city) = begin(backend, 1).await?;
    let (client, unit) = (&city.giver.clerk.client, &city.giver.gid);
    let rows =
        [row(&["资产编号", "资产名称"]), row(&["P-1", "桌"]), row(&["P-2", "椅"]), row(&["P-3", "柜"])];
    load(client, unit, "x.csv", csv(&rows).as_bytes(), false).await?;
    let bytes = archive(&[
        ("照片/", Vec::new()),
        ("照片/P-1.png", png(1)),
        ("照片/P-1-2.png", png(2)),
        ("P-2/正面.png", png(3)),
        ("P-2/背面 (2).png", png(4)),
        ("__MACOSX/P-1.png", png(5)),
        ("没有这个编号.png", png(6)),
        ("P-3.jpg", b"<html>".to_vec()),
        ("P-3.png", vec![0; 40 << 20]),
    ]);
    let id = put(client, "PHOTOS", Some(unit), "照片.zip", &bytes).await?;
    let found = read(client, &id).await?;
    ensure!(found["import"]["format"] == "ZIP", "{found}");
    run(client, &id, false, json!([])).await?;
    let done = ended(client, &id, Duration::from_secs(60)).await?;
    ensure!(
        done["state"] == "DONE" && done["kept"] == 4 && done["bad"] == 3 && done["skipped"] == 2,
        "{done}"
    );
    let query = "query($id: ID!) { import(id: $id) { badRows(first: 10) { edges { node { entry code message } } } } }";
    let told = client.ask(query, json!({ "id": id })).await?;
    let edges = told["import"]["badRows"]["edges"].as_array().context("edges")?;
    let told: Vec<(&str, &str)> = edges
        .iter()
        .map(|edge| {
            (edge["node"]["entry"].as_str().unwrap_or(""), edge["node"]["code"].as_str().unwrap_or(""))
        })
        .collect();
    ensure!(
        told == [
            ("没有这个编号.png", "NOT_FOUND"),
            ("P-3.jpg", "PHOTO_REFUSED"),
            ("P-3.png", "PHOTO_REFUSED")
        ],
        "{told:?}"
    );
    let query = "{ assets(first: 10) { edges { node { number photos { name url } } } } }";
    let data = client.ask(query, json!({})).await?;
    let mut photos: Vec<(String, usize)> = Vec::new();
    for edge in data["assets"]["edges"].as_array().context("edges")? {
        let shown = edge["node"]["photos"].as_array().context("photos")?;
        photos.push((moves::text(&edge["node"]["number"])?, shown.len()));
        for photo in shown {
            let address = moves::text(&photo["url"])?;
            let answer = client.request(reqwest::Method::GET, &address).send().await?;
            ensure!(answer.status() == 200, "{photo}");
        }
    }
    photos.sort();
    let wanted = [("P-1", 2), ("P-2", 2), ("P-3", 0)].map(|(number, count)| (number.to_owned(), count));
    ensure!(photos == wanted, "{photos:?}");
    // Again: the same pictures are the same photos.
    let id = put(client, "PHOTOS", Some(unit), "照片.zip", &bytes).await?;
    read(client, &id).await?;
    run(client, &id, false, json!([])).await?;
    ended(client, &id, Duration::from_secs(60)).await?;
    let again: Value = client.ask(query, json!({})).await?;
    let count = |data: &Value| data.to_string().matches("\"url\"").count();
    ensure!(count(&again) == count(&data), "{again}");
    moves::end(server).await
}
