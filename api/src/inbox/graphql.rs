//! The inbox in the schema: it translates and decides nothing.

use std::collections::HashMap;

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::NaiveDate;
use uuid::Uuid;

use super::kinds::Kind;
use super::read::{self, Awaiting, Key, MOST_COUNTED};
use crate::approvals::graphql::subject_id;
use crate::fault::Fault;
use crate::graphql::connection::{Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::errors::query_error;
use crate::graphql::ids::{self, encode};
use crate::listings::graphql::{Listing, listings, wants};
use crate::listings::read as listing_rows;
use crate::loans::nodes::{Loan, loans_by_id};
use crate::requests::nodes::{RequestLine, lines_by_id};
use crate::transfers::graphql::{Transfer, transfers_by_id};

/// Something that awaits the caller (待办).
#[derive(Debug)]
pub struct InboxItem {
    row: Awaiting,
    listing: Option<Listing>,
    line: Option<RequestLine>,
    transfer: Option<Transfer>,
    loan: Option<Loan>,
}

#[Object]
impl InboxItem {
    /// What is to be done.
    async fn kind(&self) -> Kind {
        self.row.kind
    }

    /// The civil day on which it is due.
    async fn due_on(&self) -> NaiveDate {
        self.row.due_on
    }

    /// Working days that have gone by since; 0 where it is not overdue.
    async fn days_late(&self) -> i64 {
        self.row.days_late
    }

    /// Global id of what it is about: of a listing, a line, a hand-over or a loan.
    async fn subject_id(&self) -> ID {
        match &self.row.step {
            Some((_, case)) => subject_id(case),
            None => encode(self.row.of, self.row.id),
        }
    }

    /// Global id of the step to decide by `decideSteps`; null where it is no step.
    async fn step_id(&self) -> Option<ID> {
        self.row.step.as_ref().map(|(step, _)| encode(ids::Kind::Step, step.id))
    }

    /// The listing that it is about; null where it is about something else, or a step: see `tasks`.
    async fn listing(&self) -> Option<&Listing> {
        self.listing.as_ref()
    }

    /// The request line that it is about; null where it is about something else.
    async fn line(&self) -> Option<&RequestLine> {
        self.line.as_ref()
    }

    /// The hand-over that it is about; null where it is about something else.
    async fn transfer(&self) -> Option<&Transfer> {
        self.transfer.as_ref()
    }

    /// The loan that it is about; null where it is about something else.
    async fn loan(&self) -> Option<&Loan> {
        self.loan.as_ref()
    }
}

connection!(InboxConnection, InboxEdge, InboxItem);

/// How many of a kind await the caller.
#[derive(Debug, SimpleObject)]
pub struct InboxCount {
    /// What is to be done.
    kind: Kind,
    /// How many, up to 99.
    count: i64,
    /// Whether there are more than that: show "99+".
    more: bool,
}

/// Questions about what awaits the caller.
#[derive(Debug, Default)]
pub struct InboxQuery;

#[Object]
impl InboxQuery {
    /// What awaits the caller, of every kind or of one, the oldest due first.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn inbox(
        &self,
        ctx: &Context<'_>,
        kind: Option<Kind>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<InboxConnection> {
        let actor = ctx.actor()?;
        let outcome = async {
            let page: Page<Key> = Page::read(first, after.as_deref())?;
            Ok((page.first, read::page(ctx.app(), actor, kind, &page).await?))
        };
        let (first, rows) = outcome.await.map_err(|fault: Fault| query_error(fault, actor.locale()))?;
        let node = ctx.look_ahead().field("edges").field("node");
        // What is asked of each kind of thing is read at once.
        let ids = |of: ids::Kind| -> Vec<Uuid> {
            rows.iter().filter(|row| row.of == of).map(|row| row.id).collect()
        };
        let mut by_listing = HashMap::new();
        let selection = node.field("listing");
        if selection.exists() {
            let found =
                listing_rows::find_all(ctx.app(), actor, &ids(ids::Kind::Listing), wants(&selection)).await;
            let found = found.map_err(|fault| query_error(fault, actor.locale()))?;
            let known: Vec<Uuid> = found.iter().map(|row| row.id).collect();
            by_listing.extend(known.into_iter().zip(listings(ctx, found, &selection).await?));
        }
        let (mut by_line, mut by_transfer, mut by_loan) = (HashMap::new(), HashMap::new(), HashMap::new());
        if node.field("line").exists() {
            by_line = lines_by_id(ctx, &ids(ids::Kind::Line), &node.field("line")).await?;
        }
        if node.field("transfer").exists() {
            by_transfer = transfers_by_id(ctx, &ids(ids::Kind::Transfer), &node.field("transfer")).await?;
        }
        if node.field("loan").exists() {
            by_loan = loans_by_id(ctx, &ids(ids::Kind::Loan), &node.field("loan")).await?;
        }
        let nodes: Vec<InboxItem> = rows
            .into_iter()
            .map(|row| InboxItem {
                // A thing may await two kinds of doing: each gets it, where it is asked for once.
                listing: by_listing.remove(&row.id),
                line: by_line.remove(&row.id),
                transfer: by_transfer.remove(&row.id),
                loan: by_loan.remove(&row.id),
                row,
            })
            .collect();
        Ok(InboxConnection::new(first, nodes, |node| node.row.key.clone()))
    }

    /// How many of each kind await the caller; kinds of which there are none are left out.
    #[graphql(complexity = "50 + 13 * child_complexity")]
    async fn inbox_counts(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<InboxCount>> {
        let actor = ctx.actor()?;
        let counts = read::counts(ctx.app(), actor).await;
        let counts = counts.map_err(|fault| query_error(fault, actor.locale()))?;
        let shown = |(kind, n): (Kind, u64)| InboxCount {
            kind,
            count: i64::try_from(n.min(MOST_COUNTED)).unwrap_or_default(),
            more: n > MOST_COUNTED,
        };
        Ok(counts.into_iter().map(shown).collect())
    }
}
