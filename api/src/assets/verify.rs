//! Compares every card with what its audit trail says of its pieces, its value, its holder and its state.
//!
//! Not compared: words, dates and numbers of the books, which are in the trail only as they were typed in; and what was
//! told before a purge, of which the trail keeps [`Facts`] alone.

use entity::Money;
use entity::assets::{AssetState, ValueBasis, asset};
use entity::events::Subject;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::card::DRAFT_BASIS;
use crate::app::App;
use crate::audit::read::{told, unpaired};

/// Cards compared at a time: memory stays small whatever there is.
const BATCH: u64 = 1_000;

/// What a record says of a whole card: of one that was loaded, or purged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    quantity: i64,
    value: Option<Money>,
    value_basis: ValueBasis,
    holder_id: Uuid,
    state: AssetState,
}

impl From<&asset::Model> for Facts {
    fn from(card: &asset::Model) -> Self {
        Self {
            quantity: card.quantity,
            value: card.value,
            value_basis: card.value_basis,
            holder_id: card.holder_id,
            state: card.state,
        }
    }
}

/// Checks all cards; gives what does not agree (empty: all is well) and how many were read.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(app: &App, conn: &impl ConnectionTrait) -> Result<(Vec<String>, u64), DbErr> {
    let mut faults = unpaired(conn, Subject::Asset, "asset").await?;
    let mut read = 0;
    let mut last = Uuid::nil();
    loop {
        let cards = asset::Entity::find()
            .filter(asset::Column::Id.gt(last))
            .order_by_asc(asset::Column::Id)
            .limit(BATCH)
            .all(conn)
            .await?;
        let Some(newest) = cards.last().map(|card| card.id) else { return Ok((faults, read)) };
        let told = told(app, conn, Subject::Asset, (last, newest)).await?;
        last = newest;
        read += cards.len() as u64;
        for card in &cards {
            let mut known = Known::default();
            for (action, payload) in told.of(card.id) {
                known.hear(action, payload.as_ref());
            }
            faults.extend(
                known
                    .differences(card)
                    .map(|what| format!("card {}: {what} is not that of its trail", card.id)),
            );
        }
    }
}

/// What is known of a card from its trail; nothing where it was purged or never told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Known {
    quantity: Option<i64>,
    value: Option<Option<i64>>,
    basis: Option<ValueBasis>,
    holder: Option<Uuid>,
    state: Option<AssetState>,
}

impl Known {
    fn hear(&mut self, action: &str, payload: Option<&Value>) {
        let Some(payload) = payload else {
            // Only what a person typed in can be purged.
            *self = Self { state: self.state, holder: self.holder, ..Self::default() };
            return;
        };
        match action {
            "asset.loaded" | "asset.purged" => {
                let Ok(facts) = serde_json::from_value::<Facts>(payload.clone()) else { return };
                *self = Self {
                    quantity: Some(facts.quantity),
                    value: Some(facts.value.map(|value| value.0)),
                    basis: Some(facts.value_basis),
                    holder: Some(facts.holder_id),
                    state: Some(facts.state),
                };
            }
            "asset.drafted" => {
                *self = Self {
                    quantity: Some(1),
                    value: Some(None),
                    basis: Some(DRAFT_BASIS),
                    holder: read(payload, "holder_id"),
                    state: Some(AssetState::Active),
                };
                self.change(&payload["card"]);
            }
            "asset.updated" | "asset.corrected" => self.change(payload),
            "asset.split" => self.count(payload, "restQuantity", "restValue"),
            "asset.split_off" => {
                self.count(payload, "quantity", "value");
                self.basis = read(payload, "valueBasis");
                self.holder = read(payload, "holderId");
                self.state = Some(AssetState::Active);
            }
            "asset.joined" => self.count(payload, "quantity", "value"),
            "asset.moved" => self.holder = read(payload, "toId"),
            "asset.merged" => self.state = Some(AssetState::Merged),
            "asset.lost" => self.state = Some(AssetState::Lost),
            "asset.disposed" => self.state = Some(AssetState::Disposed),
            _ => {}
        }
    }

    /// As `CardPatch` is written: what is left out stays, and a value of null is cleared.
    fn change(&mut self, patch: &Value) {
        self.quantity = read(patch, "quantity").or(self.quantity);
        self.value = patch.get("value").map(Value::as_i64).or(self.value);
        self.basis = read(patch, "value_basis").or(self.basis);
    }

    fn count(&mut self, payload: &Value, quantity: &str, value: &str) {
        self.quantity = read(payload, quantity);
        self.value = payload.get(value).map(Value::as_i64);
    }

    /// What of the card is otherwise.
    fn differences(&self, card: &asset::Model) -> impl Iterator<Item = &'static str> + use<> {
        let differs = [
            ("its quantity", self.quantity.is_some_and(|quantity| quantity != card.quantity)),
            ("its value", self.value.is_some_and(|value| value != card.value.map(|value| value.0))),
            ("the basis of its value", self.basis.is_some_and(|basis| basis != card.value_basis)),
            ("its holder", self.holder.is_some_and(|holder| holder != card.holder_id)),
            ("its state", self.state.is_some_and(|state| state != card.state)),
        ];
        differs.into_iter().filter_map(|(what, differs)| differs.then_some(what))
    }
}

fn read<T: serde::de::DeserializeOwned>(payload: &Value, field: &str) -> Option<T> {
    serde_json::from_value(payload.get(field)?.clone()).ok()
}
