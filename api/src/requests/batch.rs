//! What the lines of one request are worth together: whoever splits a wish into many lines does not lower what each of them
//! needs.

use std::collections::HashMap;

use entity::assets::asset;
use entity::listings::listing;
use entity::requests::{LineState, request_line};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::approvals::steps::Together;
use crate::fault::Fault;
use crate::listings;
use crate::listings::goods::goods;

/// States of lines that ask for nothing any more, and got nothing.
const GONE: [LineState; 7] = [
    LineState::Cut,
    LineState::Rejected,
    LineState::Cancelled,
    LineState::Expired,
    LineState::Outranked,
    LineState::GiverFailed,
    LineState::Refused,
];

/// The lines of a request, by what they are worth to each giver.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    request: Uuid,
    by_giver: HashMap<Uuid, i64>,
}

impl Batch {
    /// Of a request whose lines are written.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn of(conn: &impl ConnectionTrait, request: Uuid) -> Result<Self, Fault> {
        let lines = request_line::Entity::find()
            .filter(request_line::Column::RequestId.eq(request))
            .filter(request_line::Column::State.is_not_in(GONE))
            .all(conn)
            .await?;
        let offers: HashMap<Uuid, (listing::Model, Option<asset::Model>)> = listing::Entity::find()
            .filter(listing::Column::Id.is_in(lines.iter().map(|line| line.listing_id)))
            .join(JoinType::InnerJoin, listings::read::card())
            .select_also(asset::Entity)
            .all(conn)
            .await?
            .into_iter()
            .map(|(offer, card)| (offer.id, (offer, card)))
            .collect();
        let mut by_giver: HashMap<Uuid, i64> = HashMap::new();
        for line in &lines {
            if let Some((offer, Some(card))) = offers.get(&line.listing_id) {
                let sum = by_giver.entry(offer.unit_id).or_default();
                *sum = sum.saturating_add(goods(offer, card, line.quantity).value);
            }
        }
        Ok(Self { request, by_giver })
    }

    /// For the approvers of a line that this giver gives.
    pub(crate) fn together(&self, giver: Uuid) -> Together {
        Together {
            id: self.request,
            of_giver: self.by_giver.get(&giver).copied().unwrap_or(0),
            of_receiver: self.by_giver.values().fold(0, |sum, value| sum.saturating_add(*value)),
        }
    }
}
