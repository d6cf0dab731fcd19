//! Documents at random, built from the schema: whatever they ask, the answer is data or an error with a code.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Bench, code};
use tests::{Backend, Outcome};

/// The same documents in every run.
const SEED: u64 = 20_260_302;
/// Documents of a run, and how long it may take at most.
const DOCUMENTS: usize = 1_500;
const PATIENCE: Duration = Duration::from_secs(10);

pub async fn random_documents(backend: Backend) -> Outcome {
    let bench = Bench::start(backend).await?;
    let city = &bench.city;
    let schema = Schema::read(&city.office.client.ask(INTROSPECTION, json!({})).await?)?;
    let people =
        [&city.giver.clerk, &city.giver.head, &city.office, &city.staff, &city.finance, &city.administrator];
    let real = vec![
        city.giver.gid.clone(),
        city.receivers[0].gid.clone(),
        city.desks.clone(),
        city.computers.clone(),
        city.warehouse.clone(),
        city.bin.clone(),
    ];
    let mut dice = Dice { schema: &schema, random: StdRng::seed_from_u64(SEED), ids: real, count: 0 };
    let (begun, mut faults, mut seen) = (Instant::now(), Vec::new(), BTreeSet::new());
    let mut answered = 0;
    for number in 0..DOCUMENTS {
        if begun.elapsed() > PATIENCE {
            break;
        }
        let (field, document, variables) = dice.document();
        // The text of a document is broken now and then, too.
        let document = if number % 10 == 9 { dice.broken(&document) } else { document };
        let person = people[dice.random.random_range(0..people.len())];
        let answer = person.client.post(&json!({ "query": document, "variables": variables })).await?;
        match code(answer).await {
            Ok(None) => answered += 1,
            Ok(Some(_)) => {}
            // One example of each field.
            Err(error) if seen.insert(field.clone()) => {
                faults.push(format!("{error:#}\n{document}\n{variables}"))
            }
            Err(_) => {}
        }
    }
    ensure!(faults.is_empty(), "{} fields fail:\n{}", faults.len(), faults.join("\n\n"));
    ensure!(answered > 20, "only {answered} documents had an answer: the documents are no good");
    bench.end().await
}

const INTROSPECTION: &str = "{ __schema { queryType { name } mutationType { name } types { kind name
    enumValues { name }
    inputFields { name type { ...T } }
    fields { name args { name type { ...T } } type { ...T } } } } }
fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Type {
    kind: String,
    name: String,
    enum_values: Option<Vec<Named>>,
    input_fields: Option<Vec<Argument>>,
    fields: Option<Vec<Field>>,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Argument {
    name: String,
    r#type: Reference,
}

#[derive(Debug, Deserialize)]
struct Field {
    name: String,
    args: Vec<Argument>,
    r#type: Reference,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    kind: String,
    name: Option<String>,
    of_type: Option<Box<Reference>>,
}

impl Reference {
    /// As it is written in a document.
    fn text(&self) -> String {
        let inner = || self.of_type.as_deref().map(Reference::text).unwrap_or_default();
        match self.kind.as_str() {
            "NON_NULL" => format!("{}!", inner()),
            "LIST" => format!("[{}]", inner()),
            _ => self.name.clone().unwrap_or_default(),
        }
    }

    fn base(&self) -> &str {
        self.of_type.as_deref().map_or(self.name.as_deref().unwrap_or_default(), Reference::base)
    }
}

struct Schema {
    types: BTreeMap<String, Type>,
    /// `query` or `mutation`, and the type of its fields.
    roots: Vec<(&'static str, String)>,
}

impl Schema {
    fn read(data: &Value) -> anyhow::Result<Self> {
        let schema = &data["__schema"];
        let types: Vec<Type> = serde_json::from_value(schema["types"].clone())?;
        let name = |root: &str| schema[root]["name"].as_str().context("a root type").map(str::to_owned);
        Ok(Self {
            types: types.into_iter().map(|one| (one.name.clone(), one)).collect(),
            roots: vec![("query", name("queryType")?), ("mutation", name("mutationType")?)],
        })
    }
}

struct Dice<'a> {
    schema: &'a Schema,
    random: StdRng,
    /// Ids of things that are there.
    ids: Vec<String>,
    count: usize,
}

impl Dice<'_> {
    fn one_in(&mut self, times: u32) -> bool {
        self.random.random_ratio(1, times)
    }

    /// Name of the root field, a document, and its variables.
    fn document(&mut self) -> (String, String, Value) {
        let schema = self.schema;
        let (operation, root) = &schema.roots[self.random.random_range(0..schema.roots.len())];
        let fields = schema.types[root].fields.as_deref().unwrap_or_default();
        let field = fields.choose(&mut self.random).expect("a root type has fields");
        let (mut declared, mut given, mut variables) = (Vec::new(), Vec::new(), Map::new());
        for argument in &field.args {
            if argument.r#type.kind != "NON_NULL" && self.one_in(2) {
                continue;
            }
            let name = format!("v{}", declared.len());
            declared.push(format!("${name}: {}", argument.r#type.text()));
            given.push(format!("{}: ${name}", argument.name));
            let value = self.value(&argument.r#type, 0);
            variables.insert(name, value);
        }
        let bracket = |parts: &[String]| {
            if parts.is_empty() { String::new() } else { format!("({})", parts.join(" ")) }
        };
        let selection = self.selection(field.r#type.base(), 0);
        let document =
            format!("{operation}{} {{ {}{} {selection} }}", bracket(&declared), field.name, bracket(&given));
        (field.name.clone(), document, Value::Object(variables))
    }

    fn selection(&mut self, name: &str, depth: usize) -> String {
        let schema = self.schema;
        let Some(fields) = schema.types.get(name).and_then(|one| one.fields.as_deref()) else {
            return match schema.types.get(name).map(|one| one.kind.as_str()) {
                Some("UNION") => "{ __typename }".to_owned(),
                _ => String::new(),
            };
        };
        let mut parts = vec!["__typename".to_owned()];
        for field in fields.iter().filter(|field| field.args.iter().all(|arg| arg.r#type.kind != "NON_NULL"))
        {
            let inner = &schema.types[field.r#type.base()];
            let leaf = inner.fields.is_none() && inner.kind != "UNION";
            if leaf || (depth < 4 && self.one_in(3)) {
                parts.push(format!("{} {}", field.name, self.selection(field.r#type.base(), depth + 1)));
            }
        }
        format!("{{ {} }}", parts.join(" "))
    }

    fn value(&mut self, reference: &Reference, depth: usize) -> Value {
        if self.one_in(60) {
            let odd = [
                json!(null),
                json!(true),
                json!(-1),
                json!(1.5),
                json!("x"),
                json!([]),
                json!({}),
                json!([[1]]),
            ];
            return self.pick(&odd);
        }
        match (reference.kind.as_str(), reference.of_type.as_deref()) {
            ("NON_NULL", Some(inner)) => self.value(inner, depth),
            ("LIST", Some(inner)) => {
                let length = if self.one_in(20) { 300 } else { self.random.random_range(0..3) };
                (0..length).map(|_| self.value(inner, depth)).collect()
            }
            _ => self.named(reference.name.as_deref().unwrap_or_default(), depth),
        }
    }

    fn named(&mut self, name: &str, depth: usize) -> Value {
        let schema = self.schema;
        let Some(kind) = schema.types.get(name) else { return Value::Null };
        if let Some(fields) = &kind.input_fields
            && kind.kind == "INPUT_OBJECT"
        {
            let mut object = Map::new();
            for field in fields {
                let needed = field.r#type.kind == "NON_NULL";
                if (needed && !self.one_in(50)) || (!needed && depth < 3 && self.one_in(2)) {
                    let value = if field.name == "idempotencyKey" && !self.one_in(10) {
                        self.count += 1;
                        json!(format!("fuzz-{}", self.count))
                    } else {
                        self.value(&field.r#type, depth + 1)
                    };
                    object.insert(field.name.clone(), value);
                }
            }
            return Value::Object(object);
        }
        if let Some(values) = &kind.enum_values {
            let names: Vec<Value> = values.iter().map(|value| json!(value.name)).collect();
            return if self.one_in(30) { json!("NOPE") } else { self.pick(&names) };
        }
        match name {
            "Int" => self.pick(&[0, 1, 2, 20, 100, -1, -1000, i32::MAX, i32::MIN].map(|n| json!(n))),
            "Float" => self.pick(&[json!(0), json!(-1.5), json!(1e308), json!(12.25), json!(1e-300)]),
            "Boolean" => json!(self.random.random_bool(0.5)),
            "NaiveDate" => self.pick(&[
                json!("2026-03-02"),
                json!("2030-12-31"),
                json!("0000-01-01"),
                json!("9999-12-31"),
                json!("-4800-01-01"),
                json!("-262143-01-01"),
                json!("+262142-12-31"),
                json!("2026-02-30"),
                json!(""),
            ]),
            "Money" => self.pick(&[
                json!("0"),
                json!("450000"),
                json!("-1"),
                json!(i64::MAX.to_string()),
                json!(i64::MIN.to_string()),
                json!("9223372036854775808"),
                json!("1.5"),
                json!(""),
            ]),
            "ID" if !self.one_in(3) => {
                let prefixes = [
                    "ast", "lst", "req", "lin", "trf", "sav", "acc", "grt", "stp", "upl", "pho", "frz", "dup",
                ];
                if self.one_in(2) {
                    let unknown = format!(
                        "{}_019c0000000070008000000000000000",
                        prefixes.choose(&mut self.random).unwrap()
                    );
                    json!(unknown)
                } else {
                    json!(self.ids.choose(&mut self.random).unwrap())
                }
            }
            _ => self.text(),
        }
    }

    fn text(&mut self) -> Value {
        let texts = [
            "",
            " ",
            "桌",
            "办公桌",
            "0",
            "-1",
            "%",
            "_",
            "\\",
            "'",
            "\"",
            "'; drop table asset; --",
            "${x}",
            "../../x",
            "\u{1}",
            "\u{7f}",
            "\u{85}",
            "\u{202e}",
            "\u{feff}",
            "\u{fffd}",
            "\u{10ffff}",
            "🪑",
            "\r\n",
            "a\u{0}b",
            "1242000042000186X2",
            "420106",
            "2026",
            "name",
            "hold_days",
            "eyJ9",
            "WzBd",
            "bnVsbA",
            "IiI",
        ];
        match self.random.random_range(0..12) {
            0 => json!("长".repeat(3_000)),
            1 => json!("x".repeat(200)),
            _ => json!(texts.choose(&mut self.random).expect("there are texts")),
        }
    }

    fn pick(&mut self, values: &[Value]) -> Value {
        values.choose(&mut self.random).cloned().unwrap_or_default()
    }

    /// A document with a part taken out, doubled, or exchanged.
    fn broken(&mut self, document: &str) -> String {
        let signs: Vec<char> = document.chars().collect();
        let (from, to) = (self.random.random_range(0..signs.len()), self.random.random_range(0..signs.len()));
        let (from, to) = (from.min(to), from.max(to));
        let all = |part: &[char]| part.iter().collect::<String>();
        match self.random.random_range(0..4) {
            0 => all(&signs[..from]),
            1 => all(&signs[..from]) + &all(&signs[to..]),
            2 => all(&signs[..to]) + &all(&signs[from..]),
            _ => {
                all(&signs[..from])
                    + ["{", "}", "(", "\"", "$", "@", "...", "\u{1}", "名"].choose(&mut self.random).unwrap()
                    + &all(&signs[from..])
            }
        }
    }
}
