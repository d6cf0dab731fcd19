//! What other slices may do with cases, inside their transaction.

use entity::approvals::{
    ApprovalSubject, CaseState, Side, StepState, approval_case, approval_rule, approval_step,
};
use entity::events::Subject;
use entity::listings::Custody;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};
use serde_json::json;
use uuid::Uuid;

use super::rules::{self, After, Seat, Sitting, Verdict};
use super::seats;
use crate::fault::{Code, Fault, Rejection};
use crate::write::Tx;

/// A case to be opened.
#[derive(Clone, Copy, Debug)]
pub struct NewCase {
    /// What is approved.
    pub subject: ApprovalSubject,
    /// Which.
    pub subject_id: Uuid,
    /// Custody of the listing: some rules are for one only.
    pub custody: Custody,
    /// Account that submits.
    pub applicant: Uuid,
    /// Account that wrote it down.
    pub drafter: Uuid,
    /// Account that sends it again after a correction.
    pub corrector: Option<Uuid>,
    /// Unit that gives.
    pub giver: Option<Uuid>,
    /// Unit that asks.
    pub receiver: Option<Uuid>,
}

/// A case that was opened.
#[derive(Clone, Copy, Debug)]
pub struct Opened {
    /// The case.
    pub case_id: Uuid,
    /// Whose turn it is. None where no rule asks for a step: the case is approved already.
    pub side: Option<Side>,
}

/// Where a case stands after a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is the turn of this side.
    Next(Side),
    /// All steps approved.
    Approved,
    /// To be corrected.
    Returned,
    /// Refused.
    Rejected,
}

/// A decision, for the slice of its subject.
#[derive(Clone, Debug)]
pub struct Decided {
    /// What the case is about.
    pub subject: ApprovalSubject,
    /// Which.
    pub subject_id: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// The step.
    pub step_id: Uuid,
    /// Whose step it was.
    pub side: Side,
    /// Where the case stands now.
    pub progress: Progress,
    /// What the approver wrote.
    pub comment: Option<String>,
    /// Lowered quantity of a request line.
    pub quantity: Option<i64>,
}

/// A verdict on one step.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The step.
    pub step_id: Uuid,
    /// What is said.
    pub verdict: Verdict,
    /// With which words.
    pub comment: Option<String>,
    /// Lowered quantity of a request line.
    pub quantity: Option<i64>,
}

/// Opens a case: writes its steps by the rules of the day, and gives the first its turn.
///
/// # Errors
/// The database's.
pub async fn open(tx: &Tx, new: NewCase) -> Result<Opened, Fault> {
    let rows = approval_rule::Entity::find()
        .filter(approval_rule::Column::Subject.eq(new.subject))
        .all(tx.conn())
        .await?;
    let plan = rules::plan(&rows, new.subject, new.custody, tx.today());
    let case = approval_case::Model {
        id: tx.id(),
        subject: new.subject,
        subject_id: new.subject_id,
        state: if plan.is_empty() { CaseState::Approved } else { CaseState::Open },
        applicant_id: new.applicant,
        drafted_by: new.drafter,
        corrected_by: new.corrector,
        giver_id: new.giver,
        receiver_id: new.receiver,
        opened_at: tx.now(),
        closed_at: plan.is_empty().then(|| tx.now()),
        version: 1,
    };
    let first_side = plan.first().map(|(side, _)| *side);
    let mut steps = Vec::with_capacity(plan.len());
    for (position, (side, role)) in (1..).zip(plan) {
        let unit = match side {
            Side::Giver => new.giver,
            Side::Receiver => new.receiver,
            Side::Office => None,
        };
        let first = position == 1;
        let planned = Seat { role, unit };
        let seat = if first { seats::find(tx, &case, planned).await? } else { planned };
        steps.push(approval_step::ActiveModel {
            id: Set(tx.id()),
            case_id: Set(case.id),
            position: Set(position),
            side: Set(side),
            role: Set(seat.role),
            unit_id: Set(seat.unit),
            state: Set(if first { StepState::Pending } else { StepState::Waiting }),
            decided_by: Set(None),
            decided_at: Set(None),
            comment: Set(None),
            pending_since: Set(first.then(|| tx.now())),
            version: Set(1),
        });
    }
    let opened = Opened { case_id: case.id, side: first_side };
    approval_case::Entity::insert(insertable(case)).exec_without_returning(tx.conn()).await?;
    if !steps.is_empty() {
        approval_step::Entity::insert_many(steps).exec_without_returning(tx.conn()).await?;
    }
    Ok(opened)
}

