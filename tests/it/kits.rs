//! Kits: what a work place is furnished with, from whoever has it, whole or with what is missing told.

use anyhow::{Context, ensure};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::city::{City, Unit};
use tests::moves::{self, key, text};
use tests::{Backend, Outcome, Registry};

pub fn register(registry: &mut Registry) {
    registry.both("kits: the split drives to few places, holds whole or with what is missing told", split);
    registry.both("kits: of two that want the last set at once, one gets it whole", race);
}

const PROPOSAL: &str =
    "items { name wanted missing } lines { item pieces listing { id } unit { id } } pickups cost";

/// A category of chairs, and a kit of a desk and a chair a place.
async fn kit(city: &City) -> anyhow::Result<(String, String)> {
    let input = json!({ "idempotencyKey": key(), "system": "GB/T 14885", "edition": "2022", "code": "A05010301",
        "name": "办公椅", "kind": "GENERAL", "validFrom": "2022-01-01" });
    let administrator = &city.administrator.client;
    let made = administrator.mutate("saveCategory", "SaveCategoryInput", input, "category { id }").await?;
    let chairs = text(&made["category"]["id"])?;
    let input = json!({ "idempotencyKey": key(), "name": "工位", "items": [
        { "name": "办公桌", "categoryIds": [city.desks] },
        { "name": "办公椅", "categoryIds": [chairs], "leastCondition": "GOOD" },
    ] });
    let made = city
        .office
        .client
        .mutate("saveKit", "SaveKitInput", input, "kit { id version items { name } }")
        .await?;
    Ok((text(&made["kit"]["id"])?, chairs))
}

/// So many pieces that a unit offers.
async fn offer(
    city: &City,
    unit: &Unit,
    category: &str,
    pieces: i64,
    condition: &str,
) -> anyhow::Result<String> {
    let input = json!({ "idempotencyKey": key(), "holderId": unit.gid, "categoryId": category, "name": "家具",
        "condition": condition, "place": "库房", "quantity": pieces, "measure": "件", "value": "100000",
        "valueBasis": "ORIGINAL", "acquiredOn": "2023-03-15", "number": key() });
    let made = unit.clerk.client.mutate("draftAsset", "DraftAssetInput", input, "asset { id }").await?;
    let asset = text(&made["asset"]["id"])?;
    moves::photograph(&unit.clerk, &asset, moves::png(7)).await?;
    let (listing, version) = moves::draft_listing(unit, &asset, json!({})).await?;
    moves::submit_listing(unit, &listing, version).await?;
    moves::decide(&unit.head, &listing, "APPROVE", json!({})).await?;
    moves::decide(&city.office, &listing, "APPROVE", json!({})).await?;
    Ok(listing)
}

async fn propose(unit: &Unit, kit: &str, places: i64) -> anyhow::Result<Value> {
    let query = format!("query($input: ProposeKitInput!) {{ proposeKit(input: $input) {{ {PROPOSAL} }} }}");
    let wanted = json!({ "unitId": unit.gid, "kitId": kit, "places": places });
    Ok(unit.clerk.client.ask(&query, json!({ "input": wanted })).await?["proposeKit"].take())
}

async fn order(unit: &Unit, kit: &str, places: i64, mode: &str) -> anyhow::Result<Value> {
    let input = json!({ "idempotencyKey": key(), "mode": mode, "justification": "五月前布置工位",
        "wanted": { "unitId": unit.gid, "kitId": kit, "places": places } });
    let select = "request { id number lines { state quantity listing { id } } } order { places items { name wanted missing } }";
    unit.clerk.client.attempt("requestKit", "RequestKitInput", input, select).await
}

