//! One transaction a use case: begin, decide, write rows, audit and events, commit; again where a race was lost.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use entity::events::Subject;
use entity::jobs::idempotency;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, RuntimeErr, Set,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::app::App;
use crate::audit;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::organisation::Reference;

/// Longest idempotency key in bytes: it is part of an index, which PostgreSQL bounds.
const LONGEST_KEY: usize = 200;
/// How often a lost race is tried again before the caller hears of it.
const ATTEMPTS: u32 = 12;

/// What is being done, for audit and idempotency.
#[derive(Clone, Debug)]
pub struct Command<'a> {
    name: &'static str,
    key: Option<&'a str>,
    input_hash: String,
}

impl<'a> Command<'a> {
    /// `key` is the caller's idempotency key; `input` all that the answer depends on.
    pub fn new(name: &'static str, key: Option<&'a str>, input: &impl Serialize) -> Self {
        let input = if key.is_some() { serde_json::to_vec(input).unwrap_or_default() } else { Vec::new() };
        let mut hash = Sha256::new();
        hash.update(name);
        hash.update([0]);
        hash.update(input);
        Self { name, key, input_hash: hex::encode(hash.finalize()) }
    }

    /// The key, and whose it is, where there are both.
    fn key(&self, actor: &Actor) -> Result<Option<(&'a str, Uuid)>, Rejection> {
        let Some((key, actor_id)) = self.key.zip(actor.account_id()) else { return Ok(None) };
        let refused = |code| Rejection::new(code).at("idempotencyKey");
        if key.trim().is_empty() {
            return Err(refused(Code::Required));
        }
        if key.len() > LONGEST_KEY {
            return Err(refused(Code::TooLong).with("most", LONGEST_KEY));
        }
        if key.contains(char::is_control) {
            return Err(refused(Code::Malformed).with("expected", "不含控制字符 / no control characters"));
        }
        Ok(Some((key, actor_id)))
    }
}

/// The one transaction of a running use case. A cheap clone; the steps of other slices take `&Tx`.
#[derive(Clone)]
pub struct Tx(Arc<Inner>);

struct Inner {
    app: App,
    actor: Actor,
    now: DateTime<Utc>,
    today: NaiveDate,
    transaction: DatabaseTransaction,
    records: Mutex<Vec<Record>>,
}

/// Something that happened, on its way into the audit trail and the event log.
pub(crate) struct Record {
    pub(crate) subject: Subject,
    pub(crate) id: Uuid,
    pub(crate) version: i64,
    pub(crate) kind: &'static str,
    pub(crate) payload: serde_json::Value,
    pub(crate) audited: Audited,
}

/// What the audit trail keeps of a record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audited {
    /// The payload as it is.
    Plain,
    /// The payload, encrypted by a key that can be destroyed; the event log gets none of it.
    Private,
    /// Nothing: only followers hear of it.
    No,
}

impl std::fmt::Debug for Tx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tx").field("now", &self.0.now).finish_non_exhaustive()
    }
}

impl Tx {
    /// Connection of the transaction.
    #[must_use]
    pub fn conn(&self) -> &DatabaseTransaction {
        &self.0.transaction
    }

    /// When the use case began, in UTC.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.0.now
    }

    /// Civil day on which it began.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        self.0.today
    }

    /// Who does it.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.0.actor
    }

    /// The service.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.0.app
    }

    /// Units, regions and categories as this process knows them.
    #[must_use]
    pub fn reference(&self) -> Arc<Reference> {
        self.0.app.reference()
    }

    /// A new identity.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.0.app.ids().next(self.0.now)
    }

    /// Notes what happened for the audit trail and the event log.
    pub fn record(
        &self,
        subject: Subject,
        id: Uuid,
        version: i64,
        kind: &'static str,
        payload: &impl Serialize,
    ) {
        self.push(subject, id, version, kind, payload, Audited::Plain);
    }

    /// As [`Tx::record`], for payloads with personal data: encrypted by the subject's own key, and not in the event log.
    pub fn record_private(
        &self,
        subject: Subject,
        id: Uuid,
        version: i64,
        kind: &'static str,
        payload: &impl Serialize,
    ) {
        self.push(subject, id, version, kind, payload, Audited::Private);
    }

    /// Tells followers (such as the search index) that a subject looks different now; nothing goes into the audit.
    pub fn touch(&self, subject: Subject, id: Uuid) {
        self.push(subject, id, 0, crate::events::TOUCHED, &serde_json::json!({}), Audited::No);
    }

    fn push(
        &self,
        subject: Subject,
        id: Uuid,
        version: i64,
        kind: &'static str,
        payload: &impl Serialize,
        audited: Audited,
    ) {
        let payload = serde_json::to_value(payload).unwrap_or_default();
        let record = Record { subject, id, version, kind, payload, audited };
        self.0.records.lock().unwrap_or_else(PoisonError::into_inner).push(record);
    }
}

