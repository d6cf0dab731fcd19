//! One message to a webhook, by the Standard Webhooks specification: at least once, signed, the same id at every attempt.

use chrono::{DateTime, SecondsFormat, Utc};
use entity::deliveries::webhook;
use entity::events::event;
use reqwest::{Response, StatusCode, Url, header};
use serde::Serialize;

use super::secret::Secret;
use super::store::{Claimed, Outcome};
use super::withheld::is_withheld;
use crate::app::App;
use crate::audit::graphql::subject_id;
use crate::events;
use crate::fault::Fault;

/// Bytes of an answer that are read. They are thrown away: what a system inside the city says must not be read by
/// whoever typed its address. Read at all, so that the connection can be used again.
const MOST_READ: usize = 4 * 1024;

/// What is sent. Who did it is not: other systems need to know what happened, not who works here.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    id: String,
    kind: &'a str,
    subject_kind: String,
    subject_id: String,
    subject_version: i64,
    at: String,
    payload: &'a serde_json::Value,
}

/// Sends one event; says what became of it.
///
/// # Errors
/// Ours: the database, a secret that cannot be opened.
pub(super) async fn send(app: &App, webhook: &webhook::Model, delivery: &Claimed) -> Result<Outcome, Fault> {
    let conn = app.db().read();
    let Some(event) = events::find(conn, delivery.event_seq).await? else {
        return Ok(Outcome::failed("the event is not in the log any more"));
    };
    let withheld = is_withheld(conn, event.subject_kind, event.subject_id).await?;
    let secret = Secret::open(app, webhook.id, &webhook.secret)?;
    let (id, body) = (event.id.to_string(), body(&event, withheld)?);
    let timestamp = app.clock().now().timestamp();
    let signature = secret.sign(&id, timestamp, &body);
    let Ok(url) = Url::parse(&webhook.url) else { return Ok(Outcome::failed("the address is none")) };
    if let Err(closed) = app.outbound().check(&url) {
        return Ok(Outcome::failed(closed));
    }
    let request = app
        .outbound()
        .http()
        .post(url)
        .header(header::CONTENT_TYPE, "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signature)
        .body(body);
    Ok(match request.send().await {
        Ok(response) => {
            let status = response.status();
            read_away(response).await;
            outcome(status)
        }
        Err(error) => Outcome::failed(reason(error)),
    })
}

fn body(event: &event::Model, withheld: bool) -> Result<String, serde_json::Error> {
    let nothing = serde_json::json!({});
    serde_json::to_string(&Message {
        id: event.id.to_string(),
        kind: &event.kind,
        subject_kind: event.subject_kind.to_string(),
        subject_id: subject_id(event.subject_kind, event.subject_id).to_string(),
        subject_version: event.subject_version,
        at: instant(event.at),
        payload: if withheld { &nothing } else { &event.payload },
    })
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn outcome(status: StatusCode) -> Outcome {
    let code = i64::from(status.as_u16());
    match status {
        StatusCode::GONE => Outcome::Gone { status: code },
        _ if status.is_success() => Outcome::Delivered { status: code },
        _ if status.is_redirection() => {
            Outcome::Failed { status: Some(code), error: "a redirect, which is not followed".to_owned() }
        }
        _ => Outcome::Failed { status: Some(code), error: format!("it answered {}", status.as_u16()) },
    }
}

async fn read_away(mut response: Response) {
    let mut read = 0;
    while let Ok(Some(part)) = response.chunk().await {
        read += part.len();
        if read > MOST_READ {
            break;
        }
    }
}

/// Why nothing came back, without the address: it may hold a token.
fn reason(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let error = anyhow::Error::from(error.without_url());
    format!("{error:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_withheld_is_an_empty_payload() {
        let event = event::Model {
            seq: 1,
            id: uuid::Uuid::from_u128(1),
            kind: "listing.submitted".into(),
            subject_kind: entity::events::Subject::Listing,
            subject_id: uuid::Uuid::from_u128(2),
            subject_version: 3,
            actor_id: Some(uuid::Uuid::from_u128(4)),
            payload: serde_json::json!({ "note": "保密柜" }),
            at: DateTime::UNIX_EPOCH,
        };
        assert!(body(&event, false).unwrap().contains("保密柜"));
        let told: serde_json::Value = serde_json::from_str(&body(&event, true).unwrap()).unwrap();
        let expected = serde_json::json!({
            "id": "00000000-0000-0000-0000-000000000001", "kind": "listing.submitted", "subjectKind": "LISTING",
            "subjectId": "lst_00000000000000000000000000000002", "subjectVersion": 3,
            "at": "1970-01-01T00:00:00.000000Z", "payload": {},
        });
        assert_eq!(told, expected);
    }

    #[test]
    fn only_success_is_delivered() {
        assert!(matches!(outcome(StatusCode::NO_CONTENT), Outcome::Delivered { status: 204 }));
        assert!(matches!(outcome(StatusCode::GONE), Outcome::Gone { .. }));
        for status in [StatusCode::FOUND, StatusCode::NOT_FOUND, StatusCode::INTERNAL_SERVER_ERROR] {
            assert!(matches!(outcome(status), Outcome::Failed { status: Some(_), .. }));
        }
    }
}
