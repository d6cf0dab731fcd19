//! The office writes a plan down, and changes it until it is published, or when it was sent back.

use std::collections::HashSet;

use entity::plans::{PlanLineState, PlanState, allocation_plan, plan_line};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::row::{self, Done};
use super::rules::{self, Command};
use super::survey::Survey;
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::bulk;
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::jobs;
use crate::write::{self, Tx};

/// Series of the numbers of a 调配方案.
const SERIES: &str = "FA";

/// A line as it is typed in. It names a card, or an offer that is there.
#[derive(Clone, Debug, Serialize)]
pub struct LineInput {
    /// The card.
    pub asset_id: Option<Uuid>,
    /// The offer.
    pub listing_id: Option<Uuid>,
    /// Who receives.
    pub receiver_id: Uuid,
    /// Pieces; none: all that the card has.
    pub quantity: Option<i64>,
    /// Why the receiver gets more than its cap.
    pub over_cap_reason: Option<String>,
}

/// A new plan.
#[derive(Clone, Debug, Serialize)]
pub struct Draft {
    /// Title.
    pub title: String,
    /// Why.
    pub reason: String,
    /// 批文号 of the decision it rests on.
    pub document_number: String,
    /// Lines, in the order shown.
    pub lines: Vec<LineInput>,
}

/// A change of a plan; what is none stays.
#[derive(Clone, Debug, Serialize)]
pub struct Update {
    /// Which.
    pub plan_id: Uuid,
    /// The version that was looked at.
    pub version: i64,
    /// Title.
    pub title: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// 批文号.
    pub document_number: Option<String>,
    /// All lines anew.
    pub lines: Option<Vec<LineInput>>,
}

/// Writes a plan down.
///
/// # Errors
/// [`Code::NotAllowed`]; everything that is wrong with its words and lines.
pub async fn draft(app: &App, actor: &Actor, key: Option<&str>, input: &Draft) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("draftAllocationPlan", key, input), |tx: Tx| async move {
        actor.allow(Operation::DraftAllocationPlan, &Parties::default())?;
        let created_by = actor.account_id().ok_or(Code::NotAllowed)?;
        let mut faults = Vec::new();
        let words = [
            ("title", &input.title, rules::LONGEST_NAME),
            ("reason", &input.reason, rules::LONGEST_TEXT),
            ("documentNumber", &input.document_number, rules::LONGEST_NAME),
        ];
        let [title, reason, document_number] =
            words.map(|(field, text, most)| checks::text(&mut faults, field, text, most));
        let mut plan = allocation_plan::Model {
            id: tx.id(),
            number: String::new(),
            title,
            reason,
            document_number,
            state: PlanState::Draft,
            objections_until: None,
            comment: None,
            created_by,
            created_at: tx.now(),
            published_at: None,
            submitted_by: None,
            submitted_at: None,
            reserved_at: None,
            ended_at: None,
            updated_at: tx.now(),
            version: 1,
        };
        let lines = read(&tx, plan.id, 0, &input.lines, faults).await?;
        plan.number = jobs::steps::next_number(&tx, SERIES).await?;
        plan.clone().into_active_model().reset_all().insert(tx.conn()).await?;
        insert(&tx, &lines).await?;
        let told: Vec<_> = lines.iter().map(row::told).collect();
        row::record(&tx, &plan, "plan.drafted", json!({ "lines": told }));
        Ok(Done { plan_id: plan.id })
    })
    .await
}

/// Changes a plan that is not published, or was sent back.
///
/// # Errors
/// As [`draft`]; [`Code::Stale`], [`Code::WrongState`].
pub async fn update(app: &App, actor: &Actor, key: Option<&str>, input: &Update) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("updateAllocationPlan", key, input), |tx: Tx| async move {
        let before =
            row::of_office(&tx, Operation::UpdateAllocationPlan, input.plan_id, Some(input.version)).await?;
        rules::apply(before.state, Command::Edit)?;
        let mut faults = Vec::new();
        let mut word = |field, new: &Option<String>, old: &str, most| {
            new.as_ref().map_or_else(|| old.to_owned(), |text| checks::text(&mut faults, field, text, most))
        };
        let title = word("title", &input.title, &before.title, rules::LONGEST_NAME);
        let reason = word("reason", &input.reason, &before.reason, rules::LONGEST_TEXT);
        let document =
            word("documentNumber", &input.document_number, &before.document_number, rules::LONGEST_NAME);
        let mut told = Vec::new();
        if let Some(lines) = &input.lines {
            let from = drop_lines(&tx, &before).await?;
            let lines = read(&tx, before.id, from, lines, faults).await?;
            insert(&tx, &lines).await?;
            told.extend(lines.iter().map(row::told));
        } else {
            Fault::all(faults)?;
        }
        let more = json!({ "lines": input.lines.is_some().then_some(told) });
        row::carry_out(&tx, &before, Command::Edit, "plan.updated", more, |plan| {
            plan.title = title;
            plan.reason = reason;
            plan.document_number = document;
        })
        .await?;
        Ok(Done { plan_id: before.id })
    })
    .await
}

