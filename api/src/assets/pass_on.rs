//! Cards of a unit that is succeeded: each keeps its identity, its place and its history, and is in the books of another.

use std::collections::{HashMap, HashSet};

use entity::assets::{AssetState, asset, asset_holding};
use entity::events::Subject;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::json;
use uuid::Uuid;

use super::rules;
use crate::bulk;
use crate::fault::Fault;
use crate::write::Tx;

/// What became of some cards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passed {
    /// Cards that passed.
    pub(crate) cards: i64,
    /// Of those, cards that got another number, because theirs is in use at the new holder.
    pub(crate) renumbered: i64,
}

/// Books cards with another unit, with a handful of statements however many they are. A number goes with its card; one that is
/// in use there gets an ending, `-2`, `-3` …: the old one stays in the history.
///
/// # Errors
/// The database's.
pub(crate) async fn pass_on(tx: &Tx, ids: &[Uuid], to: Uuid, succession: Uuid) -> Result<Passed, Fault> {
    let cards = asset::Entity::find()
        .filter(asset::Column::Id.is_in(ids.iter().copied()))
        .filter(asset::Column::State.eq(AssetState::Active))
        .filter(asset::Column::HolderId.ne(to))
        .order_by_asc(asset::Column::Id)
        .lock_exclusive()
        .all(tx.conn())
        .await?;
    if cards.is_empty() {
        return Ok(Passed::default());
    }
    let numbers = new_numbers(tx, &cards, to).await?;
    let as_they_are = cards.iter().map(|card| card.id).filter(|id| !numbers.contains_key(id));
    let moved = |number: Option<Option<String>>| {
        let mut update = asset::Entity::update_many()
            .col_expr(asset::Column::HolderId, Expr::value(to))
            .col_expr(asset::Column::UpdatedAt, Expr::value(tx.now()))
            .col_expr(asset::Column::Version, Expr::col(asset::Column::Version).add(1));
        if let Some(number) = number {
            update = update.col_expr(asset::Column::Number, Expr::value(number));
        }
        update
    };
    let as_they_are: Vec<Uuid> = as_they_are.collect();
    if !as_they_are.is_empty() {
        moved(None).filter(asset::Column::Id.is_in(as_they_are)).exec(tx.conn()).await?;
    }
    for (id, number) in &numbers {
        moved(Some(Some(number.clone()))).filter(asset::Column::Id.eq(*id)).exec(tx.conn()).await?;
    }
    asset_holding::Entity::update_many()
        .col_expr(asset_holding::Column::ToAt, Expr::value(Some(tx.now())))
        .filter(asset_holding::Column::AssetId.is_in(cards.iter().map(|card| card.id)))
        .filter(asset_holding::Column::ToAt.is_null())
        .exec(tx.conn())
        .await?;
    let mut holdings = Vec::with_capacity(cards.len());
    for card in &cards {
        let number = numbers.get(&card.id).or(card.number.as_ref());
        let payload = json!({
            "fromId": card.holder_id, "toId": to, "number": number, "successionId": succession,
        });
        tx.record(Subject::Asset, card.id, card.version + 1, "asset.moved", &payload);
        let holding = asset_holding::Model {
            id: tx.id(),
            asset_id: card.id,
            unit_id: to,
            number: number.cloned(),
            transfer_id: None,
            succession_id: Some(succession),
            from_at: tx.now(),
            to_at: None,
        };
        holdings.push(holding.into_active_model().reset_all());
    }
    bulk::insert(tx.conn(), holdings).await?;
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    Ok(Passed { cards: count(cards.len()), renumbered: count(numbers.len()) })
}

/// Numbers for the cards whose own is in use at the new holder.
async fn new_numbers(tx: &Tx, cards: &[asset::Model], to: Uuid) -> Result<HashMap<Uuid, String>, Fault> {
    let own: HashSet<String> = cards.iter().filter_map(|card| card.number.clone()).collect();
    let taken = in_use(tx, to, own.iter().cloned().collect()).await?;
    let mut open: Vec<(Uuid, String)> = cards
        .iter()
        .filter_map(|card| Some((card.id, card.number.clone().filter(|number| taken.contains(number))?)))
        .collect();
    let mut given = HashMap::new();
    // Nobody else takes a number of these meanwhile without meeting the index.
    let mut reserved = own;
    for ending in 2_u32.. {
        if open.is_empty() {
            break;
        }
        let tried: Vec<String> = open.iter().map(|(_, number)| rules::with_ending(number, ending)).collect();
        let taken = in_use(tx, to, tried.clone()).await?;
        let mut left = Vec::new();
        for ((id, number), next) in open.into_iter().zip(tried) {
            if taken.contains(&next) || !reserved.insert(next.clone()) {
                left.push((id, number));
            } else {
                given.insert(id, next);
            }
        }
        open = left;
    }
    Ok(given)
}

async fn in_use(tx: &Tx, unit: Uuid, numbers: Vec<String>) -> Result<HashSet<String>, Fault> {
    if numbers.is_empty() {
        return Ok(HashSet::new());
    }
    let found: Vec<Option<String>> = asset::Entity::find()
        .select_only()
        .column(asset::Column::Number)
        .filter(asset::Column::HolderId.eq(unit))
        .filter(asset::Column::State.eq(AssetState::Active))
        .filter(asset::Column::Number.is_in(numbers))
        .into_tuple()
        .all(tx.conn())
        .await?;
    Ok(found.into_iter().flatten().collect())
}
