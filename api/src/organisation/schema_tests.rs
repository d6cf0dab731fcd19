//! Administration through the schema, as a client sees it.

use async_graphql::{Request, Variables};
use serde_json::{Value, json};

use crate::app::App;
use crate::graphql::{Schema, schema};
use crate::identity::Actor;
use crate::testing;

async fn ask(schema: &Schema, document: &str, variables: Value) -> Value {
    let request = Request::new(document).variables(Variables::from_json(variables)).data(Actor::system());
    let answer = schema.execute(request).await;
    assert!(answer.errors.is_empty(), "{:?}", answer.errors);
    answer.data.into_json().unwrap()
}

async fn save_region(schema: &Schema, code: &str) -> Value {
    let document = "mutation($input: SaveRegionInput!) { saveRegion(input: $input) { region { id version } errors { code field message } } }";
    let input = json!({ "idempotencyKey": code, "namespace": "GB/T 2260", "code": code, "name": "武汉市" });
    ask(schema, document, json!({ "input": input })).await["saveRegion"].clone()
}

async fn ready() -> (App, Schema, tempfile::TempDir) {
    let (app, folder) = testing::app().await;
    (app.clone(), schema(app), folder)
}

#[tokio::test]
async fn what_is_saved_is_in_the_answer_in_the_trail_and_in_the_log() {
    let (_app, schema, _folder) = ready().await;
    let saved = save_region(&schema, "420100").await;
    assert_eq!(saved["errors"], json!([]));
    let region = saved["region"]["id"].clone();
    let document = "mutation($input: SaveUnitInput!) { saveUnit(input: $input) {
        unit { id name state fiscalRegion { code } parent { name } version } errors { code field message } } }";
    let input = json!({
        "idempotencyKey": "u", "name": "武汉市教育局", "creditCode": "1242000042000186X2",
        "fiscalLevel": "CITY", "fiscalRegionId": region, "placeRegionId": region,
    });
    let saved = ask(&schema, document, json!({ "input": input })).await["saveUnit"].clone();
    assert_eq!(saved["errors"], json!([]));
    assert_eq!(saved["unit"]["fiscalRegion"]["code"], "420100");

    let document = "query($id: ID!) {
        units(first: 1, filter: { text: \"1242\" }) { edges { cursor node { id placeRegion { name } } } pageInfo { hasNextPage } }
        auditTrail(subject: $id) { edges { node { seq action payload actorName } } }
        events(first: 1) { edges { node { kind subjectId payload } } pageInfo { hasNextPage endCursor } }
        jobs { edges { node { kind } } }
        citySettings { name value defaultValue validFrom }
        requiredFields(first: 100) { edges { node { kind step field } } }
        unit(id: \"nonsense\") { id }
    }";
    let seen = ask(&schema, document, json!({ "id": saved["unit"]["id"] })).await;
    assert_eq!(seen["units"]["edges"][0]["node"]["placeRegion"]["name"], "武汉市");
    assert_eq!(seen["units"]["pageInfo"]["hasNextPage"], false);
    let entry = &seen["auditTrail"]["edges"][0]["node"];
    assert_eq!((&entry["seq"], &entry["action"]), (&json!(1), &json!("unit.created")));
    assert_eq!(entry["payload"]["creditCode"], "1242000042000186X2");
    assert_eq!(seen["events"]["edges"][0]["node"]["kind"], "region.created");
    assert_eq!(seen["events"]["edges"][0]["node"]["subjectId"], region);
    assert_eq!(seen["events"]["pageInfo"]["hasNextPage"], true);
    assert_eq!(seen["jobs"]["edges"], json!([]));
    assert_eq!(
        seen["citySettings"][0],
        json!({ "name": "hold_days", "value": 10, "defaultValue": 10, "validFrom": null })
    );
    assert_eq!(seen["requiredFields"]["edges"].as_array().unwrap().len(), 13);
    assert_eq!(seen["unit"], Value::Null);
}

#[tokio::test]
async fn mistakes_are_data_with_their_field_and_a_sentence() {
    let (_app, schema, _folder) = ready().await;
    save_region(&schema, "420100").await;
    let document = "mutation($input: SaveUnitInput!) { saveUnit(input: $input) { unit { id } errors { code field message } } }";
    let input = json!({
        "idempotencyKey": "u", "name": "", "creditCode": "1242000042000186X3", "fiscalLevel": "DISTRICT",
        "fiscalRegionId": "rgn_00000000000000000000000000000001", "placeRegionId": "lst_00000000000000000000000000000001",
    });
    let saved = ask(&schema, document, json!({ "input": input })).await["saveUnit"].clone();
    assert_eq!(saved["unit"], Value::Null);
    assert_eq!(saved["errors"][0]["code"], "NOT_FOUND");
    assert_eq!(saved["errors"][0]["field"], json!(["placeRegionId"]));
    assert!(!saved["errors"][0]["message"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn every_root_field_has_a_row_in_the_policy() {
    let (_app, schema, _folder) = ready().await;
    let document = "{ __schema { queryType { fields { name } } mutationType { fields { name } } } }";
    let seen = ask(&schema, document, json!({})).await;
    for kind in ["queryType", "mutationType"] {
        for field in seen["__schema"][kind]["fields"].as_array().unwrap() {
            let name = field["name"].as_str().unwrap();
            let known = crate::authz::Operation::of_field(name).is_some();
            assert!(known || name.starts_with('_'), "{name} has no row");
        }
    }
}
