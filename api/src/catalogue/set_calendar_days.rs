//! Enters days that are other than their weekday says, such as those of the yearly notice of the State Council.

use chrono::NaiveDate;
use entity::catalogue::calendar_day;
use entity::events::Subject;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::forms::not_before;
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::write::Command;

/// Most days of one call: more than the notice of a year names.
const MOST: usize = 100;

/// Days to be entered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetDays {
    /// Each once.
    pub days: Vec<SetDay>,
}

/// One day.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetDay {
    /// Which.
    pub day: NaiveDate,
    /// Whether it is worked; none: as its weekday says, the entry goes.
    pub working: Option<bool>,
    /// Name, such as 国庆节.
    pub name: String,
}

/// Enters days. Terms that run keep the day they end on.
///
/// # Errors
/// [`Code::NotAllowed`] and everything that is wrong with the days, at `days.<n>.<field>`.
pub async fn set_calendar_days(
    app: &App,
    actor: &Actor,
    key: Option<&str>,
    input: &SetDays,
) -> Result<(), Fault> {
    use calendar_day::Column;
    actor.allow(Operation::SetCalendarDays, &Parties::default())?;
    app.write(actor, Command::new("setCalendarDays", key, input), |tx| async move {
        let mut faults = Vec::new();
        if input.days.is_empty() || input.days.len() > MOST {
            let fault = Rejection::new(Code::OutOfRange).at("days").with("least", 1).with("most", MOST);
            return Err(fault.into());
        }
        let mut rows = Vec::new();
        let mut gone = Vec::new();
        for (n, day) in input.days.iter().enumerate() {
            not_before(&mut faults, &format!("days.{n}.day"), day.day, tx.today());
            let name = checks::text(&mut faults, &format!("days.{n}.name"), &day.name, 100);
            if input.days[..n].iter().any(|other| other.day == day.day) {
                faults.push(Rejection::new(Code::Duplicate).at(format!("days.{n}.day")));
            }
            match day.working {
                Some(working) => rows.push(calendar_day::Model { day: day.day, working, name, version: 1 }),
                None => gone.push(day.day),
            }
        }
        Fault::all(faults)?;
        if !gone.is_empty() {
            calendar_day::Entity::delete_many().filter(Column::Day.is_in(gone)).exec(tx.conn()).await?;
        }
        if !rows.is_empty() {
            calendar_day::Entity::insert_many(rows.into_iter().map(IntoActiveModel::into_active_model))
                .on_conflict(
                    OnConflict::column(Column::Day)
                        .update_columns([Column::Working, Column::Name])
                        .value(Column::Version, Expr::col((calendar_day::Entity, Column::Version)).add(1))
                        .to_owned(),
                )
                .exec_without_returning(tx.conn())
                .await?;
        }
        // All of them are one list: its trail is one, too.
        tx.record(Subject::Setting, Uuid::nil(), 1, "calendar.set", input);
        Ok(())
    })
    .await
}
