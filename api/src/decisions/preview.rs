//! A dry run of the approval rules: for an offer, for each line of a request, or for a case that is only thought of.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::approvals::ApprovalSubject as SubjectKind;
use entity::assets::asset;
use entity::listings::{Purpose as PurposeKind, listing, listing_stock};
use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::app::App;
use crate::approvals::conditions::Reason;
use crate::approvals::graphql::reasons::{ApprovalReason, reasons};
use crate::approvals::graphql::rule_sets::{ApprovalRule, ApprovalRuleSet};
use crate::approvals::preview::{Preview, preview};
use crate::approvals::rules::Seat;
use crate::approvals::steps::{Goods, Mixed, Question};
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::graphql::context::Given;
use crate::graphql::enums::{ApprovalSubject, AssetKind, Custody, Purpose, Role, Side};
use crate::graphql::errors::query_error;
use crate::graphql::ids::{Kind, encode, expect, expect_some};
use crate::graphql::scalars::Money;
use crate::identity::Actor;
use crate::listings::goods::goods;
use crate::listings::submit::question;
use crate::organisation::graphql::Unit;
use crate::requests::batch::Batch;
use crate::{listings, plans, requests};

/// A case that is only thought of.
#[derive(Debug, InputObject)]
pub struct ThoughtOfCaseInput {
    /// What would be approved.
    subject: ApprovalSubject,
    /// Kind of the asset.
    kind: AssetKind,
    /// Its category.
    category_id: Option<ID>,
    /// Where it stands.
    custody: Custody,
    /// How it is offered; for a transfer where it is left out.
    purpose: Option<Purpose>,
    /// Value of one item; left out: not known.
    item_value: Option<Money>,
    /// Value of all that is handed in at once; that of one item where it is left out.
    value: Option<Money>,
    /// Unit that gives.
    giver_id: Option<ID>,
    /// Unit that asks.
    receiver_id: Option<ID>,
}

/// Which case is asked about; exactly one of the first four.
#[derive(Debug, InputObject)]
pub struct PreviewApprovalInput {
    /// An offer.
    listing_id: Option<ID>,
    /// A request: each of its lines.
    request_id: Option<ID>,
    /// A plan of the office.
    plan_id: Option<ID>,
    /// A case that is only thought of.
    thought_of: Option<ThoughtOfCaseInput>,
    /// By this set, which may be a draft; by the one in force where it is left out.
    rule_set_id: Option<ID>,
}

/// A step that would be needed.
#[derive(Debug)]
pub struct PlannedStep {
    stage: i64,
    side: Side,
    planned: Seat,
    seat: Seat,
    due_days: Option<i64>,
    why: Vec<(String, Vec<Reason>)>,
}

#[Object]
impl PlannedStep {
    /// When its turn would be: steps of one stage go side by side.
    async fn stage(&self) -> i64 {
        self.stage
    }

    /// Whose step it would be.
    async fn side(&self) -> Side {
        self.side
    }

    /// Role that the rules ask for.
    async fn planned_role(&self) -> Role {
        self.planned.role.into()
    }

    /// Unit that the rules ask for; null for a body of the whole city.
    async fn planned_unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        self.planned.unit.and_then(|id| Unit::of(&ctx.app().reference(), id))
    }

    /// Role that would decide it now: another one where nobody but the caller sits in the planned seat.
    async fn role(&self) -> Role {
        self.seat.role.into()
    }

    /// Unit at which that role is held; null for a body of the whole city.
    async fn unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        self.seat.unit.and_then(|id| Unit::of(&ctx.app().reference(), id))
    }

    /// Working days for a decision; null: as the setting `approval_days` says.
    async fn due_days(&self) -> Option<i64> {
        self.due_days
    }

    /// Which rules ask for it, and why.
    async fn reasons(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<ApprovalReason>> {
        let locale = ctx.actor()?.locale();
        Ok(reasons(&self.why, &ctx.app().reference(), locale))
    }
}

/// What a case would need.
#[derive(Debug, SimpleObject)]
pub struct ApprovalPreview {
    /// Global id of the listing or the request line; null for a case that is only thought of.
    subject_id: Option<ID>,
    /// The rules it would go by.
    rule_set: ApprovalRuleSet,
    /// Its steps in order.
    steps: Vec<PlannedStep>,
    /// Rules about such a subject that do not ask for a step here.
    not_needed: Vec<ApprovalRule>,
}

impl ApprovalPreview {
    fn new(subject_id: Option<ID>, found: Preview) -> Self {
        let asked =
            |id: &Uuid| found.steps.iter().any(|(step, _)| step.why.iter().any(|(rule, _)| rule == id));
        let not_needed =
            found.rules.iter().filter(|rule| !asked(&rule.id)).cloned().map(ApprovalRule).collect();
        let name = |id: &Uuid| {
            found.rules.iter().find(|rule| rule.id == *id).map(|rule| rule.name.clone()).unwrap_or_default()
        };
        let steps = found
            .steps
            .iter()
            .map(|(step, seat)| PlannedStep {
                stage: step.stage,
                side: step.side.into(),
                planned: step.seat,
                seat: *seat,
                due_days: step.due_days,
                why: step.why.iter().map(|(rule, reasons)| (name(rule), reasons.clone())).collect(),
            })
            .collect();
        Self { subject_id, rule_set: ApprovalRuleSet::new(found.set, found.rules), steps, not_needed }
    }
}

/// Root query of the dry run.
#[derive(Debug, Default)]
pub struct PreviewQuery;

