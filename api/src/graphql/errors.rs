//! What a person did wrong is data in the payload; only faults are GraphQL errors.

use async_graphql::{Error, ErrorExtensions, SimpleObject};
use entity::identity::Locale;
use sea_orm::{DbErr, RuntimeErr};

use crate::fault::{Code, Fault, Rejection};

/// Something a person can put right.
#[derive(Clone, Debug, SimpleObject)]
pub struct UserError {
    /// What is wrong.
    pub code: Code,
    /// Path of the input field, outermost first; empty where it is about the whole.
    pub field: Vec<String>,
    /// A sentence in the caller's language that says what to do next.
    pub message: String,
}

impl UserError {
    /// In the language of the reader.
    #[must_use]
    pub fn new(rejection: &Rejection, locale: Locale) -> Self {
        Self { code: rejection.code, field: rejection.field.clone(), message: rejection.message(locale) }
    }
}

/// Parts an outcome into what goes into the payload (a value, or the caller's errors) and what is a fault.
///
/// # Errors
/// Faults, as GraphQL errors.
pub fn payload<T>(
    outcome: Result<T, Fault>,
    locale: Locale,
) -> async_graphql::Result<(Option<T>, Vec<UserError>)> {
    match outcome {
        Ok(value) => Ok((Some(value), Vec::new())),
        Err(Fault::Rejected(rejections)) => {
            Ok((None, rejections.iter().map(|rejection| UserError::new(rejection, locale)).collect()))
        }
        Err(fault) => Err(to_error(fault)),
    }
}

/// A fault in a query: rejections (a bad page, a bad filter) are `BAD_USER_INPUT`, the rest as [`to_error`] says.
#[must_use]
pub fn query_error(fault: Fault, locale: Locale) -> Error {
    match fault {
        Fault::Rejected(rejections) => {
            let forbidden = rejections.iter().any(|rejection| rejection.code == Code::NotAllowed);
            let text: Vec<String> = rejections.iter().map(|rejection| rejection.message(locale)).collect();
            coded(text.join(" "), if forbidden { "FORBIDDEN" } else { "BAD_USER_INPUT" })
        }
        other => to_error(other),
    }
}

/// A fault as a GraphQL error with `extensions.code`. The cause of an internal one goes into the log under an id, never
/// to the caller.
#[must_use]
pub fn to_error(fault: Fault) -> Error {
    match fault {
        Fault::Unauthenticated => coded("Sign in first / 请先登录", "UNAUTHENTICATED"),
        Fault::Rejected(rejections) => {
            let text: Vec<String> =
                rejections.iter().map(|rejection| rejection.message(Locale::Zh)).collect();
            coded(text.join(" "), "BAD_USER_INPUT")
        }
        Fault::Db(error) if no_such_date(&error) => coded(
            "A date is too far away; give one between 1900 and 9999 / 日期超出范围，请填写 1900 至 9999 年之间的日期",
            "BAD_USER_INPUT",
        ),
        Fault::Db(error) => internal(&error),
        Fault::Internal(error) => internal(&*error),
    }
}

/// Whether PostgreSQL says that it cannot keep or compare a date: what a person types may be older than its first.
fn no_such_date(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner))) = error
    else {
        return false;
    };
    inner.as_database_error().and_then(|database| database.code()).as_deref() == Some("22008")
}

fn internal(error: &(impl std::fmt::Display + std::fmt::Debug + ?Sized)) -> Error {
    let id = hex::encode(crate::ids::Ids::from_os().bytes::<6>());
    tracing::error!(%id, ?error, "internal fault");
    coded(format!("Internal error {id} / 系统内部错误，编号 {id}，请联系管理员"), "INTERNAL_SERVER_ERROR")
}

/// An error with a code.
#[must_use]
pub fn coded(message: impl Into<String>, code: &'static str) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code))
}
