//! Sums of the ledger by any grouping, in the database.
//!
//! The method is always part of the key: amounts of different methods are different answers to one question and are
//! never added up.

use entity::Money;
use entity::listings::{Custody, Purpose};
use entity::organisation::FiscalLevel;
use entity::savings::{SavingKind, SavingMethod, saving_entry};
use sea_orm::sea_query::{
    Alias, CaseStatement, Expr, ExprTrait, Func, Order, Query as Sql, SelectStatement, SimpleExpr,
};
use sea_orm::{Condition, ConnectionTrait, DbBackend, DbErr, QueryResult};
use uuid::Uuid;

use super::read::{Filter, condition};
use crate::authz::Reach;

/// What the rows of a report are made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, async_graphql::Enum)]
#[graphql(name = "SavingsGroup")]
pub enum GroupBy {
    /// Unit that gave.
    GivingUnit,
    /// Unit that received.
    ReceivingUnit,
    /// Region whose budget pays for the giver.
    GivingRegion,
    /// Region whose budget pays for the receiver.
    ReceivingRegion,
    /// Fiscal level of the giver.
    GivingLevel,
    /// Fiscal level of the receiver.
    ReceivingLevel,
    /// Category of the asset.
    Category,
    /// Month of the receipt, such as `2026-03`.
    Month,
    /// Quarter of the receipt, such as `2026-Q1`.
    Quarter,
    /// Civil year of the receipt, which is the fiscal year.
    Year,
    /// 调剂 or 借用.
    Mode,
    /// 虚拟仓 or 实体仓.
    Custody,
    /// How the saving is computed.
    Method,
}

impl GroupBy {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::GivingUnit,
        Self::ReceivingUnit,
        Self::GivingRegion,
        Self::ReceivingRegion,
        Self::GivingLevel,
        Self::ReceivingLevel,
        Self::Category,
        Self::Month,
        Self::Quarter,
        Self::Year,
        Self::Mode,
        Self::Custody,
        Self::Method,
    ];

    /// Whether the key is the identity of something.
    fn is_id(self) -> bool {
        use GroupBy::{Category, GivingRegion, GivingUnit, ReceivingRegion, ReceivingUnit};
        matches!(self, GivingUnit | ReceivingUnit | GivingRegion | ReceivingRegion | Category)
    }

    fn expression(self, backend: DbBackend) -> SimpleExpr {
        use saving_entry::Column as C;
        let column = |column: C| Expr::col((saving_entry::Entity, column));
        let day = |postgres: &'static str, sqlite: &'static str| {
            Expr::cust(if backend == DbBackend::Postgres { postgres } else { sqlite })
        };
        match self {
            Self::GivingUnit => column(C::GiverId),
            Self::ReceivingUnit => column(C::ReceiverId),
            Self::GivingRegion => column(C::GiverRegionId),
            Self::ReceivingRegion => column(C::ReceiverRegionId),
            Self::GivingLevel => column(C::GiverLevel),
            Self::ReceivingLevel => column(C::ReceiverLevel),
            Self::Category => column(C::CategoryId),
            Self::Mode => column(C::Mode),
            Self::Custody => column(C::Custody),
            Self::Method => column(C::Method),
            // In byte order on both databases: the page after a key must begin where the order says.
            Self::Month => day(
                "to_char(saving_entry.civil_day, 'YYYY-MM') collate \"C\"",
                "substr(saving_entry.civil_day, 1, 7)",
            ),
            Self::Quarter => day(
                "to_char(saving_entry.civil_day, 'YYYY-\"Q\"Q') collate \"C\"",
                "substr(saving_entry.civil_day, 1, 4) || '-Q' || ((cast(substr(saving_entry.civil_day, 6, 2) as integer) + 2) / 3)",
            ),
            Self::Year => day(
                "to_char(saving_entry.civil_day, 'YYYY') collate \"C\"",
                "substr(saving_entry.civil_day, 1, 4)",
            ),
        }
    }
}

/// A report that is asked for.
#[derive(Clone, Debug)]
pub struct Query {
    /// Keys of the rows, in this order; the method is added where it is not among them.
    pub group_by: Vec<GroupBy>,
    /// Which entries.
    pub filter: Filter,
    /// What the caller may see.
    pub reach: Reach,
}

impl Query {
    /// Over the whole ledger.
    #[must_use]
    pub fn everything() -> Self {
        Self {
            group_by: Vec::new(),
            filter: Filter::default(),
            reach: Reach { everywhere: true, ..Reach::default() },
        }
    }

    /// The keys with the method among them, none of them twice.
    #[must_use]
    pub fn keys(&self) -> Vec<GroupBy> {
        let mut keys = Vec::with_capacity(self.group_by.len() + 1);
        for key in self.group_by.iter().copied().chain([GroupBy::Method]) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }
}

/// A part of a row's key.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum Part {
    /// Identity of a unit, region or category.
    Id(Uuid),
    /// A period, level, mode, custody or method.
    Text(String),
}

