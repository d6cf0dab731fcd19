//! What a case is about was corrected: its plan is made again by what is known now. Steps that are missing are added; a case
//! that was approved by less is open again until they have consented too. What was decided stays decided, and nothing that is
//! worth less than it was loses a step.

use entity::approvals::{ApprovalSubject, CaseState, Side, StepState, approval_case, approval_step};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};
use serde_json::json;
use uuid::Uuid;

use super::conditions::{Batch, Facts};
use super::facts::{Goods, Question, measure};
use super::open::{add, guard, raise_others};
use super::{rule_sets, rules, steps};
use crate::fault::Fault;
use crate::write::Tx;

/// What became of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replanned {
    /// It needs nobody else.
    Same,
    /// Others are to consent too.
    More {
        /// Whose turn it is.
        side: Side,
        /// It was approved before.
        reopened: bool,
    },
}

/// Plans the newest case of a subject again, where it is open or approved.
///
/// # Errors
/// The database's.
pub async fn replan(
    tx: &Tx,
    subject: ApprovalSubject,
    subject_id: Uuid,
    goods: &Goods,
) -> Result<Replanned, Fault> {
    let newest = approval_case::Entity::find()
        .filter(approval_case::Column::SubjectId.eq(subject_id))
        .filter(approval_case::Column::Subject.eq(subject))
        .order_by_desc(approval_case::Column::Id)
        .one(tx.conn())
        .await?;
    let Some(newest) = newest else { return Ok(Replanned::Same) };
    let case = steps::lock(tx, newest.id).await?;
    let case = case.filter(|case| matches!(case.state, CaseState::Open | CaseState::Approved));
    let Some((case, Some(facts))) = case.map(|case| (case.clone(), case.facts)) else {
        return Ok(Replanned::Same);
    };
    let rules = match case.rule_set_id {
        Some(set) => rule_sets::rules_of(tx.conn(), set).await?,
        None => Vec::new(),
    };
    let more = goods.value.saturating_sub(case.value).max(0);
    let question = Question {
        subject,
        // To the batches only what is more counts anew.
        goods: Goods { value: more, ..*goods },
        together: None,
        giver: case.giver_id,
        receiver: case.receiver_id,
    };
    guard(tx, &question, &rules).await?;
    let before: Facts = serde_json::from_value(facts)?;
    let mut facts = Facts {
        kind: goods.kind,
        categories: goods.category.map(|id| tx.reference().category_path(id)).unwrap_or_default(),
        item: goods.item,
        ..before
    };
    // Of a window the sum of today, in which this case stands with what it was worth.
    let today = measure(tx.conn(), &tx.reference(), tx.now(), &question, &rules).await?;
    for batch in &mut facts.batches {
        batch.value = batch.value.saturating_add(more);
        let same = |other: &&Batch| batch.days > 0 && (other.side, other.days) == (batch.side, batch.days);
        if let Some(now) = today.batches.iter().find(same) {
            batch.value = batch.value.max(now.value);
        }
    }
    let known = approval_step::Entity::find()
        .filter(approval_step::Column::CaseId.eq(case.id))
        .order_by_asc(approval_step::Column::Position)
        .all(tx.conn())
        .await?;
    let asked = |step: &rules::Planned| {
        known.iter().any(|known| step.why.iter().any(|(rule, _)| known.rule_id == Some(*rule)))
    };
    let missing: Vec<_> =
        rules::plan(&rules, subject, &facts).into_iter().filter(|step| !asked(step)).collect();
    let reopened = case.state == CaseState::Approved && !missing.is_empty();
    let version = case.version + 1;
    let mut change = approval_case::ActiveModel {
        facts: Set(Some(serde_json::to_value(&facts)?)),
        value: Set(goods.value),
        version: Set(version),
        ..Default::default()
    };
    if reopened {
        change.state = Set(CaseState::Open);
        change.closed_at = Set(None);
    }
    approval_case::Entity::update_many()
        .set(change)
        .filter(approval_case::Column::Id.eq(case.id))
        .exec(tx.conn())
        .await?;
    let mut outcome = Replanned::Same;
    if !missing.is_empty() {
        let last = known.last().map_or(0, |step| step.position);
        let pending = known.iter().filter(|step| step.state == StepState::Pending);
        // Where nobody is asked any more the first of the new ones begin.
        let now = pending.clone().map(|step| step.stage).max();
        let now = now.or(missing.iter().map(|step| step.stage).min()).unwrap_or_default();
        add(tx, &case, &missing, last, now).await?;
        let begun = missing.iter().filter(|step| step.stage <= now).map(|step| step.side);
        let sides: Vec<Side> = pending.map(|step| step.side).chain(begun).collect();
        let side = steps::turn_of(&sides).unwrap_or(Side::Office);
        outcome = Replanned::More { side, reopened };
        let payload = json!({
            "caseId": case.id, "value": goods.value, "reopened": reopened,
            "rules": missing.iter().filter_map(|step| step.why.first()).map(|(rule, _)| rule).collect::<Vec<_>>(),
        });
        tx.record(steps::subject(subject), case.subject_id, version, "approval.raised", &payload);
    }
    if more > 0
        && let Some(set) = case.rule_set_id
    {
        raise_others(tx, &case, &question, set, &rules, &facts).await?;
    }
    Ok(outcome)
}
