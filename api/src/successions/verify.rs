//! Nothing is left at a closed unit that should have passed on, and a succession that is done has closed its units.

use entity::events::Subject;
use entity::organisation::{UnitState, unit};
use entity::successions::{SuccessionState, succession, succession_unit};
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder};
use uuid::Uuid;

use super::passes;
use crate::app::App;
use crate::audit::read::unpaired;
use crate::fault::Fault;

/// Checks all closed units; gives what does not agree (empty: all is well) and how many successions were read.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(app: &App, conn: &impl ConnectionTrait) -> Result<(Vec<String>, u64), Fault> {
    let mut faults = unpaired(conn, Subject::Succession, "succession").await?;
    for (table, column, unit, count) in passes::left(conn, None, app.clock().today()).await? {
        faults.push(format!("unit {unit} is closed, and {count} rows of {table} name it as {column}"));
    }
    let rows = succession::Entity::find().order_by_asc(succession::Column::Id).all(conn).await?;
    let members = succession_unit::Entity::find().all(conn).await?;
    let units = unit::Entity::find().all(conn).await?;
    let of = |id: Uuid| units.iter().find(|unit| unit.id == id);
    for row in &rows {
        let wanted = match row.state {
            SuccessionState::Announced | SuccessionState::Running => UnitState::Closing,
            SuccessionState::Done => UnitState::Closed,
            SuccessionState::Draft | SuccessionState::CalledOff => continue,
        };
        for member in members.iter().filter(|member| member.succession_id == row.id) {
            let unit = of(member.unit_id);
            if unit.is_none_or(|unit| unit.state != wanted || unit.successor_id != Some(row.successor_id)) {
                faults.push(format!(
                    "succession {}: unit {} is not {wanted} with its successor",
                    row.number, member.unit_id
                ));
            }
        }
    }
    Ok((faults, rows.len() as u64))
}
