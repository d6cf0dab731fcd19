//! Compares every allocation standard with what its audit trail says of it.

use entity::catalogue::allocation_standard;
use entity::events::Subject;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait};
use uuid::Uuid;

use super::forms::standard_record;
use crate::app::App;
use crate::audit::read::{told, unpaired};

/// Checks all standards; gives what does not agree (empty: all is well) and how many were read.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(app: &App, conn: &impl ConnectionTrait) -> Result<(Vec<String>, u64), DbErr> {
    let mut faults = unpaired(conn, Subject::Standard, "allocation_standard").await?;
    // A city has some hundreds.
    let standards = allocation_standard::Entity::find().all(conn).await?;
    let told = told(app, conn, Subject::Standard, (Uuid::nil(), Uuid::max())).await?;
    for row in &standards {
        let (mut set, mut ended) = (None, serde_json::Value::Null);
        for (action, payload) in told.of(row.id) {
            match (action.as_str(), payload) {
                ("standard.set" | "standard.loaded", Some(payload)) => set = Some(payload.clone()),
                ("standard.ended", Some(payload)) => ended = payload["validTo"].clone(),
                _ => {}
            }
        }
        if set.as_ref() != Some(&standard_record(row)) || ended != serde_json::json!(row.valid_to) {
            faults.push(format!("standard {}: it is not what was set", row.id));
        }
    }
    Ok((faults, standards.len() as u64))
}
