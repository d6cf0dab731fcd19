//! Every list against a plain filter of all its rows; and sessions that end.

use std::collections::HashSet;

use anyhow::{Context, ensure};
use api::demo::city::Plan;
use api::demo::load::{self, Progress};
use api::graphql::ids::{Kind, encode};
use api::identity::sign_in::sign_out;
use entity::identity::{Role, rights_generation};
use entity::transfers::transfer;
use entity::warehouses::warehouse;
use sea_orm::{EntityTrait, QuerySelect};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::rights::people::{Place, enrol};
use tests::{Backend, Client, Outcome, Registry, Server};

pub fn register(registry: &mut Registry) {
    registry.both("lists: any filter gives what a plain filter of all rows gives, page by page", filtered);
    registry.both("lists: hand-overs and savings are shown to their sides, and to nobody else", sides);
    // Two servers share a database on PostgreSQL only: `beside` gives SQLite a file of its own.
    let name = "sessions: a sign-out ends that session at every process, and no other";
    registry.on(Backend::Postgres, name, signed_out);
}

/// A list: its field, the type of its filter, what is read of a row, and what can be asked for: the field of the filter,
/// where a row says it, and whether several values can be named.
struct List {
    field: &'static str,
    filter: &'static str,
    select: &'static str,
    asks: &'static [(&'static str, &'static str, bool)],
}

const LISTS: [List; 7] = [
    List {
        field: "listings",
        filter: "ListingFilter",
        select: "id state custody unit { id } asset { kind condition category { id } }",
        asks: &[
            ("kinds", "/asset/kind", true),
            ("conditions", "/asset/condition", true),
            ("categoryIds", "/asset/category/id", true),
            ("custody", "/custody", false),
            ("unitIds", "/unit/id", true),
        ],
    },
    List {
        field: "assets",
        filter: "AssetFilter",
        select: "id kind state number holder { id } category { id }",
        asks: &[
            ("kind", "/kind", false),
            ("state", "/state", false),
            ("number", "/number", false),
            ("holderId", "/holder/id", false),
            ("categoryId", "/category/id", false),
        ],
    },
    List {
        field: "requests",
        filter: "RequestFilter",
        select: "id number unit { id }",
        asks: &[("number", "/number", false), ("unitId", "/unit/id", false)],
    },
    List {
        field: "requestLines",
        filter: "RequestLineFilter",
        select: "id state listing { id unit { id } }",
        asks: &[
            ("states", "/state", true),
            ("listingId", "/listing/id", false),
            ("givingUnitId", "/listing/unit/id", false),
        ],
    },
    List {
        field: "transfers",
        filter: "TransferFilter",
        select: "id number state custody listingId lineId giver { id } receiver { id }",
        asks: &[
            ("giverId", "/giver/id", false),
            ("receiverId", "/receiver/id", false),
            ("states", "/state", true),
            ("number", "/number", false),
            ("listingId", "/listingId", false),
            ("lineId", "/lineId", false),
        ],
    },
    List {
        field: "loans",
        filter: "LoanFilter",
        select: "id number state listingId unit { id } giver { id }",
        asks: &[
            ("unitId", "/unit/id", false),
            ("giverId", "/giver/id", false),
            ("listingId", "/listingId", false),
            ("states", "/state", true),
            ("number", "/number", false),
        ],
    },
    List {
        field: "savingEntries",
        filter: "SavingFilter",
        select: "id method custody mode entry transferId assetId giver { id } receiver { id } category { id }",
        asks: &[
            ("methods", "/method", true),
            ("custody", "/custody", false),
            ("mode", "/mode", false),
            ("entry", "/entry", false),
            ("transferId", "/transferId", false),
            ("assetId", "/assetId", false),
            ("givingUnitIds", "/giver/id", true),
            ("receivingUnitIds", "/receiver/id", true),
            ("categoryIds", "/category/id", true),
        ],
    },
];

