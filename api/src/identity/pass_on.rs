//! The people of a unit go on at its successor: who was a clerk here is one there.

use entity::events::Subject;
use entity::identity::{Scope, role_grant};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use serde_json::json;
use uuid::Uuid;

use crate::fault::Fault;
use crate::write::Tx;

/// Ends all grants at a unit, and gives the same at another for as long as they would have lasted; answers how many there are
/// new. Who holds the role there already gets no second grant; with no other unit they just end. The caller has called
/// [`rights_changed`](super::session::rights_changed) first.
///
/// # Errors
/// The database's.
pub(crate) async fn pass_grants(tx: &Tx, from: Uuid, to: Option<Uuid>) -> Result<u64, Fault> {
    use role_grant::Column::{Id, Scope as ScopeColumn, ScopeId, ValidTo};
    let lasting = |unit: Uuid| {
        Condition::all()
            .add(ScopeColumn.is_in([Scope::Unit, Scope::Subtree]))
            .add(ScopeId.eq(unit))
            .add(Condition::any().add(ValidTo.is_null()).add(ValidTo.gte(tx.today())))
    };
    let old = role_grant::Entity::find().filter(lasting(from)).order_by_asc(Id).all(tx.conn()).await?;
    let mut held = match to {
        Some(to) => role_grant::Entity::find().filter(lasting(to)).all(tx.conn()).await?,
        None => Vec::new(),
    };
    let mut given = 0;
    for grant in old {
        role_grant::Entity::update_many()
            .col_expr(ValidTo, Expr::value(tx.today().pred_opt()))
            .filter(Id.eq(grant.id))
            .exec(tx.conn())
            .await?;
        let next = role_grant::Model {
            id: tx.id(),
            scope_id: to,
            valid_from: grant.valid_from.max(tx.today()),
            granted_by: tx.actor().account_id(),
            created_at: tx.now(),
            ..grant.clone()
        };
        let given_anew = to.is_some() && !held.iter().any(|other| covers(other, &next));
        let payload = json!({
            "grantId": grant.id, "role": grant.role, "scope": grant.scope, "fromId": from, "toId": to,
            "newGrantId": given_anew.then_some(next.id),
        });
        tx.record(Subject::Account, grant.account_id, 0, "account.role_passed_on", &payload);
        if !given_anew {
            continue;
        }
        given += 1;
        held.push(next.clone());
        role_grant::Entity::insert(next.into_active_model()).exec_without_returning(tx.conn()).await?;
    }
    Ok(given)
}

/// Whether a grant gives all that the other would.
fn covers(grant: &role_grant::Model, other: &role_grant::Model) -> bool {
    grant.account_id == other.account_id
        && grant.role == other.role
        && (grant.scope == other.scope || grant.scope == Scope::Subtree)
        && grant.valid_from <= other.valid_from
        && grant.valid_to.is_none_or(|last| other.valid_to.is_some_and(|to| to <= last))
}
