//! What the use cases of identity share.

use entity::events::Subject;
use entity::identity::{Role, account, role_grant};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter};
use uuid::Uuid;

use super::rules::{AccountForm, GrantForm};
use crate::fault::{Code, Fault, Rejection};
use crate::ids::Ids;
use crate::write::Tx;

/// A password for one use: 60 bits, without letters that are misread.
pub(super) fn one_time_password(ids: &Ids) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let letters: Vec<char> =
        ids.bytes::<12>().iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    letters.chunks(4).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// Makes an account. The caller has called [`rights_changed`](super::session::rights_changed) first, for its lock.
///
/// # Errors
/// [`Code::Duplicate`] at `account`, and what is wrong with the form.
pub async fn make_account(
    tx: &Tx,
    form: AccountForm,
    password_hash: &str,
    must_change_password: bool,
) -> Result<Uuid, Fault> {
    let (form, mut faults) = form.cleaned();
    let same = account::Entity::find().filter(account::Column::Login.eq(&form.login)).one(tx.conn()).await?;
    if same.is_some() {
        faults.push(Rejection::new(Code::Duplicate).at("account"));
    }
    Fault::all(faults)?;
    let row = account::Model {
        id: tx.id(),
        login: form.login.clone(),
        name: form.name.clone(),
        password_hash: password_hash.to_owned(),
        must_change_password,
        active: true,
        locale: form.locale,
        created_at: tx.now(),
        version: 1,
    };
    tx.record_private(Subject::Account, row.id, row.version, "account.created", &form);
    let id = row.id;
    account::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
    Ok(id)
}

/// Writes a grant whose place was checked.
///
/// # Errors
/// When the database does not answer.
pub async fn make_grant(tx: &Tx, form: &GrantForm) -> Result<Uuid, Fault> {
    let row = role_grant::Model {
        id: tx.id(),
        account_id: form.account_id,
        role: form.role,
        scope: form.scope,
        scope_id: form.scope_id,
        valid_from: form.valid_from,
        valid_to: form.valid_to,
        granted_by: tx.actor().account_id(),
        created_at: tx.now(),
    };
    let id = row.id;
    tx.record(Subject::Account, form.account_id, 0, "account.role_granted", form);
    role_grant::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
    Ok(id)
}

/// Somebody must be left who can administer, today and with no end in sight.
///
/// # Errors
/// [`Code::LastAdministrator`]: nothing of the transaction is kept.
pub async fn keep_an_administrator(tx: &Tx) -> Result<(), Fault> {
    let active = account::Entity::find().filter(account::Column::Active.eq(true));
    let active = sea_orm::QuerySelect::column(sea_orm::QuerySelect::select_only(active), account::Column::Id);
    let left = role_grant::Entity::find()
        .filter(role_grant::Column::Role.eq(Role::Administrator))
        .filter(role_grant::Column::ValidFrom.lte(tx.today()))
        .filter(role_grant::Column::ValidTo.is_null())
        .filter(role_grant::Column::AccountId.in_subquery(sea_orm::QueryTrait::into_query(active)))
        .count(tx.conn())
        .await?;
    if left == 0 { Err(Code::LastAdministrator.into()) } else { Ok(()) }
}
