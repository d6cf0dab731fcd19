//! GraphQL over HTTP as its specification's audit suite demands: POST with JSON, GET for queries only, both media
//! types, and a status that tells a request that could not run from one that did.

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response as GraphqlResponse, ServerError, Variables};
use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::http::header::{ACCEPT, ALLOW, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Map, Value};

use super::{Presented, Problem, Routes};
use crate::fault::Fault;
use crate::graphql::documents::Document;
use crate::graphql::{json, limits, nodes};
use crate::identity::{Actor, session};

/// The media type of the specification.
const GRAPHQL_JSON: &str = "application/graphql-response+json";
/// What older clients ask for.
const JSON: &str = "application/json";

/// `POST /graphql`.
pub async fn post(
    State(routes): State<Routes>,
    Presented(token): Presented,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let body =
        body.map_err(|refused| Problem::new(refused.status(), "BAD_USER_INPUT", refused.body_text()))?;
    let media = negotiate(&headers)?;
    let content = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = content.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case(JSON));
    let utf8 = parts.all(|part| {
        part.strip_prefix("charset=").is_none_or(|set| set.trim_matches('"').eq_ignore_ascii_case("utf-8"))
    });
    if !is_json || !utf8 {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "BAD_USER_INPUT",
            "Send the request as application/json in UTF-8",
        ));
    }
    let body: Value =
        serde_json::from_slice(&body).map_err(|error| bad(format!("The body is not JSON: {error}")))?;
    let Value::Object(fields) = body else { return Err(bad("The body must be a JSON object")) };
    let asked = read(fields)?;
    run(routes, token, asked, media, false).await
}

/// `GET /graphql?query=…`: queries only.
pub async fn get(
    State(routes): State<Routes>,
    Presented(token): Presented,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let media = negotiate(&headers)?;
    let mut fields = Map::new();
    let pairs = query.unwrap_or_default();
    for (name, value) in form_urlencoded::parse(pairs.as_bytes()).into_owned() {
        let value = match name.as_str() {
            "variables" | "extensions" if !value.is_empty() => {
                serde_json::from_str(&value).map_err(|error| bad(format!("`{name}` is not JSON: {error}")))?
            }
            "variables" | "extensions" => Value::Null,
            "operationName" if value.is_empty() => Value::Null,
            _ => Value::String(value),
        };
        fields.insert(name, value);
    }
    let asked = read(fields)?;
    run(routes, token, asked, media, true).await
}

/// What is asked.
struct Asked {
    query: String,
    operation_name: Option<String>,
    variables: Variables,
}

/// The request in the fields of a body; each must have the type of the specification.
fn read(mut fields: Map<String, Value>) -> Result<Asked, Problem> {
    let query = match fields.remove("query") {
        Some(Value::String(query)) => query,
        Some(_) => return Err(bad("`query` must be a string")),
        None => return Err(bad("`query` is missing")),
    };
    if query.len() > limits::DOCUMENT {
        return Err(bad(format!("The document is longer than {} bytes", limits::DOCUMENT)));
    }
    // The parser walks lists, selections and types by recursion: what is nested too deeply is refused before it.
    if limits::nesting(&query) > limits::NESTING {
        return Err(bad(format!("The document is nested deeper than {} brackets", limits::NESTING)));
    }
    // PostgreSQL keeps no NUL in a text; no text of a person has one.
    if query.contains('\0') || query.contains("\\u0000") || fields.get("variables").is_some_and(has_nul) {
        return Err(bad("A text holds the character U+0000; take it out"));
    }
    let operation_name = match fields.remove("operationName") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name),
        Some(_) => return Err(bad("`operationName` must be a string")),
    };
    let variables = match fields.remove("variables") {
        None | Some(Value::Null) => Variables::default(),
        Some(variables @ Value::Object(_)) => Variables::from_json(variables),
        Some(_) => return Err(bad("`variables` must be an object")),
    };
    match fields.remove("extensions") {
        None | Some(Value::Null | Value::Object(_)) => {}
        Some(_) => return Err(bad("`extensions` must be an object")),
    }
    Ok(Asked { query, operation_name, variables })
}

