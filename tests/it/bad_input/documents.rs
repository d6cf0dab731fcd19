//! Bodies, documents and values.

use anyhow::{Context, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Bench, code};
use tests::pictures::sha256;
use tests::{Backend, Client, Outcome};

pub async fn refused(backend: Backend) -> Outcome {
    let bench = Bench::start(backend).await?;
    let client = &bench.city.giver.clerk.client;
    documents(client).await.context("documents")?;
    floods(client).await.context("floods")?;
    bodies(client).await.context("bodies")?;
    methods(client).await.context("methods")?;
    ids(&bench).await.context("ids")?;
    values(&bench).await.context("values")?;
    sign_in(&bench).await.context("sign-in")?;
    bench.end().await
}

async fn refuse(client: &Client, document: &str, variables: Value) -> Outcome {
    let answer = client.post(&json!({ "query": document, "variables": variables })).await?;
    let shown: String = document.chars().take(120).collect();
    let found = code(answer).await.with_context(|| shown.clone())?;
    ensure!(found.as_deref() == Some("BAD_USER_INPUT"), "{shown}: {found:?}");
    Ok(())
}

async fn documents(client: &Client) -> Outcome {
    let wrong = [
        "",
        " ",
        "{",
        "}",
        "{ me",
        "{ me { } }",
        "query",
        "# only a comment",
        "{ nothing }",
        "{ me { nothing } }",
        "{ me }",
        "{ asset { id } }",
        "{ asset(id: 1.5) { id } }",
        "{ asset(id: {a: 1}) { id } }",
        "{ asset(id: \"a\", id: \"b\") { id } }",
        "{ listings(first: \"x\") { pageInfo { hasNextPage } } }",
        "{ listings(first: 99999999999999999999) { pageInfo { hasNextPage } } }",
        "{ listings(first: 1e400) { pageInfo { hasNextPage } } }",
        "{ listings(first: -1) { pageInfo { hasNextPage } } }",
        "{ listings(first: 0) { pageInfo { hasNextPage } } }",
        "{ listings(first: 101) { pageInfo { hasNextPage } } }",
        "{ listings(after: \"名\") { pageInfo { hasNextPage } } }",
        "{ listings(after: \"bm90IGpzb24\") { pageInfo { hasNextPage } } }",
        "{ listings(filter: { states: [NOPE] }) { pageInfo { hasNextPage } } }",
        "{ search(filter: { valueFrom: \"1e5\" }) { totalCount } }",
        "{ search(filter: { valueFrom: 5 }) { totalCount } }",
        "{ standards(filter: { on: \"2026-13-45\" }) { pageInfo { hasNextPage } } }",
        "subscription { me { id } }",
        "fragment A on Query { me { id } }",
        "{ ...A } fragment A on Query { ...A }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "{ ...Nope }",
        "{ ... on Nope { id } }",
        "query A { me { id } } query B { me { id } }",
        "query A { me { id } } query A { me { id } }",
        "{ me { id } } garbage",
        "{ me { id } }\u{0}",
        "{ unit(id: \"\\u0000\") { id } }",
        "{ unit(id: \"\\ud800\") { id } }",
        "{ unit(id: \"\\ude00\\ud83d\") { id } }",
        "{ unit(id: \"\\x\") { id } }",
        "{ unit(id: \"no end) { id } }",
        "{ unit(id: \"\"\"no end) { id } }",
        "{ me @nope { id } }",
        "{ me @include { id } }",
        "{ me(x: 1) { id } }",
        "{ me { id: name id } }",
        "query($first: Int) { listings(first: $other) { pageInfo { hasNextPage } } }",
        "query($first: Nope) { listings(first: $first) { pageInfo { hasNextPage } } }",
        "query($first: Int!) { listings(first: $first) { pageInfo { hasNextPage } } }",
        "mutation { draftAsset(input: {}) { errors { code } } }",
        "mutation { draftAsset { errors { code } } }",
    ];
    for document in wrong {
        refuse(client, document, json!({})).await?;
    }
    let document = "query($id: ID!) { unit(id: $id) { id } }";
    for variables in [json!({}), json!({ "id": null }), json!({ "id": {} }), json!({ "id": "a\u{0}b" })] {
        refuse(client, document, variables).await?;
    }
    let document = "query($filter: ListingFilter) { listings(filter: $filter) { pageInfo { hasNextPage } } }";
    for filter in [json!(1), json!("x"), json!([]), json!({ "nope": 1 }), json!({ "states": "x" })] {
        refuse(client, document, json!({ "filter": filter })).await?;
    }
    Ok(())
}

