//! Who sees an offer, by date: in lists, in the search, and in what can be asked for.

use anyhow::ensure;
use api::listings::audience::widen;
use chrono::{DateTime, Utc};
use serde_json::json;

use tests::city::{City, Unit};
use tests::moves::{self, key, text};
use tests::{Backend, Outcome, Registry};

pub fn register(registry: &mut Registry) {
    registry.both("audience: an offer is shown to its department first, then to the city", by_date);
}

/// Whether the unit sees the offer: by its id, in the list and in the search; all must say the same.
async fn sees(unit: &Unit, listing: &str, name: &str) -> anyhow::Result<bool> {
    let query = "query($id: ID!, $name: String!) { listing(id: $id) { id } listings(first: 100) { edges { node { id } } }
        search(text: $name, first: 10) { edges { node { id } } } }";
    let data = unit.clerk.client.ask(query, json!({ "id": listing, "name": name })).await?;
    let one = !data["listing"].is_null();
    for list in ["listings", "search"] {
        let listed = data[list].to_string().contains(listing);
        ensure!(listed == one, "{list} says {listed}, the offer itself {one}: {data}");
    }
    Ok(one)
}

async fn asks(unit: &Unit, listing: &str) -> anyhow::Result<bool> {
    let input = json!({
        "idempotencyKey": key(), "unitId": unit.gid, "justification": "需要",
        "lines": [{ "listingId": listing, "quantity": 1 }],
    });
    let answer =
        unit.clerk.client.attempt("draftRequest", "DraftRequestInput", input, "request { id }").await?;
    Ok(!answer["request"].is_null())
}

async fn set(city: &City, name: &str, days: i64) -> Outcome {
    let input = json!({ "idempotencyKey": key(), "name": name, "value": days });
    let answer = city.office.client.attempt("setCitySetting", "SetCitySettingInput", input, "__typename");
    let answer = answer.await?;
    ensure!(answer["errors"] == json!([]), "{answer}");
    Ok(())
}

async fn by_date(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 1).await?;
    let app = &server.app;
    let at_once = moves::list(&city, "文件柜", 2, 200_000).await?;
    moves::drained(app).await?;
    ensure!(sees(&city.receivers[0], &at_once, "文件柜").await?, "without a rule everybody sees it at once");
    set(&city, "audience_department_days", 2).await?;
    let narrow = moves::list(&city, "会议桌", 2, 600_000).await?;
    let query = "query($id: ID!) { listing(id: $id) { audience audienceUntil } }";
    let told = city.giver.clerk.client.ask(query, json!({ "id": narrow })).await?;
    ensure!(told["listing"]["audience"] == "DEPARTMENT", "{told}");
    moves::drained(app).await?;
    ensure!(!sees(&city.receivers[0], &narrow, "会议桌").await?);
    ensure!(!asks(&city.receivers[0], &narrow).await?, "who does not see it cannot ask for it");
    ensure!(sees(&city.giver, &narrow, "会议桌").await?);

    moves::sealed(app).await?;
    let until: DateTime<Utc> = text(&told["listing"]["audienceUntil"])?.parse()?;
    app.clock().set(until);
    let city = city.another_day(app).await?;
    widen(app, 10).await?;
    let told = city.giver.clerk.client.ask(query, json!({ "id": narrow })).await?;
    ensure!(told["listing"] == json!({ "audience": "CITY", "audienceUntil": null }), "{told}");
    moves::drained(app).await?;
    ensure!(sees(&city.receivers[0], &narrow, "会议桌").await?, "the index changes by itself");
    ensure!(asks(&city.receivers[0], &narrow).await?);
    moves::end(server).await
}
