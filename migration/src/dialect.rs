use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// A change written in SQL with placeholders.
///
/// | placeholder | PostgreSQL | SQLite |
/// |---|---|---|
/// | `{uuid}` | `uuid` | `blob` |
/// | `{text}` | `text collate "C"` (byte order, as on SQLite) | `text` |
/// | `{ts}` | `timestamptz` | `text` (RFC 3339, sorts as time) |
/// | `{date}` | `date` | `text` |
/// | `{json}` | `jsonb` | `text` |
/// | `{int}` | `bigint` | `integer` |
/// | `{bool}` | `boolean` | `integer` |
/// | `{seq}` | identity primary key | autoincrement primary key |
/// | `{strict}` | | ` strict` |
/// | `{id}` before `'32 hex digits'` | `uuid ` | `x` |
/// | `{yes}`, `{no}` | `true`, `false` | `1`, `0` |
///
/// Lines between `-- only postgres` or `-- only sqlite` and `-- end` are for that database alone.
pub(crate) struct SqlChange {
    pub(crate) name: &'static str,
    pub(crate) up: &'static str,
    pub(crate) down: &'static str,
}

const TYPES: [(&str, &str, &str); 12] = [
    ("{uuid}", "uuid", "blob"),
    ("{text}", "text collate \"C\"", "text"),
    ("{ts}", "timestamptz", "text"),
    ("{date}", "date", "text"),
    ("{json}", "jsonb", "text"),
    ("{int}", "bigint", "integer"),
    ("{bool}", "boolean", "integer"),
    ("{seq}", "bigint generated always as identity primary key", "integer primary key autoincrement"),
    ("{strict}", "", " strict"),
    ("{id}", "uuid ", "x"),
    ("{yes}", "true", "1"),
    ("{no}", "false", "0"),
];

impl SqlChange {
    async fn run(&self, manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection.execute_unprepared(&translate(sql, connection.get_database_backend())).await?;
        Ok(())
    }
}

fn translate(sql: &str, backend: DbBackend) -> String {
    let postgres = backend == DbBackend::Postgres;
    let mut text = String::with_capacity(sql.len() * 2);
    let mut skipping = false;
    for line in sql.lines() {
        match line.trim() {
            "-- only postgres" => skipping = !postgres,
            "-- only sqlite" => skipping = postgres,
            "-- end" => skipping = false,
            _ if skipping => {}
            _ => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    for (placeholder, on_postgres, on_sqlite) in TYPES {
        text = text.replace(placeholder, if postgres { on_postgres } else { on_sqlite });
    }
    text
}

impl MigrationName for SqlChange {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for SqlChange {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.run(manager, self.up).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.run(manager, self.down).await
    }

    /// On SQLite too, where it is not the default: a process killed inside a change leaves nothing half made.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
