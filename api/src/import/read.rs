//! Finders of imports and their reports, with the caller's rights in their SQL.

use chrono::{DateTime, Utc};
use entity::imports::{ImportState, ImportWhat, import, import_fault};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::rights;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::keyset;

/// Which imports a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Of this kind.
    pub what: Option<ImportWhat>,
    /// In this state.
    pub state: Option<ImportState>,
    /// Of this unit.
    pub unit: Option<Uuid>,
}

/// An import, where the person may see it.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    id: Uuid,
) -> Result<Option<import::Model>, Fault> {
    rights::find(conn, actor, id).await
}

/// Imports, the newest first, before `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn page(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    filter: Filter,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: u64,
) -> Result<Vec<import::Model>, DbErr> {
    use import::Column::{CreatedAt, Id, State, UnitId, What};
    let mut query = import::Entity::find().filter(rights::visible(actor));
    if let Some(what) = filter.what {
        query = query.filter(What.eq(what));
    }
    if let Some(state) = filter.state {
        query = query.filter(State.eq(state));
    }
    if let Some(unit) = filter.unit {
        query = query.filter(UnitId.eq(unit));
    }
    if let Some(after) = after {
        query = query.filter(keyset::before(CreatedAt, Id, after));
    }
    query.order_by_desc(CreatedAt).order_by_desc(Id).limit(limit).all(conn).await
}

/// Reasons of the last run, in the order of the file, after `after` (line and number within the line).
///
/// # Errors
/// When the database does not answer.
pub async fn faults(
    conn: &impl ConnectionTrait,
    import: &import::Model,
    after: Option<(i64, i64)>,
    limit: u64,
) -> Result<Vec<import_fault::Model>, DbErr> {
    use import_fault::Column::{ImportId, Line, N, Run};
    let mut query = import_fault::Entity::find().filter(ImportId.eq(import.id)).filter(Run.eq(import.run));
    if let Some((line, n)) = after {
        let here = Expr::tuple([Expr::col(Line), Expr::col(N)]);
        query = query.filter(here.gt(Expr::tuple([Expr::value(line), Expr::value(n)])));
    }
    query.order_by_asc(Line).order_by_asc(N).limit(limit).all(conn).await
}
