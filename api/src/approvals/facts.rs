//! The facts of a case, read when it is opened.

use chrono::{DateTime, TimeDelta, Utc};
use entity::approvals::{ApprovalSubject, Border, CaseState, Side, approval_case};
use entity::catalogue::AssetKind;
use entity::listings::{Custody, Purpose};
use sea_orm::sea_query::{Alias, Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::conditions::{Batch, Facts, Party};
use super::rules::Rule;
use crate::fault::Fault;
use crate::organisation::Reference;

/// What is to be approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goods {
    /// Where it stands.
    pub custody: Custody,
    /// How it is offered.
    pub purpose: Purpose,
    /// Kind of the asset.
    pub kind: AssetKind,
    /// Its category.
    pub category: Option<Uuid>,
    /// Value of one item in minor units; none where it is not known.
    pub item: Option<i64>,
    /// Value of all that the case is about; 0 where it is not known.
    pub value: i64,
}

/// What is handed in together, such as the lines of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Together {
    /// Which batch.
    pub id: Uuid,
    /// Value of all that its giver gives in it, in minor units.
    pub of_giver: i64,
    /// Value of all that its receiver asks for in it.
    pub of_receiver: i64,
}

/// A case whose steps are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// What is approved.
    pub subject: ApprovalSubject,
    /// What is moved.
    pub goods: Goods,
    /// What it is handed in with; none where it is alone.
    pub together: Option<Together>,
    /// Unit that gives.
    pub giver: Option<Uuid>,
    /// Unit that asks.
    pub receiver: Option<Uuid>,
}

impl Question {
    fn unit(&self, side: Side) -> Option<Uuid> {
        match side {
            Side::Giver => self.giver,
            Side::Receiver => self.receiver,
            Side::Office => None,
        }
    }

    /// Value of what is handed in at once, for a side.
    fn at_once(&self, side: Side) -> i64 {
        self.together.map_or(self.goods.value, |together| match side {
            Side::Receiver => together.of_receiver,
            Side::Giver | Side::Office => together.of_giver,
        })
    }
}

/// The pairs of side and days of which some rule wants to know the batch.
pub(super) fn windows(rules: &[Rule], subject: ApprovalSubject) -> Vec<(Side, i64)> {
    let mut windows: Vec<_> = rules
        .iter()
        .filter(|rule| rule.subject == subject)
        .filter_map(|rule| rule.conditions.batch())
        .collect();
    windows.sort_unstable();
    windows.dedup();
    windows
}

/// Reads what the rules ask for.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn measure(
    conn: &impl ConnectionTrait,
    reference: &Reference,
    now: DateTime<Utc>,
    question: &Question,
    rules: &[Rule],
) -> Result<Facts, Fault> {
    let mut batches = Vec::new();
    for (side, days) in windows(rules, question.subject) {
        let Some(unit) = question.unit(side) else { continue };
        let value = question.at_once(side) + earlier(conn, now, question, side, unit, days).await?;
        batches.push(Batch { side, days, value });
    }
    Ok(facts(reference, question, batches))
}

/// The facts of a case whose batches are known.
#[must_use]
pub(crate) fn facts(reference: &Reference, question: &Question, batches: Vec<Batch>) -> Facts {
    Facts {
        custody: question.goods.custody,
        purpose: question.goods.purpose,
        kind: question.goods.kind,
        categories: question
            .goods
            .category
            .map(|category| reference.category_path(category))
            .unwrap_or_default(),
        item: question.goods.item,
        batches,
        crossed: question
            .giver
            .zip(question.receiver)
            .map_or_else(Vec::new, |(giver, receiver)| crossed(reference, giver, receiver)),
        giver: question.giver.map(|unit| party(reference, unit)),
        receiver: question.receiver.map(|unit| party(reference, unit)),
    }
}

/// Cases of a unit that count into its batch: those that are open or approved, opened within so many days.
pub(super) fn in_window(
    now: DateTime<Utc>,
    subject: ApprovalSubject,
    side: Side,
    unit: Uuid,
    days: i64,
) -> Condition {
    use approval_case::Column;
    let since = now - TimeDelta::try_days(days).unwrap_or_default();
    let of = if side == Side::Receiver { Column::ReceiverId } else { Column::GiverId };
    Condition::all()
        .add(of.eq(unit))
        .add(Column::Subject.eq(subject))
        .add(Column::OpenedAt.gte(since))
        .add(Column::State.is_in([CaseState::Open, CaseState::Approved]))
}

async fn earlier(
    conn: &impl ConnectionTrait,
    now: DateTime<Utc>,
    question: &Question,
    side: Side,
    unit: Uuid,
    days: i64,
) -> Result<i64, Fault> {
    use approval_case::Column;
    if days == 0 {
        return Ok(0);
    }
    let mut cases = approval_case::Entity::find()
        .select_only()
        // The sum of bigints is a numeric on PostgreSQL.
        .expr(Expr::col(Column::Value).sum().cast_as(Alias::new("bigint")))
        .filter(in_window(now, question.subject, side, unit, days));
    if let Some(together) = question.together {
        // What is handed in at once is counted apart, also what has no case yet.
        let other = Condition::any().add(Column::BatchId.is_null()).add(Column::BatchId.ne(together.id));
        cases = cases.filter(other);
    }
    let sum: Option<Option<i64>> = cases.into_tuple().one(conn).await?;
    Ok(sum.flatten().unwrap_or(0))
}

fn party(reference: &Reference, unit: Uuid) -> Party {
    let top = reference.unit_parents(unit).last().copied().unwrap_or(unit);
    Party { unit, department: reference.department(unit), top }
}

fn crossed(reference: &Reference, giver: Uuid, receiver: Uuid) -> Vec<Border> {
    let mut crossed = Vec::new();
    if reference.department(giver) != reference.department(receiver) {
        crossed.push(Border::Department);
    }
    let (giver, receiver) = (reference.unit(giver), reference.unit(receiver));
    if giver.map(|unit| unit.place_region_id) != receiver.map(|unit| unit.place_region_id) {
        crossed.push(Border::Region);
    }
    let budget = |unit: &entity::organisation::unit::Model| (unit.fiscal_level, unit.fiscal_region_id);
    if giver.map(budget) != receiver.map(budget) {
        crossed.push(Border::FiscalLevel);
    }
    crossed
}
