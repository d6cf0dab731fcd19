//! The audit trail in the schema, for auditors and administrators.

use async_graphql::{Context, ID, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::audit::audit_seal;
use entity::events::Subject;

use super::read;
use crate::fault::Fault;
use crate::graphql::connection::{Page, connection, page_cost};
use crate::graphql::context::Given;
use crate::graphql::errors;
use crate::graphql::ids::{Kind, encode, parse};
use crate::identity;

/// What was done to a subject, chained by hash to what was done before.
#[derive(Clone, Debug, SimpleObject)]
pub struct AuditEntry {
    /// 1, 2, 3 … within the subject.
    pub seq: i64,
    /// What was done.
    pub action: String,
    /// Global id of the account that did it; none for the service itself.
    pub actor_id: Option<ID>,
    /// Its name.
    pub actor_name: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// What was said about it; null where it was purged.
    pub payload: Option<Json<serde_json::Value>>,
    /// Whether the payload is kept encrypted.
    pub sealed_payload: bool,
    /// SHA-256 of the payload as kept, hex.
    pub payload_hash: String,
    /// Hash of the entry before; empty at the first.
    pub prev_hash: String,
    /// Hash of this entry.
    pub hash: String,
}

/// A seal over the heads of all chains that had changed.
#[derive(Clone, Debug, SimpleObject)]
pub struct AuditSeal {
    /// 1, 2, 3 …
    pub seq: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Heads it covers.
    pub heads: i64,
    /// Merkle root over the heads.
    pub merkle_root: String,
    /// Root of the seal before; empty at the first.
    pub prev_root: String,
    /// Root of this seal: print it, publish it, and nobody can change what lies before.
    pub root: String,
}

impl From<audit_seal::Model> for AuditSeal {
    fn from(row: audit_seal::Model) -> Self {
        Self {
            seq: row.seq,
            at: row.at,
            heads: row.heads,
            merkle_root: row.merkle_root,
            prev_root: row.prev_root,
            root: row.root,
        }
    }
}

connection!(AuditEntryConnection, AuditEntryEdge, AuditEntry);
connection!(AuditSealConnection, AuditSealEdge, AuditSeal);

/// What the chain of a thing is filed under; none for what has no chain of its own.
fn subject_of(kind: Kind) -> Option<Subject> {
    Some(match kind {
        Kind::Account => Subject::Account,
        Kind::Asset => Subject::Asset,
        Kind::Category => Subject::Category,
        Kind::Entry => Subject::Saving,
        Kind::Freeze => Subject::Freeze,
        Kind::Import => Subject::Import,
        Kind::Line => Subject::RequestLine,
        Kind::Listing => Subject::Listing,
        Kind::Loan => Subject::Loan,
        Kind::Plan => Subject::AllocationPlan,
        Kind::Disposal => Subject::Disposal,
        Kind::Place | Kind::Warehouse => Subject::Warehouse,
        Kind::Region => Subject::Region,
        Kind::RentalRate => Subject::RentalRate,
        Kind::Request => Subject::Request,
        Kind::Setting => Subject::Setting,
        Kind::Standard => Subject::Standard,
        Kind::Succession => Subject::Succession,
        Kind::Transfer => Subject::Transfer,
        Kind::Unit => Subject::Unit,
        Kind::Webhook => Subject::Webhook,
        _ => return None,
    })
}

/// The global id of what a record is about.
#[must_use]
pub fn subject_id(subject: Subject, id: uuid::Uuid) -> ID {
    let kind = match subject {
        Subject::Account => Kind::Account,
        Subject::Region => Kind::Region,
        Subject::Unit => Kind::Unit,
        Subject::Category => Kind::Category,
        Subject::Standard => Kind::Standard,
        Subject::RentalRate => Kind::RentalRate,
        Subject::Setting => Kind::Setting,
        Subject::Warehouse => Kind::Warehouse,
        Subject::Asset => Kind::Asset,
        Subject::Listing => Kind::Listing,
        Subject::Freeze => Kind::Freeze,
        Subject::Request => Kind::Request,
        Subject::RequestLine => Kind::Line,
        Subject::Transfer => Kind::Transfer,
        Subject::Loan => Kind::Loan,
        Subject::AllocationPlan => Kind::Plan,
        Subject::Disposal => Kind::Disposal,
        Subject::Saving => Kind::Entry,
        Subject::Webhook => Kind::Webhook,
        Subject::Import => Kind::Import,
        Subject::Succession => Kind::Succession,
    };
    encode(kind, id)
}

/// Root queries of the audit.
#[derive(Debug, Default)]
pub struct AuditQuery;

#[Object]
impl AuditQuery {
    /// What was done to a thing, the oldest first; null for what has no trail.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn audit_trail(
        &self,
        ctx: &Context<'_>,
        subject: ID,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<Option<AuditEntryConnection>> {
        let (app, locale) = (ctx.app(), ctx.actor()?.locale());
        let fail = |fault: Fault| errors::query_error(fault, locale);
        let page: Page<i64> = Page::read(first, after.as_deref()).map_err(|wrong| fail(wrong.into()))?;
        let Some((kind, id)) = parse(&subject).and_then(|(kind, id)| Some((subject_of(kind)?, id))) else {
            return Ok(None);
        };
        let conn = app.db().read();
        let rows = read::trail(conn, kind, id, page.after, page.fetch())
            .await
            .map_err(|error| fail(error.into()))?;
        let payloads = read::payloads(app, conn, id, &rows).await.map_err(|error| fail(error.into()))?;
        let names = identity::read::names(conn, rows.iter().filter_map(|row| row.actor_id))
            .await
            .map_err(|error| fail(error.into()))?;
        let nodes = rows
            .into_iter()
            .zip(payloads)
            .map(|(row, payload)| AuditEntry {
                seq: row.seq,
                action: row.action,
                actor_id: row.actor_id.map(|id| encode(Kind::Account, id)),
                actor_name: row.actor_id.and_then(|id| names.get(&id).cloned()),
                at: row.at,
                payload: payload.map(Json),
                sealed_payload: row.sealed_payload,
                payload_hash: row.payload_hash,
                prev_hash: row.prev_hash,
                hash: row.hash,
            })
            .collect();
        Ok(Some(AuditEntryConnection::new(page.first, nodes, |row: &AuditEntry| row.seq)))
    }

    /// Seals of the audit, the newest first.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn audit_seals(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<AuditSealConnection> {
        let locale = ctx.actor()?.locale();
        let fail = |fault: Fault| errors::query_error(fault, locale);
        let page: Page<i64> = Page::read(first, after.as_deref()).map_err(|wrong| fail(wrong.into()))?;
        let rows = read::seals(ctx.app().db().read(), page.after, page.fetch())
            .await
            .map_err(|error| fail(error.into()))?;
        let nodes = rows.into_iter().map(AuditSeal::from).collect();
        Ok(AuditSealConnection::new(page.first, nodes, |row: &AuditSeal| row.seq))
    }
}
