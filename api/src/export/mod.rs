//! Lists as CSV, streamed: page after page by the finders of the slices, under one answer and in constant memory. Each page is
//! read with the rights that the caller has by then.
//!
//! - [`lists`]: which lists there are, their columns and how a page of each is read. `words`: enums as people read them.

pub mod lists;
mod words;

use bytes::Bytes;
use entity::identity::Locale;
use futures_util::{Stream, stream};

use crate::app::App;
use crate::authz::Operation;
use crate::fault::{Code, Fault};
use crate::identity::Actor;
use crate::sheet::Csv;
use lists::{Asked, Place};

/// What an export goes on with.
struct Export {
    app: App,
    token: String,
    actor: Actor,
    asked: Asked,
    locale: Locale,
    place: Place,
    begun: bool,
}

/// A list as CSV, from its first row on. The first page is read before this returns, so that what is wrong with the request is
/// said in the answer and not in the middle of it.
///
/// # Errors
/// [`Fault::Unauthenticated`], [`Code::NotAllowed`]; when the database does not answer.
pub async fn csv(
    app: &App,
    token: &str,
    asked: Asked,
    locale: Option<Locale>,
) -> Result<impl Stream<Item = std::io::Result<Bytes>> + Send + use<>, Fault> {
    let actor = allowed(app, token, asked.operation()).await?;
    let locale = locale.unwrap_or_else(|| actor.locale());
    let mut export = Export {
        app: app.clone(),
        token: token.to_owned(),
        actor,
        asked,
        locale,
        place: Place::Start,
        begun: false,
    };
    let (first, more) = export.next().await?;
    let rest = stream::try_unfold(more.then_some(export), |export| async move {
        let Some(mut export) = export else { return Ok(None) };
        let part = async {
            // A role that was taken away ends the export where it stands.
            export.actor = allowed(&export.app, &export.token, export.asked.operation()).await?;
            export.next().await
        };
        let (bytes, more) = part.await.map_err(|fault| {
            tracing::warn!(%fault, "an export ended early");
            std::io::Error::other("the export ended early")
        })?;
        Ok(Some((bytes, more.then_some(export))))
    });
    Ok(stream::StreamExt::chain(stream::iter([Ok(first)]), rest))
}

async fn allowed(app: &App, token: &str, operation: Operation) -> Result<Actor, Fault> {
    let actor = app.who(token).await?.ok_or(Fault::Unauthenticated)?;
    if actor.may_somewhere(operation) { Ok(actor) } else { Err(Code::NotAllowed.into()) }
}

impl Export {
    async fn next(&mut self) -> Result<(Bytes, bool), Fault> {
        let mut csv = Csv::new();
        if !self.begun {
            self.begun = true;
            csv.mark();
            csv.row(self.asked.headers(self.locale));
        }
        let (rows, next) = lists::page(&self.app, &self.actor, &self.asked, self.place, self.locale).await?;
        for row in &rows {
            csv.row(row.iter().map(String::as_str));
        }
        self.place = next;
        Ok((csv.into_bytes(), !matches!(next, Place::End)))
    }
}
