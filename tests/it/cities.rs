//! Three cities whose approval rules differ: data, and not a line of code between them. What each case needs stands in a table.

mod random;

use std::collections::HashMap;

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use tests::city::City;
use tests::moves::{self, key};
use tests::{Backend, Client, Outcome, Registry};

pub fn register(registry: &mut Registry) {
    registry.both(
        "approvals: whatever is commanded, in each city nothing gets past a step",
        random::nothing_gets_past,
    );
    registry.both("approvals: three cities, as data, ask for what their table says", three_cities);
    registry.both("approvals: what a listing got is what was foretold, in each city", foretold);
}

const CITIES: [(&str, &str); 3] = [
    ("jia", include_str!("../fixtures/cities/jia.json")),
    ("yi", include_str!("../fixtures/cities/yi.json")),
    ("bing", include_str!("../fixtures/cities/bing.json")),
];
const CASES: &str = include_str!("../fixtures/cities/cases.tsv");

/// A row of the table: what is to be approved, and the steps it needs: stage, role, and the unit where it is not the city.
#[derive(Debug, Deserialize)]
struct Case {
    city: String,
    subject: String,
    kind: String,
    category: String,
    custody: String,
    item: String,
    value: String,
    giver: String,
    receiver: String,
    steps: String,
}

/// What a preview says of its steps.
const PLANNED: &str =
    "steps { stage plannedRole plannedUnit { name } side role dueDays reasons { rule code text } }";

pub async fn publish(office: &Client, rules: &str, categories: &HashMap<&str, &str>) -> Outcome {
    let mut set: Value = serde_json::from_str(rules)?;
    for rule in set["rules"].as_array_mut().context("rules")? {
        if let Some(codes) = rule.pointer_mut("/conditions/categoryIds").and_then(Value::as_array_mut) {
            for code in codes {
                *code = json!(categories[code.as_str().context("a code")?]);
            }
        }
    }
    let input = json!({ "idempotencyKey": key(), "name": set["name"], "rules": set["rules"] });
    let saved = office
        .mutate("saveApprovalRuleSet", "SaveApprovalRuleSetInput", input, "ruleSet { id version }")
        .await?;
    let input = json!({ "idempotencyKey": key(), "id": saved["ruleSet"]["id"], "version": saved["ruleSet"]["version"] });
    let published = office
        .mutate("publishApprovalRuleSet", "PublishApprovalRuleSetInput", input, "ruleSet { validFrom }")
        .await?;
    ensure!(published["ruleSet"]["validFrom"].is_string(), "{published}");
    Ok(())
}

/// A government, its departments with units below them, and a district that pays for itself.
async fn found(administrator: &Client) -> anyhow::Result<HashMap<&'static str, String>> {
    let regions = administrator.ask("{ regions { edges { node { id name } } } }", json!({})).await?;
    let region = |name: &str| {
        let edges = regions["regions"]["edges"].as_array().cloned().unwrap_or_default();
        edges.into_iter().find(|edge| edge["node"]["name"] == name).map(|edge| edge["node"]["id"].clone())
    };
    let (city, district) = (region("武汉市").context("the city")?, region("武昌区").context("the district")?);
    let mut units: HashMap<&str, String> = HashMap::new();
    for (name, parent, supervisor, level) in [
        ("市政府", None, None, "CITY"),
        ("教育局", Some("市政府"), None, "CITY"),
        ("卫健委", Some("市政府"), None, "CITY"),
        ("一中", Some("教育局"), Some("教育局"), "CITY"),
        ("二中", Some("教育局"), Some("教育局"), "CITY"),
        ("市医院", Some("卫健委"), Some("卫健委"), "CITY"),
        ("区图书馆", None, None, "DISTRICT"),
    ] {
        let place = if level == "CITY" { &city } else { &district };
        let input = json!({ "idempotencyKey": key(), "name": name, "fiscalLevel": level, "fiscalRegionId": place,
            "placeRegionId": place, "parentId": parent.map(|name: &str| units[name].clone()),
            "supervisorId": supervisor.map(|name: &str| units[name].clone()) });
        let saved = administrator.mutate("saveUnit", "SaveUnitInput", input, "unit { id }").await?;
        units.insert(name, moves::text(&saved["unit"]["id"])?);
    }
    Ok(units)
}

fn categories(city: &City) -> HashMap<&'static str, &str> {
    HashMap::from([("A05010201", city.desks.as_str()), ("A02010105", city.computers.as_str())])
}

