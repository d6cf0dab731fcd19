//! Answers as the text they become: what rows at hand write, and whole responses.

use std::io::Write;

use async_graphql::resolver_utils::EnumType;
use async_graphql::{Response, Value};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::ids::Kind;

/// JSON under way. Every method that writes a value says yes, so that they can be the last word of a decision.
#[derive(Debug, Default)]
pub struct Json(Vec<u8>);

impl Json {
    /// The text that `write` makes, as a value that [`response`] copies as it stands; none where `write` says no.
    ///
    /// No scalar of the schema is binary, so that such a value is nothing else.
    pub fn written(write: impl FnOnce(&mut Self) -> bool) -> Option<Value> {
        let mut json = Self::default();
        write(&mut json).then(|| Value::Binary(Bytes::from(json.0)))
    }

    /// An object whose fields `fields` writes, each after its [`Json::key`]; nothing where it says no.
    pub fn object(&mut self, fields: impl FnOnce(&mut Self) -> bool) -> bool {
        self.between(b'{', b'}', fields)
    }

    /// The name of the next field: one of GraphQL, in which there is nothing to escape.
    pub fn key(&mut self, name: &str) {
        if self.0.last() != Some(&b'{') {
            self.0.push(b',');
        }
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    /// A list; nothing where `write` says no to one of the items.
    pub fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(T, &mut Self) -> bool,
    ) -> bool {
        self.between(b'[', b']', |json| {
            items.into_iter().enumerate().all(|(n, item)| {
                if n > 0 {
                    json.0.push(b',');
                }
                write(item, json)
            })
        })
    }

    fn between(&mut self, open: u8, close: u8, inside: impl FnOnce(&mut Self) -> bool) -> bool {
        let start = self.0.len();
        self.0.push(open);
        let whole = inside(self);
        if whole {
            self.0.push(close);
        } else {
            self.0.truncate(start);
        }
        whole
    }

    /// A text or a number.
    pub fn put(&mut self, value: &(impl Serialize + ?Sized)) -> bool {
        // Neither a text nor a number can fail, nor can memory be written to in vain.
        serde_json::to_writer(&mut self.0, value).is_ok()
    }

    /// What is not there.
    pub fn null(&mut self) -> bool {
        self.0.extend_from_slice(b"null");
        true
    }

    /// The value, or null.
    pub fn some<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T) -> bool) -> bool {
        match value {
            Some(value) => write(self, value),
            None => self.null(),
        }
    }

    /// A global id.
    pub fn id(&mut self, kind: Kind, id: Uuid) -> bool {
        write!(self.0, "\"{}_{}\"", kind.prefix(), id.simple()).is_ok()
    }

    /// An amount of money.
    pub fn money(&mut self, money: entity::Money) -> bool {
        write!(self.0, "\"{}\"", money.0).is_ok()
    }

    /// An instant.
    pub fn instant(&mut self, at: DateTime<Utc>) -> bool {
        self.put(&at.to_rfc3339())
    }

    /// A word of an enum of the schema.
    pub fn word<T: EnumType>(&mut self, value: T) -> bool {
        T::items().iter().find(|item| item.value == value).is_some_and(|item| self.put(item.name))
    }
}

/// The text of a response: the library's own, but what rows wrote is copied.
#[must_use]
pub fn response(response: &Response) -> Vec<u8> {
    let mut json = Json::default();
    json.object(|json| {
        json.key("data");
        let mut whole = value(&response.data, json);
        if !response.extensions.is_empty() {
            json.key("extensions");
            whole &= json.put(&response.extensions);
        }
        if !response.errors.is_empty() {
            json.key("errors");
            whole &= json.put(&response.errors);
        }
        whole
    });
    json.0
}

fn value(of: &Value, json: &mut Json) -> bool {
    match of {
        Value::Binary(written) => {
            json.0.extend_from_slice(written);
            true
        }
        Value::List(items) => json.list(items, value),
        Value::Object(fields) => json.object(|json| {
            fields.iter().all(|(name, of)| {
                // Scalars can be objects with names of any kind: see `Json` of the library.
                if json.0.last() != Some(&b'{') {
                    json.0.push(b',');
                }
                json.put(name.as_str());
                json.0.push(b':');
                value(of, json)
            })
        }),
        leaf => json.put(leaf),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{Name, ServerError, indexmap::IndexMap};

    use super::*;

    #[test]
    fn a_response_reads_as_the_librarys() {
        let inner: Value = Value::from_json(serde_json::json!({
            "a\"b": [1, 2.5, -3, null, true, "名\u{1}\n\"\\"], "empty": {}, "none": [], "": [[{}], [{ "x": {} }]]
        }))
        .unwrap();
        let mut with_error = Response::new(inner.clone()).extension("note", Value::from("x"));
        with_error.errors.push(ServerError::new("no \"way\"", None));
        for answer in [Response::new(inner), Response::new(Value::Null), with_error] {
            let ours: serde_json::Value = serde_json::from_slice(&response(&answer)).unwrap();
            assert_eq!(ours, serde_json::to_value(&answer).unwrap());
        }
    }

    #[test]
    fn what_was_written_is_copied_and_a_no_leaves_nothing() {
        let row = |json: &mut Json| {
            json.object(|json| {
                json.key("name");
                json.put("名\"");
                json.key("gone");
                json.null();
                json.key("in");
                json.object(|json| {
                    json.key("n");
                    json.put(&7)
                })
            })
        };
        assert_eq!(Json::written(|json| json.list([1, 2], |n, json| row(json) && n < 2)), None);
        let list = Json::written(|json| json.list([1, 2], |_, json| row(json))).unwrap();
        let data = Value::Object(IndexMap::from([(Name::new("rows"), list)]));
        let read: serde_json::Value = serde_json::from_slice(&response(&Response::new(data))).unwrap();
        let one = serde_json::json!({ "name": "名\"", "gone": null, "in": { "n": 7 } });
        assert_eq!(read["data"]["rows"], serde_json::json!([one, one]));
        let mut json = Json::default();
        json.object(|json| {
            json.key("kept");
            json.put(&1);
            json.key("tried");
            let refused = |json: &mut Json| {
                row(json);
                false
            };
            assert!(!json.object(refused));
            json.null()
        });
        assert_eq!(json.0, br#"{"kept":1,"tried":null}"#);
    }
}
