//! Finders over accounts.

use std::collections::HashMap;

use entity::identity::{account, role_grant};
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};
use uuid::Uuid;

/// Accounts by login, after `after`. `text` is a part of login or name, `role` one held at some time.
///
/// # Errors
/// When the database does not answer.
pub async fn accounts(
    conn: &impl ConnectionTrait,
    text: Option<&str>,
    role: Option<entity::identity::Role>,
    active: Option<bool>,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<account::Model>, DbErr> {
    use account::Column;
    let mut query = account::Entity::find();
    if let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) {
        let either = Condition::any().add(holds(Column::Login, text)).add(holds(Column::Name, text));
        query = query.filter(either);
    }
    if let Some(role) = role {
        let holders = role_grant::Entity::find()
            .select_only()
            .column(role_grant::Column::AccountId)
            .filter(role_grant::Column::Role.eq(role));
        query = query.filter(Column::Id.in_subquery(holders.into_query()));
    }
    if let Some(active) = active {
        query = query.filter(Column::Active.eq(active));
    }
    if let Some(after) = after {
        query = query.filter(Column::Login.gt(after));
    }
    query.order_by_asc(Column::Login).limit(limit).all(conn).await
}

/// Whether the text is a part of the column, whatever its capitals: LIKE minds them on PostgreSQL and not on SQLite. What
/// is typed stands for itself, also `%` and `_`.
fn holds(column: account::Column, text: &str) -> SimpleExpr {
    let mut pattern = String::from("%");
    for sign in text.to_lowercase().chars() {
        if matches!(sign, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(sign);
    }
    pattern.push('%');
    Expr::expr(Func::lower(Expr::col(column))).like(LikeExpr::new(pattern).escape('!'))
}

/// One account.
///
/// # Errors
/// When the database does not answer.
pub async fn account(conn: &impl ConnectionTrait, id: Uuid) -> Result<Option<account::Model>, DbErr> {
    account::Entity::find_by_id(id).one(conn).await
}

/// All grants, past and to come, of some accounts: one statement a page.
///
/// # Errors
/// When the database does not answer.
pub async fn grants(
    conn: &impl ConnectionTrait,
    accounts: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Vec<role_grant::Model>>, DbErr> {
    let accounts: Vec<Uuid> = accounts.into_iter().collect();
    let mut found: HashMap<Uuid, Vec<role_grant::Model>> = HashMap::new();
    if accounts.is_empty() {
        return Ok(found);
    }
    let rows = role_grant::Entity::find()
        .filter(role_grant::Column::AccountId.is_in(accounts))
        .order_by_asc(role_grant::Column::Id)
        .all(conn)
        .await?;
    for row in rows {
        found.entry(row.account_id).or_default().push(row);
    }
    Ok(found)
}

/// Names shown to others, of some accounts.
///
/// # Errors
/// When the database does not answer.
pub async fn names(
    conn: &impl ConnectionTrait,
    accounts: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, String>, DbErr> {
    let accounts: Vec<Uuid> = accounts.into_iter().collect();
    if accounts.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, String)> = account::Entity::find()
        .select_only()
        .columns([account::Column::Id, account::Column::Name])
        .filter(account::Column::Id.is_in(accounts))
        .into_tuple()
        .all(conn)
        .await?;
    Ok(rows.into_iter().collect())
}
