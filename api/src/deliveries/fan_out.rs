//! From the log into rows: reads on for one endpoint, and moves its place in the log in the same transaction.

use std::collections::HashSet;

use entity::deliveries::{DeliveryState, delivery, delivery_endpoint};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect,
};
use uuid::Uuid;

use super::sink::Sink;
use super::store::{self, OPEN};
use crate::app::App;
use crate::events::{self, Outline};
use crate::fault::Fault;
use crate::identity::Actor;
use crate::write::{Command, Tx};

/// Events looked at in one transaction: the writer is never held for long.
const BATCH: u64 = 300;

/// Reads the log on for every endpoint that is not at its end.
///
/// # Errors
/// When the database does not answer.
pub async fn fan_out(app: &App, endpoints: &[delivery_endpoint::Model]) -> Result<(), Fault> {
    let Some((newest, _)) = events::newest(app.db().read()).await? else { return Ok(()) };
    for endpoint in endpoints.iter().filter(|endpoint| endpoint.log_seq != newest) {
        while read_on(app, endpoint.id).await? == BATCH {}
    }
    Ok(())
}

/// One step; gives how many events were looked at.
async fn read_on(app: &App, endpoint: Uuid) -> Result<u64, Fault> {
    // What is not meant for other systems is passed over by the readers alone, and the writer is left in peace.
    let seen = delivery_endpoint::Entity::find_by_id(endpoint).one(app.db().read()).await?;
    let Some(seen) = seen else { return Ok(0) };
    if events::outlines_after(app.db().read(), seen.log_seq, 1).await?.is_empty() {
        return Ok(0);
    }
    app.write(&Actor::system(), Command::new("fanOut", None, &()), |tx| async move {
        // Of several processes one reads on; the next finds the place where it stopped.
        let Some(endpoint) = store::hold_endpoint(&tx, endpoint).await?.filter(|endpoint| endpoint.active)
        else {
            return Ok(0);
        };
        let Some(sink) = Sink::of(tx.conn(), endpoint.id, endpoint.consumer).await? else { return Ok(0) };
        let events = events::outlines_after(tx.conn(), endpoint.log_seq, BATCH).await?;
        let Some(last) = events.last() else { return Ok(0) };
        let log_seq = last.seq;
        let looked_at = events.len() as u64;
        let heard: Vec<Outline> =
            events.into_iter().filter(|event| sink.hears(event.subject_kind, &event.kind)).collect();
        let position = endpoint.position + heard.len() as i64;
        insert(&tx, &endpoint, heard).await?;
        delivery_endpoint::Entity::update_many()
            .col_expr(delivery_endpoint::Column::LogSeq, Expr::value(log_seq))
            .col_expr(delivery_endpoint::Column::Position, Expr::value(position))
            .filter(delivery_endpoint::Column::Id.eq(endpoint.id))
            .exec(tx.conn())
            .await?;
        Ok(looked_at)
    })
    .await
}

/// A row for each event: the head of its subject where none is open, else behind it.
async fn insert(tx: &Tx, endpoint: &delivery_endpoint::Model, events: Vec<Outline>) -> Result<(), Fault> {
    if events.is_empty() {
        return Ok(());
    }
    let now = store::database_now(tx.conn()).await?;
    let mut busy = busy(tx.conn(), endpoint.id, &events).await?;
    let rows = events.into_iter().zip(endpoint.position + 1..).map(|(event, position)| {
        let first = busy.insert(event.subject_id);
        delivery::Model {
            id: tx.id(),
            endpoint_id: endpoint.id,
            position,
            event_seq: event.seq,
            event_id: event.id,
            event_kind: event.kind,
            subject_kind: event.subject_kind,
            subject_id: event.subject_id,
            state: if first { DeliveryState::Waiting } else { DeliveryState::Behind },
            run_at: now,
            lease_until: None,
            fence: 0,
            attempts: 0,
            status: None,
            error: None,
            created_at: tx.now(),
            ended_at: None,
        }
        .into_active_model()
        .reset_all()
    });
    delivery::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Subjects about which something is on its way already.
async fn busy(
    conn: &impl ConnectionTrait,
    endpoint: Uuid,
    events: &[Outline],
) -> Result<HashSet<Uuid>, DbErr> {
    use delivery::Column::{EndpointId, State, SubjectId};
    let subjects: HashSet<Uuid> = events.iter().map(|event| event.subject_id).collect();
    let busy: Vec<Uuid> = delivery::Entity::find()
        .select_only()
        .column(SubjectId)
        .distinct()
        .filter(EndpointId.eq(endpoint))
        .filter(SubjectId.is_in(subjects))
        .filter(State.is_in(OPEN))
        .into_tuple()
        .all(conn)
        .await?;
    Ok(busy.into_iter().collect())
}