fn insertable(case: approval_case::Model) -> approval_case::ActiveModel {
    approval_case::ActiveModel {
        id: Set(case.id),
        subject: Set(case.subject),
        subject_id: Set(case.subject_id),
        state: Set(case.state),
        applicant_id: Set(case.applicant_id),
        drafted_by: Set(case.drafted_by),
        corrected_by: Set(case.corrected_by),
        giver_id: Set(case.giver_id),
        receiver_id: Set(case.receiver_id),
        opened_at: Set(case.opened_at),
        closed_at: Set(case.closed_at),
        version: Set(case.version),
    }
}

/// Ends the open case of a subject from outside: cancelled, expired, withdrawn. Without one nothing happens.
///
/// # Errors
/// The database's.
pub async fn close(tx: &Tx, subject: ApprovalSubject, subject_id: Uuid) -> Result<(), Fault> {
    match open_case(tx, subject, subject_id).await? {
        Some(case) => end(tx, case.id, CaseState::Closed).await,
        None => Ok(()),
    }
}

async fn open_case(
    tx: &Tx,
    subject: ApprovalSubject,
    subject_id: Uuid,
) -> Result<Option<approval_case::Model>, Fault> {
    Ok(approval_case::Entity::find()
        .filter(approval_case::Column::SubjectId.eq(subject_id))
        .filter(approval_case::Column::Subject.eq(subject))
        .filter(approval_case::Column::State.eq(CaseState::Open))
        .one(tx.conn())
        .await?)
}

/// Side of the step whose turn it is in the open case of a subject.
///
/// # Errors
/// The database's.
pub async fn pending_side(
    tx: &Tx,
    subject: ApprovalSubject,
    subject_id: Uuid,
) -> Result<Option<Side>, Fault> {
    let Some(case) = open_case(tx, subject, subject_id).await? else { return Ok(None) };
    let step = approval_step::Entity::find()
        .filter(approval_step::Column::CaseId.eq(case.id))
        .filter(approval_step::Column::State.eq(StepState::Pending))
        .one(tx.conn())
        .await?;
    Ok(step.map(|step| step.side))
}

/// The case that a step belongs to. None where there is no such step, or not for the caller.
///
/// # Errors
/// The database's.
pub async fn case_of(tx: &Tx, step_id: Uuid) -> Result<Option<approval_case::Model>, Fault> {
    Ok(visible(tx, step_id).await?.map(|(_, case)| case))
}

async fn visible(
    tx: &Tx,
    step_id: Uuid,
) -> Result<Option<(approval_step::Model, approval_case::Model)>, Fault> {
    let Some(step) = approval_step::Entity::find_by_id(step_id).one(tx.conn()).await? else {
        return Ok(None);
    };
    let Some(case) = approval_case::Entity::find_by_id(step.case_id).one(tx.conn()).await? else {
        return Ok(None);
    };
    Ok(seats::may_see(tx.actor(), &step, &case).then_some((step, case)))
}

