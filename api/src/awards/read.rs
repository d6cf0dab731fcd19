//! Finders of claims: the giver's side and the office see all claims to an offer, each asker its own.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::awards::{WindowState, claim_rank, claim_window};
use entity::identity::Locale;
use entity::requests::{LineState, request, request_line};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, JoinType, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, RelationDef,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::authz::Operation;
use crate::fault::Fault;
use crate::graphql::connection::Page;
use crate::identity::Actor;
use crate::ranking::rule_sets;
use crate::ranking::rules::Rule;
use crate::requests;

/// A claim to an offer.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The line.
    pub line: request_line::Model,
    /// When it was handed in.
    pub claimed_at: Option<DateTime<Utc>>,
    /// Where it came; none before the claims are ranked.
    pub rank: Option<claim_rank::Model>,
}

/// Where a page of claims goes on: the rank, or 0 before there is one, and the line.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Key(pub i64, pub Uuid);

/// The sort key of a claim.
#[must_use]
pub fn key(claim: &Claim) -> Key {
    Key(claim.rank.as_ref().map_or(0, |rank| rank.rank), claim.line.id)
}

/// Claims to an offer with the rules that they are ranked by: in order of their ranks, and before there are any in the order in
/// which they were drafted. One more than asked for where there is more.
///
/// # Errors
/// When the database does not answer.
pub async fn page(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    listing: Uuid,
    page: &Page<Key>,
) -> Result<(Vec<Claim>, Vec<Rule>), Fault> {
    let Some(window) = claim_window::Entity::find_by_id(listing).one(conn).await? else {
        return Ok((Vec::new(), Vec::new()));
    };
    let rights = requests::read::covered(&actor.reach(Operation::Claims));
    let found: Vec<(request_line::Model, Option<claim_rank::Model>)> = match window.state {
        WindowState::Awarded => {
            let mut like = Condition::all().add(claim_rank::Column::ListingId.eq(listing)).add(rights);
            if let Some(Key(rank, _)) = page.after {
                like = like.add(claim_rank::Column::Rank.gt(rank));
            }
            let rows = claim_rank::Entity::find()
                .join(JoinType::InnerJoin, line())
                .filter(like)
                .order_by_asc(claim_rank::Column::Rank)
                .limit(page.fetch())
                .select_also(request_line::Entity)
                .all(conn)
                .await?;
            rows.into_iter().filter_map(|(rank, line)| Some((line?, Some(rank)))).collect()
        }
        WindowState::Open | WindowState::Closed => {
            let mut like = Condition::all()
                .add(request_line::Column::ListingId.eq(listing))
                .add(request_line::Column::State.eq(LineState::Queued))
                .add(rights);
            if let Some(Key(_, id)) = page.after {
                like = like.add(request_line::Column::Id.gt(id));
            }
            let rows = request_line::Entity::find()
                .filter(like)
                .order_by_asc(request_line::Column::Id)
                .limit(page.fetch())
                .all(conn)
                .await?;
            rows.into_iter().map(|line| (line, None)).collect()
        }
        WindowState::Empty | WindowState::Cancelled => Vec::new(),
    };
    let asked: HashMap<Uuid, request::Model> = request::Entity::find()
        .filter(request::Column::Id.is_in(found.iter().map(|(line, _)| line.request_id)))
        .all(conn)
        .await?
        .into_iter()
        .map(|request| (request.id, request))
        .collect();
    let claims = found.into_iter().map(|(line, rank)| Claim {
        claimed_at: asked.get(&line.request_id).and_then(|request| request.submitted_at),
        line,
        rank,
    });
    Ok((claims.collect(), rule_sets::rules_of_one(conn, window.rule_set_id).await?))
}

fn line() -> RelationDef {
    claim_rank::Entity::belongs_to(request_line::Entity)
        .from(claim_rank::Column::LineId)
        .to(request_line::Column::Id)
        .into()
}

/// Why a claim came where it did.
#[derive(Clone, Debug)]
pub struct Explained {
    /// Where it came.
    pub rank: claim_rank::Model,
    /// Claims that were ranked.
    pub claims: i64,
    /// The last that got its pieces; none where nobody did.
    pub last_winner: Option<claim_rank::Model>,
    /// The window.
    pub window: claim_window::Model,
    /// The rules it went by.
    pub rules: Vec<Rule>,
}

