//! Versions of the ranking rules: which one is in force, and what it says.

use std::collections::HashMap;

use chrono::NaiveDate;
use entity::awards::{ranking_rule, ranking_rule_set};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rules::Rule;
use crate::fault::Fault;

/// The set by which a window goes that opens on a day: of those published, the one that begins last, and of two that begin on
/// one day the later one.
///
/// # Errors
/// When the database does not answer.
pub async fn in_force(
    conn: &impl ConnectionTrait,
    on: NaiveDate,
) -> Result<Option<ranking_rule_set::Model>, Fault> {
    use ranking_rule_set::Column;
    let found = ranking_rule_set::Entity::find()
        .filter(Column::ValidFrom.lte(on))
        .order_by_desc(Column::ValidFrom)
        .order_by_desc(Column::Number)
        .limit(1)
        .one(conn)
        .await?;
    Ok(found)
}

/// The rules of several sets, each in its order.
///
/// # Errors
/// When the database does not answer, or a row holds terms that this release does not know.
pub async fn rules_of(conn: &impl ConnectionTrait, sets: &[Uuid]) -> Result<HashMap<Uuid, Vec<Rule>>, Fault> {
    let rows = ranking_rule::Entity::find()
        .filter(ranking_rule::Column::RuleSetId.is_in(sets.iter().copied()))
        .order_by_asc(ranking_rule::Column::Position)
        .all(conn)
        .await?;
    let mut by_set: HashMap<Uuid, Vec<Rule>> = HashMap::new();
    for row in rows {
        let terms = serde_json::from_value(row.terms)?;
        let rule = Rule { criterion: row.criterion, weight: row.weight, terms };
        by_set.entry(row.rule_set_id).or_default().push(rule);
    }
    Ok(by_set)
}

/// The rules of one set in their order.
///
/// # Errors
/// As [`rules_of`].
pub async fn rules_of_one(conn: &impl ConnectionTrait, set: Uuid) -> Result<Vec<Rule>, Fault> {
    Ok(rules_of(conn, &[set]).await?.remove(&set).unwrap_or_default())
}

/// Where a page of sets goes on: the number, newest first.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Key(pub i64);

/// Sets, the newest first, or the one named. Everybody who is signed in may see the rules.
///
/// # Errors
/// When the database does not answer.
pub async fn page(
    conn: &impl ConnectionTrait,
    only: Option<Uuid>,
    after: Option<Key>,
    limit: u64,
) -> Result<Vec<ranking_rule_set::Model>, Fault> {
    use ranking_rule_set::Column;
    let mut like = Condition::all();
    if let Some(id) = only {
        like = like.add(Column::Id.eq(id));
    }
    if let Some(Key(number)) = after {
        like = like.add(Column::Number.lt(number));
    }
    let select = ranking_rule_set::Entity::find().filter(like).order_by_desc(Column::Number);
    Ok(select.limit(limit).all(conn).await?)
}

/// One set.
///
/// # Errors
/// When the database does not answer.
pub async fn one(conn: &impl ConnectionTrait, id: Uuid) -> Result<Option<ranking_rule_set::Model>, Fault> {
    Ok(ranking_rule_set::Entity::find_by_id(id).one(conn).await?)
}
