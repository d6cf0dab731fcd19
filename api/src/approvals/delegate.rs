//! Somebody who will be away has somebody else decide meanwhile (委托审批), and takes that back.
//!
//! What is delegated is to decide, and to see what is decided: nothing else that a role may do. It does not pass on.

use chrono::NaiveDate;
use entity::approvals::delegation;
use entity::events::Subject;
use entity::identity::{Role, account};
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel};
use sea_orm::{QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::rule_set_form::DECIDERS;
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::{Actor, session};
use crate::write::{Command, Tx};

/// Longest time for which somebody may stand in, in days.
const LONGEST: i64 = 366;

/// A delegation to be made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delegate {
    /// Who is to decide: the name typed at sign-in.
    pub to: String,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day, inclusive.
    pub valid_to: NaiveDate,
    /// Why.
    pub reason: String,
}

/// A delegation to be ended before its last day.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct EndDelegation {
    /// Which.
    pub id: Uuid,
}

/// Has somebody decide in the caller's stead, and gives the id.
///
/// # Errors
/// [`Code::NotAllowed`] where the caller decides nothing; everything that is wrong with the input.
pub async fn delegate(app: &App, actor: &Actor, key: Option<&str>, input: &Delegate) -> Result<Uuid, Fault> {
    actor.allow(Operation::Delegate, &Parties::default())?;
    app.write(actor, Command::new("delegate", key, input), |tx| async move {
        let own = actor.account_id().ok_or(Code::NotAllowed)?;
        // Who stands in for whom is a matter of rights: every process reads it anew.
        session::rights_changed(&tx).await?;
        let mut faults = Vec::new();
        let reason = checks::text(&mut faults, "reason", &input.reason, 500);
        if reason.is_empty() {
            faults.push(Rejection::new(Code::Required).at("reason"));
        }
        let to = account::Entity::find()
            .filter(account::Column::Login.eq(input.to.trim().to_ascii_lowercase().replace('\0', " ")))
            .filter(account::Column::Active.eq(true))
            .one(tx.conn())
            .await?
            .map_or(Uuid::nil(), |to| to.id);
        if to.is_nil() {
            faults.push(Rejection::new(Code::NotFound).at("toAccount"));
        } else if to == own {
            let expected = "他人的账号 / another person's account";
            faults.push(Rejection::new(Code::Malformed).at("toAccount").with("expected", expected));
        }
        if input.valid_to < tx.today() {
            faults.push(Rejection::new(Code::InThePast).at("validTo").with("today", tx.today()));
        }
        let days = (input.valid_to - input.valid_from).num_days();
        if !(0..LONGEST).contains(&days) {
            let expected = format!(
                "不早于首日，且不超过 {LONGEST} 天 / not before the first day, and {LONGEST} days at most"
            );
            faults.push(Rejection::new(Code::Malformed).at("validTo").with("expected", expected));
        }
        if actor.is_system() || !actor.grants().iter().any(|grant| DECIDERS.contains(&grant.role)) {
            faults.push(Rejection::new(Code::NotAllowed));
        }
        Fault::all(faults)?;
        let row = delegation::Model {
            id: tx.id(),
            from_account_id: own,
            to_account_id: to,
            valid_from: input.valid_from,
            valid_to: input.valid_to,
            reason,
            created_at: tx.now(),
            ended_at: None,
            version: 1,
        };
        let payload = json!({
            "delegationId": row.id, "toAccountId": row.to_account_id, "validFrom": row.valid_from,
            "validTo": row.valid_to,
        });
        tx.record(Subject::Account, own, row.version, "delegation.made", &payload);
        let id = row.id;
        row.into_active_model().reset_all().insert(tx.conn()).await?;
        Ok(id)
    })
    .await
}

/// Ends a delegation before its last day: who made it may, and an administrator. One that has ended stays as it is.
///
/// # Errors
/// [`Code::NotFound`].
pub async fn end_delegation(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &EndDelegation,
) -> Result<Uuid, Fault> {
    actor.allow(Operation::EndDelegation, &Parties::default())?;
    app.write(actor, Command::new("endDelegation", key, input), |tx| async move {
        session::rights_changed(&tx).await?;
        let found = delegation::Entity::find_by_id(input.id).one(tx.conn()).await?;
        let row = found.filter(|row| may_end(&tx, row)).ok_or(Rejection::new(Code::NotFound).at("id"))?;
        let id = row.id;
        if row.ended_at.is_none() {
            let ended = delegation::Model { ended_at: Some(tx.now()), version: row.version + 1, ..row };
            let payload = json!({ "delegationId": id });
            tx.record(Subject::Account, ended.from_account_id, ended.version, "delegation.ended", &payload);
            ended.into_active_model().reset_all().update(tx.conn()).await?;
        }
        Ok(id)
    })
    .await
}

fn may_end(tx: &Tx, row: &delegation::Model) -> bool {
    let actor = tx.actor();
    actor.is_system()
        || actor.account_id() == Some(row.from_account_id)
        || actor.has_role(Role::Administrator)
}

/// Delegations that the person has made or is given, those that end last first; of the whole city for an administrator or an
/// auditor. After `after` (last day and id).
///
/// # Errors
/// When the database does not answer.
pub async fn delegations(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    after: Option<(NaiveDate, Uuid)>,
    limit: u64,
) -> Result<Vec<delegation::Model>, Fault> {
    use delegation::Column;
    let mut mine = Condition::any();
    if let Some(own) = actor.account_id().filter(|_| !actor.reach(Operation::Accounts).everywhere) {
        mine = mine.add(Column::FromAccountId.eq(own)).add(Column::ToAccountId.eq(own));
    }
    let mut query = delegation::Entity::find().filter(mine);
    if let Some(after) = after {
        query = query.filter(crate::keyset::before(Column::ValidTo, Column::Id, after));
    }
    let rows = query.order_by_desc(Column::ValidTo).order_by_desc(Column::Id).limit(limit).all(conn).await?;
    Ok(rows)
}

/// One delegation.
///
/// # Errors
/// When the database does not answer.
pub async fn one(conn: &impl ConnectionTrait, id: Uuid) -> Result<Option<delegation::Model>, Fault> {
    Ok(delegation::Entity::find_by_id(id).one(conn).await?)
}
