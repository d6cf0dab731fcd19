//! A case is opened: its plan is made by the rules of the day and by what is the case, and written down. Whoever splits what
//! belongs together into many small cases does not lower what each needs: the batch counts, and the case that lifts it above a
//! threshold lifts those that are still open with it.

use entity::approvals::{ApprovalSubject, CaseState, Side, StepState, approval_case, approval_step};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde_json::json;
use uuid::Uuid;

use super::conditions::{Batch, Facts};
use super::facts::{Mixed, Question, in_window, measure_mixed, windows};
use super::rules::{self, Planned, Rule};
use super::steps::{lock, subject, turn_of};
use super::{rule_sets, seats, turn};
use crate::fault::Fault;
use crate::organisation;
use crate::write::Tx;

/// A case to be opened.
#[derive(Clone, Copy, Debug)]
pub struct NewCase {
    /// What its steps are asked by.
    pub question: Question,
    /// Which listing, line …
    pub subject_id: Uuid,
    /// Account that submits.
    pub applicant: Uuid,
    /// Account that wrote it down.
    pub drafter: Uuid,
    /// Account that sends it again after a correction.
    pub corrector: Option<Uuid>,
}

/// A case that was opened.
#[derive(Clone, Copy, Debug)]
pub struct Opened {
    /// The case.
    pub case_id: Uuid,
    /// Whose turn it is.
    pub side: Side,
}

/// Opens a case: writes its steps by the rules of the day, and gives the first their turn.
///
/// # Errors
/// The database's.
pub async fn open(tx: &Tx, new: NewCase) -> Result<Opened, Fault> {
    open_mixed(tx, new, None).await
}

/// As [`open`], for a case about many things.
///
/// # Errors
/// The database's.
pub async fn open_mixed(tx: &Tx, new: NewCase, mixed: Option<&Mixed>) -> Result<Opened, Fault> {
    let question = &new.question;
    let set = rule_sets::in_force(tx.conn(), tx.today()).await?;
    let rules = match &set {
        Some(set) => rule_sets::rules_of(tx.conn(), set.id).await?,
        None => Vec::new(),
    };
    guard(tx, question, &rules).await?;
    let facts = measure_mixed(tx.conn(), &tx.reference(), tx.now(), question, mixed, &rules).await?;
    let plan = rules::plan_or_office(&rules, question.subject, &facts);
    let case = approval_case::Model {
        id: tx.id(),
        subject: question.subject,
        subject_id: new.subject_id,
        state: CaseState::Open,
        applicant_id: new.applicant,
        drafted_by: new.drafter,
        corrected_by: new.corrector,
        giver_id: question.giver,
        receiver_id: question.receiver,
        opened_at: tx.now(),
        closed_at: None,
        rule_set_id: set.as_ref().map(|set| set.id),
        facts: Some(serde_json::to_value(&facts)?),
        value: question.goods.value,
        batch_id: question.together.map(|together| together.id),
        version: 1,
    };
    approval_case::Entity::insert(case.clone().into_active_model().reset_all())
        .exec_without_returning(tx.conn())
        .await?;
    let first = plan.iter().map(|step| step.stage).min().unwrap_or_default();
    let sides: Vec<Side> = plan.iter().filter(|step| step.stage == first).map(|step| step.side).collect();
    add(tx, &case, &plan, 0, first).await?;
    if let Some(set) = &set {
        raise_others(tx, &case, question, set.id, &rules, &facts).await?;
    }
    Ok(Opened { case_id: case.id, side: turn_of(&sides).unwrap_or(Side::Office) })
}

/// Decisions that sum over what a unit has handed in wait for each other.
pub(super) async fn guard(tx: &Tx, question: &Question, rules: &[Rule]) -> Result<(), Fault> {
    let mut units: Vec<Uuid> = windows(rules, question.subject)
        .into_iter()
        .filter(|(_, days)| *days > 0)
        .filter_map(|(side, _)| if side == Side::Receiver { question.receiver } else { question.giver })
        .collect();
    units.sort_unstable();
    units.dedup();
    for unit in units {
        organisation::steps::touch_guard(tx, unit).await?;
    }
    Ok(())
}