async fn three_cities(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 1).await?;
    let units = found(&city.administrator.client).await?;
    let categories = categories(&city);
    let office = &city.office.client;
    let mut seen = 0;
    for (name, rules) in CITIES {
        publish(office, rules, &categories).await?;
        let mut table = csv::ReaderBuilder::new().delimiter(b'\t').from_reader(CASES.as_bytes());
        for case in table.deserialize::<Case>() {
            let case = case?;
            if case.city != name {
                continue;
            }
            seen += 1;
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            let unit = |name: &str| some(name).map(|name| units[name.as_str()].clone());
            let thought_of = json!({ "subject": case.subject, "kind": case.kind, "custody": case.custody,
                "categoryId": some(&case.category).map(|code| categories[code.as_str()]),
                "itemValue": some(&case.item), "value": some(&case.value),
                "giverId": unit(&case.giver), "receiverId": unit(&case.receiver) });
            let query = format!(
                "query($input: PreviewApprovalInput!) {{ previewApproval(input: $input) {{ {PLANNED} }} }}"
            );
            let told = office.ask(&query, json!({ "input": { "thoughtOf": thought_of } })).await?;
            let steps = spelled(&told["previewApproval"][0]["steps"])?;
            ensure!(steps == case.steps, "{name}: {case:?}\ngot {steps}");
        }
    }
    ensure!(seen == CASES.lines().count() - 1, "every row belongs to a city");
    moves::end(server).await
}

/// Steps as the table writes them. Every one has a rule and a reason in words.
fn spelled(steps: &Value) -> anyhow::Result<String> {
    let mut told = Vec::new();
    for step in steps.as_array().context("steps")? {
        let reasons = step["reasons"].as_array().context("reasons")?;
        ensure!(!reasons.is_empty() && reasons.iter().all(|reason| reason["text"] != ""), "{step}");
        let unit = step["plannedUnit"]["name"].as_str().map_or(String::new(), |name| format!(" {name}"));
        told.push(format!("{} {}{unit}", step["stage"], step["plannedRole"].as_str().context("a role")?));
    }
    Ok(told.join("; "))
}

/// Hands things in for good, and compares the steps of the case with what the dry run had said.
async fn foretold(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 1).await?;
    let receiver = &city.receivers[0];
    let clerk = &city.giver.clerk;
    for (name, rules) in CITIES {
        publish(&city.office.client, rules, &categories(&city)).await?;
        for value in [100, 6_000_000] {
            let asset = moves::draft_card(&city, &city.giver, &format!("{name}的办公桌"), 1, value).await?;
            moves::photograph(clerk, &asset, moves::png(7)).await?;
            let (listing, version) = moves::draft_listing(&city.giver, &asset, json!({})).await?;
            let query = format!(
                "query($input: PreviewApprovalInput!) {{ previewApproval(input: $input) {{ {PLANNED} }} }}"
            );
            let told = clerk.client.ask(&query, json!({ "input": { "listingId": listing } })).await?;
            moves::submit_listing(&city.giver, &listing, version).await?;
            let query = "query($id: ID!) { listing(id: $id) { approvals { ruleSet { name } steps { stage role side } } } }";
            let got = clerk.client.ask(query, json!({ "id": listing })).await?;
            let got = &got["listing"]["approvals"][0];
            // Not the role: a step that finds nobody goes up when its turn comes.
            let pairs = |steps: &Value| -> Vec<(Value, Value)> {
                let steps = steps.as_array().cloned().unwrap_or_default();
                steps.iter().map(|step| (step["stage"].clone(), step["side"].clone())).collect()
            };
            let expected = pairs(&told["previewApproval"][0]["steps"]);
            ensure!(!expected.is_empty() && expected == pairs(&got["steps"]), "{told}\n{got}");
            ensure!(got["ruleSet"]["name"].as_str().is_some_and(|name| name.contains('市')), "{got}");
        }
        // In the first city what was handed in before counts into the batch: the dry run for the receiver knows it as well.
        let query = format!(
            "query($input: PreviewApprovalInput!) {{ previewApproval(input: $input) {{ {PLANNED} }} }}"
        );
        let thought_of = json!({ "subject": "LISTING", "kind": "GENERAL", "custody": "VIRTUAL", "itemValue": "100",
            "giverId": city.giver.gid });
        let told = clerk.client.ask(&query, json!({ "input": { "thoughtOf": thought_of } })).await?;
        let asks_finance = told.to_string().contains("BATCH_VALUE");
        ensure!(asks_finance == (name == "jia"), "{name}: {told}");
        let stranger =
            receiver.clerk.client.ask(&query, json!({ "input": { "thoughtOf": thought_of } })).await?;
        ensure!(stranger["previewApproval"].is_null(), "{stranger}");
    }
    moves::verify(&server.app).await?;
    moves::end(server).await
}