async fn floods(client: &Client) -> Outcome {
    let many = |count: usize, part: &dyn Fn(usize) -> String| (0..count).map(part).collect::<String>();
    let nested = |open: &str, inner: &str, close: &str, times: usize| {
        format!("{}{inner}{}", open.repeat(times), close.repeat(times))
    };
    let doubling = many(30, &|n| format!("fragment F{n} on Query {{ ...F{} ...F{} }} ", n + 1, n + 1));
    let documents = [
        format!("{{ {} }}", many(60, &|n| format!("a{n}: me {{ id }} "))),
        format!("{{ {} }}", many(2_000, &|n| format!("a{n}:me{{id}} "))),
        format!("{{ {} }}", "me { id } ".repeat(2_500)),
        format!("{{ me {{ {} }} }}", "id ".repeat(9_000)),
        format!("{{ me {} {{ id }} }}", "@include(if: true) ".repeat(1_000)),
        format!("query {} {{ me {{ id }} }}", "@include(if: true) ".repeat(1_000)),
        format!("{{ ...F0 }} {doubling} fragment F30 on Query {{ me {{ id }} }}"),
        format!("{{ units {{ nodes {{ {} }} }} }}", nested("parent { ", "id", "}", 30)),
        format!("{{ units {{ nodes {{ {} }} }} }}", nested("parent { ", "id", "}", 2_500)),
        nested("{a", "", "}", 10_000),
        "{a".repeat(15_000),
        "[".repeat(32_000),
        format!("{{ unit(id: {}) {{ id }} }}", nested("[", "", "]", 15_000)),
        format!("{{ unit(id: {}) {{ id }} }}", nested("{a:", "1", "}", 7_000)),
        format!("query($a: {}) {{ me {{ id }} }}", nested("[", "Int", "]", 15_000)),
        format!("{{ {} }}", nested("... { ", "me { id }", " }", 2_000)),
        format!("query({}) {{ me {{ id }} }}", many(2_000, &|n| format!("$a{n}: Int "))),
        format!("{{ unit(id: \"{}\") {{ id }} }}", "x".repeat(40_000)),
        format!("{} {{ me {{ id }} }}", "# comment\n".repeat(4_000)),
        many(500, &|n| format!("query Q{n} {{ a{n}: me {{ id }} }} ")),
    ];
    for document in documents {
        refuse(client, &document, json!({})).await?;
    }
    // A page of pages of pages costs more than a caller may spend.
    let page = "listings(first: 100) { nodes { asset { photos { id } } } }";
    let pages = format!("{{ {} }}", many(40, &|n| format!("a{n}: {page} ")));
    let answer = client.post(&json!({ "query": pages })).await?;
    ensure!(code(answer).await?.as_deref() == Some("BAD_USER_INPUT"), "a flood of pages was answered");
    Ok(())
}

