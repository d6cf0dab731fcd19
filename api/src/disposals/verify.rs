//! Compares every disposal with its papers: trail, approvals, appraisal, publicity and proof; with the card that left the books, and
//! with what came in; and what is set aside with what its listing counts as withdrawn.

use std::collections::HashMap;

use entity::approvals::{ApprovalSubject, CaseState, approval_case};
use entity::assets::{AssetState, asset};
use entity::disposals::{DisposalKind, DisposalState, disposal, disposal_proceeds};
use entity::events::Subject;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    Statement,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::rules;
use crate::app::App;
use crate::audit::read::{told, unpaired};
use crate::clock::Clock;

/// Rows compared at a time: memory stays small whatever there is.
const BATCH: u64 = 1_000;

/// Checks all disposals; gives what does not agree (empty: all is well) and how many were read.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(app: &App, conn: &impl ConnectionTrait) -> Result<(Vec<String>, u64), DbErr> {
    let mut faults = unpaired(conn, Subject::Disposal, "disposal").await?;
    let mut read = 0;
    let mut last = Uuid::nil();
    loop {
        let rows = disposal::Entity::find()
            .filter(disposal::Column::Id.gt(last))
            .order_by_asc(disposal::Column::Id)
            .limit(BATCH)
            .all(conn)
            .await?;
        let Some(newest) = rows.last().map(|row| row.id) else { break };
        let told = told(app, conn, Subject::Disposal, (last, newest)).await?;
        last = newest;
        read += rows.len() as u64;
        let papers = Papers::of(conn, &rows).await?;
        for row in &rows {
            let mut fault = |what: &str| faults.push(format!("disposal {}: {what}", row.number));
            // Approvers' words stand in the same trail.
            let own = told.of(row.id).iter().rev().filter(|(action, _)| action.starts_with("disposal."));
            let said = own.filter_map(|(_, payload)| payload.as_ref()).next();
            if !said.is_some_and(|said| says(said, row)) {
                fault("it is not what its trail says");
            }
            papers.compare(app.clock(), row, &mut fault);
        }
    }
    others(conn, &mut faults).await?;
    Ok((faults, read))
}

/// Whether a record is of the disposal as it is now.
fn says(payload: &Value, row: &disposal::Model) -> bool {
    payload["state"] == json!(row.state)
        && payload["kind"] == json!(row.kind)
        && payload["quantity"] == json!(row.quantity)
        && payload["assetId"] == json!(row.asset_id)
        && payload["appraisedValue"] == json!(row.appraised_value)
        && payload["publicityUntil"] == json!(row.publicity_until)
        && payload["leastPrice"] == json!(row.least_price)
        && payload["evidence"] == json!(row.evidence)
        && payload["proceeds"] == json!(row.proceeds)
}

/// What there is about some disposals.
struct Papers {
    cards: HashMap<Uuid, asset::Model>,
    proceeds: HashMap<Uuid, disposal_proceeds::Model>,
    cases: HashMap<Uuid, Vec<approval_case::Model>>,
}

impl Papers {
    async fn of(conn: &impl ConnectionTrait, rows: &[disposal::Model]) -> Result<Self, DbErr> {
        let done = || rows.iter().filter(|row| row.state == DisposalState::Done);
        let cards = asset::Entity::find()
            .filter(asset::Column::Id.is_in(done().map(|row| row.asset_id)))
            .all(conn)
            .await?;
        let proceeds = disposal_proceeds::Entity::find()
            .filter(disposal_proceeds::Column::DisposalId.is_in(rows.iter().map(|row| row.id)))
            .all(conn)
            .await?;
        let subjects = [ApprovalSubject::Disposal, ApprovalSubject::DisposalPrice];
        let cases = approval_case::Entity::find()
            .filter(approval_case::Column::SubjectId.is_in(rows.iter().map(|row| row.id)))
            .filter(approval_case::Column::Subject.is_in(subjects))
            .all(conn)
            .await?;
        let mut by_disposal: HashMap<Uuid, Vec<approval_case::Model>> = HashMap::new();
        for case in cases {
            by_disposal.entry(case.subject_id).or_default().push(case);
        }
        Ok(Self {
            cards: cards.into_iter().map(|card| (card.id, card)).collect(),
            proceeds: proceeds.into_iter().map(|row| (row.disposal_id, row)).collect(),
            cases: by_disposal,
        })
    }

