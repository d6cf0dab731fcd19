//! Reads the head of a file that was put: its kind, its encoding, its headers, and what they are taken for.

use std::collections::BTreeMap;

use entity::events::Subject;
use entity::imports::{ImportState, ImportWhat, import, import_mapping};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::columns::{self, Header};
use super::file::{Book, RawRow, Refused, archive};
use super::receive::Local;
use super::{assets, rights, table_of};
use crate::app::App;
use crate::authz::Operation;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::organisation::steps::stale_unless_one;
use crate::write::Command;

/// Which import, and where its headers stand.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// The import.
    pub id: Uuid,
    /// Line of the headers; found where it is left out.
    pub header_line: Option<i64>,
}

/// The import that was read.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Done {
    /// The import.
    pub id: Uuid,
}

/// What was found at the head of a file.
struct Head {
    format: &'static str,
    encoding: Option<&'static str>,
    sheet: Option<String>,
    line: Option<u64>,
    headers: Vec<String>,
}

/// Reads the head, outside of any transaction, and proposes what the headers mean: as they were mapped last for this source,
/// else by their words.
///
/// # Errors
/// [`Code::NotFound`], [`Code::NotAllowed`], [`Code::WrongState`] before the bytes were put or after the run was asked for;
/// [`Code::FileRefused`] with the reason.
pub async fn read_import(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    let command = || Command::new("readImport", key, input);
    if let Some(answer) = app.answered::<Done>(actor, &command()).await? {
        return Ok(answer);
    }
    let states = [ImportState::Announced, ImportState::Read, ImportState::Checked];
    let row = rights::own(app.db().read(), actor, Operation::ReadImport, input.id).await?;
    rights::in_state(&row, &states)?;
    let Some(local) = Local::fetch(app, row.id).await? else {
        return Err(Rejection::new(Code::WrongState).with("state", "NOT_UPLOADED").into());
    };
    let (what, asked) = (row.what, input.header_line.and_then(|line| u64::try_from(line).ok()));
    let head = tokio::task::spawn_blocking(move || head(&local, what, asked)).await;
    // A library that gives up on what it reads is a file that cannot be read.
    let head = &head.unwrap_or_else(|_| Err(unreadable()))?;
    let known = table_of(what);
    app.write(actor, command(), |tx| async move {
        let row = rights::own(tx.conn(), actor, Operation::ReadImport, input.id).await?;
        rights::in_state(&row, &states)?;
        let kept = kept(tx.conn(), &row).await?;
        let proposed = columns::propose(&head.headers, known, &kept);
        let changed = import::Entity::update_many()
            .col_expr(import::Column::State, Expr::value(ImportState::Read))
            .col_expr(import::Column::Format, Expr::value(head.format))
            .col_expr(import::Column::Encoding, Expr::value(head.encoding))
            .col_expr(import::Column::Sheet, Expr::value(head.sheet.clone()))
            .col_expr(
                import::Column::HeaderLine,
                Expr::value(head.line.map(|line| i64::try_from(line).unwrap_or(i64::MAX))),
            )
            .col_expr(import::Column::Headers, Expr::value(json!(head.headers)))
            .col_expr(import::Column::Columns, Expr::value(json!(proposed)))
            .col_expr(import::Column::Version, Expr::value(row.version + 1))
            .filter(import::Column::Id.eq(row.id))
            .filter(import::Column::Version.eq(row.version))
            .exec(tx.conn())
            .await?;
        stale_unless_one(changed.rows_affected)?;
        let payload = json!({ "format": head.format, "encoding": head.encoding, "headerLine": head.line });
        tx.record(Subject::Import, row.id, row.version + 1, "import.read", &payload);
        Ok(Done { id: row.id })
    })
    .await
}

pub(super) fn unreadable() -> Refused {
    Refused::new("文件无法读取，请重新导出后上传。", "It cannot be read. Export it again and upload that.")
}

fn head(local: &Local, what: ImportWhat, asked: Option<u64>) -> Result<Head, Refused> {
    if what == ImportWhat::Photos {
        archive(local.source()?)?;
        return Ok(Head { format: "ZIP", encoding: None, sheet: None, line: None, headers: Vec::new() });
    }
    let known: &[Header] = table_of(what);
    let mut book = Book::open(local.source()?)?;
    let mut first: Vec<RawRow> = Vec::new();
    let last = asked.unwrap_or(columns::HEADER_WITHIN);
    book.rows(|row| {
        let within = row.line <= last || first.is_empty();
        if within && (asked.is_none() || asked == Some(row.line)) {
            first.push(row);
        }
        within
    })?;
    let row = columns::header_row(&first, known).filter(|row| asked.is_none_or(|line| line == row.line));
    let Some(row) = row else {
        return Err(Refused::new(
            "没有找到列名所在的行，请在 headerLine 中指明。",
            "There is no line of headers. Name it in headerLine.",
        ));
    };
    Ok(Head {
        format: book.format(),
        encoding: book.encoding(),
        sheet: book.sheet().map(str::to_owned),
        line: Some(row.line),
        headers: columns::texts(row),
    })
}

/// The mapping that is kept for the source of an import: the unit's own.
pub(super) async fn kept(
    conn: &impl ConnectionTrait,
    row: &import::Model,
) -> Result<BTreeMap<String, String>, Fault> {
    Ok(kept_row(conn, row).await?.map(|kept| read(&kept.columns)).unwrap_or_default())
}

pub(super) async fn kept_row(
    conn: &impl ConnectionTrait,
    row: &import::Model,
) -> Result<Option<import_mapping::Model>, Fault> {
    use import_mapping::Column;
    let mut query = import_mapping::Entity::find()
        .filter(Column::Source.eq(&row.source))
        .filter(Column::What.eq(row.what))
        .order_by_desc(Column::UpdatedAt)
        .order_by_desc(Column::Id);
    query = match row.unit_id {
        Some(unit) => query.filter(Column::UnitId.eq(unit)),
        None => query.filter(Column::UnitId.is_null()),
    };
    Ok(query.one(conn).await?)
}

fn read(columns: &serde_json::Value) -> BTreeMap<String, String> {
    serde_json::from_value(columns.clone()).unwrap_or_default()
}

/// Whether a header is that of the column which says what is secret.
pub(super) fn is_secrecy(header: &str) -> bool {
    columns::recognised(header, assets::HEADERS).is_some_and(|known| known.name == assets::SECRET)
}
