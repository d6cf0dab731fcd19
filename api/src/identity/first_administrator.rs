//! The first administrator comes in by a code that the service prints while nobody can sign in.

use chrono::TimeDelta;
use entity::identity::{Locale, Role, Scope, account, one_time_code};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::rules::{AccountForm, GrantForm};
use super::steps::{make_account, make_grant, one_time_password};
use super::{Actor, password, session};
use crate::app::App;
use crate::fault::{Code, Fault};
use crate::write::Command;

/// Key of the code in its table.
const PURPOSE: &str = "FIRST_ADMINISTRATOR";
/// How long a code counts; the next start prints a new one.
const LIFETIME: TimeDelta = TimeDelta::hours(24);

/// A new code, to be printed by the caller; none where an account exists. Only its hash is kept, and the code before it
/// counts no more, so of several processes the one that started last has printed the right one.
///
/// # Errors
/// When the database does not answer.
pub async fn first_administrator(app: &App) -> Result<Option<String>, Fault> {
    if account::Entity::find().count(app.db().read()).await? > 0 {
        return Ok(None);
    }
    let code = &one_time_password(app.ids());
    let made = app
        .write(&Actor::system(), Command::new("firstAdministratorCode", None, &()), |tx| async move {
            use one_time_code::Column;
            if account::Entity::find().count(tx.conn()).await? > 0 {
                return Ok(false);
            }
            let row = one_time_code::Model {
                purpose: PURPOSE.to_owned(),
                code_hash: hash_of(code),
                expires_at: tx.now() + LIFETIME,
            };
            one_time_code::Entity::insert(row.into_active_model())
                .on_conflict(
                    OnConflict::column(Column::Purpose)
                        .update_columns([Column::CodeHash, Column::ExpiresAt])
                        .to_owned(),
                )
                .exec_without_returning(tx.conn())
                .await?;
            Ok(true)
        })
        .await?;
    Ok(made.then(|| code.clone()))
}

/// Who wants to be the first administrator.
#[derive(Clone)]
pub struct Input {
    /// The code as it was printed.
    pub code: String,
    /// Name typed at sign-in.
    pub login: String,
    /// Shown to others.
    pub name: String,
    /// Password.
    pub password: String,
    /// Language of messages.
    pub locale: Locale,
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").field("login", &self.login).finish_non_exhaustive()
    }
}

/// Takes the code for an account with the administrator's role over the whole city. `source` is the address the attempt
/// comes from: wrong codes slow it down.
///
/// # Errors
/// [`Code::WrongCode`] also where an account exists already, [`Code::SlowDown`], and what is wrong with account or
/// password.
pub async fn redeem(app: &App, input: &Input, source: &str) -> Result<Uuid, Fault> {
    let key = (PURPOSE.to_owned(), source.to_owned());
    app.failures().begin(&key, app.clock().now())?;
    // Before the slow hashing, so that guessing costs the guesser a statement and not this machine a hash.
    let known = one_time_code::Entity::find_by_id(PURPOSE.to_owned())
        .filter(one_time_code::Column::CodeHash.eq(hash_of(&input.code)))
        .filter(one_time_code::Column::ExpiresAt.gt(app.clock().now()))
        .one(app.db().read())
        .await?;
    if known.is_none() {
        tracing::warn!(source, "a wrong code for the first administrator");
        return Err(Code::WrongCode.into());
    }
    app.failures().succeeded(&key);
    let form = AccountForm { login: input.login.clone(), name: input.name.clone(), locale: input.locale };
    let (form, mut faults) = form.cleaned();
    faults.extend(password::check(&form.login, &input.password).err());
    Fault::all(faults)?;
    let hash = &password::hash(app.ids(), &input.password).await?;
    let form = &form;
    app.write(&Actor::system(), Command::new("firstAdministrator", None, &()), |tx| async move {
        session::rights_changed(&tx).await?;
        let taken = one_time_code::Entity::delete_many()
            .filter(one_time_code::Column::Purpose.eq(PURPOSE))
            .filter(one_time_code::Column::CodeHash.eq(hash_of(&input.code)))
            .filter(one_time_code::Column::ExpiresAt.gt(tx.now()))
            .exec(tx.conn())
            .await?;
        if taken.rows_affected != 1 || account::Entity::find().count(tx.conn()).await? > 0 {
            return Err(Code::WrongCode.into());
        }
        let account_id = make_account(&tx, form.clone(), hash, false).await?;
        let grant = GrantForm {
            account_id,
            role: Role::Administrator,
            scope: Scope::City,
            scope_id: None,
            valid_from: tx.today(),
            valid_to: None,
        };
        make_grant(&tx, &grant).await?;
        Ok(account_id)
    })
    .await
}

/// As typed: blanks around it and capitals do not matter.
fn hash_of(code: &str) -> String {
    hex::encode(Sha256::digest(code.trim().to_ascii_lowercase()))
}
