//! What other slices may do with cases, inside their transaction.

use entity::approvals::{ApprovalSubject, CaseState, Side, StepState, approval_case, approval_step};
use entity::events::Subject;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;
use uuid::Uuid;

pub use super::facts::{Goods, Mixed, Question, Together};
pub use super::open::{NewCase, Opened, open, open_mixed};
pub use super::replan::{Replanned, replan};
use super::rules::{self, After, Sitting, Verdict};
use super::{seats, turn};
use crate::fault::{Code, Fault, Rejection};
use crate::write::Tx;

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

/// Whose turn it is where several sides decide side by side: the asker's first, because it is its inactivity that a hold counts.
pub(super) fn turn_of(pending: &[Side]) -> Option<Side> {
    pending.iter().find(|side| **side == Side::Receiver).or(pending.first()).copied()
}

/// The steps of a case that nobody has decided, in order.
async fn undecided(tx: &Tx, case: Uuid) -> Result<Vec<approval_step::Model>, Fault> {
    Ok(approval_step::Entity::find()
        .filter(approval_step::Column::CaseId.eq(case))
        .filter(approval_step::Column::State.is_in([StepState::Waiting, StepState::Pending]))
        .order_by_asc(approval_step::Column::Position)
        .all(tx.conn())
        .await?)
}

/// Locks a case: its steps do not change under the eyes of one who holds it.
pub(super) async fn lock(tx: &Tx, case: Uuid) -> Result<Option<approval_case::Model>, Fault> {
    Ok(approval_case::Entity::find_by_id(case).lock_exclusive().one(tx.conn()).await?)
}

/// The case that a step belongs to. None where there is no such step, or not for the caller. It is not locked: the stock of what
/// the case is about comes first.
///
/// # Errors
/// The database's.
pub async fn case_of(tx: &Tx, step_id: Uuid) -> Result<Option<approval_case::Model>, Fault> {
    let Some(step) = find(tx, step_id).await? else { return Ok(None) };
    let case = approval_case::Entity::find_by_id(step.case_id).one(tx.conn()).await?;
    Ok(case.filter(|case| seats::may_see(tx.actor(), &step, case)))
}

async fn find(tx: &Tx, step: Uuid) -> Result<Option<approval_step::Model>, Fault> {
    Ok(approval_step::Entity::find_by_id(step).one(tx.conn()).await?)
}

/// A step that the caller may know of, with its case locked: a step may be added to a running case (see
/// [`open`](super::open)), and whoever decides waits for that and sees it.
async fn locked(
    tx: &Tx,
    step_id: Uuid,
) -> Result<Option<(approval_step::Model, approval_case::Model)>, Fault> {
    let Some(step) = find(tx, step_id).await? else { return Ok(None) };
    let Some(case) = lock(tx, step.case_id).await? else { return Ok(None) };
    let Some(step) = find(tx, step_id).await? else { return Ok(None) };
    Ok(seats::may_see(tx.actor(), &step, &case).then_some((step, case)))
}

/// Decides one step: writes the verdict and gives the next step its turn, or ends the case.
///
/// # Errors
/// Everything that is wrong with the verdict; a step that another has decided meanwhile.
pub async fn decide(tx: &Tx, decision: &Decision) -> Result<Decided, Fault> {
    let Some((step, case)) = locked(tx, decision.step_id).await? else {
        return Err(Rejection::new(Code::NotFound).at("stepId").into());
    };
    let seated = seats::sits(tx.actor(), &step, &case);
    let comment = rules::judge(&Sitting {
        state: step.state,
        verdict: decision.verdict,
        comment: decision.comment.as_deref(),
        quantity: decision.quantity,
        subject: case.subject,
        seated: seated.is_some(),
        applicant: tx.actor().account_id().is_some_and(|account| seats::applicants(&case).contains(&account)),
    })
    .map_err(Fault::Rejected)?;
    let absent = seated.and_then(|seated| seated.instead_of);

    let others: Vec<approval_step::Model> =
        undecided(tx, case.id).await?.into_iter().filter(|other| other.id != step.id).collect();
    let states: Vec<_> = others.iter().map(|other| (other.state, other.stage)).collect();
    let (state, after) = rules::outcome(decision.verdict, &states);
    // The condition, and not what was read, decides between two approvers who press at the same moment.
    let touched = approval_step::Entity::update_many()
        .col_expr(approval_step::Column::State, Expr::value(state))
        .col_expr(approval_step::Column::DecidedBy, Expr::value(tx.actor().account_id()))
        .col_expr(approval_step::Column::DecidedFor, Expr::value(absent))
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
    let progress = match after {
        After::Beside => next_turn(others.iter().filter(|other| other.state == StepState::Pending))?,
        After::Stage(stage) => {
            let next: Vec<_> = others.iter().filter(|other| other.stage == stage).collect();
            for step in &next {
                turn::give(tx, &case, step).await?;
            }
            next_turn(next.into_iter())?
        }
        After::End(ended) => {
            end(tx, case.id, ended).await?;
            match ended {
                CaseState::Approved => Progress::Approved,
                CaseState::Returned => Progress::Returned,
                _ => Progress::Rejected,
            }
        }
    };
    let payload = json!({
        "caseId": case.id, "stepId": step.id, "side": step.side, "role": step.role, "verdict": decision.verdict,
        "comment": comment, "quantity": decision.quantity, "decidedFor": absent,
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
        ApprovalSubject::Loan | ApprovalSubject::LoanExtension => Subject::Loan,
        ApprovalSubject::Plan => Subject::AllocationPlan,
        ApprovalSubject::Disposal | ApprovalSubject::DisposalPrice => Subject::Disposal,
    }
}

fn next_turn<'a>(steps: impl Iterator<Item = &'a approval_step::Model>) -> Result<Progress, Fault> {
    let sides: Vec<Side> = steps.map(|step| step.side).collect();
    let next = turn_of(&sides).ok_or_else(|| anyhow::anyhow!("a next step that is not there"))?;
    Ok(Progress::Next(next))
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
