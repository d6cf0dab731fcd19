//! The table of deliveries: claim, and what becomes of what was claimed. Any number of processes share it.
//!
//! Leases and due times are in the time of the database: here clocks that differ would send one thing twice, or hold it back.
//! Whoever claims or settles a delivery, or reads the log for an endpoint, holds the row of the endpoint meanwhile: so that
//! none who looks for a head misses one that is being settled, and none claims for an endpoint that has just said "gone".

use chrono::{DateTime, TimeDelta, Utc};
use entity::deliveries::{DeliveryState, delivery, delivery_endpoint, webhook};
use entity::events::Subject;
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Statement,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::rules::back_off;
use crate::app::App;
use crate::fault::Fault;
use crate::identity::Actor;
use crate::write::{Command, Tx};

/// How long a claim counts: far longer than an attempt can take.
pub const LEASE: TimeDelta = TimeDelta::seconds(60);
/// Characters of an error that are kept.
const MOST_ERROR: usize = 300;

/// States of a delivery that is not settled: whatever comes after it about the same subject stands behind it.
pub const OPEN: [DeliveryState; 4] =
    [DeliveryState::Waiting, DeliveryState::Running, DeliveryState::Behind, DeliveryState::Dead];

/// A delivery in the hands of a worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claimed {
    /// The delivery.
    pub id: Uuid,
    /// Its endpoint.
    pub endpoint_id: Uuid,
    /// Number of its event.
    pub event_seq: i64,
    /// What it is about.
    pub subject_id: Uuid,
    /// The claim: whoever comes with an older one has lost the lease.
    pub fence: i64,
    /// Attempts, this one counted.
    pub attempts: i64,
}

/// What came of an attempt.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The endpoint has it.
    Delivered {
        /// Status of the answer.
        status: i64,
    },
    /// It has not, as far as we know.
    Failed {
        /// Status of the answer, where there was one.
        status: Option<i64>,
        /// Why.
        error: String,
    },
    /// The endpoint wants nothing more.
    Gone {
        /// Status of the answer.
        status: i64,
    },
}

impl Outcome {
    /// Nothing came back.
    #[must_use]
    pub fn failed(why: impl std::fmt::Display) -> Self {
        Self::Failed { status: None, error: why.to_string() }
    }
}

/// The time of the database.
///
/// # Errors
/// When the database does not answer.
pub async fn database_now(conn: &impl ConnectionTrait) -> Result<DateTime<Utc>, DbErr> {
    let sql = match conn.get_database_backend() {
        DbBackend::Postgres => "select clock_timestamp()",
        _ => "select strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')",
    };
    let row = conn.query_one_raw(Statement::from_string(conn.get_database_backend(), sql)).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("the time".to_owned()))?;
    row.try_get_by_index(0)
}

/// Holds the row of an endpoint until the transaction ends; none where it was removed.
///
/// # Errors
/// When the database does not answer.
pub async fn hold_endpoint(tx: &Tx, id: Uuid) -> Result<Option<delivery_endpoint::Model>, DbErr> {
    delivery_endpoint::Entity::find_by_id(id).lock(LockType::Update).one(tx.conn()).await
}

/// Endpoints that something is sent to.
///
/// # Errors
/// When the database does not answer.
pub async fn active_endpoints(conn: &impl ConnectionTrait) -> Result<Vec<delivery_endpoint::Model>, DbErr> {
    use delivery_endpoint::Column;
    delivery_endpoint::Entity::find().filter(Column::Active.eq(true)).order_by_asc(Column::Id).all(conn).await
}

