//! Caps and blocks: what a unit may ask for, also when it asks a hundred times at once.

use anyhow::{Context, ensure};
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::city::{City, PASSWORD, Unit};
use tests::moves::{self, key};
use tests::{ALONE, Backend, Outcome, Registry, Server};

pub fn register(registry: &mut Registry) {
    registry.both("quotas: a hundred requests of one unit at once stop exactly at its cap", race);
    registry.both("quotas: over the cap is stopped or asked why, and what is not known never stops", caps);
    registry.both(
        "quotas: who has not confirmed a receipt asks for nothing more, unless the office lets it",
        blocked,
    );
}

/// Desks for so many per cent of staff.
async fn cap_desks(city: &City, percent: i64) -> Outcome {
    let input = json!({ "idempotencyKey": key(), "categoryId": city.desks, "priceCap": "300000",
        "minServiceMonths": 180, "capPercent": percent, "source": "配置标准", "validFrom": "2026-01-01" });
    city.office.client.mutate("setStandard", "SetStandardInput", input, "standard { capPercent }").await?;
    Ok(())
}

async fn staff(city: &City, unit: &Unit, count: i64) -> anyhow::Result<Value> {
    let input = json!({ "idempotencyKey": key(), "unitId": unit.gid, "kind": "STAFF", "count": count,
        "source": "编办〔2026〕3号" });
    let select = "allowance { caps { category { id } staff percent cap held pending left } }";
    let mut told = city.office.client.mutate("setUnitQuota", "SetUnitQuotaInput", input, select).await?;
    Ok(told["allowance"]["caps"][0].take())
}

/// Hands a request in; gives the payload, whatever it says.
async fn ask(unit: &Unit, listing: &str, pieces: i64, reason: Option<&str>) -> anyhow::Result<Value> {
    let client = &unit.clerk.client;
    let input = json!({ "idempotencyKey": key(), "unitId": unit.gid, "justification": "新增人员",
        "lines": [{ "listingId": listing, "quantity": pieces }] });
    let drafted = client.mutate("draftRequest", "DraftRequestInput", input, "request { id }").await?;
    let input =
        json!({ "idempotencyKey": key(), "requestId": drafted["request"]["id"], "overCapReason": reason });
    client.attempt("submitRequest", "SubmitRequestInput", input, "request { number overCapReason }").await
}

fn refusal(answer: &Value) -> String {
    let error = &answer["errors"][0];
    format!("{} {}", error["code"].as_str().unwrap_or_default(), moves::path(error)).trim().to_owned()
}

async fn allowance(unit: &Unit) -> anyhow::Result<Value> {
    let query = "query($id: ID!) { unitAllowance(unitId: $id) { overdueReceipts overriddenUntil
        vehicles { cap left } caps { cap held pending left } } }";
    let mut told = unit.clerk.client.ask(query, json!({ "id": unit.gid })).await?;
    Ok(told["unitAllowance"].take())
}

async fn race(backend: Backend) -> Outcome {
    const CAP: usize = 40;
    let _alone = ALONE.lock().await;
    let (server, city) = moves::begin(backend, 2).await?;
    cap_desks(&city, 100).await?;
    let unit = &city.receivers[0];
    ensure!(staff(&city, unit, CAP as i64).await?["cap"] == CAP, "{:?}", allowance(unit).await?);
    // Ten listings, so that the lock of one stock is not what holds them apart.
    let mut listings = Vec::new();
    for n in 0..10 {
        listings.push(moves::list(&city, &format!("办公桌{n}"), 10, 10_000).await?);
    }
    let asked = (0..100).map(|n| ask(unit, &listings[n % 10], 1, None));
    let answers: Vec<Value> = join_all(asked).await.into_iter().collect::<anyhow::Result<_>>()?;
    let taken = answers.iter().filter(|answer| answer["request"]["number"].is_string()).count();
    ensure!(taken == CAP, "{taken} of 100 were taken");
    for refused in answers.iter().filter(|answer| !answer["request"]["number"].is_string()) {
        ensure!(refusal(refused) == "OVER_CAP lines.0.quantity", "{refused}");
    }
    let told = allowance(unit).await?;
    ensure!(told["caps"][0] == json!({ "cap": CAP, "held": 0, "pending": CAP, "left": 0 }), "{told}");
    // Another unit has a cap of its own.
    staff(&city, &city.receivers[1], 1).await?;
    ensure!(ask(&city.receivers[1], &listings[0], 1, None).await?["request"]["number"].is_string());
    moves::end(server).await
}

