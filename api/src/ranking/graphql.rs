//! Ranking rules in the schema.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use entity::awards::ranking_rule_set;
use uuid::Uuid;

use super::publish_rules::{Publish, publish_rules};
use super::rule_sets::{self, Key};
use super::rules::{Rule, Terms};
use super::save_rules::{self, save_rules};
use super::{RuleForm, RulesForm};
use crate::app::App;
use crate::fault::Fault;
use crate::graphql::connection::{Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::RankingCriterion;
use crate::graphql::errors::{self, UserError};
use crate::graphql::ids::{Kind, encode, expect, expect_some};

/// A version of the ranking rules (择优规则). Once published it never changes; a window goes by the one it opened with.
#[derive(Clone, Debug)]
pub struct RankingRules {
    row: ranking_rule_set::Model,
    rules: Vec<Rule>,
}

/// A criterion: what is looked at, what it weighs, and how its points are reckoned.
#[derive(Clone, Debug)]
pub struct RankingRule(Rule);

impl RankingRules {
    /// One set.
    ///
    /// # Errors
    /// The database's, as GraphQL errors.
    pub async fn load(app: &App, id: Uuid) -> async_graphql::Result<Option<Self>> {
        let conn = app.db().read();
        let Some(row) = rule_sets::one(conn, id).await.map_err(errors::to_error)? else { return Ok(None) };
        let rules = rule_sets::rules_of_one(conn, id).await.map_err(errors::to_error)?;
        Ok(Some(Self { row, rules }))
    }
}

#[Object]
impl RankingRules {
    /// Global id.
    async fn id(&self) -> ID {
        encode(Kind::RankingRules, self.row.id)
    }
    /// 1, 2, 3 … in the order in which they were drafted.
    async fn number(&self) -> i64 {
        self.row.number
    }
    /// Name.
    async fn name(&self) -> &str {
        &self.row.name
    }
    /// Note.
    async fn note(&self) -> &str {
        &self.row.note
    }
    /// First day on which windows open by it; null while it is a draft.
    async fn valid_from(&self) -> Option<NaiveDate> {
        self.row.valid_from
    }
    /// When it was published.
    async fn published_at(&self) -> Option<DateTime<Utc>> {
        self.row.published_at
    }
    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }
    /// Row version; give it with a change.
    async fn version(&self) -> i64 {
        self.row.version
    }
    /// Its criteria, in the order in which they are shown.
    async fn rules(&self) -> Vec<RankingRule> {
        self.rules.iter().cloned().map(RankingRule).collect()
    }
}

#[Object]
impl RankingRule {
    /// What is looked at.
    async fn criterion(&self) -> RankingCriterion {
        self.0.criterion.into()
    }
    /// What its points, 0 to 100, are multiplied by.
    async fn weight(&self) -> i64 {
        self.0.weight
    }
    /// NEED_CLASS: points of URGENT, ESSENTIAL and ORDINARY. DISTANCE: of the same department, the same region, the city.
    async fn points(&self) -> &[i64] {
        &self.0.terms.points
    }
    /// NEEDED_BY, in days, and PAST_SHARE, in minor units per head: up to here 100 points are given.
    async fn best(&self) -> Option<i64> {
        self.0.terms.best
    }
    /// From here on none is given; between the two evenly fewer.
    async fn worst(&self) -> Option<i64> {
        self.0.terms.worst
    }
    /// PAST_SHARE: months before the end of the window that are looked at.
    async fn months(&self) -> Option<i64> {
        self.0.terms.months
    }
}

connection!(RankingRulesConnection, RankingRulesEdge, RankingRules);

/// Root queries of the ranking rules.
#[derive(Debug, Default)]
pub struct RankingQuery;

#[Object]
impl RankingQuery {
    /// Sets of ranking rules, the newest first; or the one named.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn ranking_rules(
        &self,
        ctx: &Context<'_>,
        id: Option<ID>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<RankingRulesConnection> {
        let (conn, locale) = (ctx.app().db().read(), ctx.actor()?.locale());
        let outcome = async {
            let page: Page<Key> = Page::read(first, after.as_deref())?;
            let only = expect_some(Kind::RankingRules, id.as_ref(), "id")?;
            let rows = rule_sets::page(conn, only, page.after, page.fetch()).await?;
            let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
            let mut rules = rule_sets::rules_of(conn, &ids).await?;
            let nodes = rows
                .into_iter()
                .map(|row| RankingRules { rules: rules.remove(&row.id).unwrap_or_default(), row })
                .collect();
            Ok(RankingRulesConnection::new(page.first, nodes, |set: &RankingRules| Key(set.row.number)))
        };
        outcome.await.map_err(|fault: Fault| errors::query_error(fault, locale))
    }
}

