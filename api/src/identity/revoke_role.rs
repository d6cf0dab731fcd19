//! Ends a grant.

use chrono::NaiveDate;
use entity::events::Subject;
use entity::identity::role_grant;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use super::steps::keep_an_administrator;
use super::{Actor, session};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::write::Command;

/// Which grant, and when it ends.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// The grant.
    pub grant_id: Uuid,
    /// Its last day; none ends it at once.
    pub last_day: Option<NaiveDate>,
}

/// Ends a grant, at once or after a day that has not passed yet, and gives the account's id. The row stays: who held what
/// on which day can always be told.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::NotFound`], [`Code::LastAdministrator`], [`Code::Malformed`] for a last day that is over or
/// later than the grant's own.
pub async fn revoke_role(app: &App, actor: &Actor, key: Option<&str>, input: &Input) -> Result<Uuid, Fault> {
    actor.allow(Operation::RevokeRole, &Parties::default())?;
    app.write(actor, Command::new("revokeRole", key, input), |tx| async move {
        session::rights_changed(&tx).await?;
        let grant =
            role_grant::Entity::find_by_id(input.grant_id).one(tx.conn()).await?.ok_or(Code::NotFound)?;
        if input.last_day.is_some_and(|day| day < tx.today()) {
            let expected = "不早于今天 / not before today";
            return Err(Rejection::new(Code::Malformed).at("lastDay").with("expected", expected).into());
        }
        if grant.valid_to.is_some_and(|to| to < tx.today()) {
            return Err(Rejection::new(Code::WrongState).at("grantId").with("state", "ENDED").into());
        }
        // Ending is not granting: a longer time is a grant of its own, with its own entry in the trail.
        if input.last_day.zip(grant.valid_to).is_some_and(|(day, to)| day > to) {
            let expected = "不晚于授权原定的最后一天 / not after the last day of the grant";
            return Err(Rejection::new(Code::Malformed).at("lastDay").with("expected", expected).into());
        }
        let last = input.last_day.or_else(|| tx.today().pred_opt());
        role_grant::Entity::update_many()
            .col_expr(role_grant::Column::ValidTo, Expr::value(last))
            .filter(role_grant::Column::Id.eq(grant.id))
            .exec(tx.conn())
            .await?;
        keep_an_administrator(&tx).await?;
        tx.record(Subject::Account, grant.account_id, 0, "account.role_revoked", input);
        Ok(grant.account_id)
    })
    .await
}
