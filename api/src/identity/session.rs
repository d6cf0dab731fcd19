//! A token becomes an actor. What a process remembers is used only after the database said that nobody's rights have
//! changed since.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::approvals::delegation;
use entity::identity::{account, rights_generation, role_grant, session};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Set,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Actor;
use crate::app::App;
use crate::fault::{Code, Fault};
use crate::write::Tx;

/// How long a session lives.
pub const LIFETIME: TimeDelta = TimeDelta::hours(12);
/// Actors remembered by a process.
const REMEMBERED: usize = 10_000;

/// The token that a request came with: http gives it to the resolvers, so that a change of password can spare the
/// session it is made in.
#[derive(Clone)]
pub struct Token(pub String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// What a process remembers of sessions.
#[derive(Debug, Default)]
pub struct Sessions {
    gate: Gate,
    memory: Mutex<Memory>,
}

/// Whom the process knows, and up to when that holds. Both are read and changed together: a session that ended is
/// forgotten in the same step that makes the generation known in which it did.
#[derive(Debug, Default)]
struct Memory {
    seen: Generation,
    by_token: HashMap<String, Known>,
}

#[derive(Clone, Debug)]
struct Known {
    actor: Actor,
    expires_at: DateTime<Utc>,
    /// [`Generation::rights`] that the actor was read under.
    rights: i64,
    day: NaiveDate,
}

/// The two counters of `rights_generation`. Whoever changes rights makes every process read anew whom it knows; the end of a
/// session only makes it forget that one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Generation {
    rights: i64,
    ended: i64,
}

impl Generation {
    /// Both in one: they only rise, so whatever happens, this is not what it was.
    fn number(self) -> i64 {
        self.rights + self.ended
    }
}

impl Sessions {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the generation once for all who asked before the reading began: each request gets an answer that is younger
/// than itself, and a busy server does not ask once a request.
#[derive(Debug, Default)]
struct Gate {
    arrived: AtomicU64,
    /// Requests that have come and not yet gone.
    present: AtomicUsize,
    /// Up to which arrival the last reading counts, and what it was.
    last: tokio::sync::Mutex<(u64, i64)>,
}

/// A request that has come, until it is dropped.
#[derive(Debug)]
pub struct Arrival {
    app: App,
    ticket: u64,
}

impl Arrival {
    /// Whether no other request is here: then none would share a reading that waits.
    #[must_use]
    pub fn alone(&self) -> bool {
        self.app.sessions().gate.present.load(Ordering::SeqCst) == 1
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        self.app.sessions().gate.present.fetch_sub(1, Ordering::SeqCst);
    }
}

impl App {
    /// The present generation of rights; the reference data of this process is brought up to it first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn generation(&self) -> Result<i64, Fault> {
        self.generation_since(&self.arrive()).await
    }

    /// Notes that a request has come.
    #[must_use]
    pub fn arrive(&self) -> Arrival {
        let gate = &self.sessions().gate;
        gate.present.fetch_add(1, Ordering::SeqCst);
        Arrival { app: self.clone(), ticket: gate.arrived.fetch_add(1, Ordering::SeqCst) + 1 }
    }

