//! What other slices may do with cards, inside their transaction. Each answers the card as it is afterwards.

use entity::Money;
use entity::assets::{AssetState, asset, asset_holding};
use entity::events::Subject;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, NotSet, QueryFilter,
    QueryOrder, QuerySelect, SqlErr, Statement,
};
use serde_json::json;
use uuid::Uuid;

use super::rules;
pub(crate) use super::update::correct;
use super::verify::Facts;
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::write::Tx;

/// The card, its row locked until the transaction ends.
///
/// # Errors
/// [`Code::NotFound`]; the database's.
pub async fn load_for_update(tx: &Tx, id: Uuid) -> Result<asset::Model, Fault> {
    // SQLite has no such lock and needs none: it has one writer.
    asset::Entity::find_by_id(id).lock_exclusive().one(tx.conn()).await?.ok_or_else(|| Code::NotFound.into())
}

/// Many cards at once, their rows locked in order of identity until the transaction ends; what is not there is left out.
///
/// # Errors
/// The database's.
pub(crate) async fn load_all_for_update(tx: &Tx, ids: &[Uuid]) -> Result<Vec<asset::Model>, Fault> {
    Ok(asset::Entity::find()
        .filter(asset::Column::Id.is_in(ids.iter().copied()))
        .order_by_asc(asset::Column::Id)
        .lock_exclusive()
        .all(tx.conn())
        .await?)
}

/// Splits `n` pieces off a lot: (rest, child). The value is shared pro rata in minor units and always sums. Needs
/// `0 < n < quantity`. The number and the serial stay with the rest, whose identity goes on.
///
/// # Errors
/// [`Code::NotEnough`], [`Code::Stale`]; the database's.
pub async fn split(tx: &Tx, card: asset::Model, n: i64) -> Result<(asset::Model, asset::Model), Fault> {
    if n <= 0 || n >= card.quantity {
        let fault = Rejection::new(Code::NotEnough).at("quantity").with("asked", n);
        return Err(fault.with("available", card.quantity - 1).into());
    }
    let shares = card.value.map(|value| rules::pro_rata(value, n, card.quantity));
    let child = asset::Model {
        id: tx.id(),
        number: None,
        serial: None,
        serial_key: None,
        quantity: n,
        value: shares.map(|(share, _)| share),
        parent_id: Some(card.id),
        created_at: tx.now(),
        updated_at: tx.now(),
        version: 1,
        ..card.clone()
    };
    insert(tx, &child, None).await?;
    let rest = asset::Model { quantity: card.quantity - n, value: shares.map(|(_, rest)| rest), ..card };
    let rest = save(tx, rest).await?;
    let payload = json!({
        "childId": child.id, "childQuantity": child.quantity, "childValue": child.value,
        "restQuantity": rest.quantity, "restValue": rest.value,
    });
    tx.record(Subject::Asset, rest.id, rest.version, "asset.split", &payload);
    let payload = json!({
        "parentId": rest.id, "quantity": child.quantity, "value": child.value,
        "valueBasis": child.value_basis, "holderId": child.holder_id,
    });
    tx.record(Subject::Asset, child.id, child.version, "asset.split_off", &payload);
    Ok((rest, child))
}

/// Joins a card to another of the same holder again; the first ends as MERGED.
///
/// # Errors
/// [`Code::Stale`]; the database's; internal where the two do not belong to one holder.
pub async fn merge_back(tx: &Tx, child: asset::Model, into: asset::Model) -> Result<asset::Model, Fault> {
    let joined = [&child, &into].iter().all(|card| card.state == AssetState::Active) && child.id != into.id;
    if !joined || child.holder_id != into.holder_id {
        return Err(Fault::Internal(anyhow::anyhow!("card {} cannot be joined to {}", child.id, into.id)));
    }
    let value = match (into.value, child.value) {
        (None, None) => None,
        (left, right) => Some(Money(left.unwrap_or_default().0 + right.unwrap_or_default().0)),
    };
    let joined = asset::Model { quantity: into.quantity + child.quantity, value, ..into };
    let ended = save(tx, asset::Model { state: AssetState::Merged, ..child }).await?;
    close_holding(tx, ended.id).await?;
    let joined = save(tx, joined).await?;
    let payload = json!({ "intoId": joined.id, "quantity": ended.quantity, "value": ended.value });
    tx.record(Subject::Asset, ended.id, ended.version, "asset.merged", &payload);
    let payload = json!({ "childId": ended.id, "quantity": joined.quantity, "value": joined.value });
    tx.record(Subject::Asset, joined.id, joined.version, "asset.joined", &payload);
    Ok(joined)
}

