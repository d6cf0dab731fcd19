//! Claim windows in the schema.

use std::collections::HashMap;

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use entity::awards::claim_window;
use uuid::Uuid;

use super::window;
use crate::graphql::context::Given;
use crate::graphql::enums::WindowState;
use crate::graphql::errors::query_error;
use crate::graphql::ids::{Kind, encode};

/// The time in which claims to an offer are gathered (申领期), and by what the draw between equal ones can be checked.
#[derive(Clone, Debug)]
pub struct ClaimWindow(pub claim_window::Model);

#[Object]
impl ClaimWindow {
    /// State. EMPTY: nobody claimed anything, and it goes to who comes first.
    async fn state(&self) -> WindowState {
        self.0.state.into()
    }
    /// When it opened.
    async fn opened_at(&self) -> DateTime<Utc> {
        self.0.opened_at
    }
    /// When it ends. A freeze that is lifted moves it by the time that it took.
    async fn closes_at(&self) -> DateTime<Utc> {
        self.0.closes_at
    }
    /// When it was over.
    async fn closed_at(&self) -> Option<DateTime<Utc>> {
        self.0.closed_at
    }
    /// When its claims were ranked.
    async fn awarded_at(&self) -> Option<DateTime<Utc>> {
        self.0.awarded_at
    }
    /// Global id of the ranking rules that it goes by.
    async fn rule_set_id(&self) -> ID {
        encode(Kind::RankingRules, self.0.rule_set_id)
    }
    /// Pieces that there were to give when the claims were ranked.
    async fn available(&self) -> Option<i64> {
        self.0.available
    }
    /// SHA-256 of the seed of the draw, published when the window opened.
    async fn commitment(&self) -> &str {
        &self.0.commitment
    }
    /// The seed, shown when the claims are ranked.
    async fn seed(&self) -> Option<&str> {
        self.0.seed.as_deref()
    }
    /// Number of the first seal of the audit after the window was over.
    async fn seal_seq(&self) -> Option<i64> {
        self.0.seal_seq
    }
    /// Its root: the half of the draw that nobody could know while claims were taken.
    async fn seal_root(&self) -> Option<&str> {
        self.0.seal_root.as_deref()
    }
}

/// The windows of several offers, by offer.
pub(super) async fn windows_of(
    ctx: &Context<'_>,
    listings: &[Uuid],
) -> async_graphql::Result<HashMap<Uuid, ClaimWindow>> {
    let locale = ctx.actor()?.locale();
    let found = window::of_all(ctx.app().db().read(), listings).await;
    let found = found.map_err(|error| query_error(error.into(), locale))?;
    Ok(found.into_iter().map(|row| (row.listing_id, ClaimWindow(row))).collect())
}
