//! Who may do what: the table against its golden file, and the service against the table.

mod delegates;
pub mod people;
mod relations;
mod restricted;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, ensure};
use api::authz::{Operation, POLICY, Relation, delegable, rules};
use serde_json::{Value, json};

use people::{ROLES, enrol};
use tests::moves;
use tests::{Backend, Client, Outcome, Registry};

pub fn register(registry: &mut Registry) {
    registry.add("rights: the golden table is the table of the code", None, golden);
    registry.both(
        "rights: every root field has a row, and is closed to strangers and to roles without one",
        rows,
    );
    registry.both(
        "rights: a role reaches what its unit or warehouse has to do with, and nothing else",
        relations::held,
    );
    registry
        .both("rights: a delegate decides, sees what is decided, and nothing else", delegates::decide_only);
    registry.both("rights: what is RESTRICTED leaks to nobody without the right", restricted::hidden);
}

/// Role, operation and relation, a line each; last what a delegate may do by the rows of who is absent.
fn table() -> String {
    let mut lines: Vec<String> = POLICY
        .iter()
        .flat_map(|(operation, rules)| {
            rules.iter().map(|(role, relation)| {
                format!(
                    "{}\t{}\t{}",
                    operation.field(),
                    role_name(*role),
                    format!("{relation:?}").to_uppercase()
                )
            })
        })
        .collect();
    let by_delegates = Operation::ALL.iter().filter(|operation| delegable(**operation));
    lines.extend(by_delegates.map(|operation| format!("{}\tDELEGATE\tABSENT", operation.field())));
    lines.sort_unstable();
    lines.iter().fold("operation\trole\trelation\n".to_owned(), |mut table, line| {
        writeln!(table, "{line}").expect("a string can be written to");
        table
    })
}

fn role_name(role: entity::identity::Role) -> String {
    format!("{role:?}").to_uppercase()
}

async fn golden() -> Outcome {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/rights.tsv");
    let table = table();
    if std::env::var_os("RENEW_GOLDEN").is_some() {
        std::fs::write(&path, &table)?;
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let (old, new) = (lines(&golden), lines(&table));
    ensure!(
        golden == table,
        "rights changed. Gone: {:#?}. New: {:#?}. If each is meant, RENEW_GOLDEN=1 writes tests/golden/rights.tsv anew.",
        old.difference(&new).collect::<Vec<_>>(),
        new.difference(&old).collect::<Vec<_>>()
    );
    Ok(())
}

/// Root fields as the service itself names them, with whether it is a mutation.
async fn root_fields(client: &Client) -> anyhow::Result<Vec<(bool, String)>> {
    let query = "{ __schema { queryType { fields { name } } mutationType { fields { name } } } }";
    let data = client.ask(query, json!({})).await?;
    let mut found = Vec::new();
    for (mutation, root) in [(false, "queryType"), (true, "mutationType")] {
        for field in data["__schema"][root]["fields"].as_array().context("fields")? {
            let name = field["name"].as_str().context("a name")?;
            // The parts of federation check for themselves.
            if !name.starts_with('_') {
                found.push((mutation, name.to_owned()));
            }
        }
    }
    Ok(found)
}

/// Code of an answer's first GraphQL error.
fn fault(body: &Value) -> &str {
    body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

async fn rows(backend: Backend) -> Outcome {
    let (server, city) = moves::begin(backend, 1).await?;
    let fields = root_fields(&city.office.client).await?;
    ensure!(fields.len() > 60, "only {} root fields", fields.len());
    let named: BTreeSet<&str> = fields.iter().map(|(_, name)| name.as_str()).collect();
    let listed: BTreeSet<&str> = Operation::ALL.iter().map(|operation| operation.field()).collect();
    ensure!(
        named == listed,
        "without a row: {:?}; without a field: {:?}",
        named.difference(&listed).collect::<Vec<_>>(),
        listed.difference(&named).collect::<Vec<_>>()
    );

    let document = |mutation: bool, field: &str| {
        format!("{} {{ {field} {{ __typename }} }}", if mutation { "mutation" } else { "query" })
    };
    for (mutation, field) in &fields {
        let body = server.client().raw(&document(*mutation, field), json!({})).await?;
        ensure!(fault(&body) == "UNAUTHENTICATED" && body.get("data").is_none(), "{field}: {body}");
    }
    // Behind an alias, a fragment or another operation a field is the same field.
    for disguise in [
        "{ me: accounts { __typename } }",
        "{ ... { accounts { __typename } } }",
        "{ ... on Query { accounts { __typename } } }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { accounts { __typename } }",
        "{ accounts @skip(if: false) { __typename } }",
        "{ __typename accounts { __typename } }",
    ] {
        let body = server.client().raw(disguise, json!({})).await?;
        ensure!(fault(&body) == "UNAUTHENTICATED", "{disguise}: {body}");
        let body = city.giver.clerk.client.raw(disguise, json!({})).await?;
        ensure!(fault(&body) == "FORBIDDEN", "{disguise}: {body}");
    }

    let people = enrol(&server.app, &server.base(), &ROLES.map(|role| (role, people::Place::City))).await?;
    for (role, client) in ROLES.iter().zip(&people) {
        for (mutation, field) in &fields {
            let operation = Operation::of_field(field).context("a row")?;
            let body = client.raw(&document(*mutation, field), json!({})).await?;
            let has_row = rules(operation).iter().any(|(allowed, _)| allowed == role);
            ensure!((fault(&body) != "FORBIDDEN") == has_row, "{role:?} {field}: {body}");
            ensure!(fault(&body) != "UNAUTHENTICATED", "{role:?} {field}: {body}");
        }
    }

    // At one unit the same roles do not reach what belongs to the whole city.
    let unit = people::Place::Unit(city.giver.id);
    let people = enrol(&server.app, &server.base(), &ROLES.map(|role| (role, unit))).await?;
    for (role, client) in ROLES.iter().zip(&people) {
        for (mutation, field) in &fields {
            let rules = rules(Operation::of_field(field).context("a row")?);
            let mut own = rules.iter().filter(|(allowed, _)| allowed == role).peekable();
            if own.peek().is_some() && own.all(|(_, relation)| *relation == Relation::City) {
                let body = client.raw(&document(*mutation, field), json!({})).await?;
                ensure!(fault(&body) == "FORBIDDEN", "{role:?} at one unit, {field}: {body}");
            }
        }
    }
    moves::end(server).await
}