async fn caps(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 1).await?;
    let unit = &city.receivers[0];
    let listing = moves::list(&city, "办公桌", 50, 50_000).await?;
    // Without a standard that caps nothing is asked; without headcount a reason is.
    ensure!(ask(unit, &listing, 1, None).await?["request"]["number"].is_string());
    cap_desks(&city, 50).await?;
    ensure!(refusal(&ask(unit, &listing, 1, None).await?) == "REQUIRED overCapReason");
    let taken = ask(unit, &listing, 1, Some("新设机构，编制待批")).await?;
    ensure!(taken["request"]["overCapReason"] == "新设机构，编制待批", "{taken}");
    // Nine people, half a desk each: four; two are asked for already.
    let told = staff(&city, unit, 9).await?;
    ensure!(told["cap"] == 4 && told["pending"] == 2 && told["left"] == 2, "{told}");
    ensure!(refusal(&ask(unit, &listing, 3, Some("扩编")).await?) == "OVER_CAP lines.0.quantity");
    let answer = ask(unit, &listing, 3, None).await?;
    let text = answer["errors"][0]["message"].as_str().context("a sentence")?;
    ensure!(text.contains('4') && text.contains('2'), "{text}");
    // A unit that handles secrets has a cap of its own, from a day on.
    let input = json!({ "idempotencyKey": key(), "unitId": unit.gid, "categoryId": city.desks, "capPercent": 100,
        "reason": "涉密岗位" });
    let select = "allowance { caps { cap percent } }";
    let told = city.office.client.mutate("setUnitCap", "SetUnitCapInput", input, select).await?;
    ensure!(told["allowance"]["caps"][0] == json!({ "cap": 9, "percent": 100 }), "{told}");
    ensure!(ask(unit, &listing, 3, None).await?["request"]["number"].is_string());
    // A city may let a reason do.
    let input = json!({ "idempotencyKey": key(), "name": "over_cap_reason", "value": 1 });
    city.office.client.mutate("setCitySetting", "SetCitySettingInput", input, "value").await?;
    ensure!(refusal(&ask(unit, &listing, 9, None).await?) == "REQUIRED overCapReason");
    ensure!(ask(unit, &listing, 9, Some("临时专班")).await?["request"]["number"].is_string());
    // What others enter is not theirs to enter, and not seen by strangers.
    let input =
        json!({ "idempotencyKey": key(), "unitId": unit.gid, "kind": "STAFF", "count": 99, "source": "x" });
    let refused = unit.clerk.client.raw(
        "mutation($input: SetUnitQuotaInput!) { setUnitQuota(input: $input) { errors { code } } }",
        json!({ "input": input }),
    );
    ensure!(refused.await?["errors"][0]["extensions"]["code"] == "FORBIDDEN");
    let query = "query($id: ID!) { unitAllowance(unitId: $id) { caps { cap } } }";
    let strange = city.giver.clerk.client.ask(query, json!({ "id": unit.gid })).await?;
    ensure!(strange["unitAllowance"].is_null(), "{strange}");
    moves::end(server).await
}

/// Days go by: sessions have ended, and everybody signs in again. Gives the unit that asks.
async fn later(server: &Server, city: &mut City, days: i64) -> anyhow::Result<Unit> {
    // What is older than an hour has its seal.
    moves::sealed(&server.app).await?;
    server.app.clock().set(server.app.clock().now() + TimeDelta::days(days));
    for (login, person) in [
        ("office", &mut city.office),
        ("administrator", &mut city.administrator),
        ("clerk-0", &mut city.giver.clerk),
        ("clerk-1", &mut city.receivers[0].clerk),
    ] {
        person.client = server.client().sign_in(login, PASSWORD).await?;
    }
    Ok(city.receivers[0].clone())
}

async fn blocked(backend: Backend) -> Outcome {
    let (server, mut city) = moves::begin(backend, 1).await?;
    let unit = city.receivers[0].clone();
    let unit = &unit;
    let listing = moves::list(&city, "办公桌", 5, 5_000).await?;
    let line = moves::text(&moves::ask(unit, &listing, 1).await?["id"])?;
    moves::approve_line(&city, unit, &line).await?;
    let transfer = moves::release(&city.giver.clerk, &line, None).await?;
    ensure!(ask(unit, &listing, 1, None).await?["request"]["number"].is_string(), "it is not late yet");
    let unit = &later(&server, &mut city, 15).await?;
    ensure!(refusal(&ask(unit, &listing, 1, None).await?) == "OVERDUE_RECEIPTS unitId");
    let told = allowance(unit).await?;
    ensure!(told["overdueReceipts"].as_array().is_some_and(|late| late.len() == 1), "{told}");
    let until = (server.app.clock().today() + TimeDelta::days(2)).to_string();
    let input =
        json!({ "idempotencyKey": key(), "unitId": unit.gid, "reason": "接收人出差", "untilDay": until });
    let select = "allowance { overriddenUntil overrideReason }";
    let let_go = city.office.client.mutate("overrideBlock", "OverrideBlockInput", input, select).await?;
    ensure!(let_go["allowance"]["overriddenUntil"] == until.as_str(), "{let_go}");
    ensure!(ask(unit, &listing, 1, None).await?["request"]["number"].is_string(), "the office lets it");
    let unit = &later(&server, &mut city, 3).await?;
    ensure!(refusal(&ask(unit, &listing, 1, None).await?) == "OVERDUE_RECEIPTS unitId", "no longer");
    moves::receive(&unit.clerk, &transfer, 1, 0, 0).await?;
    ensure!(ask(unit, &listing, 1, None).await?["request"]["number"].is_string(), "it is confirmed");
    moves::end(server).await
}