impl List {
    /// All rows under a filter, read page by page.
    async fn rows(&self, client: &Client, filter: &Value, page: u32) -> anyhow::Result<Vec<Value>> {
        let query = format!(
            "query($filter: {}, $first: Int, $after: String) {{ {}(filter: $filter, first: $first, after: $after) {{
                edges {{ node {{ {} }} }} pageInfo {{ hasNextPage endCursor }} }} }}",
            self.filter, self.field, self.select
        );
        let mut rows = Vec::new();
        let mut after = Value::Null;
        loop {
            let variables = json!({ "filter": filter, "first": page, "after": after });
            let mut data = client.ask(&query, variables).await?;
            let mut found = data[self.field].take();
            let edges = found["edges"].as_array_mut().context("a list has edges")?;
            rows.extend(edges.iter_mut().map(|edge| edge["node"].take()));
            if found["pageInfo"]["hasNextPage"] != true {
                return Ok(rows);
            }
            after = found["pageInfo"]["endCursor"].take();
        }
    }
}

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n.max(1)
    }
}

/// A small city, a district's office, a head of the unit that gave most, a keeper of the warehouse, and an auditor.
struct City {
    server: Server,
    unit: Uuid,
    district: HashSet<Uuid>,
    auditor: Client,
    office: Client,
    head: Client,
    keeper: Client,
}

async fn city(backend: Backend) -> anyhow::Result<City> {
    let server = Server::start(backend).await?;
    let today = server.app.clock().today();
    let plan = Plan { units: 20, listings: 300, pictures: 5, ..Plan::demo(7, today) };
    load::load(&server.app, &plan, &Progress::hidden()).await?;
    server.app.generation().await?;
    let db = server.app.db().read();
    let gave: Vec<Uuid> =
        transfer::Entity::find().select_only().column(transfer::Column::GiverId).into_tuple().all(db).await?;
    let times = |unit: &Uuid| gave.iter().filter(|giver| *giver == unit).count();
    let unit = *gave.iter().max_by_key(|unit| times(unit)).context("nothing was handed over")?;
    let reference = server.app.reference();
    let region = reference.unit(unit).context("the unit is there")?.place_region_id;
    let keeps = warehouse::Entity::find().one(db).await?.context("a warehouse")?.id;
    let people = [
        (Role::Auditor, Place::City),
        (Role::Office, Place::Region(region)),
        (Role::Head, Place::Unit(unit)),
        (Role::Staff, Place::Warehouse(keeps)),
    ];
    let clients = enrol(&server.app, &server.base(), &people).await?;
    let [auditor, office, head, keeper] = <[Client; 4]>::try_from(clients).ok().context("four people")?;
    let district = reference.units_in_region(region);
    Ok(City { server, unit, district, auditor, office, head, keeper })
}

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().filter_map(|row| row["id"].as_str()).collect()
}

async fn filtered(backend: Backend) -> Outcome {
    let city = city(backend).await?;
    let mut dice = Dice(17);
    let every_state =
        json!({ "states": ["DRAFT", "SUBMITTED", "PUBLICITY", "LISTED", "WITHDRAWN", "REJECTED"] });
    for (name, client) in [("auditor", &city.auditor), ("office", &city.office), ("head", &city.head)] {
        for list in &LISTS {
            if list.field == "loans" && name != "auditor" {
                // The city lends little: not everybody has a part in it.
                continue;
            }
            let mut bases = vec![json!({})];
            if list.field == "listings" {
                bases.push(every_state.clone());
            }
            for base in bases {
                let all = list.rows(client, &base, 50).await?;
                ensure!(!all.is_empty(), "{name} sees nothing of {}", list.field);
                for _ in 0..25 {
                    let mut filter: Map<String, Value> = base.as_object().cloned().unwrap_or_default();
                    let mut expected: Vec<&Value> = all.iter().collect();
                    for (field, place, several) in list.asks {
                        if dice.below(3) > 0 {
                            continue;
                        }
                        let wanted: Vec<Value> = (0..=usize::from(*several))
                            .filter_map(|_| all[dice.below(all.len())].pointer(place).cloned())
                            .filter(|value| !value.is_null())
                            .collect();
                        let Some(first) = wanted.first().cloned() else { continue };
                        expected.retain(|row| row.pointer(place).is_some_and(|value| wanted.contains(value)));
                        let value = if *several { Value::Array(wanted) } else { first };
                        filter.insert((*field).to_owned(), value);
                    }
                    let filter = Value::Object(filter);
                    let found = list.rows(client, &filter, 7).await?;
                    let expected: Vec<&str> = expected.iter().filter_map(|row| row["id"].as_str()).collect();
                    ensure!(ids(&found) == expected, "{name}, {}, {filter}", list.field);
                }
            }
        }
    }
    city.server.stop().await
}