async fn bodies(client: &Client) -> Outcome {
    let send = |kind: &'static str, body: Vec<u8>| {
        let request = client.request(Method::POST, "/graphql").body(body);
        if kind.is_empty() { request } else { request.header("content-type", kind) }.send()
    };
    let deep = [b"{\"query\":\"{ me { id } }\",\"variables\":{\"a\":".to_vec(), vec![b'['; 100_000]].concat();
    let huge = json!({ "query": "{ me { id } }", "variables": { "a": "x".repeat(300_000) } })
        .to_string()
        .into_bytes();
    let not_utf8 = b"{\"query\":\"{ me { id } } # \xff\xfe\"}".to_vec();
    let wrong: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"hello".to_vec(),
        b"null".to_vec(),
        b"1".to_vec(),
        b"\"{ me { id } }\"".to_vec(),
        b"[]".to_vec(),
        b"[{\"query\":\"{ me { id } }\"}]".to_vec(),
        b"{}".to_vec(),
        b"{\"query\":\"{ me { id } }\"".to_vec(),
        b"{\"query\":1}".to_vec(),
        b"{\"query\":null}".to_vec(),
        b"{\"query\":[\"{ me { id } }\"]}".to_vec(),
        b"{\"query\":\"{ me { id } }\",\"variables\":[]}".to_vec(),
        b"{\"query\":\"{ me { id } }\",\"variables\":\"{}\"}".to_vec(),
        b"{\"query\":\"{ me { id } }\",\"operationName\":1}".to_vec(),
        b"{\"query\":\"{ me { id } }\",\"operationName\":\"Nope\"}".to_vec(),
        b"{\"query\":\"{ me { id } }\",\"extensions\":1}".to_vec(),
        b"{\"query\":\"{ unit(id: \\\"\\ud800\\\") { id } }\"}".to_vec(),
        not_utf8,
        deep,
        huge,
    ];
    for body in wrong {
        let shown: String = String::from_utf8_lossy(&body).chars().take(80).collect();
        let found = code(send("application/json", body).await?).await.with_context(|| shown.clone())?;
        ensure!(found.as_deref() == Some("BAD_USER_INPUT"), "{shown}: {found:?}");
    }
    let good = json!({ "query": "{ me { id } }" }).to_string().into_bytes();
    for kind in [
        "",
        "text/plain",
        "application/graphql",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/json;charset=latin1",
        "application/jsonx",
        ";",
    ] {
        let answer = send(kind, good.clone()).await?;
        ensure!(answer.status() == 415, "{kind:?}: {}", answer.status());
        ensure!(code(answer).await?.is_some(), "{kind}");
    }
    let answer = send("Application/JSON; Charset=\"UTF-8\"", good.clone()).await?;
    ensure!(code(answer).await?.is_none(), "a good request is refused");
    let picky = client.request(Method::POST, "/graphql").header("accept", "text/html");
    let answer = picky.header("content-type", "application/json").body(good).send().await?;
    ensure!(answer.status() == 406, "{}", answer.status());
    ensure!(code(answer).await?.is_some());
    Ok(())
}

async fn methods(client: &Client) -> Outcome {
    let get = |query: &str| client.request(Method::GET, &format!("/graphql?{query}")).send();
    let mutation = "query=mutation{startReindex(input:{}){errors{code}}}";
    let answer = get(mutation).await?;
    ensure!(answer.status() == 405, "a mutation by GET: {}", answer.status());
    ensure!(code(answer).await?.is_some());
    for query in
        ["", "query=", "query={me{id}}&variables=x", "query={me{id}}&variables=[]", "query=%ff", "query=%00"]
    {
        let found = code(get(query).await?).await.with_context(|| query.to_owned())?;
        ensure!(found.is_some(), "{query}");
    }
    // Two operations, one of them a mutation, and the query is named: nothing of the mutation runs.
    let both = "query=query%20A{me{id}}mutation%20B{startReindex(input:{}){errors{code}}}&operationName=B";
    ensure!(get(both).await?.status() == 405);
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = client.request(method, "/graphql").send().await?;
        ensure!(answer.status() == 405, "{}", answer.status());
        ensure!(answer.headers().contains_key("allow"));
        ensure!(code(answer).await?.as_deref() == Some("METHOD_NOT_ALLOWED"));
    }
    let answer = client.request(Method::GET, "/nowhere").send().await?;
    ensure!(answer.status() == 404, "{}", answer.status());
    ensure!(code(answer).await?.as_deref() == Some("NOT_FOUND"));
    Ok(())
}

