//! Runs of approvals as rows.

use chrono::NaiveDateTime;
use entity::approvals::{ApprovalSubject, CaseState, StepState, approval_case, approval_step};
use uuid::Uuid;

use super::listing::Frame;
use super::rows::Rows;
use crate::demo::city::Step;

/// A run of approvals.
pub(super) struct Case<'a> {
    pub(super) subject: ApprovalSubject,
    pub(super) subject_id: Uuid,
    pub(super) applicant: u32,
    pub(super) receiver: Option<Uuid>,
    pub(super) opened_at: NaiveDateTime,
    /// When its subject last moved: a case that nobody decided ended then.
    pub(super) ended_at: NaiveDateTime,
    /// Its subject does not wait for approvers any more.
    pub(super) over: bool,
    pub(super) steps: &'a [Step],
}

impl Case<'_> {
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
        version: 1 + i64::from(state != CaseState::Open),
    });
    let mut pending_since = Some(opened_at);
    for (position, step) in (1..).zip(case.steps) {
        let decided_at = step.at.map(|at| frame.at(at));
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
            version: 1
                + i64::from(position <= decisions as i64 + 1 && position > 1)
                + i64::from(step.at.is_some()),
        });
        // The next one's turn comes with this one's decision.
        pending_since = decided_at.filter(|_| step.state == StepState::Approved);
    }
}
