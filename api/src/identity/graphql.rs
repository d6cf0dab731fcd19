//! Who I am.

use async_graphql::{Context, ID, Object, SimpleObject};

use crate::graphql::context::Given;
use crate::graphql::enums::{Locale, Role};
use crate::graphql::ids::{Kind, encode};

/// Root fields of identity.
#[derive(Debug, Default)]
pub struct IdentityQuery;

/// The signed-in person.
#[derive(Debug, SimpleObject)]
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
}