/// A sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The keys, as they were asked for and the method.
    pub parts: Vec<(GroupBy, Part)>,
    /// Method.
    pub method: SavingMethod,
    /// Entries less contra entries, in fen.
    pub amount: Money,
    /// Of it: things that had been reused before.
    pub repeat_amount: Money,
    /// Pieces received less pieces given back; of loans, pieces used, once for each entry.
    pub quantity: i64,
    /// Receipts; of loans, entries.
    pub entries: i64,
    /// Receipts, or entries of loans, that were taken back.
    pub contras: i64,
}

impl Row {
    /// Where the next page begins.
    #[must_use]
    pub fn key(&self) -> Vec<Part> {
        self.parts.iter().map(|(_, part)| part.clone()).collect()
    }

    /// The identity under a key.
    #[must_use]
    pub fn id(&self, key: GroupBy) -> Option<Uuid> {
        self.parts.iter().find_map(|(found, part)| match part {
            Part::Id(id) if *found == key => Some(*id),
            _ => None,
        })
    }

    /// The text under a key.
    #[must_use]
    pub fn text(&self, key: GroupBy) -> Option<&str> {
        self.parts.iter().find_map(|(found, part)| match part {
            Part::Text(text) if *found == key => Some(text.as_str()),
            _ => None,
        })
    }

    /// The fiscal level under a key.
    #[must_use]
    pub fn level(&self, key: GroupBy) -> Option<FiscalLevel> {
        self.text(key)?.parse().ok()
    }

    /// The mode, where it is a key.
    #[must_use]
    pub fn mode(&self) -> Option<Purpose> {
        self.text(GroupBy::Mode)?.parse().ok()
    }

    /// The custody, where it is a key.
    #[must_use]
    pub fn custody(&self) -> Option<Custody> {
        self.text(GroupBy::Custody)?.parse().ok()
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
    let keys = query.keys();
    let mut select = sums(query);
    for (position, key) in keys.iter().enumerate() {
        let expression = key.expression(backend);
        select.expr_as(expression.clone(), name(position));
        select.add_group_by([expression.clone()]);
        select.order_by_expr(expression, Order::Asc);
    }
    if let Some(after) = after {
        select.cond_where(beyond(&keys, after, backend));
    }
    select.limit(limit);
    let found = conn.query_all(&select).await?;
    found.iter().map(|row| read(row, &keys)).collect()
}

/// The sums over all rows, one a method.
///
/// # Errors
/// When the database does not answer.
pub async fn totals(conn: &impl ConnectionTrait, query: &Query) -> Result<Vec<Row>, DbErr> {
    let query = Query { group_by: Vec::new(), ..query.clone() };
    rows(conn, &query, None, super::rules::ALL_METHODS.len() as u64).await
}

fn name(position: usize) -> Alias {
    Alias::new(format!("k{position}"))
}

/// Select of the sums, without keys. `sum` of a bigint is numeric on PostgreSQL: cast back, an overflow fails loudly.
fn sums(query: &Query) -> SelectStatement {
    use saving_entry::Column as C;
    let column = |column: C| Expr::col((saving_entry::Entity, column));
    let bigint = |expression: SimpleExpr| expression.cast_as(Alias::new("bigint"));
    let only = |condition: SimpleExpr, value: SimpleExpr| {
        bigint(Func::sum(CaseStatement::new().case(condition, value).finally(0)).into())
    };
    let kind = |kind: SavingKind| column(C::Entry).eq(kind);
    let mut select = Sql::select();
    select
        .expr_as(bigint(column(C::Amount).sum()), Alias::new("amount"))
        .expr_as(only(column(C::Repeat).eq(true), column(C::Amount)), Alias::new("repeat_amount"))
        .expr_as(bigint(column(C::Quantity).sum()), Alias::new("quantity"))
        .expr_as(only(kind(SavingKind::Entry), Expr::value(1)), Alias::new("entries"))
        .expr_as(only(kind(SavingKind::Contra), Expr::value(1)), Alias::new("contras"))
        .from(saving_entry::Entity)
        .cond_where(condition(&query.filter, &query.reach));
    select
}

/// Keys after `after`: `a > x or (a = x and b > y) or …`. A key that does not fit gives no rows.
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

/// Whether a cursor is one of this grouping.
#[must_use]
pub fn fits(keys: &[GroupBy], after: &[Part]) -> bool {
    keys.len() == after.len()
        && keys.iter().zip(after).all(|(key, part)| key.is_id() == matches!(part, Part::Id(_)))
}

fn read(row: &QueryResult, keys: &[GroupBy]) -> Result<Row, DbErr> {
    let mut parts = Vec::with_capacity(keys.len());
    let mut method = None;
    for (position, key) in keys.iter().enumerate() {
        let column = format!("k{position}");
        let part = if key.is_id() {
            Part::Id(row.try_get("", &column)?)
        } else {
            Part::Text(row.try_get("", &column)?)
        };
        if let (GroupBy::Method, Part::Text(text)) = (key, &part) {
            method = Some(text.parse()?);
        }
        parts.push((*key, part));
    }
    Ok(Row {
        parts,
        method: method.ok_or_else(|| DbErr::Custom("a report without a method".to_owned()))?,
        amount: row.try_get("", "amount")?,
        repeat_amount: row.try_get("", "repeat_amount")?,
        quantity: row.try_get("", "quantity")?,
        entries: row.try_get("", "entries")?,
        contras: row.try_get("", "contras")?,
    })
}
