//! Rows into tables, many with one statement.

use std::fmt::Write as _;

use sea_orm::{
    ActiveModelTrait, ActiveValue, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityName,
    EntityTrait, IdenStatic, Iterable, Statement,
};

/// Most parameters of a statement that both databases take (SQLite 32,766, PostgreSQL 65,535), rounded down.
const MOST_PARAMETERS: usize = 32_000;
/// Most rows of a statement: more gain nothing, and their text has to be parsed.
const MOST_ROWS: usize = 500;

/// Inserts the rows, in order. All rows must leave out the same columns.
///
/// The statements of full chunks are alike to the letter, so the driver prepares one of them and uses it again: going
/// through the query builder takes several times as long.
pub(crate) async fn insert<A>(
    conn: &DatabaseTransaction,
    rows: impl IntoIterator<Item = A, IntoIter: Send>,
) -> Result<(), DbErr>
where
    A: ActiveModelTrait + Send,
    <A::Entity as EntityTrait>::Column: Send,
{
    let mut rows = rows.into_iter().peekable();
    let Some(first) = rows.peek() else { return Ok(()) };
    let columns: Vec<_> = <<A::Entity as EntityTrait>::Column as Iterable>::iter()
        .filter(|column| !first.is_not_set(*column))
        .collect();
    let backend = conn.get_database_backend();
    let most = (MOST_PARAMETERS / columns.len()).clamp(1, MOST_ROWS);
    let names: Vec<String> = columns.iter().map(|column| format!("\"{}\"", column.as_str())).collect();
    let table = A::Entity::default();
    let head = format!("insert into \"{}\" ({}) values ", table.table_name(), names.join(", "));
    loop {
        let mut values = Vec::with_capacity(most * columns.len());
        let mut count = 0;
        for mut row in rows.by_ref().take(most) {
            for column in &columns {
                match row.take(*column) {
                    ActiveValue::Set(value) | ActiveValue::Unchanged(value) => values.push(value),
                    ActiveValue::NotSet => {
                        return Err(DbErr::Custom(format!(
                            "a row for {} has no {}",
                            table.table_name(),
                            column.as_str()
                        )));
                    }
                }
            }
            count += 1;
        }
        if count == 0 {
            return Ok(());
        }
        let sql = sql(&head, count, columns.len(), backend);
        conn.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    }
}

fn sql(head: &str, rows: usize, columns: usize, backend: DbBackend) -> String {
    let mut sql = String::with_capacity(head.len() + rows * columns * 7);
    sql.push_str(head);
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            if column > 0 {
                sql.push(',');
            }
            match backend {
                DbBackend::Postgres => {
                    let _ = write!(sql, "${}", row * columns + column + 1);
                }
                _ => sql.push('?'),
            }
        }
        sql.push(')');
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered_through() {
        assert_eq!(sql("insert ", 2, 2, DbBackend::Postgres), "insert ($1,$2), ($3,$4)");
        assert_eq!(sql("insert ", 2, 2, DbBackend::Sqlite), "insert (?,?), (?,?)");
    }
}
