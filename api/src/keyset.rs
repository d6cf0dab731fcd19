//! Where a page by keyset goes on, in SQL.

use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, Condition, Value};
use uuid::Uuid;

use crate::authz::UnitSet;

/// Rows after `(sort, id)` in descending order of both: one comparison of pairs, so that the index walks straight to
/// it. `a < x or (a = x and id < y)` says the same, and is read as a filter over everything before.
pub(crate) fn before<C>(sort: C, id: C, after: (impl Into<Value>, Uuid)) -> Expr
where
    C: ColumnTrait,
{
    let here = Expr::tuple([column(sort), column(id)]);
    here.lt(Expr::tuple([Expr::value(after.0.into()), Expr::value(after.1)]))
}

/// The identities, as `id`, on a page that is merged from one page of each side. A plain "or" over several sides fits no
/// index: the database would walk the whole list to fill the page of a unit that has few rows.
pub(crate) fn merged(pages: Vec<SelectStatement>) -> Option<SelectStatement> {
    let mut pages = pages.into_iter().map(|page| {
        // A page of its own inside, because a member of a union may have no limit on SQLite.
        Query::select().column(Alias::new("id")).from_subquery(page, Alias::new("side")).to_owned()
    });
    let mut all = pages.next()?;
    for page in pages {
        all.union(UnionType::Distinct, page);
    }
    Some(all)
}

fn column(column: impl ColumnTrait) -> Expr {
    Expr::col(column.as_column_ref())
}

/// A condition that no row meets.
pub(crate) fn nothing() -> Condition {
    Condition::all().add(Expr::value(1).eq(0))
}

/// `column` is one of the units.
pub(crate) fn among(column: impl ColumnTrait, units: &UnitSet) -> Condition {
    match units {
        UnitSet::All => Condition::all(),
        UnitSet::Only(units) if units.is_empty() => nothing(),
        UnitSet::Only(units) => Condition::all().add(column.is_in(units.iter().copied())),
    }
}