async fn ids(bench: &Bench) -> Outcome {
    let city = &bench.city;
    let unknown = |prefix: &str| format!("{prefix}_019c0000000070008000000000000000");
    let mut hostile = vec![
        String::new(),
        "_".to_owned(),
        "1".to_owned(),
        "null".to_owned(),
        "x".repeat(10_000),
        "' or 1=1 --".to_owned(),
        "名_1".to_owned(),
        "unt_zz".to_owned(),
        city.desks.clone(),
        city.warehouse.clone(),
        city.giver.gid.clone(),
    ];
    hostile.extend(["ast", "lst", "req", "lin", "trf", "sav", "unt", "acc", "whs", "stp"].map(unknown));
    for (who, fields) in [
        (&city.office.client, &["asset", "listing", "request", "transfer", "explainSaving", "unit"][..]),
        (&city.giver.clerk.client, &["asset", "listing", "request", "transfer", "unit"][..]),
    ] {
        for field in fields {
            for id in &hostile {
                if *field == "unit" && *id == city.giver.gid {
                    continue;
                }
                let document = format!("query($id: ID!) {{ {field}(id: $id) {{ __typename }} }}");
                let body = who.raw(&document, json!({ "id": id })).await?;
                let shown = format!("{field}({id:.50}): {body}");
                ensure!(body["data"][field].is_null() && body.get("errors").is_none(), "{shown}");
            }
        }
    }
    // As input of a mutation they are errors of the person, with the field.
    for id in &hostile {
        let input = json!({ "idempotencyKey": format!("k{:.40}", id), "id": id, "version": 1 });
        let payload = city
            .giver
            .clerk
            .client
            .attempt("submitListing", "SubmitListingInput", input, "listing { id }")
            .await?;
        ensure!(payload["errors"][0]["code"] == "NOT_FOUND", "{id:.50}: {payload}");
    }
    Ok(())
}

