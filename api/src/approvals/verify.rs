//! Makes the plan of every case again from what is kept with it: no case may have gone past a step that it needed.

use std::collections::HashMap;

use entity::approvals::{CaseState, StepState, approval_case, approval_step};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::conditions::Facts;
use super::rules::{self, Rule};
use super::{rule_sets, seats};
use crate::fault::Fault;

/// Cases compared at a time: memory stays small whatever there is.
const BATCH: u64 = 1_000;

/// Checks all cases; gives what does not agree (empty: all is well) and how many cases were read.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(conn: &impl ConnectionTrait) -> Result<(Vec<String>, u64), Fault> {
    let mut faults = Vec::new();
    let mut read = 0;
    let mut after: Option<Uuid> = None;
    let mut rules: HashMap<Uuid, Vec<Rule>> = HashMap::new();
    loop {
        let mut page = approval_case::Entity::find().order_by_asc(approval_case::Column::Id).limit(BATCH);
        if let Some(after) = after {
            page = page.filter(approval_case::Column::Id.gt(after));
        }
        let cases = page.all(conn).await?;
        let Some(last) = cases.last() else { return Ok((faults, read)) };
        after = Some(last.id);
        read += cases.len() as u64;
        let unknown: Vec<Uuid> =
            cases.iter().filter_map(|case| case.rule_set_id).filter(|set| !rules.contains_key(set)).collect();
        if !unknown.is_empty() {
            rules.extend(rule_sets::rules_of_all(conn, &unknown).await?);
        }
        let mut steps: HashMap<Uuid, Vec<approval_step::Model>> = HashMap::new();
        let found = approval_step::Entity::find()
            .filter(approval_step::Column::CaseId.is_in(cases.iter().map(|case| case.id)))
            .all(conn)
            .await?;
        for step in found {
            steps.entry(step.case_id).or_default().push(step);
        }
        for case in &cases {
            let steps = steps.remove(&case.id).unwrap_or_default();
            faults.extend(wrong(case, &steps).map(|what| format!("case {}: {what}", case.id)));
            let Some(facts) = &case.facts else { continue };
            let facts: Facts = serde_json::from_value(facts.clone())?;
            let rules = case.rule_set_id.and_then(|set| rules.get(&set)).map_or(&[][..], Vec::as_slice);
            for step in rules::plan(rules, case.subject, &facts) {
                let asked = |known: &&approval_step::Model| {
                    step.why.iter().any(|(rule, _)| known.rule_id == Some(*rule))
                };
                if steps.iter().find(asked).is_none() {
                    let names: Vec<Uuid> = step.why.iter().map(|(rule, _)| *rule).collect();
                    faults.push(format!("case {}: no step for the rules {names:?}", case.id));
                }
            }
        }
    }
}

/// What does not go together in a case and its steps.
fn wrong<'a>(
    case: &'a approval_case::Model,
    steps: &'a [approval_step::Model],
) -> impl Iterator<Item = String> + 'a {
    let applicants = seats::applicants(case);
    let own = steps
        .iter()
        .filter(move |step| {
            [step.decided_by, step.decided_for].into_iter().flatten().any(|who| applicants.contains(&who))
        })
        .map(|step| format!("step {} was decided by an applicant", step.position));
    let all = |state| steps.iter().all(|step| step.state == state);
    let any = |state| steps.iter().any(|step| step.state == state);
    let state = match case.state {
        CaseState::Approved if !all(StepState::Approved) => Some("it is approved, and not all its steps are"),
        CaseState::Open if !any(StepState::Pending) => Some("it is open, and it is nobody's turn"),
        CaseState::Open => None,
        _ if any(StepState::Pending) || any(StepState::Waiting) => Some("it has ended, and steps wait"),
        _ => None,
    };
    own.chain(state.map(str::to_owned))
}