    fn compare(&self, clock: &Clock, row: &disposal::Model, fault: &mut impl FnMut(&str)) {
        let of = |subject: ApprovalSubject, state: CaseState| {
            let cases = self.cases.get(&row.id).into_iter().flatten();
            cases.filter(move |case| case.subject == subject && case.state == state)
        };
        // It is shown from the day on which the last approver agreed; what was agreed to before a new appraisal does not count.
        let approved = of(ApprovalSubject::Disposal, CaseState::Approved)
            .any(|case| case.closed_at.map(|at| clock.civil_day(at)) == row.publicity_from);
        if matches!(row.state, DisposalState::Publicity | DisposalState::Done) && !approved {
            fault("it went on without its approvals");
        }
        if row.least_price.is_some()
            && of(ApprovalSubject::DisposalPrice, CaseState::Approved).next().is_none()
        {
            fault("its price was allowed by nobody");
        }
        let open = of(ApprovalSubject::Disposal, CaseState::Open).next().is_some();
        if (row.state == DisposalState::Submitted) != open {
            fault("its state is not that of its case");
        }
        if row.asked_price.is_some() != of(ApprovalSubject::DisposalPrice, CaseState::Open).next().is_some() {
            fault("a price is asked for, and nobody is asked, or the other way round");
        }
        let entered = self.proceeds.get(&row.id);
        if row.state != DisposalState::Done {
            if entered.is_some() {
                fault("it brought something in before it was carried out");
            }
            return;
        }
        if row.evidence.as_deref().is_none_or(str::is_empty) {
            fault("there is no proof that it was carried out");
        }
        if row.publicity_until.is_none_or(|until| row.done_on.is_none_or(|on| on <= until)) {
            fault("it was carried out before its publicity was over");
        }
        let good = |on| row.appraisal_until.is_some_and(|until| on <= until);
        let appraised = row.appraised_value.is_some() && row.done_on.is_some_and(good);
        if rules::needs_appraisal(row.kind) && !appraised {
            fault("it went without an appraisal that was good on that day");
        }
        if row.kind == DisposalKind::Sale && row.least_price.is_some_and(|least| row.proceeds < Some(least)) {
            fault("it was sold for less than was allowed");
        }
        let agrees = entered.is_none_or(|entry| {
            entry.unit_id == row.unit_id && entry.kind == row.kind && Some(entry.civil_day) == row.done_on
        });
        if entered.map_or(0, |entry| entry.amount.0) != row.proceeds.unwrap_or_default().0 || !agrees {
            fault("its proceeds are not what was entered");
        }
        let gone = |card: &asset::Model| {
            card.state == AssetState::Disposed
                && card.quantity == row.quantity
                && card.holder_id == row.unit_id
        };
        if !self.cards.get(&row.asset_id).is_some_and(gone) {
            fault("its card is not one of as many pieces that left the books of its unit");
        }
    }
}

#[derive(Debug, FromQueryResult)]
struct Found {
    id: Uuid,
}

/// Cards that left the books without a disposal, and listings that have fewer pieces withdrawn than are set aside.
async fn others(conn: &impl ConnectionTrait, faults: &mut Vec<String>) -> Result<(), DbErr> {
    let lonely = "select a.id as id from asset a where a.state = 'DISPOSED' and not exists \
        (select 1 from disposal d where d.asset_id = a.id and d.state = 'DONE') limit 100";
    let short = "select s.listing_id as id from listing_stock s join (select listing_id, sum(quantity) as pieces from disposal \
        where state <> 'CALLED_OFF' group by listing_id) d on d.listing_id = s.listing_id where s.withdrawn < d.pieces limit 100";
    let shown = "select l.id as id from listing l where l.state = 'DISPOSAL' and not exists \
        (select 1 from disposal d where d.listing_id = l.id and d.state <> 'CALLED_OFF') limit 100";
    for (sql, what) in [
        (lonely, "card {}: it left the books without a disposal"),
        (short, "listing {}: fewer pieces are withdrawn than are set aside or gone"),
        (shown, "listing {}: it is handed to disposal, and nothing of it is"),
    ] {
        let statement = Statement::from_string(conn.get_database_backend(), sql);
        for found in Found::find_by_statement(statement).all(conn).await? {
            faults.push(what.replace("{}", &found.id.to_string()));
        }
    }
    Ok(())
}