async fn split(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 2).await?;
    let (asker, other) = (&city.receivers[0], &city.receivers[1]);
    let (kit, chairs) = kit(&city).await?;
    let near = offer(&city, &city.giver, &city.desks, 5, "NEW").await?;
    offer(&city, &city.giver, &chairs, 3, "NEW").await?;
    // Too worn for the kit, and the asker's own.
    offer(&city, &city.giver, &chairs, 50, "FAIR").await?;
    offer(&city, asker, &city.desks, 50, "NEW").await?;
    let far =
        [offer(&city, other, &city.desks, 8, "GOOD").await?, offer(&city, other, &chairs, 8, "GOOD").await?];

    // One has all of it: nobody drives to two.
    let told = propose(asker, &kit, 8).await?;
    let lines = told["lines"].as_array().context("lines")?;
    let taken: Vec<(&str, i64)> = lines
        .iter()
        .filter_map(|line| Some((line["listing"]["id"].as_str()?, line["pieces"].as_i64()?)))
        .collect();
    ensure!(taken == [(far[0].as_str(), 8), (far[1].as_str(), 8)] && told["pickups"] == 1, "{told}");
    ensure!(lines.iter().all(|line| line["unit"]["id"] == other.gid.as_str()), "{told}");

    // More than there is: 13 desks and 11 chairs.
    let refused = order(asker, &kit, 20, "ALL_OR_NOTHING").await?;
    let faults: Vec<String> = refused["errors"]
        .as_array()
        .context("errors")?
        .iter()
        .map(|error| format!("{} {}", error["code"].as_str().unwrap_or_default(), moves::path(error)))
        .collect();
    ensure!(faults == ["NOT_ENOUGH items.0", "NOT_ENOUGH items.1"], "{refused}");
    ensure!(moves::stock(&city.giver.clerk, &near).await? == [5, 0, 0, 0, 0, 0, 0], "something is held");
    let none = asker.clerk.client.ask("{ requests { edges { node { id } } } }", json!({})).await?;
    ensure!(none["requests"]["edges"] == json!([]), "{none}");

    let taken = order(asker, &kit, 20, "WITH_SHORTFALL").await?;
    ensure!(
        taken["order"]["items"]
            == json!([
                { "name": "办公桌", "wanted": 20, "missing": 7 }, { "name": "办公椅", "wanted": 20, "missing": 9 },
            ]),
        "{taken}"
    );
    let lines = taken["request"]["lines"].as_array().context("lines")?;
    let pieces: i64 = lines.iter().filter_map(|line| line["quantity"].as_i64()).sum();
    ensure!(pieces == 24 && lines.iter().all(|line| line["state"] == "SUBMITTED"), "{taken}");
    ensure!(moves::stock(&city.giver.clerk, &near).await? == [0, 5, 0, 0, 0, 0, 0], "not all is held");

    // It stays with the request, for those who may see that.
    let query = "query($id: ID!) { kitOrder(requestId: $id) { name items { missing } } }";
    let id = json!({ "id": taken["request"]["id"] });
    let kept = city.giver.head.client.ask(query, id.clone()).await?;
    ensure!(kept["kitOrder"]["name"] == "工位" && kept["kitOrder"]["items"][0]["missing"] == 7, "{kept}");
    // What is held by others is nobody's: the next is told so.
    let nothing = propose(other, &kit, 1).await?;
    ensure!(nothing["items"][1] == json!({ "name": "办公椅", "wanted": 1, "missing": 1 }), "{nothing}");
    // For a unit that is not the caller's nothing is proposed.
    let input = json!({ "input": { "unitId": asker.gid, "kitId": kit, "places": 1 } });
    let document =
        format!("query($input: ProposeKitInput!) {{ proposeKit(input: $input) {{ {PROPOSAL} }} }}");
    let told = other.clerk.client.ask(&document, input).await?;
    ensure!(told["proposeKit"].is_null(), "{told}");
    moves::end(server).await
}

async fn race(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 3).await?;
    let (kit, chairs) = kit(&city).await?;
    let desks = [
        offer(&city, &city.giver, &city.desks, 6, "NEW").await?,
        offer(&city, &city.giver, &city.desks, 4, "NEW").await?,
    ];
    offer(&city, &city.giver, &chairs, 10, "NEW").await?;
    let asked = city.receivers.iter().map(|unit| order(unit, &kit, 6, "ALL_OR_NOTHING"));
    let answers: Vec<Value> = join_all(asked).await.into_iter().collect::<anyhow::Result<_>>()?;
    let (whole, refused): (Vec<&Value>, Vec<&Value>) =
        answers.iter().partition(|answer| answer["request"]["number"].is_string());
    ensure!(whole.len() == 1 && refused.len() == 2, "{answers:#?}");
    for answer in refused {
        ensure!(answer["errors"][0]["code"] == "NOT_ENOUGH", "{answer}");
    }
    let mut held = 0;
    for desk in &desks {
        held += moves::stock(&city.giver.clerk, desk).await?[1];
    }
    ensure!(held == 6, "{held} desks are held");
    moves::end(server).await
}
