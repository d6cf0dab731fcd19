//! RESTRICTED: for those without the right it is as if it were not there.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use api::app::App;
use entity::identity::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::people::{Place, enrol};
use tests::city::{City, Person, Unit};
use tests::moves::{self, decide, draft_listing, key, photograph, png, submit_listing, text};
use tests::{Backend, Outcome};

const SERIAL: &str = "SN-7788-RESTRICTED";

pub async fn hidden(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 2).await?;
    let (card, listing) = restricted(&city).await?;
    indexed(&city).await?;
    let outsider = &city.receivers[0];

    for (who, sees) in [
        (&outsider.clerk, false),
        (&outsider.head, false),
        (&city.receivers[1].clerk, false),
        (&city.giver.clerk, true),
        (&city.giver.head, true),
        (&city.office, true),
        (&city.auditor, true),
    ] {
        lists(who, &card, &listing, sees).await?;
    }
    records(&server.app, &server.base(), &city, &card, &listing).await.context("records")?;
    lookups(&city, &outsider.clerk, &card, &listing).await.context("look-ups")?;
    errors(outsider, &card, &listing).await.context("errors")?;
    pictures(&city, &outsider.clerk, &card).await.context("pictures")?;
    serials(&city, outsider).await.context("serial numbers")?;
    moves::end(server).await
}