/// What is due at an endpoint: what lost its worker, or what waits, in the order in which it became due. Two walks along an
/// index of their own, because one "or" over both would sort the whole queue.
fn due(endpoint: Uuid, now: DateTime<Utc>, lost: bool, limit: u64) -> sea_orm::Select<delivery::Entity> {
    use delivery::Column::{EndpointId, LeaseUntil, Position, RunAt, State};
    let query = delivery::Entity::find().filter(EndpointId.eq(endpoint)).limit(limit);
    if lost {
        query.filter(State.eq(DeliveryState::Running)).filter(LeaseUntil.lt(now)).order_by_asc(LeaseUntil)
    } else {
        query
            .filter(State.eq(DeliveryState::Waiting))
            .filter(RunAt.lte(now))
            .order_by_asc(RunAt)
            .order_by_asc(Position)
    }
}

/// Whether something is due at an endpoint. Asked on the readers' pool, so that idle workers never take the writer.
///
/// # Errors
/// When the database does not answer.
pub async fn any_due(conn: &impl ConnectionTrait, endpoint: Uuid, now: DateTime<Utc>) -> Result<bool, DbErr> {
    for lost in [false, true] {
        let one: Option<Uuid> = due(endpoint, now, lost, 1)
            .select_only()
            .column(delivery::Column::Id)
            .into_tuple()
            .one(conn)
            .await?;
        if one.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Claims at most `limit` deliveries that are due at an endpoint: heads of their subjects, and no two of one subject. Nothing
/// where the endpoint was switched off since the caller looked: what it is asked under is the row that a 410 changes.
///
/// # Errors
/// When the database does not answer.
pub async fn claim(app: &App, endpoint: Uuid, limit: u64) -> Result<Vec<Claimed>, Fault> {
    use delivery::Column;
    app.write(&Actor::system(), Command::new("claimDeliveries", None, &()), |tx| async move {
        if !hold_endpoint(&tx, endpoint).await?.is_some_and(|endpoint| endpoint.active) {
            return Ok(Vec::new());
        }
        let now = database_now(tx.conn()).await?;
        let mut claimed = Vec::new();
        for lost in [true, false] {
            let room = limit.saturating_sub(claimed.len() as u64);
            if room == 0 {
                break;
            }
            let rows = due(endpoint, now, lost, room)
                // What another process is claiming is its own.
                .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
                .all(tx.conn())
                .await?;
            claimed.extend(rows.into_iter().map(|row| Claimed {
                id: row.id,
                endpoint_id: row.endpoint_id,
                event_seq: row.event_seq,
                subject_id: row.subject_id,
                fence: row.fence + 1,
                attempts: row.attempts + 1,
            }));
        }
        if !claimed.is_empty() {
            delivery::Entity::update_many()
                .col_expr(Column::State, Expr::value(DeliveryState::Running))
                .col_expr(Column::LeaseUntil, Expr::value(now + LEASE))
                .col_expr(Column::Fence, Expr::col(Column::Fence).add(1))
                .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
                .filter(Column::Id.is_in(claimed.iter().map(|claimed| claimed.id)))
                .exec(tx.conn())
                .await?;
        }
        Ok(claimed)
    })
    .await
}

/// Notes what came of a claimed delivery; false where the lease was lost to another worker, and then nothing is changed.
///
/// # Errors
/// When the database does not answer.
pub async fn settle(app: &App, claimed: &Claimed, outcome: &Outcome) -> Result<bool, Fault> {
    use delivery::Column;
    app.write(&Actor::system(), Command::new("settleDelivery", None, &()), |tx| async move {
        let Some(endpoint) = hold_endpoint(&tx, claimed.endpoint_id).await? else { return Ok(false) };
        let now = database_now(tx.conn()).await?;
        let none = || Expr::value(None::<DateTime<Utc>>);
        let update = delivery::Entity::update_many().col_expr(Column::LeaseUntil, none());
        let update = match outcome {
            Outcome::Delivered { status } => update
                .col_expr(Column::State, Expr::value(DeliveryState::Delivered))
                .col_expr(Column::Status, Expr::value(*status))
                .col_expr(Column::Error, Expr::value(None::<String>))
                .col_expr(Column::EndedAt, Expr::value(now)),
            Outcome::Failed { status, error } => {
                let update = update
                    .col_expr(Column::Status, Expr::value(*status))
                    .col_expr(Column::Error, Expr::value(error.chars().take(MOST_ERROR).collect::<String>()));
                match back_off(claimed.attempts) {
                    Some(wait) => update
                        .col_expr(Column::State, Expr::value(DeliveryState::Waiting))
                        .col_expr(Column::RunAt, Expr::value(now + jittered(&tx, wait))),
                    None => update
                        .col_expr(Column::State, Expr::value(DeliveryState::Dead))
                        .col_expr(Column::EndedAt, Expr::value(now)),
                }
            }
            // It waits for the day on which somebody switches the endpoint on again.
            Outcome::Gone { status } => update
                .col_expr(Column::State, Expr::value(DeliveryState::Waiting))
                .col_expr(Column::Status, Expr::value(*status))
                .col_expr(Column::Error, Expr::value("it answered 410: it wants nothing more"))
                .col_expr(Column::Attempts, Expr::col(Column::Attempts).sub(1))
                .col_expr(Column::RunAt, Expr::value(now)),
        };
        let changed = update
            .filter(Column::Id.eq(claimed.id))
            .filter(Column::Fence.eq(claimed.fence))
            .filter(Column::State.eq(DeliveryState::Running))
            .exec(tx.conn())
            .await?;
        if changed.rows_affected != 1 {
            return Ok(false);
        }
        match outcome {
            Outcome::Delivered { .. } => promote(&tx, claimed.endpoint_id, claimed.subject_id, now).await?,
            Outcome::Gone { .. } if endpoint.active => switch_off(&tx, claimed.endpoint_id).await?,
            _ => {}
        }
        Ok(true)
    })
    .await
}

/// A tenth more or less, so that what failed together does not come again together.
fn jittered(tx: &Tx, wait: TimeDelta) -> TimeDelta {
    let fifth = wait.num_milliseconds() / 5;
    let more = i64::try_from(tx.app().ids().below(u64::try_from(fifth).unwrap_or(0) + 1)).unwrap_or(0);
    wait - TimeDelta::milliseconds(fifth / 2) + TimeDelta::milliseconds(more)
}

/// Makes the next delivery about a subject its head, now that the one before it is settled. The endpoint must be held.
///
/// # Errors
/// When the database does not answer.
pub async fn promote(tx: &Tx, endpoint: Uuid, subject: Uuid, now: DateTime<Utc>) -> Result<(), DbErr> {
    use delivery::Column;
    let next = delivery::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::EndpointId.eq(endpoint))
        .filter(Column::SubjectId.eq(subject))
        .filter(Column::State.eq(DeliveryState::Behind))
        .order_by_asc(Column::Position)
        .limit(1);
    delivery::Entity::update_many()
        .col_expr(Column::State, Expr::value(DeliveryState::Waiting))
        .col_expr(Column::RunAt, Expr::value(now))
        .filter(Column::Id.in_subquery(next.into_query()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// An endpoint that said that it wants nothing more.
async fn switch_off(tx: &Tx, endpoint: Uuid) -> Result<(), Fault> {
    use webhook::Column;
    delivery_endpoint::Entity::update_many()
        .col_expr(delivery_endpoint::Column::Active, Expr::value(false))
        .filter(delivery_endpoint::Column::Id.eq(endpoint))
        .exec(tx.conn())
        .await?;
    let Some(row) = webhook::Entity::find_by_id(endpoint).one(tx.conn()).await? else { return Ok(()) };
    webhook::Entity::update_many()
        .col_expr(Column::SwitchedOff, Expr::value("410 Gone"))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(endpoint))
        .exec(tx.conn())
        .await?;
    tx.record(
        Subject::Webhook,
        endpoint,
        row.version + 1,
        "webhook.switched_off",
        &json!({ "why": "410 Gone" }),
    );
    Ok(())
}
