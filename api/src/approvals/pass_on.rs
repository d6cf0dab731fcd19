//! Open cases of a unit that is succeeded: the side is the successor's, and so are the seats that nobody has decided. What was
//! decided before stays decided, and who applied still does not decide. A seat that is empty there moves up as any other does.

use entity::approvals::{ApprovalSubject, CaseState, StepState, approval_case, approval_step};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;
use uuid::Uuid;

use super::steps::subject;
use crate::fault::Fault;
use crate::write::Tx;

/// Gives the open case about a subject, if there is one, to another unit.
///
/// # Errors
/// The database's.
pub(crate) async fn case(
    tx: &Tx,
    about: ApprovalSubject,
    subject_id: Uuid,
    from: Uuid,
    to: Uuid,
) -> Result<(), Fault> {
    use approval_case::Column as Case;
    let open = approval_case::Entity::find()
        .filter(Case::SubjectId.eq(subject_id))
        .filter(Case::Subject.eq(about))
        .filter(Case::State.eq(CaseState::Open))
        .one(tx.conn())
        .await?;
    let Some(open) = open else { return Ok(()) };
    let other = |side: Option<Uuid>| if side == Some(from) { Some(to) } else { side };
    approval_case::Entity::update_many()
        .col_expr(Case::GiverId, Expr::value(other(open.giver_id)))
        .col_expr(Case::ReceiverId, Expr::value(other(open.receiver_id)))
        .col_expr(Case::Version, Expr::col(Case::Version).add(1))
        .filter(Case::Id.eq(open.id))
        .exec(tx.conn())
        .await?;
    approval_step::Entity::update_many()
        .col_expr(approval_step::Column::UnitId, Expr::value(Some(to)))
        .col_expr(approval_step::Column::Version, Expr::col(approval_step::Column::Version).add(1))
        .filter(approval_step::Column::CaseId.eq(open.id))
        .filter(approval_step::Column::UnitId.eq(from))
        .filter(approval_step::Column::State.is_in([StepState::Waiting, StepState::Pending]))
        .exec(tx.conn())
        .await?;
    let payload = json!({ "caseId": open.id, "fromId": from, "toId": to });
    tx.record(subject(about), subject_id, open.version + 1, "approval.passed_on", &payload);
    Ok(())
}

/// Seats of a closing unit in cases of others, such as those of units below it: a step that came up to its head. Answers how many
/// cases.
///
/// # Errors
/// The database's.
pub(crate) async fn seats(tx: &Tx, from: Uuid, to: Uuid) -> Result<usize, Fault> {
    use approval_step::Column as Step;
    let at = Condition::all()
        .add(Step::UnitId.eq(from))
        .add(Step::State.is_in([StepState::Waiting, StepState::Pending]));
    let cases: Vec<Uuid> = approval_step::Entity::find()
        .select_only()
        .column(Step::CaseId)
        .filter(at.clone())
        .distinct()
        .into_tuple()
        .all(tx.conn())
        .await?;
    let cases = approval_case::Entity::find()
        .filter(approval_case::Column::Id.is_in(cases))
        .order_by_asc(approval_case::Column::Id)
        .all(tx.conn())
        .await?;
    approval_step::Entity::update_many()
        .col_expr(Step::UnitId, Expr::value(Some(to)))
        .col_expr(Step::Version, Expr::col(Step::Version).add(1))
        .filter(at)
        .exec(tx.conn())
        .await?;
    for case in &cases {
        let payload = json!({ "caseId": case.id, "fromId": from, "toId": to });
        tx.record(subject(case.subject), case.subject_id, case.version, "approval.passed_on", &payload);
    }
    Ok(cases.len())
}
