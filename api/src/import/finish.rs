//! The end of a run, whatever it was.

use entity::events::Subject;
use entity::imports::{ImportState, import};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::photos::store::import_key;
use crate::write::Command;

/// Why a file was given up, as it is kept: the sentences are of the release that said it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct KeptFault {
    pub(super) code: Code,
    pub(super) field: Vec<String>,
    pub(super) zh: String,
    pub(super) en: String,
}

impl From<&Rejection> for KeptFault {
    fn from(wrong: &Rejection) -> Self {
        use entity::identity::Locale::{En, Zh};
        Self { code: wrong.code, field: wrong.field.clone(), zh: wrong.message(Zh), en: wrong.message(En) }
    }
}

/// Ends the run; nothing where it was ended by somebody else. The file goes at once where something secret was in it.
pub(super) async fn end(app: &App, row: &import::Model, fault: Option<&Rejection>) -> Result<(), Fault> {
    let state = match (fault, row.dry_run) {
        (Some(_), _) => ImportState::Failed,
        (None, true) => ImportState::Checked,
        (None, false) => ImportState::Done,
    };
    let kept = fault.map(|fault| json!(KeptFault::from(fault)));
    let kept = &kept;
    app.write(&Actor::system(), Command::new("endImport", None, &()), |tx| async move {
        let changed = import::Entity::update_many()
            .col_expr(import::Column::State, Expr::value(state))
            .col_expr(import::Column::Fault, Expr::value(kept.clone()))
            .col_expr(import::Column::FinishedAt, Expr::value(Some(tx.now())))
            .filter(import::Column::Id.eq(row.id))
            .filter(import::Column::Run.eq(row.run))
            .filter(import::Column::State.is_in([ImportState::Queued, ImportState::Running]))
            .exec(tx.conn())
            .await?;
        if changed.rows_affected == 1
            && let Some(ended) = import::Entity::find_by_id(row.id).one(tx.conn()).await?
        {
            let payload = json!({
                "state": state, "dryRun": ended.dry_run, "rows": ended.done, "kept": ended.kept, "bad": ended.bad,
                "secret": ended.secret, "skipped": ended.skipped, "code": fault.map(|fault| fault.code),
            });
            tx.record(Subject::Import, row.id, ended.version, "import.ended", &payload);
        }
        Ok(())
    })
    .await?;
    forget_secrets(app, row.id).await
}

/// Removes the file of an import that ended, where a row of it was secret: this network may not hold it.
pub(super) async fn forget_secrets(app: &App, id: Uuid) -> Result<(), Fault> {
    let Some(row) = import::Entity::find_by_id(id).one(app.db().read()).await? else { return Ok(()) };
    let open = matches!(row.state, ImportState::Queued | ImportState::Running);
    if row.secret > 0 && !open {
        app.photos().store.delete(&import_key(id)).await.map_err(|error| Fault::Internal(error.into()))?;
    }
    Ok(())
}
