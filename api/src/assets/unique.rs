//! One serial number, one card. What collides with a card that the caller may not see is accepted, and goes to the
//! office: neither the answer nor the time it takes may tell that there is such a card.

use entity::assets::{AssetState, asset};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Statement};
use uuid::Uuid;

use super::read;
use crate::fault::{Code, Fault, Rejection};
use crate::write::Tx;

/// Asks whether the serial number is free among what the caller may see. Every path runs the same statements.
pub(super) async fn serial_free(tx: &Tx, card: &asset::Model) -> Result<Option<Rejection>, Fault> {
    let Some(key) = &card.serial_key else { return Ok(None) };
    if tx.app().db().is_postgres() {
        // Two cards entered at the same moment would not see each other. SQLite has one writer.
        let lock = Statement::from_sql_and_values(
            tx.conn().get_database_backend(),
            "select pg_advisory_xact_lock(hashtextextended($1, 0))",
            [key.clone().into()],
        );
        tx.conn().execute_raw(lock).await?;
    }
    let seen = asset::Entity::find()
        .select_only()
        .column(asset::Column::Id)
        .filter(asset::Column::SerialKey.eq(key))
        .filter(asset::Column::State.eq(AssetState::Active))
        .filter(asset::Column::Id.ne(card.id))
        .filter(read::visible(tx.actor()))
        .limit(1)
        .into_tuple::<Uuid>()
        .one(tx.conn())
        .await?;
    Ok(seen.map(|_| Rejection::new(Code::Duplicate).at("serial")))
}

/// Notes for the office that another card, which the caller may not see, has the same serial number. One statement,
/// whether there is one or not, and nothing in the card's own trail.
pub(super) async fn tell_office(tx: &Tx, card: &asset::Model) -> Result<(), Fault> {
    let Some(key) = &card.serial_key else { return Ok(()) };
    let sql = "insert into duplicate_case (id, asset_id, other_id, created_at) \
               select $1, $2, other.id, $3 from asset other \
               where other.serial_key = $4 and other.state = 'ACTIVE' and other.id <> $2 \
               order by other.id limit 1 on conflict do nothing";
    let values = [tx.id().into(), card.id.into(), tx.now().into(), key.clone().into()];
    tx.conn()
        .execute_raw(Statement::from_sql_and_values(tx.conn().get_database_backend(), sql, values))
        .await?;
    Ok(())
}
