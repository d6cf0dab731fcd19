//! Makes an account with a password for one use.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rules::AccountForm;
use super::steps::{make_account, one_time_password};
use super::{Actor, password, session};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::Fault;
use crate::write::Command;

/// An account and the password that must be changed at the first sign-in.
#[derive(Debug)]
pub struct Made {
    /// The account.
    pub account_id: Uuid,
    /// Told once. A repetition under the same idempotency key does not tell it again, because it is kept nowhere: reset it.
    pub one_time_password: Option<String>,
}

/// What is stored under the idempotency key: `call` tells the call that made it from those that repeat it.
#[derive(Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) account_id: Uuid,
    pub(super) call: Uuid,
}

impl Made {
    pub(super) fn of(answer: &Answer, call: Uuid, password: String) -> Self {
        Self { account_id: answer.account_id, one_time_password: (answer.call == call).then_some(password) }
    }
}

/// Makes an account without any role.
///
/// # Errors
/// [`Code::NotAllowed`](crate::fault::Code::NotAllowed), [`Code::Duplicate`](crate::fault::Code::Duplicate), and what is
/// wrong with the form.
pub async fn create_account(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    form: &AccountForm,
) -> Result<Made, Fault> {
    actor.allow(Operation::CreateAccount, &Parties::default())?;
    let password = one_time_password(app.ids());
    // Hashing is slow: never inside a transaction.
    let hash = &password::hash(app.ids(), &password).await?;
    let call = app.ids().next(app.clock().now());
    let answer = app
        .write(actor, Command::new("createAccount", key, form), |tx| async move {
            session::rights_changed(&tx).await?;
            Ok(Answer { account_id: make_account(&tx, form.clone(), hash, true).await?, call })
        })
        .await?;
    Ok(Made::of(&answer, call, password))
}
