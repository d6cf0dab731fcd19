//! Account and password become a session. Failures slow the next attempt of the same account from the same source
//! down; nobody is ever locked out from elsewhere.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use entity::events::Subject;
use entity::identity::account;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::{Actor, password, session};
use crate::app::App;
use crate::fault::{Code, Fault, Rejection};
use crate::write::Command;

/// Failures that cost nothing: people mistype.
const FREE: u32 = 4;
/// Longest wait.
const LONGEST: TimeDelta = TimeDelta::minutes(2);
/// Sources remembered by a process.
const REMEMBERED: usize = 20_000;

/// Failures by (account, source), as this process saw them.
#[derive(Debug, Default)]
pub struct Failures(Mutex<HashMap<(String, String), Failed>>);

#[derive(Clone, Copy, Debug)]
struct Failed {
    count: u32,
    next: DateTime<Utc>,
}

impl Failures {
    /// Counts an attempt before it is made, as if it had failed: of many at the same moment each sees those before it.
    /// [`Failures::succeeded`] takes it back.
    ///
    /// # Errors
    /// [`Code::SlowDown`] while the next attempt may not be made yet.
    pub(super) fn begin(&self, key: &(String, String), now: DateTime<Utc>) -> Result<(), Rejection> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failed) = known.get(key).filter(|failed| failed.next > now) {
            let seconds = (failed.next - now).num_seconds() + 1;
            return Err(Rejection::new(Code::SlowDown).with("seconds", seconds));
        }
        if known.len() >= REMEMBERED {
            known.retain(|_, failed| failed.next > now);
        }
        let failed = known.entry(key.clone()).or_insert(Failed { count: 0, next: now });
        failed.count += 1;
        let wait = TimeDelta::seconds(1 << failed.count.saturating_sub(FREE).min(10)).min(LONGEST);
        failed.next = if failed.count > FREE { now + wait } else { now };
        Ok(())
    }

    /// Takes back an attempt that was begun and could not be made: a busy service is not the person's fault.
    pub(super) fn not_made(&self, key: &(String, String)) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failed) = known.get_mut(key) {
            failed.count = failed.count.saturating_sub(1);
            failed.next = DateTime::UNIX_EPOCH;
        }
    }

    pub(super) fn succeeded(&self, key: &(String, String)) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

/// A signed-in account.
#[derive(Debug)]
pub struct SignedIn {
    /// Bearer token: the only time it is seen.
    pub token: String,
    /// Whether a new password must be chosen before anything else.
    pub must_change_password: bool,
}

/// Signs in; `source` is the address the attempt comes from.
///
/// # Errors
/// [`Code::WrongCredentials`], [`Code::SlowDown`].
pub async fn sign_in(app: &App, login: &str, password: &str, source: &str) -> Result<SignedIn, Fault> {
    let account = by_password(app, login, password, source).await?;
    start_session(app, account, source).await
}

/// Who this is, proven by a password.
///
/// The seam for OpenID Connect: a provider is a second function of this shape, which checks an ID token and looks an
/// account up by (issuer, subject). Everything behind it, from [`start_session`] on, does not ask how an account was
/// proven.
///
/// # Errors
/// [`Code::WrongCredentials`], [`Code::SlowDown`].
async fn by_password(app: &App, login: &str, password: &str, source: &str) -> Result<account::Model, Fault> {
    // No account has a blank in it or more than 64 characters: what is longer is not remembered whole, and a NUL, which
    // PostgreSQL does not take, finds nobody.
    let login: String = login.trim().to_ascii_lowercase().replace('\0', " ").chars().take(65).collect();
    let key = (login.clone(), source.to_owned());
    if let Err(slower) = app.failures().begin(&key, app.clock().now()) {
        tracing::debug!(source, "a sign-in came too soon after failed ones");
        return Err(slower.into());
    }
    let found = account::Entity::find()
        .filter(account::Column::Login.eq(&login))
        .filter(account::Column::Active.eq(true))
        .one(app.db().read())
        .await?;
    let hash = found.as_ref().map(|account| account.password_hash.as_str());
    let right = password::verify(hash, password).await.inspect_err(|_| app.failures().not_made(&key))?;
    let known = found.as_ref().map(|account| account.login.clone());
    let Some(account) = found.filter(|_| right) else {
        // Only the name of an account that there is: what else is typed there may be a password.
        tracing::warn!(source, account = known.as_deref().unwrap_or("(unknown)"), "a sign-in failed");
        return Err(Code::WrongCredentials.into());
    };
    app.failures().succeeded(&key);
    Ok(account)
}

/// Starts a session for an account that was proven. The password may have been changed, or the account switched off,
/// while it was: the row is read anew, and held until the session is there for whoever ends them all.
///
/// # Errors
/// [`Code::WrongCredentials`] where it is not the account that was proven any more.
pub(super) async fn start_session(
    app: &App,
    proven: account::Model,
    source: &str,
) -> Result<SignedIn, Fault> {
    let proven = &proven;
    let (token, must_change_password) = app
        .write(&Actor::system(), Command::new("signIn", None, &()), |tx| async move {
            let account = account::Entity::find_by_id(proven.id)
                .filter(account::Column::PasswordHash.eq(&proven.password_hash))
                .filter(account::Column::Active.eq(true))
                .lock_exclusive()
                .one(tx.conn())
                .await?
                .ok_or(Code::WrongCredentials)?;
            let token = session::open(&tx, account.id).await?;
            tx.record_private(
                Subject::Account,
                account.id,
                account.version,
                "account.signed_in",
                &serde_json::json!({ "source": source }),
            );
            Ok((token, account.must_change_password))
        })
        .await?;
    Ok(SignedIn { token, must_change_password })
}

/// Signs out.
///
/// # Errors
/// When the database does not answer.
pub async fn sign_out(app: &App, actor: &Actor, token: &str) -> Result<(), Fault> {
    app.write(actor, Command::new("signOut", None, &()), |tx| async move { session::close(&tx, token).await })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_slow_down_one_source_and_no_other() {
        let (failures, now) = (Failures::default(), DateTime::UNIX_EPOCH);
        let (here, there) = (("a".to_owned(), "1".to_owned()), ("a".to_owned(), "2".to_owned()));
        for _ in 0..=FREE {
            assert!(failures.begin(&here, now).is_ok());
        }
        assert!(failures.begin(&here, now).is_err());
        assert!(failures.begin(&there, now).is_ok());
        let mut later = now;
        for _ in 0..100 {
            later += LONGEST;
            assert!(failures.begin(&here, later).is_ok(), "never longer than the longest wait");
        }
        assert!(failures.begin(&here, later).is_err());
        failures.not_made(&here);
        assert!(failures.begin(&here, later).is_ok());
        assert!(failures.begin(&here, later).is_err());
        failures.succeeded(&here);
        assert!(failures.begin(&here, later).is_ok());
    }
}
