//! What the lines of a plan name, read with one statement a table.

use std::collections::HashMap;

use entity::assets::asset;
use entity::listings::listing;
use entity::plans::plan_line;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::rules::{self, Facts};
use crate::fault::{Code, Fault, Rejection};
use crate::organisation::Reference;

/// Cards and offers by identity.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) cards: HashMap<Uuid, asset::Model>,
    pub(super) offers: HashMap<Uuid, listing::Model>,
}

impl Survey {
    /// Reads what is named.
    pub(super) async fn of(
        conn: &impl ConnectionTrait,
        cards: impl IntoIterator<Item = Uuid>,
        offers: impl IntoIterator<Item = Uuid>,
    ) -> Result<Self, Fault> {
        let offers = listing::Entity::find().filter(listing::Column::Id.is_in(offers)).all(conn).await?;
        let named = cards.into_iter().chain(offers.iter().map(|offer| offer.asset_id));
        let cards = asset::Entity::find().filter(asset::Column::Id.is_in(named)).all(conn).await?;
        Ok(Self {
            cards: cards.into_iter().map(|card| (card.id, card)).collect(),
            offers: offers.into_iter().map(|offer| (offer.id, offer)).collect(),
        })
    }

    /// Of lines.
    pub(super) async fn of_lines(
        conn: &impl ConnectionTrait,
        lines: &[plan_line::Model],
    ) -> Result<Self, Fault> {
        let offers = lines.iter().filter_map(|line| line.listing_id);
        Self::of(conn, lines.iter().map(|line| line.asset_id), offers).await
    }

    /// The card of a line.
    pub(super) fn card(&self, line: &plan_line::Model) -> Result<&asset::Model, Fault> {
        Ok(self.cards.get(&line.asset_id).ok_or_else(|| anyhow::anyhow!("line {} has no card", line.id))?)
    }

    /// Everything that is wrong with the lines, at their places in the plan.
    pub(super) fn faults(
        &self,
        reference: &Reference,
        lines: &[plan_line::Model],
    ) -> Result<Vec<Rejection>, Fault> {
        let state = |unit: Uuid| reference.unit(unit).map(|unit| unit.state);
        let mut facts = Vec::with_capacity(lines.len());
        for line in lines {
            let offer = line.listing_id.and_then(|id| self.offers.get(&id));
            if line.listing_id.is_some() && offer.is_none() {
                let field = format!("lines.{}.listingId", line.position);
                return Err(Rejection::new(Code::NotFound).at(field).into());
            }
            facts.push(Facts {
                line,
                card: self.card(line)?,
                offer,
                giver: state(line.giver_id),
                receiver: state(line.receiver_id),
            });
        }
        Ok(rules::faults(&facts, |n| lines[n].position))
    }
}
