//! Sets of approval rules in the schema.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use entity::approvals::approval_rule_set;
use uuid::Uuid;

use super::super::conditions::Conditions;
use super::super::publish_rule_set::{Discard, Publish, discard_rule_set, publish_rule_set};
use super::super::rule_set_form::{RuleForm, RuleSetForm};
use super::super::rule_sets::{self, Key};
use super::super::rules::Rule;
use super::super::save_rule_set::{self, save_rule_set};
use crate::app::App;
use crate::catalogue::graphql::Category;
use crate::fault::Fault;
use crate::graphql::connection::{Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::{ApprovalSubject, AssetKind, Border, Custody, Purpose, Role, SeatLevel, Side};
use crate::graphql::errors::{self, UserError};
use crate::graphql::ids::{Kind, encode, expect, expect_some};
use crate::graphql::scalars::Money;

/// A version of the approval rules (审批规则集). Once published it never changes; cases go on by the one they began with.
#[derive(Clone, Debug)]
pub struct ApprovalRuleSet {
    row: approval_rule_set::Model,
    rules: Vec<Rule>,
}

/// A step, and when a case needs it.
#[derive(Clone, Debug)]
pub struct ApprovalRule(pub Rule);

/// When a case needs a step: all that is named must hold; of the three about value any.
#[derive(Clone, Debug)]
pub struct ApprovalConditions(Conditions);

impl ApprovalRuleSet {
    /// Of one set.
    ///
    /// # Errors
    /// The database's, as GraphQL errors.
    pub async fn load(app: &App, id: Uuid) -> async_graphql::Result<Option<Self>> {
        let conn = app.db().read();
        let Some(row) = rule_sets::one(conn, id).await.map_err(errors::to_error)? else { return Ok(None) };
        let rules = rule_sets::rules_of(conn, id).await.map_err(errors::to_error)?;
        Ok(Some(Self { row, rules }))
    }

    /// From what was read.
    #[must_use]
    pub fn new(row: approval_rule_set::Model, rules: Vec<Rule>) -> Self {
        Self { row, rules }
    }
}

#[Object]
impl ApprovalRuleSet {
    /// Global id.
    async fn id(&self) -> ID {
        encode(Kind::RuleSet, self.row.id)
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
    /// First day on which new cases go by it; null while it is a draft.
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
    /// Its rules, in the order in which they are shown.
    async fn rules(&self) -> Vec<ApprovalRule> {
        self.rules.iter().cloned().map(ApprovalRule).collect()
    }
}

#[Object]
impl ApprovalRule {
    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// What is approved.
    async fn subject(&self) -> ApprovalSubject {
        self.0.subject.into()
    }
    /// When its turn is, 1 to 99: rules of one stage go side by side.
    async fn stage(&self) -> i64 {
        self.0.stage
    }
    /// Whose step it is.
    async fn side(&self) -> Side {
        self.0.side.into()
    }
    /// Where on that side.
    async fn level(&self) -> SeatLevel {
        self.0.level.into()
    }
    /// Role that decides.
    async fn role(&self) -> Role {
        self.0.role.into()
    }
    /// Working days for a decision; null: as the setting `approval_days` says.
    async fn due_days(&self) -> Option<i64> {
        self.0.due_days
    }
    /// When a case needs it.
    async fn conditions(&self) -> ApprovalConditions {
        ApprovalConditions(self.0.conditions.clone())
    }
}

#[Object]
impl ApprovalConditions {
    /// Only where it stands so.
    async fn custody(&self) -> Option<Custody> {
        self.0.custody.map(Into::into)
    }
    /// Only where it is offered so.
    async fn purpose(&self) -> Option<Purpose> {
        self.0.purpose.map(Into::into)
    }
    /// Only these kinds; empty: every kind.
    async fn kinds(&self) -> Vec<AssetKind> {
        self.0.kinds.iter().map(|kind| (*kind).into()).collect()
    }
    /// Only these categories and all below them; empty: every one.
    async fn categories(&self, ctx: &Context<'_>) -> Vec<Category> {
        let reference = ctx.app().reference();
        self.0.categories.iter().filter_map(|id| Category::of(&reference, *id)).collect()
    }
    /// From this value of one item.
    async fn item_from(&self) -> Option<Money> {
        self.0.item_from.map(|from| Money(entity::Money(from)))
    }
    /// From this value of the batch.
    async fn batch_from(&self) -> Option<Money> {
        self.0.batch_from.map(|from| Money(entity::Money(from)))
    }
    /// Days before today that count into the batch; 0: only what is handed in together.
    async fn window_days(&self) -> i64 {
        self.0.window_days
    }
    /// Whose batch it is; null: the giver's.
    async fn batch_side(&self) -> Option<Side> {
        self.0.batch_side.map(Into::into)
    }
    /// Also where the value is not known, or nominal.
    async fn or_unknown(&self) -> bool {
        self.0.or_unknown
    }
    /// Only where one of these borders lies between giver and receiver; empty: wherever they are.
    async fn crosses(&self) -> Vec<Border> {
        self.0.crosses.iter().map(|border| (*border).into()).collect()
    }
    /// Only where none of these borders lies between them.
    async fn within(&self) -> Vec<Border> {
        self.0.within.iter().map(|border| (*border).into()).collect()
    }
}

connection!(ApprovalRuleSetConnection, ApprovalRuleSetEdge, ApprovalRuleSet);

/// Root queries of the rules.
#[derive(Debug, Default)]
pub struct RuleSetQuery;

#[Object]
impl RuleSetQuery {
    /// Sets of approval rules, the newest first.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn approval_rule_sets(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<ApprovalRuleSetConnection> {
        let (conn, locale) = (ctx.app().db().read(), ctx.actor()?.locale());
        let outcome = async {
            let page: Page<Key> = Page::read(first, after.as_deref())?;
            let rows = rule_sets::page(conn, page.after, page.fetch()).await?;
            let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
            let mut rules = rule_sets::rules_of_all(conn, &ids).await?;
            let nodes = rows
                .into_iter()
                .map(|row| ApprovalRuleSet { rules: rules.remove(&row.id).unwrap_or_default(), row })
                .collect();
            Ok(ApprovalRuleSetConnection::new(page.first, nodes, |set: &ApprovalRuleSet| Key(set.row.number)))
        };
        outcome.await.map_err(|fault: Fault| errors::query_error(fault, locale))
    }
}

/// When a case needs a step: all that is named must hold; of the three about value any.
#[derive(Debug, Default, InputObject)]
pub struct ApprovalConditionsInput {
    /// Only where it stands so.
    custody: Option<Custody>,
    /// Only where it is offered so.
    purpose: Option<Purpose>,
    /// Only these kinds; empty: every kind.
    #[graphql(default)]
    kinds: Vec<AssetKind>,
    /// Only these categories and all below them; empty: every one.
    #[graphql(default)]
    category_ids: Vec<ID>,
    /// From this value of one item.
    item_from: Option<Money>,
    /// From this value of the batch: what is handed in together, and what its unit handed in within `windowDays` before.
    batch_from: Option<Money>,
    /// Days before that count into the batch, up to 3,660; 0: only what is handed in together.
    #[graphql(default)]
    window_days: i64,
    /// Whose batch it is, GIVER or RECEIVER; the giver's where it is left out.
    batch_side: Option<Side>,
    /// Also where the value is not known, or nominal.
    #[graphql(default)]
    or_unknown: bool,
    /// Only where one of these borders lies between giver and receiver; empty: wherever they are.
    #[graphql(default)]
    crosses: Vec<Border>,
    /// Only where none of these borders lies between them.
    #[graphql(default)]
    within: Vec<Border>,
}

/// A step, and when a case needs it.
#[derive(Debug, InputObject)]
pub struct ApprovalRuleInput {
    /// What people call it.
    name: String,
    /// What is approved.
    subject: ApprovalSubject,
    /// When its turn is, 1 to 99: rules of one stage go side by side.
    stage: i64,
    /// Whose step it is.
    side: Side,
    /// Where on that side.
    #[graphql(default_with = "SeatLevel::Unit")]
    level: SeatLevel,
    /// Role that decides.
    role: Role,
    /// Working days for a decision; as the setting `approval_days` says where it is left out.
    due_days: Option<i64>,
    /// When a case needs it; every case where it is left out.
    #[graphql(default)]
    conditions: ApprovalConditionsInput,
}

/// A draft to be made, or changed where `id` is given: all its rules are replaced.
#[derive(Debug, InputObject)]
pub struct SaveApprovalRuleSetInput {
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
    /// Its rules, up to 200, in the order in which they are shown.
    rules: Vec<ApprovalRuleInput>,
}

/// A draft to be put into force.
#[derive(Debug, InputObject)]
pub struct PublishApprovalRuleSetInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// Which.
    id: ID,
    /// The version you have seen.
    version: i64,
    /// First day on which new cases go by it; today where it is left out.
    valid_from: Option<NaiveDate>,
}

