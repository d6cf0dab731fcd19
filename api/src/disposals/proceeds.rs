//! What disposals brought in, by any grouping, in the database. It stands apart from savings on purpose: nothing here is ever
//! added to them.

use chrono::NaiveDate;
use entity::Money;
use entity::disposals::{DisposalKind, disposal_proceeds};
use sea_orm::sea_query::{
    Alias, Asterisk, Expr, ExprTrait, Func, Order, Query as Sql, SelectStatement, SimpleExpr,
};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, QueryResult};
use uuid::Uuid;

use crate::authz::Reach;
use crate::keyset::among;
use crate::savings::report::Part;

/// What the rows are made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, async_graphql::Enum)]
#[graphql(name = "DisposalProceedsGroup")]
pub enum GroupBy {
    /// Unit whose things they were.
    Unit,
    /// How they went.
    Kind,
    /// Month such as `2026-03`.
    Month,
    /// Civil year, which is the fiscal year.
    Year,
}

impl GroupBy {
    fn expression(self, backend: DbBackend) -> SimpleExpr {
        use disposal_proceeds::Column as C;
        let day = |postgres: &'static str, sqlite: &'static str| {
            Expr::cust(if backend == DbBackend::Postgres { postgres } else { sqlite })
        };
        match self {
            Self::Unit => Expr::col((disposal_proceeds::Entity, C::UnitId)),
            Self::Kind => Expr::col((disposal_proceeds::Entity, C::Kind)),
            // In byte order on both databases: the page after a key must begin where the order says.
            Self::Month => day(
                "to_char(disposal_proceeds.civil_day, 'YYYY-MM') collate \"C\"",
                "substr(disposal_proceeds.civil_day, 1, 7)",
            ),
            Self::Year => day(
                "to_char(disposal_proceeds.civil_day, 'YYYY') collate \"C\"",
                "substr(disposal_proceeds.civil_day, 1, 4)",
            ),
        }
    }
}

/// What is summed.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Keys of the rows, in this order, none twice.
    pub group_by: Vec<GroupBy>,
    /// First civil day.
    pub from: Option<NaiveDate>,
    /// Last civil day, inclusive.
    pub to: Option<NaiveDate>,
    /// Of one of these units; empty: of any.
    pub units: Vec<Uuid>,
    /// Of one of these kinds; empty: of any.
    pub kinds: Vec<DisposalKind>,
    /// What the caller may see.
    pub reach: Reach,
}

/// A sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The keys, as they were asked for.
    pub parts: Vec<(GroupBy, Part)>,
    /// What came in, in fen.
    pub amount: Money,
    /// Disposals that brought something in.
    pub disposals: i64,
}

impl Row {
    /// Where the next page begins.
    #[must_use]
    pub fn key(&self) -> Vec<Part> {
        self.parts.iter().map(|(_, part)| part.clone()).collect()
    }

    /// The part of its key under a grouping.
    #[must_use]
    pub fn part(&self, key: GroupBy) -> Option<&Part> {
        self.parts.iter().find(|(found, _)| *found == key).map(|(_, part)| part)
    }
}

/// The rows after `after`, in the order of their keys, at most `limit`.
///
/// # Errors
/// When the database does not answer.
pub async fn rows(
    conn: &impl ConnectionTrait,
    query: &Query,
    after: Option<&[Part]>,
    limit: u64,
) -> Result<Vec<Row>, DbErr> {
    let backend = conn.get_database_backend();
    let mut select = sums(query);
    for (position, key) in query.group_by.iter().enumerate() {
        let expression = key.expression(backend);
        select.expr_as(expression.clone(), Alias::new(format!("k{position}")));
        select.add_group_by([expression.clone()]);
        select.order_by_expr(expression, Order::Asc);
    }
    if let Some(after) = after {
        select.cond_where(beyond(&query.group_by, after, backend));
    }
    select.limit(limit);
    let found = conn.query_all(&select).await?;
    found.iter().map(|row| read(row, &query.group_by)).collect()
}

/// The sum over all rows.
///
/// # Errors
/// When the database does not answer.
pub async fn total(conn: &impl ConnectionTrait, query: &Query) -> Result<Option<Row>, DbErr> {
    let query = Query { group_by: Vec::new(), ..query.clone() };
    Ok(rows(conn, &query, None, 1).await?.pop())
}

/// Whether a cursor is one of this grouping.
#[must_use]
pub fn fits(keys: &[GroupBy], after: &[Part]) -> bool {
    let same = |(key, part): (&GroupBy, &Part)| (*key == GroupBy::Unit) == matches!(part, Part::Id(_));
    keys.len() == after.len() && keys.iter().zip(after).all(same)
}

fn sums(query: &Query) -> SelectStatement {
    use disposal_proceeds::Column as C;
    let mut like = Condition::all()
        .add_option(query.from.map(|from| C::CivilDay.gte(from)))
        .add_option(query.to.map(|to| C::CivilDay.lte(to)));
    if !query.units.is_empty() {
        like = like.add(C::UnitId.is_in(query.units.iter().copied()));
    }
    if !query.kinds.is_empty() {
        like = like.add(C::Kind.is_in(query.kinds.iter().copied()));
    }
    if !query.reach.everywhere {
        like = like.add(among(C::UnitId, &query.reach.giver));
    }
    // `sum` of a bigint is numeric on PostgreSQL: cast back, an overflow fails loudly.
    let amount = Func::coalesce([Expr::col((disposal_proceeds::Entity, C::Amount)).sum(), Expr::value(0)]);
    Sql::select()
        .expr_as(SimpleExpr::from(amount).cast_as(Alias::new("bigint")), Alias::new("amount"))
        .expr_as(Expr::col(Asterisk).count(), Alias::new("disposals"))
        .from(disposal_proceeds::Entity)
        .cond_where(like)
        .to_owned()
}

/// Keys after `after`: `a > x or (a = x and b > y) or …`.
fn beyond(keys: &[GroupBy], after: &[Part], backend: DbBackend) -> Condition {
    let mut any = Condition::any();
    let mut same = Condition::all();
    for (key, part) in keys.iter().zip(after) {
        let value = match part {
            Part::Id(id) => Expr::value(*id),
            Part::Text(text) => Expr::value(text.clone()),
        };
        let expression = key.expression(backend);
        any = any.add(same.clone().add(expression.clone().gt(value.clone())));
        same = same.add(expression.eq(value));
    }
    any
}

fn read(row: &QueryResult, keys: &[GroupBy]) -> Result<Row, DbErr> {
    let mut parts = Vec::with_capacity(keys.len());
    for (position, key) in keys.iter().enumerate() {
        let column = format!("k{position}");
        let part = match key {
            GroupBy::Unit => Part::Id(row.try_get("", &column)?),
            GroupBy::Kind | GroupBy::Month | GroupBy::Year => Part::Text(row.try_get("", &column)?),
        };
        parts.push((*key, part));
    }
    Ok(Row { parts, amount: row.try_get("", "amount")?, disposals: row.try_get("", "disposals")? })
}
