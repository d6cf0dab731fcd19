//! Hands a plan to the approvers, when the days for objections are over and every objection is answered.

use entity::approvals::ApprovalSubject;
use entity::listings::{Custody, Purpose};
use entity::plans::{allocation_plan, plan_line};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::caps;
use super::row::{self, Done};
use super::rules::{self, Command};
use super::survey::Survey;
use crate::app::App;
use crate::approvals::steps::{self as approvals, Goods, Mixed, NewCase, Question};
use crate::authz::Operation;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::listings::goods;
use crate::write::{self, Tx};

/// Which plan, as it was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Which.
    pub plan_id: Uuid,
    /// The version that was looked at.
    pub version: i64,
}

/// Hands a plan to the approvers.
///
/// # Errors
/// [`Code::ObjectionsOpen`] before the days are over, or where one is not answered; [`Code::Required`] at
/// `lines.<n>.overCapReason`; everything that is wrong with the lines by now; [`Code::Stale`], [`Code::WrongState`].
pub async fn submit(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, write::Command::new("submitAllocationPlan", key, input), |tx: Tx| async move {
        let plan =
            row::of_office(&tx, Operation::SubmitAllocationPlan, input.plan_id, Some(input.version)).await?;
        rules::apply(plan.state, Command::Submit)?;
        let applicant = actor.account_id().ok_or(Code::NotAllowed)?;
        let lines = row::lines(&tx, plan.id).await?;
        let open = row::open_objections(&tx, plan.id).await?;
        let running = plan.objections_until.is_some_and(|last| tx.today() <= last);
        let mut faults = Vec::new();
        if running || open > 0 {
            let last = plan.objections_until.map_or_else(String::new, |day| day.to_string());
            faults.push(Rejection::new(Code::ObjectionsOpen).with("last", last).with("count", open));
        }
        if lines.is_empty() {
            faults.push(Rejection::new(Code::Required).at("lines"));
        }
        let survey = Survey::of_lines(tx.conn(), &lines).await?;
        faults.extend(survey.faults(&tx.reference(), &lines)?);
        let warnings = caps::warnings(tx.conn(), &tx.reference(), tx.today(), &lines).await?;
        faults.extend(caps::missing(&lines, &warnings));
        Fault::all(faults)?;
        let (question, mixed) = question(&survey, &lines)?;
        let case =
            NewCase { question, subject_id: plan.id, applicant, drafter: plan.created_by, corrector: None };
        let opened = approvals::open_mixed(&tx, case, Some(&mixed)).await?;
        let more = json!({ "caseId": opened.case_id, "value": question.goods.value, "lines": lines.len() });
        row::carry_out(
            &tx,
            &plan,
            Command::Submit,
            "plan.submitted",
            more,
            |plan: &mut allocation_plan::Model| {
                plan.submitted_by = Some(applicant);
                plan.submitted_at = Some(tx.now());
            },
        )
        .await?;
        Ok(Done { plan_id: plan.id })
    })
    .await
}

/// What approvers are asked by: the sum of all lines, the greatest item, and every kind, category and border among them.
pub(super) fn question(survey: &Survey, lines: &[plan_line::Model]) -> Result<(Question, Mixed), Fault> {
    let mut mixed = Mixed::default();
    let (mut item, mut value, mut all_on_shelves): (Option<i64>, i64, bool) = (None, 0, true);
    for line in lines {
        let card = survey.card(line)?;
        let offer = line.listing_id.and_then(|id| survey.offers.get(&id));
        all_on_shelves &= offer.is_some_and(|offer| offer.custody == Custody::Physical);
        let one = goods::item_value(card);
        mixed.some_unknown |= one.is_none();
        item = item.max(one);
        value = value.saturating_add(goods::value(card, line.quantity));
        mixed.kinds.push(card.kind);
        mixed.categories.extend(card.category_id);
        mixed.pairs.push((line.giver_id, line.receiver_id));
    }
    let first = lines.first().ok_or_else(|| Rejection::new(Code::Required).at("lines"))?;
    let first = survey.card(first)?;
    let goods = Goods {
        custody: if all_on_shelves { Custody::Physical } else { Custody::Virtual },
        purpose: Purpose::Transfer,
        kind: first.kind,
        category: first.category_id,
        item,
        value,
    };
    let question =
        Question { subject: ApprovalSubject::Plan, goods, together: None, giver: None, receiver: None };
    Ok((question, mixed))
}