#[Object]
impl PreviewQuery {
    /// Which steps a case would need that were handed in now, who would decide them, and why: for each line of a request. Nothing
    /// is written. Null where giver and receiver are none of the caller's.
    async fn preview_approval(
        &self,
        ctx: &Context<'_>,
        input: PreviewApprovalInput,
    ) -> async_graphql::Result<Option<Vec<ApprovalPreview>>> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = async {
            let set = expect_some(Kind::RuleSet, input.rule_set_id.as_ref(), "ruleSetId")?;
            let mut previews = Vec::new();
            for (subject, question, mixed) in asked(app, actor, &input).await? {
                let parties = Parties { giver: question.giver, receiver: question.receiver, warehouse: None };
                // Who sees a plan as a whole oversees the city.
                if mixed.is_none() && actor.allow(Operation::PreviewApproval, &parties).is_err() {
                    return Ok(None);
                }
                let own: Vec<Uuid> = actor.account_id().into_iter().collect();
                let found = preview(app, &question, mixed.as_ref(), &own, set).await?;
                previews.push(ApprovalPreview::new(subject, found));
            }
            Ok(Some(previews))
        };
        outcome.await.map_err(|fault: Fault| query_error(fault, actor.locale()))
    }
}

type Asked = Vec<(Option<ID>, Question, Option<Mixed>)>;

async fn asked(app: &App, actor: &Actor, input: &PreviewApprovalInput) -> Result<Asked, Fault> {
    match (&input.listing_id, &input.request_id, &input.plan_id, &input.thought_of) {
        (Some(id), None, None, None) => of_listing(app, actor, expect(Kind::Listing, id, "listingId")?).await,
        (None, Some(id), None, None) => of_request(app, actor, expect(Kind::Request, id, "requestId")?).await,
        (None, None, Some(id), None) => of_plan(app, actor, expect(Kind::Plan, id, "planId")?).await,
        (None, None, None, Some(case)) => Ok(vec![(None, thought_of(case)?, None)]),
        _ => {
            let expected = "listingId、requestId、planId、thoughtOf 四者之一 / exactly one of listingId, requestId, planId, thoughtOf";
            Err(Rejection::new(Code::Malformed).at("input").with("expected", expected).into())
        }
    }
}

async fn of_listing(app: &App, actor: &Actor, id: Uuid) -> Result<Asked, Fault> {
    let conn = app.db().read();
    let found = listing::Entity::find_by_id(id)
        .join(JoinType::InnerJoin, listings::read::card())
        .filter(listings::read::visible(actor))
        .select_also(asset::Entity)
        .one(conn)
        .await?;
    let Some((offer, Some(card))) = found else {
        return Err(Rejection::new(Code::NotFound).at("listingId").into());
    };
    let stock = listing_stock::Entity::find_by_id(id).one(conn).await?;
    let pieces = stock.map_or(card.quantity, |stock| stock.offered);
    Ok(vec![(Some(encode(Kind::Listing, id)), question(&offer, &card, pieces), None)])
}

async fn of_plan(app: &App, actor: &Actor, id: Uuid) -> Result<Asked, Fault> {
    let found = plans::read::question(app, actor, id).await?;
    let (question, mixed) = found.ok_or_else(|| Rejection::new(Code::NotFound).at("planId"))?;
    Ok(vec![(Some(encode(Kind::Plan, id)), question, Some(mixed))])
}

async fn of_request(app: &App, actor: &Actor, id: Uuid) -> Result<Asked, Fault> {
    let conn = app.db().read();
    let request = requests::read::find(conn, actor, id).await?;
    let request = request.ok_or_else(|| Rejection::new(Code::NotFound).at("requestId"))?;
    let lines = requests::read::lines_of(conn, actor, &[id]).await?.remove(&id).unwrap_or_default();
    let batch = Batch::of(conn, request.id).await?;
    let offers = listing::Entity::find()
        .filter(listing::Column::Id.is_in(lines.iter().map(|line| line.listing_id)))
        .join(JoinType::InnerJoin, listings::read::card())
        .filter(listings::read::visible(actor))
        .select_also(asset::Entity)
        .all(conn)
        .await?;
    let question = |line: &entity::requests::request_line::Model| {
        let (offer, card) = offers.iter().find(|(offer, _)| offer.id == line.listing_id)?;
        let question = Question {
            subject: SubjectKind::RequestLine,
            goods: goods(offer, card.as_ref()?, line.quantity),
            together: Some(batch.together(offer.unit_id)),
            giver: Some(offer.unit_id),
            receiver: Some(request.unit_id),
        };
        Some((Some(encode(Kind::Line, line.id)), question, None))
    };
    Ok(lines.iter().filter_map(question).collect())
}

fn thought_of(case: &ThoughtOfCaseInput) -> Result<Question, Fault> {
    let item = case.item_value.map(|value| value.0.0);
    Ok(Question {
        subject: case.subject.into(),
        goods: Goods {
            custody: case.custody.into(),
            purpose: case.purpose.map_or(PurposeKind::Transfer, Into::into),
            kind: case.kind.into(),
            category: expect_some(Kind::Category, case.category_id.as_ref(), "thoughtOf.categoryId")?,
            item,
            value: case.value.map(|value| value.0.0).or(item).unwrap_or(0),
        },
        together: None,
        giver: expect_some(Kind::Unit, case.giver_id.as_ref(), "thoughtOf.giverId")?,
        receiver: expect_some(Kind::Unit, case.receiver_id.as_ref(), "thoughtOf.receiverId")?,
    })
}
