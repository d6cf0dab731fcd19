//! How the claims of a window would be ranked as things stand now, by its rules or by other ones: for the giver's side and the
//! office. Who is equal shares a rank: the draw is not known before the window is over.

use entity::awards::claim_window;
use entity::requests::{LineState, request_line};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::facts;
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::graphql::connection::MOST;
use crate::identity::Actor;
use crate::listings;
use crate::listings::row::Wants;
use crate::ranking::rule_sets;
use crate::ranking::rules::{self, Ranked, Rule};

/// How claims would be ranked.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The claims in order, with their ranks and the units that ask; at most a page.
    pub claims: Vec<(i64, Uuid, Ranked)>,
    /// The rules it went by.
    pub rules: Vec<Rule>,
}

/// Ranks the claims that there are. None where there is no such window for the caller.
///
/// # Errors
/// [`Code::NotFound`] at `ruleSetId`; when the database does not answer.
pub async fn preview(
    app: &App,
    actor: &Actor,
    listing: Uuid,
    rule_set: Option<Uuid>,
) -> Result<Option<Preview>, Fault> {
    let conn = app.db().read();
    let Some(offer) = listings::read::find(app, actor, listing, Wants::ALL).await? else { return Ok(None) };
    let warehouse = offer.standing.and_then(|standing| standing.warehouse_id);
    let parties = Parties { giver: Some(offer.unit_id), receiver: None, warehouse };
    if actor.allow(Operation::PreviewRanking, &parties).is_err() {
        return Ok(None);
    }
    let Some(window) = claim_window::Entity::find_by_id(listing).one(conn).await? else { return Ok(None) };
    let set = rule_set.unwrap_or(window.rule_set_id);
    if rule_sets::one(conn, set).await?.is_none() {
        return Err(Rejection::new(Code::NotFound).at("ruleSetId").into());
    }
    let rules = rule_sets::rules_of_one(conn, set).await?;
    let lines = request_line::Entity::find()
        .filter(request_line::Column::ListingId.eq(listing))
        .filter(request_line::Column::State.eq(LineState::Queued))
        .order_by_asc(request_line::Column::QueuePlace)
        // More are not shown; they are not read either.
        .limit(MOST as u64)
        .all(conn)
        .await?;
    let claims = facts::measure(app, conn, &window, &lines, &rules).await?;
    let ranked = rules::rank(&rules, claims, |line| line.to_string());
    let mut placed: Vec<(i64, Uuid, Ranked)> = Vec::with_capacity(ranked.len());
    for (place, ranked) in (1..).zip(ranked) {
        let same = placed.last().filter(|(.., before)| before.score == ranked.score);
        let rank = same.map_or(place, |(rank, ..)| *rank);
        let unit = lines.iter().find(|line| line.id == ranked.claim.line).map(|line| line.unit_id);
        placed.push((rank, unit.unwrap_or_default(), ranked));
    }
    Ok(Some(Preview { claims: placed, rules }))
}
