//! Begins the run of an import, or its dry run: what the headers mean is checked, kept for the source, and a job is queued.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use entity::events::Subject;
use entity::imports::{ImportState, ImportWhat, import, import_mapping};
use entity::jobs::JobKind;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{assets, read_file, rights, table_of};
use crate::app::App;
use crate::authz::Operation;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::jobs::{NewJob, steps};
use crate::organisation::steps::stale_unless_one;
use crate::write::{Command, Tx};

/// How long file and report are kept after the run was asked for.
const KEPT: TimeDelta = TimeDelta::days(14);

/// What a header means.
#[derive(Clone, Debug, Serialize)]
pub struct Mapped {
    /// The header, as it was read.
    pub header: String,
    /// The column; none to leave it out.
    pub column: Option<String>,
}

/// What is to be run.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// The import.
    pub id: Uuid,
    /// What the headers mean, where it is not as proposed.
    pub columns: Vec<Mapped>,
    /// Only say what would be done.
    pub dry_run: bool,
}

/// The import that was queued.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Done {
    /// The import.
    pub id: Uuid,
}

/// Queues the run.
///
/// # Errors
/// [`Code::NotFound`], [`Code::NotAllowed`], [`Code::WrongState`]; every fault of the mapping at once.
pub async fn run_import(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Done, Fault> {
    app.write(actor, Command::new("runImport", key, input), |tx| async move {
        let row = rights::own(tx.conn(), actor, Operation::RunImport, input.id).await?;
        rights::in_state(&row, &[ImportState::Read, ImportState::Checked])?;
        if input.dry_run && !matches!(row.what, ImportWhat::Assets) {
            let expected = "仅资产导入支持试运行 / false: only assets have a dry run";
            return Err(Rejection::new(Code::Malformed).at("dryRun").with("expected", expected).into());
        }
        let columns = mapping(&row, &input.columns)?;
        keep(&tx, &row, &columns).await?;
        let changed = import::Entity::update_many()
            .col_expr(import::Column::State, Expr::value(ImportState::Queued))
            .col_expr(import::Column::DryRun, Expr::value(input.dry_run))
            .col_expr(import::Column::Columns, Expr::value(json!(columns)))
            .col_expr(import::Column::Run, Expr::value(row.run + 1))
            .col_expr(import::Column::RunBy, Expr::value(actor.account_id()))
            .col_expr(import::Column::Position, Expr::value(0_i64))
            .col_expr(import::Column::Done, Expr::value(0_i64))
            .col_expr(import::Column::Kept, Expr::value(0_i64))
            .col_expr(import::Column::Bad, Expr::value(0_i64))
            .col_expr(import::Column::Secret, Expr::value(0_i64))
            .col_expr(import::Column::Skipped, Expr::value(0_i64))
            .col_expr(import::Column::FinishedAt, Expr::value(None::<chrono::DateTime<chrono::Utc>>))
            .col_expr(import::Column::ExpiresAt, Expr::value(tx.now() + KEPT))
            .col_expr(import::Column::Version, Expr::value(row.version + 1))
            .filter(import::Column::Id.eq(row.id))
            .filter(import::Column::Version.eq(row.version))
            .exec(tx.conn())
            .await?;
        stale_unless_one(changed.rows_affected)?;
        let dedup = format!("import {} {}", row.id, row.run + 1);
        let payload = json!({ "import": row.id, "run": row.run + 1 });
        let new = NewJob { kind: JobKind::Import, dedup: Some(&dedup), payload, run_at: tx.now() };
        steps::enqueue(&tx, new).await?;
        let payload = json!({ "dryRun": input.dry_run, "columns": columns, "run": row.run + 1 });
        tx.record(Subject::Import, row.id, row.version + 1, "import.queued", &payload);
        Ok(Done { id: row.id })
    })
    .await
}

/// The column of each header: as it was proposed, or as it is said now.
fn mapping(row: &import::Model, said: &[Mapped]) -> Result<Vec<Option<String>>, Fault> {
    let headers: Vec<String> = serde_json::from_value(row.headers.clone())?;
    let mut columns: Vec<Option<String>> = serde_json::from_value(row.columns.clone())?;
    let known = table_of(row.what);
    let mut faults = Vec::new();
    for (at, mapped) in said.iter().enumerate() {
        let column = mapped.column.as_deref().filter(|column| !column.is_empty());
        if column.is_some_and(|column| !known.iter().any(|known| known.name == column)) {
            let names: Vec<&str> = known.iter().map(|known| known.name).collect();
            let fault = Rejection::new(Code::Malformed).at(format!("columns.{at}.column"));
            faults.push(fault.with("expected", names.join(", ")));
            continue;
        }
        match headers.iter().position(|header| *header == mapped.header) {
            Some(place) => columns[place] = column.map(str::to_owned),
            None => faults.push(Rejection::new(Code::NotFound).at(format!("columns.{at}.header"))),
        }
    }
    if row.what == ImportWhat::Assets {
        // What says that a thing is secret is obeyed, whatever it was mapped to.
        for (header, column) in headers.iter().zip(&mut columns) {
            if read_file::is_secrecy(header) {
                *column = Some(assets::SECRET.to_owned());
            }
        }
    }
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for column in columns.iter().flatten() {
        *seen.entry(column).or_default() += 1;
    }
    // Several may say what is secret: each is obeyed.
    let twice = |name: &str, count: u32| count > 1 && name != assets::SECRET;
    for (column, _) in seen.iter().filter(|(name, count)| twice(name, **count)) {
        let expected = format!("每列只对应一个表头：{column} / one header for {column}");
        faults.push(Rejection::new(Code::Malformed).at("columns").with("expected", expected));
    }
    for missing in known.iter().filter(|known| known.required && !seen.contains_key(known.name)) {
        let expected = format!("为 {0} 指定表头 / a header for {0}", missing.name);
        faults.push(Rejection::new(Code::Malformed).at("columns").with("expected", expected));
    }
    Fault::all(faults)?;
    Ok(columns)
}

/// Keeps the mapping for the next file of this source.
async fn keep(tx: &Tx, row: &import::Model, columns: &[Option<String>]) -> Result<(), Fault> {
    let headers: Vec<String> = serde_json::from_value(row.headers.clone())?;
    if headers.is_empty() {
        return Ok(());
    }
    let mut kept = read_file::kept(tx.conn(), row).await?;
    for (header, column) in headers.into_iter().zip(columns).filter(|(header, _)| !header.is_empty()) {
        kept.insert(header, column.clone().unwrap_or_default());
    }
    let by = tx.actor().account_id().ok_or(Fault::Unauthenticated)?;
    let new = import_mapping::Model {
        id: tx.id(),
        what: row.what,
        unit_id: row.unit_id,
        source: row.source.clone(),
        columns: json!(kept),
        updated_by: by,
        updated_at: tx.now(),
    };
    match read_file::kept_row(tx.conn(), row).await? {
        Some(before) => {
            use import_mapping::Column;
            import_mapping::Entity::update_many()
                .col_expr(Column::Columns, Expr::value(new.columns))
                .col_expr(Column::UpdatedBy, Expr::value(new.updated_by))
                .col_expr(Column::UpdatedAt, Expr::value(new.updated_at))
                .filter(Column::Id.eq(before.id))
                .exec(tx.conn())
                .await?;
        }
        None => {
            import_mapping::Entity::insert(new.into_active_model()).exec_without_returning(tx.conn()).await?;
        }
    }
    Ok(())
}