impl App {
    /// Runs a use case in one transaction. `body` may run several times: it decides from what it reads through the `Tx`.
    ///
    /// With an idempotency key the stored answer of the first success is given back.
    ///
    /// # Errors
    /// What `body` returns; [`Code::KeyReused`]; the database's faults after the last attempt.
    pub async fn write<F, Fut, T>(&self, actor: &Actor, command: Command<'_>, body: F) -> Result<T, Fault>
    where
        F: Fn(Tx) -> Fut + Send,
        Fut: Future<Output = Result<T, Fault>> + Send,
        T: Serialize + DeserializeOwned + Send,
    {
        let mut attempt = 0;
        loop {
            attempt += 1;
            match self.attempt(actor, &command, &body).await {
                Err(Fault::Db(error)) if attempt < ATTEMPTS && lost_race(&error) => {
                    let most = 4 << attempt.min(6);
                    tracing::debug!(command = command.name, attempt, %error, "lost a race, again");
                    tokio::time::sleep(Duration::from_millis(self.ids().below(most) + 1)).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// The stored answer of a command that was acknowledged before under the same key: for use cases that do long work
    /// before their transaction.
    ///
    /// # Errors
    /// [`Code::KeyReused`]; the database's faults.
    pub async fn answered<T: DeserializeOwned>(
        &self,
        actor: &Actor,
        command: &Command<'_>,
    ) -> Result<Option<T>, Fault> {
        stored_answer(self.db().read(), actor, command).await
    }

    async fn attempt<F, Fut, T>(&self, actor: &Actor, command: &Command<'_>, body: &F) -> Result<T, Fault>
    where
        F: Fn(Tx) -> Fut + Send,
        Fut: Future<Output = Result<T, Fault>> + Send,
        T: Serialize + DeserializeOwned + Send,
    {
        #[expect(clippy::disallowed_methods, reason = "the one place that begins a transaction")]
        let transaction = self
            .db()
            .writer()
            .begin_with_options(TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..Default::default()
            })
            .await?;
        let now = self.clock().now();
        let tx = Tx(Arc::new(Inner {
            app: self.clone(),
            actor: actor.clone(),
            now,
            today: self.clock().civil_day(now),
            transaction,
            records: Mutex::default(),
        }));
        let outcome = run(&tx, command, body).await;
        let inner = Arc::into_inner(tx.0).ok_or_else(|| {
            anyhow::anyhow!("{}: a use case kept its transaction beyond its end", command.name)
        })?;
        match outcome {
            Ok(answer) => {
                inner.transaction.commit().await?;
                self.events().wake();
                Ok(answer)
            }
            Err(fault) => {
                inner.transaction.rollback().await?;
                Err(fault)
            }
        }
    }
}

async fn run<F, Fut, T>(tx: &Tx, command: &Command<'_>, body: &F) -> Result<T, Fault>
where
    F: Fn(Tx) -> Fut,
    Fut: Future<Output = Result<T, Fault>>,
    T: Serialize + DeserializeOwned,
{
    if let Some(answer) = stored_answer(tx.conn(), tx.actor(), command).await? {
        return Ok(answer);
    }
    let answer = body(tx.clone()).await?;
    let records = std::mem::take(&mut *tx.0.records.lock().unwrap_or_else(PoisonError::into_inner));
    audit::append(tx, &records).await?;
    crate::events::append(tx, records).await?;
    if let Some((key, actor_id)) = command.key(tx.actor())? {
        idempotency::ActiveModel {
            actor_id: Set(actor_id),
            key: Set(key.to_owned()),
            input_hash: Set(command.input_hash.clone()),
            answer: Set(serde_json::to_value(&answer)?),
            created_at: Set(tx.now()),
        }
        .insert(tx.conn())
        .await?;
    }
    Ok(answer)
}

async fn stored_answer<T: DeserializeOwned>(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    command: &Command<'_>,
) -> Result<Option<T>, Fault> {
    let Some((key, actor_id)) = command.key(actor)? else { return Ok(None) };
    match idempotency::Entity::find_by_id((actor_id, key.to_owned())).one(conn).await? {
        None => Ok(None),
        Some(stored) if stored.input_hash == command.input_hash => {
            Ok(Some(serde_json::from_value(stored.answer)?))
        }
        Some(_) => Err(Code::KeyReused.into()),
    }
}

/// Whether another transaction was simply faster: serialisation failure, deadlock, or two that appended to one chain,
/// took one idempotency key or one number at the same moment.
fn lost_race(error: &DbErr) -> bool {
    if error.sql_err().is_some_and(|kind| matches!(kind, sea_orm::SqlErr::UniqueConstraintViolation(_))) {
        let text = error.to_string();
        return [
            // Of a batch of an import: the next attempt sees who was faster. One card alone says so by itself.
            "asset_holder_id_number",
            "audit_entry",
            "audit_seal",
            "idempotency",
            "number_series",
            "payload_key",
            "ranking_rule_set_number",
            "saving_entry_seq",
            "webhook_name",
        ]
        .iter()
        .any(|table| text.contains(table));
    }
    let (DbErr::Exec(RuntimeErr::SqlxError(inner))
    | DbErr::Query(RuntimeErr::SqlxError(inner))
    | DbErr::Conn(RuntimeErr::SqlxError(inner))) = error
    else {
        return false;
    };
    let code = inner.as_database_error().and_then(|database| database.code());
    // PostgreSQL: serialization_failure, deadlock_detected. SQLite: busy, and busy while a snapshot is upgraded.
    matches!(code.as_deref(), Some("40001" | "40P01" | "5" | "517"))
}
