//! Gives an account a password for one use and ends its sessions.

use entity::events::Subject;
use entity::identity::account;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter};
use uuid::Uuid;

use super::create_account::{Answer, Made};
use super::steps::one_time_password;
use super::{Actor, password, session};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault};
use crate::write::Command;

/// Resets the password of an account.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::NotFound`].
pub async fn reset_password(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    account_id: Uuid,
) -> Result<Made, Fault> {
    use account::Column;
    actor.allow(Operation::ResetPassword, &Parties::default())?;
    let password = one_time_password(app.ids());
    let hash = &password::hash(app.ids(), &password).await?;
    let call = app.ids().next(app.clock().now());
    let answer = app
        .write(actor, Command::new("resetPassword", key, &account_id), |tx| async move {
            let row = account::Entity::find_by_id(account_id).one(tx.conn()).await?.ok_or(Code::NotFound)?;
            account::Entity::update_many()
                .col_expr(Column::PasswordHash, Expr::value(hash))
                .col_expr(Column::MustChangePassword, Expr::value(true))
                .col_expr(Column::Version, Expr::col(Column::Version).add(1))
                .filter(Column::Id.eq(account_id))
                .exec(tx.conn())
                .await?;
            session::close_all(&tx, account_id).await?;
            let payload = serde_json::json!({});
            tx.record(Subject::Account, account_id, row.version + 1, "account.password_reset", &payload);
            Ok(Answer { account_id, call })
        })
        .await?;
    Ok(Made::of(&answer, call, password))
}
