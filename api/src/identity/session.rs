//! A token becomes an actor. What a process remembers is used only after the database said that nobody's rights have
//! changed since.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::identity::{account, rights_generation, role_grant, session};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QuerySelect, Set,
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
    known: Mutex<HashMap<String, Known>>,
}

#[derive(Clone, Debug)]
struct Known {
    actor: Actor,
    expires_at: DateTime<Utc>,
    generation: i64,
    day: NaiveDate,
}

/// Reads the generation once for all who asked before the reading began: each request gets an answer that is younger
/// than itself, and a busy server does not ask once a request.
#[derive(Debug, Default)]
struct Gate {
    arrived: AtomicU64,
    /// Up to which arrival the last reading counts, and what it was.
    last: tokio::sync::Mutex<(u64, i64)>,
}

impl App {
    /// The present generation of rights; the reference data of this process is brought up to it first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn generation(&self) -> Result<i64, Fault> {
        let gate = &self.sessions().gate;
        let ticket = gate.arrived.fetch_add(1, Ordering::SeqCst) + 1;
        let mut last = gate.last.lock().await;
        if last.0 >= ticket {
            return Ok(last.1);
        }
        let arrived = gate.arrived.load(Ordering::SeqCst);
        let generation: Option<i64> = rights_generation::Entity::find()
            .select_only()
            .column(rights_generation::Column::N)
            .into_tuple()
            .one(self.db().read())
            .await?;
        let generation = generation.unwrap_or(0);
        if generation != last.1 {
            self.load_reference().await?;
        }
        *last = (arrived, generation);
        Ok(generation)
    }

    /// Whom this process remembers as the holder of a token, and the generation of rights that holds for: to begin with
    /// what is read only, and thrown away where [`App::generation`] then says otherwise.
    #[must_use]
    pub fn remembered(&self, token: &str) -> Option<(Actor, i64)> {
        let known = self.sessions().known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(&token_hash(token))?;
        let holds = known.day == self.clock().today() && known.expires_at > self.clock().now();
        holds.then(|| (known.actor.clone(), known.generation))
    }

    /// Who holds this token; nobody where it is unknown, expired or revoked, or the account is switched off.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn who(&self, token: &str) -> Result<Option<Actor>, Fault> {
        let generation = self.generation().await?;
        let (now, today) = (self.clock().now(), self.clock().today());
        let hash = token_hash(token);
        let known = self.sessions().known.lock().unwrap_or_else(PoisonError::into_inner).get(&hash).cloned();
        if let Some(known) = known
            && known.generation == generation
            && known.day == today
            && known.expires_at > now
        {
            return Ok(Some(known.actor));
        }
        let row = session::Entity::find()
            .filter(session::Column::TokenHash.eq(&hash))
            .filter(session::Column::RevokedAt.is_null())
            .filter(session::Column::ExpiresAt.gt(now))
            .one(self.db().read())
            .await?;
        let Some(row) = row else {
            self.sessions().known.lock().unwrap_or_else(PoisonError::into_inner).remove(&hash);
            return Ok(None);
        };
        let Some(actor) = self.actor_of(row.account_id).await? else { return Ok(None) };
        let mut known = self.sessions().known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known
            .insert(hash, Known { actor: actor.clone(), expires_at: row.expires_at, generation, day: today });
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
        let grants = role_grant::Entity::find()
            .filter(role_grant::Column::AccountId.eq(account_id))
            .filter(role_grant::Column::ValidFrom.lte(today))
            .filter(
                Condition::any()
                    .add(role_grant::Column::ValidTo.is_null())
                    .add(role_grant::Column::ValidTo.gte(today)),
            )
            .all(self.db().read())
            .await?;
        Ok(Some(Actor::person(account, &grants, &self.reference())))
    }
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
    }
    .insert(tx.conn())
    .await?;
    Ok(token)
}

/// Ends the session of a token.
///
/// # Errors
/// When the database does not answer.
pub async fn close(tx: &Tx, token: &str) -> Result<(), Fault> {
    session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, Expr::value(tx.now()))
        .filter(session::Column::TokenHash.eq(token_hash(token)))
        .filter(session::Column::RevokedAt.is_null())
        .exec(tx.conn())
        .await?;
    rights_changed(tx).await
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