/// A draft to be thrown away.
#[derive(Debug, InputObject)]
pub struct DiscardApprovalRuleSetInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// Which.
    id: ID,
    /// The version you have seen.
    version: i64,
}

/// The set, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct ApprovalRuleSetPayload {
    /// The set as it is now.
    rule_set: Option<ApprovalRuleSet>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// Done, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct DiscardApprovalRuleSetPayload {
    /// Global id of the draft that is no more.
    rule_set_id: Option<ID>,
    /// What was wrong.
    errors: Vec<UserError>,
}

impl SaveApprovalRuleSetInput {
    fn read(self) -> Result<save_rule_set::Input, Fault> {
        let id = expect_some(Kind::RuleSet, self.id.as_ref(), "id")?;
        let rules =
            self.rules.into_iter().enumerate().map(|(n, rule)| rule.read(n)).collect::<Result<_, _>>()?;
        let form = RuleSetForm { name: self.name, note: self.note, rules };
        Ok(save_rule_set::Input { id, version: self.version, form })
    }
}

impl ApprovalRuleInput {
    fn read(self, n: usize) -> Result<RuleForm, Fault> {
        let field = format!("rules.{n}.conditions.categoryIds");
        let asked = self.conditions;
        let categories = asked
            .category_ids
            .iter()
            .map(|id| expect(Kind::Category, id, &field))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(RuleForm {
            name: self.name,
            subject: self.subject.into(),
            stage: self.stage,
            side: self.side.into(),
            level: self.level.into(),
            role: self.role.into(),
            due_days: self.due_days,
            conditions: Conditions {
                custody: asked.custody.map(Into::into),
                purpose: asked.purpose.map(Into::into),
                kinds: asked.kinds.into_iter().map(Into::into).collect(),
                categories,
                item_from: asked.item_from.map(|money| money.0.0),
                batch_from: asked.batch_from.map(|money| money.0.0),
                window_days: asked.window_days,
                batch_side: asked.batch_side.map(Into::into),
                or_unknown: asked.or_unknown,
                crosses: asked.crosses.into_iter().map(Into::into).collect(),
                within: asked.within.into_iter().map(Into::into).collect(),
            },
        })
    }
}