async fn sides(backend: Backend) -> Outcome {
    let city = city(backend).await?;
    let district: HashSet<String> = city.district.iter().map(|id| encode(Kind::Unit, *id).0).collect();
    let unit = HashSet::from([encode(Kind::Unit, city.unit).0]);
    for list in LISTS.iter().filter(|list| ["transfers", "savingEntries"].contains(&list.field)) {
        let all = list.rows(&city.auditor, &json!({}), 50).await?;
        let of = |units: &HashSet<String>| {
            let theirs = |row: &&Value| {
                ["giver", "receiver"]
                    .iter()
                    .any(|side| row[side]["id"].as_str().is_some_and(|id| units.contains(id)))
            };
            all.iter().filter(theirs).filter_map(|row| row["id"].as_str()).collect::<Vec<_>>()
        };
        for (client, units) in [(&city.office, &district), (&city.head, &unit)] {
            let expected = of(units);
            ensure!(!expected.is_empty() && expected.len() < all.len(), "{} tells nothing", list.field);
            ensure!(ids(&list.rows(client, &json!({}), 7).await?) == expected, "{}", list.field);
        }
        if list.field == "transfers" {
            let shelved: Vec<&str> = all
                .iter()
                .filter(|row| row["custody"] == "PHYSICAL")
                .filter_map(|row| row["id"].as_str())
                .collect();
            ensure!(!shelved.is_empty() && shelved.len() < all.len());
            ensure!(ids(&list.rows(&city.keeper, &json!({}), 7).await?) == shelved);
        }
    }
    city.server.stop().await
}

async fn signed_out(backend: Backend) -> Outcome {
    let server = Server::start(backend).await?;
    let other = server.beside().await?;
    let people = [(Role::Auditor, Place::City), (Role::Auditor, Place::City)];
    let clients = enrol(&server.app, &server.base(), &people).await?;
    let rights = || async {
        let row = rights_generation::Entity::find().one(server.app.db().read()).await?;
        anyhow::Ok(row.context("one row")?.n)
    };
    let asks = |client: Client| async move {
        let body = client.raw("{ me { id } }", json!({})).await?;
        anyhow::Ok(body["data"]["me"]["id"].is_string())
    };
    let [leaves, stays] = &clients[..] else { anyhow::bail!("two people") };
    // Both processes know both of them.
    for _ in 0..2 {
        for client in [leaves, stays] {
            ensure!(asks(client.clone()).await? && asks(client.at(&other.base())).await?);
        }
    }
    let before = rights().await?;
    let token = leaves.token().context("a session")?;
    let actor = server.app.who(token).await?.context("signed in")?;
    sign_out(&server.app, &actor, token).await?;
    ensure!(!asks(leaves.at(&other.base())).await?, "the other process still knows it");
    ensure!(!asks(leaves.clone()).await?, "its own process still knows it");
    ensure!(asks(stays.at(&other.base())).await? && asks(stays.clone()).await?);
    let token = stays.token().context("a session")?;
    ensure!(other.app.remembered(token).is_some(), "the end of one session made it forget another");
    ensure!(rights().await? == before, "nobody's rights have changed");
    other.stop().await?;
    server.stop().await
}