/// Waits until those with the right find it: a long transaction of another test on the same PostgreSQL holds back what
/// the index may read.
async fn indexed(city: &City) -> Outcome {
    let begun = Instant::now();
    while city.office.client.ask("{ search { totalCount } }", json!({})).await?["search"]["totalCount"] != 1 {
        ensure!(begun.elapsed() < Duration::from_secs(20), "the index does not hear of the listing");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// A restricted card of the giver that is listed, with a picture and a serial number.
async fn restricted(city: &City) -> anyhow::Result<(String, String)> {
    let giver = &city.giver;
    let input = json!({
        "idempotencyKey": key(), "holderId": giver.gid, "categoryId": city.desks, "name": "保密柜甲",
        "condition": "GOOD", "place": "三楼库房", "quantity": 1, "measure": "台", "value": "777700",
        "valueBasis": "ORIGINAL", "acquiredOn": "2023-03-15", "number": key(), "brand": "天工", "serial": SERIAL,
        "restricted": true,
    });
    let answer = giver.clerk.client.mutate("draftAsset", "DraftAssetInput", input, "asset { id }").await?;
    let card = text(&answer["asset"]["id"])?;
    photograph(&giver.clerk, &card, png(11)).await?;
    let (listing, version) = draft_listing(giver, &card, json!({})).await?;
    submit_listing(giver, &listing, version).await?;
    decide(&giver.head, &listing, "APPROVE", json!({})).await?;
    decide(&city.office, &listing, "APPROVE", json!({})).await?;
    Ok((card, listing))
}

async fn lists(who: &Person, card: &str, listing: &str, sees: bool) -> Outcome {
    let query = "{ listings(first: 100) { edges { node { id } } }
        found: search(text: \"保密柜\") { totalCount edges { node { id } } }
        branded: search(text: \"天工\") { totalCount }
        all: search { totalCount }
        dear: search(filter: { valueFrom: \"777700\", valueTo: \"777700\" }) { totalCount } }";
    let data = who.client.ask(query, json!({})).await?;
    let count = i64::from(sees);
    for name in ["found", "branded", "all", "dear"] {
        ensure!(data[name]["totalCount"] == count, "{name}: {data}");
    }
    let told = data.to_string();
    ensure!(told.contains(listing) == sees && !told.contains(card), "{data}");
    let one = "query($card: ID!, $listing: ID!) { asset(id: $card) { id } listing(id: $listing) { id } }";
    let data = who.client.ask(one, json!({ "card": card, "listing": listing })).await?;
    ensure!(data["asset"].is_null() != sees && data["listing"].is_null() != sees, "{data}");
    Ok(())
}

async fn lookups(city: &City, outsider: &Person, card: &str, listing: &str) -> Outcome {
    let query = "query($unit: ID!, $category: ID!) {
        assets(first: 100) { edges { node { id } } }
        transfers(first: 100) { edges { node { id } } }
        requestLines(first: 100) { edges { node { id } } }
        tasks(first: 100) { edges { node { subjectId } } }
        freezes(first: 100) { edges { node { id } } }
        listings(first: 100, filter: { unitIds: [$unit], categoryIds: [$category], states: [LISTED, SUBMITTED] }) {
            edges { node { id } } } }";
    let variables = json!({ "unit": city.giver.gid, "category": city.desks });
    let told = outsider.client.ask(query, variables).await?.to_string();
    ensure!(!told.contains(card) && !told.contains(listing), "{told}");
    Ok(())
}

/// Trail and log: for the people of other units, whatever their role, nothing of it is there.
async fn records(app: &App, base: &str, city: &City, card: &str, listing: &str) -> Outcome {
    let elsewhere = Place::Unit(city.receivers[1].id);
    let roles = [Role::Auditor, Role::Finance, Role::Office].map(|role| (role, elsewhere));
    let mut people = enrol(app, base, &roles).await?;
    people.extend([city.receivers[0].clerk.client.clone(), city.receivers[0].head.client.clone()]);
    let trail = "query($id: ID!) { auditTrail(subject: $id) { edges { node { payload } } } }";
    for client in &people {
        for id in [card, listing] {
            let body = client.raw(trail, json!({ "id": id })).await?;
            ensure!(body["errors"][0]["extensions"]["code"] == "FORBIDDEN", "{body}");
        }
        let body = client.raw("{ events(first: 100) { edges { node { kind } } } }", json!({})).await?;
        ensure!(body["errors"][0]["extensions"]["code"] == "FORBIDDEN", "{body}");
    }
    let seen = city.auditor.client.ask(trail, json!({ "id": card })).await?;
    ensure!(seen["auditTrail"]["edges"].as_array().is_some_and(|edges| !edges.is_empty()), "{seen}");
    Ok(())
}

/// What is said about the hidden thing is, word for word, what is said about one that is not there.
async fn errors(outsider: &Unit, card: &str, listing: &str) -> Outcome {
    let client = &outsider.clerk.client;
    let (no_card, no_listing) =
        ("ast_019c0000000070008000000000000000", "lst_019c0000000070008000000000000000");
    for (field, input_type, input) in [
        ("updateAsset", "UpdateAssetInput", json!({ "id": card, "version": 1, "name": "x" })),
        ("draftListing", "DraftListingInput", json!({ "assetId": card })),
        ("updateListing", "UpdateListingInput", json!({ "id": listing, "version": 1 })),
        ("submitListing", "SubmitListingInput", json!({ "id": listing, "version": 1 })),
        ("withdrawListing", "WithdrawListingInput", json!({ "id": listing, "version": 1 })),
        (
            "startPhotoUpload",
            "StartPhotoUploadInput",
            json!({
            "asset": card, "name": "x", "contentType": "image/png", "bytes": 9, "sha256": "00".repeat(32) }),
        ),
    ] {
        let mut answers = Vec::new();
        for other in [false, true] {
            let text = input.to_string();
            let text = if other { text.replace(card, no_card).replace(listing, no_listing) } else { text };
            let mut input: Value = serde_json::from_str(&text)?;
            input["idempotencyKey"] = json!(key());
            answers.push(client.attempt(field, input_type, input, "__typename").await?);
        }
        ensure!(answers[0] == answers[1], "{field}: {} and {}", answers[0], answers[1]);
        ensure!(answers[0]["errors"][0]["code"] == "NOT_FOUND", "{field}: {}", answers[0]);
    }
    let mut answers = Vec::new();
    for id in [listing, no_listing] {
        let input = json!({
            "idempotencyKey": key(), "unitId": outsider.gid, "justification": "需要",
            "lines": [{ "listingId": id, "quantity": 1 }],
        });
        let select = "request { id version }";
        let drafted = client.attempt("draftRequest", "DraftRequestInput", input, select).await?;
        if drafted["request"].is_null() {
            answers.push(drafted);
            continue;
        }
        let input = json!({
            "idempotencyKey": key(), "requestId": drafted["request"]["id"], "version": drafted["request"]["version"],
        });
        answers
            .push(client.attempt("submitRequest", "SubmitRequestInput", input, "request { number }").await?);
    }
    ensure!(answers[0] == answers[1], "asking: {} and {}", answers[0], answers[1]);
    ensure!(
        answers[0]["errors"].as_array().is_some_and(|errors| !errors.is_empty()),
        "asking: {}",
        answers[0]
    );
    Ok(())
}

async fn pictures(city: &City, outsider: &Person, card: &str) -> Outcome {
    let query = "query($id: ID!) { asset(id: $id) { photos { id url(size: SMALL) } } }";
    let data = city.giver.clerk.client.ask(query, json!({ "id": card })).await?;
    let photo = &data["asset"]["photos"][0];
    let address = text(&photo["url"])?;
    ensure!(
        outsider.client.request(Method::GET, &address).send().await?.status() == 200,
        "the address is a permission"
    );
    let told = outsider.client.ask(query, json!({ "id": card })).await?;
    ensure!(told["asset"].is_null(), "{told}");
    // Without its signature the address is nothing, and whether there is such a picture is not told.
    let path = address.split('?').next().context("a path")?;
    let unknown = format!("/photos/{}/small", "0".repeat(64));
    let mut answers = Vec::new();
    for path in [path, &unknown] {
        let answer = outsider.client.request(Method::GET, path).send().await?;
        answers.push((answer.status(), answer.text().await?));
    }
    ensure!(answers[0].0 == 403 && answers[0] == answers[1], "{answers:?}");
    let mut answers = Vec::new();
    for id in [photo["id"].clone(), json!("pho_019c0000000070008000000000000000")] {
        let input = json!({ "photo": id, "idempotencyKey": key() });
        answers.push(outsider.client.attempt("removePhoto", "RemovePhotoInput", input, "removed").await?);
    }
    ensure!(answers[0] == answers[1] && answers[0]["removed"] == false, "{answers:?}");
    Ok(())
}

async fn serials(city: &City, outsider: &Unit) -> Outcome {
    let draft = async |unit: &Unit, serial: &str| {
        let input = json!({
            "idempotencyKey": key(), "holderId": unit.gid, "categoryId": city.desks, "name": "柜", "brand": "天工",
            "serial": serial,
        });
        let begun = Instant::now();
        let answer = unit
            .clerk
            .client
            .attempt("draftAsset", "DraftAssetInput", input, "asset { serial version }")
            .await?;
        anyhow::Ok((answer, begun.elapsed()))
    };
    // Whoever may see the card hears of it.
    let (answer, _) = draft(&city.giver, SERIAL).await?;
    ensure!(answer["errors"][0]["code"] == "DUPLICATE", "{answer}");
    // Whoever may not gets the answer, and takes the time, of a number that nobody has.
    let (mut taken, mut fresh) = (Vec::new(), Vec::new());
    let (answer, _) = draft(outsider, SERIAL).await?;
    ensure!(answer["errors"] == json!([]) && answer["asset"]["version"] == 1, "{answer}");
    for round in 0..20 {
        // Each time for a number of a card of its own: the outsider sees no card of this number yet.
        let hidden = format!("SN-HIDDEN-{round}");
        let input = json!({
            "idempotencyKey": key(), "holderId": city.giver.gid, "categoryId": city.desks, "name": "柜", "brand": "天工",
            "serial": hidden, "restricted": true,
        });
        city.giver.clerk.client.mutate("draftAsset", "DraftAssetInput", input, "asset { id }").await?;
        let (of_taken, time) = draft(outsider, &hidden).await?;
        taken.push(time);
        let free = format!("SN-NOBODY-{round}");
        let (of_fresh, time) = draft(outsider, &free).await?;
        fresh.push(time);
        let same = of_taken.to_string().replace(&hidden, "") == of_fresh.to_string().replace(&free, "");
        ensure!(same && of_taken["errors"] == json!([]), "{of_taken} and {of_fresh}");
    }
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    let (taken, fresh) = (median(taken), median(fresh));
    // Generous, as the machine has other things to do; the statements are the same, which this only confirms.
    ensure!(taken < fresh * 3 && fresh < taken * 3, "taken {taken:?}, free {fresh:?}");
    // The office hears of all of them, and settles one.
    let query = "{ duplicateCases(first: 100) { edges { node { id asset { id } } } } }";
    let data = city.office.client.ask(query, json!({})).await?;
    let cases = data["duplicateCases"]["edges"].as_array().context("cases")?;
    ensure!(cases.len() == 21, "{} cases", cases.len());
    let input = json!({ "id": cases[0]["node"]["id"], "idempotencyKey": key() });
    city.office.client.mutate("resolveDuplicate", "ResolveDuplicateInput", input, "__typename").await?;
    Ok(())
}
