//! The frame: health, sign-in, GraphQL over HTTP.

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tests::moves;
use tests::{Backend, Client, Outcome, Registry, Server};

pub fn register(registry: &mut Registry) {
    registry.both("frame: a fresh server is ready, and tells strangers nothing", fresh_server);
    registry.both("frame: a row of a list says what the thing itself says, field by field", rows);
    registry.both("frame: a thing is found by its global id, and only by those who may see it", nodes);
}

async fn fresh_server(backend: Backend) -> Outcome {
    let server = Server::start(backend).await?;
    let client = server.client();
    let ready = client.request(reqwest::Method::GET, "/health/ready").send().await?;
    ensure!(ready.status() == 200, "{}", ready.status());
    let body = client.raw("{ me { name } }", json!({})).await?;
    ensure!(body["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED", "{body}");
    ensure!(body.get("data").is_none(), "{body}");
    let refused = client.sign_in("nobody", "not a password").await;
    ensure!(refused.is_err());
    server.stop().await
}

/// Rows are resolved by a way of their own (`graphql::at_hand`): here beside the resolvers.
async fn rows(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 1).await?;
    let listing = moves::list(&city, "会议桌", 3, 600_000).await?;
    let client = &city.giver.clerk.client;
    let mut fields = selections(client, "Listing", 2).await?;
    ensure!(fields.len() > 15, "{fields:?}");
    // All at once, each alone, and as clients with fragments write them.
    fields.push(fields.join(" "));
    fields
        .push("... on Listing { id } ...F x: id __typename unit { name } unit { id __typename }".to_owned());
    fields.push("asset { name ... on Asset { brand } } state state".to_owned());
    for fields in fields {
        let fragment =
            if fields.contains("...F") { "fragment F on Listing { state asset { id } }" } else { "" };
        let list =
            format!("{{ listings(first: 1) {{ edges {{ cursor node {{ {fields} }} }} }} }} {fragment}");
        let one = format!("query($id: ID!) {{ listing(id: $id) {{ {fields} }} }} {fragment}");
        let list = client.ask(&list, json!({})).await?;
        let one = client.ask(&one, json!({ "id": listing })).await?;
        let row = &list["listings"]["edges"][0]["node"];
        ensure!(row.is_object() && *row == one["listing"], "{fields}: {row} is not {}", one["listing"]);
    }
    moves::end(server).await
}

async fn nodes(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 1).await?;
    let (giver, asker) = (&city.giver.clerk.client, &city.receivers[0].clerk.client);
    let listing = moves::list(&city, "会议桌", 3, 600_000).await?;
    let hidden = moves::draft_card(&city, &city.giver, "保险柜", 1, 90_000).await?;
    let transfer = moves::deliver(&city, &city.receivers[0], &listing, 1).await?;
    let query = "query($id: ID!) { node(id: $id) { __typename id } }";
    for (id, name) in [
        (&listing, "Listing"),
        (&transfer, "Transfer"),
        (&city.giver.gid, "Unit"),
        (&city.desks, "Category"),
        (&city.warehouse, "Warehouse"),
    ] {
        let data = asker.ask(query, json!({ "id": id })).await?;
        ensure!(data["node"] == json!({ "__typename": name, "id": id }), "{data}");
    }
    ensure!(giver.ask(query, json!({ "id": hidden })).await?["node"]["id"] == hidden);
    for id in [hidden.as_str(), "lst_00000000000000000000000000000007", "x", ""] {
        ensure!(asker.ask(query, json!({ "id": id })).await?["node"].is_null(), "{id}");
    }
    // As the router of a federated graph asks: one batch of many, in order, with null for what is not the caller's.
    let query = "query($of: [_Any!]!) { _entities(representations: $of) { __typename
        ... on Listing { stock { available } } ... on Unit { name } ... on Asset { name } } }";
    let mut of = vec![
        json!({ "__typename": "Listing", "id": listing }),
        json!({ "__typename": "Asset", "id": hidden }),
        json!({ "__typename": "Unit", "id": city.giver.gid }),
        json!({ "__typename": "Unit", "id": listing }),
    ];
    of.extend(std::iter::repeat_n(of[0].clone(), 600));
    let data = asker.ask(query, json!({ "of": of })).await?;
    let found = data["_entities"].as_array().context("entities")?;
    ensure!(found.len() == of.len(), "{} of {}", found.len(), of.len());
    ensure!(
        found[0]["stock"]["available"] == 2 && found[1].is_null() && found[3].is_null(),
        "{:?}",
        &found[..4]
    );
    ensure!(found[2]["name"] == "市教育局" && found[603] == found[0], "{:?}", &found[..4]);
    let data = giver.ask(query, json!({ "of": [of[1]] })).await?;
    ensure!(data["_entities"][0]["name"] == "保险柜", "{data}");
    let body = server.client().raw(query, json!({ "of": [of[2]] })).await?;
    ensure!(body["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED", "{body}");
    moves::end(server).await
}

/// Every field of a type, those of the things it names with theirs.
async fn selections(client: &Client, name: &str, depth: usize) -> anyhow::Result<Vec<String>> {
    let query = "query($name: String!) { __type(name: $name) { fields { name type { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } }";
    let data = client.ask(query, json!({ "name": name })).await?;
    let mut found = Vec::new();
    for field in data["__type"]["fields"].as_array().context("fields")? {
        let inner = named(&field["type"]);
        let (word, kind) = (moves::text(&field["name"])?, &inner["kind"]);
        if kind != "OBJECT" {
            found.push(word);
        } else if depth > 0 {
            let below = Box::pin(selections(client, &moves::text(&inner["name"])?, depth - 1)).await?;
            found.push(format!("{word} {{ {} }}", below.join(" ")));
        }
    }
    Ok(found)
}

/// The type without its wrappers.
fn named(of: &Value) -> &Value {
    if of["name"].is_string() { of } else { named(&of["ofType"]) }
}
