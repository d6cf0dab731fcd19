//! What other slices may do inside their transaction.

use chrono::Datelike;
use entity::jobs::{JobKind, JobState, job, number_series};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, Set};

pub use super::store::enqueue;
use crate::fault::Fault;
use crate::write::Tx;

/// A recurring job that waits for its time runs now.
///
/// # Errors
/// When the database does not answer.
pub async fn hurry(tx: &Tx, kind: JobKind) -> Result<(), Fault> {
    job::Entity::update_many()
        .col_expr(job::Column::RunAt, Expr::value(tx.now()))
        .filter(job::Column::Kind.eq(kind))
        .filter(job::Column::State.eq(JobState::Queued))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// The next number of a kind of paper in the civil year of today: `DJ-2026-000001`, `DJ-2026-000002`, … No number is
/// given twice, and none is left out: one that was taken by a transaction that fails is taken by the next.
///
/// The price is that a kind's number is held until the transaction ends, so take it late.
///
/// # Errors
/// When the database does not answer.
pub async fn next_number(tx: &Tx, kind: &str) -> Result<String, Fault> {
    let year = tx.today().year();
    let number = raise(tx, kind, i64::from(year), 1).await?;
    Ok(format!("{kind}-{year}-{number:06}"))
}

/// As [`next_number`], `count` of them with one statement.
///
/// # Errors
/// When the database does not answer.
pub async fn next_numbers(tx: &Tx, kind: &str, count: i64) -> Result<Vec<String>, Fault> {
    let year = tx.today().year();
    let last = raise(tx, kind, i64::from(year), count).await?;
    Ok((last - count + 1..=last).map(|number| format!("{kind}-{year}-{number:06}")).collect())
}

/// Takes `count` numbers at once of a series that runs through all years, without gaps; gives the first of them. Held
/// as [`next_number`] says.
///
/// # Errors
/// When the database does not answer.
pub async fn take_numbers(tx: &Tx, kind: &str, count: i64) -> Result<i64, Fault> {
    Ok(raise(tx, kind, 0, count).await? - count + 1)
}

/// Raises the last number of a series. One place for both: prepared statements are remembered by their text, and the
/// same text with a narrower number in it would be the wrong statement for the other on PostgreSQL.
async fn raise(tx: &Tx, kind: &str, year: i64, count: i64) -> Result<i64, Fault> {
    use number_series::{ActiveModel, Column, Entity};
    let first = ActiveModel { kind: Set(kind.to_owned()), year: Set(year), last: Set(count) };
    let row = Entity::insert(first)
        .on_conflict(
            OnConflict::columns([Column::Kind, Column::Year])
                .value(Column::Last, Expr::col((Entity, Column::Last)).add(count))
                .to_owned(),
        )
        .exec_with_returning(tx.conn())
        .await?;
    Ok(row.last)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::fault::{Code, Fault};
    use crate::identity::Actor;
    use crate::testing;
    use crate::write::Command;

    async fn number(app: &crate::app::App, fail: bool) -> Result<String, Fault> {
        app.write(&Actor::system(), Command::new("test", None, &()), |tx| async move {
            let number = super::next_number(&tx, "DJ").await?;
            if fail { Err(Code::WrongState.into()) } else { Ok(number) }
        })
        .await
    }

    #[tokio::test]
    async fn numbers_have_no_gaps_and_no_doubles_under_concurrency() {
        let (app, _folder) = testing::app().await;
        let tasks: Vec<_> = (0..60)
            .map(|n| {
                let app = app.clone();
                tokio::spawn(async move { number(&app, n % 3 == 0).await.ok() })
            })
            .collect();
        let mut given = BTreeSet::new();
        for task in tasks {
            if let Some(number) = task.await.unwrap() {
                assert!(given.insert(number.clone()), "{number} was given twice");
            }
        }
        let expected: BTreeSet<String> = (1..=40).map(|n| format!("DJ-2026-{n:06}")).collect();
        assert_eq!(given, expected);
    }

    #[tokio::test]
    async fn a_civil_year_starts_at_one() {
        let (app, _folder) = testing::app().await;
        // 2026-12-31 23:59 and 2027-01-01 00:00 in Shanghai.
        app.clock().set("2026-12-31T15:59:00Z".parse().unwrap());
        assert_eq!(number(&app, false).await.unwrap(), "DJ-2026-000001");
        app.clock().set("2026-12-31T16:00:00Z".parse().unwrap());
        assert_eq!(number(&app, false).await.unwrap(), "DJ-2027-000001");
    }
}
