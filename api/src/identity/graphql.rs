//! Who I am; accounts and grants for administrators.

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use entity::identity::{account, role_grant};
use uuid::Uuid;

use super::create_account::{self, Made};
use super::rules::{AccountForm, GrantForm};
use super::session::Token;
use super::{change_password, grant_role, read, reset_password, revoke_role, set_account_active};
use crate::app::App;
use crate::fault::Fault;
use crate::graphql::connection::{Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::enums::{Locale, Role, Scope};
use crate::graphql::errors::{self, UserError};
use crate::graphql::ids::{Kind, encode, expect, expect_some};
use crate::organisation::graphql::{Region, Unit};

/// Root queries of identity.
#[derive(Debug, Default)]
pub struct IdentityQuery;

/// The signed-in person.
#[derive(Debug, SimpleObject)]
#[graphql(complex)]
pub struct Me {
    /// Global id of the account.
    pub id: ID,
    /// Name typed at sign-in.
    pub account: String,
    /// Name shown to others.
    pub name: String,
    /// Language of messages.
    pub locale: Locale,
    /// Whether a new password must be chosen before anything else.
    pub must_change_password: bool,
    /// Roles held anywhere today.
    pub roles: Vec<Role>,
}

#[ComplexObject]
impl Me {
    /// Roles held today, each with its place: the unit to draft for, the warehouse to work at.
    async fn grants(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<RoleGrant>> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let today = app.clock().today();
        let grants = read::grants(app.db().read(), actor.account_id()).await;
        let grants = grants.map_err(|error| errors::to_error(error.into()))?;
        let valid = |grant: &role_grant::Model| {
            grant.valid_from <= today && grant.valid_to.is_none_or(|last| today <= last)
        };
        Ok(grants.into_values().flatten().filter(valid).map(RoleGrant).collect())
    }
}

/// A role held at a place, with dates.
#[derive(Clone, Debug)]
pub struct RoleGrant(role_grant::Model);

#[Object]
impl RoleGrant {
    /// Global id.
    async fn id(&self) -> ID {
        encode(Kind::Grant, self.0.id)
    }
    /// Role.
    async fn role(&self) -> Role {
        self.0.role.into()
    }
    /// What `scopeId` names.
    async fn scope(&self) -> Scope {
        self.0.scope.into()
    }
    /// Global id of the unit, region or warehouse; none for the whole city.
    async fn scope_id(&self) -> Option<ID> {
        let kind = scope_kind(self.0.scope)?;
        self.0.scope_id.map(|id| encode(kind, id))
    }
    /// The unit, where it is held at one or its subtree.
    async fn unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        let held = scope_kind(self.0.scope) == Some(Kind::Unit);
        self.0.scope_id.filter(|_| held).and_then(|id| Unit::of(&ctx.app().reference(), id))
    }
    /// The region, where it is held at one.
    async fn region(&self, ctx: &Context<'_>) -> Option<Region> {
        let held = scope_kind(self.0.scope) == Some(Kind::Region);
        self.0.scope_id.filter(|_| held).and_then(|id| Region::of(&ctx.app().reference(), id))
    }
    /// First day.
    async fn valid_from(&self) -> NaiveDate {
        self.0.valid_from
    }
    /// Last day, inclusive; a grant that was revoked on its first day ends before it.
    async fn valid_to(&self) -> Option<NaiveDate> {
        self.0.valid_to
    }
}

fn scope_kind(scope: entity::identity::Scope) -> Option<Kind> {
    use entity::identity::Scope as Held;
    match scope {
        Held::City => None,
        Held::Unit | Held::Subtree => Some(Kind::Unit),
        Held::Region => Some(Kind::Region),
        Held::Warehouse => Some(Kind::Warehouse),
    }
}

/// A person who can sign in.
#[derive(Clone, Debug, SimpleObject)]
pub struct Account {
    /// Global id.
    pub id: ID,
    /// Name typed at sign-in.
    pub account: String,
    /// Name shown to others.
    pub name: String,
    /// Language of messages.
    pub locale: Locale,
    /// Whether it may sign in.
    pub active: bool,
    /// Whether a new password must be chosen before anything else.
    pub must_change_password: bool,
    /// Roles, past and to come.
    pub grants: Vec<RoleGrant>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Give it back when you change the account.
    pub version: i64,
}

impl Account {
    fn new(row: account::Model, grants: &mut HashMap<Uuid, Vec<role_grant::Model>>) -> Self {
        Self {
            id: encode(Kind::Account, row.id),
            account: row.login,
            name: row.name,
            locale: row.locale.into(),
            active: row.active,
            must_change_password: row.must_change_password,
            grants: grants.remove(&row.id).unwrap_or_default().into_iter().map(RoleGrant).collect(),
            created_at: row.created_at,
            version: row.version,
        }
    }

