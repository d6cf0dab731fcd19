//! Compares every plan with the request lines that carry it out: all of its lines are promised, or none.

use entity::events::Subject;
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement};

use crate::audit::read::unpaired;

/// A plan, how many lines it has, how many of them a request line carries out as they say, how many request lines there are
/// for any of its lines, how many of those can still change, and how many objections nobody has answered.
const PLANS: &str = "select p.number, p.state, \
    (select count(*) from plan_line l where l.plan_id = p.id and l.state = 'PROPOSED'), \
    (select count(*) from plan_line l join request_line r on r.plan_line_id = l.id join listing o on o.id = r.listing_id \
        where l.plan_id = p.id and l.state = 'PROPOSED' and r.quantity_asked = l.quantity \
        and (l.listing_id is null or l.listing_id = o.id) \
        and ((r.unit_id = l.receiver_id and r.giver_id = l.giver_id) or exists (select 1 from unit u \
            where u.id in (l.giver_id, l.receiver_id) and u.state <> 'ACTIVE'))), \
    (select count(*) from plan_line l join request_line r on r.plan_line_id = l.id where l.plan_id = p.id), \
    (select count(*) from plan_line l join request_line r on r.plan_line_id = l.id where l.plan_id = p.id and r.state \
        not in ('CLOSED', 'CUT', 'REJECTED', 'CANCELLED', 'EXPIRED', 'OUTRANKED', 'GIVER_FAILED', 'REFUSED')), \
    (select count(*) from plan_objection b where b.plan_id = p.id and b.state = 'OPEN'), \
    (select count(*) from approval_case c where c.subject = 'PLAN' and c.subject_id = p.id and c.state = 'APPROVED') \
    from allocation_plan p order by p.id";

/// Checks all plans; gives what does not agree (empty: all is well) and how many were read.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(conn: &impl ConnectionTrait) -> Result<(Vec<String>, u64), DbErr> {
    let mut faults = unpaired(conn, Subject::AllocationPlan, "allocation_plan").await?;
    // Plans are few: they are decisions of an office.
    let rows = conn.query_all_raw(Statement::from_string(conn.get_database_backend(), PLANS)).await?;
    for row in &rows {
        compare(row, &mut faults)?;
    }
    Ok((faults, rows.len() as u64))
}

fn compare(row: &QueryResult, faults: &mut Vec<String>) -> Result<(), DbErr> {
    let (number, state): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    let count = |at: usize| row.try_get_by_index::<i64>(at);
    let (lines, carried, all, open, unanswered, approved) =
        (count(2)?, count(3)?, count(4)?, count(5)?, count(6)?, count(7)?);
    let promised = matches!(state.as_str(), "RESERVED" | "COMPLETED");
    let mut fault = |what: String| faults.push(format!("plan {number}: {what}"));
    if !promised && all > 0 {
        fault(format!("it is {state}, and {all} of its lines are promised"));
    }
    if promised && (carried != lines || all != lines) {
        fault(format!(
            "{carried} of its {lines} lines are promised as they say, {all} request lines name it"
        ));
    }
    if state == "COMPLETED" && open > 0 {
        fault(format!("it is complete, and {open} of its lines are under way"));
    }
    if unanswered > 0 && !matches!(state.as_str(), "OBJECTIONS" | "CANCELLED") {
        fault(format!("it is {state}, and {unanswered} objections are not answered"));
    }
    if (promised || state == "APPROVED") && approved == 0 {
        fault(format!("it is {state}, and no case of it was approved"));
    }
    Ok(())
}
