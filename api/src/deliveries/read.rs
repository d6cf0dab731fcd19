//! Finders. Only administrators of the city get here: the right is asked before any of these.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::deliveries::{DeliveryState, delivery, delivery_endpoint, webhook};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

/// A webhook with its endpoint, and how far behind it is.
#[derive(Clone, Debug)]
pub struct Found {
    /// The webhook.
    pub webhook: webhook::Model,
    /// Whether anything is sent to it.
    pub active: bool,
    /// How far behind it is.
    pub lag: Lag,
}

/// How far behind an endpoint is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lag {
    /// Deliveries that are not settled, dead letters left out.
    pub waiting: i64,
    /// When the oldest of them was made.
    pub oldest_at: Option<DateTime<Utc>>,
    /// Dead letters.
    pub dead: i64,
}

#[derive(FromQueryResult)]
struct Count {
    endpoint_id: Uuid,
    state: DeliveryState,
    rows: i64,
}

/// Webhooks by name, after `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn webhooks(
    conn: &impl ConnectionTrait,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<Found>, DbErr> {
    let mut query = webhook::Entity::find();
    if let Some(after) = after {
        query = query.filter(webhook::Column::Name.gt(after));
    }
    let rows = query.order_by_asc(webhook::Column::Name).limit(limit).all(conn).await?;
    with_lag(conn, rows).await
}

/// One webhook.
///
/// # Errors
/// When the database does not answer.
pub async fn webhook(conn: &impl ConnectionTrait, id: Uuid) -> Result<Option<Found>, DbErr> {
    let rows = webhook::Entity::find_by_id(id).all(conn).await?;
    Ok(with_lag(conn, rows).await?.pop())
}

/// Counts for all of a page at once.
async fn with_lag(conn: &impl ConnectionTrait, rows: Vec<webhook::Model>) -> Result<Vec<Found>, DbErr> {
    use delivery::Column::{CreatedAt, EndpointId, Id, Position, State};
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let active: HashMap<Uuid, bool> = delivery_endpoint::Entity::find()
        .filter(delivery_endpoint::Column::Id.is_in(ids.iter().copied()))
        .all(conn)
        .await?
        .into_iter()
        .map(|endpoint| (endpoint.id, endpoint.active))
        .collect();
    let counts = delivery::Entity::find()
        .select_only()
        .columns([EndpointId, State])
        .column_as(Id.count(), "rows")
        .filter(EndpointId.is_in(ids))
        .filter(State.is_in(super::store::OPEN))
        .group_by(EndpointId)
        .group_by(State)
        .into_model::<Count>()
        .all(conn)
        .await?;
    let mut lags: HashMap<Uuid, Lag> = HashMap::new();
    for count in counts {
        let lag = lags.entry(count.endpoint_id).or_default();
        if count.state == DeliveryState::Dead { lag.dead += count.rows } else { lag.waiting += count.rows }
    }
    // The oldest is the one with the lowest place, so it is found by its index, one walk for each state that has rows.
    for (endpoint, lag) in lags.iter_mut().filter(|(_, lag)| lag.waiting > 0) {
        for state in [DeliveryState::Waiting, DeliveryState::Running, DeliveryState::Behind] {
            let first: Option<DateTime<Utc>> = delivery::Entity::find()
                .select_only()
                .column(CreatedAt)
                .filter(EndpointId.eq(*endpoint))
                .filter(State.eq(state))
                .order_by_asc(Position)
                .limit(1)
                .into_tuple()
                .one(conn)
                .await?;
            lag.oldest_at = [lag.oldest_at, first].into_iter().flatten().min();
        }
        if lag.oldest_at.is_none() {
            // All of it was delivered since it was counted.
            lag.waiting = 0;
        }
    }
    Ok(rows
        .into_iter()
        .map(|row| Found {
            active: active.get(&row.id).copied().unwrap_or(false),
            lag: lags.get(&row.id).copied().unwrap_or_default(),
            webhook: row,
        })
        .collect())
}

/// Deliveries of an endpoint, the newest first, before the place `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn deliveries(
    conn: &impl ConnectionTrait,
    endpoint: Uuid,
    state: Option<DeliveryState>,
    after: Option<i64>,
    limit: u64,
) -> Result<Vec<delivery::Model>, DbErr> {
    use delivery::Column::{EndpointId, Position, State};
    let mut query = delivery::Entity::find().filter(EndpointId.eq(endpoint));
    if let Some(state) = state {
        query = query.filter(State.eq(state));
    }
    if let Some(after) = after {
        query = query.filter(Position.lt(after));
    }
    query.order_by_desc(Position).limit(limit).all(conn).await
}

/// One delivery.
///
/// # Errors
/// When the database does not answer.
pub async fn delivery(conn: &impl ConnectionTrait, id: Uuid) -> Result<Option<delivery::Model>, DbErr> {
    delivery::Entity::find_by_id(id).one(conn).await
}
