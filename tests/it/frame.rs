//! The frame: health, sign-in, GraphQL over HTTP.

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tests::moves;
use tests::{Backend, Client, Outcome, Registry, Server};

pub fn register(registry: &mut Registry) {
    registry.both("frame: a fresh server is ready, and tells strangers nothing", fresh_server);
    registry.both("frame: a row of a list says what the thing itself says, field by field", rows);
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
