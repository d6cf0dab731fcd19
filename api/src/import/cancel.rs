//! Stops an import. What was kept before stays: it stands in the report how much that was.

use entity::events::Subject;
use entity::imports::{ImportState, import};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{finish, rights};
use crate::app::App;
use crate::authz::Operation;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::organisation::steps::stale_unless_one;
use crate::write::Command;

/// Which import.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Input {
    /// The import.
    pub id: Uuid,
}

/// The import that was stopped.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Done {
    /// The import.
    pub id: Uuid,
}

/// Stops the import; a worker that is at it ends before its next batch.
///
/// # Errors
/// [`Code::NotFound`](crate::fault::Code::NotFound), [`Code::NotAllowed`](crate::fault::Code::NotAllowed),
/// [`Code::WrongState`](crate::fault::Code::WrongState) for one that has ended.
pub async fn cancel_import(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Input,
) -> Result<Done, Fault> {
    let done = app
        .write(actor, Command::new("cancelImport", key, input), |tx| async move {
            let row = rights::own(tx.conn(), actor, Operation::CancelImport, input.id).await?;
            rights::in_state(
                &row,
                &[
                    ImportState::Announced,
                    ImportState::Read,
                    ImportState::Checked,
                    ImportState::Queued,
                    ImportState::Running,
                ],
            )?;
            let changed = import::Entity::update_many()
                .col_expr(import::Column::State, Expr::value(ImportState::Cancelled))
                .col_expr(import::Column::FinishedAt, Expr::value(Some(tx.now())))
                // What never ran has no report that anybody could still want.
                .col_expr(
                    import::Column::ExpiresAt,
                    Expr::value(if row.run == 0 { tx.now() } else { row.expires_at }),
                )
                .col_expr(import::Column::Version, Expr::value(row.version + 1))
                .filter(import::Column::Id.eq(row.id))
                .filter(import::Column::Version.eq(row.version))
                .filter(import::Column::State.eq(row.state))
                .exec(tx.conn())
                .await?;
            stale_unless_one(changed.rows_affected)?;
            let payload = json!({ "done": row.done, "kept": row.kept });
            tx.record(Subject::Import, row.id, row.version + 1, "import.cancelled", &payload);
            Ok(Done { id: row.id })
        })
        .await?;
    finish::forget_secrets(app, done.id).await?;
    Ok(done)
}