/// Books the card with another unit, under that unit's number and at the place where it stands now: none where neither
/// is known, because those of the former holder are wrong. Its identity and history go on.
///
/// # Errors
/// [`Code::Duplicate`] at `number` where the unit uses that number already; [`Code::Stale`]; the database's.
pub async fn move_to(
    tx: &Tx,
    card: asset::Model,
    unit: Uuid,
    number: Option<&str>,
    place: &str,
    transfer: Uuid,
) -> Result<asset::Model, Fault> {
    let mut faults = Vec::new();
    let number = checks::optional_text(&mut faults, "number", number, 100);
    let place = checks::text(&mut faults, "place", place, 300);
    Fault::all(faults)?;
    let from = card.holder_id;
    close_holding(tx, card.id).await?;
    let next = asset::Model { holder_id: unit, number, bin_id: None, place, ..card };
    Fault::all(free_number(tx, &next).await?.into_iter().collect())?;
    let moved = save(tx, next).await?;
    open_holding(tx, &moved, Some(transfer)).await?;
    let payload = json!({ "fromId": from, "toId": unit, "number": moved.number, "transferId": transfer });
    tx.record(Subject::Asset, moved.id, moved.version, "asset.moved", &payload);
    Ok(moved)
}

/// The hand-over that brought a card to its holder, or to the unit that its holder has taken over from.
///
/// # Errors
/// The database's.
pub async fn brought_by(tx: &Tx, card: Uuid) -> Result<Option<Uuid>, Fault> {
    let last: Option<Option<Uuid>> = asset_holding::Entity::find()
        .select_only()
        .column(asset_holding::Column::TransferId)
        .filter(asset_holding::Column::AssetId.eq(card))
        .filter(asset_holding::Column::SuccessionId.is_null())
        .order_by_desc(asset_holding::Column::FromAt)
        .order_by_desc(asset_holding::Column::Id)
        .into_tuple()
        .one(tx.conn())
        .await?;
    Ok(last.flatten())
}

/// The card was lost on the way.
///
/// # Errors
/// [`Code::Stale`]; the database's.
pub async fn mark_lost(tx: &Tx, card: asset::Model) -> Result<asset::Model, Fault> {
    let lost = save(tx, asset::Model { state: AssetState::Lost, ..card }).await?;
    close_holding(tx, lost.id).await?;
    let payload = json!({ "quantity": lost.quantity, "value": lost.value });
    tx.record(Subject::Asset, lost.id, lost.version, "asset.lost", &payload);
    Ok(lost)
}

/// The card was disposed of: it leaves the books of its holder and keeps its history.
///
/// # Errors
/// [`Code::Stale`]; the database's.
pub async fn dispose(tx: &Tx, card: asset::Model, disposal: Uuid) -> Result<asset::Model, Fault> {
    let gone = save(tx, asset::Model { state: AssetState::Disposed, ..card }).await?;
    close_holding(tx, gone.id).await?;
    let payload = json!({ "quantity": gone.quantity, "value": gone.value, "disposalId": disposal });
    tx.record(Subject::Asset, gone.id, gone.version, "asset.disposed", &payload);
    Ok(gone)
}

/// Puts the card into a storage place of the warehouse.
///
/// # Errors
/// [`Code::Stale`]; the database's.
pub async fn shelve(tx: &Tx, card: asset::Model, place: Uuid) -> Result<asset::Model, Fault> {
    let shelved = save(tx, asset::Model { bin_id: Some(place), ..card }).await?;
    tx.record(Subject::Asset, shelved.id, shelved.version, "asset.shelved", &json!({ "placeId": place }));
    Ok(shelved)
}

