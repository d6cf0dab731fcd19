//! The job of an import: goes on where the last attempt stopped, and ends in a report.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use entity::imports::{ImportState, ImportWhat, import, import_fault};
use entity::jobs::JobKind;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::file::{Cell, RawRow, Refused};
use super::finish::{self, KeptFault};
use super::receive::Local;
use super::table::Mapping;
use super::{cards, photos, reference, rights, table_of};
use crate::app::App;
use crate::bulk;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::jobs::runner::LeaseLost;
use crate::jobs::{Work, store};
use crate::write::Tx;

/// What the job is told.
#[derive(Debug, Deserialize)]
struct Order {
    import: Uuid,
    run: i64,
}

/// How a run came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Every row was looked at.
    Whole,
    /// The process stops: another goes on.
    Stopping,
}

/// Somebody cancelled the run, or another worker is at it: what this one would write is written by nobody.
#[derive(Debug, thiserror::Error)]
#[error("the import is not this worker's any more")]
pub(super) struct Overtaken;

/// Runs an import; see [`JobKind::Import`].
///
/// # Errors
/// What is worth another attempt.
pub async fn run(app: App, work: Work) -> anyhow::Result<()> {
    debug_assert_eq!(work.job().kind, JobKind::Import);
    let order: Order = serde_json::from_value(work.payload().clone())?;
    let Some(row) = import::Entity::find_by_id(order.import).one(app.db().read()).await? else {
        return Ok(());
    };
    if row.run != order.run || !matches!(row.state, ImportState::Queued | ImportState::Running) {
        return Ok(());
    }
    let outcome = match row.what {
        ImportWhat::Assets => cards::load(&app, &work, &row).await,
        ImportWhat::Photos => photos::load(&app, &work, &row).await,
        _ => reference::load(&app, &work, &row).await,
    };
    match outcome {
        Ok(End::Whole) => Ok(finish::end(&app, &row, None).await?),
        Ok(End::Stopping) => anyhow::bail!("the process stops"),
        Err(Fault::Internal(error)) if error.is::<Overtaken>() => {
            finish::forget_secrets(&app, row.id).await?;
            Ok(())
        }
        Err(Fault::Rejected(faults)) => Ok(finish::end(&app, &row, faults.first()).await?),
        Err(fault) => {
            let lost = matches!(&fault, Fault::Internal(error) if error.is::<LeaseLost>());
            if !lost && work.job().attempts >= store::ATTEMPTS {
                let why = Refused::new(
                    "系统内部错误，导入多次未能继续；请联系管理员。已导入的行保留。",
                    "An internal error stopped it several times. Ask an administrator. What was kept stays.",
                );
                finish::end(&app, &row, Some(&why.rejection())).await?;
            }
            Err(fault.into())
        }
    }
}

/// In whose name a run goes on: rights are asked again whenever they have changed.
pub(super) struct Caller<'a> {
    app: &'a App,
    row: &'a import::Model,
    actor: Actor,
    generation: i64,
}

impl<'a> Caller<'a> {
    pub(super) async fn of(app: &'a App, row: &'a import::Model) -> Result<Self, Fault> {
        let generation = app.generation().await?;
        Ok(Self { actor: look_up(app, row).await?, app, row, generation })
    }

    /// The person, with the rights of now.
    pub(super) async fn now(&mut self) -> Result<Actor, Fault> {
        let generation = self.app.generation().await?;
        if generation != self.generation {
            self.actor = look_up(self.app, self.row).await?;
            self.generation = generation;
        }
        Ok(self.actor.clone())
    }
}

async fn look_up(app: &App, row: &import::Model) -> Result<Actor, Fault> {
    let account = row.run_by.ok_or(Fault::Unauthenticated)?;
    let actor = app.actor_of(account).await?.ok_or(Code::NotAllowed)?;
    rights::may_load(&actor, row.what, row.unit_id)?;
    Ok(actor)
}

/// The file of an import, here.
pub(super) async fn fetch(app: &App, row: &import::Model) -> Result<Arc<Local>, Fault> {
    let gone = || {
        Refused::new(
            "文件已被清除（过期，或其中含有涉密内容），请去除涉密行后重新上传。",
            "The file was removed: it is too old, or held something secret. Take that out and upload it again.",
        )
    };
    let local = Local::fetch(app, row.id).await?.ok_or_else(gone)?;
    Ok(Arc::new(local))
}

/// What the columns of an import mean.
pub(super) fn mapping(row: &import::Model) -> Result<Mapping, Fault> {
    let columns: Vec<Option<String>> = serde_json::from_value(row.columns.clone())?;
    let known = table_of(row.what);
    let name = |column: &Option<String>| {
        let column = column.as_deref()?;
        known.iter().find(|known| known.name == column).map(|known| known.name)
    };
    Ok(Mapping {
        header_line: row.header_line.and_then(|line| u64::try_from(line).ok()).unwrap_or(1),
        columns: columns.iter().map(name).collect(),
        required: known.iter().filter(|known| known.required).map(|known| known.name).collect(),
    })
}