/// Takes the lines out of a plan; gives the place of the next. Nothing has happened to those of a draft, so they leave no trace;
/// what was published stays to be read, with what was said against it.
async fn drop_lines(tx: &Tx, plan: &allocation_plan::Model) -> Result<i64, Fault> {
    use plan_line::Column;
    if plan.published_at.is_none() {
        plan_line::Entity::delete_many().filter(Column::PlanId.eq(plan.id)).exec(tx.conn()).await?;
        return Ok(0);
    }
    plan_line::Entity::update_many()
        .col_expr(Column::State, Expr::value(PlanLineState::Dropped))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::PlanId.eq(plan.id))
        .filter(Column::State.eq(PlanLineState::Proposed))
        .exec(tx.conn())
        .await?;
    let last: Option<i64> = plan_line::Entity::find()
        .select_only()
        .column(Column::Position)
        .filter(Column::PlanId.eq(plan.id))
        .order_by_desc(Column::Position)
        .into_tuple()
        .one(tx.conn())
        .await?;
    Ok(last.map_or(0, |last| last + 1))
}

/// Lines as they are typed in, with what they name; `faults` are those found before.
async fn read(
    tx: &Tx,
    plan: Uuid,
    from: i64,
    inputs: &[LineInput],
    mut faults: Vec<Rejection>,
) -> Result<Vec<plan_line::Model>, Fault> {
    if inputs.len() > rules::MOST_LINES {
        let fault = Rejection::new(Code::OutOfRange).at("lines").with("least", 1);
        faults.push(fault.with("most", rules::MOST_LINES));
        return Err(Fault::Rejected(faults));
    }
    let cards: HashSet<Uuid> = inputs.iter().filter_map(|line| line.asset_id).collect();
    let offers: HashSet<Uuid> = inputs.iter().filter_map(|line| line.listing_id).collect();
    let survey = Survey::of(tx.conn(), cards, offers).await?;
    let mut lines = Vec::with_capacity(inputs.len());
    for (n, input) in inputs.iter().enumerate() {
        let at = |code, field: &str| Rejection::new(code).at(format!("lines.{n}.{field}"));
        let reason = checks::optional_text(
            &mut faults,
            &format!("lines.{n}.overCapReason"),
            input.over_cap_reason.as_deref(),
            rules::LONGEST_TEXT,
        );
        let card = match (input.asset_id, input.listing_id) {
            (Some(card), None) => survey.cards.get(&card).ok_or("assetId"),
            (None, Some(offer)) => {
                survey.offers.get(&offer).and_then(|it| survey.cards.get(&it.asset_id)).ok_or("listingId")
            }
            _ => {
                let expected = "assetId、listingId 二者之一 / exactly one of assetId, listingId";
                faults.push(at(Code::Malformed, "assetId").with("expected", expected));
                continue;
            }
        };
        let card = match card {
            Ok(card) => card,
            Err(field) => {
                faults.push(at(Code::NotFound, field));
                continue;
            }
        };
        lines.push(plan_line::Model {
            id: tx.id(),
            plan_id: plan,
            position: i64::try_from(n).unwrap_or_default(),
            asset_id: card.id,
            listing_id: input.listing_id,
            giver_id: card.holder_id,
            receiver_id: input.receiver_id,
            quantity: input.quantity.unwrap_or(card.quantity),
            state: PlanLineState::Proposed,
            objections_until: None,
            over_cap_reason: reason,
            version: 1,
        });
    }
    faults.extend(survey.faults(&tx.reference(), &lines)?);
    Fault::all(faults)?;
    for line in &mut lines {
        line.position += from;
    }
    Ok(lines)
}

async fn insert(tx: &Tx, lines: &[plan_line::Model]) -> Result<(), Fault> {
    let rows: Vec<_> = lines.iter().cloned().map(|line| line.into_active_model().reset_all()).collect();
    bulk::insert(tx.conn(), rows).await?;
    Ok(())
}
