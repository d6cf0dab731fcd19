//! A person chooses a new password.

use entity::events::Subject;
use entity::identity::account;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter};

use super::session::Token;
use super::{Actor, password, session};
use crate::app::App;
use crate::fault::{Code, Fault, Rejection};
use crate::write::Command;

/// Changes the password of whoever asks and ends all their sessions but the one of `keep`.
///
/// It takes no idempotency key: a repetition fails at the old password, and hashes of passwords are not kept for it.
///
/// # Errors
/// [`Code::WrongCredentials`] at `currentPassword`, [`Code::SlowDown`], [`Code::PasswordTooWeak`], [`Code::Stale`] when it
/// was changed or reset meanwhile.
pub async fn change_password(
    app: &App,
    actor: &Actor,
    current: &str,
    new: &str,
    keep: Option<&Token>,
) -> Result<(), Fault> {
    use account::Column;
    let known = actor.account().ok_or(Fault::Unauthenticated)?;
    // Whoever found an open session must not guess the password through it.
    let key = (known.login.clone(), "change of password".to_owned());
    app.failures().begin(&key, app.clock().now())?;
    let row =
        account::Entity::find_by_id(known.id).one(app.db().read()).await?.ok_or(Fault::Unauthenticated)?;
    let right = password::verify(Some(&row.password_hash), current).await;
    if !right.inspect_err(|_| app.failures().not_made(&key))? {
        tracing::warn!(account = known.login, "a change of password failed at the old one");
        return Err(Rejection::new(Code::WrongCredentials).at("currentPassword").into());
    }
    app.failures().succeeded(&key);
    let weak = |fault: Rejection| fault.at("newPassword");
    password::check(&row.login, new).map_err(weak)?;
    if new == current {
        return Err(weak(Rejection::new(Code::PasswordTooWeak).with("least", password::LEAST)).into());
    }
    let hash = &password::hash(app.ids(), new).await?;
    let row = &row;
    app.write(actor, Command::new("changePassword", None, &()), |tx| async move {
        let changed = account::Entity::update_many()
            .col_expr(Column::PasswordHash, Expr::value(hash))
            .col_expr(Column::MustChangePassword, Expr::value(false))
            .col_expr(Column::Version, Expr::col(Column::Version).add(1))
            .filter(Column::Id.eq(row.id))
            .filter(Column::PasswordHash.eq(&row.password_hash))
            .exec(tx.conn())
            .await?;
        if changed.rows_affected != 1 {
            return Err(Code::Stale.into());
        }
        session::close_others(&tx, row.id, keep.map(|token| token.0.as_str())).await?;
        let payload = serde_json::json!({});
        tx.record(Subject::Account, row.id, row.version + 1, "account.password_changed", &payload);
        Ok(())
    })
    .await
}