    /// A generation of rights that was read after the arrival: as [`App::generation`]. The later it is asked for, the more
    /// requests one reading serves.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn generation_since(&self, arrival: &Arrival) -> Result<i64, Fault> {
        let gate = &self.sessions().gate;
        let mut last = gate.last.lock().await;
        if last.0 >= arrival.ticket {
            return Ok(last.1);
        }
        let arrived = gate.arrived.load(Ordering::SeqCst);
        let found: Option<(i64, i64)> = rights_generation::Entity::find()
            .select_only()
            .columns([rights_generation::Column::N, rights_generation::Column::Ended])
            .into_tuple()
            .one(self.db().read())
            .await?;
        let now = found.map(|(rights, ended)| Generation { rights, ended }).unwrap_or_default();
        let (seen, anybody) = {
            let memory = self.sessions().memory();
            (memory.seen, !memory.by_token.is_empty())
        };
        if now != seen {
            if now.rights != seen.rights {
                self.load_reference().await?;
            }
            let ended = if now.ended != seen.ended && anybody {
                ended_between(self, seen.ended, now.ended).await?
            } else {
                Vec::new()
            };
            let mut memory = self.sessions().memory();
            for token in &ended {
                memory.by_token.remove(token);
            }
            memory.seen = now;
        }
        *last = (arrived, now.number());
        Ok(now.number())
    }

    /// Whom this process remembers as the holder of a token, and the generation of rights that holds for: to begin with
    /// what is read only, and thrown away where [`App::generation`] then says otherwise.
    #[must_use]
    pub fn remembered(&self, token: &str) -> Option<(Actor, i64)> {
        let memory = self.sessions().memory();
        let actor = memory.holder(&token_hash(token), self.clock().now(), self.clock().today())?;
        Some((actor, memory.seen.number()))
    }

    /// Who holds this token; nobody where it is unknown, expired or revoked, or the account is switched off.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn who(&self, token: &str) -> Result<Option<Actor>, Fault> {
        self.generation().await?;
        let (now, today) = (self.clock().now(), self.clock().today());
        let hash = token_hash(token);
        let seen = {
            let memory = self.sessions().memory();
            if let Some(actor) = memory.holder(&hash, now, today) {
                return Ok(Some(actor));
            }
            memory.seen
        };
        let row = session::Entity::find()
            .filter(session::Column::TokenHash.eq(&hash))
            .filter(session::Column::RevokedAt.is_null())
            .filter(session::Column::ExpiresAt.gt(now))
            .one(self.db().read())
            .await?;
        let Some(row) = row else {
            self.sessions().memory().by_token.remove(&hash);
            return Ok(None);
        };
        let Some(actor) = self.actor_of(row.account_id).await? else { return Ok(None) };
        let mut memory = self.sessions().memory();
        // Where something has happened since, it may have been the end of this session, which nobody would hear of again.
        if memory.seen == seen {
            if memory.by_token.len() >= REMEMBERED {
                memory.by_token.clear();
            }
            let known =
                Known { actor: actor.clone(), expires_at: row.expires_at, rights: seen.rights, day: today };
            memory.by_token.insert(hash, known);
        }
        Ok(Some(actor))
    }

    /// The actor of an account with the grants valid today; none where the account is gone or switched off.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn actor_of(&self, account_id: Uuid) -> Result<Option<Actor>, Fault> {
        let account = account::Entity::find_by_id(account_id)
            .filter(account::Column::Active.eq(true))
            .one(self.db().read())
            .await?;
        let Some(account) = account else { return Ok(None) };
        let today = self.clock().today();
        let absent: Vec<Uuid> = delegation::Entity::find()
            .select_only()
            .column(delegation::Column::FromAccountId)
            .filter(delegation::Column::ToAccountId.eq(account_id))
            .filter(delegation::Column::ValidTo.gte(today))
            .filter(delegation::Column::ValidFrom.lte(today))
            .filter(delegation::Column::EndedAt.is_null())
            .distinct()
            .order_by_asc(delegation::Column::FromAccountId)
            .into_tuple()
            .all(self.db().read())
            .await?;
        let mut grants = self.grants_of(&[account_id], today).await?;
        let mut others =
            if absent.is_empty() { HashMap::new() } else { self.grants_of(&absent, today).await? };
        let own = grants.remove(&account_id).unwrap_or_default();
        let absent: Vec<_> = absent.into_iter().filter_map(|id| others.remove_entry(&id)).collect();
        Ok(Some(Actor::person(account, &own, &absent, &self.reference())))
    }

    /// The grants valid on a day of active accounts.
    async fn grants_of(
        &self,
        accounts: &[Uuid],
        today: NaiveDate,
    ) -> Result<HashMap<Uuid, Vec<role_grant::Model>>, Fault> {
        let active = account::Entity::find()
            .select_only()
            .column(account::Column::Id)
            .filter(account::Column::Id.is_in(accounts.iter().copied()))
            .filter(account::Column::Active.eq(true))
            .into_query();
        let found = role_grant::Entity::find()
            .filter(role_grant::Column::AccountId.in_subquery(active))
            .filter(role_grant::Column::ValidFrom.lte(today))
            .filter(
                Condition::any()
                    .add(role_grant::Column::ValidTo.is_null())
                    .add(role_grant::Column::ValidTo.gte(today)),
            )
            .all(self.db().read())
            .await?;
        let mut by_account: HashMap<Uuid, Vec<role_grant::Model>> = HashMap::new();
        for grant in found {
            by_account.entry(grant.account_id).or_default().push(grant);
        }
        Ok(by_account)
    }
}

