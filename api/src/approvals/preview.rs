//! A dry run: which steps would this case need, who would decide them, and why.

use entity::approvals::approval_rule_set;
use uuid::Uuid;

use super::facts::{Mixed, Question, measure_mixed};
use super::rules::{self, Planned, Rule, Seat};
use super::{conditions, rule_sets, seats};
use crate::app::App;
use crate::fault::{Code, Fault, Rejection};

/// What would be needed.
#[derive(Clone, Debug)]
pub struct Preview {
    /// By which set.
    pub set: approval_rule_set::Model,
    /// From which facts.
    pub facts: conditions::Facts,
    /// Steps in order, each with the seat that would decide it now.
    pub steps: Vec<(Planned, Seat)>,
    /// The rules about such a subject.
    pub rules: Vec<Rule>,
}

/// What a case would need that is opened now by the set in force, or by `set`, which may be a draft. `applicants` are those who
/// may not decide it.
///
/// # Errors
/// [`Code::NotFound`] at `ruleSetId`; where no set is in force, at the whole.
pub async fn preview(
    app: &App,
    question: &Question,
    mixed: Option<&Mixed>,
    applicants: &[Uuid],
    set: Option<Uuid>,
) -> Result<Preview, Fault> {
    let conn = app.db().read();
    let set = match set {
        Some(id) => {
            rule_sets::one(conn, id).await?.ok_or_else(|| Rejection::new(Code::NotFound).at("ruleSetId"))?
        }
        None => rule_sets::in_force(conn, app.clock().today()).await?.ok_or(Code::NotFound)?,
    };
    let mut rules = rule_sets::rules_of(conn, set.id).await?;
    rules.retain(|rule| rule.subject == question.subject);
    let facts = measure_mixed(conn, &app.reference(), app.clock().now(), question, mixed, &rules).await?;
    let mut steps = Vec::new();
    for step in rules::plan_or_office(&rules, question.subject, &facts) {
        let seat =
            seats::find_for(conn, &app.reference(), app.clock().today(), applicants, step.seat).await?;
        steps.push((step, seat));
    }
    Ok(Preview { set, facts, steps, rules })
}
