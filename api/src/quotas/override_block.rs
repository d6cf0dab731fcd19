//! The office lets a unit ask for more although it has not confirmed what it was handed.

use chrono::NaiveDate;
use entity::events::Subject;
use entity::quotas::block_override;
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::organisation::rules::required;
use crate::write::Command;

/// Longest time that a unit is let go on, in days.
const LONGEST: i64 = 366;

/// Which unit, how long and why.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OverrideBlock {
    /// The unit.
    pub unit_id: Uuid,
    /// Why.
    pub reason: String,
    /// Last day, inclusive.
    pub until_day: NaiveDate,
}

/// Lets a unit go on until a day.
///
/// # Errors
/// [`Code::NotAllowed`], [`Code::NotFound`], and what is wrong with the form.
pub async fn override_block(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &OverrideBlock,
) -> Result<(), Fault> {
    actor.allow(Operation::OverrideBlock, &Parties::receiver(input.unit_id))?;
    app.write(actor, Command::new("overrideBlock", key, input), |tx| async move {
        let mut faults = Vec::new();
        let reason = required(&mut faults, "reason", &input.reason, 500);
        if tx.reference().unit(input.unit_id).is_none() {
            faults.push(Rejection::new(Code::NotFound).at("unitId"));
        }
        if input.until_day < tx.today() {
            faults.push(Rejection::new(Code::InThePast).at("untilDay").with("today", tx.today()));
        } else if (input.until_day - tx.today()).num_days() > LONGEST {
            let expected = format!("不超过 {LONGEST} 天 / {LONGEST} days at most");
            faults.push(Rejection::new(Code::Malformed).at("untilDay").with("expected", expected));
        }
        Fault::all(faults)?;
        let row = block_override::Model {
            id: tx.id(),
            unit_id: input.unit_id,
            reason,
            until_day: input.until_day,
            created_by: tx.actor().account_id(),
            created_at: tx.now(),
        };
        tx.record(Subject::Setting, row.id, 1, "block.overridden", input);
        row.into_active_model().reset_all().insert(tx.conn()).await?;
        Ok(())
    })
    .await
}
