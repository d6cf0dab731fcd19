//! Finders of successions, and the preview.

use std::collections::BTreeMap;

use entity::assets::{AssetState, asset};
use entity::successions::{SuccessionState, succession, succession_unit};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    Statement,
};
use uuid::Uuid;

use super::passes::{self, LIVING, Thing};
use super::row;
pub use super::row::{Done, Which};
use super::rules::{Assignment, ShareForm};
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::Fault;
use crate::graphql::connection::Page;
use crate::identity::Actor;

/// A succession, where the caller may see it.
///
/// # Errors
/// The database's.
pub async fn find(app: &App, actor: &Actor, id: Uuid) -> Result<Option<succession::Model>, Fault> {
    if actor.allow(Operation::Succession, &Parties::default()).is_err() {
        return Ok(None);
    }
    Ok(succession::Entity::find_by_id(id).one(app.db().read()).await?)
}

/// A page of successions, the newest first; of one state, or of one unit, where asked for.
///
/// # Errors
/// [`crate::fault::Code::NotAllowed`]; the database's.
pub async fn list(
    app: &App,
    actor: &Actor,
    state: Option<SuccessionState>,
    unit: Option<Uuid>,
    page: &Page<Uuid>,
) -> Result<Vec<succession::Model>, Fault> {
    actor.allow(Operation::Successions, &Parties::default())?;
    let mut query = succession::Entity::find().order_by_desc(succession::Column::Id);
    if let Some(state) = state {
        query = query.filter(succession::Column::State.eq(state));
    }
    if let Some(unit) = unit {
        let of_unit: Vec<Uuid> = succession_unit::Entity::find()
            .select_only()
            .column(succession_unit::Column::SuccessionId)
            .filter(succession_unit::Column::UnitId.eq(unit))
            .into_tuple()
            .all(app.db().read())
            .await?;
        query = query.filter(succession::Column::Id.is_in(of_unit));
    }
    if let Some(after) = page.after {
        query = query.filter(succession::Column::Id.lt(after));
    }
    Ok(query.limit(page.fetch()).all(app.db().read()).await?)
}

/// Units and shares of a succession.
///
/// # Errors
/// The database's.
pub async fn details(app: &App, id: Uuid) -> Result<(Vec<Uuid>, Vec<ShareForm>), Fault> {
    let conn = app.db().read();
    let units = row::units_of(conn, id).await?.into_iter().map(|row| row.unit_id).collect();
    Ok((units, row::shares_of(conn, id).await?))
}

/// So much of a thing passes from one unit to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Whose it is.
    pub from: Uuid,
    /// Whose it becomes.
    pub to: Uuid,
    /// What.
    pub thing: Thing,
    /// How many.
    pub count: i64,
}

/// How much of what passes where, as things stand now; of one that is done nothing is left.
///
/// # Errors
/// The database's.
pub async fn preview(app: &App, row: &succession::Model) -> Result<Vec<Counted>, Fault> {
    let conn = app.db().read();
    let assignment = row::assignment(conn, &app.reference(), row).await?;
    let mut found = Vec::new();
    for unit in row::units_of(conn, row.id).await? {
        let from = unit.unit_id;
        for (thing, count) in passes::counts(conn, from, app.clock().today()).await? {
            let shared = match thing {
                Thing::Cards if !assignment.shares.is_empty() => cards(conn, from, &assignment).await?,
                Thing::Listings if !assignment.shares.is_empty() => listings(conn, from, &assignment).await?,
                _ => BTreeMap::from([(row.successor_id, count)]),
            };
            found.extend(shared.into_iter().map(|(to, count)| Counted { from, to, thing, count }));
        }
    }
    Ok(found)
}

#[derive(Debug, FromQueryResult)]
struct Placed {
    id: Uuid,
    bin_id: Option<Uuid>,
    category_id: Option<Uuid>,
}

fn shared(rows: Vec<Placed>, assignment: &Assignment) -> BTreeMap<Uuid, i64> {
    let mut found = BTreeMap::new();
    for card in rows {
        *found.entry(assignment.of(card.id, card.bin_id, card.category_id)).or_default() += 1;
    }
    found
}

async fn cards(
    conn: &impl ConnectionTrait,
    unit: Uuid,
    assignment: &Assignment,
) -> Result<BTreeMap<Uuid, i64>, Fault> {
    let rows = asset::Entity::find()
        .select_only()
        .columns([asset::Column::Id, asset::Column::BinId, asset::Column::CategoryId])
        .filter(asset::Column::HolderId.eq(unit))
        .filter(asset::Column::State.eq(AssetState::Active))
        .into_model::<Placed>()
        .all(conn)
        .await?;
    Ok(shared(rows, assignment))
}

async fn listings(
    conn: &impl ConnectionTrait,
    unit: Uuid,
    assignment: &Assignment,
) -> Result<BTreeMap<Uuid, i64>, Fault> {
    let sql = format!(
        "select asset.id, asset.bin_id, asset.category_id from listing join asset on asset.id = listing.asset_id \
         where listing.unit_id = $1 and ({LIVING})"
    );
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, [unit.into()]);
    Ok(shared(Placed::find_by_statement(statement).all(conn).await?, assignment))
}