/// Says that the run is under way, and of how many rows.
pub(super) async fn begin(app: &App, row: &import::Model, total: i64) -> Result<(), Fault> {
    use crate::write::Command;
    use import::Column::{BeganAt, Id, Run, State, Total};
    app.write(&Actor::system(), Command::new("beginImport", None, &()), |tx| async move {
        let changed = import::Entity::update_many()
            .col_expr(State, Expr::value(ImportState::Running))
            .col_expr(Total, Expr::value(Some(total)))
            .col_expr(BeganAt, Expr::value(Some(row.began_at.unwrap_or(tx.now()))))
            .filter(Id.eq(row.id))
            .filter(Run.eq(row.run))
            .filter(State.is_in([ImportState::Queued, ImportState::Running]))
            .exec(tx.conn())
            .await?;
        if changed.rows_affected == 1 { Ok(()) } else { Err(Fault::Internal(Overtaken.into())) }
    })
    .await
}

/// What became of some rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Counts {
    pub(super) done: i64,
    pub(super) kept: i64,
    pub(super) bad: i64,
    pub(super) secret: i64,
    pub(super) skipped: i64,
}

/// Moves the place of a run, in the transaction of the rows that it passes. Whoever comes with an older place has been
/// overtaken, and writes nothing.
pub(super) async fn move_on(
    tx: &Tx,
    row: &import::Model,
    (from, to): (i64, i64),
    counts: Counts,
) -> Result<(), Fault> {
    use import::Column::{Bad, Done, Id, Kept, Position, Run, Secret, Skipped, State};
    let changed = import::Entity::update_many()
        .col_expr(Position, Expr::value(to))
        .col_expr(Done, Expr::col(Done).add(counts.done))
        .col_expr(Kept, Expr::col(Kept).add(counts.kept))
        .col_expr(Bad, Expr::col(Bad).add(counts.bad))
        .col_expr(Secret, Expr::col(Secret).add(counts.secret))
        .col_expr(Skipped, Expr::col(Skipped).add(counts.skipped))
        .filter(Id.eq(row.id))
        .filter(Run.eq(row.run))
        .filter(Position.eq(from))
        .filter(State.eq(ImportState::Running))
        .exec(tx.conn())
        .await?;
    if changed.rows_affected == 1 { Ok(()) } else { Err(Fault::Internal(Overtaken.into())) }
}

/// A row that was not kept, with everything that is wrong with it.
#[derive(Debug)]
pub(super) struct BadRow<'a> {
    pub(super) line: u64,
    /// None of a secret row: nothing of it is kept.
    pub(super) cells: Option<&'a RawRow>,
    pub(super) faults: Vec<Rejection>,
}

/// Characters of a cell that the report keeps.
const SHOWN: usize = 500;

/// Writes rows into the report.
pub(super) async fn report(tx: &Tx, row: &import::Model, bad: &[BadRow<'_>]) -> Result<(), Fault> {
    let mut rows = Vec::with_capacity(bad.len());
    for one in bad {
        for (n, fault) in one.faults.iter().enumerate() {
            let kept = KeptFault::from(fault);
            let cells = one.cells.filter(|_| n == 0).map(|cells| {
                let shown =
                    |cell: &Cell| cell.shown().chars().filter(|sign| *sign != '\0').take(SHOWN).collect();
                json!(cells.cells.iter().map(shown).collect::<Vec<String>>())
            });
            let fault = import_fault::Model {
                import_id: row.id,
                run: row.run,
                line: i64::try_from(one.line).unwrap_or(i64::MAX),
                n: i64::try_from(n).unwrap_or(i64::MAX),
                field: kept.field.join("."),
                code: json!(kept.code).as_str().unwrap_or_default().to_owned(),
                reason_zh: kept.zh,
                reason_en: kept.en,
                cells,
            };
            rows.push(fault.into_active_model());
        }
    }
    bulk::insert(tx.conn(), rows).await?;
    Ok(())
}

/// Lines of the run that are in the report.
pub(super) async fn reported(app: &App, row: &import::Model) -> Result<HashSet<u64>, Fault> {
    let lines: Vec<i64> = import_fault::Entity::find()
        .select_only()
        .column(import_fault::Column::Line)
        .filter(import_fault::Column::ImportId.eq(row.id))
        .filter(import_fault::Column::Run.eq(row.run))
        .filter(import_fault::Column::N.eq(0))
        .into_tuple()
        .all(app.db().read())
        .await?;
    Ok(lines.into_iter().filter_map(|line| u64::try_from(line).ok()).collect())
}

/// Keys of the rows that were kept so far, each with its line: as fingerprints, because a million of them are remembered.
pub(super) type Seen = HashMap<u128, u64>;