/// The card and all that it was split from or into, in the order of their ids; empty where it is not there.
///
/// # Errors
/// The database's.
pub async fn family(tx: &Tx, id: Uuid) -> Result<Vec<Uuid>, Fault> {
    let sql = "with recursive up (id, parent_id) as (\
        select id, parent_id from asset where id = $1 \
        union select a.id, a.parent_id from asset a join up on a.id = up.parent_id), \
        family (id) as (select id from up union select a.id from asset a join family on a.parent_id = family.id) \
        select id from family order by id";
    let statement = Statement::from_sql_and_values(tx.conn().get_database_backend(), sql, [id.into()]);
    let rows = tx.conn().query_all_raw(statement).await?;
    Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
}

/// Leaves nothing of a card but what the books need, hidden from all without the right: pieces, value, category, holder.
///
/// # Errors
/// [`Code::NotFound`]; the database's.
pub async fn purge(tx: &Tx, id: Uuid) -> Result<(), Fault> {
    let card = load_for_update(tx, id).await?;
    let blank = asset::Model {
        number: None,
        name: String::new(),
        brand: String::new(),
        model: String::new(),
        serial: None,
        serial_key: None,
        description: String::new(),
        place: String::new(),
        funding_source: String::new(),
        erasure_record: None,
        details: json!({}),
        restricted: true,
        ..card
    };
    let purged = save(tx, blank).await?;
    asset_holding::Entity::update_many()
        .col_expr(asset_holding::Column::Number, Expr::value(None::<String>))
        .filter(asset_holding::Column::AssetId.eq(id))
        .exec(tx.conn())
        .await?;
    tx.record(Subject::Asset, id, purged.version, "asset.purged", &Facts::from(&purged));
    Ok(())
}

/// Writes a card that was read with its present version.
pub(super) async fn save(tx: &Tx, card: asset::Model) -> Result<asset::Model, Fault> {
    let next = asset::Model { version: card.version + 1, updated_at: tx.now(), ..card };
    let mut row = next.clone().into_active_model().reset_all();
    row.id = NotSet;
    let touched = asset::Entity::update_many()
        .set(row)
        .filter(asset::Column::Id.eq(next.id))
        .filter(asset::Column::Version.eq(next.version - 1))
        .exec(tx.conn())
        .await
        .map_err(number_taken)?;
    if touched.rows_affected == 1 { Ok(next) } else { Err(Code::Stale.into()) }
}

/// Writes a new card and opens its history.
pub(super) async fn insert(tx: &Tx, card: &asset::Model, transfer: Option<Uuid>) -> Result<(), Fault> {
    asset::Entity::insert(card.clone().into_active_model().reset_all())
        .exec_without_returning(tx.conn())
        .await
        .map_err(number_taken)?;
    open_holding(tx, card, transfer).await
}

pub(super) async fn open_holding(tx: &Tx, card: &asset::Model, transfer: Option<Uuid>) -> Result<(), Fault> {
    let holding = asset_holding::Model {
        id: tx.id(),
        asset_id: card.id,
        unit_id: card.holder_id,
        number: card.number.clone(),
        transfer_id: transfer,
        succession_id: None,
        from_at: tx.now(),
        to_at: None,
    };
    asset_holding::Entity::insert(holding.into_active_model().reset_all())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

pub(super) async fn close_holding(tx: &Tx, card: Uuid) -> Result<(), Fault> {
    asset_holding::Entity::update_many()
        .col_expr(asset_holding::Column::ToAt, Expr::value(Some(tx.now())))
        .filter(asset_holding::Column::AssetId.eq(card))
        .filter(asset_holding::Column::ToAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Says so at `number` where another active card of the holder has the card's number.
pub(super) async fn free_number(tx: &Tx, card: &asset::Model) -> Result<Option<Rejection>, Fault> {
    let Some(number) = &card.number else { return Ok(None) };
    let taken = asset::Entity::find()
        .select_only()
        .column(asset::Column::Id)
        .filter(asset::Column::HolderId.eq(card.holder_id))
        .filter(asset::Column::Number.eq(number))
        .filter(asset::Column::State.eq(AssetState::Active))
        .filter(asset::Column::Id.ne(card.id))
        .into_tuple::<Uuid>()
        .one(tx.conn())
        .await?;
    Ok(taken.map(|_| Rejection::new(Code::Duplicate).at("number")))
}

/// Two that took one number at the same moment: the index decides, and the loser hears it as [`free_number`] says it.
fn number_taken(error: DbErr) -> Fault {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(text)) if text.contains("number") => {
            Rejection::new(Code::Duplicate).at("number").into()
        }
        _ => error.into(),
    }
}