async fn values(bench: &Bench) -> Outcome {
    let city = &bench.city;
    let clerk = &city.giver.clerk.client;
    let draft = |key: &str, part: Value| {
        let mut input = json!({ "idempotencyKey": key, "holderId": city.giver.gid, "name": "桌" });
        for (name, value) in part.as_object().into_iter().flatten() {
            input[name] = value.clone();
        }
        async move { clerk.attempt("draftAsset", "DraftAssetInput", input, "asset { id }").await }
    };
    let long = "长".repeat(20_000);
    for (n, (part, field)) in [
        (json!({ "name": long }), "name"),
        (json!({ "brand": long }), "brand"),
        (json!({ "model": long }), "model"),
        (json!({ "serial": long }), "serial"),
        (json!({ "description": long }), "description"),
        (json!({ "place": long }), "place"),
        (json!({ "number": long }), "number"),
        (json!({ "measure": long }), "measure"),
        (json!({ "fundingSource": long }), "fundingSource"),
        (json!({ "name": "a\u{1}b" }), "name"),
        (json!({ "description": "\u{1b}[31mred" }), "description"),
        (json!({ "quantity": 0 }), "quantity"),
        (json!({ "quantity": -5 }), "quantity"),
        (json!({ "quantity": i32::MAX }), "quantity"),
        (json!({ "value": "-1", "valueBasis": "ORIGINAL" }), "value"),
        (json!({ "value": i64::MAX.to_string(), "valueBasis": "ORIGINAL" }), "value"),
        (json!({ "value": i64::MIN.to_string(), "valueBasis": "ORIGINAL" }), "value"),
        (json!({ "depreciationMonths": -1 }), "depreciationMonths"),
        (json!({ "minServiceMonths": i32::MAX }), "minServiceMonths"),
        (json!({ "acquiredOn": "9999-12-31" }), "acquiredOn"),
        (json!({ "acquiredOn": "-9999-01-01" }), "acquiredOn"),
    ]
    .into_iter()
    .enumerate()
    {
        let payload =
            draft(&format!("value-{n}"), part.clone()).await.with_context(|| format!("{part:.80}"))?;
        let told = payload["errors"].as_array().is_some_and(|errors| {
            errors
                .iter()
                .any(|error| error["field"].as_array().is_some_and(|path| path.iter().any(|at| at == field)))
        });
        ensure!(told && payload["asset"].is_null(), "{field}, {part:.80}: {payload}");
    }
    // Several faults come back at once.
    let payload = draft("several", json!({ "name": long, "quantity": -1, "brand": long })).await?;
    ensure!(payload["errors"].as_array().is_some_and(|errors| errors.len() >= 3), "{payload}");
    // Keys of idempotency, good and bad. One that cannot be compressed is too long for an index of PostgreSQL.
    let noise: String = (0..200).map(|n| sha256(format!("{n}").as_bytes())).collect();
    for (key, wrong) in [
        ("", "REQUIRED"),
        (" ", "REQUIRED"),
        (&long, "TOO_LONG"),
        (&noise, "TOO_LONG"),
        ("a\tb", "MALFORMED"),
    ] {
        let input = json!({ "idempotencyKey": key, "holderId": city.giver.gid, "name": "桌" });
        let payload = clerk.attempt("draftAsset", "DraftAssetInput", input, "asset { id }").await?;
        let error = &payload["errors"][0];
        ensure!(error["code"] == wrong && error["field"][0] == "idempotencyKey", "key {key:.20}: {payload}");
    }
    draft("same", json!({ "name": "一" })).await?;
    let payload = draft("same", json!({ "name": "二" })).await?;
    ensure!(payload["errors"][0]["code"] == "KEY_REUSED", "{payload}");
    // Words to search for.
    let document = "query($text: String) { search(text: $text) { totalCount } }";
    for text in
        ["", " ", "\"", "*", "a AND (", "+-:^~", "\u{1}", "\u{202e}", "🪑", &"桌".repeat(50_000), "name:桌"]
    {
        let answer = clerk.post(&json!({ "query": document, "variables": { "text": text } })).await?;
        code(answer).await.with_context(|| format!("search for {text:.20}"))?;
    }
    Ok(())
}

async fn sign_in(bench: &Bench) -> Outcome {
    let stranger = bench.stranger();
    let send = |body: Vec<u8>| {
        let request =
            stranger.request(Method::POST, "/auth/sign-in").header("content-type", "application/json");
        request.body(body).send()
    };
    let long = "x".repeat(100_000);
    for (n, body) in [
        json!({ "account": "a\u{0}b", "password": "x" }).to_string(),
        json!({ "account": "clerk-0", "password": "a\u{0}b" }).to_string(),
        json!({ "account": long, "password": "x" }).to_string(),
        json!({ "account": "clerk-1", "password": long }).to_string(),
        json!({ "account": "", "password": "" }).to_string(),
        json!({ "account": 1, "password": "x" }).to_string(),
        json!({ "account": "x" }).to_string(),
        json!([]).to_string(),
        "{".to_owned(),
        String::new(),
    ]
    .into_iter()
    .enumerate()
    {
        let found = code(send(body.into_bytes()).await?).await.with_context(|| format!("body {n}"))?;
        ensure!(found.is_some(), "body {n} was accepted");
    }
    let form = stranger.request(Method::POST, "/auth/sign-in").header("content-type", "text/plain");
    ensure!(code(form.body("{}").send().await?).await?.is_some());
    // A token that is none is nobody.
    for token in ["", "x", &long[..2000], "Bearer", "../../x"] {
        let body = stranger.with_token(token).raw("{ me { id } }", json!({})).await?;
        ensure!(body["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED", "{token:.20}: {body}");
    }
    Ok(())
}