/// Root mutations of the rules.
#[derive(Debug, Default)]
pub struct RuleSetMutation;

#[Object]
impl RuleSetMutation {
    /// Drafts a set of approval rules, or changes a draft. Nothing goes by it before it is published.
    async fn save_approval_rule_set(
        &self,
        ctx: &Context<'_>,
        input: SaveApprovalRuleSetInput,
    ) -> async_graphql::Result<ApprovalRuleSetPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let key = input.idempotency_key.clone();
        let outcome = match input.read() {
            Ok(input) => save_rule_set(app, actor, Some(&key), &input).await,
            Err(fault) => Err(fault),
        };
        answer(ctx, outcome).await
    }

    /// Puts a draft into force from a day on. Cases that are open go on by the rules they began with.
    async fn publish_approval_rule_set(
        &self,
        ctx: &Context<'_>,
        input: PublishApprovalRuleSetInput,
    ) -> async_graphql::Result<ApprovalRuleSetPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = async {
            let publish = Publish {
                id: expect(Kind::RuleSet, &input.id, "id")?,
                version: input.version,
                valid_from: input.valid_from.unwrap_or_else(|| app.clock().today()),
            };
            publish_rule_set(app, actor, Some(&input.idempotency_key), &publish).await
        };
        answer(ctx, outcome.await).await
    }

    /// Throws a draft away.
    async fn discard_approval_rule_set(
        &self,
        ctx: &Context<'_>,
        input: DiscardApprovalRuleSetInput,
    ) -> async_graphql::Result<DiscardApprovalRuleSetPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = async {
            let discard = Discard { id: expect(Kind::RuleSet, &input.id, "id")?, version: input.version };
            discard_rule_set(app, actor, Some(&input.idempotency_key), &discard).await
        };
        let (id, errors) = errors::payload(outcome.await, actor.locale())?;
        let rule_set_id = id.map(|id| encode(Kind::RuleSet, id));
        Ok(DiscardApprovalRuleSetPayload { rule_set_id, errors })
    }
}

async fn answer(
    ctx: &Context<'_>,
    outcome: Result<Uuid, Fault>,
) -> async_graphql::Result<ApprovalRuleSetPayload> {
    let (id, errors) = errors::payload(outcome, ctx.actor()?.locale())?;
    let rule_set = match id {
        Some(id) => ApprovalRuleSet::load(ctx.app(), id).await?,
        None => None,
    };
    Ok(ApprovalRuleSetPayload { rule_set, errors })
}
