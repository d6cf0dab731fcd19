//! Switches an account on or off.

use entity::events::Subject;
use entity::identity::account;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use super::steps::keep_an_administrator;
use super::{Actor, session};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault};
use crate::organisation::steps::stale_unless_one;
use crate::write::Command;

/// Which account, and whether it may sign in.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// The account.
    pub account_id: Uuid,
    /// The version that the caller has seen.
    pub version: i64,
    /// Whether it may sign in.
    pub active: bool,
}

/// Switches an account on or off; off ends its sessions at once.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::NotFound`], [`Code::Stale`], [`Code::LastAdministrator`].
pub async fn set_account_active(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &Input,
) -> Result<Uuid, Fault> {
    use account::Column;
    actor.allow(Operation::SetAccountActive, &Parties::default())?;
    app.write(actor, Command::new("setAccountActive", key, input), |tx| async move {
        // First, for its lock: two administrators must not switch each other off.
        session::rights_changed(&tx).await?;
        account::Entity::find_by_id(input.account_id).one(tx.conn()).await?.ok_or(Code::NotFound)?;
        let changed = account::Entity::update_many()
            .col_expr(Column::Active, Expr::value(input.active))
            .col_expr(Column::Version, Expr::col(Column::Version).add(1))
            .filter(Column::Id.eq(input.account_id))
            .filter(Column::Version.eq(input.version))
            .exec(tx.conn())
            .await?;
        stale_unless_one(changed.rows_affected)?;
        if !input.active {
            keep_an_administrator(&tx).await?;
            session::close_all(&tx, input.account_id).await?;
        }
        let kind = if input.active { "account.switched_on" } else { "account.switched_off" };
        tx.record(Subject::Account, input.account_id, input.version + 1, kind, input);
        Ok(input.account_id)
    })
    .await
}
