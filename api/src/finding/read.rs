//! The search itself: the index finds ids and counts under the caller's rights; rows come from the database, which is
//! asked for the rights again.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use search::query::MAX_OFFSET;
use search::{Hits, Query, Rights, Warehouses};

use crate::app::App;
use crate::authz::{Operation, UnitSet};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;

/// What the caller may find.
#[must_use]
pub fn rights(actor: &Actor) -> Rights {
    let reach = actor.reach(Operation::Asset);
    match reach.giver {
        _ if reach.everywhere => Rights::Everything,
        UnitSet::All => Rights::Everything,
        UnitSet::Only(units) => {
            let mut units: Vec<_> = units.into_iter().collect();
            units.sort_unstable();
            let warehouses = if reach.every_warehouse {
                Warehouses::All
            } else {
                let mut ids: Vec<_> = reach.warehouses.into_iter().collect();
                ids.sort_unstable();
                Warehouses::Only(ids)
            };
            let mut audiences: Vec<_> = actor.audiences().iter().copied().collect();
            audiences.sort_unstable();
            Rights::Of { units, audiences, warehouses, listed: !actor.grants().is_empty() }
        }
    }
}

/// Asks the index, under the caller's rights.
///
/// # Errors
/// [`Code::Malformed`] or [`Code::TooLong`] for a query beyond its limits; the engine's faults.
pub async fn search(app: &App, actor: &Actor, mut query: Query) -> Result<Hits, Fault> {
    query.rights = rights(actor);
    query.check().map_err(|error| match error {
        search::Error::Invalid { field, reason } => {
            Fault::from(Rejection::new(Code::Malformed).at(field).with("expected", reason))
        }
        other => Fault::Internal(other.into()),
    })?;
    app.search()?.search(query).await.map_err(|error| Fault::Internal(error.into()))
}

/// Cursor of the hit at this place, counted from 0.
#[must_use]
pub fn cursor(place: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("hit {place}"))
}

/// Whether a page can follow the one that ends before this place: there are more hits, and they are not too far away.
#[must_use]
pub fn goes_on(end: usize, total: u64) -> bool {
    (end as u64) < total && end <= MAX_OFFSET
}

/// Where the page after this cursor begins.
///
/// # Errors
/// [`Code::BadPage`].
pub fn offset(after: Option<&str>, most: usize) -> Result<usize, Rejection> {
    let Some(after) = after else { return Ok(0) };
    let place = URL_SAFE_NO_PAD
        .decode(after)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.strip_prefix("hit ")?.parse::<usize>().ok());
    place
        .and_then(|place| place.checked_add(1))
        .filter(|offset| *offset <= MAX_OFFSET)
        .ok_or_else(|| Rejection::new(Code::BadPage).at("after").with("most", most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_and_strange_ones_are_refused() {
        assert_eq!(offset(Some(&cursor(19)), 100), Ok(20));
        assert_eq!(offset(None, 100), Ok(0));
        assert_eq!(offset(Some(&cursor(MAX_OFFSET - 1)), 100), Ok(MAX_OFFSET));
        assert!(offset(Some(&cursor(MAX_OFFSET)), 100).is_err());
        assert!(offset(Some(&cursor(usize::MAX)), 100).is_err(), "nothing comes after the last number");
        for strange in ["", "x", "aGl0IDk5OTk5OTk5", "aGl0IC0x"] {
            assert!(offset(Some(strange), 100).is_err(), "{strange}");
        }
    }

    #[test]
    fn a_page_that_says_it_goes_on_has_a_cursor_that_is_taken() {
        assert!(goes_on(20, 21) && !goes_on(20, 20));
        for (end, more) in [(MAX_OFFSET, true), (MAX_OFFSET + 1, false)] {
            assert_eq!(goes_on(end, 1_000_000), more);
            assert_eq!(offset(Some(&cursor(end - 1)), 100).is_ok(), more);
        }
    }
}