async fn run(
    routes: Routes,
    token: Option<String>,
    asked: Asked,
    media: &'static str,
    get: bool,
) -> Result<Response, Problem> {
    let document = match routes.documents.parse(&asked.query) {
        Ok(document) => document,
        Err(error) => return Ok(refused(media, vec![with_code(error, "BAD_USER_INPUT")])),
    };
    let name = asked.operation_name.as_deref();
    let mutation = limits::operation_type(&document.parsed, name) == Some(OperationType::Mutation);
    if get && mutation {
        let mut response =
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "BAD_USER_INPUT", "A mutation needs POST")
                .into_response();
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        return Ok(response);
    }
    let token = token.as_deref();
    // A query need not wait until the database has said that nobody's rights have changed: it begins under what is
    // remembered, and its answer is given only where that still held after the request had come.
    if !mutation && let Some((actor, generation)) = token.and_then(|token| routes.app.remembered(token)) {
        let caller = Caller { token, actor: Some(actor) };
        let arrival = routes.app.arrive();
        let answer = execute(&routes, caller, &document, &asked, media, false);
        let (now, answer) = if arrival.alone() {
            tokio::join!(routes.app.generation_since(&arrival), answer)
        } else {
            let answer = answer.await;
            (routes.app.generation_since(&arrival).await, answer)
        };
        if now? == generation {
            return answer;
        }
    }
    let actor = match token {
        Some(token) => routes.app.who(token).await?,
        None => None,
    };
    execute(&routes, Caller { token, actor }, &document, &asked, media, mutation).await
}

/// Who asks, if anybody.
struct Caller<'a> {
    token: Option<&'a str>,
    actor: Option<Actor>,
}

async fn execute(
    routes: &Routes,
    caller: Caller<'_>,
    document: &Document,
    asked: &Asked,
    media: &'static str,
    mutation: bool,
) -> Result<Response, Problem> {
    if let Err(error) = limits::check(&document.parsed, caller.actor.as_ref()) {
        let mut error = error.into_server_error(async_graphql::Pos::default());
        error.locations.clear();
        return Ok(refused(media, vec![error]));
    }
    let mut request = Request::new("").variables(asked.variables.clone()).data(document.repeats);
    request.operation_name.clone_from(&asked.operation_name);
    request.set_parsed_query(document.parsed.clone());
    if let (Some(actor), Some(token)) = (caller.actor, caller.token) {
        // The token too: a change of password ends all sessions of the account but this one.
        request = request.data(nodes::rows(routes.app.clone(), actor.clone()));
        request = request.data(actor).data(session::Token(token.to_owned()));
    }
    let response = if mutation {
        // A client that hangs up drops its handler: what was begun goes on to its end in a task of its own.
        let schema = routes.schema.clone();
        routes
            .tasks
            .spawn(async move { schema.execute(request).await })
            .await
            .map_err(|error| Fault::Internal(error.into()))?
    } else {
        routes.schema.execute(request).await
    };
    Ok(answer(media, response))
}

/// What ran, or could not.
fn answer(media: &'static str, mut response: GraphqlResponse) -> Response {
    for error in &mut response.errors {
        let has_code = error.extensions.as_ref().is_some_and(|extensions| extensions.get("code").is_some());
        if !has_code {
            error.extensions.get_or_insert_default().set("code", "BAD_USER_INPUT");
        }
    }
    let never_ran = response.data == async_graphql::Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty());
    if never_ran {
        return refused(media, response.errors);
    }
    let body = json::response(&response);
    (StatusCode::OK, [(CONTENT_TYPE, media)], body).into_response()
}

/// A request that did not run: no `data` in the answer. The older media type says so with 200, as its clients expect.
fn refused(media: &'static str, errors: Vec<ServerError>) -> Response {
    let code = |wanted: &str| {
        errors.iter().any(|error| {
            let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
            code == Some(&async_graphql::Value::String(wanted.to_owned()))
        })
    };
    let status = if !media.starts_with(GRAPHQL_JSON) {
        StatusCode::OK
    } else if code("UNAUTHENTICATED") {
        StatusCode::UNAUTHORIZED
    } else if code("FORBIDDEN") {
        StatusCode::FORBIDDEN
    } else if code("INTERNAL_SERVER_ERROR") {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::BAD_REQUEST
    };
    let body = serde_json::to_vec(&serde_json::json!({ "errors": errors })).unwrap_or_default();
    (status, [(CONTENT_TYPE, media)], body).into_response()
}

fn with_code(mut error: ServerError, code: &'static str) -> ServerError {
    error.extensions.get_or_insert_default().set("code", code);
    error
}

/// The media type of the answer.
fn negotiate(headers: &HeaderMap) -> Result<&'static str, Problem> {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*");
    let wanted: Vec<&str> =
        accept.split(',').map(|part| part.split(';').next().unwrap_or_default().trim()).collect();
    let first = wanted.iter().find_map(|kind| match *kind {
        GRAPHQL_JSON => Some("application/graphql-response+json; charset=utf-8"),
        JSON | "application/*" | "*/*" | "" => Some("application/json; charset=utf-8"),
        _ => None,
    });
    first.ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_ACCEPTABLE,
            "BAD_USER_INPUT",
            "Answers are application/graphql-response+json or application/json",
        )
    })
}

/// Whether a text in it, or a name of a field, holds a NUL.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn bad(message: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "BAD_USER_INPUT", message)
}
