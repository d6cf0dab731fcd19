//! What the house rules say about the code, read from the code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use tests::{Outcome, Registry};

/// Folders of `api/src` that are no slices: the frame, and what stands above all slices.
const FRAME: &[&str] = &["authz", "demo", "fault", "graphql", "http", "import"];
/// Taken as one: the place of a grant is a part of the tree of units, and a change of the tree is a change of rights.
const FOUNDATION: &[&str] = &["identity", "organisation"];

pub fn register(registry: &mut Registry) {
    registry.add("structure: slices do not depend on each other in a circle", None, circles);
    registry.add("structure: rules are pure", None, pure_rules);
    registry.add("structure: only App::write opens transactions", None, transactions);
    registry.add("structure: the committed schema is the printed one", None, schema);
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/src")
}

/// A file of the service: its path below `api/src`, and its code without comments and tests.
struct File {
    path: String,
    code: String,
}

/// Every file that is not for tests alone.
fn files() -> anyhow::Result<Vec<File>> {
    let root = source();
    let (mut open, mut found, mut for_tests) = (vec![root.clone()], Vec::new(), BTreeSet::new());
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let text = fs::read_to_string(&path)?;
                let lines: Vec<&str> = text.lines().collect();
                for pair in lines.windows(2) {
                    let module = pair[1].trim().trim_start_matches("pub ").trim_start_matches("pub(crate) ");
                    if let (Some("#[cfg(test)]"), Some(name)) =
                        (Some(pair[0].trim()), module.strip_prefix("mod ").and_then(|m| m.strip_suffix(';')))
                    {
                        for_tests.insert(below(&path).join(name));
                    }
                }
                found.push((path, code(&lines)));
            }
        }
    }
    let tests_only = |path: &Path| {
        let module = path.with_extension("");
        for_tests.iter().any(|test| module == *test || module.starts_with(test))
    };
    found.retain(|(path, _)| !tests_only(path));
    found
        .into_iter()
        .map(|(path, code)| {
            let path = path.strip_prefix(&root)?.to_string_lossy().replace('\\', "/");
            Ok(File { path, code })
        })
        .collect()
}

/// The folder of a file's own modules.
fn below(path: &Path) -> PathBuf {
    match path.file_stem().and_then(|stem| stem.to_str()) {
        Some("mod" | "lib" | "main") => path.parent().unwrap_or(path).to_owned(),
        _ => path.with_extension(""),
    }
}

/// Without comments, and without a module of tests, which stands last.
fn code(lines: &[&str]) -> String {
    let mut code = String::new();
    for (at, line) in lines.iter().enumerate() {
        let next = lines.get(at + 1).copied().unwrap_or_default();
        if line.trim() == "#[cfg(test)]" && next.starts_with("mod ") && next.ends_with('{') {
            break;
        }
        if !line.trim_start().starts_with("//") {
            code.push_str(line);
            code.push('\n');
        }
    }
    code
}

/// The modules of the crate that the code names: of `crate::a::b`, `crate::{a, b::c}`.
fn named(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, prefix) in code.match_indices("crate::") {
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            None => {
                found.insert(word(rest));
            }
            Some(group) => {
                let (mut depth, mut start) = (0, true);
                for (index, sign) in group.char_indices() {
                    match sign {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => start = true,
                        _ if start && sign.is_ascii_lowercase() => {
                            found.insert(word(&group[index..]));
                            start = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    found
}

fn word(text: &str) -> String {
    text.chars().take_while(|sign| sign.is_ascii_lowercase() || *sign == '_').collect()
}

fn node(slice: &str) -> &str {
    if FOUNDATION.contains(&slice) { "foundation" } else { slice }
}

async fn circles() -> Outcome {
    let files = files()?;
    let slices: BTreeSet<&str> = files
        .iter()
        .filter_map(|file| file.path.split_once('/'))
        .map(|(slice, _)| slice)
        .filter(|slice| !FRAME.contains(slice))
        .collect();
    ensure!(slices.len() > 10, "the slices were not found: {slices:?}");
    // Who uses whom, and one file that does.
    let mut uses: BTreeMap<&str, BTreeMap<String, &str>> = BTreeMap::new();
    for file in &files {
        let Some((slice, rest)) = file.path.split_once('/') else { continue };
        // Types of GraphQL refer to one another both ways, as the things they show do; they decide nothing.
        if !slices.contains(slice) || rest.ends_with("graphql.rs") || rest == "nodes.rs" {
            continue;
        }
        for other in named(&file.code) {
            if slices.contains(other.as_str()) && node(&other) != node(slice) {
                uses.entry(node(slice)).or_default().insert(node(&other).to_owned(), &file.path);
            }
        }
    }
    ensure!(uses["decisions"].contains_key("requests"), "the walk sees no imports: {uses:#?}");
    // Takes away what uses nothing that is left, until nothing is left, or only circles.
    let mut left = uses;
    loop {
        let free: Vec<&str> = left
            .iter()
            .filter(|(_, used)| !used.keys().any(|other| left.contains_key(other.as_str())))
            .map(|(slice, _)| *slice)
            .collect();
        if free.is_empty() {
            break;
        }
        left.retain(|slice, _| !free.contains(slice));
    }
    ensure!(
        left.is_empty(),
        "slices in a circle, or above one (slice: what it uses, in which file): {left:#?}"
    );
    Ok(())
}

async fn pure_rules() -> Outcome {
    const IMPURE: &[&str] = &[
        "async fn",
        "sea_orm",
        "sqlx",
        "async_graphql",
        "axum",
        "tokio",
        "std::fs",
        "crate::app",
        "crate::db",
        "crate::graphql",
        "crate::http",
        "crate::write",
        "crate::clock",
        "crate::ids",
        "::read::",
        "super::read",
        "Entity::",
        "::graphql",
    ];
    let files = files()?;
    let rules: Vec<&File> = files.iter().filter(|file| file.path.ends_with("/rules.rs")).collect();
    ensure!(rules.len() >= 8, "only {} files of rules were found", rules.len());
    for file in rules {
        // That an enum has a name in the schema decides nothing.
        let code = file.code.replace("async_graphql::Enum", "");
        for impure in IMPURE {
            ensure!(!code.contains(impure), "{} uses {impure}: rules do no input or output", file.path);
        }
    }
    Ok(())
}

async fn transactions() -> Outcome {
    const OPENING: &[&str] =
        &[".begin()", ".begin_with", ".transaction(", ".transaction_with", "TransactionTrait"];
    // Snapshots to read from; nothing is written in them.
    const READS_ONLY: &str = "db.rs";
    let files = files()?;
    let opens = |file: &File| OPENING.iter().any(|call| file.code.contains(call));
    let writer = files.iter().find(|file| file.path == "write.rs").context("write.rs")?;
    ensure!(opens(writer), "write.rs opens transactions by a call that this test does not know");
    for file in &files {
        let may = ["write.rs", READS_ONLY].contains(&file.path.as_str());
        ensure!(may || !opens(file), "{} opens a transaction of its own", file.path);
    }
    Ok(())
}

async fn schema() -> Outcome {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema.graphql");
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let printed = api::graphql::sdl();
    let first = committed.lines().zip(printed.lines()).position(|(old, new)| old != new);
    ensure!(
        committed.trim_end() == printed.trim_end(),
        "schema.graphql is not the schema of the code (first difference in line {}). Renew it: \
         cargo run -p public-warehouse -- schema > schema.graphql",
        first.unwrap_or(committed.lines().count()) + 1
    );
    Ok(())
}