/// Decides one step: writes the verdict and gives the next step its turn, or ends the case.
///
/// # Errors
/// Everything that is wrong with the verdict; a step that another has decided meanwhile.
pub async fn decide(tx: &Tx, decision: &Decision) -> Result<Decided, Fault> {
    let Some((step, case)) = visible(tx, decision.step_id).await? else {
        return Err(Rejection::new(Code::NotFound).at("stepId").into());
    };
    let comment = rules::judge(&Sitting {
        state: step.state,
        verdict: decision.verdict,
        comment: decision.comment.as_deref(),
        quantity: decision.quantity,
        subject: case.subject,
        seated: seats::sits(tx.actor(), &step, &case),
        applicant: tx.actor().account_id().is_some_and(|account| seats::applicants(&case).contains(&account)),
    })
    .map_err(Fault::Rejected)?;

    let next = approval_step::Entity::find()
        .filter(approval_step::Column::CaseId.eq(case.id))
        .filter(approval_step::Column::State.eq(StepState::Waiting))
        .order_by_asc(approval_step::Column::Position)
        .one(tx.conn())
        .await?;
    let (state, after) = rules::outcome(decision.verdict, next.is_none());
    // The condition, and not what was read, decides between two approvers who press at the same moment.
    let touched = approval_step::Entity::update_many()
        .col_expr(approval_step::Column::State, Expr::value(state))
        .col_expr(approval_step::Column::DecidedBy, Expr::value(tx.actor().account_id()))
        .col_expr(approval_step::Column::DecidedAt, Expr::value(Some(tx.now())))
        .col_expr(approval_step::Column::Comment, Expr::value(comment.clone()))
        .col_expr(approval_step::Column::Version, Expr::col(approval_step::Column::Version).add(1))
        .filter(approval_step::Column::Id.eq(step.id))
        .filter(approval_step::Column::State.eq(StepState::Pending))
        .exec(tx.conn())
        .await?;
    if touched.rows_affected != 1 {
        return Err(Rejection::new(Code::Stale).at("stepId").into());
    }
    let progress = match (after, next) {
        (After::Next, Some(next)) => {
            give_turn(tx, &case, &next).await?;
            Progress::Next(next.side)
        }
        (After::End(ended), _) => {
            end(tx, case.id, ended).await?;
            match ended {
                CaseState::Approved => Progress::Approved,
                CaseState::Returned => Progress::Returned,
                _ => Progress::Rejected,
            }
        }
        (After::Next, None) => return Err(Fault::Internal(anyhow::anyhow!("a next step that is not there"))),
    };
    let payload = json!({
        "caseId": case.id, "stepId": step.id, "side": step.side, "role": step.role, "verdict": decision.verdict,
        "comment": comment, "quantity": decision.quantity,
    });
    tx.record(subject(case.subject), case.subject_id, case.version, "approval.decided", &payload);
    Ok(Decided {
        subject: case.subject,
        subject_id: case.subject_id,
        case_id: case.id,
        step_id: step.id,
        side: step.side,
        progress,
        comment,
        quantity: decision.quantity,
    })
}

/// What events about a case are about.
pub(super) fn subject(of: ApprovalSubject) -> Subject {
    match of {
        ApprovalSubject::Listing => Subject::Listing,
        ApprovalSubject::RequestLine => Subject::RequestLine,
    }
}

async fn give_turn(tx: &Tx, case: &approval_case::Model, step: &approval_step::Model) -> Result<(), Fault> {
    let seat = seats::find(tx, case, Seat { role: step.role, unit: step.unit_id }).await?;
    let change = approval_step::ActiveModel {
        id: Set(step.id),
        state: Set(StepState::Pending),
        role: Set(seat.role),
        unit_id: Set(seat.unit),
        pending_since: Set(Some(tx.now())),
        version: Set(step.version + 1),
        ..Default::default()
    };
    change.update(tx.conn()).await?;
    Ok(())
}

async fn end(tx: &Tx, case_id: Uuid, state: CaseState) -> Result<(), Fault> {
    approval_case::Entity::update_many()
        .col_expr(approval_case::Column::State, Expr::value(state))
        .col_expr(approval_case::Column::ClosedAt, Expr::value(Some(tx.now())))
        .col_expr(approval_case::Column::Version, Expr::col(approval_case::Column::Version).add(1))
        .filter(approval_case::Column::Id.eq(case_id))
        .filter(approval_case::Column::State.eq(CaseState::Open))
        .exec(tx.conn())
        .await?;
    approval_step::Entity::update_many()
        .col_expr(approval_step::Column::State, Expr::value(StepState::Skipped))
        .col_expr(approval_step::Column::Version, Expr::col(approval_step::Column::Version).add(1))
        .filter(approval_step::Column::CaseId.eq(case_id))
        .filter(approval_step::Column::State.is_in([StepState::Waiting, StepState::Pending]))
        .exec(tx.conn())
        .await?;
    Ok(())
}
