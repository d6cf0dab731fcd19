//! Runs of approvals as rows.

use std::sync::Arc;

use chrono::{Days, NaiveDate, NaiveDateTime};
use entity::approvals::{ApprovalSubject, CaseState, StepState, approval_case, approval_step};
use entity::listings::Purpose;
use uuid::Uuid;

use super::listing::Frame;
use super::rows::Rows;
use crate::app::App;
use crate::approvals::facts::facts;
use crate::approvals::rule_sets;
use crate::approvals::rules::{Planned, Rule, plan};
use crate::approvals::steps::{Goods, Question};
use crate::catalogue::calendar::{self, Calendar};
use crate::catalogue::settings::known_setting;
use crate::demo::city::Step;
use crate::organisation::Reference;

/// What cases go by: the rules that a city starts with.
pub(super) struct Rules {
    set: Option<Uuid>,
    rules: Vec<Rule>,
    reference: Arc<Reference>,
    calendar: Calendar,
    days: i64,
}

impl Rules {
    /// Those in force on the last day of the stories.
    pub(super) async fn load(app: &App, today: NaiveDate) -> anyhow::Result<Self> {
        let conn = app.db().read();
        let set = rule_sets::in_force(conn, today).await?.map(|set| set.id);
        let rules = match set {
            Some(set) => rule_sets::rules_of(conn, set).await?,
            None => Vec::new(),
        };
        let began = today - Days::new(3 * 365);
        let days = known_setting("approval_days").map_or(5, |setting| setting.default);
        let calendar = Calendar::load(conn, began, calendar::MOST_DAYS).await?;
        Ok(Self { set, rules, reference: app.reference(), calendar, days })
    }
}

/// A run of approvals.
pub(super) struct Case<'a> {
    pub(super) subject: ApprovalSubject,
    pub(super) subject_id: Uuid,
    pub(super) applicant: u32,
    pub(super) receiver: Option<Uuid>,
    /// Pieces that it is about.
    pub(super) pieces: i64,
    /// What it was handed in with.
    pub(super) batch: Option<Uuid>,
    pub(super) opened_at: NaiveDateTime,
    /// When its subject last moved: a case that nobody decided ended then.
    pub(super) ended_at: NaiveDateTime,
    /// Its subject does not wait for approvers any more.
    pub(super) over: bool,
    pub(super) steps: &'a [Step],
}

impl Case<'_> {
    fn question(&self, frame: &Frame<'_>) -> Question {
        let (category, item) = frame.worth;
        Question {
            subject: self.subject,
            goods: Goods {
                custody: frame.listing.custody,
                purpose: Purpose::Transfer,
                kind: frame.listing.asset.kind,
                category,
                item,
                value: item.map_or(0, |item| item.saturating_mul(self.pieces)),
            },
            together: None,
            giver: Some(frame.giver),
            receiver: self.receiver,
        }
    }

    fn state(&self) -> CaseState {
        let any = |state| self.steps.iter().any(|step| step.state == state);
        if any(StepState::Rejected) {
            CaseState::Rejected
        } else if any(StepState::Returned) {
            CaseState::Returned
        } else if any(StepState::Skipped) {
            CaseState::Closed
        } else if self.steps.iter().all(|step| step.state == StepState::Approved) {
            CaseState::Approved
        } else if self.over {
            CaseState::Closed
        } else {
            CaseState::Open
        }
    }
}

/// Adds a case with its steps.
pub(super) fn add(frame: &mut Frame<'_>, case: &Case<'_>, rows: &mut Rows) {
    let opened_at = frame.at(case.opened_at);
    let id = frame.ids.next(opened_at);
    let state = case.state();
    let last = case.steps.iter().filter_map(|step| step.at).max();
    let closed_at = match state {
        CaseState::Open => None,
        CaseState::Closed => Some(frame.at(case.ended_at)),
        _ => Some(frame.at(last.unwrap_or(case.ended_at))),
    };
    let decisions = case.steps.iter().filter(|step| step.at.is_some()).count();
    let rules = &frame.context.rules;
    let question = case.question(frame);
    let facts = facts(&rules.reference, &question, Vec::new());
    let planned = plan(&rules.rules, case.subject, &facts);
    rows.cases.push(approval_case::Model {
        id,
        subject: case.subject,
        subject_id: case.subject_id,
        state,
        applicant_id: frame.account(case.applicant),
        drafted_by: frame.account(case.applicant),
        corrected_by: None,
        giver_id: Some(frame.giver),
        receiver_id: case.receiver,
        opened_at,
        closed_at,
        rule_set_id: rules.set,
        facts: serde_json::to_value(&facts).ok(),
        value: question.goods.value,
        batch_id: case.batch,
        version: 1 + i64::from(state != CaseState::Open),
    });
    let mut pending_since = Some(opened_at);
    let mut turn_on = Some(case.opened_at.date());
    for (position, step) in (1..).zip(case.steps) {
        let decided_at = step.at.map(|at| frame.at(at));
        let asked = planned.iter().find(|planned| planned.side == step.side);
        let rule = |planned: &Planned| planned.why.first().map(|(rule, _)| *rule);
        rows.steps.push(approval_step::Model {
            id: frame.ids.next(opened_at),
            case_id: id,
            position,
            side: step.side,
            role: step.role,
            unit_id: step.unit.map(|unit| frame.unit(unit)),
            state: step.state,
            decided_by: step.by.map(|by| frame.account(by)),
            decided_at,
            comment: step.comment.map(str::to_owned),
            pending_since,
            stage: asked.map_or(position, |planned| planned.stage),
            rule_id: asked.and_then(rule),
            due_days: None,
            due_on: turn_on.map(|day| frame.context.rules.calendar.after(day, frame.context.rules.days)),
            reminded_on: None,
            escalated_at: None,
            decided_for: None,
            version: 1
                + i64::from(position <= decisions as i64 + 1 && position > 1)
                + i64::from(step.at.is_some()),
        });
        // The next one's turn comes with this one's decision.
        pending_since = decided_at.filter(|_| step.state == StepState::Approved);
        turn_on = step.at.map(|at| at.date()).filter(|_| pending_since.is_some());
    }
}
