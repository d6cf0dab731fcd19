//! Three cities whose approval rules differ: data, and not a line of code between them. What each case needs stands in a table.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, ensure};
use api::app::App;
use entity::approvals::{StepState, approval_case, approval_step};
use entity::identity::Role;
use entity::listings::{ListingState, listing};
use entity::requests::{LineState, request_line};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::rights::people::{Place, enrol};
use tests::city::City;
use tests::moves::{self, key};
use tests::{Backend, Client, Outcome, Registry};

pub fn register(registry: &mut Registry) {
    registry
        .both("approvals: whatever is commanded, in each city nothing gets past a step", nothing_gets_past);
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

/// Random commands of everybody under each city's rules, and after each a look at the rows: what is listed or promised has
/// all the consents that its plan asks for, and none is an applicant's.
async fn nothing_gets_past(backend: Backend) -> Outcome {
    const COMMANDS: usize = 120;
    let (server, city) = moves::begin(backend, 2).await?;
    let mut everybody = vec![city.office.client.clone(), city.finance.client.clone()];
    for unit in std::iter::once(&city.giver).chain(&city.receivers) {
        everybody.extend([unit.clerk.client.clone(), unit.head.client.clone()]);
        let place = [(Role::Supervisor, Place::Unit(unit.id)), (Role::Clerk, Place::Unit(unit.id))];
        everybody.extend(enrol(&server.app, &server.base(), &place).await?);
    }
    let mut verdicts = BTreeMap::<&str, usize>::new();
    for (seed, (name, rules)) in (0..).zip(CITIES) {
        publish(&city.office.client, rules, &categories(&city)).await?;
        let mut random = StdRng::seed_from_u64(seed);
        let mut listings = Vec::new();
        for n in 0..COMMANDS {
            let told = command(&city, &everybody, &mut listings, &mut random).await?;
            *verdicts.entry(told).or_default() += 1;
            sound(&server.app).await.with_context(|| format!("{name}, command {n}: {told}"))?;
        }
    }
    println!("{backend:?}: {verdicts:?}");
    for must in ["handed in", "APPROVE", "RETURN", "REJECT", "withdrawn", "asked"] {
        ensure!(verdicts.contains_key(must), "never: {must} in {verdicts:?}");
    }
    moves::verify(&server.app).await?;
    moves::end(server).await
}

async fn command(
    city: &City,
    everybody: &[Client],
    listings: &mut Vec<String>,
    random: &mut StdRng,
) -> anyhow::Result<&'static str> {
    match random.random_range(0..10) {
        0 | 1 => {
            let value = [100, 3_000_000, 12_000_000][random.random_range(0..3)];
            let pieces = random.random_range(1..=3);
            let asset = moves::draft_card(city, &city.giver, "办公桌", pieces, value).await?;
            moves::photograph(&city.giver.clerk, &asset, moves::png(7)).await?;
            let (listing, version) = moves::draft_listing(&city.giver, &asset, json!({})).await?;
            moves::submit_listing(&city.giver, &listing, version).await?;
            listings.push(listing);
            Ok("handed in")
        }
        2 if !listings.is_empty() => {
            let receiver = &city.receivers[random.random_range(0..city.receivers.len())];
            let listing = &listings[random.random_range(0..listings.len())];
            // Most are not listed yet: then nothing is asked.
            Ok(if moves::ask(receiver, listing, 1).await.is_ok() { "asked" } else { "not open" })
        }
        3 if !listings.is_empty() => {
            let listing = listings.swap_remove(random.random_range(0..listings.len()));
            let query = "query($id: ID!) { listing(id: $id) { version } }";
            let found = city.giver.clerk.client.ask(query, json!({ "id": listing })).await?;
            let input =
                json!({ "idempotencyKey": key(), "id": listing, "version": found["listing"]["version"] });
            let clerk = &city.giver.clerk.client;
            clerk.attempt("withdrawListing", "WithdrawListingInput", input, "listing { state }").await?;
            Ok("withdrawn")
        }
        _ => {
            // Whoever comes first that has something to decide.
            let first = random.random_range(0..everybody.len());
            let mut found = None;
            for somebody in everybody.iter().cycle().skip(first).take(everybody.len()) {
                let query = "{ tasks(first: 50) { edges { node { step { id } } } } }";
                let mut told = somebody.ask(query, json!({})).await?;
                if let Value::Array(tasks) = told["tasks"]["edges"].take()
                    && !tasks.is_empty()
                {
                    found = Some((somebody, tasks));
                    break;
                }
            }
            let Some((somebody, tasks)) = found else { return Ok("nothing to decide") };
            let step = &tasks[random.random_range(0..tasks.len())]["node"]["step"]["id"];
            let verdict =
                ["APPROVE", "APPROVE", "APPROVE", "APPROVE", "RETURN", "REJECT"][random.random_range(0..6)];
            // Whoever it awaits, or anybody else: that is for the service to tell apart.
            let other = &everybody[random.random_range(0..everybody.len())];
            let who = if random.random_ratio(1, 4) { other } else { somebody };
            let decision = json!({ "stepId": step, "verdict": verdict, "comment": "如题" });
            let input = json!({ "idempotencyKey": key(), "decisions": [decision] });
            who.attempt("decideSteps", "DecideStepsInput", input, "steps { state }").await?;
            Ok(verdict)
        }
    }
}

/// Told by the rows alone, and not by how the service decides.
async fn sound(app: &App) -> Outcome {
    let conn = app.db().read();
    let mut steps: HashMap<Uuid, Vec<approval_step::Model>> = HashMap::new();
    for step in approval_step::Entity::find().all(conn).await? {
        steps.entry(step.case_id).or_default().push(step);
    }
    let mut newest: HashMap<Uuid, approval_case::Model> = HashMap::new();
    for case in approval_case::Entity::find().order_by_asc(approval_case::Column::Id).all(conn).await? {
        newest.insert(case.subject_id, case);
    }
    let consented = |subject: Uuid| -> Outcome {
        let case = newest.get(&subject).with_context(|| format!("no case for {subject}"))?;
        let steps = steps.get(&case.id).context("a case without steps")?;
        for step in steps {
            ensure!(step.state == StepState::Approved, "{subject} went past {step:?}");
            let who = step.decided_by.context("nobody decided")?;
            ensure!(who != case.applicant_id && who != case.drafted_by, "{subject}: its applicant decided");
        }
        Ok(())
    };
    for listing in
        listing::Entity::find().filter(listing::Column::State.eq(ListingState::Listed)).all(conn).await?
    {
        consented(listing.id)?;
    }
    for line in request_line::Entity::find()
        .filter(request_line::Column::State.eq(LineState::Reserved))
        .all(conn)
        .await?
    {
        consented(line.id)?;
    }
    let (faults, _) = api::approvals::verify::verify(conn).await?;
    ensure!(faults.is_empty(), "{faults:?}");
    Ok(())
}