impl Memory {
    fn holder(&self, hash: &str, now: DateTime<Utc>, today: NaiveDate) -> Option<Actor> {
        let known = self.by_token.get(hash)?;
        let holds = known.rights == self.seen.rights && known.day == today && known.expires_at > now;
        holds.then(|| known.actor.clone())
    }
}

/// Tokens, as hashes, of the sessions that ended after the one numbered `after`, up to that numbered `upto`.
async fn ended_between(app: &App, after: i64, upto: i64) -> Result<Vec<String>, Fault> {
    let ended = session::Entity::find()
        .select_only()
        .column(session::Column::TokenHash)
        .filter(session::Column::Ended.gt(after))
        .filter(session::Column::Ended.lte(upto));
    Ok(ended.into_tuple().all(app.db().read()).await?)
}

/// Makes a session and gives its token: the only time it is ever seen.
///
/// # Errors
/// When the database does not answer.
pub async fn open(tx: &Tx, account_id: Uuid) -> Result<String, Fault> {
    let token = URL_SAFE_NO_PAD.encode(tx.app().ids().bytes::<32>());
    session::ActiveModel {
        id: Set(tx.id()),
        token_hash: Set(token_hash(&token)),
        account_id: Set(account_id),
        created_at: Set(tx.now()),
        expires_at: Set(tx.now() + LIFETIME),
        revoked_at: Set(None),
        ended: Set(None),
    }
    .insert(tx.conn())
    .await?;
    Ok(token)
}

/// Ends the session of a token, and no other: every process hears of it at its next request, by its number, and rights are
/// what they were.
///
/// # Errors
/// When the database does not answer.
pub async fn close(tx: &Tx, token: &str) -> Result<(), Fault> {
    use rights_generation::Column::Ended;
    // First, for its lock: who sees a number sees all that were given before.
    let raised = rights_generation::Entity::update_many()
        .col_expr(Ended, Expr::col(Ended).add(1))
        .exec(tx.conn())
        .await?;
    if raised.rows_affected != 1 {
        return Err(Code::NotFound.into());
    }
    let number = rights_generation::Entity::find().select_only().column(Ended).into_query();
    session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, Expr::value(tx.now()))
        .col_expr(session::Column::Ended, Expr::SubQuery(None, Box::new(number.into())))
        .filter(session::Column::TokenHash.eq(token_hash(token)))
        .filter(session::Column::RevokedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Ends all sessions of an account.
///
/// # Errors
/// When the database does not answer.
pub async fn close_all(tx: &Tx, account_id: Uuid) -> Result<(), Fault> {
    close_others(tx, account_id, None).await
}

/// Ends all sessions of an account but the one of the token `keep`.
///
/// # Errors
/// When the database does not answer.
pub async fn close_others(tx: &Tx, account_id: Uuid, keep: Option<&str>) -> Result<(), Fault> {
    let mut sessions = session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, Expr::value(tx.now()))
        .filter(session::Column::AccountId.eq(account_id))
        .filter(session::Column::RevokedAt.is_null());
    if let Some(keep) = keep {
        sessions = sessions.filter(session::Column::TokenHash.ne(token_hash(keep)));
    }
    sessions.exec(tx.conn()).await?;
    rights_changed(tx).await
}

/// Tells every process that rights, or the reference data they rest on, are not what they were. Whoever changes
/// accounts, grants, units, regions or categories calls it in the same transaction.
///
/// # Errors
/// When the database does not answer.
pub async fn rights_changed(tx: &Tx) -> Result<(), Fault> {
    let raised = rights_generation::Entity::update_many()
        .col_expr(rights_generation::Column::N, Expr::col(rights_generation::Column::N).add(1))
        .exec(tx.conn())
        .await?;
    if raised.rows_affected == 1 { Ok(()) } else { Err(Code::NotFound.into()) }
}

fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}