    async fn load(app: &App, id: Option<Uuid>) -> async_graphql::Result<Option<Self>> {
        let Some(id) = id else { return Ok(None) };
        let fail = |error: sea_orm::DbErr| errors::to_error(error.into());
        let Some(row) = read::account(app.db().read(), id).await.map_err(fail)? else { return Ok(None) };
        let mut grants = read::grants(app.db().read(), [id]).await.map_err(fail)?;
        Ok(Some(Self::new(row, &mut grants)))
    }
}

connection!(AccountConnection, AccountEdge, Account);

/// Which accounts are asked for; all conditions must hold.
#[derive(Debug, Default, InputObject)]
pub struct AccountFilterInput {
    /// Part of the name typed at sign-in or shown to others.
    text: Option<String>,
    /// Holds, held or will hold this role.
    role: Option<Role>,
    /// Whether they may sign in.
    active: Option<bool>,
}

#[Object]
impl IdentityQuery {
    /// Who I am and what I hold.
    async fn me(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Me>> {
        let actor = ctx.actor()?;
        let mut roles: Vec<_> = actor.grants().iter().map(|grant| grant.role).collect();
        roles.sort_unstable();
        roles.dedup();
        Ok(actor.account().map(|account| Me {
            id: encode(Kind::Account, account.id),
            account: account.login.clone(),
            name: account.name.clone(),
            locale: account.locale.into(),
            must_change_password: account.must_change_password,
            roles: roles.into_iter().map(Into::into).collect(),
        }))
    }

    /// Accounts by the name typed at sign-in.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn accounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(default)] filter: AccountFilterInput,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<AccountConnection> {
        let locale = ctx.actor()?.locale();
        let fail = |fault: Fault| errors::query_error(fault, locale);
        let page: Page<String> = Page::read(first, after.as_deref()).map_err(|wrong| fail(wrong.into()))?;
        let conn = ctx.app().db().read();
        let role = filter.role.map(Into::into);
        let text = filter.text.as_deref();
        let rows = read::accounts(conn, text, role, filter.active, page.after.as_deref(), page.fetch())
            .await
            .map_err(|error| fail(error.into()))?;
        let mut grants =
            read::grants(conn, rows.iter().map(|row| row.id)).await.map_err(|error| fail(error.into()))?;
        let nodes = rows.into_iter().map(|row| Account::new(row, &mut grants)).collect();
        Ok(AccountConnection::new(page.first, nodes, |row: &Account| row.account.clone()))
    }
}

/// An account to be made.
#[derive(Debug, InputObject)]
pub struct CreateAccountInput {
    /// The same key with the same input gives the same answer, but the password only once.
    idempotency_key: String,
    /// Name typed at sign-in: letters, digits and `.`, `-`, `_`.
    account: String,
    /// Name shown to others.
    name: String,
    /// Language of messages.
    #[graphql(default_with = "Locale::Zh")]
    locale: Locale,
}

/// The account and its first password, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct CreateAccountPayload {
    /// The account.
    account: Option<Account>,
    /// Told once, to be changed at the first sign-in; null when the call is repeated.
    one_time_password: Option<String>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// Whose password is reset.
#[derive(Debug, InputObject)]
pub struct ResetPasswordInput {
    /// The same key with the same input gives the same answer, but the password only once.
    idempotency_key: String,
    /// The account.
    account_id: ID,
}

/// The new password, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct ResetPasswordPayload {
    /// The account.
    account: Option<Account>,
    /// Told once, to be changed at the next sign-in; null when the call is repeated.
    one_time_password: Option<String>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// Whether an account may sign in.
#[derive(Debug, InputObject)]
pub struct SetAccountActiveInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// The account.
    account_id: ID,
    /// The version you have seen.
    version: i64,
    /// Whether it may sign in; false ends its sessions at once.
    active: bool,
}

/// The account, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct SetAccountActivePayload {
    /// The account as it is now.
    account: Option<Account>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// A role to be given.
#[derive(Debug, InputObject)]
pub struct GrantRoleInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// Who gets it.
    account_id: ID,
    /// What.
    role: Role,
    /// Where.
    scope: Scope,
    /// Unit, region or warehouse; none for the whole city.
    scope_id: Option<ID>,
    /// First day; today where it is left out.
    valid_from: Option<NaiveDate>,
    /// Last day, inclusive.
    valid_to: Option<NaiveDate>,
}

impl GrantRoleInput {
    fn read(&self, today: NaiveDate) -> Result<GrantForm, Fault> {
        let scope: entity::identity::Scope = self.scope.into();
        let scope_id = match scope_kind(scope) {
            Some(kind) => expect_some(kind, self.scope_id.as_ref(), "scopeId")?,
            None => None,
        };
        Ok(GrantForm {
            account_id: expect(Kind::Account, &self.account_id, "accountId")?,
            role: self.role.into(),
            scope,
            scope_id,
            valid_from: self.valid_from.unwrap_or(today),
            valid_to: self.valid_to,
        })
    }
}

