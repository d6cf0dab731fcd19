//! What claims are judged by, read for all claims to an offer at once: the number of statements does not grow with them.

use std::collections::HashMap;

use chrono::{Months, NaiveDate, TimeDelta};
use entity::awards::{Nearness, RankingCriterion, claim_window};
use entity::requests::{request, request_line};
use entity::savings::{SavingMethod, saving_entry};
use sea_orm::sea_query::{Alias, Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::app::App;
use crate::fault::Fault;
use crate::organisation::Reference;
use crate::quotas;
use crate::ranking::rules::{Claim, Facts, Rule};

/// The last civil day of a window.
pub(super) fn last_day(app: &App, window: &claim_window::Model) -> NaiveDate {
    // It ends at a midnight, unless a freeze moved it.
    app.clock().civil_day(window.closes_at - TimeDelta::microseconds(1))
}

/// Reads the facts of claims. They are those of the window's last day, whenever its claims are ranked.
pub(super) async fn measure(
    app: &App,
    conn: &impl ConnectionTrait,
    window: &claim_window::Model,
    lines: &[request_line::Model],
    rules: &[Rule],
) -> Result<Vec<Claim>, Fault> {
    let reference = app.reference();
    let first_day = app.clock().civil_day(window.opened_at);
    let last_day = last_day(app, window);
    let mut units: Vec<Uuid> = lines.iter().map(|line| line.unit_id).collect();
    units.sort_unstable();
    units.dedup();
    let asked: HashMap<Uuid, request::Model> = request::Entity::find()
        .filter(request::Column::Id.is_in(lines.iter().map(|line| line.request_id)))
        .all(conn)
        .await?
        .into_iter()
        .map(|request| (request.id, request))
        .collect();
    let months = rules.iter().find(|rule| rule.criterion == RankingCriterion::PastShare);
    let months = months.and_then(|rule| rule.terms.months).and_then(|months| u32::try_from(months).ok());
    let since = months.and_then(|months| last_day.checked_sub_months(Months::new(months)));
    let received = match since {
        Some(since) => received(conn, &units, since, last_day).await?,
        None => HashMap::new(),
    };
    let staff = quotas::read::staff_of(conn, &units, last_day).await?;
    let mut claims = Vec::with_capacity(lines.len());
    for line in lines {
        let request = asked.get(&line.request_id);
        let request = request.ok_or_else(|| anyhow::anyhow!("line {} has no request", line.id))?;
        let claimed = request.submitted_at.map_or(first_day, |at| app.clock().civil_day(at));
        claims.push(Claim {
            line: line.id,
            quantity: line.quantity,
            facts: Facts {
                need: request.need,
                needed_in_days: request.needed_by.map(|day| (day - last_day).num_days()),
                nearness: nearness(&reference, line.giver_id, line.unit_id),
                received: received.get(&line.unit_id).copied().unwrap_or(0),
                staff: staff.get(&line.unit_id).copied(),
                claimed_after_days: (claimed - first_day).num_days(),
                window_days: (last_day - first_day).num_days(),
            },
        });
    }
    Ok(claims)
}

fn nearness(reference: &Reference, giver: Uuid, asker: Uuid) -> Nearness {
    let region = |unit: Uuid| reference.unit(unit).map(|unit| unit.place_region_id);
    if reference.department(giver) == reference.department(asker) {
        Nearness::Department
    } else if region(giver).is_some() && region(giver) == region(asker) {
        Nearness::Region
    } else {
        Nearness::City
    }
}

/// Original value of what units received after `since` and not after `upto`, by the ledger: what was given back is taken off.
async fn received(
    conn: &impl ConnectionTrait,
    units: &[Uuid],
    since: NaiveDate,
    upto: NaiveDate,
) -> Result<HashMap<Uuid, i64>, Fault> {
    use saving_entry::Column;
    let rows: Vec<(Uuid, Option<i64>)> = saving_entry::Entity::find()
        .select_only()
        .column(Column::ReceiverId)
        // The sum of bigints is a numeric on PostgreSQL.
        .expr(Expr::col(Column::Amount).sum().cast_as(Alias::new("bigint")))
        .filter(Column::ReceiverId.is_in(units.iter().copied()))
        .filter(Column::Method.eq(SavingMethod::OriginalValue))
        .filter(Column::CivilDay.gt(since))
        .filter(Column::CivilDay.lte(upto))
        .group_by(Column::ReceiverId)
        .into_tuple()
        .all(conn)
        .await?;
    Ok(rows.into_iter().map(|(unit, sum)| (unit, sum.unwrap_or(0))).collect())
}
