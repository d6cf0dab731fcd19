//! Claims and awards in the schema.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use entity::awards::claim_rank;
use uuid::Uuid;

use super::preview::preview;
use super::read::{self, Explained, Key, explain};
use crate::fault::Fault;
use crate::graphql::connection::{Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::{LineState, RankingCriterion};
use crate::graphql::errors::query_error;
use crate::graphql::ids::{Kind, decode, encode, expect_some};
use crate::listings::window_graphql::ClaimWindow;
use crate::organisation::graphql::Unit;
use crate::ranking::rules::{self, Facts, Rule};

/// A claim to an offer whose window is open or over.
#[derive(Debug)]
pub struct Claim {
    found: read::Claim,
    scored: Option<Scored>,
}

/// What a score is made of.
#[derive(Clone, Debug)]
pub struct Scored {
    facts: Facts,
    rules: Arc<[Rule]>,
}

/// Points of a claim by one criterion.
#[derive(Clone, Debug)]
pub struct ClaimScore {
    rule: Rule,
    facts: Facts,
}

impl Scored {
    fn of(row: &claim_rank::Model, rules: &Arc<[Rule]>) -> Option<Self> {
        let facts = serde_json::from_value(row.facts.clone()).ok()?;
        Some(Self { facts, rules: Arc::clone(rules) })
    }

    fn scores(&self) -> Vec<ClaimScore> {
        self.rules.iter().map(|rule| ClaimScore { rule: rule.clone(), facts: self.facts }).collect()
    }
}

fn scores(scored: Option<&Scored>) -> Vec<ClaimScore> {
    scored.map(Scored::scores).unwrap_or_default()
}

#[Object]
impl ClaimScore {
    /// What was looked at.
    async fn criterion(&self) -> RankingCriterion {
        self.rule.criterion.into()
    }
    /// What it was reckoned from. NEEDED_BY: days from the end of the window. PAST_SHARE: minor units per head. SENIORITY: days
    /// from the opening of the window. NEED_CLASS and DISTANCE: the step, 0 is the first. Null where no day was named.
    async fn measured(&self) -> Option<String> {
        rules::measure(self.rule.criterion, &self.facts).map(|measured| measured.to_string())
    }
    /// 0 to 100.
    async fn points(&self) -> i64 {
        rules::points(&self.rule, &self.facts)
    }
    /// What they are multiplied by.
    async fn weight(&self) -> i64 {
        self.rule.weight
    }
    /// Points times weight.
    async fn score(&self) -> i64 {
        self.rule.weight * rules::points(&self.rule, &self.facts)
    }
}

#[Object]
impl Claim {
    /// Global id of the line that claims.
    async fn line_id(&self) -> ID {
        encode(Kind::Line, self.found.line.id)
    }
    /// Who claims.
    async fn unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.found.line.unit_id)
    }
    /// Pieces claimed.
    async fn quantity(&self) -> i64 {
        self.found.rank.as_ref().map_or(self.found.line.quantity, |rank| rank.quantity)
    }
    /// State of the line.
    async fn state(&self) -> LineState {
        self.found.line.state.into()
    }
    /// When it was handed in.
    async fn claimed_at(&self) -> Option<DateTime<Utc>> {
        self.found.claimed_at
    }
    /// Where it came, 1 is the first; null before the claims are ranked, as all that follows.
    async fn rank(&self) -> Option<i64> {
        self.found.rank.as_ref().map(|rank| rank.rank)
    }
    /// Whether it got its pieces when the claims were ranked. The others wait in the order of their ranks.
    async fn won(&self) -> Option<bool> {
        self.found.rank.as_ref().map(|rank| rank.won)
    }
    /// Points times weights, in sum.
    async fn score(&self) -> Option<i64> {
        self.found.rank.as_ref().map(|rank| rank.score)
    }
    /// The score, criterion by criterion.
    async fn scores(&self) -> Vec<ClaimScore> {
        scores(self.scored.as_ref())
    }
    /// What decides between equal scores, the lower goes first: SHA-256 of the seed, the root of the seal and the line's
    /// identity (its global id without `lin_`), one after the other.
    async fn draw(&self) -> Option<&str> {
        self.found.rank.as_ref().map(|rank| rank.draw.as_str())
    }
}

connection!(ClaimConnection, ClaimEdge, Claim);

/// Why a claim came where it did.
#[derive(Debug)]
pub struct AwardExplanation {
    found: Explained,
    rules: Arc<[Rule]>,
}

/// Where a claim came, without a word on whose it is.
#[derive(Debug)]
pub struct AwardedClaim {
    row: claim_rank::Model,
    scored: Option<Scored>,
}

#[Object]
impl AwardedClaim {
    /// Global id of the line; whose it is is not told.
    async fn line_id(&self) -> ID {
        encode(Kind::Line, self.row.line_id)
    }
    /// Where it came.
    async fn rank(&self) -> i64 {
        self.row.rank
    }
    /// Points times weights, in sum.
    async fn score(&self) -> i64 {
        self.row.score
    }
    /// Points times weight of each criterion, in the order of the rules.
    async fn scores(&self) -> Vec<i64> {
        let scores = scores(self.scored.as_ref());
        scores.iter().map(|one| one.rule.weight * rules::points(&one.rule, &one.facts)).collect()
    }
    /// What decides between equal scores; the lower goes first.
    async fn draw(&self) -> &str {
        &self.row.draw
    }
}

