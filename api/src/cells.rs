//! Columns of a row, read by position.

use sea_orm::{DbErr, Iden, QueryResult, TryGetable};

/// Columns of a table as a statement names them: put together once, where a builder would do it for each statement.
pub(crate) fn named(table: &str, columns: &[impl Iden]) -> String {
    let named: Vec<String> = columns.iter().map(|column| format!("{table}.{}", column.unquoted())).collect();
    named.join(", ")
}

/// Reads columns one after the other, by position: by name would look each one up in a map.
pub(crate) struct Cells<'a> {
    row: &'a QueryResult,
    next: usize,
}

impl<'a> Cells<'a> {
    pub(crate) fn new(row: &'a QueryResult) -> Self {
        Self { row, next: 0 }
    }

    pub(crate) fn get<T: TryGetable>(&mut self) -> Result<T, DbErr> {
        let value = self.row.try_get_by_index(self.next)?;
        self.next += 1;
        Ok(value)
    }
}
