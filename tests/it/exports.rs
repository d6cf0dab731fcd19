//! Lists as CSV, under the rights of whoever asks.

use anyhow::ensure;
use reqwest::Method;

use tests::moves::{self, ask, begin, deliver, draft_card, list};
use tests::tables::{cards, csv, load};
use tests::{Backend, Client, Outcome, Registry};

pub fn register(registry: &mut Registry) {
    registry.both("exports: every list goes out whole, and only what the caller may see", whole);
}

async fn export(client: &Client, path: &str) -> anyhow::Result<(u16, String)> {
    let answer = client.request(Method::GET, &format!("/exports/{path}")).send().await?;
    Ok((answer.status().as_u16(), answer.text().await?))
}

async fn whole(backend: Backend) -> Outcome {
    let (server, city) = begin(backend, 2).await?;
    let client = &city.giver.clerk.client;
    let file = csv(&cards(1_300));
    let done = load(client, &city.giver.gid, "x.csv", file.as_bytes(), false).await?;
    ensure!(done["kept"] == 1_287, "{done}");
    draft_card(&city, &city.receivers[1], "别的单位的柜子", 1, 100).await?;
    let offer = list(&city, "会议桌", 5, 500_000).await?;
    deliver(&city, &city.receivers[0], &offer, 1).await?;
    ask(&city.receivers[0], &offer, 1).await?;

    // More than two pages of cards, each once.
    let (status, text) = export(client, "assets.csv?locale=ZH").await?;
    ensure!(status == 200 && text.starts_with("\u{feff}资产编号,资产名称,单位"), "{status} {text:.200}");
    let numbers: std::collections::BTreeSet<&str> = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .filter(|number| number.starts_with("ZC-"))
        .collect();
    ensure!(
        numbers.len() == 1_287 && text.lines().count() == 1_287 + 2,
        "{} {}",
        numbers.len(),
        text.lines().count()
    );
    ensure!(text.contains("联想") && text.contains("良好") && !text.contains("别的单位的柜子"));
    // What went out can come in again: all of it is there already.
    let again = load(client, &city.giver.gid, "y.csv", text.as_bytes(), true).await?;
    ensure!(again["kept"] == 0 && again["bad"] == 1_288, "{again}");

    let (status, text) = export(client, "assets?number=ZC-0000001&locale=EN").await?;
    ensure!(status == 200 && text.lines().count() == 2 && text.contains("GOOD"), "{text}");
    for (list, word) in
        [("listings", "会议桌"), ("request-lines", "会议桌"), ("transfers", "武昌区第1图书馆")]
    {
        let (status, text) = export(&city.receivers[0].clerk.client, list).await?;
        ensure!(status == 200 && text.contains(word), "{list}: {status} {text}");
    }
    let (status, text) = export(&city.finance.client, "saving-entries?locale=ZH").await?;
    ensure!(status == 200 && text.contains("原值法") && text.contains("1000.00"), "{text}");
    // Who has nothing to do with it gets the headers alone, and who has no right to a list gets none.
    let (_, text) = export(&city.receivers[1].clerk.client, "transfers").await?;
    ensure!(text.lines().count() == 1, "{text}");
    for (person, path, expected) in [
        (&city.receivers[0].clerk.client, "saving-entries", 403),
        (&city.administrator.client, "assets", 403),
        (&server.client(), "listings", 401),
        (client, "nothing", 404),
        (client, "assets?nothing=1", 404),
        (client, "assets?state=NOPE", 400),
        (client, "assets?locale=FR", 400),
    ] {
        let (status, text) = export(person, path).await?;
        ensure!(status == expected, "{path}: {status} {text}");
    }
    moves::end(server).await
}
