//! What an account and a grant must look like. Pure.

use chrono::NaiveDate;
use entity::identity::{Locale, Role, Scope};
use serde::Serialize;
use uuid::Uuid;

use crate::fault::{Code, Rejection};
use crate::organisation::rules::{dates, required};

/// All that is said about a new account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountForm {
    /// Typed at sign-in.
    pub login: String,
    /// Shown to others.
    pub name: String,
    /// Language of messages.
    pub locale: Locale,
}

impl AccountForm {
    /// As it is kept, with everything that is wrong with it alone.
    #[must_use]
    pub fn cleaned(self) -> (Self, Vec<Rejection>) {
        let mut faults = Vec::new();
        let login = required(&mut faults, "account", &self.login, 64).to_ascii_lowercase();
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
        if !login.is_empty() && !login.chars().all(allowed) {
            let expected = "小写字母、数字和 . - _ / letters, digits and . - _";
            faults.push(Rejection::new(Code::Malformed).at("account").with("expected", expected));
        }
        let name = required(&mut faults, "name", &self.name, 100);
        (Self { login, name, ..self }, faults)
    }
}

/// A role at a place, with dates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GrantForm {
    /// Who gets it.
    pub account_id: Uuid,
    /// What.
    pub role: Role,
    /// Where: what `scope_id` names.
    pub scope: Scope,
    /// Unit, region or warehouse; none for the whole city.
    pub scope_id: Option<Uuid>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day, inclusive.
    pub valid_to: Option<NaiveDate>,
}

impl GrantForm {
    /// Everything that is wrong with it alone.
    #[must_use]
    pub fn faults(&self) -> Vec<Rejection> {
        let mut faults = Vec::new();
        dates(&mut faults, self.valid_from, self.valid_to);
        if !may_hold(self.role, self.scope) {
            let fault = Rejection::new(Code::ScopeMismatch).at("scope");
            faults.push(fault.with("role", self.role).with("scope", self.scope));
        }
        if self.scope != Scope::City && self.scope_id.is_none() {
            faults.push(Rejection::new(Code::Required).at("scopeId"));
        }
        faults
    }
}

/// Where a role makes sense. An administrator's operations are for the whole city, so a grant at one unit would allow
/// nothing. Only staff work at a warehouse.
#[must_use]
pub fn may_hold(role: Role, scope: Scope) -> bool {
    match scope {
        Scope::City => true,
        Scope::Unit | Scope::Subtree | Scope::Region => !matches!(role, Role::Administrator | Role::Staff),
        Scope::Warehouse => role == Role::Staff,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_kept_in_lower_case_and_odd_signs_are_refused() {
        let form =
            |login: &str| AccountForm { login: login.into(), name: "张三".into(), locale: Locale::Zh };
        let (kept, faults) = form(" Zhang.San ").cleaned();
        assert_eq!((kept.login.as_str(), faults.len()), ("zhang.san", 0));
        for wrong in ["", "张三", "a b", "a@b", &"x".repeat(65)] {
            assert_eq!(form(wrong).cleaned().1.len(), 1, "{wrong:?}");
        }
    }

    #[test]
    fn a_role_is_held_where_it_means_something() {
        let form = |role, scope, scope_id| GrantForm {
            account_id: Uuid::from_u128(1),
            role,
            scope,
            scope_id,
            valid_from: "2026-01-01".parse().unwrap(),
            valid_to: None,
        };
        let somewhere = Some(Uuid::from_u128(2));
        assert!(form(Role::Clerk, Scope::Unit, somewhere).faults().is_empty());
        assert!(form(Role::Administrator, Scope::City, None).faults().is_empty());
        assert_eq!(form(Role::Administrator, Scope::Unit, somewhere).faults()[0].code, Code::ScopeMismatch);
        assert_eq!(form(Role::Clerk, Scope::Warehouse, somewhere).faults()[0].code, Code::ScopeMismatch);
        assert_eq!(form(Role::Clerk, Scope::Unit, None).faults()[0].code, Code::Required);
    }
}
