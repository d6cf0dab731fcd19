//! Gives a role at a place, with dates.

use entity::identity::{Scope, account};
use entity::organisation::{UnitState, region, unit};
use entity::warehouses::warehouse;
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::rules::GrantForm;
use super::steps::make_grant;
use super::{Actor, session};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::write::{Command, Tx};

/// Grants a role, and gives the id of the grant.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::NotFound`], and what is wrong with the form.
pub async fn grant_role(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    form: &GrantForm,
) -> Result<Uuid, Fault> {
    actor.allow(Operation::GrantRole, &Parties::default())?;
    app.write(actor, Command::new("grantRole", key, form), |tx| async move {
        session::rights_changed(&tx).await?;
        let mut faults = form.faults();
        if account::Entity::find_by_id(form.account_id).one(tx.conn()).await?.is_none() {
            faults.push(Rejection::new(Code::NotFound).at("accountId"));
        }
        if let Some(id) = form.scope_id
            && let Some(code) = refused(&tx, form.scope, id).await?
        {
            faults.push(Rejection::new(code).at("scopeId"));
        }
        Fault::all(faults)?;
        make_grant(&tx, form).await
    })
    .await
}

/// Why nothing can be held at a place: it is not there, or it is a unit that closes.
async fn refused(tx: &Tx, scope: Scope, id: Uuid) -> Result<Option<Code>, Fault> {
    let there = match scope {
        // The whole city has no id.
        Scope::City => false,
        Scope::Unit | Scope::Subtree => match unit::Entity::find_by_id(id).one(tx.conn()).await? {
            Some(unit) if unit.state != UnitState::Active => return Ok(Some(Code::UnitNotActive)),
            found => found.is_some(),
        },
        Scope::Region => region::Entity::find_by_id(id).one(tx.conn()).await?.is_some(),
        Scope::Warehouse => warehouse::Entity::find_by_id(id).one(tx.conn()).await?.is_some(),
    };
    Ok((!there).then_some(Code::NotFound))
}