/// The account, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct GrantRolePayload {
    /// Global id of the grant.
    grant_id: Option<ID>,
    /// The account with its roles.
    account: Option<Account>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// A grant to be ended.
#[derive(Debug, InputObject)]
pub struct RevokeRoleInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// The grant.
    grant_id: ID,
    /// Its last day; at once where it is left out.
    last_day: Option<NaiveDate>,
}

/// The account, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct RevokeRolePayload {
    /// The account with its roles.
    account: Option<Account>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// A change of one's own password. It takes no idempotency key: a repetition fails at the old password.
#[derive(InputObject)]
pub struct ChangePasswordInput {
    /// The password as it is.
    current_password: String,
    /// The password as it shall be.
    new_password: String,
}

/// Done, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct ChangePasswordPayload {
    /// Whether it was changed. All other sessions of the account have ended.
    changed: bool,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// Root mutations of identity.
#[derive(Debug, Default)]
pub struct IdentityMutation;

#[Object]
impl IdentityMutation {
    /// Makes an account without any role.
    async fn create_account(
        &self,
        ctx: &Context<'_>,
        input: CreateAccountInput,
    ) -> async_graphql::Result<CreateAccountPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let form = AccountForm { login: input.account, name: input.name, locale: input.locale.into() };
        let outcome = create_account::create_account(app, actor, Some(&input.idempotency_key), &form).await;
        let (made, errors) = errors::payload(outcome, actor.locale())?;
        let (id, one_time_password) = parts(made);
        Ok(CreateAccountPayload { account: Account::load(app, id).await?, one_time_password, errors })
    }

    /// Gives an account a password for one use and ends its sessions.
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        input: ResetPasswordInput,
    ) -> async_graphql::Result<ResetPasswordPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = match expect(Kind::Account, &input.account_id, "accountId") {
            Ok(id) => reset_password::reset_password(app, actor, Some(&input.idempotency_key), id).await,
            Err(wrong) => Err(wrong.into()),
        };
        let (made, errors) = errors::payload(outcome, actor.locale())?;
        let (id, one_time_password) = parts(made);
        Ok(ResetPasswordPayload { account: Account::load(app, id).await?, one_time_password, errors })
    }

    /// Switches an account on or off.
    async fn set_account_active(
        &self,
        ctx: &Context<'_>,
        input: SetAccountActiveInput,
    ) -> async_graphql::Result<SetAccountActivePayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = match expect(Kind::Account, &input.account_id, "accountId") {
            Ok(account_id) => {
                let form =
                    set_account_active::Input { account_id, version: input.version, active: input.active };
                let key = Some(input.idempotency_key.as_str());
                set_account_active::set_account_active(app, actor, key, &form).await
            }
            Err(wrong) => Err(wrong.into()),
        };
        let (id, errors) = errors::payload(outcome, actor.locale())?;
        Ok(SetAccountActivePayload { account: Account::load(app, id).await?, errors })
    }

    /// Gives a role at a place, with dates.
    async fn grant_role(
        &self,
        ctx: &Context<'_>,
        input: GrantRoleInput,
    ) -> async_graphql::Result<GrantRolePayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let form = input.read(app.clock().today());
        let account_id = form.as_ref().ok().map(|form| form.account_id);
        let outcome = match form {
            Ok(form) => grant_role::grant_role(app, actor, Some(&input.idempotency_key), &form).await,
            Err(fault) => Err(fault),
        };
        let (id, errors) = errors::payload(outcome, actor.locale())?;
        let account = Account::load(app, id.and(account_id)).await?;
        Ok(GrantRolePayload { grant_id: id.map(|id| encode(Kind::Grant, id)), account, errors })
    }

    /// Ends a grant, at once or after a day.
    async fn revoke_role(
        &self,
        ctx: &Context<'_>,
        input: RevokeRoleInput,
    ) -> async_graphql::Result<RevokeRolePayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = match expect(Kind::Grant, &input.grant_id, "grantId") {
            Ok(grant_id) => {
                let form = revoke_role::Input { grant_id, last_day: input.last_day };
                revoke_role::revoke_role(app, actor, Some(&input.idempotency_key), &form).await
            }
            Err(wrong) => Err(wrong.into()),
        };
        let (id, errors) = errors::payload(outcome, actor.locale())?;
        Ok(RevokeRolePayload { account: Account::load(app, id).await?, errors })
    }

    /// Changes one's own password.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        input: ChangePasswordInput,
    ) -> async_graphql::Result<ChangePasswordPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let keep = ctx.data_opt::<Token>();
        let (current, new) = (&input.current_password, &input.new_password);
        let outcome = change_password::change_password(app, actor, current, new, keep).await;
        let (done, errors) = errors::payload(outcome, actor.locale())?;
        Ok(ChangePasswordPayload { changed: done.is_some(), errors })
    }
}

fn parts(made: Option<Made>) -> (Option<Uuid>, Option<String>) {
    made.map_or((None, None), |made| (Some(made.account_id), made.one_time_password))
}
