//! Versions of the rules: which one is in force, and what it says.

use std::collections::HashMap;

use chrono::NaiveDate;
use entity::approvals::{approval_rule, approval_rule_set};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rules::Rule;
use crate::fault::Fault;

/// The set by which a case goes that is opened on a day: of those published, the one that begins last, and of two that begin on
/// one day the later one.
///
/// # Errors
/// When the database does not answer.
pub async fn in_force(
    conn: &impl ConnectionTrait,
    on: NaiveDate,
) -> Result<Option<approval_rule_set::Model>, Fault> {
    use approval_rule_set::Column;
    let found = approval_rule_set::Entity::find()
        .filter(Column::ValidFrom.lte(on))
        .order_by_desc(Column::ValidFrom)
        .order_by_desc(Column::Number)
        .limit(1)
        .one(conn)
        .await?;
    Ok(found)
}

/// The rules of a set in their order.
///
/// # Errors
/// When the database does not answer, or a row holds conditions that this release does not know.
pub async fn rules_of(conn: &impl ConnectionTrait, set: Uuid) -> Result<Vec<Rule>, Fault> {
    let rows = approval_rule::Entity::find()
        .filter(approval_rule::Column::RuleSetId.eq(set))
        .order_by_asc(approval_rule::Column::Position)
        .all(conn)
        .await?;
    rows.into_iter().map(rule).collect()
}

/// The rules of several sets, each in its order.
///
/// # Errors
/// As [`rules_of`].
pub async fn rules_of_all(
    conn: &impl ConnectionTrait,
    sets: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Rule>>, Fault> {
    let rows = approval_rule::Entity::find()
        .filter(approval_rule::Column::RuleSetId.is_in(sets.iter().copied()))
        .order_by_asc(approval_rule::Column::Position)
        .all(conn)
        .await?;
    let mut by_set: HashMap<Uuid, Vec<Rule>> = HashMap::new();
    for row in rows {
        by_set.entry(row.rule_set_id).or_default().push(rule(row)?);
    }
    Ok(by_set)
}

fn rule(row: approval_rule::Model) -> Result<Rule, Fault> {
    Ok(Rule {
        // A condition that is not understood is not one that is met: better no case than one without a step.
        conditions: serde_json::from_value(row.conditions)?,
        id: row.id,
        name: row.name,
        subject: row.subject,
        stage: row.stage,
        side: row.side,
        level: row.level,
        role: row.role,
        due_days: row.due_days,
    })
}

/// Where a page of sets goes on: the number, newest first.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Key(pub i64);

/// Sets, the newest first. Everybody who is signed in may see the rules.
///
/// # Errors
/// When the database does not answer.
pub async fn page(
    conn: &impl ConnectionTrait,
    after: Option<Key>,
    limit: u64,
) -> Result<Vec<approval_rule_set::Model>, Fault> {
    use approval_rule_set::Column;
    let after = after.map_or(Condition::all(), |Key(number)| Condition::all().add(Column::Number.lt(number)));
    let found = approval_rule_set::Entity::find()
        .filter(after)
        .order_by_desc(Column::Number)
        .limit(limit)
        .all(conn)
        .await?;
    Ok(found)
}

/// One set.
///
/// # Errors
/// When the database does not answer.
pub async fn one(conn: &impl ConnectionTrait, id: Uuid) -> Result<Option<approval_rule_set::Model>, Fault> {
    Ok(approval_rule_set::Entity::find_by_id(id).one(conn).await?)
}
