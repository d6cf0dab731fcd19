//! What a webhook must look like, what it hears, and when a failed delivery is tried again. Pure.

use chrono::TimeDelta;
use entity::events::Subject;
use serde::Serialize;

use super::address;
use crate::fault::{Code, Rejection};
use crate::organisation::rules::required;

/// Waits after the first failure, the second …; what fails once more is a dead letter. Over nineteen hours in all: a system
/// that is down for a night has lost nothing.
const WAITS: [TimeDelta; 7] = [
    TimeDelta::seconds(5),
    TimeDelta::seconds(30),
    TimeDelta::minutes(2),
    TimeDelta::minutes(10),
    TimeDelta::hours(1),
    TimeDelta::hours(6),
    TimeDelta::hours(12),
];
/// Kinds, or beginnings of kinds, that one webhook can name.
const MOST_KINDS: usize = 50;

/// How long to wait after the n-th failure, before jitter; none where it was the last.
#[must_use]
pub fn back_off(attempts: i64) -> Option<TimeDelta> {
    usize::try_from(attempts).ok()?.checked_sub(1).and_then(|failure| WAITS.get(failure)).copied()
}

/// Whether a webhook that named `kinds` hears of an event: all where it named none; `listing.` names all that begin so.
#[must_use]
pub fn hears(kinds: &[String], subject: Subject, kind: &str) -> bool {
    // Nobody outside hears who else listens.
    subject != Subject::Webhook
        && (kinds.is_empty()
            || kinds
                .iter()
                .any(|named| if named.ends_with('.') { kind.starts_with(named) } else { kind == named }))
}

/// All that is said about a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookForm {
    /// Name, unique.
    pub name: String,
    /// Where it is told.
    pub url: String,
    /// Kinds of events, or beginnings that end in a dot; empty: all.
    pub kinds: Vec<String>,
    /// Whether anything is sent to it.
    pub active: bool,
}

impl WebhookForm {
    /// As it is kept, with everything that is wrong with it alone.
    #[must_use]
    pub fn cleaned(self) -> (Self, Vec<Rejection>) {
        let mut faults = Vec::new();
        let name = required(&mut faults, "name", &self.name, 100);
        let url = match address::parse(&self.url) {
            Ok(url) => url.to_string(),
            Err(why) => {
                faults.push(why);
                String::new()
            }
        };
        if self.kinds.len() > MOST_KINDS {
            faults
                .push(Rejection::new(Code::OutOfRange).at("kinds").with("least", 0).with("most", MOST_KINDS));
        }
        let mut kinds: Vec<String> = self.kinds.iter().map(|kind| kind.trim().to_owned()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let fits = |sign: char| sign.is_ascii_lowercase() || sign == '_' || sign == '.';
        if kinds
            .iter()
            .any(|kind| kind.len() > 100 || kind.trim_matches('.').is_empty() || !kind.chars().all(fits))
        {
            let expected = "事件种类，如 listing.submitted，或以点结尾的前缀，如 listing. / a kind such as listing.submitted, or a \
                            beginning with its dot such as listing.";
            faults.push(Rejection::new(Code::Malformed).at("kinds").with("expected", expected));
        }
        (Self { name, url, kinds, ..self }, faults)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end_in_a_dead_letter() {
        let waits: Vec<_> = (1..=7).filter_map(back_off).collect();
        assert_eq!(waits.len(), 7);
        assert!(waits.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!((back_off(8), back_off(0), back_off(-1)), (None, None, None));
    }

    #[test]
    fn a_webhook_hears_what_it_named() {
        let named = ["listing.".to_owned(), "transfer.received".to_owned()];
        assert!(hears(&named, Subject::Listing, "listing.submitted"));
        assert!(hears(&named, Subject::Transfer, "transfer.received"));
        assert!(!hears(&named, Subject::Transfer, "transfer.received_again"));
        assert!(!hears(&named, Subject::Asset, "asset.drafted"));
        assert!(hears(&[], Subject::Asset, "asset.drafted"));
        assert!(!hears(&[], Subject::Webhook, "webhook.saved"), "nobody hears who else listens");
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let form = WebhookForm {
            name: " ".into(),
            url: "ftp://example.org".into(),
            kinds: vec!["Listing".into()],
            active: true,
        };
        let fields: Vec<String> = form.cleaned().1.iter().map(|fault| fault.field.join(".")).collect();
        assert_eq!(fields, ["name", "url", "kinds"]);
    }
}