/// Writes steps behind the `last` one; those up to stage `now` get their turn at once.
pub(super) async fn add(
    tx: &Tx,
    case: &approval_case::Model,
    plan: &[Planned],
    last: i64,
    now: i64,
) -> Result<(), Fault> {
    let mut steps = Vec::with_capacity(plan.len());
    for (position, step) in (last + 1..).zip(plan) {
        let pending = step.stage <= now;
        let seat = if pending { seats::find(tx, case, step.seat).await? } else { step.seat };
        let due_on = if pending { Some(turn::due_on(tx, step.due_days).await?) } else { None };
        steps.push(approval_step::ActiveModel {
            id: Set(tx.id()),
            case_id: Set(case.id),
            position: Set(position),
            side: Set(step.side),
            role: Set(seat.role),
            unit_id: Set(seat.unit),
            state: Set(if pending { StepState::Pending } else { StepState::Waiting }),
            decided_by: Set(None),
            decided_at: Set(None),
            comment: Set(None),
            pending_since: Set(pending.then(|| tx.now())),
            stage: Set(step.stage),
            rule_id: Set(step.why.first().map(|(rule, _)| *rule)),
            due_days: Set(step.due_days),
            due_on: Set(due_on),
            reminded_on: Set(None),
            escalated_at: Set(None),
            decided_for: Set(None),
            version: Set(1),
        });
    }
    if !steps.is_empty() {
        approval_step::Entity::insert_many(steps).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

/// Adds what the open cases of the same batches need now that this one has lifted a batch above some threshold.
pub(super) async fn raise_others(
    tx: &Tx,
    case: &approval_case::Model,
    question: &Question,
    set: Uuid,
    rules: &[Rule],
    facts: &Facts,
) -> Result<(), Fault> {
    for batch in facts.batches.iter().filter(|batch| batch.days > 0 && lifts(question, rules, batch)) {
        let unit = if batch.side == Side::Receiver { question.receiver } else { question.giver };
        let Some(unit) = unit else { continue };
        let others: Vec<Uuid> = approval_case::Entity::find()
            .select_only()
            .column(approval_case::Column::Id)
            .filter(in_window(tx.now(), question.subject, batch.side, unit, batch.days))
            .filter(approval_case::Column::State.eq(CaseState::Open))
            .filter(approval_case::Column::RuleSetId.eq(set))
            .filter(approval_case::Column::Id.ne(case.id))
            // In one order for all who do so.
            .order_by_asc(approval_case::Column::Id)
            .into_tuple()
            .all(tx.conn())
            .await?;
        for other in others {
            raise(tx, other, question.subject, rules, batch).await?;
        }
    }
    Ok(())
}

/// Whether what is handed in now lifts the batch over a threshold of some rule.
fn lifts(question: &Question, rules: &[Rule], batch: &Batch) -> bool {
    let at_once = question.together.map_or(question.goods.value, |together| {
        if batch.side == Side::Receiver { together.of_receiver } else { together.of_giver }
    });
    rules
        .iter()
        .filter(|rule| rule.subject == question.subject)
        .filter(|rule| rule.conditions.batch() == Some((batch.side, batch.days)))
        .filter_map(|rule| rule.conditions.batch_from)
        .any(|from| batch.value >= from && batch.value - at_once < from)
}

async fn raise(
    tx: &Tx,
    case_id: Uuid,
    about: ApprovalSubject,
    rules: &[Rule],
    batch: &Batch,
) -> Result<(), Fault> {
    let case = lock(tx, case_id).await?.filter(|case| case.state == CaseState::Open);
    let Some(case) = case else { return Ok(()) };
    let Some(facts) = case.facts.clone() else { return Ok(()) };
    let mut facts: Facts = serde_json::from_value(facts)?;
    for known in facts.batches.iter_mut().filter(|known| (known.side, known.days) == (batch.side, batch.days))
    {
        known.value = known.value.max(batch.value);
    }
    let steps = approval_step::Entity::find()
        .filter(approval_step::Column::CaseId.eq(case.id))
        .order_by_asc(approval_step::Column::Position)
        .all(tx.conn())
        .await?;
    let asked = |step: &Planned| {
        steps.iter().any(|known| step.why.iter().any(|(rule, _)| known.rule_id == Some(*rule)))
    };
    let missing: Vec<Planned> =
        rules::plan(rules, about, &facts).into_iter().filter(|step| !asked(step)).collect();
    let version = case.version + 1;
    let change = approval_case::ActiveModel {
        facts: Set(Some(serde_json::to_value(&facts)?)),
        version: Set(version),
        ..Default::default()
    };
    approval_case::Entity::update_many()
        .set(change)
        .filter(approval_case::Column::Id.eq(case.id))
        .exec(tx.conn())
        .await?;
    if missing.is_empty() {
        return Ok(());
    }
    let last = steps.last().map_or(0, |step| step.position);
    let now = steps.iter().filter(|step| step.state == StepState::Pending).map(|step| step.stage).max();
    add(tx, &case, &missing, last, now.unwrap_or_default()).await?;
    let payload = json!({
        "caseId": case.id, "side": batch.side, "days": batch.days, "value": batch.value,
        "rules": missing.iter().filter_map(|step| step.why.first()).map(|(rule, _)| rule).collect::<Vec<_>>(),
    });
    tx.record(subject(about), case.subject_id, version, "approval.raised", &payload);
    Ok(())
}
