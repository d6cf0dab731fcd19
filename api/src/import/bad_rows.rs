//! The rows that were not kept as a CSV, with the reasons as last column: put right, it can be loaded as it is.

use bytes::Bytes;
use entity::identity::Locale;
use entity::imports::{import, import_fault};
use futures_util::{Stream, stream};
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::read;
use crate::app::App;
use crate::fault::{Code, Fault};
use crate::photos::address::{Purpose, expiry_for};
use crate::sheet;

/// Reasons read by one statement.
const PART: u64 = 500;

/// Path and query at which the rows can be fetched, for whoever was given it.
#[must_use]
pub fn address(app: &App, import: Uuid, locale: Locale) -> String {
    let resource = resource(import, locale);
    let expires = expiry_for(app.clock().now());
    let query = app.photos().signer.sign(Purpose::GetReport, &resource, expires);
    format!("/imports/{resource}?{}", query.to_query_string())
}

/// What such an address is signed over.
#[must_use]
pub fn resource(import: Uuid, locale: Locale) -> String {
    let language = if locale == Locale::Zh { "zh" } else { "en" };
    format!("{import}/bad-rows/{language}.csv")
}

/// Where a stream of rows stands.
struct Place {
    app: App,
    import: import::Model,
    locale: Locale,
    headers: Vec<String>,
    after: Option<(i64, i64)>,
    begun: bool,
}

/// The rows as they are sent. The address was verified by the caller.
///
/// # Errors
/// [`Code::NotFound`] for an import that is over; later faults end the stream.
pub async fn csv(
    app: &App,
    import: Uuid,
    locale: Locale,
) -> Result<impl Stream<Item = std::io::Result<Bytes>> + Send + use<>, Fault> {
    let row = import::Entity::find_by_id(import).one(app.db().read()).await?.ok_or(Code::NotFound)?;
    let headers: Vec<String> = serde_json::from_value(row.headers.clone())?;
    let place = Place { app: app.clone(), import: row, locale, headers, after: None, begun: false };
    Ok(stream::try_unfold(Some(place), |place| async move {
        let Some(mut place) = place else { return Ok(None) };
        let (bytes, more) = place.next().await.map_err(std::io::Error::other)?;
        Ok(Some((bytes, more.then_some(place))))
    }))
}

impl Place {
    async fn next(&mut self) -> Result<(Bytes, bool), Fault> {
        let mut csv = sheet::Csv::new();
        if !self.begun {
            self.begun = true;
            csv.mark();
            let reason = if self.locale == Locale::Zh { "未导入原因" } else { "Reason" };
            csv.row(self.headers.iter().map(String::as_str).chain([reason]));
        }
        let mut rows = read::faults(self.app.db().read(), &self.import, self.after, PART).await?;
        let whole = (rows.len() as u64) < PART;
        if !whole {
            // The last row may go on in the next part: it is read with it.
            let last = rows.last().map_or(0, |row| row.line);
            if rows.iter().any(|row| row.line != last) {
                rows.retain(|row| row.line != last);
            }
        }
        self.after = rows.last().map(|row| (row.line, i64::MAX)).or(self.after);
        for of_row in rows.chunk_by(|a, b| a.line == b.line) {
            self.write(&mut csv, of_row);
        }
        Ok((csv.into_bytes(), !whole))
    }

    fn write(&self, csv: &mut sheet::Csv, faults: &[import_fault::Model]) {
        // Of a secret row there is nothing to put right, and nothing to show.
        let Some(cells) = faults.iter().find_map(|fault| fault.cells.as_ref()) else { return };
        let mut cells: Vec<String> = serde_json::from_value(cells.clone()).unwrap_or_default();
        cells.resize(self.headers.len().max(cells.len()), String::new());
        let reasons: Vec<String> = faults
            .iter()
            .map(|fault| {
                let reason = if self.locale == Locale::Zh { &fault.reason_zh } else { &fault.reason_en };
                if fault.field.is_empty() { reason.clone() } else { format!("{}: {reason}", fault.field) }
            })
            .collect();
        let reason = format!("{} {}", faults[0].line, reasons.join(" "));
        csv.row(cells.iter().map(String::as_str).chain([reason.as_str()]));
    }
}
