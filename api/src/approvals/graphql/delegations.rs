//! Who decides for whom, in the schema.

use std::collections::HashMap;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use entity::approvals::delegation;
use uuid::Uuid;

use super::super::delegate::{self, Delegate, EndDelegation};
use crate::fault::Fault;
use crate::graphql::connection::{Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::errors::{self, UserError};
use crate::graphql::ids::{Kind, encode, expect};
use crate::identity;

/// Somebody decides for somebody who is away (委托审批).
#[derive(Clone, Debug, SimpleObject)]
pub struct Delegation {
    /// Global id.
    id: ID,
    /// Name of who is away.
    from_name: String,
    /// Name of who decides meanwhile.
    to_name: String,
    /// First day.
    valid_from: NaiveDate,
    /// Last day, inclusive.
    valid_to: NaiveDate,
    /// Why.
    reason: String,
    /// When it was ended before its last day.
    ended_at: Option<DateTime<Utc>>,
    #[graphql(skip)]
    key: (NaiveDate, Uuid),
}

impl Delegation {
    fn new(row: delegation::Model, names: &HashMap<Uuid, String>) -> Self {
        let name = |id: &Uuid| names.get(id).cloned().unwrap_or_default();
        Self {
            id: encode(Kind::Delegation, row.id),
            from_name: name(&row.from_account_id),
            to_name: name(&row.to_account_id),
            key: (row.valid_to, row.id),
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            reason: row.reason,
            ended_at: row.ended_at,
        }
    }
}

connection!(DelegationConnection, DelegationEdge, Delegation);

/// Root queries of delegations.
#[derive(Debug, Default)]
pub struct DelegationQuery;

#[Object]
impl DelegationQuery {
    /// Delegations that the caller has made or was given, those that last longest first; those of everybody for an
    /// administrator or an auditor of the city.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn delegations(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<DelegationConnection> {
        let (conn, actor) = (ctx.app().db().read(), ctx.actor()?);
        let outcome = async {
            let page: Page<(NaiveDate, Uuid)> = Page::read(first, after.as_deref())?;
            let rows = delegate::delegations(conn, actor, page.after, page.fetch()).await?;
            let ids = rows.iter().flat_map(|row| [row.from_account_id, row.to_account_id]);
            let names = identity::read::names(conn, ids).await?;
            let nodes = rows.into_iter().map(|row| Delegation::new(row, &names)).collect();
            Ok(DelegationConnection::new(page.first, nodes, |row: &Delegation| row.key))
        };
        outcome.await.map_err(|fault: Fault| errors::query_error(fault, actor.locale()))
    }
}

/// Who is to decide in the caller's stead, and for how long.
#[derive(Debug, InputObject)]
pub struct DelegateInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// Who is to decide: the name typed at sign-in.
    to_account: String,
    /// First day; today where it is left out.
    valid_from: Option<NaiveDate>,
    /// Last day, inclusive; a year at most.
    valid_to: NaiveDate,
    /// Why, up to 500 characters.
    reason: String,
}

/// A delegation to be ended before its last day.
#[derive(Debug, InputObject)]
pub struct EndDelegationInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// Which.
    id: ID,
}

/// The delegation, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct DelegationPayload {
    /// The delegation as it is now.
    delegation: Option<Delegation>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// Root mutations of delegations.
#[derive(Debug, Default)]
pub struct DelegationMutation;

#[Object]
impl DelegationMutation {
    /// Has somebody else decide steps in the caller's stead while the caller is away: that, and seeing what is decided; nothing
    /// else that the caller may do. Cases that the caller applied for are not among them.
    async fn delegate(
        &self,
        ctx: &Context<'_>,
        input: DelegateInput,
    ) -> async_graphql::Result<DelegationPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let order = Delegate {
            to: input.to_account,
            valid_from: input.valid_from.unwrap_or_else(|| app.clock().today()),
            valid_to: input.valid_to,
            reason: input.reason,
        };
        answer(ctx, delegate::delegate(app, actor, Some(&input.idempotency_key), &order).await).await
    }

    /// Ends a delegation before its last day.
    async fn end_delegation(
        &self,
        ctx: &Context<'_>,
        input: EndDelegationInput,
    ) -> async_graphql::Result<DelegationPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let outcome = async {
            let order = EndDelegation { id: expect(Kind::Delegation, &input.id, "id")? };
            delegate::end_delegation(app, actor, Some(&input.idempotency_key), &order).await
        };
        answer(ctx, outcome.await).await
    }
}

async fn answer(ctx: &Context<'_>, outcome: Result<Uuid, Fault>) -> async_graphql::Result<DelegationPayload> {
    let (id, errors) = errors::payload(outcome, ctx.actor()?.locale())?;
    let Some(id) = id else { return Ok(DelegationPayload { delegation: None, errors }) };
    let conn = ctx.app().db().read();
    let found = async {
        let Some(row) = delegate::one(conn, id).await? else { return Ok(None) };
        let names = identity::read::names(conn, [row.from_account_id, row.to_account_id]).await?;
        Ok(Some(Delegation::new(row, &names)))
    };
    let delegation = found.await.map_err(errors::to_error)?;
    Ok(DelegationPayload { delegation, errors })
}