#[Object]
impl AwardExplanation {
    /// Global id of the line.
    async fn line_id(&self) -> ID {
        encode(Kind::Line, self.found.rank.line_id)
    }
    /// Where it came, 1 is the first.
    async fn rank(&self) -> i64 {
        self.found.rank.rank
    }
    /// Claims that were ranked.
    async fn claims(&self) -> i64 {
        self.found.claims
    }
    /// Whether it got its pieces when the claims were ranked.
    async fn won(&self) -> bool {
        self.found.rank.won
    }
    /// Points times weights, in sum.
    async fn score(&self) -> i64 {
        self.found.rank.score
    }
    /// The score, criterion by criterion.
    async fn scores(&self) -> Vec<ClaimScore> {
        scores(Scored::of(&self.found.rank, &self.rules).as_ref())
    }
    /// What decides between equal scores; the lower goes first.
    async fn draw(&self) -> &str {
        &self.found.rank.draw
    }
    /// The last claim that got its pieces; null where nobody could be served.
    async fn last_winner(&self) -> Option<AwardedClaim> {
        let row = self.found.last_winner.clone()?;
        Some(AwardedClaim { scored: Scored::of(&row, &self.rules), row })
    }
    /// The window, with all that the draw is checked by.
    async fn window(&self) -> ClaimWindow {
        ClaimWindow(self.found.window.clone())
    }
    /// All this in a sentence, in the caller's language.
    async fn message(&self, ctx: &Context<'_>) -> async_graphql::Result<String> {
        Ok(self.found.sentence(ctx.actor()?.locale()))
    }
}

/// Where a claim would come as things stand now.
#[derive(Debug)]
pub struct PreviewedClaim {
    rank: i64,
    line: Uuid,
    unit: Uuid,
    score: i64,
    scored: Scored,
}

#[Object]
impl PreviewedClaim {
    /// Where it would come; who is equal shares a rank, because the draw is not known yet.
    async fn rank(&self) -> i64 {
        self.rank
    }
    /// Global id of the line.
    async fn line_id(&self) -> ID {
        encode(Kind::Line, self.line)
    }
    /// Who claims.
    async fn unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        Unit::of(&ctx.app().reference(), self.unit)
    }
    /// Points times weights, in sum.
    async fn score(&self) -> i64 {
        self.score
    }
    /// The score, criterion by criterion.
    async fn scores(&self) -> Vec<ClaimScore> {
        self.scored.scores()
    }
}

/// Root queries of awards.
#[derive(Debug, Default)]
pub struct AwardsQuery;

#[Object]
impl AwardsQuery {
    /// Claims to an offer: all of them for the giver's side and the office, its own for each asker. Ranked ones in the order of
    /// their ranks.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn claims(
        &self,
        ctx: &Context<'_>,
        listing_id: ID,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<ClaimConnection> {
        let actor = ctx.actor()?;
        let outcome = async {
            let page: Page<Key> = Page::read(first, after.as_deref())?;
            let (found, rules) = match decode(Kind::Listing, &listing_id) {
                Some(listing) => read::page(ctx.app().db().read(), actor, listing, &page).await?,
                None => (Vec::new(), Vec::new()),
            };
            let rules: Arc<[Rule]> = rules.into();
            let claim = |found: read::Claim| Claim {
                scored: found.rank.as_ref().and_then(|row| Scored::of(row, &rules)),
                found,
            };
            let nodes = found.into_iter().map(claim).collect();
            Ok(ClaimConnection::new(page.first, nodes, |claim| read::key(&claim.found)))
        };
        outcome.await.map_err(|fault: Fault| query_error(fault, actor.locale()))
    }

    /// Why a claim came where it did: for who claimed, the giver's side and the office. Null where it is not ranked, or not for
    /// the caller.
    async fn explain_award(
        &self,
        ctx: &Context<'_>,
        line_id: ID,
    ) -> async_graphql::Result<Option<AwardExplanation>> {
        let actor = ctx.actor()?;
        let Some(line) = decode(Kind::Line, &line_id) else { return Ok(None) };
        let found = explain(ctx.app().db().read(), actor, line).await;
        let found = found.map_err(|fault| query_error(fault, actor.locale()))?;
        Ok(found.map(|found| AwardExplanation { rules: found.rules.clone().into(), found }))
    }

    /// How the claims to an offer would be ranked as things stand now, by the rules of its window or by others: for the giver's
    /// side and the office. The first hundred that were made; null where there is no window for the caller.
    #[graphql(complexity = "100 * child_complexity.max(1)")]
    async fn preview_ranking(
        &self,
        ctx: &Context<'_>,
        listing_id: ID,
        rule_set_id: Option<ID>,
    ) -> async_graphql::Result<Option<Vec<PreviewedClaim>>> {
        let actor = ctx.actor()?;
        let outcome = async {
            let Some(listing) = decode(Kind::Listing, &listing_id) else { return Ok(None) };
            let set = expect_some(Kind::RankingRules, rule_set_id.as_ref(), "ruleSetId")?;
            preview(ctx.app(), actor, listing, set).await
        };
        let found = outcome.await.map_err(|fault: Fault| query_error(fault, actor.locale()))?;
        Ok(found.map(|found| {
            let rules: Arc<[Rule]> = found.rules.into();
            let claim = |(rank, unit, ranked): (i64, Uuid, rules::Ranked)| PreviewedClaim {
                rank,
                unit,
                line: ranked.claim.line,
                score: ranked.score,
                scored: Scored { facts: ranked.claim.facts, rules: Arc::clone(&rules) },
            };
            found.claims.into_iter().map(claim).collect()
        }))
    }
}
