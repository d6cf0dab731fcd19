//! Where a page by keyset goes on, in SQL.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Value};
use uuid::Uuid;

/// Rows after `(sort, id)` in descending order of both: one comparison of pairs, so that the index walks straight to
/// it. `a < x or (a = x and id < y)` says the same, and is read as a filter over everything before.
pub(crate) fn before<C>(sort: C, id: C, after: (impl Into<Value>, Uuid)) -> Expr
where
    C: ColumnTrait,
{
    let here = Expr::tuple([column(sort), column(id)]);
    here.lt(Expr::tuple([Expr::value(after.0.into()), Expr::value(after.1)]))
}

fn column(column: impl ColumnTrait) -> Expr {
    Expr::col(column.as_column_ref())
}
