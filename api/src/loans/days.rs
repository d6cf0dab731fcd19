//! What goes on by itself: holds that lapse, loans that nobody collected, those that are overdue, and what the months before
//! have saved. Run again and again by jobs: a small batch at a time, one transaction a loan, and a loan that is not due any
//! more is left alone.

use chrono::NaiveDate;
use entity::approvals::ApprovalSubject;
use entity::loans::{LoanState, loan};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;
use uuid::Uuid;

use super::rules::{self, Command};
use super::{row, steps};
use crate::app::App;
use crate::approvals;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::listings;
use crate::write::{self, Tx};

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Loans looked at; as many as the limit means that there may be more.
    pub looked_at: u64,
    /// Loans that changed.
    pub changed: u64,
}

/// Ends at most `limit` loans that lapsed or were not collected.
///
/// # Errors
/// When the database does not answer.
pub async fn expire(app: &App, limit: u64) -> Result<Done, Fault> {
    use loan::Column::{DayTo, HoldExpiresAt, State};
    let lapsed =
        Condition::all().add(State.eq(LoanState::Requested)).add(HoldExpiresAt.lte(app.clock().now()));
    let missed = Condition::all()
        .add(State.is_in([LoanState::Requested, LoanState::Approved]))
        .add(DayTo.lt(app.clock().today()));
    let mut done = Done::default();
    for due in [lapsed, missed] {
        let ids = due_now(app, due, HoldExpiresAt, limit).await?;
        done.add(each(app, "expireLoan", ids, expire_one).await);
    }
    Ok(done)
}

async fn expire_one(tx: Tx, id: Uuid) -> Result<bool, Fault> {
    let before = row::lock(&tx, id).await?;
    let missed = before.day_to < tx.today();
    let lapsed = before.hold_expires_at.is_some_and(|until| until <= tx.now());
    let open = matches!(before.state, LoanState::Requested | LoanState::Approved);
    // Frozen time does not count against a hold: it lapses when the freeze is over.
    let paused = !missed && listings::steps::frozen(&tx, before.listing_id).await?;
    if !open || paused || !(missed || lapsed) {
        return Ok(false);
    }
    let command = if missed { Command::Miss } else { Command::Lapse };
    let after = row::carry_out(&tx, &before, command).await?;
    approvals::steps::close(&tx, ApprovalSubject::Loan, after.id).await?;
    steps::settle(&tx, after.listing_id).await?;
    Ok(true)
}

/// Tells of at most `limit` loans that are overdue and were not told of today.
///
/// # Errors
/// When the database does not answer.
pub async fn tell_overdue(app: &App, limit: u64) -> Result<Done, Fault> {
    use loan::Column::{DayTo, Lent, OverdueToldOn, State};
    let today = app.clock().today();
    let overdue = Condition::all()
        .add(State.is_in([LoanState::HandedOver, LoanState::OnLoan]))
        .add(DayTo.lt(today))
        .add(Lent.gt(0))
        .add(Condition::any().add(OverdueToldOn.is_null()).add(OverdueToldOn.lt(today)));
    let ids = due_now(app, overdue, DayTo, limit).await?;
    Ok(each(app, "tellOverdueLoan", ids, tell_one).await)
}

async fn tell_one(tx: Tx, id: Uuid) -> Result<bool, Fault> {
    let before = row::lock(&tx, id).await?;
    let told = before.overdue_told_on.is_some_and(|day| day >= tx.today());
    if told || !rules::is_overdue(&before, tx.today()) {
        return Ok(false);
    }
    let days = (tx.today() - before.day_to).num_days();
    let next = loan::Model { overdue_told_on: Some(tx.today()), ..before.clone() };
    row::save(&tx, &before, next, "loan.overdue", json!({ "days": days })).await?;
    Ok(true)
}

/// Enters what at most `limit` loans have saved in the months that are over.
///
/// # Errors
/// When the database does not answer.
pub async fn accrue(app: &App, limit: u64) -> Result<Done, Fault> {
    use loan::Column::{AccruedTo, DayTo, State};
    use sea_orm::sea_query::{Expr, ExprTrait};
    let month = rules::month_before(app.clock().today());
    let open = Condition::all()
        .add(State.eq(LoanState::OnLoan))
        .add(AccruedTo.lt(month))
        .add(Expr::col(AccruedTo).lt(Expr::col(DayTo)));
    let ids = due_now(app, open, AccruedTo, limit).await?;
    Ok(each(app, "accrueLoan", ids, accrue_one).await)
}

async fn accrue_one(tx: Tx, id: Uuid) -> Result<bool, Fault> {
    let before = row::lock(&tx, id).await?;
    let mut next = before.clone();
    let mut posted = Vec::new();
    // A month at a time, also where the job did not run for long: so a report by months is right.
    while let Some(end) = next.accrued_to.and_then(|day| month_end(day.succ_opt()?)) {
        if end > rules::month_before(tx.today()) {
            break;
        }
        let (used, entered) = row::accrue(&tx, &next, end).await?;
        if entered.is_empty() {
            break;
        }
        next = used;
        posted.extend(entered);
    }
    if posted.is_empty() {
        return Ok(false);
    }
    row::save(&tx, &before, next, "loan.accrued", json!({ "savings": posted })).await?;
    Ok(true)
}

/// The last day of a day's month.
fn month_end(day: NaiveDate) -> Option<NaiveDate> {
    use chrono::{Datelike, Months};
    day.with_day(1)?.checked_add_months(Months::new(1))?.pred_opt()
}

async fn due_now(app: &App, due: Condition, by: loan::Column, limit: u64) -> Result<Vec<Uuid>, Fault> {
    Ok(loan::Entity::find()
        .select_only()
        .column(loan::Column::Id)
        .filter(due)
        .order_by_asc(by)
        .limit(limit)
        .into_tuple()
        .all(app.db().read())
        .await?)
}

/// One loan after the other; one that cannot go on must not keep all later ones.
async fn each<F, Fut>(app: &App, name: &'static str, ids: Vec<Uuid>, one: F) -> Done
where
    F: Fn(Tx, Uuid) -> Fut + Send + Sync,
    Fut: Future<Output = Result<bool, Fault>> + Send,
{
    let mut done = Done { looked_at: ids.len() as u64, changed: 0 };
    let system = Actor::system();
    for id in ids {
        match app.write(&system, write::Command::new(name, None, &id), |tx: Tx| one(tx, id)).await {
            Ok(changed) => done.changed += u64::from(changed),
            Err(fault) => tracing::error!(loan = %id, ?fault, name, "a loan that is due did not go on"),
        }
    }
    done
}

impl Done {
    fn add(&mut self, other: Self) {
        self.looked_at += other.looked_at;
        self.changed += other.changed;
    }
}