/// A criterion: what is looked at, what it weighs, and how its points are reckoned.
#[derive(Debug, InputObject)]
pub struct RankingRuleInput {
    /// What is looked at; each at most once in a set.
    criterion: RankingCriterion,
    /// What its points, 0 to 100, are multiplied by; 1 to 1,000.
    weight: i64,
    /// NEED_CLASS: points of URGENT, ESSENTIAL and ORDINARY. DISTANCE: of the same department, the same region, the city.
    #[graphql(default)]
    points: Vec<i64>,
    /// NEEDED_BY, in days, and PAST_SHARE, in minor units per head: up to here 100 points are given.
    best: Option<i64>,
    /// From here on none is given; between the two evenly fewer.
    worst: Option<i64>,
    /// PAST_SHARE: months before the end of the window that are looked at, up to 120.
    months: Option<i64>,
}

/// A draft to be made, or changed where `id` is given: all its criteria are replaced.
#[derive(Debug, InputObject)]
pub struct SaveRankingRulesInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// Which; none for a new one.
    id: Option<ID>,
    /// The version you have seen; needed with `id`.
    version: Option<i64>,
    /// Name, up to 100 characters.
    name: String,
    /// Note, up to 2,000 characters.
    #[graphql(default)]
    note: String,
    /// Its criteria, in the order in which they are shown.
    rules: Vec<RankingRuleInput>,
}

/// A draft to be put into force.
#[derive(Debug, InputObject)]
pub struct PublishRankingRulesInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// Which.
    id: ID,
    /// The version you have seen.
    version: i64,
    /// First day on which windows open by it; today where it is left out.
    valid_from: Option<NaiveDate>,
}

/// The set, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct RankingRulesPayload {
    /// The set as it is now.
    ranking_rules: Option<RankingRules>,
    /// What was wrong.
    errors: Vec<UserError>,
}

impl SaveRankingRulesInput {
    fn read(self) -> Result<save_rules::Input, Fault> {
        let id = expect_some(Kind::RankingRules, self.id.as_ref(), "id")?;
        let rules = self.rules.into_iter().map(|rule| RuleForm {
            criterion: rule.criterion.into(),
            weight: rule.weight,
            terms: Terms { points: rule.points, best: rule.best, worst: rule.worst, months: rule.months },
        });
        let form = RulesForm { name: self.name, note: self.note, rules: rules.collect() };
        Ok(save_rules::Input { id, version: self.version, form })
    }
}

/// Root mutations of the ranking rules.
#[derive(Debug, Default)]
pub struct RankingMutation;

#[Object]
impl RankingMutation {
    /// Drafts a set of ranking rules, or changes a draft. No window goes by it before it is published.
    async fn save_ranking_rules(
        &self,
        ctx: &Context<'_>,
        input: SaveRankingRulesInput,
    ) -> async_graphql::Result<RankingRulesPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let key = input.idempotency_key.clone();
        let outcome = match input.read() {
            Ok(input) => save_rules(app, actor, Some(&key), &input).await,
            Err(fault) => Err(fault),
        };
        answer(ctx, outcome).await
    }

    /// Puts a draft into force from a day on. Windows that are open go on by the rules they opened with.
    async fn publish_ranking_rules(
        &self,
        ctx: &Context<'_>,
        input: PublishRankingRulesInput,
    ) -> async_graphql::Result<RankingRulesPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = async {
            let publish = Publish {
                id: expect(Kind::RankingRules, &input.id, "id")?,
                version: input.version,
                valid_from: input.valid_from.unwrap_or_else(|| app.clock().today()),
            };
            publish_rules(app, actor, Some(&input.idempotency_key), &publish).await
        };
        answer(ctx, outcome.await).await
    }
}

async fn answer(
    ctx: &Context<'_>,
    outcome: Result<Uuid, Fault>,
) -> async_graphql::Result<RankingRulesPayload> {
    let (id, errors) = errors::payload(outcome, ctx.actor()?.locale())?;
    let ranking_rules = match id {
        Some(id) => RankingRules::load(ctx.app(), id).await?,
        None => None,
    };
    Ok(RankingRulesPayload { ranking_rules, errors })
}