/// Why a claim came where it did, for those who may see its line. None where there is none, or it is not ranked yet.
///
/// # Errors
/// When the database does not answer.
pub async fn explain(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    line: Uuid,
) -> Result<Option<Explained>, Fault> {
    let rights = requests::read::covered(&actor.reach(Operation::ExplainAward));
    let seen = request_line::Entity::find_by_id(line).filter(rights).one(conn).await?;
    if seen.is_none() {
        return Ok(None);
    }
    let Some(rank) = claim_rank::Entity::find_by_id(line).one(conn).await? else { return Ok(None) };
    let window = claim_window::Entity::find_by_id(rank.listing_id).one(conn).await?;
    let window = window.ok_or_else(|| anyhow::anyhow!("the claim {line} was ranked without a window"))?;
    let of = || claim_rank::Entity::find().filter(claim_rank::Column::ListingId.eq(rank.listing_id));
    let claims = of().count(conn).await?;
    let last_winner = of()
        .filter(claim_rank::Column::Won.eq(true))
        .order_by_desc(claim_rank::Column::Rank)
        .one(conn)
        .await?;
    let rules = rule_sets::rules_of_one(conn, window.rule_set_id).await?;
    Ok(Some(Explained {
        claims: i64::try_from(claims).unwrap_or(i64::MAX),
        rank,
        last_winner,
        window,
        rules,
    }))
}

impl Explained {
    /// In a sentence.
    #[must_use]
    pub fn sentence(&self, locale: Locale) -> String {
        let Self { rank, claims, window, .. } = self;
        let available = window.available.unwrap_or(0);
        let (place, score, pieces) = (rank.rank, rank.score, rank.quantity);
        let tie = self.last_winner.as_ref().is_some_and(|last| last.score == score && !rank.won);
        match (locale, rank.won, &self.last_winner) {
            (Locale::Zh, true, _) => {
                format!(
                    "共 {claims} 份申领，可分配 {available} 件；本申领 {pieces} 件，得 {score} 分，排第 {place} 名，已获分配，转入审批。"
                )
            }
            (Locale::Zh, false, Some(last)) => {
                let why = if tie { "同分，按抽签结果在后" } else { "得分较低" };
                format!(
                    "共 {claims} 份申领，可分配 {available} 件；本申领 {pieces} 件，得 {score} 分，排第 {place} 名。\
                     最后一名获分配者得 {} 分、排第 {} 名，本申领{why}或剩余件数不足，按名次继续候补。",
                    last.score, last.rank
                )
            }
            (Locale::Zh, false, None) => {
                format!(
                    "共 {claims} 份申领，可分配 {available} 件；本申领 {pieces} 件，得 {score} 分，排第 {place} 名。暂无单位获分配，按名次候补。"
                )
            }
            (Locale::En, true, _) => format!(
                "{claims} claims, {available} pieces to give. This claim, for {pieces}, scored {score} and came {place}: it has its pieces and goes to its approvers."
            ),
            (Locale::En, false, Some(last)) => {
                let why = if tie {
                    "with an equal score, the draw put this claim behind"
                } else {
                    "this claim scored lower"
                };
                format!(
                    "{claims} claims, {available} pieces to give. This claim, for {pieces}, scored {score} and came {place}. \
                     The last claim served scored {} and came {}: {why}, or too few pieces were left. It waits in the order of the ranks.",
                    last.score, last.rank
                )
            }
            (Locale::En, false, None) => format!(
                "{claims} claims, {available} pieces to give. This claim, for {pieces}, scored {score} and came {place}. Nobody could be served yet; it waits in the order of the ranks."
            ),
        }
    }
}

/// Windows after a listing, for the check of all of them.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn windows_after(
    conn: &impl ConnectionTrait,
    after: Uuid,
    limit: u64,
) -> Result<Vec<claim_window::Model>, DbErr> {
    claim_window::Entity::find()
        .filter(claim_window::Column::ListingId.gt(after))
        .order_by_asc(claim_window::Column::ListingId)
        .limit(limit)
        .all(conn)
        .await
}
