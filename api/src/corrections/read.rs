//! Finders. Who may see a card may see what was corrected on it; who may see a line, what it is to confirm.

use std::collections::HashMap;

use entity::corrections::correction;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::app::App;
use crate::assets;
use crate::fault::Fault;
use crate::graphql::connection::Page;
use crate::identity::Actor;

/// Corrections of a card that the person may see, newest first, one more than shown; none of any other card.
///
/// # Errors
/// The database's.
pub async fn page(
    app: &App,
    actor: &Actor,
    card: Uuid,
    page: &Page<Uuid>,
) -> Result<Vec<correction::Model>, Fault> {
    if !assets::read::seen(app, actor, &[card]).await?.contains(&card) {
        return Ok(Vec::new());
    }
    let mut select = correction::Entity::find().filter(correction::Column::AssetId.eq(card));
    if let Some(after) = page.after {
        select = select.filter(correction::Column::Id.lt(after));
    }
    let select = select.order_by_desc(correction::Column::Id).limit(page.fetch());
    Ok(select.all(app.db().read()).await?)
}

/// Several corrections, whoever asks: for lines that the person may see.
///
/// # Errors
/// The database's.
pub async fn by_ids(
    conn: &impl ConnectionTrait,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, correction::Model>, DbErr> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = correction::Entity::find().filter(correction::Column::Id.is_in(ids.iter().copied()));
    Ok(found.all(conn).await?.into_iter().map(|row| (row.id, row)).collect())
}
